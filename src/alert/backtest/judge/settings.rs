//! By what a run is judged.

use crate::alert::backtest::{Calendar, Links};

/// By what a run is judged: the calendar, the links to incidents, and the thresholds of the
/// findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Judging {
    /// Nights, weekends and weeks.
    pub calendar: Calendar,
    /// Which alerts belong to which incidents.
    pub links: Links,
    /// How soon after being resolved an alert that fires again flaps, µs: 5 minutes.
    pub flap: i64,
    /// How soon an alert is resolved that nobody had to act on, µs: 5 minutes.
    pub self_resolved: i64,
    /// The share of the range from which on a rule fires always: 0.9.
    pub always_firing: f64,
    /// The likeness (Jaccard) from which on two rules fire together: 0.8.
    pub co_firing: f64,
    /// How many notifications a week make a rule noisy, if they are for nothing: 3.
    pub noisy_per_week: f64,
    /// Below which precision they are for nothing: 0.5, held against the upper bound of the 95 %
    /// interval, so that a rule is not called noisy by chance.
    pub noisy_precision: f64,
    /// From which share of its episodes on, held against the lower bound, a rule fires with incidents
    /// of something else: 0.5.
    pub symptom: f64,
    /// Without incidents: from which share of its episodes on, self-resolved or flapping, they
    /// are: 0.5, held against the lower bound.
    pub noisy_idle: f64,
    /// How many flaps make a finding: 3.
    pub flapping: usize,
    /// From which share of the episodes on: 0.25.
    pub flapping_share: f64,
    /// Below how many incidents a warning is due: 10.
    pub few_incidents: usize,
}

const MINUTE: i64 = 60_000_000;

impl Default for Judging {
    fn default() -> Self {
        Self {
            calendar: Calendar::default(),
            links: Links::default(),
            flap: 5 * MINUTE,
            self_resolved: 5 * MINUTE,
            always_firing: 0.9,
            co_firing: 0.8,
            noisy_per_week: 3.0,
            noisy_precision: 0.5,
            symptom: 0.5,
            noisy_idle: 0.5,
            flapping: 3,
            flapping_share: 0.25,
            few_incidents: 10,
        }
    }
}
