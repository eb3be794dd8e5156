//! Time intervals as written.

use std::ops::RangeInclusive;

use chrono_tz::Tz;

use super::yaml::{At, Content, Node};
use super::{ConfigError, ConfigErrorKind, NamedInterval, Reader};
use crate::alert::notify::time_interval::TimeInterval;

const FIELDS: &[&str] = &[
    "times",
    "weekdays",
    "days_of_month",
    "months",
    "years",
    "location",
];

const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Reader<'_> {
    /// Reads `time_intervals` or `mute_time_intervals`, which share their names.
    pub(super) fn time_intervals(
        &self,
        node: &Node,
        all: &mut Vec<NamedInterval>,
    ) -> Result<(), ConfigError> {
        for item in self.source.list(node, "time_intervals")? {
            let mut name = "";
            let mut intervals = Vec::new();
            for entry in self.source.map(item, "time interval")? {
                match entry.key.as_str() {
                    "name" => {
                        name = self.source.text(&entry.value, "name")?;
                        if all.iter().any(|interval| interval.name == name) {
                            let kind = ConfigErrorKind::Duplicate {
                                what: "time interval",
                                name: name.to_owned(),
                            };
                            return Err(self.error(entry.value.at, kind));
                        }
                    }
                    "time_intervals" => {
                        for item in self.source.list(&entry.value, "time_intervals")? {
                            intervals.push(self.time_interval(item)?);
                        }
                    }
                    _ => {
                        let fields = &["name", "time_intervals"];
                        return Err(self.source.unknown(entry, "the time interval", fields));
                    }
                }
            }
            if name.is_empty() {
                let kind = ConfigErrorKind::Missing {
                    field: "name",
                    section: "the time interval",
                };
                return Err(self.error(item.at, kind));
            }
            all.push(NamedInterval {
                name: name.to_owned(),
                intervals,
            });
        }
        Ok(())
    }

    fn time_interval(&self, node: &Node) -> Result<TimeInterval, ConfigError> {
        let mut interval = TimeInterval::default();
        for entry in self.source.map(node, "time interval")? {
            let value = &entry.value;
            // `times: []` is never, `times:` is always.
            if matches!(value.content, Content::Null) {
                continue;
            }
            match entry.key.as_str() {
                "times" => interval.times = Some(self.times(value)?),
                "weekdays" => interval.weekdays = Some(self.ranges(value, "weekdays", weekday)?),
                "days_of_month" => {
                    interval.days_of_month = Some(self.ranges(value, "days_of_month", day)?);
                }
                "months" => interval.months = Some(self.ranges(value, "months", month)?),
                "years" => interval.years = Some(self.ranges(value, "years", year)?),
                "location" => {
                    let text = self.source.text(value, "location")?;
                    interval.location = location(text).ok_or_else(|| {
                        self.error(value.at, ConfigErrorKind::Location(text.to_owned()))
                    })?;
                }
                _ => return Err(self.source.unknown(entry, "the time interval", FIELDS)),
            }
        }
        Ok(interval)
    }

    fn times(&self, node: &Node) -> Result<Vec<(u16, u16)>, ConfigError> {
        let mut times = Vec::new();
        for item in self.source.list(node, "times")? {
            let mut bounds: [Option<(u16, At)>; 2] = [None; 2];
            for entry in self.source.map(item, "times")? {
                let bound = match entry.key.as_str() {
                    "start_time" => 0,
                    "end_time" => 1,
                    _ => {
                        let fields = &["start_time", "end_time"];
                        return Err(self.source.unknown(entry, "`times`", fields));
                    }
                };
                let text = self.source.text(&entry.value, "start_time or end_time")?;
                let minute = time_of_day(text).ok_or_else(|| {
                    self.error(entry.value.at, ConfigErrorKind::TimeOfDay(text.to_owned()))
                })?;
                bounds[bound] = Some((minute, entry.value.at));
            }
            let missing = |field| ConfigErrorKind::Missing {
                field,
                section: "`times`",
            };
            let [start, end] = bounds;
            let (start, _) = start.ok_or_else(|| self.error(item.at, missing("start_time")))?;
            let (end, at) = end.ok_or_else(|| self.error(item.at, missing("end_time")))?;
            if start >= end {
                let text = format!("{}..{}", clock(start), clock(end));
                return Err(self.error(at, ConfigErrorKind::Backwards(text)));
            }
            times.push((start, end));
        }
        Ok(times)
    }

    /// Reads `a`, `a:b` or lists of them.
    fn ranges<T: Copy>(
        &self,
        node: &Node,
        field: &'static str,
        read: impl Fn(&str) -> Result<(T, T), ConfigErrorKind>,
    ) -> Result<Vec<(T, T)>, ConfigError> {
        let texts = self.source.texts(node, field)?;
        texts
            .into_iter()
            .map(|(text, at)| read(&text.to_lowercase()).map_err(|kind| self.error(at, kind)))
            .collect()
    }
}

/// Splits `a:b`; `a` is `a:a`.
fn bounds<T: Copy>(
    text: &str,
    expected: &'static str,
    element: impl Fn(&str) -> Option<T>,
) -> Result<(T, T), ConfigErrorKind> {
    let (begin, end) = text.split_once(':').unwrap_or((text, text));
    let read = |part: &str| {
        element(part).ok_or_else(|| ConfigErrorKind::Element {
            text: part.to_owned(),
            expected,
        })
    };
    Ok((read(begin)?, read(end)?))
}

fn forwards<T: PartialOrd>(range: (T, T), text: &str) -> Result<(T, T), ConfigErrorKind> {
    if range.0 > range.1 {
        return Err(ConfigErrorKind::Backwards(text.to_owned()));
    }
    Ok(range)
}

fn weekday(text: &str) -> Result<(u8, u8), ConfigErrorKind> {
    let range = bounds(text, "a weekday (`monday`)", |part| {
        WEEKDAYS
            .iter()
            .position(|day| *day == part)
            .map(|at| at as u8)
    })?;
    forwards(range, text)
}

fn month(text: &str) -> Result<(i32, i32), ConfigErrorKind> {
    let range = bounds(text, "a month (`january` or 1)", |part| {
        let named = MONTHS.iter().position(|month| *month == part);
        match named {
            Some(at) => Some(at as i32 + 1),
            None => part.parse().ok(),
        }
    })?;
    forwards(range, text)
}

fn year(text: &str) -> Result<(i32, i32), ConfigErrorKind> {
    forwards(bounds(text, "a year", |part| part.parse().ok())?, text)
}

fn day(text: &str) -> Result<(i32, i32), ConfigErrorKind> {
    const DAYS: RangeInclusive<i32> = 1..=31;
    let range = bounds(text, "a day of the month (1 to 31, -1 to -31)", |part| {
        part.parse()
            .ok()
            .filter(|day: &i32| DAYS.contains(&day.abs()))
    })?;
    let (begin, end) = range;
    if begin < 0 && end > 0 {
        return Err(ConfigErrorKind::MixedDays(text.to_owned()));
    }
    // What is backwards in a month of 28 days, Alertmanager refuses.
    let in_february = |day: i32| if day < 0 { 28 + day } else { day };
    forwards((in_february(begin), in_february(end)), text)?;
    Ok(range)
}

/// Minutes since midnight.
fn time_of_day(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let inside = (hours < 24 && minutes < 60) || (hours == 24 && minutes == 0);
    inside.then_some(hours * 60 + minutes)
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// A zone's name; Go takes `Local` too, which a server in UTC has as UTC.
fn location(text: &str) -> Option<Tz> {
    match text {
        "" | "Local" => Some(Tz::UTC),
        _ => text.parse().ok(),
    }
}
