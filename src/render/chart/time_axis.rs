//! Ticks at calendar times in a zone: midnights, Mondays, firsts of a month.

use chrono::{
    DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike,
};
use chrono_tz::Tz;

/// A tick and its label; `context` is the day or year that the label is within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) ts: i64,
    pub(super) label: String,
    pub(super) context: String,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Millis(i64),
    Days(i32),
    Months(u32),
    Years(i32),
}

const STEPS: [Step; 39] = {
    use Step::{Days, Millis, Months, Years};
    [
        Millis(1),
        Millis(2),
        Millis(5),
        Millis(10),
        Millis(20),
        Millis(50),
        Millis(100),
        Millis(200),
        Millis(500),
        Millis(1_000),
        Millis(2_000),
        Millis(5_000),
        Millis(10_000),
        Millis(15_000),
        Millis(30_000),
        Millis(60_000),
        Millis(120_000),
        Millis(300_000),
        Millis(600_000),
        Millis(900_000),
        Millis(1_800_000),
        Millis(3_600_000),
        Millis(7_200_000),
        Millis(10_800_000),
        Millis(21_600_000),
        Millis(43_200_000),
        Days(1),
        Days(2),
        Days(7),
        Days(14),
        Months(1),
        Months(3),
        Months(6),
        Years(1),
        Years(2),
        Years(5),
        Years(10),
        Years(50),
        Years(100),
    ]
};

impl Step {
    /// About how long it is, µs.
    fn micros(self) -> f64 {
        match self {
            Self::Millis(n) => n as f64 * 1e3,
            Self::Days(n) => f64::from(n) * 86.4e9,
            Self::Months(n) => f64::from(n) * 2_629.8e9,
            Self::Years(n) => f64::from(n) * 31_557.6e9,
        }
    }

    /// How a tick and its context are written.
    fn formats(self) -> (&'static str, &'static str) {
        match self {
            Self::Millis(..1_000) => ("%H:%M:%S%.3f", "%-d %b %Y"),
            Self::Millis(..60_000) => ("%H:%M:%S", "%-d %b %Y"),
            Self::Millis(_) => ("%H:%M", "%a %-d %b %Y"),
            Self::Days(_) => ("%-d %b", "%Y"),
            Self::Months(_) => ("%b", "%Y"),
            Self::Years(_) => ("%Y", ""),
        }
    }

    /// The widest that a label becomes.
    fn label_width(self) -> usize {
        match self {
            Self::Millis(..1_000) => 12,
            Self::Millis(..60_000) => 8,
            Self::Millis(_) => 5,
            Self::Days(_) => 6,
            Self::Months(_) => 3,
            Self::Years(_) => 4,
        }
    }

    /// The last tick at or before a local time.
    fn floor(self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        let date = at.date();
        match self {
            Self::Millis(n) => {
                let time = at.time();
                let millis = i64::from(time.num_seconds_from_midnight()) * 1_000
                    + i64::from(time.nanosecond() / 1_000_000);
                date.and_time(NaiveTime::MIN)
                    .checked_add_signed(Duration::milliseconds(millis / n * n))
            }
            // Day 1 of the common era is a Monday: weeks begin on Mondays.
            Self::Days(n) => {
                let day = date.num_days_from_ce() - 1;
                NaiveDate::from_num_days_from_ce_opt(day.div_euclid(n) * n + 1)
                    .map(|date| date.and_time(NaiveTime::MIN))
            }
            Self::Months(n) => midnight(date.year(), date.month0() / n * n + 1),
            Self::Years(n) => midnight(date.year().div_euclid(n) * n, 1),
        }
    }

    fn next(self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Millis(n) => at.checked_add_signed(Duration::milliseconds(n)),
            Self::Days(n) => at.checked_add_signed(Duration::days(n.into())),
            Self::Months(n) => {
                let month = at.month0() + n;
                midnight(at.year() + (month / 12) as i32, month % 12 + 1)
            }
            Self::Years(n) => midnight(at.year() + n, 1),
        }
    }
}

fn midnight(year: i32, month: u32) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(year, month, 1).map(|date| date.and_time(NaiveTime::MIN))
}

/// Chooses ticks between two times (µs, ends included) whose labels fit side by
/// side in so many columns.
pub(super) fn ticks(start: i64, end: i64, columns: usize, tz: Tz) -> Vec<Tick> {
    let span = end.saturating_sub(start).max(0) as f64;
    let fits = |step: &&Step| {
        let labels = span / step.micros() + 1.0;
        labels * (step.label_width() + 3) as f64 <= columns as f64
    };
    let step = STEPS.iter().find(fits).copied().unwrap_or(Step::Years(100));
    let (label, context) = step.formats();
    let local = |ts| {
        Some(
            DateTime::from_timestamp_micros(ts)?
                .with_timezone(&tz)
                .naive_local(),
        )
    };
    if start == end {
        let time = DateTime::from_timestamp_micros(start).map(|t| t.with_timezone(&tz));
        let only = time.map(|time| Tick {
            ts: start,
            label: time.format("%H:%M:%S").to_string(),
            context: time.format("%-d %b %Y").to_string(),
        });
        return only.into_iter().collect();
    }
    let mut found: Vec<Tick> = Vec::new();
    let mut next = local(start).and_then(|at| step.floor(at));
    // A spring's missing hour and the floor before the start are passed over.
    for _ in 0..columns * 2 + 4 {
        let Some(at) = next else { break };
        if let Some(time) = tz.from_local_datetime(&at).earliest() {
            let ts = time.timestamp_micros();
            if ts > end {
                break;
            }
            if ts >= start {
                found.push(Tick {
                    ts,
                    label: time.format(label).to_string(),
                    context: time.format(context).to_string(),
                });
            }
        }
        next = step.next(at);
    }
    found
}

/// Writes times that name bars, without what all share.
pub(super) fn names(times: &[i64], tz: Tz) -> Vec<String> {
    let local: Vec<Option<DateTime<Tz>>> = times
        .iter()
        .map(|ts| DateTime::from_timestamp_micros(*ts).map(|t| t.with_timezone(&tz)))
        .collect();
    let days_only = local
        .iter()
        .flatten()
        .all(|t| t.num_seconds_from_midnight() == 0);
    let format = if days_only {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%d %H:%M"
    };
    local
        .iter()
        .zip(times)
        .map(|(t, ts)| t.map_or_else(|| format!("{ts}µs"), |t| t.format(format).to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARCH: i64 = 1_772_323_200_000_000; // Sunday 2026-03-01T00:00:00Z
    const HOUR: i64 = 3_600_000_000;

    fn labels(start: i64, end: i64, columns: usize, tz: Tz) -> Vec<String> {
        ticks(start, end, columns, tz)
            .into_iter()
            .map(|t| t.label)
            .collect()
    }

    #[test]
    fn stand_at_calendar_times() {
        assert_eq!(
            labels(MARCH + HOUR / 2, MARCH + 24 * HOUR, 60, Tz::UTC),
            ["06:00", "12:00", "18:00", "00:00"]
        );
        assert_eq!(
            labels(MARCH, MARCH + 21 * 24 * HOUR, 80, Tz::UTC),
            ["2 Mar", "9 Mar", "16 Mar"]
        );
        assert_eq!(
            labels(MARCH, MARCH + 365 * 24 * HOUR, 40, Tz::UTC),
            ["Apr", "Jul", "Oct", "Jan"]
        );
        assert_eq!(
            labels(MARCH, MARCH + 3_650 * 24 * HOUR, 40, Tz::UTC),
            ["2030", "2035"]
        );
        assert_eq!(labels(MARCH, MARCH, 40, Tz::UTC), ["00:00:00"]);
    }

    #[test]
    fn follow_the_zone_through_a_change_of_the_clock() {
        // Berlin 2026-03-29: 02:00 becomes 03:00.
        let start = MARCH + (28 * 24 - 1) * HOUR;
        let found = ticks(start, start + 12 * HOUR, 60, Tz::Europe__Berlin);
        let labels: Vec<_> = found.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(
            labels,
            ["00:00", "04:00", "06:00", "08:00", "10:00", "12:00"]
        );
        assert_eq!(found[1].ts - found[0].ts, 3 * HOUR);
        assert_eq!(found[0].context, "Sun 29 Mar 2026");
    }

    #[test]
    fn any_times_give_few_ticks() {
        for (start, end) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MAX), (0, 1), (5, -5)] {
            assert!(ticks(start, end, 80, Tz::Asia__Kathmandu).len() <= 80);
        }
    }
}
