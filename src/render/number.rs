//! Numbers for people: thousands separated, significant digits only.

/// Significant digits of a number in a table.
const SIGNIFICANT: usize = 6;

/// Writes a whole number in groups of three digits.
pub(super) fn integer(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", group(&value.unsigned_abs().to_string()))
}

/// Writes a number with at most so many significant digits, digits before the
/// point in full (`1,234,568`), and powers of ten below 10⁻⁶ and from 10¹⁵.
pub(super) fn number(value: f64, significant: usize) -> String {
    let size = value.abs();
    if let Some(text) = not_finite(value) {
        return text.to_owned();
    }
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-6..1e15).contains(&size) {
        let text = format!("{value:.*e}", significant.saturating_sub(1));
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trim_zeros(digits));
    }
    trim_zeros(&fixed(value, decimals_for(size, significant))).to_owned()
}

/// Writes a number with so many decimals, thousands separated.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    let sign = if value < 0.0 && !zero { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", group(whole))
}

/// Writes the numbers of one column so that their points stand in one column:
/// with equally many decimals, as many as the largest has significant ones,
/// where that leaves three digits to the smallest; else padded on the right.
pub(super) fn aligned(values: &[Option<f64>]) -> Vec<String> {
    let texts: Vec<String> = values
        .iter()
        .map(|value| value.map_or_else(String::new, |v| number(v, SIGNIFICANT)))
        .collect();
    let decimals = |text: &str| {
        text.split_once('.')
            .map_or(0, |(_, fraction)| fraction.len())
    };
    let plain = |text: &str| !text.contains(['e', 'N', 'I']);
    let most = texts
        .iter()
        .filter(|t| plain(t))
        .map(|t| decimals(t))
        .max()
        .unwrap_or(0);
    let sizes = || {
        values
            .iter()
            .flatten()
            .map(|v| v.abs())
            .filter(|v| *v > 0.0)
    };
    let (least, greatest) = (
        sizes().fold(f64::INFINITY, f64::min),
        sizes().fold(0.0, f64::max),
    );
    let alike = texts.iter().all(|text| plain(text)) && greatest / least < 1e3;
    let common = decimals_for(greatest, SIGNIFICANT).min(most);
    texts
        .into_iter()
        .zip(values)
        .map(|(text, value)| match value {
            Some(value) if alike => fixed(*value, common),
            Some(_) if plain(&text) && most > 0 => {
                let have = decimals(&text);
                let point = usize::from(have == 0);
                format!("{text}{}", " ".repeat(most - have + point))
            }
            _ => text,
        })
        .collect()
}

/// Counts the decimals that so many significant digits of a number need.
fn decimals_for(size: f64, significant: usize) -> usize {
    if size > 0.0 {
        (significant as i32 - 1 - size.log10().floor() as i32).max(0) as usize
    } else {
        0
    }
}

/// Writes µs as people say it: `1h30m`, `2.5s`, `340ms`, `12µs`.
pub(super) fn duration(micros: i64) -> String {
    let size = micros.unsigned_abs();
    if size >= 60_000_000 {
        return crate::model::format_duration(micros);
    }
    let (value, unit) = match size {
        0..1_000 => (micros as f64, "µs"),
        1_000..1_000_000 => (micros as f64 / 1e3, "ms"),
        _ => (micros as f64 / 1e6, "s"),
    };
    if micros == 0 {
        return "0s".into();
    }
    format!("{}{unit}", number(value, SIGNIFICANT))
}

fn not_finite(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("+Inf")
    } else if value == f64::NEG_INFINITY {
        Some("-Inf")
    } else {
        None
    }
}

fn trim_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.125, "0.125"),
            (1.0 / 3.0, "0.333333"),
            (1234.5678, "1,234.57"),
            (1_234_567.8, "1,234,568"),
            (-1_000.0, "-1,000"),
            (0.000_012_345_67, "0.0000123457"),
            (1e-7, "1e-7"),
            (1.5e18, "1.5e18"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
            (999_999.5, "1,000,000"),
        ] {
            assert_eq!(number(value, SIGNIFICANT), text);
        }
        assert_eq!(integer(-1_234_567), "-1,234,567");
        assert_eq!(integer(999), "999");
        assert_eq!(integer(i128::MIN).len(), 52);
    }

    #[test]
    fn aligns_points() {
        assert_eq!(aligned(&[Some(12.5), Some(1.0), None]), ["12.5", "1.0", ""]);
        assert_eq!(
            aligned(&[Some(0.1234567), Some(2.0)]),
            ["0.12346", "2.00000"]
        );
        assert_eq!(
            aligned(&[Some(0.000123), Some(1234.0)]),
            ["0.000123", "1,234       "]
        );
        assert_eq!(aligned(&[Some(3.0), Some(f64::NAN)]), ["3", "NaN"]);
    }

    #[test]
    fn writes_durations() {
        for (micros, text) in [
            (0, "0s"),
            (12, "12µs"),
            (340_000, "340ms"),
            (2_500_000, "2.5s"),
            (5_400_000_000, "1h30m"),
            (-90_000_000, "-1m30s"),
        ] {
            assert_eq!(duration(micros), text);
        }
        assert!(!duration(i64::MIN).is_empty());
    }
}
