use chrono_tz::Tz;

use crate::model::{
    DurationError, TimeError, TimeRange, format_timestamp, parse_duration, parse_timestamp,
};

/// Why a time range cannot be made out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Neither a time nor a duration.
    #[error("{text:?} is neither a time (2026-03-01, RFC 3339) nor a duration (7d) nor `now`")]
    Neither {
        /// What was given.
        text: String,
    },
    /// The end is not after the beginning.
    #[error(
        "the range is empty: it begins at {} and ends at {}{}",
        format_timestamp(*.start, *.tz), format_timestamp(*.end, *.tz), data_end(*.last, *.tz)
    )]
    Empty {
        /// Begin, µs since the epoch.
        start: i64,
        /// End, µs since the epoch.
        end: i64,
        /// The last time of the data, µs since the epoch.
        last: Option<i64>,
        /// The zone in which the message writes them.
        tz: Tz,
    },
}

fn data_end(last: Option<i64>, tz: Tz) -> String {
    last.map_or_else(String::new, |last| {
        format!(" (the data ends at {})", format_timestamp(last, tz))
    })
}

/// Makes a time range of what the user says.
///
/// `until` is a time or `now`; without it the range ends with the data.
/// `since` is a time, or a duration back from the end; without it the range
/// begins with the data.
pub fn resolve_range(
    since: Option<&str>,
    until: Option<&str>,
    data: Option<TimeRange>,
    now: i64,
    tz: Tz,
) -> Result<TimeRange, RangeError> {
    let neither = |text: &str| RangeError::Neither {
        text: text.to_owned(),
    };
    let end = match until {
        Some("now") => now,
        Some(text) => parse_timestamp(text, tz).map_err(|_: TimeError| neither(text))?,
        None => data.map_or(now, |range| range.end),
    };
    let start = match since {
        Some("now") => now,
        Some(text) => match parse_duration(text) {
            Ok(back) => end.saturating_sub(back),
            Err(DurationError { .. }) => parse_timestamp(text, tz).map_err(|_| neither(text))?,
        },
        None => data
            .map_or(0, |range| range.start)
            .min(end.saturating_sub(1)),
    };
    if start >= end {
        return Err(RangeError::Empty {
            start,
            end,
            last: data.map(|range| range.end.saturating_sub(1)),
            tz,
        });
    }
    Ok(TimeRange { start, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_count_back_from_the_end() {
        let data = TimeRange {
            start: 0,
            end: 10 * 86_400_000_000,
        };
        let range = |since, until| resolve_range(since, until, Some(data), 99, Tz::UTC);
        assert_eq!(range(None, None), Ok(data));
        let day = 86_400_000_000;
        let last = |start, end| Ok(TimeRange { start, end });
        assert_eq!(range(Some("2d"), None), last(8 * day, 10 * day));
        assert_eq!(range(Some("1d"), Some("1970-01-03")), last(day, 2 * day));
        assert_eq!(
            range(Some("1970-01-02"), Some("1970-01-03")),
            last(day, 2 * day)
        );
        let empty = range(Some("1970-01-05"), Some("1970-01-03")).expect_err("ends too early");
        assert_eq!(
            empty.to_string(),
            "the range is empty: it begins at 1970-01-05T00:00:00Z and ends at \
             1970-01-03T00:00:00Z (the data ends at 1970-01-10T23:59:59.999999Z)"
        );
        let no_data = resolve_range(Some("now"), Some("now"), None, 0, Tz::UTC);
        assert_eq!(
            no_data.expect_err("no time between").to_string(),
            "the range is empty: it begins at 1970-01-01T00:00:00Z and ends at 1970-01-01T00:00:00Z"
        );
        assert!(matches!(
            range(Some("soon"), None),
            Err(RangeError::Neither { .. })
        ));
    }
}
