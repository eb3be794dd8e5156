//! Reads the times of text records: a user's pattern first, then the known forms.
//!
//! A local time without zone may stand for two instants (the clock is set
//! back). Where the rows of a file are in order, the second pass through the
//! hour shows by time going backwards.

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{LocalResult, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::ingest::{ReadError, ReadOptions, RecordSink};
use crate::model::{LocalTime, TimeError, Warning, parse_local};

/// Reads times and counts those that have two readings.
pub(super) struct TimeText<'o> {
    tz: Tz,
    pattern: Option<(&'o str, Vec<Item<'o>>)>,
    /// Text and instant of the previous time: neighbours often share it.
    previous: (Vec<u8>, i64),
    /// The previous instant of rows in order, and whether time runs forwards.
    order: Option<(i64, bool)>,
    /// Times with two readings.
    doubled: u64,
    in_order: bool,
}

impl<'o> TimeText<'o> {
    /// Takes zone and pattern of the options; a pattern that is none is an error.
    pub(super) fn new(options: &'o ReadOptions) -> Result<Self, ReadError> {
        let pattern = match options.time_format.as_deref() {
            None => None,
            Some(text) => {
                let items: Vec<Item<'_>> = StrftimeItems::new(text).collect();
                if items.is_empty() || items.contains(&Item::Error) {
                    return Err(ReadError::Document {
                        line: 1,
                        reason: format!(
                            "the time format {text:?} is no strftime pattern: \
                             write it like '%d/%m/%Y %H:%M'"
                        ),
                    });
                }
                Some((text, items))
            }
        };
        Ok(Self {
            tz: options.tz,
            pattern,
            previous: (Vec::new(), 0),
            order: None,
            doubled: 0,
            in_order: false,
        })
    }

    /// Reads a time; of a doubled hour the first reading.
    pub(super) fn read(&mut self, text: &[u8]) -> Result<i64, String> {
        if text == self.previous.0 && !text.is_empty() {
            return Ok(self.previous.1);
        }
        let time = self.parse(text)?;
        if time.second.is_some() {
            self.doubled += 1;
        } else {
            self.previous.0.clear();
            self.previous.0.extend_from_slice(text);
            self.previous.1 = time.ts;
        }
        Ok(time.ts)
    }

    /// Reads the time of a row that comes, in time, after the row before (or
    /// before it, where the file runs backwards); chooses the reading of a
    /// doubled hour accordingly.
    pub(super) fn read_in_order(&mut self, text: &[u8]) -> Result<i64, String> {
        self.in_order = true;
        let time = self.parse(text)?;
        let ts = match (time.second, self.order) {
            (None, _) => time.ts,
            (Some(second), order) => {
                self.doubled += 1;
                match order {
                    Some((before, true)) if time.ts <= before => second,
                    Some((before, false)) if second < before => second,
                    _ => time.ts,
                }
            }
        };
        let forwards = match self.order {
            Some((before, forwards)) if ts == before => forwards,
            Some((before, _)) => ts > before,
            None => true,
        };
        self.order = Some((ts, forwards));
        Ok(ts)
    }

    /// Forgets the order: another frame begins.
    pub(super) fn restart_order(&mut self) {
        self.order = None;
    }

    /// Warns of times that had two readings.
    pub(super) fn finish(&self, sink: &mut dyn RecordSink) {
        if self.doubled > 0 {
            let choice = if self.in_order {
                "taken by the order of the rows"
            } else {
                "the first is taken"
            };
            sink.warn(Warning::new(
                "doubled-hour",
                format!(
                    "{} times without zone fall into an hour that {} has twice: {choice}",
                    self.doubled, self.tz
                ),
            ));
        }
    }

    fn parse(&self, text: &[u8]) -> Result<LocalTime, String> {
        let text = std::str::from_utf8(text)
            .map_err(|_| format!("{:?} is not a time", String::from_utf8_lossy(text)))?
            .trim();
        if text.is_empty() {
            return Err("there is no time".to_owned());
        }
        if let Some((_, items)) = &self.pattern
            && let Some(time) = parse_pattern(text, items, self.tz)
        {
            return time;
        }
        parse_local(text, self.tz).map_err(|error| match (&self.pattern, error) {
            (
                Some((pattern, _)),
                TimeError::Unknown(_)
                | TimeError::AmbiguousForm(_)
                | TimeError::DayFirst(_)
                | TimeError::MonthFirst(_),
            ) => {
                format!("the time {text:?} does not fit --time-format '{pattern}'")
            }
            (_, error) => error.to_string(),
        })
    }
}

/// Reads a time by a pattern; `None` where it does not fit.
fn parse_pattern(text: &str, items: &[Item<'_>], tz: Tz) -> Option<Result<LocalTime, String>> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    if parsed.offset().is_some() || parsed.timestamp().is_some() {
        // A Unix time (%s) has no offset of its own.
        let _ = parsed.set_offset(parsed.offset().unwrap_or(0).into());
        let ts = parsed.to_datetime().ok()?.timestamp_micros();
        return Some(Ok(LocalTime { ts, second: None }));
    }
    let date = parsed.to_naive_date().ok()?;
    let time = if parsed.hour_mod_12().is_none() && parsed.hour_div_12().is_none() {
        NaiveTime::MIN
    } else {
        if parsed.minute().is_none() {
            parsed.set_minute(0).ok()?;
        }
        parsed.to_naive_time().ok()?
    };
    Some(in_zone(date.and_time(time), tz, text))
}

fn in_zone(naive: NaiveDateTime, tz: Tz, text: &str) -> Result<LocalTime, String> {
    match tz.from_local_datetime(&naive) {
        LocalResult::Single(time) => Ok((time.timestamp_micros(), None)),
        LocalResult::Ambiguous(first, second) => {
            Ok((first.timestamp_micros(), Some(second.timestamp_micros())))
        }
        LocalResult::None => Err(TimeError::Skipped(text.to_owned(), tz).to_string()),
    }
    .map(|(ts, second)| LocalTime { ts, second })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::format_timestamp;

    fn options(format: Option<&str>, tz: Tz) -> ReadOptions {
        ReadOptions {
            time_format: format.map(str::to_owned),
            tz,
            ..ReadOptions::default()
        }
    }

    fn read(format: Option<&str>, tz: Tz, text: &str) -> Result<String, String> {
        let options = options(format, tz);
        let mut times = TimeText::new(&options).expect("a pattern");
        times
            .read(text.as_bytes())
            .map(|ts| format_timestamp(ts, Tz::UTC))
    }

    #[test]
    fn reads_by_pattern_with_and_without_zone() {
        let berlin = Tz::Europe__Berlin;
        for (format, text, expected) in [
            ("%d/%m/%Y %H:%M", "31/12/2025 10:00", "2025-12-31T09:00:00Z"),
            ("%d/%m/%Y", "31/12/2025", "2025-12-30T23:00:00Z"),
            (
                "%d.%m.%Y %H:%M:%S %z",
                "31.12.2025 10:00:00 +0000",
                "2025-12-31T10:00:00Z",
            ),
            (
                "%b %d, %Y @ %H:%M:%S%.3f",
                "Jan 1, 2024 @ 00:00:00.500",
                "2023-12-31T23:00:00.500Z",
            ),
            ("%s", "1700000000", "2023-11-14T22:13:20Z"),
            ("%Y%m%d %H", "20251231 10", "2025-12-31T09:00:00Z"),
            // What does not fit the pattern but is plain is still read.
            ("%d/%m/%Y", "2025-12-31T10:00:00Z", "2025-12-31T10:00:00Z"),
        ] {
            assert_eq!(
                read(Some(format), berlin, text).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
        assert!(TimeText::new(&options(Some("%Q"), Tz::UTC)).is_err());
    }

    #[test]
    fn says_what_to_do() {
        let reason = read(None, Tz::UTC, "31/12/2025 10:00").expect_err("day first");
        assert!(
            reason.contains("--time-format '%d/%m/%Y %H:%M'"),
            "{reason}"
        );
        let reason = read(None, Tz::UTC, "12/31/25").expect_err("month first");
        assert!(reason.contains("--time-format '%m/%d/%y'"), "{reason}");
        let reason = read(Some("%d/%m/%Y"), Tz::UTC, "31-12-2025").expect_err("does not fit");
        assert!(reason.contains("%d/%m/%Y"), "{reason}");
    }

    #[test]
    fn walks_through_the_doubled_hour() {
        // Berlin, 2025-10-26: 02:00 is 00:00Z and then 01:00Z.
        let options = options(None, Tz::Europe__Berlin);
        let walk = |clock: &[&str]| -> Vec<String> {
            let mut times = TimeText::new(&options).expect("no pattern");
            clock
                .iter()
                .map(|c| times.read_in_order(format!("2025-10-26 {c}").as_bytes()))
                .map(|ts| format_timestamp(ts.expect("a time"), Tz::UTC)[11..16].to_owned())
                .collect()
        };
        assert_eq!(
            walk(&["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]),
            ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]
        );
        assert_eq!(walk(&["02:00", "02:00"]), ["00:00", "01:00"]);
        // Newest first.
        assert_eq!(
            walk(&[
                "03:30", "03:00", "02:30", "02:00", "02:30", "02:00", "01:30"
            ]),
            [
                "02:30", "02:00", "01:30", "01:00", "00:30", "00:00", "23:30"
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,30}", format in "[%YmdHMSz/: .]{1,12}") {
            let options = options(Some(&format), Tz::Europe__Berlin);
            if let Ok(mut times) = TimeText::new(&options) {
                let _ = times.read(text.as_bytes());
                let _ = times.read_in_order(text.as_bytes());
            }
        }
    }
}
