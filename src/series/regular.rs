//! Equally spaced series: a begin, a step, and a value a step.

use chrono_tz::Tz;

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

/// A series with a value a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Regular {
    /// The first point: µs since the epoch, or the first index.
    pub start: i64,
    /// The distance of the points.
    pub step: Step,
    /// The values; NaN where one is missing.
    pub values: Vec<f64>,
}
