//! Knows how full each volume is: the integral of the demand, without noise.

use super::SimulationOptions;
use super::demand::Demand;
use super::topology::{BACKENDS, GIB};
use crate::model::MICROS_PER_DAY;

const HOUR: i64 = 3_600_000_000;
const WEEK: i64 = 7 * MICROS_PER_DAY;
/// Used at the end of the range, GiB; growth for a day of demand 1, GiB.
const BACKEND_GROWTH: [(f64, f64); 3] = [(400.0, 1.35), (0.0, 0.0), (1_100.0, 2.0)];
/// The same for the log of `raw-shipping`.
const LOG_GROWTH: (f64, f64) = (150.0, 0.45);
/// Bytes that a topic's volume holds.
pub(super) const LOG_VOLUME: f64 = 200.0 * GIB;

/// Used bytes over time.
#[derive(Debug)]
pub(super) struct StorageUse {
    origin: i64,
    end: i64,
    /// Demand summed up to each hour after `origin`, in days of demand 1.
    cumulated: Vec<f64>,
}

impl StorageUse {
    /// Integrates the demand over the long range and two years beyond the end.
    pub(super) fn new(options: &SimulationOptions, demand: &Demand) -> Self {
        let origin = options.long_start().min(options.start) - HOUR;
        let hours = (options.end() - origin) / HOUR + 2 * 365 * 24;
        let mut total = 0.0;
        let cumulated = (0..hours)
            .map(|h| {
                let before = total;
                total += demand.at(origin + h * HOUR + HOUR / 2, 0.1) / 24.0;
                before
            })
            .collect();
        Self {
            origin,
            end: options.end(),
            cumulated,
        }
    }

    fn demand_until(&self, ts: i64) -> f64 {
        let hours = (ts - self.origin).max(0) as f64 / HOUR as f64;
        let index = (hours as usize).min(self.cumulated.len().saturating_sub(2));
        let part = (hours - index as f64).min(1.0);
        let low = self.cumulated.get(index).copied().unwrap_or_default();
        let high = self.cumulated.get(index + 1).copied().unwrap_or(low);
        low + part * (high - low)
    }

    fn grown(&self, (at_end, growth): (f64, f64), ts: i64) -> f64 {
        let gib = at_end - growth * (self.demand_until(self.end) - self.demand_until(ts));
        gib.max(1.0) * GIB
    }

    /// Used bytes of a backend.
    pub(super) fn used(&self, backend: usize, ts: i64) -> f64 {
        if BACKENDS[backend].name == "postgres" {
            // A week of dead rows, which the vacuum of Sunday 02:30 gives back.
            let since = (ts - 3 * MICROS_PER_DAY - 5 * HOUR / 2).rem_euclid(WEEK);
            return (112.0 + 14.0 * since as f64 / WEEK as f64) * GIB;
        }
        self.grown(BACKEND_GROWTH[backend], ts)
    }

    /// Bytes of a topic's log: `raw-shipping` is kept for ever, the others up to a size.
    pub(super) fn log_size(&self, topic: usize, ts: i64) -> f64 {
        if topic == 0 {
            return self.grown(LOG_GROWTH, ts);
        }
        // The oldest segment of 1 GiB goes when the limit is reached.
        let segment = (self.demand_until(ts) * [0.0, 0.31, 0.12][topic]) % 1.0;
        ([0.0, 24.0, 12.0][topic] + segment) * GIB
    }

    /// The first hour from the end on at which `size` reaches `limit`.
    pub(super) fn reaches(&self, limit: f64, size: impl Fn(i64) -> f64) -> Option<i64> {
        (0..2 * 365 * 24 - 2)
            .map(|h| self.end + h * HOUR)
            .find(|&ts| size(ts) >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_fill_saw_and_stay() {
        let options = SimulationOptions::default();
        let demand = Demand::new(options.end(), Vec::new());
        let storage = StorageUse::new(&options, &demand);
        let end = options.end();
        assert!((storage.used(0, end) / GIB - 400.0).abs() < 1e-6);
        assert!(storage.used(0, end - 365 * MICROS_PER_DAY) < 250.0 * GIB);
        // The range ends on Monday 11 May 2026, 00:00.
        let vacuum = end - MICROS_PER_DAY + 5 * HOUR / 2;
        assert!(storage.used(1, vacuum - 1) > 125.9 * GIB);
        assert!(storage.used(1, vacuum + 1) < 112.1 * GIB);
        assert!(storage.log_size(1, end) < 26.0 * GIB);
        let full = storage.reaches(BACKENDS[0].volume, |ts| storage.used(0, ts));
        let days = full.map(|ts| (ts - end) / MICROS_PER_DAY);
        assert!(days.is_some_and(|d| (60..130).contains(&d)), "{days:?}");
        assert_eq!(
            storage.reaches(BACKENDS[1].volume, |ts| storage.used(1, ts)),
            None
        );
    }
}
