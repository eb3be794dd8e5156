//! Equally spaced series: a begin, a step, and a value a step.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use super::wall_clock;

/// The distance from one point of a series to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many µs.
    Fixed(i64),
    /// So many µs of a zone's wall clock: a day has 24 hours of it on every day.
    Wall {
        /// µs of the wall clock.
        micros: i64,
        /// The zone.
        tz: Tz,
    },
    /// So many calendar months of a zone.
    Months {
        /// How many: 3 is a quarter, 12 a year.
        months: u32,
        /// The zone.
        tz: Tz,
    },
    /// A count without a time: so much of the integer index.
    Index(i64),
}

/// Why a text is not a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a step: write `15m`, `1h`, `1d`, `1w`, `1mo`, `1y`, or a number for series without time"
)]
pub struct StepError {
    /// What was given.
    pub text: String,
}

/// A series with a value a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Regular {
    /// Where the grid begins: µs since the epoch, or an index; the first point, where none is cut.
    pub start: i64,
    /// How many points lie between `start` and the first value: a grid whose first points are cut
    /// off keeps its begin, for the 31st or a wall clock's reading cannot be told from later ones.
    pub cut: i64,
    /// The distance of the points.
    pub step: Step,
    /// The values; NaN where one is missing.
    pub values: Vec<f64>,
}

const DAY: i64 = 86_400_000_000;
const WEEK: i64 = 7 * DAY;
/// Units from large to small, µs.
const UNITS: [(&str, i64); 7] = [
    ("w", WEEK),
    ("d", DAY),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];
/// The mean length of a month in the Gregorian calendar.
const SECONDS_PER_MONTH: f64 = 365.2425 * 86_400.0 / 12.0;

impl Step {
    /// Reads a step as people write it: `15m`, `1h30m`, `1d`, `2w`, `1mo`, `1y`, and `1` for
    /// series without time. Units are `us ms s m h d w`, from large to small, or `mo` or `y` alone.
    pub fn parse(text: &str, tz: Tz) -> Result<Self, StepError> {
        let error = || StepError {
            text: text.to_owned(),
        };
        Self::read(text.trim(), tz).ok_or_else(error)
    }

    fn read(text: &str, tz: Tz) -> Option<Self> {
        if let Ok(index) = text.parse::<i64>() {
            return (index > 0).then_some(Self::Index(index));
        }
        for (unit, months) in [("mo", 1_u32), ("y", 12)] {
            if let Some(number) = text.strip_suffix(unit) {
                let months = number.parse::<u32>().ok()?.checked_mul(months)?;
                return (months > 0).then_some(Self::Months { months, tz });
            }
        }
        let (mut rest, mut micros, mut next) = (text, 0_i64, 0);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: i64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let unit = UNITS
                .iter()
                .position(|(name, _)| *name == &rest[..letters])?;
            if unit < next {
                return None;
            }
            next = unit + 1;
            rest = &rest[letters..];
            micros = micros.checked_add(number.checked_mul(UNITS[unit].1)?)?;
        }
        (micros > 0).then(|| Self::of_micros(micros, tz))
    }

    /// The step of so many µs in a zone: of its wall clock where that clock is ever set (so that
    /// a day has as many steps as any other), where a step is whole days, or where hours begin
    /// elsewhere than those of UTC.
    pub fn of_micros(micros: i64, tz: Tz) -> Self {
        let is_days = micros % DAY == 0;
        let is_off = wall_clock::offset(0, tz) % micros.max(1) != 0;
        if is_days || is_off || wall_clock::is_ever_set(tz) {
            Self::Wall { micros, tz }
        } else {
            Self::Fixed(micros)
        }
    }

    /// The mean length in seconds; `None` where there is no time.
    pub fn seconds(&self) -> Option<f64> {
        match *self {
            Self::Fixed(micros) | Self::Wall { micros, .. } => Some(micros as f64 / 1e6),
            Self::Months { months, .. } => Some(f64::from(months) * SECONDS_PER_MONTH),
            Self::Index(_) => None,
        }
    }

    /// The instant (or index) so many steps after `start`.
    ///
    /// On a wall clock a reading that the clock jumps over is the instant of the jump, and of a
    /// doubled hour it is the first. Months keep the day of `start`, or take the last day of a
    /// shorter month. What 64 bits cannot hold is the nearest that they can.
    pub fn after(&self, start: i64, steps: i64) -> i64 {
        if steps == 0 {
            return start;
        }
        match *self {
            Self::Fixed(step) | Self::Index(step) => {
                clamp(i128::from(start) + i128::from(step) * i128::from(steps))
            }
            Self::Wall { micros, tz } => {
                let reading = i128::from(wall_clock::reading(start, tz));
                wall_clock::instant(clamp(reading + i128::from(micros) * i128::from(steps)), tz)
            }
            Self::Months { months, tz } => {
                let reading = wall_clock::calendar(wall_clock::reading(start, tz));
                let count = i128::from(month_number(reading.date()))
                    + i128::from(months) * i128::from(steps);
                match date_of_month(count, reading.day()) {
                    Some(date) => {
                        let reading = date.and_time(reading.time()).and_utc();
                        wall_clock::instant(reading.timestamp_micros(), tz)
                    }
                    None if steps < 0 => i64::MIN,
                    None => i64::MAX,
                }
            }
        }
    }
}

/// The begin of a day of a zone, counted since 1970-01-01.
pub fn midnight(day: i32, tz: Tz) -> i64 {
    wall_clock::instant(i64::from(day).saturating_mul(DAY), tz)
}

pub(super) fn clamp(wide: i128) -> i64 {
    wide.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// Months since the year 0.
pub(super) fn month_number(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// A day of a month counted since the year 0, at most its last.
pub(super) fn date_of_month(month: i128, day: u32) -> Option<NaiveDate> {
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    // Twelve is small.
    let month = month.rem_euclid(12) as u32 + 1;
    // The years at the very ends are not whole.
    if year.abs() > 262_000 {
        return None;
    }
    (28..=day)
        .rev()
        .chain([day])
        .find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Months { months, .. } if months % 12 == 0 => write!(f, "{}y", months / 12),
            Self::Months { months, .. } => write!(f, "{months}mo"),
            Self::Fixed(micros) | Self::Wall { micros, .. } => {
                let (name, unit) = UNITS
                    .into_iter()
                    .find(|(_, unit)| micros % unit == 0)
                    .unwrap_or(("us", 1));
                write!(f, "{}{name}", micros / unit)
            }
        }
    }
}

impl Regular {
    /// The instant or index of a value, also of those before the first and after the last.
    ///
    /// See [`Step::after`].
    pub fn time(&self, index: i64) -> i64 {
        self.step.after(self.start, self.cut.saturating_add(index))
    }

    /// The first instant or index after the last value's step.
    pub fn end(&self) -> i64 {
        self.time(i64::try_from(self.values.len()).unwrap_or(i64::MAX))
    }

    /// Forgets so many of the first values; those that stay keep their times.
    pub fn cut_first(&mut self, count: usize) {
        let count = count.min(self.values.len());
        self.values.drain(..count);
        self.values.shrink_to_fit();
        self.cut = self.cut.saturating_add(count as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{format_timestamp, parse_timestamp};
    use proptest::prelude::*;

    const LONDON: Tz = Tz::Europe__London;
    const NEW_YORK: Tz = Tz::America__New_York;
    const KOLKATA: Tz = Tz::Asia__Kolkata;

    /// The times of a series, on the wall of its zone.
    fn times(
        start: &str,
        step: &str,
        tz: Tz,
        indices: impl IntoIterator<Item = i64>,
    ) -> Vec<String> {
        let regular = Regular {
            start: parse_timestamp(start, tz).unwrap(),
            cut: 0,
            step: Step::parse(step, tz).unwrap(),
            values: vec![],
        };
        indices
            .into_iter()
            .map(|i| format_timestamp(regular.time(i), tz))
            .collect()
    }

    #[test]
    fn days_keep_their_hour_when_the_clock_is_set() {
        assert_eq!(
            times("2025-03-29 06:00", "1d", LONDON, 0..3),
            [
                "2025-03-29T06:00:00+00:00",
                "2025-03-30T06:00:00+01:00",
                "2025-03-31T06:00:00+01:00"
            ]
        );
        assert_eq!(
            times("2025-11-01 00:00", "1d", NEW_YORK, [0, 1, 2, -1]),
            [
                "2025-11-01T00:00:00-04:00",
                "2025-11-02T00:00:00-04:00",
                "2025-11-03T00:00:00-05:00",
                "2025-10-31T00:00:00-04:00"
            ]
        );
        assert_eq!(
            times("2025-03-24 00:00", "1w", LONDON, [1]),
            ["2025-03-31T00:00:00+01:00"]
        );
    }

    #[test]
    fn every_day_has_24_hours() {
        assert_eq!(
            times("2025-03-30 00:00", "1h", LONDON, [0, 1, 2, 3, 24]),
            [
                "2025-03-30T00:00:00+00:00",
                "2025-03-30T02:00:00+01:00",
                "2025-03-30T02:00:00+01:00",
                "2025-03-30T03:00:00+01:00",
                "2025-03-31T00:00:00+01:00"
            ]
        );
        assert_eq!(
            times("2025-10-26 00:00", "1h", LONDON, [0, 1, 2, 24]),
            [
                "2025-10-26T00:00:00+01:00",
                "2025-10-26T01:00:00+01:00",
                "2025-10-26T02:00:00+00:00",
                "2025-10-27T00:00:00+00:00"
            ]
        );
        assert_eq!(
            times("2025-03-30 00:00", "1h", KOLKATA, [2, 24]),
            ["2025-03-30T02:00:00+05:30", "2025-03-31T00:00:00+05:30"]
        );
    }

    #[test]
    fn months_keep_their_day_or_end_earlier() {
        assert_eq!(
            times("2023-11-30 09:00", "1mo", NEW_YORK, [0, 1, 3, 4, 15]),
            [
                "2023-11-30T09:00:00-05:00",
                "2023-12-30T09:00:00-05:00",
                "2024-02-29T09:00:00-05:00",
                "2024-03-30T09:00:00-04:00",
                "2025-02-28T09:00:00-05:00"
            ]
        );
        assert_eq!(
            times("2024-02-29", "1y", Tz::UTC, [1, 4, -4]),
            [
                "2025-02-28T00:00:00Z",
                "2028-02-29T00:00:00Z",
                "2020-02-29T00:00:00Z"
            ]
        );
        assert_eq!(
            times("2025-01-01", "3mo", Tz::UTC, [5]),
            ["2026-04-01T00:00:00Z"]
        );
    }

    #[test]
    fn a_cut_grid_keeps_its_times() {
        for (start, step, tz) in [
            ("2024-01-31", "1mo", Tz::UTC),
            ("2025-03-30 00:00", "2h", Tz::Europe__Berlin),
        ] {
            let whole = Regular {
                start: parse_timestamp(start, tz).unwrap(),
                cut: 0,
                step: Step::parse(step, tz).unwrap(),
                values: vec![0.0; 4],
            };
            for count in 0..=4 {
                let mut cut = whole.clone();
                cut.cut_first(count);
                assert_eq!(cut.values.len(), 4 - count);
                assert_eq!(cut.time(0), whole.time(count as i64));
                assert_eq!(cut.end(), whole.end());
            }
        }
    }

    #[test]
    fn midnight_is_that_of_the_zone() {
        let day = |day, tz| format_timestamp(midnight(day, tz), tz);
        assert_eq!(day(0, NEW_YORK), "1970-01-01T00:00:00-05:00");
        assert_eq!(day(20_270, LONDON), "2025-07-01T00:00:00+01:00");
    }

    #[test]
    fn steps_are_read_and_written() {
        let wall = |micros, tz| Step::Wall { micros, tz };
        let hour = 3_600_000_000;
        for (text, tz, step, written) in [
            ("1h", Tz::UTC, Step::Fixed(hour), "1h"),
            ("1h", Tz::Asia__Tokyo, Step::Fixed(hour), "1h"),
            ("1h", KOLKATA, wall(hour, KOLKATA), "1h"),
            ("30m", KOLKATA, Step::Fixed(hour / 2), "30m"),
            ("1h", LONDON, wall(hour, LONDON), "1h"),
            ("15m", NEW_YORK, wall(hour / 4, NEW_YORK), "15m"),
            ("1h30m", Tz::UTC, Step::Fixed(hour * 3 / 2), "90m"),
            ("24h", Tz::UTC, wall(DAY, Tz::UTC), "1d"),
            ("14d", Tz::UTC, wall(2 * WEEK, Tz::UTC), "2w"),
            ("365d", Tz::UTC, wall(365 * DAY, Tz::UTC), "365d"),
            ("250ms", Tz::UTC, Step::Fixed(250_000), "250ms"),
            ("7us", Tz::UTC, Step::Fixed(7), "7us"),
            (
                "1mo",
                LONDON,
                Step::Months {
                    months: 1,
                    tz: LONDON,
                },
                "1mo",
            ),
            (
                "2y",
                LONDON,
                Step::Months {
                    months: 24,
                    tz: LONDON,
                },
                "2y",
            ),
            (" 3 ", LONDON, Step::Index(3), "3"),
        ] {
            assert_eq!(Step::parse(text, tz), Ok(step), "{text}");
            assert_eq!(step.to_string(), written);
            assert_eq!(Step::parse(written, tz), Ok(step), "{written}");
        }
        for text in [
            "",
            "0",
            "-1",
            "0h",
            "h",
            "1x",
            "1m1h",
            "1.5h",
            "1mo1d",
            "é",
            "1é",
            "99999999999999w",
            "5000000000mo",
            "1M",
        ] {
            assert!(Step::parse(text, Tz::UTC).is_err(), "{text}");
        }
    }

    #[test]
    fn steps_have_a_mean_length() {
        let seconds = |text| Step::parse(text, LONDON).unwrap().seconds();
        assert_eq!(seconds("1h"), Some(3600.0));
        assert_eq!(seconds("1y"), Some(365.2425 * 86_400.0));
        assert_eq!(seconds("1"), None);
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let tz = prop_oneof![Just(LONDON), Just(NEW_YORK), Just(KOLKATA), Just(Tz::UTC)];
        (
            prop_oneof![any::<i64>(), 1_i64..100 * WEEK],
            any::<u32>(),
            tz,
            0..4,
        )
            .prop_map(|(micros, months, tz, kind)| match kind {
                0 => Step::Fixed(micros),
                1 => Step::Wall { micros, tz },
                2 => Step::Months { months, tz },
                _ => Step::Index(micros),
            })
    }

    proptest! {
        #[test]
        fn nothing_panics(start: i64, step in any_step(), index: i64, text in ".{0,12}", near in "[0-9a-z]{0,8}") {
            let regular = Regular { start, cut: 0, step, values: vec![] };
            prop_assert_eq!(regular.time(0), start);
            let _ = (regular.time(index), regular.end(), step.to_string(), step.seconds());
            for text in [text, near] {
                if let Ok(step) = Step::parse(&text, LONDON) {
                    prop_assert_eq!(Step::parse(&step.to_string(), LONDON), Ok(step));
                }
            }
        }

        #[test]
        fn times_ascend(start in 0_i64..4_000_000_000_000_000, hours in 1_i64..800, tz in prop_oneof![Just(LONDON), Just(NEW_YORK)]) {
            let step = Step::of_micros(hours * 3_600_000_000, tz);
            let regular = Regular { start, cut: 0, step, values: vec![] };
            for index in 0..60 {
                prop_assert!(regular.time(index) <= regular.time(index + 1));
            }
        }
    }
}
