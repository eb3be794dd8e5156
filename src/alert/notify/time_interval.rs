//! Recurring spans of time: nights, weekends, the last day of a month.

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// A recurring span: all of its fields must hold, of each field one range.
///
/// `None` holds always, an empty list never.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeInterval {
    /// Minutes of the day; the end is not part of it.
    pub times: Option<Vec<(u16, u16)>>,
    /// Days of the week, 0 is Sunday; the end is part of it.
    pub weekdays: Option<Vec<(u8, u8)>>,
    /// Days of the month, -1 is its last; the end is part of it.
    pub days_of_month: Option<Vec<(i32, i32)>>,
    /// Months from 1; the end is part of it.
    pub months: Option<Vec<(i32, i32)>>,
    /// Years; the end is part of it.
    pub years: Option<Vec<(i32, i32)>>,
    /// The zone in which they are meant.
    pub location: Tz,
}

impl Default for TimeInterval {
    fn default() -> Self {
        Self {
            times: None,
            weekdays: None,
            days_of_month: None,
            months: None,
            years: None,
            location: Tz::UTC,
        }
    }
}

impl TimeInterval {
    /// Whether an instant (µs) lies in it.
    pub fn contains(&self, ts: i64) -> bool {
        let Some(time) = DateTime::<Utc>::from_timestamp_micros(ts) else {
            return false;
        };
        let time = time.with_timezone(&self.location);
        let minute = (time.hour() * 60 + time.minute()) as u16;
        let weekday = time.weekday().num_days_from_sunday() as u8;
        self.times.as_ref().is_none_or(|ranges| {
            ranges
                .iter()
                .any(|(from, to)| (*from..*to).contains(&minute))
        }) && self
            .days_of_month
            .as_ref()
            .is_none_or(|ranges| on_day(ranges, &time))
            && within(self.months.as_deref(), time.month() as i32)
            && within(self.weekdays.as_deref(), weekday)
            && within(self.years.as_deref(), time.year())
    }
}

fn within<T: PartialOrd>(ranges: Option<&[(T, T)]>, value: T) -> bool {
    ranges.is_none_or(|ranges| {
        ranges
            .iter()
            .any(|(begin, end)| *begin <= value && value <= *end)
    })
}

fn on_day(ranges: &[(i32, i32)], time: &DateTime<Tz>) -> bool {
    let days = days_in_month(time);
    let day = time.day() as i32;
    ranges.iter().any(|(begin, end)| {
        let from_end = |day: i32| if day < 0 { days + day + 1 } else { day };
        let (begin, end) = (from_end(*begin), from_end(*end));
        begin <= days && (begin.clamp(-days, days)..=end.clamp(-days, days)).contains(&day)
    })
}

/// The month's length in whole days of 24 hours, as Alertmanager counts them:
/// a month whose clock jumps forward has one less.
fn days_in_month(time: &DateTime<Tz>) -> i32 {
    let (year, month) = (time.year(), time.month());
    let (next_year, next_month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    let midnight = |year, month| {
        let local = NaiveDate::from_ymd_opt(year, month, 1)?.and_hms_opt(0, 0, 0)?;
        let zone = time.timezone();
        let there = zone.from_local_datetime(&local).earliest();
        Some(there.map_or_else(|| local.and_utc(), |there| there.to_utc()))
    };
    match (midnight(year, month), midnight(next_year, next_month)) {
        (Some(begin), Some(end)) => ((end - begin).num_hours() / 24) as i32,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::parse_timestamp;

    fn at(text: &str) -> i64 {
        parse_timestamp(text, Tz::UTC).expect(text)
    }

    #[test]
    fn nothing_said_is_always() {
        assert!(TimeInterval::default().contains(at("2026-03-01T08:00:00Z")));
        let never = TimeInterval {
            weekdays: Some(Vec::new()),
            ..TimeInterval::default()
        };
        assert!(!never.contains(at("2026-03-01T08:00:00Z")));
    }

    #[test]
    fn the_end_of_a_day_is_not_in_it_and_the_last_minute_is() {
        let night = TimeInterval {
            times: Some(vec![(22 * 60, 24 * 60), (0, 6 * 60)]),
            ..TimeInterval::default()
        };
        for (text, inside) in [
            ("2026-03-01T21:59:59Z", false),
            ("2026-03-01T22:00:00Z", true),
            ("2026-03-01T23:59:59.999999Z", true),
            ("2026-03-02T00:00:00Z", true),
            ("2026-03-02T05:59:59Z", true),
            ("2026-03-02T06:00:00Z", false),
        ] {
            assert_eq!(night.contains(at(text)), inside, "{text}");
        }
    }

    #[test]
    fn fields_hold_together_and_in_their_zone() {
        // Office hours in New York: 9:00 EST is 14:00 UTC, 9:00 EDT is 13:00 UTC.
        let office = TimeInterval {
            times: Some(vec![(9 * 60, 17 * 60)]),
            weekdays: Some(vec![(1, 5)]),
            location: Tz::America__New_York,
            ..TimeInterval::default()
        };
        for (text, inside) in [
            ("2026-03-06T13:59:00Z", false), // Friday before the change
            ("2026-03-06T14:00:00Z", true),
            ("2026-03-07T15:00:00Z", false), // Saturday
            ("2026-03-09T13:00:00Z", true),  // Monday after it
            ("2026-03-09T21:00:00Z", false),
        ] {
            assert_eq!(office.contains(at(text)), inside, "{text}");
        }
    }

    #[test]
    fn days_count_from_the_end_too() {
        let last_three = TimeInterval {
            days_of_month: Some(vec![(-3, -1)]),
            ..TimeInterval::default()
        };
        for (text, inside) in [
            ("2026-02-25T00:00:00Z", false),
            ("2026-02-26T00:00:00Z", true),
            ("2026-02-28T23:00:00Z", true),
            ("2028-02-26T00:00:00Z", false),
            ("2028-02-29T00:00:00Z", true),
            ("2026-12-31T00:00:00Z", true),
        ] {
            assert_eq!(last_three.contains(at(text)), inside, "{text}");
        }
        // The 31st of a month with 30 days is no day of it; 29 to 31 ends with it.
        let some = |range| TimeInterval {
            days_of_month: Some(vec![range]),
            ..TimeInterval::default()
        };
        assert!(!some((31, 31)).contains(at("2026-04-30T12:00:00Z")));
        assert!(some((29, 31)).contains(at("2026-04-30T12:00:00Z")));
    }

    #[test]
    fn a_month_that_jumps_forward_is_a_day_short() {
        let last = TimeInterval {
            days_of_month: Some(vec![(-1, -1)]),
            location: Tz::Europe__Berlin,
            ..TimeInterval::default()
        };
        assert!(last.contains(at("2026-03-30T10:00:00Z")));
        assert!(!last.contains(at("2026-03-31T10:00:00Z")));
        assert!(last.contains(at("2026-10-31T10:00:00Z")));
    }

    #[test]
    fn months_and_years() {
        let summers = TimeInterval {
            months: Some(vec![(6, 8)]),
            years: Some(vec![(2025, 2026)]),
            ..TimeInterval::default()
        };
        assert!(summers.contains(at("2026-08-31T23:59:59Z")));
        assert!(!summers.contains(at("2026-09-01T00:00:00Z")));
        assert!(!summers.contains(at("2027-07-01T00:00:00Z")));
    }

    proptest! {
        #[test]
        fn never_panics(ts in any::<i64>(), day in -31..=31_i32, other in -31..=31_i32) {
            let interval = TimeInterval {
                days_of_month: Some(vec![(day, other)]),
                location: Tz::Africa__Cairo,
                ..TimeInterval::default()
            };
            interval.contains(ts);
        }
    }
}
