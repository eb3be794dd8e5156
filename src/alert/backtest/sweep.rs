//! Sweeps: what rules would have come to with other thresholds and other times.
//!
//! `HighErrorRate.threshold=1..20 step 1; for=0m,5m` is a grid of points, each
//! a choice of one value for each parameter. Rules with other values are
//! variants of one rule: all of them are evaluated in one pass over history,
//! what they compare only once, and each point has the events of its variants
//! and of all other rules. Where a rule reads what a swept rule writes (its
//! `ALERTS`), a point is evaluated by itself.

mod front;
mod parse;
mod pass;
mod target;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::model::format_duration;
use crate::promql::SourceError;

pub use front::pareto;
pub use pass::sweep;

/// How many points a sweep may have.
const MOST_POINTS: usize = 1_000;

/// Parameters of rules and their values.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    axes: Vec<Axis>,
}

/// One parameter and its values.
#[derive(Debug, Clone, PartialEq)]
struct Axis {
    /// The rule as it was named: `alert`, or `group/alert`.
    rule: String,
    parameter: Parameter,
    values: Vec<SettingValue>,
}

/// What of a rule can be swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Parameter {
    /// The number of its outermost comparison.
    Threshold,
    /// `for`.
    For,
    /// `keep_firing_for`.
    KeepFiringFor,
}

/// A value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SettingValue {
    /// A threshold.
    Number(f64),
    /// A duration, µs.
    Duration(i64),
}

/// A parameter of a rule with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The rule as it was named: `alert`, or `group/alert`.
    pub rule: String,
    /// The parameter.
    pub parameter: Parameter,
    /// The value.
    pub value: SettingValue,
}

/// One point of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepPoint {
    /// A value for each swept parameter, in the order in which they were named.
    pub settings: Vec<Setting>,
    /// Whether these are the values of the rule files.
    pub is_current: bool,
}

/// Why a sweep cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// There is nothing in it.
    #[error("an empty sweep: write RULE.threshold=1..20 step 1; for=0m,5m")]
    Empty,
    /// A part without a `=`.
    #[error("{part:?} has no values: write RULE.threshold=1..20 step 1, or RULE.for=0m,5m")]
    NoValues {
        /// The part.
        part: String,
    },
    /// The first part has no rule.
    #[error("{part:?} names no rule: write RULE.{part}")]
    NoRule {
        /// The part.
        part: String,
    },
    /// There is no such parameter.
    #[error("a rule has no parameter {name:?}: threshold, for and keep_firing_for can be swept{}", hint(.near))]
    UnknownParameter {
        /// What was written.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A threshold is no number.
    #[error("{text:?} is not a number")]
    NotANumber {
        /// What was written.
        text: String,
    },
    /// A time is no duration.
    #[error("{text:?} is not a duration: write it as Prometheus does, 5m or 1h30m")]
    NotADuration {
        /// What was written.
        text: String,
    },
    /// A range has no step, or one that does not lead from its first value to its last.
    #[error(
        "{text:?} is not a range: write FIRST..LAST step STEP, the last not below the first, the step above 0"
    )]
    NotARange {
        /// What was written.
        text: String,
    },
    /// One parameter of one rule is swept twice.
    #[error("{parameter} of {rule} is swept twice")]
    Repeated {
        /// The rule.
        rule: String,
        /// The parameter.
        parameter: Parameter,
    },
    /// There is no alerting rule of that name.
    #[error("no alerting rule is named {name:?}{}", hint(.near))]
    UnknownRule {
        /// What was written.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// The expression of a rule is no comparison with a number.
    #[error(
        "{rule} has no threshold: its expression is no comparison of a vector with a number, but {expr}"
    )]
    NoThreshold {
        /// The rule.
        rule: String,
        /// Its expression.
        expr: String,
    },
    /// There are too many points.
    #[error(
        "the sweep has more than {MOST_POINTS} points: take longer steps, or fewer parameters at once"
    )]
    TooMany,
    /// History could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

fn hint(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!(" (did you mean {near}?)"))
}

impl Parameter {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Threshold, Self::For, Self::KeepFiringFor];

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::For => "for",
            Self::KeepFiringFor => "keep_firing_for",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Duration(micros) => f.write_str(&format_duration(*micros)),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}={}", self.rule, self.parameter, self.value)
    }
}
