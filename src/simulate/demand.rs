//! Gives the demand on the system over time: daily and weekly season, growth, holidays, campaigns.
//!
//! Everything here is without noise, so that the truth about trends and about
//! the days on which a resource runs out can be computed by going on past the
//! end of the exported range.

use super::calendar::{holidays, hour, weekday};
use super::plan::Campaign;
use super::topology::Collector;
use crate::model::MICROS_PER_DAY;

/// Demand by the hour of a weekday; between the hours it is interpolated.
const DAY: [f64; 24] = [
    0.30, 0.26, 0.24, 0.24, 0.27, 0.36, 0.55, 0.85, 1.15, 1.40, 1.50, 1.52, 1.42, 1.40, 1.45, 1.42,
    1.32, 1.18, 1.05, 0.95, 0.85, 0.70, 0.52, 0.38,
];
/// Factor by the day of the week, Monday first.
const WEEK: [f64; 7] = [1.08, 1.04, 1.02, 1.03, 0.98, 0.62, 0.55];
/// Factor on a bank holiday.
const HOLIDAY: f64 = 0.58;
/// Growth a day, as a share of the demand at the reference time.
pub(super) const GROWTH_PER_DAY: f64 = 0.0015;

/// The demand on the system.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// The time at which growth has brought the level to 1, µs.
    reference: i64,
    holidays: Vec<i64>,
    campaigns: Vec<Campaign>,
}

impl Demand {
    /// Describes the demand whose level is 1 at `reference`.
    pub(super) fn new(reference: i64, campaigns: Vec<Campaign>) -> Self {
        Self {
            reference,
            holidays: holidays().map(|h| h.start).collect(),
            campaigns,
        }
    }

    /// The level that growth alone gives.
    pub(super) fn level(&self, ts: i64) -> f64 {
        let days = (ts - self.reference) as f64 / MICROS_PER_DAY as f64;
        (1.0 + GROWTH_PER_DAY * days).max(0.2)
    }

    /// Demand relative to an average weekday at the reference time; `steady` is
    /// the share that does not follow the time of day.
    pub(super) fn at(&self, ts: i64, steady: f64) -> f64 {
        // Days pass into each other over four hours around midnight.
        let hours = hour(ts);
        let day = if hours < 2.0 {
            let share = 0.5 + hours / 4.0;
            share * self.day_factor(ts) + (1.0 - share) * self.day_factor(ts - MICROS_PER_DAY)
        } else if hours > 22.0 {
            let share = 0.5 + (24.0 - hours) / 4.0;
            share * self.day_factor(ts) + (1.0 - share) * self.day_factor(ts + MICROS_PER_DAY)
        } else {
            self.day_factor(ts)
        };
        let shape = steady + (1.0 - steady) * day_shape(hours);
        self.level(ts) * day * shape * (1.0 + self.lift(ts))
    }

    /// Messages a second that a collector's source has, at scale 1.
    pub(super) fn rate(&self, collector: &Collector, ts: i64) -> f64 {
        collector.rate * self.at(ts, collector.steady)
    }

    fn day_factor(&self, ts: i64) -> f64 {
        let day = ts.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY;
        let factor = WEEK[weekday(ts)];
        if self.holidays.contains(&day) {
            factor * HOLIDAY
        } else {
            factor
        }
    }

    fn lift(&self, ts: i64) -> f64 {
        const RAMP: i64 = 3_600_000_000;
        self.campaigns
            .iter()
            .filter(|c| ts >= c.start && ts < c.end)
            .map(|c| {
                let ramp = (ts - c.start).min(c.end - ts).min(RAMP) as f64 / RAMP as f64;
                c.lift * ramp
            })
            .sum()
    }
}

fn day_shape(hours: f64) -> f64 {
    let index = hours as usize % 24;
    let part = hours - hours.floor();
    DAY[index] * (1.0 - part) + DAY[(index + 1) % 24] * part
}

#[cfg(test)]
mod tests {
    use super::*;

    // 20 April 2026, a Monday, 00:00 UTC.
    const MONDAY: i64 = 1_776_643_200_000_000;
    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn has_seasons_growth_and_holidays() {
        let demand = Demand::new(MONDAY, Vec::new());
        let noon = |day: i64| demand.at(MONDAY + day * MICROS_PER_DAY + 12 * HOUR, 0.0);
        assert!(noon(0) > 5.0 * demand.at(MONDAY + 3 * HOUR, 0.0));
        assert!(noon(5) < 0.65 * noon(0));
        // The same weekday a week later: growth only.
        assert!((noon(8) / noon(1) - 1.0105).abs() < 1e-3);
        // 4 May 2026 is a bank holiday.
        assert!(noon(14) < 0.65 * noon(7));
        // No jump at midnight.
        let before = demand.at(MONDAY + 5 * MICROS_PER_DAY - 1, 0.0);
        let after = demand.at(MONDAY + 5 * MICROS_PER_DAY + 1, 0.0);
        assert!((before / after - 1.0).abs() < 1e-6);
    }
}
