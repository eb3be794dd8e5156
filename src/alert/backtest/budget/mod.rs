//! Budgets: what an on-call rotation bears, written down, and held against a verdict.
//!
//! ```yaml
//! max_pages_per_week: 5
//! max_pages_worst_week: 9
//! max_night_pages_per_week: 1
//! max_weekend_pages_per_week: 2
//! max_notifications_per_week: 50
//! min_precision: 0.5
//! min_recall: 0.8
//! max_median_delay: 10m
//! must_detect:                     # a list, or one entry by itself
//!   - {incident: INC-12, within: 5m, by: page}
//! must_not_page:                   # all conditions of an entry hold together
//!   - {rule: NoisyRule}
//!   - {labels: {stage: test}, receiver: pager, from: 2026-03-01T08:00:00Z, until: 2026-03-01T09:00:00Z}
//! max_new_pages_per_week: 1        # against a base
//! no_lost_incidents: true          # against a base
//! rules:                           # by alertname; each rule of that name for itself
//!   HighErrorRate: {max_pages_per_week: 1}
//! receivers:
//!   pagerduty-critical: {max_pages_per_week: 3}
//! ```
//!
//! Rates are over the whole range. Precision is the share of episodes that
//! belong to an incident, recall the share of incidents for which an alert fired
//! (a rule's: for which that rule fired), the delay that of pages; of precision and recall the point
//! estimate is judged, and the sentence says when their 95 % interval includes the
//! limit. What cannot be checked (a limit that needs a base or incidents, where there is none
//! or none lies in the range; a rule that does not exist; an incident outside of the range) is a
//! breach: a budget must never pass because it checked nothing. Only a precision holds where
//! nothing fired beside incidents that are judged: then nothing was false.

mod check;
mod entries;
mod error;
mod fail_on;
mod figure;
mod parse;
#[cfg(test)]
mod tests;

pub use error::{BudgetError, BudgetErrorKind};
pub use fail_on::{FailOn, FailOnError};

use crate::alert::backtest::compare::Heard;
use crate::alert::rule_file::Place;

/// Limits on what a backtest may come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    limits: Vec<Limit>,
    rules: Vec<Scope>,
    receivers: Vec<Scope>,
    must_detect: Vec<MustDetect>,
    must_not_page: Vec<MustNotPage>,
}

/// A limit that does not hold, or that cannot be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The limit's place in the budget: `rules.HighErrorRate.max_pages_per_week`,
    /// `must_detect.INC-12`, `must_not_page.1` (counted from 1).
    pub what: String,
    /// Where it stands in the budget's file.
    pub place: Place,
    /// What it allows or demands.
    pub allowed: String,
    /// What there is; `unknown` where that cannot be said.
    pub actual: String,
    /// Both, as one sentence with its figures.
    pub sentence: String,
}

/// What is limited; the names are those of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    PagesPerWeek,
    PagesWorstWeek,
    NightPagesPerWeek,
    WeekendPagesPerWeek,
    NotificationsPerWeek,
    Precision,
    Recall,
    MedianDelay,
    NewPagesPerWeek,
    LostIncidents,
}

/// A limit and where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Limit {
    measure: Measure,
    /// The bound: a rate, a share, or µs.
    bound: f64,
    place: Place,
}

/// The limits of one rule or receiver.
#[derive(Debug, Clone, PartialEq)]
struct Scope {
    name: String,
    place: Place,
    limits: Vec<Limit>,
}

/// An incident that must be met.
#[derive(Debug, Clone, PartialEq)]
struct MustDetect {
    incident: String,
    /// How long after its begin at most, µs.
    within: Option<i64>,
    by: Option<Heard>,
    place: Place,
}

/// Pages that must not be: those of which all conditions hold.
#[derive(Debug, Clone, PartialEq)]
struct MustNotPage {
    rule: Option<String>,
    receiver: Option<String>,
    labels: Vec<(String, String)>,
    /// First instant, µs.
    from: Option<i64>,
    /// First instant after it, µs.
    until: Option<i64>,
    place: Place,
}

impl Measure {
    fn as_str(self) -> &'static str {
        match self {
            Self::PagesPerWeek => "max_pages_per_week",
            Self::PagesWorstWeek => "max_pages_worst_week",
            Self::NightPagesPerWeek => "max_night_pages_per_week",
            Self::WeekendPagesPerWeek => "max_weekend_pages_per_week",
            Self::NotificationsPerWeek => "max_notifications_per_week",
            Self::Precision => "min_precision",
            Self::Recall => "min_recall",
            Self::MedianDelay => "max_median_delay",
            Self::NewPagesPerWeek => "max_new_pages_per_week",
            Self::LostIncidents => "no_lost_incidents",
        }
    }
}
