//! The alerts that came, each label set once.
//!
//! Source: `provider/mem/mem.go` (`Put`, `gc`), `types/types.go` (`Alert.Merge`).

use std::collections::HashMap;
use std::sync::Arc;

use super::group::GroupId;
use super::inhibit::Role;
use super::timer::Housekeeping;
use crate::model::Labels;

/// An alert as Prometheus sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// When it comes, µs.
    pub ts: i64,
    /// Its labels, which are its identity.
    pub labels: Arc<Labels>,
    /// Its annotations, sorted by name.
    pub annotations: Arc<[(String, String)]>,
    /// When it began to fire, µs.
    pub starts_at: i64,
    /// When it is over, µs: it is resolved from then on. Prometheus sends a time
    /// in the future while the alert fires; one without an end is over
    /// `resolve_timeout` after it came.
    pub ends_at: i64,
}

pub(super) type AlertId = u32;

/// What is known of an alert.
#[derive(Debug)]
pub(super) struct Alert {
    pub(super) labels: Arc<Labels>,
    pub(super) annotations: Arc<[(String, String)]>,
    pub(super) starts_at: i64,
    pub(super) ends_at: i64,
    updated_at: i64,
    /// The groups into which it falls, in the order of the routes.
    pub(super) groups: Vec<GroupId>,
    /// What it is to the inhibition rules.
    pub(super) role: Role,
    /// The silences that match it; `None` until somebody asks.
    pub(super) silences: Option<Box<[usize]>>,
}

impl Alert {
    /// `EndsAt` at or before now.
    pub(super) fn is_resolved(&self, now: i64) -> bool {
        self.ends_at <= now
    }
}

/// All alerts that ever came.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    ids: HashMap<Arc<Labels>, AlertId>,
    all: Vec<Alert>,
}

impl Alerts {
    pub(super) fn get(&self, id: AlertId) -> &Alert {
        &self.all[id as usize]
    }

    pub(super) fn get_mut(&mut self, id: AlertId) -> &mut Alert {
        &mut self.all[id as usize]
    }

    /// Takes in an alert; `place` tells what is only asked once for each label set.
    pub(super) fn put(
        &mut self,
        received: &Received,
        housekeeping: &Housekeeping,
        place: impl FnOnce(&Labels) -> (Vec<GroupId>, Role),
    ) -> AlertId {
        if let Some(&id) = self.ids.get(&received.labels) {
            self.all[id as usize].update(received, housekeeping);
            return id;
        }
        let id = self.all.len() as AlertId;
        let (groups, role) = place(&received.labels);
        self.ids.insert(Arc::clone(&received.labels), id);
        self.all.push(Alert {
            labels: Arc::clone(&received.labels),
            annotations: Arc::clone(&received.annotations),
            starts_at: received.starts_at,
            ends_at: received.ends_at,
            updated_at: received.ts,
            groups,
            role,
            silences: None,
        });
        id
    }
}

impl Alert {
    fn update(&mut self, new: &Received, housekeeping: &Housekeeping) {
        let now = new.ts;
        // Removed from the store 0 to 30 min after it was resolved.
        let removed = housekeeping
            .last_alert_removal(now)
            .is_some_and(|removal| removal >= self.ends_at && removal >= self.updated_at);
        let overlaps = (new.ends_at > self.starts_at && new.ends_at < self.ends_at)
            || (new.starts_at > self.starts_at && new.starts_at < self.ends_at);
        let (mut starts_at, mut ends_at) = (new.starts_at, new.ends_at);
        if overlaps && !removed {
            starts_at = starts_at.min(self.starts_at);
            // Of two that are over, or two that are not, the later end counts.
            if self.ends_at > ends_at && (ends_at > now || self.ends_at <= now) {
                ends_at = self.ends_at;
            }
        }
        self.annotations = Arc::clone(&new.annotations);
        self.starts_at = starts_at;
        self.ends_at = ends_at;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn after(first: (i64, i64, i64), second: (i64, i64, i64)) -> (i64, i64) {
        let labels = Arc::new(Labels::from_pairs([("alertname", "A")]).expect("labels"));
        let received = |(ts, starts_at, ends_at): (i64, i64, i64)| Received {
            ts: ts * MINUTE,
            labels: Arc::clone(&labels),
            annotations: Arc::new([]),
            starts_at: starts_at * MINUTE,
            ends_at: ends_at * MINUTE,
        };
        let housekeeping = Housekeeping::new(0);
        let mut alerts = Alerts::default();
        let place = |_: &Labels| (Vec::new(), Role::default());
        alerts.put(&received(first), &housekeeping, place);
        let id = alerts.put(&received(second), &housekeeping, place);
        let alert = alerts.get(id);
        (alert.starts_at / MINUTE, alert.ends_at / MINUTE)
    }

    #[test]
    fn updates_merge_where_they_overlap() {
        // Sent again: a later end, same start. Nothing to merge.
        assert_eq!(after((1, 1, 5), (2, 1, 6)), (1, 6));
        // Resolved: its end is before the one foreseen, and over; it counts.
        assert_eq!(after((1, 1, 5), (3, 1, 3)), (1, 3));
        // An end that is earlier but not over yet: the later one counts.
        assert_eq!(after((1, 1, 9), (2, 1, 5)), (1, 9));
        // Fires again before the end that was foreseen: the start is the first one's.
        assert_eq!(after((1, 1, 5), (3, 3, 7)), (1, 7));
        // Fires again after it was over: an alert of its own.
        assert_eq!(after((1, 1, 2), (3, 3, 7)), (3, 7));
        // Both are over: the later end counts.
        assert_eq!(after((3, 1, 3), (4, 1, 2)), (1, 3));
    }

    #[test]
    fn a_removed_alert_is_not_merged() {
        assert_eq!(after((29, 1, 29), (29, 1, 28)), (1, 29));
        // At minute 30 it was removed.
        assert_eq!(after((29, 1, 29), (31, 1, 28)), (1, 28));
        // Alerts come before the housekeeping of the same instant.
        assert_eq!(after((29, 1, 29), (30, 1, 28)), (1, 29));
    }
}
