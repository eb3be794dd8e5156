//! What is normal for a metric: its level and spread by hour of week, and since when it is
//! not.
//!
//! A [`Baseline`] is fitted to a history: a linear trend where there are 22 days or more (the
//! median of slopes between days seven apart, after R. Hirsch, J. Slack and R. Smith, Water
//! Resources Research 18, 1982, so that neither the week nor one step passes for a trend), and
//! median and spread (1.4826 times the median deviation from the median) of what remains
//! beside each week's level, by hour of week where three weeks have that hour, by hour of day where three days have it,
//! over all otherwise. Hours are those of a zone's clock.
//!
//! [`Baseline::scores`] are deviations in spreads. [`Baseline::changes`] searches what deviates
//! from the baseline for changes of its mean, which gives *since when*; [`nearest_event`] the
//! deploy, campaign or maintenance that stands before it.

mod baseline;
mod change;
mod clock;
mod event;
mod week;

pub use baseline::{Baseline, Expected, Resolution};
pub use change::LevelChange;
pub use event::{NearestEvent, nearest_event};
pub use week::{WeekOverWeek, week_over_week};

/// A metric on a grid: its values, NaN where one is missing.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// The time of the first value, µs since the epoch.
    pub start: i64,
    /// The distance of the values, µs, above 0.
    pub step: i64,
    /// The values.
    pub values: &'a [f64],
}

impl Samples<'_> {
    /// The time of a value.
    pub fn at(&self, index: usize) -> i64 {
        let offset = (index as i64).saturating_mul(self.step);
        self.start.saturating_add(offset)
    }
}

#[cfg(test)]
mod tests;
