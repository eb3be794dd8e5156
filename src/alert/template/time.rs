//! Go's `time.Time` and `time.Duration`, as far as templates use them.
//!
//! Times are nanoseconds since 1970 in UTC. Known methods: of a time `String`,
//! `Format`, `UTC`, `Unix`, `UnixMilli`, `UnixMicro`, `UnixNano`, `Year`, `Month`,
//! `Day`, `Hour`, `Minute`, `Second`, `Nanosecond`, `Weekday`, `YearDay`, `Add`,
//! `Sub`, `Before`, `After`, `Equal`, `IsZero`; of a duration `String`, `Hours`,
//! `Minutes`, `Seconds`, `Milliseconds`, `Microseconds`, `Nanoseconds`, `Round`,
//! `Truncate`, `Abs`; of a month or weekday `String`.

use chrono::{DateTime, Datelike, Timelike, Utc};

use super::value::Value;

const SECOND: i64 = 1_000_000_000;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

fn datetime(nanos: i128) -> DateTime<Utc> {
    let seconds = nanos.div_euclid(i128::from(SECOND));
    let rest = nanos.rem_euclid(i128::from(SECOND)) as u32;
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, rest))
        .unwrap_or_default()
}

/// Writes what a value's `String` method gives, if it has one.
pub(super) fn text(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Time(nanos) | Value::TimePointer(nanos) => {
            format_time(*nanos, "2006-01-02 15:04:05.999999999 -0700 MST")
        }
        Value::Duration(nanos) | Value::DurationPointer(nanos) => format_duration(*nanos),
        Value::Month(month) => (*MONTHS.get(usize::from(*month).wrapping_sub(1))?).to_owned(),
        Value::Weekday(day) => (*WEEKDAYS.get(usize::from(*day))?).to_owned(),
        _ => return None,
    })
}

/// Writes a duration as Go does: `1h2m3.5s`.
fn format_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let magnitude = nanos.unsigned_abs();
    let (unit, name) = match magnitude {
        0 => return "0s".to_owned(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => {
            let seconds = magnitude / SECOND as u64;
            let rest = fraction(magnitude % SECOND as u64, 9);
            let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
            let tail = format!("{}{rest}s", seconds % 60);
            return match (hours, minutes) {
                (0, 0) => format!("{sign}{tail}"),
                (0, _) => format!("{sign}{minutes}m{tail}"),
                _ => format!("{sign}{hours}h{minutes}m{tail}"),
            };
        }
    };
    let digits = u32::checked_ilog10(unit as u32).unwrap_or(0) as usize;
    let rest = fraction(magnitude % unit, digits);
    format!("{sign}{}{rest}{name}", magnitude / unit)
}

fn fraction(value: u64, digits: usize) -> String {
    if value == 0 {
        return String::new();
    }
    format!(".{value:0digits$}")
        .trim_end_matches('0')
        .to_owned()
}

/// The elements of a layout, a longer one before its beginning.
const ELEMENTS: [&str; 35] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "02",
    "002",
    "01",
    "03",
    "04",
    "05",
    "06",
    "_2006",
    "__2",
    "_2",
    "15",
    "PM",
    "pm",
    "-070000",
    "-07:00:00",
    "-0700",
    "-07:00",
    "-07",
    "Z070000",
    "Z07:00:00",
    "Z0700",
    "Z07:00",
    "Z07",
    "1",
    "2",
    "3",
    "4",
    "5",
    "",
];

/// Writes a time in a layout of Go's: `2006-01-02 15:04:05`.
fn format_time(nanos: i128, layout: &str) -> String {
    let time = datetime(nanos);
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some(len) = fraction_len(rest, out.is_empty()) {
            push_fraction(&mut out, time.nanosecond(), &rest[..len]);
            rest = &rest[len..];
            continue;
        }
        let element = ELEMENTS
            .iter()
            .filter(|element| !element.is_empty() && rest.starts_with(**element))
            .max_by_key(|element| element.len())
            .copied()
            // `Jan` and `Mon` are not the beginning of another word.
            .filter(|element| {
                !matches!(*element, "Jan" | "Mon")
                    || !rest[3..].starts_with(|c: char| c.is_ascii_lowercase())
            });
        let Some(element) = element else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        rest = &rest[element.len()..];
        // `_2006` is an underscore and a year.
        if element == "_2006" {
            out.push('_');
        }
        push_element(&mut out, time, element);
    }
    out
}

fn push_element(out: &mut String, time: DateTime<Utc>, element: &str) {
    let month = MONTHS[time.month0() as usize];
    let day = WEEKDAYS[time.weekday().num_days_from_sunday() as usize];
    let hour12 = time.hour12().1;
    let text = match element {
        "January" => month.to_owned(),
        "Jan" => month[..3].to_owned(),
        "01" => format!("{:02}", time.month()),
        "1" => time.month().to_string(),
        "Monday" => day.to_owned(),
        "Mon" => day[..3].to_owned(),
        "02" => format!("{:02}", time.day()),
        "_2" => format!("{:2}", time.day()),
        "2" => time.day().to_string(),
        "002" => format!("{:03}", time.ordinal()),
        "__2" => format!("{:3}", time.ordinal()),
        "15" => format!("{:02}", time.hour()),
        "03" => format!("{hour12:02}"),
        "3" => hour12.to_string(),
        "04" => format!("{:02}", time.minute()),
        "4" => time.minute().to_string(),
        "05" => format!("{:02}", time.second()),
        "5" => time.second().to_string(),
        "2006" | "_2006" => format!("{:04}", time.year()),
        "06" => format!("{:02}", time.year().rem_euclid(100)),
        "PM" => (if time.hour() < 12 { "AM" } else { "PM" }).to_owned(),
        "pm" => (if time.hour() < 12 { "am" } else { "pm" }).to_owned(),
        "MST" => "UTC".to_owned(),
        zone if zone.starts_with('Z') => "Z".to_owned(),
        zone => zone.replace("-07", "+00"),
    };
    out.push_str(&text);
}

/// The length of the fraction of a second that a layout begins with: `.000` or `.999`.
fn fraction_len(rest: &str, at_start: bool) -> Option<usize> {
    let digit = rest.strip_prefix(['.', ','])?.chars().next()?;
    if at_start || !matches!(digit, '0' | '9') {
        return None;
    }
    let run = rest[1..].chars().take_while(|c| *c == digit).count();
    let ends = !rest[1 + run..].starts_with(|c: char| c.is_ascii_digit());
    ends.then_some(1 + run)
}

fn push_fraction(out: &mut String, nanos: u32, element: &str) {
    let digits: String = format!("{:09}", nanos % 1_000_000_000)
        .chars()
        .chain(std::iter::repeat('0'))
        .take((element.len() - 1).min(64))
        .collect();
    if element.ends_with('0') {
        out.push_str(&element[..1]);
        out.push_str(&digits);
        return;
    }
    let digits = digits.trim_end_matches('0');
    if !digits.is_empty() {
        out.push_str(&element[..1]);
        out.push_str(digits);
    }
}

/// The parameters of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    None,
    Text,
    Time,
    Duration,
}

/// What a method takes, if the value has it.
pub(super) fn parameter(value: &Value<'_>, name: &str) -> Option<Parameter> {
    match value {
        Value::Time(_) | Value::TimePointer(_) => Some(match name {
            "Format" => Parameter::Text,
            "Sub" | "Before" | "After" | "Equal" => Parameter::Time,
            "Add" => Parameter::Duration,
            "String" | "UTC" | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "Year"
            | "Month" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "Weekday"
            | "YearDay" | "IsZero" => Parameter::None,
            _ => return None,
        }),
        Value::Duration(_) | Value::DurationPointer(_) => Some(match name {
            "Round" | "Truncate" => Parameter::Duration,
            "String" | "Hours" | "Minutes" | "Seconds" | "Milliseconds" | "Microseconds"
            | "Nanoseconds" | "Abs" => Parameter::None,
            _ => return None,
        }),
        Value::Month(_) | Value::Weekday(_) => (name == "String").then_some(Parameter::None),
        _ => None,
    }
}

/// Calls a method that [`parameter`] knows with the argument that it wants.
pub(super) fn call<'a>(value: &Value<'a>, name: &str, arg: Option<&Value<'a>>) -> Value<'a> {
    match (value, name) {
        (_, "String") => Value::text(text(value).unwrap_or_default()),
        (Value::Time(nanos) | Value::TimePointer(nanos), name) => time_method(*nanos, name, arg),
        (Value::Duration(nanos) | Value::DurationPointer(nanos), name) => {
            let unit = match arg {
                Some(Value::Duration(unit) | Value::DurationPointer(unit)) => *unit,
                _ => 0,
            };
            duration_method(*nanos, name, unit)
        }
        _ => Value::None,
    }
}

fn time_method<'a>(nanos: i128, name: &str, arg: Option<&Value<'a>>) -> Value<'a> {
    let time = datetime(nanos);
    let clamp = |value: i128| value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
    if let Some(Value::Time(other) | Value::TimePointer(other)) = arg {
        return match name {
            "Sub" => Value::Duration(clamp(nanos - other)),
            "Before" => Value::Bool(nanos < *other),
            "After" => Value::Bool(nanos > *other),
            _ => Value::Bool(nanos == *other),
        };
    }
    let int = |value: u32| Value::Int(i64::from(value));
    match (name, arg) {
        ("Format", Some(Value::String(layout))) => Value::text(format_time(nanos, layout)),
        ("Add", Some(Value::Duration(by) | Value::DurationPointer(by))) => {
            Value::Time(nanos + i128::from(*by))
        }
        ("UTC", _) => Value::Time(nanos),
        ("Unix", _) => Value::Int(clamp(nanos.div_euclid(1_000_000_000))),
        ("UnixMilli", _) => Value::Int(clamp(nanos.div_euclid(1_000_000))),
        ("UnixMicro", _) => Value::Int(clamp(nanos.div_euclid(1_000))),
        ("UnixNano", _) => Value::Int(clamp(nanos)),
        ("Year", _) => Value::Int(i64::from(time.year())),
        ("Month", _) => Value::Month(time.month() as u8),
        ("Day", _) => int(time.day()),
        ("Hour", _) => int(time.hour()),
        ("Minute", _) => int(time.minute()),
        ("Second", _) => int(time.second()),
        ("Nanosecond", _) => int(time.nanosecond() % 1_000_000_000),
        ("Weekday", _) => Value::Weekday(time.weekday().num_days_from_sunday() as u8),
        ("YearDay", _) => int(time.ordinal()),
        // The zero time is in the year 1.
        ("IsZero", _) => Value::Bool(nanos == -62_135_596_800_i128 * 1_000_000_000),
        _ => Value::None,
    }
}

fn duration_method<'a>(nanos: i64, name: &str, unit: i64) -> Value<'a> {
    let part = |unit: i64| {
        // As Go does, to lose no precision.
        let (whole, rest) = (nanos / unit, nanos % unit);
        Value::Float(whole as f64 + rest as f64 / unit as f64)
    };
    match name {
        "Hours" => part(3_600 * SECOND),
        "Minutes" => part(60 * SECOND),
        "Seconds" => part(SECOND),
        "Milliseconds" => Value::Int(nanos / 1_000_000),
        "Microseconds" => Value::Int(nanos / 1_000),
        "Nanoseconds" => Value::Int(nanos),
        "Abs" => Value::Duration(nanos.saturating_abs()),
        "Truncate" | "Round" if unit <= 0 => Value::Duration(nanos),
        "Truncate" => Value::Duration(nanos - nanos % unit),
        "Round" => {
            let rest = nanos % unit;
            let down = nanos - rest;
            let is_half = rest.unsigned_abs() >= unit.unsigned_abs() - rest.unsigned_abs();
            Value::Duration(match (is_half, nanos < 0) {
                (false, _) => down,
                (true, true) => down.saturating_sub(unit),
                (true, false) => down.saturating_add(unit),
            })
        }
        _ => Value::None,
    }
}
