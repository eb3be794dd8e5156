use std::collections::BTreeMap;

use crate::bottleneck::topology::{Role, System, write};
use crate::model::{Labels, MetricType};

/// A series, as far as roles are guessed by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its labels, the metric's name among them.
    pub labels: Labels,
    /// Its metric's type, where it is known.
    pub metric_type: Option<MetricType>,
}

/// Calls that spans tell of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpanCall {
    /// The parent span's service or stage.
    pub from: String,
    /// The child span's.
    pub to: String,
    /// Whether the parent did not wait for the child (a follows-from reference, or a consumer).
    pub follows: bool,
    /// How many.
    pub count: u64,
}

/// A system as far as names tell it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Discovery {
    /// Stages, roles and edges.
    pub system: System,
    /// Why each role was guessed, by stage and role.
    pub reasons: BTreeMap<(String, Role), Reason>,
    /// Metrics that no family knows.
    pub unknown: Vec<String>,
}

/// Why a role was guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The family whose table knows the metric.
    pub family: &'static str,
    /// `sure`, `likely` or `unsure`.
    pub confidence: &'static str,
    /// The same in words.
    pub why: String,
}

impl Discovery {
    /// Writes the system as TOML, each role under its reason.
    pub fn to_toml(&self) -> String {
        write(&self.system, |stage, role| {
            let reason = self.reasons.get(&(stage.to_owned(), role))?;
            Some(format!("{}: {}", reason.confidence, reason.why))
        })
    }
}
