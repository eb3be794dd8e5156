//! Nights, weekends and weeks in a time zone.
//!
//! Everything is read off the local clock, so that a night has eleven or nine
//! hours and a day 23 or 25 where the clock changes. Weeks are those of
//! ISO 8601: they begin on Monday.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Timelike, Weekday};
use chrono_tz::Tz;

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// A time zone, and when in it people sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// The zone.
    pub tz: Tz,
    /// The night: its first minute of the day, and the first after it. It wraps around midnight
    /// where the second is not greater.
    pub night: (u32, u32),
}

/// Why a text is not a night.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NightError {
    /// Not two times of day.
    #[error("{0:?} is not a span of a day: write 22:00-07:00")]
    Form(String),
    /// It begins when it ends.
    #[error("{0:?} begins when it ends: neither the whole day nor nothing of it is meant")]
    Empty(String),
}

impl Default for Calendar {
    /// UTC, with nights from 22:00 to 07:00.
    fn default() -> Self {
        Self {
            tz: Tz::UTC,
            night: (22 * 60, 7 * 60),
        }
    }
}

impl Calendar {
    /// Reads a night: `22:00-07:00`. Times are 00:00 to 24:00.
    pub fn parse_night(text: &str) -> Result<(u32, u32), NightError> {
        let form = || NightError::Form(text.to_owned());
        let (from, to) = text.trim().split_once(['-', '–']).ok_or_else(form)?;
        let (from, to) = (minute(from).ok_or_else(form)?, minute(to).ok_or_else(form)?);
        if from % DAY == to {
            return Err(NightError::Empty(text.to_owned()));
        }
        Ok((from % DAY, to))
    }

    /// Whether an instant is at night.
    pub fn is_night(&self, ts: i64) -> bool {
        let minute = minute_of(self.local(ts));
        let (from, to) = self.night;
        match from < to {
            true => (from..to).contains(&minute),
            false => minute >= from || minute < to,
        }
    }

    /// The night in which an instant is, by the day on which it began; `None` by day.
    pub fn night_of(&self, ts: i64) -> Option<NaiveDate> {
        let local = self.local(ts);
        let began_before = self.night.0 >= self.night.1 && minute_of(local) < self.night.1;
        self.is_night(ts).then(|| match began_before {
            true => local.date() - Days::new(1),
            false => local.date(),
        })
    }

    /// Whether an instant is on a Saturday or Sunday.
    pub fn is_weekend(&self, ts: i64) -> bool {
        matches!(self.day_of(ts).weekday(), Weekday::Sat | Weekday::Sun)
    }

    /// The local day.
    pub fn day_of(&self, ts: i64) -> NaiveDate {
        self.local(ts).date()
    }

    /// The local week, by its Monday.
    pub fn week_of(&self, ts: i64) -> NaiveDate {
        let day = self.day_of(ts);
        day - Days::new(u64::from(day.weekday().num_days_from_monday()))
    }

    /// What the clock on the wall shows; years outside 1 to 9999 are taken for these.
    pub(super) fn local(&self, ts: i64) -> NaiveDateTime {
        DateTime::from_timestamp_micros(readable(ts))
            .unwrap_or_default()
            .with_timezone(&self.tz)
            .naive_local()
    }
}

/// An instant, brought into the years 1 to 9999, with two days to spare for zones and weeks.
pub(super) fn readable(ts: i64) -> i64 {
    ts.clamp(-62_135_424_000_000_000, 253_402_128_000_000_000)
}

fn minute_of(local: NaiveDateTime) -> u32 {
    local.hour() * 60 + local.minute()
}

/// Reads `22:00` as the minutes since midnight.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str, length: std::ops::RangeInclusive<usize>| {
        let is_number = length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (hour, minute) = (number(hour, 1..=2)?, number(minute, 2..=2)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse_timestamp;
    use proptest::prelude::*;

    fn at(text: &str) -> i64 {
        parse_timestamp(text, Tz::UTC).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn reads_nights() {
        assert_eq!(Calendar::parse_night("22:00-07:00"), Ok((1320, 420)));
        assert_eq!(Calendar::parse_night(" 0:30 – 6:00 "), Ok((30, 360)));
        assert_eq!(Calendar::parse_night("18:00-24:00"), Ok((1080, 1440)));
        assert_eq!(Calendar::parse_night("24:00-06:00"), Ok((0, 360)));
        assert_eq!(Calendar::parse_night("00:00-24:00"), Ok((0, 1440)));
        for bad in [
            "",
            "22-7",
            "22:00",
            "25:00-07:00",
            "22:60-07:00",
            "é:00-07:00",
            "24:01-02:00",
        ] {
            assert!(
                matches!(Calendar::parse_night(bad), Err(NightError::Form(_))),
                "{bad}"
            );
        }
        for bad in ["22:00-22:00", "24:00-00:00"] {
            assert!(
                matches!(Calendar::parse_night(bad), Err(NightError::Empty(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_night_goes_over_midnight_and_belongs_to_the_day_on_which_it_began() {
        let calendar = Calendar::default();
        // 2026-03-06 is a Friday.
        for (text, night) in [
            ("2026-03-06T21:59:59Z", None),
            ("2026-03-06T22:00:00Z", Some("2026-03-06")),
            ("2026-03-07T06:59:59Z", Some("2026-03-06")),
            ("2026-03-07T07:00:00Z", None),
        ] {
            assert_eq!(calendar.is_night(at(text)), night.is_some(), "{text}");
            assert_eq!(calendar.night_of(at(text)), night.map(day), "{text}");
        }
        assert!(!calendar.is_weekend(at("2026-03-06T23:59:59Z")));
        assert!(calendar.is_weekend(at("2026-03-07T00:00:00Z")));
        assert!(calendar.is_weekend(at("2026-03-08T23:59:59Z")));
        assert!(!calendar.is_weekend(at("2026-03-09T00:00:00Z")));
        assert_eq!(
            calendar.week_of(at("2026-03-08T23:59:59Z")),
            day("2026-03-02")
        );
        assert_eq!(
            calendar.week_of(at("2026-03-09T00:00:00Z")),
            day("2026-03-09")
        );
    }

    #[test]
    fn a_night_within_a_day_does_not_wrap() {
        let calendar = Calendar {
            night: (0, 360),
            ..Calendar::default()
        };
        assert_eq!(
            calendar.night_of(at("2026-03-07T05:59:00Z")),
            Some(day("2026-03-07"))
        );
        assert!(!calendar.is_night(at("2026-03-07T06:00:00Z")));
        assert!(!calendar.is_night(at("2026-03-06T23:59:00Z")));
    }

    #[test]
    fn the_clock_on_the_wall_counts() {
        // London goes from +00:00 to +01:00 on 2026-03-29 at 01:00, New York from -05:00 to
        // -04:00 on 2026-03-08 at 02:00.
        let calendar = Calendar {
            tz: Tz::Europe__London,
            ..Calendar::default()
        };
        assert!(calendar.is_night(at("2026-03-28T06:59:00Z")));
        assert!(calendar.is_night(at("2026-03-29T05:59:00Z")));
        assert!(!calendar.is_night(at("2026-03-29T06:00:00Z")));
        assert_eq!(
            calendar.week_of(at("2026-03-29T22:59:00Z")),
            day("2026-03-23")
        );
        assert_eq!(
            calendar.week_of(at("2026-03-29T23:00:00Z")),
            day("2026-03-30")
        );
        let calendar = Calendar {
            tz: Tz::America__New_York,
            ..Calendar::default()
        };
        assert!(calendar.is_weekend(at("2026-03-09T03:59:00Z")));
        assert!(!calendar.is_weekend(at("2026-03-09T04:00:00Z")));
    }

    proptest! {
        #[test]
        fn every_instant_has_a_week(ts: i64, zone in 0..chrono_tz::TZ_VARIANTS.len(), from in 0_u32..1440, to in 0_u32..1441) {
            let calendar = Calendar { tz: chrono_tz::TZ_VARIANTS[zone], night: (from, to) };
            let week = calendar.week_of(ts);
            prop_assert_eq!(week.weekday(), Weekday::Mon);
            prop_assert!((0..7).contains(&(calendar.day_of(ts) - week).num_days()));
            prop_assert_eq!(calendar.night_of(ts).is_some(), calendar.is_night(ts));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}|[0-9:–-]{0,12}") {
            let _ = Calendar::parse_night(&text);
        }
    }
}
