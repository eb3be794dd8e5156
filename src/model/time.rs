use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

/// µs in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// µs in a UTC day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A span of time, µs since the epoch; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant.
    pub start: i64,
    /// First instant after it.
    pub end: i64,
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// No known form.
    #[error("{0:?} is not a time: write RFC 3339 (2026-03-01T08:00:00Z) or a Unix time")]
    Unknown(String),
    /// The clock skipped it (spring).
    #[error("{0:?} does not exist in {1}: the clock jumps over it")]
    Skipped(String, Tz),
    /// Day and month are ambiguous: `01/02/2025` and its kind.
    #[error(
        "{0:?} may be day/month or month/day: write 2025-12-31, or say --time-format '{pattern}'",
        pattern = likely_pattern(.0, true)
    )]
    AmbiguousForm(String),
    /// The day comes first: `31/12/2025`, `31.12.2025`.
    #[error("{0:?} is written day first: say --time-format '{pattern}'", pattern = likely_pattern(.0, true))]
    DayFirst(String),
    /// The month comes first: `12/31/2025`.
    #[error("{0:?} is written month first: say --time-format '{pattern}'", pattern = likely_pattern(.0, false))]
    MonthFirst(String),
    /// Outside the years 1 to 9999.
    #[error("{0:?} is out of range")]
    OutOfRange(String),
}

/// A local time as UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// µs since the epoch; of a doubled hour, the first.
    pub ts: i64,
    /// The second reading, where the clock was set back and both are possible.
    pub second: Option<i64>,
}

/// The unit of a Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl TimestampUnit {
    /// Turns an integer of this unit into µs (rounded down); `None` on overflow.
    pub fn to_micros(self, value: i64) -> Option<i64> {
        match self {
            Self::Seconds => value.checked_mul(1_000_000),
            Self::Millis => value.checked_mul(1_000),
            Self::Micros => Some(value),
            Self::Nanos => Some(value.div_euclid(1_000)),
        }
    }

    /// Turns a number of this unit into µs (rounded to the nearest).
    pub fn float_to_micros(self, value: f64) -> Option<i64> {
        let micros = match self {
            Self::Seconds => value * 1e6,
            Self::Millis => value * 1e3,
            Self::Micros => value,
            Self::Nanos => value / 1e3,
        };
        // 2^63 is not representable below: stay well inside.
        (micros.is_finite() && micros.abs() < 9.2e18).then(|| micros.round() as i64)
    }
}

/// Guesses a Unix time's unit from its size: each unit holds for the years
/// 1973 to 5138 of the next coarser one.
pub fn guess_unit(value: f64) -> TimestampUnit {
    let size = value.abs();
    if size < 1e11 {
        TimestampUnit::Seconds
    } else if size < 1e14 {
        TimestampUnit::Millis
    } else if size < 1e17 {
        TimestampUnit::Micros
    } else {
        TimestampUnit::Nanos
    }
}

/// Reads a time: RFC 3339, ISO 8601 without a zone (taken in `tz`; also with
/// slashes, in the basic form or with a decimal comma), as Kibana writes it, or
/// a Unix time whose unit is guessed from its size. Of a doubled hour the first
/// is taken; [`parse_local`] tells.
pub fn parse_timestamp(text: &str, tz: Tz) -> Result<i64, TimeError> {
    parse_local(text, tz).map(|t| t.ts)
}

/// Reads a time as [`parse_timestamp`] does, and tells whether a local time
/// has two readings.
pub fn parse_local(text: &str, tz: Tz) -> Result<LocalTime, TimeError> {
    let text = text.trim();
    let sure = |ts| Ok(LocalTime { ts, second: None });
    let zoned_or_local = |extended: &str| {
        if let Some(ts) = parse_rfc3339(extended) {
            return sure(ts);
        }
        match parse_naive(extended) {
            Some(naive) => in_zone(naive, tz, text),
            None => Err(TimeError::Unknown(text.to_owned())),
        }
    };
    let bytes = text.as_bytes();
    match bytes.get(4) {
        Some(b'-') if bytes.len() >= 8 => return zoned_or_local(text),
        Some(b'/') if bytes.len() >= 8 => return zoned_or_local(&text.replacen('/', "-", 2)),
        _ => {}
    }
    if let Ok(value) = text.parse::<i64>() {
        let unit = guess_unit(value as f64);
        let ts = unit.to_micros(value);
        return ts.map_or_else(|| Err(TimeError::OutOfRange(text.to_owned())), sure);
    }
    if bytes
        .first()
        .is_some_and(|b| b.is_ascii_digit() || *b == b'-')
        && let Ok(value) = text.parse::<f64>()
    {
        let ts = guess_unit(value).float_to_micros(value);
        return ts.map_or_else(|| Err(TimeError::OutOfRange(text.to_owned())), sure);
    }
    if let Some(extended) = extend_basic(text) {
        return zoned_or_local(&extended);
    }
    if text.contains(" @ ")
        && let Ok(naive) = NaiveDateTime::parse_from_str(text, "%b %d, %Y @ %H:%M:%S%.f")
    {
        return in_zone(naive, tz, text);
    }
    Err(other_order(text).unwrap_or_else(|| TimeError::Unknown(text.to_owned())))
}

/// Writes ISO 8601's basic form (`20251231T100000Z`) as the extended one.
fn extend_basic(text: &str) -> Option<String> {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (date, rest) = text.split_at_checked(8)?;
    let (clock, rest) = rest
        .strip_prefix(['T', 't'])
        .and_then(|rest| rest.split_at_checked(6))?;
    (digits(date) && digits(clock)).then(|| {
        format!(
            "{}-{}-{}T{}:{}:{}{rest}",
            &date[..4],
            &date[4..6],
            &date[6..],
            &clock[..2],
            &clock[2..4],
            &clock[4..]
        )
    })
}

/// Reads `2026-03-01T08:00:00.123456789Z` and its variants (a space for `T`,
/// an offset with or without colon) by hand: log files have millions.
fn parse_rfc3339(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        b.get(from..to)?.iter().try_fold(0_i64, |n, c| {
            c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0'))
        })
    };
    if b.len() < 20 || b[4] != b'-' || b[7] != b'-' || !matches!(b[10], b'T' | b't' | b' ') {
        return None;
    }
    if b[13] != b':' || b[16] != b':' {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(0, 4)?).ok()?,
        u32::try_from(number(5, 7)?).ok()?,
        u32::try_from(number(8, 10)?).ok()?,
    )?;
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut at = 19;
    let mut micros = 0;
    if matches!(b.get(at), Some(b'.' | b',')) {
        let digits = b[at + 1..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count();
        if digits == 0 {
            return None;
        }
        let kept = digits.min(6);
        micros = number(at + 1, at + 1 + kept)? * 10_i64.pow(6 - kept as u32);
        at += 1 + digits;
    }
    let rest = text.get(at..)?.trim_start();
    let offset = if rest.eq_ignore_ascii_case("z") || rest == "UTC" {
        0
    } else {
        let r = rest.as_bytes();
        let sign = match r.first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let digits: Vec<i64> = r[1..]
            .iter()
            .filter(|c| **c != b':')
            .map(|c| c.is_ascii_digit().then(|| i64::from(c - b'0')))
            .collect::<Option<_>>()?;
        match digits[..] {
            [h1, h2] => sign * (h1 * 10 + h2) * 3600,
            [h1, h2, m1, m2] => sign * ((h1 * 10 + h2) * 3600 + (m1 * 10 + m2) * 60),
            _ => return None,
        }
    };
    let days = i64::from(chrono::Datelike::num_days_from_ce(&date)) - 719_163;
    Some((days * 86_400 + hour * 3600 + minute * 60 + second - offset) * MICROS_PER_SECOND + micros)
}

fn parse_naive(text: &str) -> Option<NaiveDateTime> {
    const FORMS: [&str; 4] = [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
    ];
    // Python's logging writes `10:00:00,123`.
    let pointed;
    let text = if text.as_bytes().get(19) == Some(&b',') {
        pointed = text.replacen(',', ".", 1);
        &pointed
    } else {
        text
    };
    FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(date.and_time(NaiveTime::MIN))
        })
}

fn in_zone(naive: NaiveDateTime, tz: Tz, text: &str) -> Result<LocalTime, TimeError> {
    use chrono::LocalResult;
    match tz.from_local_datetime(&naive) {
        LocalResult::Single(t) => Ok(LocalTime {
            ts: t.timestamp_micros(),
            second: None,
        }),
        LocalResult::Ambiguous(a, b) => Ok(LocalTime {
            ts: a.timestamp_micros(),
            second: Some(b.timestamp_micros()),
        }),
        LocalResult::None => Err(TimeError::Skipped(text.to_owned(), tz)),
    }
}

/// Explains `31/12/2025 …` and `31.12.2025 …`, which are not read by guessing;
/// `None` where the text has no such form. Dots are always day first.
fn other_order(text: &str) -> Option<TimeError> {
    let date = &text[..date_length(text)];
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    let mut parts = date.split(separator);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_date = matches!((first.len(), second.len()), (1..=2, 1..=2))
        && matches!(year.len(), 2 | 4)
        && parts.next().is_none();
    let (first, second) = (first.parse::<u32>().ok()?, second.parse::<u32>().ok()?);
    if !is_date || !(1..=31).contains(&first) || !(1..=31).contains(&second) {
        return None;
    }
    let text = text.to_owned();
    match (first <= 12, second <= 12, separator) {
        (_, true, '.') | (false, true, _) => Some(TimeError::DayFirst(text)),
        (true, false, '/') => Some(TimeError::MonthFirst(text)),
        (true, true, _) => Some(TimeError::AmbiguousForm(text)),
        _ => None,
    }
}

/// The length of the digits and separators at a text's start.
fn date_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '/' | '.'))
        .unwrap_or(text.len())
}

/// Guesses the pattern of `31/12/2025 10:00`.
fn likely_pattern(text: &str, day_first: bool) -> String {
    let (date, clock) = text.split_at(date_length(text));
    let separator = if date.contains('/') { '/' } else { '.' };
    let (first, second) = if day_first {
        ("%d", "%m")
    } else {
        ("%m", "%d")
    };
    let is_short = date.rsplit(separator).next().is_some_and(|y| y.len() == 2);
    let year = if is_short { "%y" } else { "%Y" };
    let clock = clock_pattern(clock);
    format!("{first}{separator}{second}{separator}{year}{clock}")
}

/// Guesses the pattern of what follows a date: `, 10:00:00.5 PM`.
fn clock_pattern(text: &str) -> String {
    let Some(start) = text.find(|c: char| c.is_ascii_digit()) else {
        return String::new();
    };
    let (between, clock) = text.split_at(start);
    let is_12_hours = clock.to_ascii_lowercase().trim_end().ends_with('m');
    let hour = if is_12_hours { "%I" } else { "%H" };
    let rest = match clock.matches(':').count() {
        0 => "",
        1 => ":%M",
        _ if clock.contains('.') => ":%M:%S%.f",
        _ => ":%M:%S",
    };
    let half = match (is_12_hours, clock.contains(' ')) {
        (false, _) => "",
        (true, false) => "%p",
        (true, true) => " %p",
    };
    format!("{between}{hour}{rest}{half}")
}

/// Returns the UTC day of a time, in days since the epoch.
pub fn day_of(ts: i64) -> i32 {
    i32::try_from(ts.div_euclid(MICROS_PER_DAY)).unwrap_or(if ts < 0 { i32::MIN } else { i32::MAX })
}

/// Writes a day (days since the epoch) as `2026-03-01`.
pub fn format_day(day: i32) -> String {
    NaiveDate::from_num_days_from_ce_opt(day.saturating_add(719_163)).map_or_else(
        || format!("day {day}"),
        |date| date.format("%Y-%m-%d").to_string(),
    )
}

/// Writes a time in a zone, with as many decimals as it has (none, 3 or 6):
/// `2026-03-01T08:00:00Z`, or with an offset outside UTC.
pub fn format_timestamp(ts: i64, tz: Tz) -> String {
    let Some(utc) = DateTime::from_timestamp_micros(ts) else {
        return format!("{ts}µs");
    };
    let local = utc.with_timezone(&tz);
    let decimals = if ts % 1_000_000 == 0 {
        chrono::SecondsFormat::Secs
    } else if ts % 1_000 == 0 {
        chrono::SecondsFormat::Millis
    } else {
        chrono::SecondsFormat::Micros
    };
    local.to_rfc3339_opts(decimals, tz == Tz::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_the_same_instant() {
        let instant = 1_705_314_600_123_000; // 2024-01-15T10:30:00.123Z
        for text in [
            "2024-01-15T10:30:00.123Z",
            "2024-01-15 10:30:00.123Z",
            "2024-01-15T10:30:00.123000000Z",
            "2024-01-15T12:30:00.123+02:00",
            "2024-01-15T05:00:00.123-0530",
            "2024-01-15 10:30:00.123",
            "1705314600123",
            "2024-01-15 10:30:00,123",
            "2024-01-15T10:30:00,123Z",
            "2024/01/15 10:30:00.123",
            "20240115T103000.123Z",
            "20240115T113000.123+0100",
            "20240115T103000,123",
            "Jan 15, 2024 @ 10:30:00.123",
            "1705314600.123",
            "1705314600123000",
            "1705314600123000000",
        ] {
            assert_eq!(parse_timestamp(text, Tz::UTC), Ok(instant), "{text}");
        }
        assert_eq!(
            format_timestamp(instant, Tz::UTC),
            "2024-01-15T10:30:00.123Z"
        );
    }

    #[test]
    fn refuses_what_it_cannot_know() {
        for text in ["01/02/2025 10:00", "12/12/2025", "1/2/25"] {
            let error = parse_timestamp(text, Tz::UTC);
            let is_ambiguous = matches!(error, Err(TimeError::AmbiguousForm(_)));
            assert!(is_ambiguous, "{text}");
        }
        for (text, expected) in [
            (
                "31/12/2025 10:00",
                "day first: say --time-format '%d/%m/%Y %H:%M'",
            ),
            ("31/12/25", "day first: say --time-format '%d/%m/%y'"),
            ("1.2.2025", "day first: say --time-format '%d.%m.%Y'"),
            (
                "31.12.2025, 10:00:00.5",
                "day first: say --time-format '%d.%m.%Y, %H:%M:%S%.f'",
            ),
            (
                "12/31/2025 10:00 PM",
                "month first: say --time-format '%m/%d/%Y %I:%M %p'",
            ),
        ] {
            let error = parse_timestamp(text, Tz::UTC).expect_err("another order");
            assert_eq!(error.to_string(), format!("{text:?} is written {expected}"));
        }
        for text in [
            "",
            "noon",
            "2025-13-01",
            "2025-02-30T00:00:00Z",
            "2024-01-15T25:00:00Z",
            "é",
            "2024é01",
            "31/31/2025",
            "31/13/2025",
            "12.31.2025",
            "20251231T1000",
            "20251331T100000Z",
            "2025/12/3é",
        ] {
            assert!(parse_timestamp(text, Tz::UTC).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_minutes_and_dates() {
        let ten = 1_767_175_200_000_000; // 2025-12-31T10:00:00Z
        for text in ["2025/12/31 10:00", "2025-12-31T10:00", "20251231T100000Z"] {
            assert_eq!(parse_timestamp(text, Tz::UTC), Ok(ten), "{text}");
        }
        let midnight = ten - 10 * 3600 * MICROS_PER_SECOND;
        for text in ["2025/12/31", "2025-12-31"] {
            assert_eq!(parse_timestamp(text, Tz::UTC), Ok(midnight), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[0-9/.:, T@ZéJan+-]{0,30}", any in ".{0,30}") {
            let _ = parse_timestamp(&text, Tz::Europe__Berlin);
            let _ = parse_timestamp(&any, Tz::Europe__Berlin);
        }
    }

    #[test]
    fn knows_the_doubled_and_the_missing_hour() {
        // 2025-10-26 02:30 in Berlin is 00:30Z and 01:30Z; 2025-03-30 02:30 is neither.
        let berlin = Tz::Europe__Berlin;
        let twice = parse_local("2025-10-26 02:30:00", berlin).expect("ambiguous, but a time");
        assert_eq!(twice.second, Some(twice.ts + 3600 * MICROS_PER_SECOND));
        assert!(matches!(
            parse_local("2025-03-30 02:30:00", berlin),
            Err(TimeError::Skipped(..))
        ));
    }
}
