//! What a simulation gives.

use std::sync::Arc;

use crate::model::{Labels, Warning};

/// What a simulation gives.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// In the order of time.
    pub notifications: Vec<Notification>,
    /// What was kept back, in the order of its beginning.
    pub suppressions: Vec<Suppression>,
    /// Resolved alerts of which an integration was not to tell, in the order of time.
    pub withheld: Vec<Withheld>,
    /// What makes the result uncertain.
    pub warnings: Vec<Warning>,
}

/// A message that an integration sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// When, µs.
    pub ts: i64,
    /// The receiver's name.
    pub receiver: Arc<str>,
    /// The integration's kind: `slack`, `pagerduty`…
    pub integration: Arc<str>,
    /// The integration's number among those of its kind in the receiver.
    pub index: usize,
    /// The route: its conditions and those above it, `{}/{team="db"}`.
    pub route: Arc<str>,
    /// The labels that the group's alerts share.
    pub group_labels: Arc<Labels>,
    /// Why now.
    pub reason: Reason,
    /// Its alerts, in the order in which Alertmanager lists them (job, instance, labels).
    pub alerts: Vec<NotifiedAlert>,
    /// Alerts of the group that are not in it, and what kept them back.
    pub suppressed: Vec<(Arc<Labels>, Cause)>,
}

impl Notification {
    /// Whether it tells of at least one alert that fires.
    pub fn is_firing(&self) -> bool {
        self.alerts.iter().any(|alert| alert.ends_at.is_none())
    }
}

/// An alert in a notification.
#[derive(Debug, Clone, PartialEq)]
pub struct NotifiedAlert {
    /// Its labels.
    pub labels: Arc<Labels>,
    /// Its annotations.
    pub annotations: Arc<[(String, String)]>,
    /// When it began to fire, µs.
    pub starts_at: i64,
    /// When it was resolved, µs; `None` while it fires.
    pub ends_at: Option<i64>,
}

/// Why a notification is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing that fires was told before (or it was told that all is resolved).
    First,
    /// Alerts fire that were not in the last notification.
    NewAlerts,
    /// Alerts were resolved, others fire.
    SomeResolved,
    /// All alerts were resolved.
    AllResolved,
    /// Nothing changed for `repeat_interval`.
    Repeat,
}

impl Reason {
    /// All reasons, in their order.
    pub const ALL: [Self; 5] = [
        Self::First,
        Self::NewAlerts,
        Self::SomeResolved,
        Self::AllResolved,
        Self::Repeat,
    ];

    /// Returns its place in [`Reason::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Returns the reason in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::NewAlerts => "new-alerts",
            Self::SomeResolved => "some-resolved",
            Self::AllResolved => "all-resolved",
            Self::Repeat => "repeat",
        }
    }
}

/// What keeps an alert back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Another alert.
    Inhibited {
        /// The rule's number in the file, from 0.
        rule: usize,
        /// One of the alerts that inhibit it.
        source: Arc<Labels>,
    },
    /// A silence: its number in the list, from 0 (the first that matches).
    Silenced {
        /// The number.
        silence: usize,
    },
    /// The route's active intervals, none of which holds.
    Inactive,
    /// A mute interval of the route.
    Muted {
        /// Its name.
        interval: Arc<str>,
    },
}

impl Cause {
    /// Returns what kind of thing keeps it back: `inhibition`, `silence` or `time interval`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Inhibited { .. } => "inhibition",
            Self::Silenced { .. } => "silence",
            Self::Inactive | Self::Muted { .. } => "time interval",
        }
    }
}

/// An alert that was kept back at one look at its group after another.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppression {
    /// The alert.
    pub labels: Arc<Labels>,
    /// The receiver that did not hear of it.
    pub receiver: Arc<str>,
    /// The route.
    pub route: Arc<str>,
    /// The group.
    pub group_labels: Arc<Labels>,
    /// What kept it back; of several sources of one rule, the first.
    pub cause: Cause,
    /// The first look, µs.
    pub from: i64,
    /// The last look, µs.
    pub until: i64,
    /// How many looks.
    pub flushes: usize,
    /// Whether it was resolved meanwhile, so that nobody hears of that either.
    pub resolved: bool,
}

/// A group whose alerts are all resolved, and an integration that does not tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Withheld {
    /// When, µs.
    pub ts: i64,
    /// The receiver's name.
    pub receiver: Arc<str>,
    /// The integration's kind.
    pub integration: Arc<str>,
    /// The integration's number among those of its kind in the receiver.
    pub index: usize,
    /// The route.
    pub route: Arc<str>,
    /// The group.
    pub group_labels: Arc<Labels>,
    /// The alerts.
    pub alerts: Vec<Arc<Labels>>,
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn reasons_stand_where_their_index_says() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), place, "{reason:?}");
        }
    }
}
