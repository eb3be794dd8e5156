/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a duration: write it as Prometheus does, `5m`, `1h30m`, `7d`")]
pub struct DurationError {
    /// What was given.
    pub text: String,
}

const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000_000),
    ("w", 7 * 86_400_000_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
];

/// Reads a duration as Prometheus writes it (`1h30m`; units `y w d h m s ms`,
/// each at most once, from large to small) into µs.
pub fn parse_duration(text: &str) -> Result<i64, DurationError> {
    let error = || DurationError {
        text: text.to_owned(),
    };
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(0);
    }
    let mut total = 0_i64;
    let mut next_unit = 0;
    if rest.is_empty() {
        return Err(error());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().map_err(|_| error())?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = UNITS
            .iter()
            .position(|(name, _)| *name == &rest[..letters])
            .filter(|&unit| unit >= next_unit)
            .ok_or_else(error)?;
        rest = &rest[letters..];
        next_unit = unit + 1;
        total = number
            .checked_mul(UNITS[unit].1)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(error)?;
    }
    Ok(total)
}

/// Writes µs as Prometheus writes a duration; parts below a millisecond are cut.
pub fn format_duration(micros: i64) -> String {
    let mut rest = micros.unsigned_abs() / 1_000 * 1_000;
    let mut text = String::from(if micros < 0 && rest > 0 { "-" } else { "" });
    for (name, unit) in UNITS {
        let unit = unit.unsigned_abs();
        // Years and weeks only where they come out even, as Prometheus does.
        if matches!(name, "y" | "w") && !rest.is_multiple_of(unit) {
            continue;
        }
        if rest >= unit {
            text += &format!("{}{name}", rest / unit);
            rest %= unit;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_what_prometheus_does() {
        // Pairs from prometheus/common model/time_test.go (TestParseDuration).
        for (text, micros) in [
            ("0", 0),
            ("324ms", 324_000),
            ("3s", 3_000_000),
            ("5m", 300_000_000),
            ("1h", 3_600_000_000),
            ("4d", 4 * 86_400_000_000),
            ("4d1h", 349_200_000_000),
            ("14d", 14 * 86_400_000_000),
            ("3w", 21 * 86_400_000_000),
            ("3w2d1h", 1_990_800_000_000),
            ("10y", 3650 * 86_400_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(micros), "{text}");
        }
        for (micros, text) in [
            (0, "0s"),
            (349_200_000_000, "4d1h"),
            (14 * 86_400_000_000, "2w"),
            (90_000_000, "1m30s"),
        ] {
            assert_eq!(format_duration(micros), text);
        }
        for bad in ["", "1", "1y1m1d", "-1w", "1.5d", "d", "9999999y", "1é"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
