//! What is kept back, from look to look.

use std::collections::HashMap;
use std::sync::Arc;

use super::alerts::{AlertId, Alerts};
use super::group::GroupId;
use super::outcome::{Cause, Suppression};
use super::route::Node;
use crate::model::Labels;

/// What keeps an alert back, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// By a rule and an alert.
    Inhibited(usize, AlertId),
    /// By a silence.
    Silenced(usize),
    /// By the route's active intervals.
    Inactive,
    /// By one of the route's mute intervals.
    Muted(usize),
}

impl Held {
    pub(super) fn cause(self, alerts: &Alerts, node: &Node) -> Cause {
        match self {
            Self::Inhibited(rule, source) => Cause::Inhibited {
                rule,
                source: Arc::clone(&alerts.get(source).labels),
            },
            Self::Silenced(silence) => Cause::Silenced { silence },
            Self::Inactive => Cause::Inactive,
            Self::Muted(mute) => Cause::Muted {
                interval: Arc::clone(&node.mute[mute].0),
            },
        }
    }

    /// Whether it is the same but for the alert that inhibits.
    fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Inhibited(a, _), Self::Inhibited(b, _)) => a == b,
            _ => self == other,
        }
    }
}

/// The suppressions that go on, by group and alert.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    open: HashMap<GroupId, Vec<Open>>,
    all: Vec<Suppression>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    alert: AlertId,
    held: Held,
    /// Its number in `all`.
    number: usize,
}

/// A group at a look.
pub(super) struct Look<'a> {
    pub(super) now: i64,
    pub(super) group: GroupId,
    pub(super) group_labels: &'a Arc<Labels>,
    pub(super) receiver: &'a Arc<str>,
    pub(super) node: &'a Node,
}

impl Suppressions {
    /// Takes note of what a look kept back, sorted by alert.
    pub(super) fn note(&mut self, look: &Look<'_>, held: &[(AlertId, Held)], alerts: &Alerts) {
        if held.is_empty() {
            self.open.remove(&look.group);
            return;
        }
        let open = self.open.entry(look.group).or_default();
        let before = std::mem::take(open);
        for &(id, held) in held {
            let alert = alerts.get(id);
            let resolved = alert.is_resolved(look.now);
            let going_on = before
                .binary_search_by_key(&id, |one| one.alert)
                .ok()
                .map(|at| before[at])
                .filter(|one| one.held.is_like(held));
            let number = match going_on {
                Some(one) => {
                    let suppression = &mut self.all[one.number];
                    suppression.until = look.now;
                    suppression.flushes += 1;
                    suppression.resolved = resolved;
                    one.number
                }
                None => {
                    self.all.push(Suppression {
                        labels: Arc::clone(&alert.labels),
                        receiver: Arc::clone(look.receiver),
                        route: Arc::clone(&look.node.key),
                        group_labels: Arc::clone(look.group_labels),
                        cause: held.cause(alerts, look.node),
                        from: look.now,
                        until: look.now,
                        flushes: 1,
                        resolved,
                    });
                    self.all.len() - 1
                }
            };
            // A resolved alert leaves the group with this look.
            if !resolved {
                open.push(Open {
                    alert: id,
                    held,
                    number,
                });
            }
        }
    }

    pub(super) fn into_all(self) -> Vec<Suppression> {
        self.all
    }
}
