//! Restarts of Prometheus: what is lost, and what is restored.
//!
//! When Prometheus stops, the state of all alerts is lost, and nothing is
//! written: series that rules had written end without a stale marker. After it
//! has started again each group is evaluated twice before the beginnings of its
//! alerts are restored from `ALERTS_FOR_STATE` (`rules/group.go`: `run` and
//! `RestoreForState`); until then alerts are pending, or fire if their `for`
//! is that short, and no samples of them are written. What was firing is
//! pending until the evaluation after that (prometheus/prometheus#15175).

use super::alerting::Alerting;
use super::derived::Derived;
use super::observe::{Event, EventKind};
use super::plan::ALERTS_FOR_STATE;
use super::{Body, Engine, RuleRun};
use crate::alert::state::{Change, Restoration, Transition, restore};
use crate::model::METRIC_NAME;

/// A restart of Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// When it stops, µs; what is due at this instant is not evaluated any more.
    pub at: i64,
    /// How long it is down, µs; what is due when it starts again is not evaluated yet.
    pub down: i64,
}

/// The evaluations after a start before alerts are restored.
const EVALUATIONS: u8 = 2;

/// What is to come before the alerts of a rule are restored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unrestored {
    evaluations: u8,
}

impl Restart {
    /// How far back samples are needed.
    pub(super) fn reach() -> i64 {
        Restoration::default().outage_tolerance
    }

    /// The first instant at which rules may be evaluated again.
    pub(super) fn up_at(&self) -> i64 {
        self.at.saturating_add(self.down.max(0)).saturating_add(1)
    }
}

impl Engine<'_> {
    /// Forgets all alerts; returns how those end that were pending or firing.
    ///
    /// Alertmanager is told nothing.
    pub(super) fn stop(&mut self, restart: Restart) -> Vec<Event> {
        self.up_at = restart.up_at();
        let own = self.left_out.iter().map(|left_out| !left_out);
        let mut events = Vec::new();
        for (run, _) in self.rules.iter_mut().zip(own).filter(|(_, own)| *own) {
            run.forget(restart.at, &mut events);
        }
        events
    }
}

impl RuleRun<'_> {
    fn forget(&mut self, ts: i64, events: &mut Vec<Event>) {
        let alerting = match &mut self.body {
            Body::Recording(recording) => {
                recording.previous.clear();
                return;
            }
            Body::Alerting(alerting) => alerting,
        };
        let state = std::mem::take(&mut alerting.state);
        let mut lost: Vec<_> = state.active().map(|(_, alert)| alert.clone()).collect();
        lost.sort_by(|a, b| a.labels.cmp(&b.labels));
        events.extend(lost.into_iter().map(|alert| Event {
            ts,
            rule: self.id,
            kind: EventKind::Transition(Transition {
                ts,
                change: Change::Wiped,
                alert,
            }),
            annotations: Vec::new(),
        }));
        alerting.previous.clear();
        alerting.keys.clear();
        alerting.series.clear();
        alerting.unrestored = Some(Unrestored {
            evaluations: EVALUATIONS,
        });
    }
}

impl Alerting {
    /// Notes that an evaluation is over, good or bad.
    pub(super) fn evaluated(&mut self, ts: i64, derived: Option<&Derived>) {
        let Some(unrestored) = &mut self.unrestored else {
            return;
        };
        unrestored.evaluations = unrestored.evaluations.saturating_sub(1);
        if unrestored.evaluations > 0 {
            return;
        }
        self.unrestored = None;
        let Some(derived) = derived else {
            return;
        };
        let settings = Restoration {
            ts,
            ..Restoration::default()
        };
        restore(&mut self.state, self.timing, &settings, |labels| {
            derived.newest(&labels.with(METRIC_NAME, ALERTS_FOR_STATE), ts)
        });
    }
}
