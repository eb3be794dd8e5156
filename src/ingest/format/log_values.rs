//! Reads severities and durations as loggers write them.

use crate::model::canonical_severity;

use super::json_fields::{Field, Scalar};

/// Reads a severity; numbers are those of pino and bunyan, and for `priority`
/// those of syslog.
pub(super) fn severity(field: &Field<'_>) -> String {
    let is_priority = field.path.ends_with("priority");
    let name = match (&field.value, is_priority) {
        (Scalar::Integer(0..=2), true) => "FATAL",
        (Scalar::Integer(3), true) => "ERROR",
        (Scalar::Integer(4), true) => "WARN",
        (Scalar::Integer(5..=6), true) => "INFO",
        (Scalar::Integer(7), true) => "DEBUG",
        (Scalar::Integer(10), false) => "TRACE",
        (Scalar::Integer(20), false) => "DEBUG",
        (Scalar::Integer(30), false) => "INFO",
        (Scalar::Integer(40), false) => "WARN",
        (Scalar::Integer(50), false) => "ERROR",
        (Scalar::Integer(60), false) => "FATAL",
        (value, _) => return canonical_severity(&value.to_text()),
    };
    name.to_owned()
}

/// Splits `elapsed_us` into its stem and the milliseconds in its unit.
pub(super) fn split_unit(name: &str) -> (&str, Option<f64>) {
    const UNITS: [(&str, f64); 8] = [
        ("_ms", 1.0),
        ("_millis", 1.0),
        ("_us", 1e-3),
        ("_micros", 1e-3),
        ("_ns", 1e-6),
        ("_seconds", 1e3),
        ("_secs", 1e3),
        ("_s", 1e3),
    ];
    UNITS
        .iter()
        .find_map(|(unit, ms)| name.strip_suffix(unit).map(|stem| (stem, Some(*ms))))
        .unwrap_or((name, None))
}

/// Reads a duration: a number in the unit of the field's name (milliseconds
/// where it has none), or a text such as `12ms`, `1.5 s` or `1m2.5s`.
pub(super) fn duration_ms(name: &str, value: &Scalar<'_>) -> Option<f64> {
    let unit = split_unit(name).1.unwrap_or(1.0);
    let ms = match value {
        Scalar::Integer(value) => *value as f64 * unit,
        Scalar::Float(value) => value * unit,
        Scalar::Text(text) => match fast_float2::parse::<f64, _>(text.trim()) {
            Ok(value) => value * unit,
            Err(_) => duration_text(text)?,
        },
        Scalar::Bool(_) | Scalar::Json(_) => return None,
    };
    ms.is_finite().then_some(ms)
}

/// Reads a duration as Go writes it (`1h2m3.5s`, `350µs`) into milliseconds.
fn duration_text(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = fast_float2::parse(&rest[..end]).ok()?;
        rest = rest[end..].trim_start();
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c.is_whitespace())
            .unwrap_or(rest.len());
        let unit: f64 = match &rest[..end] {
            "ns" => 1e-6,
            "us" | "µs" | "μs" => 1e-3,
            "ms" => 1.0,
            "s" | "sec" => 1e3,
            "m" | "min" => 6e4,
            "h" => 3.6e6,
            _ => return None,
        };
        // Dividing by the inverse of a small unit keeps 350µs at 0.35.
        total += if unit < 1.0 {
            number / (1.0 / unit).round()
        } else {
            number * unit
        };
        rest = rest[end..].trim_start();
    }
    Some(total).filter(|_| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn reads_durations() {
        for (name, text, expected) in [
            ("duration_ms", "12.5", Some(12.5)),
            ("duration", "12", Some(12.0)),
            ("latency_us", "1500", Some(1.5)),
            ("duration_seconds", "0.25", Some(250.0)),
            ("took", "12ms", Some(12.0)),
            ("dur", "350µs", Some(0.35)),
            ("elapsed", "1.5 s", Some(1500.0)),
            ("elapsed", "1h2m3.5s", Some(3_723_500.0)),
            ("elapsed_s", "20ms", Some(20.0)),
            ("elapsed", "soon", None),
            ("elapsed", "", None),
            ("elapsed", "NaN", None),
            ("elapsed", "5 m6", None),
        ] {
            let value = Scalar::Text(Cow::Borrowed(text));
            assert_eq!(duration_ms(name, &value), expected, "{name} {text}");
        }
        assert_eq!(
            duration_ms("took_ns", &Scalar::Integer(2_000_000)),
            Some(2.0)
        );
        assert_eq!(duration_ms("took", &Scalar::Bool(true)), None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[0-9.smhnuµ é]{0,12}") {
            duration_ms("took", &Scalar::Text(Cow::Borrowed(&text)));
        }
    }
}
