//! The state machine of one alerting rule: what one evaluation makes of its alerts.
//!
//! [`RuleState::step`] takes the elements of a rule's result at one instant and
//! moves each alert on, in the order of Prometheus' `rules/alerting.go` (`Eval`):
//!
//! 1. Two elements with the same final labels fail the whole evaluation; nothing changes.
//! 2. An element renews the value of its pending or firing alert, or begins a new one.
//! 3. An alert without an element goes on firing for `keep_firing_for`, then is
//!    resolved and kept for 15 minutes; a pending one is gone at once.
//! 4. A pending alert that has been active for `hold` fires, in the same evaluation
//!    where `hold` is 0.
//! 5. More active alerts than `limit` fail the evaluation and wipe all of them.
//!
//! An evaluation whose query fails is not a step: nothing changes and nothing is
//! sent. Times and durations are µs.

mod alert;
mod restore;
mod send;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::Labels;

pub use alert::{
    Alert, AlertKey, AlertState, Change, Element, StepError, StepOutcome, Timing, Transition,
};
pub use restore::{Restoration, restore};
pub use send::Sent;

/// For how long a resolved alert is kept, and sent again and again (`resolvedRetention`).
pub const RESOLVED_RETENTION: i64 = 900_000_000;

/// All alerts of one rule.
#[derive(Debug, Clone, Default)]
pub struct RuleState {
    slots: Vec<Slot>,
    keys: HashMap<Arc<Labels>, AlertKey>,
    /// The slots that hold an alert.
    live: Vec<AlertKey>,
    generation: u64,
}

#[derive(Debug, Clone)]
struct Slot {
    labels: Arc<Labels>,
    alert: Option<Alert>,
    /// The last generation in which an element had these labels.
    seen: u64,
    /// The generation in which the alert began.
    begun: u64,
}

impl RuleState {
    /// Interns the final labels of an alert.
    pub fn key(&mut self, labels: &Arc<Labels>) -> AlertKey {
        if let Some(key) = self.keys.get(labels) {
            return *key;
        }
        let key = AlertKey(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.keys.insert(labels.clone(), key);
        self.slots.push(Slot {
            labels: labels.clone(),
            alert: None,
            seen: 0,
            begun: 0,
        });
        key
    }

    /// Forgets the labels that have no alert; all keys become invalid.
    pub fn compact(&mut self) {
        let live = std::mem::take(&mut self.live);
        let mut old = std::mem::take(&mut self.slots);
        self.keys.clear();
        for key in live {
            let slot = &mut old[key.0 as usize];
            if let Some(alert) = slot.alert.take() {
                let key = self.key(&slot.labels.clone());
                self.slots[key.0 as usize].alert = Some(alert);
                self.live.push(key);
            }
        }
    }

    /// Whether there is no alert at all, not even a resolved one.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// The alerts that are not forgotten yet, resolved ones among them, in no particular order.
    pub fn alerts(&self) -> impl Iterator<Item = (AlertKey, &Alert)> {
        self.live
            .iter()
            .filter_map(|key| Some((*key, self.slots[key.0 as usize].alert.as_ref()?)))
    }

    /// The pending and firing alerts, in no particular order.
    pub fn active(&self) -> impl Iterator<Item = (AlertKey, &Alert)> {
        self.alerts()
            .filter(|(_, alert)| alert.state != AlertState::Inactive)
    }

    /// Evaluates the rule once: `elements` are its result at `ts`.
    pub fn step(&mut self, ts: i64, elements: &[Element], timing: Timing) -> StepOutcome {
        self.generation += 1;
        for element in elements {
            let slot = &mut self.slots[element.key.0 as usize];
            if slot.seen == self.generation {
                // The generation of the elements before it is void.
                self.generation += 1;
                let labels = slot.labels.clone();
                return StepOutcome {
                    transitions: Vec::new(),
                    error: Some(StepError::DuplicateLabels { labels }),
                };
            }
            slot.seen = self.generation;
        }
        let mut outcome = StepOutcome::default();
        for element in elements {
            self.renew(ts, element);
        }
        let active = self.advance(ts, timing, &mut outcome.transitions);
        if timing.limit > 0 && active > timing.limit {
            outcome.transitions.clear();
            for key in std::mem::take(&mut self.live) {
                let gone = self.slots[key.0 as usize].alert.take();
                outcome.transitions.extend(
                    gone.filter(|alert| {
                        alert.state != AlertState::Inactive && alert.active_at < ts
                    })
                    .map(|alert| transition(ts, Change::Wiped, alert)),
                );
            }
            outcome.error = Some(StepError::Limit {
                limit: timing.limit,
                active,
            });
        }
        if outcome.transitions.len() > 1 {
            outcome
                .transitions
                .sort_by(|a, b| a.alert.labels.cmp(&b.alert.labels));
        }
        outcome
    }

    /// Gives an element to its alert.
    fn renew(&mut self, ts: i64, element: &Element) {
        let slot = &mut self.slots[element.key.0 as usize];
        match &mut slot.alert {
            Some(alert) if alert.state != AlertState::Inactive => {
                alert.value = element.value;
                alert.value_at = ts;
                if !Arc::ptr_eq(&alert.element, &element.labels) {
                    alert.element = element.labels.clone();
                }
            }
            place => {
                if place.is_none() {
                    self.live.push(element.key);
                }
                slot.begun = self.generation;
                *place = Some(Alert {
                    labels: slot.labels.clone(),
                    element: element.labels.clone(),
                    state: AlertState::Pending,
                    value: element.value,
                    value_at: ts,
                    active_at: ts,
                    fired_at: None,
                    resolved_at: None,
                    keep_firing_since: None,
                    last_sent_at: None,
                });
            }
        }
    }

    /// Moves every alert on; returns how many are active.
    fn advance(&mut self, ts: i64, timing: Timing, transitions: &mut Vec<Transition>) -> usize {
        let (slots, generation) = (&mut self.slots, self.generation);
        let mut active = 0;
        self.live.retain(|key| {
            let slot = &mut slots[key.0 as usize];
            let present = slot.seen == generation;
            let Some(alert) = &mut slot.alert else {
                return false;
            };
            if present {
                alert.keep_firing_since = None;
            } else if alert.state == AlertState::Pending {
                let gone = slot.alert.take();
                transitions.extend(gone.map(|alert| transition(ts, Change::Dropped, alert)));
                return false;
            } else if alert.state == AlertState::Inactive {
                let kept = alert
                    .resolved_at
                    .is_none_or(|at| ts.saturating_sub(at) <= RESOLVED_RETENTION);
                if !kept {
                    slot.alert = None;
                }
                return kept;
            } else if !keeps_firing(alert, ts, timing.keep_firing_for) {
                alert.state = AlertState::Inactive;
                alert.resolved_at = Some(ts);
                transitions.push(transition(ts, Change::Resolved, alert.clone()));
                return true;
            }
            active += 1;
            if alert.state == AlertState::Pending {
                if ts.saturating_sub(alert.active_at) >= timing.hold {
                    alert.state = AlertState::Firing;
                    alert.fired_at = Some(ts);
                    transitions.push(transition(ts, Change::Firing, alert.clone()));
                } else if slot.begun == generation {
                    transitions.push(transition(ts, Change::Pending, alert.clone()));
                }
            }
            true
        });
        active
    }
}

/// Whether a firing alert without an element goes on firing.
fn keeps_firing(alert: &mut Alert, ts: i64, keep_firing_for: i64) -> bool {
    if keep_firing_for <= 0 {
        return false;
    }
    let since = *alert.keep_firing_since.get_or_insert(ts);
    ts.saturating_sub(since) < keep_firing_for
}

fn transition(ts: i64, change: Change, alert: Alert) -> Transition {
    Transition { ts, change, alert }
}
