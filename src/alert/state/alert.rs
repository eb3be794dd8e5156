//! Alerts, what they are made from, and what happens to them.

use std::sync::Arc;

use crate::model::Labels;

/// The state of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertState {
    /// Resolved, but not yet forgotten.
    Inactive,
    /// Active for less than the rule's `for`.
    Pending,
    /// Active for long enough.
    Firing,
}

impl AlertState {
    /// The value of the label `alertstate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

/// One alert.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Its final labels, which identify it, `alertname` among them.
    pub labels: Arc<Labels>,
    /// The labels of the newest element that it came from: `$labels` of its templates.
    pub element: Arc<Labels>,
    /// Its state.
    pub state: AlertState,
    /// The newest value of the expression: `$value`.
    pub value: f64,
    /// When the value was newest.
    pub value_at: i64,
    /// When it became active.
    pub active_at: i64,
    /// When it fired.
    pub fired_at: Option<i64>,
    /// When it was resolved.
    pub resolved_at: Option<i64>,
    /// Since when it fires only because of `keep_firing_for`.
    pub keep_firing_since: Option<i64>,
    /// When it was last sent to Alertmanager.
    pub last_sent_at: Option<i64>,
}

/// The durations and the bound of an alerting rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// For how long the condition must hold: `for`.
    pub hold: i64,
    /// For how long an alert goes on firing after it.
    pub keep_firing_for: i64,
    /// How many active alerts there may be; 0 for any number.
    pub limit: usize,
}

/// An interned label set of one [`RuleState`], valid until its next [`RuleState::compact`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertKey(pub(super) u32);

/// One element of a rule's result.
#[derive(Debug, Clone)]
pub struct Element {
    /// The final labels of the alert that it makes.
    pub key: AlertKey,
    /// The element's own labels.
    pub labels: Arc<Labels>,
    /// Its value.
    pub value: f64,
}

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// It began and waits for its `for`.
    Pending,
    /// It began to fire, after pending or at once.
    Firing,
    /// It fired, and its condition and `keep_firing_for` are over.
    Resolved,
    /// It was pending, and its condition is over.
    Dropped,
    /// It was wiped, since the rule's `limit` was exceeded; Alertmanager is not told.
    Wiped,
}

/// A change of one alert's state.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The evaluation's instant.
    pub ts: i64,
    /// What happened.
    pub change: Change,
    /// The alert after it (where it is gone: before it).
    pub alert: Alert,
}

/// Why an evaluation failed although its query did not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Two elements make the same alert.
    #[error("vector contains metrics with the same labelset after applying alert labels")]
    DuplicateLabels {
        /// The labels of both.
        labels: Arc<Labels>,
    },
    /// There are more active alerts than the group's `limit` allows.
    #[error("exceeded limit of {limit} with {active} alerts")]
    Limit {
        /// The limit.
        limit: usize,
        /// How many there were.
        active: usize,
    },
}

/// What an evaluation made of a rule's alerts.
#[derive(Debug, Default)]
pub struct StepOutcome {
    /// The changes, in the order of the alerts' labels.
    pub transitions: Vec<Transition>,
    /// Why the evaluation failed; then nothing is sent and no sample is written.
    pub error: Option<StepError>,
}
