//! Describes a system: its stages, how work passes between them, which series plays which role.
//!
//! This is the `[system]` section of the job file:
//!
//! ```toml
//! [system.stage.enrichment]
//! kind = "worker"
//! objective = { latency = 2.0 }
//! latency_sum = { metric = "pipeline_processing_duration_seconds_sum", labels = { stage = "enrichment" } }
//! cpu = { promql = 'rate(process_cpu_seconds_total{instance="flink-taskmanager-2:9249"}[5m])' }
//! errors = [{ metric = "a_total", labels = { code = "500" } }, { metric = "b_total" }]
//!
//! [[system.edge]]
//! from = "transformation"
//! to = "enrichment"
//! kind = "flow"
//! ```
//!
//! Every key of a stage beside `kind` and `objective` is a [`Role`], every key
//! of an edge beside its ends and kind, too: what the caller measures. Nothing
//! else is read: an unknown role is an error that names those that there are.

mod check;
mod role;
mod write;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use check::{SystemError, check};
pub(crate) use role::Combine;
pub use role::Role;
pub use write::write;

/// The stages of a system and the edges between them.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Stages by name.
    #[serde(default, rename = "stage")]
    pub stages: BTreeMap<String, Stage>,
    /// Edges.
    #[serde(default, rename = "edge")]
    pub edges: Vec<Edge>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Stage {
    /// What it is.
    #[serde(default)]
    pub kind: StageKind,
    /// What it should keep.
    #[serde(default)]
    pub objective: Option<Objective>,
    /// The series that play a role.
    #[serde(flatten)]
    pub roles: BTreeMap<Role, Bindings>,
}

/// What a stage is, as far as the reading of its numbers depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// It works on items: a service, an operator, a job.
    #[default]
    Worker,
    /// It takes items from a source outside the system.
    Source,
    /// It only holds items: a topic, a queue.
    Queue,
    /// It keeps what others write and read: a database, an object store.
    Store,
    /// It carries others: a node.
    Host,
}

impl StageKind {
    /// Returns the name that the `[system]` section has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Source => "source",
            Self::Queue => "queue",
            Self::Store => "store",
            Self::Host => "host",
        }
    }
}

/// What a stage should keep.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Longest time in the stage, seconds.
    pub latency: Option<f64>,
    /// Least share of items that succeed.
    pub availability: Option<f64>,
}

/// One series or several.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Bindings {
    /// One.
    One(Binding),
    /// Several, combined.
    Many(Vec<Binding>),
}

impl Bindings {
    /// Iterates over them.
    pub fn iter(&self) -> std::slice::Iter<'_, Binding> {
        match self {
            Self::One(binding) => std::slice::from_ref(binding).iter(),
            Self::Many(bindings) => bindings.iter(),
        }
    }
}

/// Where a role's values come from: one of `metric`, `promql`, `sql`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// A metric; all its series whose labels equal `labels`.
    #[serde(default)]
    pub metric: Option<String>,
    /// Labels and their values.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// A PromQL expression, evaluated by the step: a gauge.
    #[serde(default)]
    pub promql: Option<String>,
    /// A SQL query with the columns `ts` and `value`: a gauge.
    #[serde(default)]
    pub sql: Option<String>,
    /// `true` for a count that only rises; guessed by name and type if not given.
    #[serde(default)]
    pub counter: Option<bool>,
    /// What the values are multiplied by to be in the role's unit.
    #[serde(default)]
    pub scale: Option<f64>,
}

/// How work passes from one stage to another.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Edge {
    /// Who hands over, or who calls.
    pub from: String,
    /// Who takes, or who is called.
    pub to: String,
    /// Which of the two.
    #[serde(default)]
    pub kind: EdgeKind,
    /// The series that say how the edge does: `client_latency`, `arrivals`, …
    #[serde(flatten)]
    pub roles: BTreeMap<Role, Bindings>,
}

/// What an edge means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// `from` waits for the answer of `to`: slowness and errors pass to the caller.
    #[default]
    Call,
    /// `from` hands items to `to` and goes on: a lack of items passes down, a lack of room up.
    Flow,
}

impl EdgeKind {
    /// Returns the name that the `[system]` section has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Flow => "flow",
        }
    }
}

#[cfg(test)]
mod tests;
