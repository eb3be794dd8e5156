//! Reads a cell with a unit (`1.2 GiB`, `45%`, `5 mins`) into the base unit.
//!
//! The units are those that Grafana writes with "Formatted data" on
//! (packages/grafana-data/src/valueFormats): times to seconds, data to bytes
//! (or bits), counts without unit; a percentage stays the number it is.

use super::csv_number::parse_number;

/// A number in its base unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantity {
    pub(super) value: f64,
    /// The base unit (`bytes`, `seconds`, `req/s` …), `""` where there is none.
    pub(super) unit: &'static str,
}

/// Why a cell is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum QuantityError {
    /// Not even a number.
    #[error("{0:?} is not a number")]
    NoNumber(String),
    /// A number with a unit that is not in the table.
    #[error(
        "the unit {unit:?} of {text:?} is not known: \
         export without \"Formatted data\", or with a unit of time, bytes, bits or percent"
    )]
    UnknownUnit {
        /// The cell.
        text: String,
        /// Its unit.
        unit: String,
    },
}

/// Scale and base unit of the units that take no prefix.
const FIXED: &[(&str, f64, &str)] = &[
    ("ns", 1e-9, "seconds"),
    ("us", 1e-6, "seconds"),
    ("µs", 1e-6, "seconds"),
    ("μs", 1e-6, "seconds"),
    ("ms", 1e-3, "seconds"),
    ("s", 1.0, "seconds"),
    ("sec", 1.0, "seconds"),
    ("secs", 1.0, "seconds"),
    ("second", 1.0, "seconds"),
    ("seconds", 1.0, "seconds"),
    ("min", 60.0, "seconds"),
    ("mins", 60.0, "seconds"),
    ("minute", 60.0, "seconds"),
    ("minutes", 60.0, "seconds"),
    ("h", 3600.0, "seconds"),
    ("hour", 3600.0, "seconds"),
    ("hours", 3600.0, "seconds"),
    ("d", 86_400.0, "seconds"),
    ("day", 86_400.0, "seconds"),
    ("days", 86_400.0, "seconds"),
    ("week", 604_800.0, "seconds"),
    ("weeks", 604_800.0, "seconds"),
    // Grafana's year is the tropical one.
    ("year", 31_556_900.0, "seconds"),
    ("years", 31_556_900.0, "seconds"),
    ("%", 1.0, "percent"),
    ("°C", 1.0, "celsius"),
    ("°F", 1.0, "fahrenheit"),
    ("dB", 1.0, "dB"),
    ("dBm", 1.0, "dBm"),
    ("rpm", 1.0, "rpm"),
    ("ppm", 1.0, "ppm"),
    // Counts ("short").
    ("K", 1e3, ""),
    ("k", 1e3, ""),
    ("M", 1e6, ""),
    ("T", 1e12, ""),
    ("Mil", 1e6, ""),
    ("Bil", 1e9, ""),
    ("Tri", 1e12, ""),
    ("Quadr", 1e15, ""),
    ("Quint", 1e18, ""),
    ("Sext", 1e21, ""),
    ("Sept", 1e24, ""),
];

/// Units of data; prefixes of 1000 and of 1024. The longer come first.
const DATA: &[(&str, &str)] = &[
    ("B/s", "bytes/s"),
    ("Bps", "bytes/s"),
    ("b/s", "bits/s"),
    ("bps", "bits/s"),
    ("p/s", "packets/s"),
    ("pps", "packets/s"),
    ("bytes", "bytes"),
    ("bits", "bits"),
    ("B", "bytes"),
    ("b", "bits"),
];

/// Units with the prefixes of the SI.
const SI: &[(&str, &str)] = &[
    ("Wh", "watt-hours"),
    ("VA", "volt-amperes"),
    ("Hz", "hertz"),
    ("W", "watts"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("Pa", "pascals"),
];

/// Rates of things; prefixes `K M B T`.
const RATES: &[&str] = &[
    "c/s",
    "ops/s",
    "req/s",
    "rd/s",
    "wr/s",
    "io/s",
    "events/s",
    "mess/s",
    "messages/s",
    "recs/s",
    "rows/s",
    "c/m",
    "ops/m",
    "req/m",
    "rd/m",
    "wr/m",
    "events/m",
    "mess/m",
    "messages/m",
    "recs/m",
    "rows/m",
];

const CURRENCIES: &[&str] = &["$", "€", "£", "¥"];

/// Reads a cell: a number, alone or with one of the known units.
pub(super) fn parse_quantity(text: &[u8], decimal_comma: bool) -> Result<Quantity, QuantityError> {
    if let Some(value) = parse_number(text, decimal_comma) {
        return Ok(Quantity { value, unit: "" });
    }
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    let no_number = || QuantityError::NoNumber(text.to_owned());
    let currency = CURRENCIES.iter().find(|c| text.contains(**c));
    let unmarked = currency.map_or_else(|| text.to_owned(), |c| text.replacen(*c, "", 1));
    let unmarked = unmarked.trim();
    let (number, unit) = unmarked.split_at(number_length(unmarked.as_bytes()));
    let value = parse_number(number.trim().as_bytes(), decimal_comma).ok_or_else(no_number)?;
    let unit = unit.trim();
    let found = match currency {
        Some(currency) => rate_scale(unit).map(|scale| (scale, *currency)),
        None => scale_of(unit),
    };
    let (scale, unit) = found.ok_or_else(|| QuantityError::UnknownUnit {
        text: text.to_owned(),
        unit: unit.to_owned(),
    })?;
    Ok(Quantity {
        // Dividing by the inverse of a small scale keeps 3.4 ms at 0.0034.
        value: if scale < 1.0 {
            value / (1.0 / scale).round()
        } else {
            value * scale
        },
        unit,
    })
}

/// The length of the number at a text's start, with groups and exponent.
fn number_length(bytes: &[u8]) -> usize {
    let mut end = 0;
    while let Some(&byte) = bytes.get(end) {
        let fits = match byte {
            b'0'..=b'9' | b'.' | b',' => true,
            b'-' | b'+' => end == 0,
            b' ' => bytes.get(end + 1).is_some_and(u8::is_ascii_digit),
            _ => false,
        };
        if !fits {
            break;
        }
        end += 1;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let digits = bytes[end + 1 + sign..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        if digits > 0 {
            end += 1 + sign + digits;
        }
    }
    end
}

fn scale_of(unit: &str) -> Option<(f64, &'static str)> {
    if let Some((_, scale, base)) = FIXED.iter().find(|(name, ..)| *name == unit) {
        return Some((*scale, base));
    }
    if let Some(rate) = RATES.iter().find(|rate| {
        unit.strip_suffix(**rate)
            .is_some_and(|prefix| rate_scale(prefix.trim()).is_some())
    }) {
        let prefix = unit.strip_suffix(*rate)?;
        return Some((rate_scale(prefix.trim())?, rate));
    }
    for (name, base) in DATA {
        if let Some(scale) = unit.strip_suffix(name).and_then(data_scale) {
            return Some((scale, base));
        }
    }
    for (name, base) in SI {
        if let Some(scale) = unit.strip_suffix(name).and_then(si_scale) {
            return Some((scale, base));
        }
    }
    None
}

fn rate_scale(prefix: &str) -> Option<f64> {
    Some(match prefix {
        "" => 1.0,
        "K" | "k" => 1e3,
        "M" => 1e6,
        "B" => 1e9,
        "T" => 1e12,
        _ => return None,
    })
}

fn data_scale(prefix: &str) -> Option<f64> {
    if prefix.is_empty() {
        return Some(1.0);
    }
    let (letter, base) = match prefix.strip_suffix('i') {
        Some(letter) => (letter, 1024.0_f64),
        None => (prefix, 1000.0),
    };
    let power = match letter {
        "k" | "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        "E" => 6,
        "Z" => 7,
        "Y" => 8,
        _ => return None,
    };
    Some(base.powi(power))
}

fn si_scale(prefix: &str) -> Option<f64> {
    Some(match prefix {
        "" => 1.0,
        "n" => 1e-9,
        "µ" | "μ" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_what_grafana_writes() {
        for (text, value, unit) in [
            ("13.7 °C", 13.7, "celsius"),
            ("1.2 GiB", 1_288_490_188.8, "bytes"),
            ("45 %", 45.0, "percent"),
            ("45%", 45.0, "percent"),
            ("3.4 ms", 0.0034, "seconds"),
            ("250 µs", 0.000_25, "seconds"),
            ("1.5 K", 1500.0, ""),
            ("1.5K", 1500.0, ""),
            ("2 Mil", 2_000_000.0, ""),
            ("12 req/s", 12.0, "req/s"),
            ("1.2K req/s", 1200.0, "req/s"),
            ("1.2 kB", 1200.0, "bytes"),
            ("5 mins", 300.0, "seconds"),
            ("-2 hours", -7200.0, "seconds"),
            ("512 B", 512.0, "bytes"),
            ("8 Mb/s", 8e6, "bits/s"),
            ("3 MB/s", 3e6, "bytes/s"),
            ("1.5 kW", 1500.0, "watts"),
            ("$1.2K", 1200.0, "$"),
            ("1 234 ms", 1.234, "seconds"),
            ("1e3 s", 1000.0, "seconds"),
            ("7", 7.0, ""),
        ] {
            let found = parse_quantity(text.as_bytes(), false);
            assert_eq!(found, Ok(Quantity { value, unit }), "{text}");
        }
        let comma = parse_quantity("1,5 GiB".as_bytes(), true).expect("a quantity");
        assert_eq!((comma.value, comma.unit), (1_610_612_736.0, "bytes"));
    }

    #[test]
    fn names_an_unknown_unit() {
        let unit = |text: &str| match parse_quantity(text.as_bytes(), false) {
            Err(QuantityError::UnknownUnit { unit, .. }) => unit,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(unit("5 parsecs"), "parsecs");
        assert_eq!(unit("5 m"), "m");
        assert_eq!(unit("1 KiBu"), "KiBu");
        for text in ["abc", "", "%", "- ms", "."] {
            let found = parse_quantity(text.as_bytes(), false);
            assert!(matches!(found, Err(QuantityError::NoNumber(_))), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[-+0-9., eE$€%°a-zA-Z/µé]{0,16}", comma: bool) {
            let _ = parse_quantity(text.as_bytes(), comma);
        }
    }
}
