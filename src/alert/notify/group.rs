//! Groups of alerts: what is in them, and when they are looked at.
//!
//! Source: `dispatch/dispatch.go`.

use std::collections::HashMap;
use std::sync::Arc;

use super::alerts::AlertId;
use super::options::Release;
use super::route::Node;
use super::timer::{Housekeeping, Timers};
use crate::model::Labels;

pub(super) type GroupId = u32;

/// Which log entries belong to a group: groups of siblings with the same
/// conditions and the same receiver share them.
pub(super) type LogId = u32;

/// A group, there or not: it comes and goes with its alerts.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) route: usize,
    pub(super) labels: Arc<Labels>,
    pub(super) log: LogId,
    /// Sorted.
    pub(super) members: Vec<AlertId>,
    /// Tells the current timer from those that were replaced.
    turn: u32,
    is_there: bool,
    was_flushed: bool,
    /// Since when it has had no alert.
    emptied_at: i64,
}

/// All groups that ever were.
#[derive(Debug, Default)]
pub(super) struct Groups {
    all: Vec<Group>,
    ids: HashMap<(usize, Arc<Labels>), GroupId>,
    logs: HashMap<(Arc<str>, usize, Arc<Labels>), LogId>,
}

impl Groups {
    /// The group into which an alert falls at a node.
    pub(super) fn find(&mut self, number: usize, node: &Node, labels: &Labels) -> GroupId {
        let labels = Arc::new(node.group_labels(labels));
        let fresh = self.all.len() as GroupId;
        let id = *self
            .ids
            .entry((number, Arc::clone(&labels)))
            .or_insert(fresh);
        if id == fresh {
            let key = (Arc::clone(&node.key), node.receiver, Arc::clone(&labels));
            let next = self.logs.len() as LogId;
            let log = *self.logs.entry(key).or_insert(next);
            self.all.push(Group {
                route: number,
                labels,
                log,
                members: Vec::new(),
                turn: 0,
                is_there: false,
                was_flushed: false,
                emptied_at: 0,
            });
        }
        id
    }

    pub(super) fn get_mut(&mut self, id: GroupId) -> &mut Group {
        &mut self.all[id as usize]
    }
}

/// What the groups' timers depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) release: Release,
    pub(super) housekeeping: Housekeeping,
}

impl Group {
    /// Takes in an alert that came now.
    pub(super) fn insert(
        &mut self,
        id: GroupId,
        alert: (AlertId, i64),
        node: &Node,
        now: i64,
        rules: Rules,
        timers: &mut Timers,
    ) {
        let (alert, starts_at) = alert;
        let overdue = starts_at.saturating_add(node.group_wait) < now;
        if self.is_there && self.members.is_empty() {
            let removal = rules.housekeeping.last_group_removal_before(now);
            self.is_there = removal.is_none_or(|removal| removal < self.emptied_at);
        }
        if self.is_there {
            if let Err(at) = self.members.binary_search(&alert) {
                self.members.insert(at, alert);
            }
            if rules.release == Release::V0_25 && !self.was_flushed && overdue {
                self.turn += 1;
                timers.set(now, id, self.turn);
            }
            return;
        }
        self.members.push(alert);
        self.is_there = true;
        self.was_flushed = false;
        self.turn += 1;
        let first = if overdue {
            now
        } else {
            now.saturating_add(node.group_wait)
        };
        timers.set(first, id, self.turn);
    }

    /// Whether a timer that is due is the current one and finds alerts; sets the next.
    pub(super) fn tick(
        &mut self,
        id: GroupId,
        turn: u32,
        node: &Node,
        now: i64,
        rules: Rules,
        timers: &mut Timers,
    ) -> bool {
        if !self.is_there || turn != self.turn {
            return false;
        }
        if self.members.is_empty() {
            let removal = rules.housekeeping.last_group_removal(now);
            if removal.is_some_and(|removal| removal >= self.emptied_at) {
                self.is_there = false;
                return false;
            }
        }
        self.was_flushed = true;
        timers.set(now.saturating_add(node.group_interval), id, self.turn);
        !self.members.is_empty()
    }

    /// Puts back the alerts that are left after a look.
    pub(super) fn keep(&mut self, members: Vec<AlertId>, now: i64, release: Release) {
        self.members = members;
        if self.members.is_empty() {
            self.emptied_at = now;
            self.is_there = release == Release::V0_25;
        }
    }
}
