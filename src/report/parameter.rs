use chrono_tz::Tz;

use crate::model::{DurationError, TimeError, format_timestamp, parse_duration, parse_timestamp};

/// What a parameter's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// `5m`, `1h30m`: an interval.
    Duration,
    /// A time, RFC 3339 or Unix.
    Timestamp,
    /// A finite number.
    Number,
    /// A whole number.
    Integer,
    /// Any text.
    Text,
    /// A regular expression that the whole value must match, as in PromQL:
    /// the literal is anchored.
    Regex,
}

impl ParamKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Duration,
        Self::Timestamp,
        Self::Number,
        Self::Integer,
        Self::Text,
        Self::Regex,
    ];

    /// Returns the kind's name in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::Timestamp => "timestamp",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Text => "text",
            Self::Regex => "regex",
        }
    }

    /// Reads a kind's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Checks a value and writes it as a SQL literal that cannot be anything
    /// but a literal; `tz` is the zone of times that have none.
    pub fn literal(self, value: &str, tz: Tz) -> Result<String, ParamError> {
        match self {
            Self::Duration => Ok(format!(
                "INTERVAL '{} milliseconds'",
                parse_duration(value)? / 1_000
            )),
            Self::Timestamp => Ok(timestamp_literal(parse_timestamp(value, tz)?)),
            Self::Number => {
                let number: f64 = value.trim().parse().map_err(|_| ParamError::NotANumber {
                    text: value.to_owned(),
                })?;
                if !number.is_finite() {
                    return Err(ParamError::NotANumber {
                        text: value.to_owned(),
                    });
                }
                Ok(signed(format!("{number:?}")))
            }
            Self::Integer => {
                let number: i64 = value.trim().parse().map_err(|_| ParamError::NotAnInteger {
                    text: value.to_owned(),
                })?;
                Ok(signed(number.to_string()))
            }
            Self::Text => Ok(quoted(value)),
            Self::Regex => Ok(quoted(&format!("^(?:{value})$"))),
        }
    }
}

/// A parameter that a report's header declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The name, without `$`.
    pub name: String,
    /// The value where the user gives none; without it the user must.
    pub default: Option<String>,
    /// What a value must be.
    pub kind: ParamKind,
    /// One line for people.
    pub help: String,
}

/// Why a value is not of its parameter's kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// Not a duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// Not a time.
    #[error(transparent)]
    Timestamp(#[from] TimeError),
    /// Not a finite number.
    #[error("{text:?} is not a number: write one such as 0.95 or 1e6")]
    NotANumber {
        /// What was given.
        text: String,
    },
    /// Not a whole number of 64 bits.
    #[error("{text:?} is not a whole number: write one such as 10")]
    NotAnInteger {
        /// What was given.
        text: String,
    },
}

/// Writes a time (µs since the epoch) as a SQL literal of the store's type,
/// `Timestamp(µs, UTC)`.
pub fn timestamp_literal(ts: i64) -> String {
    // Years 0001 to 9999 have a readable form; beyond it only the number is sure.
    let value = if (-62_135_596_800_000_000..253_402_300_800_000_000).contains(&ts) {
        format!("'{}'", format_timestamp(ts, Tz::UTC))
    } else {
        ts.max(-i64::MAX).to_string()
    };
    format!("arrow_cast({value}, 'Timestamp(Microsecond, Some(\"UTC\"))')")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A minus after a minus would begin a comment.
fn signed(number: String) -> String {
    if number.starts_with('-') {
        format!("({number})")
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use arrow::compute::kernels::cast_utils::{
        parse_interval_month_day_nano, string_to_timestamp_nanos,
    };
    use arrow::datatypes::{DataType, TimeUnit};

    use super::*;

    fn literal(kind: ParamKind, value: &str) -> String {
        kind.literal(value, Tz::Europe__Berlin)
            .expect("a value of its kind")
    }

    #[test]
    fn writes_literals() {
        assert_eq!(
            literal(ParamKind::Duration, "1h"),
            "INTERVAL '3600000 milliseconds'"
        );
        assert_eq!(
            literal(ParamKind::Timestamp, "2026-03-01 01:00"),
            "arrow_cast('2026-03-01T00:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))')"
        );
        assert_eq!(literal(ParamKind::Number, "-0.5"), "(-0.5)");
        assert_eq!(literal(ParamKind::Number, "1e300"), "1e300");
        assert_eq!(literal(ParamKind::Integer, "10"), "10");
        assert_eq!(
            literal(ParamKind::Text, "o'clock'; drop --"),
            "'o''clock''; drop --'"
        );
        assert_eq!(literal(ParamKind::Regex, "a|b"), "'^(?:a|b)$'");
    }

    #[test]
    fn arrow_reads_what_is_written() {
        assert!(parse_interval_month_day_nano("3600000 milliseconds").is_ok());
        assert_eq!(
            "Timestamp(Microsecond, Some(\"UTC\"))"
                .parse::<DataType>()
                .expect("a type"),
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        );
        for ts in [0, -62_135_596_800_000_000, 253_402_300_799_999_999] {
            let text = format_timestamp(ts, Tz::UTC);
            if let Ok(nanos) = string_to_timestamp_nanos(&text) {
                assert_eq!(nanos.div_euclid(1_000), ts, "{text}");
            }
        }
        assert!(timestamp_literal(i64::MIN).starts_with("arrow_cast(-9223372036854775807,"));
    }

    #[test]
    fn refuses_other_kinds() {
        for (kind, value) in [
            (ParamKind::Duration, "1"),
            (ParamKind::Timestamp, "31/12/2025"),
            (ParamKind::Number, "NaN"),
            (ParamKind::Number, "1; select"),
            (ParamKind::Integer, "1.5"),
        ] {
            assert!(kind.literal(value, Tz::UTC).is_err(), "{value}");
        }
    }
}
