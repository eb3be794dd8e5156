//! Timers: the groups' and those of the housekeeping.
//!
//! The housekeeping is not an event of its own: whoever meets something that it
//! might have removed asks when it was there last.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::group::GroupId;

const SECOND: i64 = 1_000_000;
/// `--alerts.gc-interval`
const ALERT_REMOVAL: i64 = 1_800 * SECOND;
/// `nflog` maintenance.
const LOG_REMOVAL: i64 = 900 * SECOND;
/// `dispatch`'s maintenance.
const GROUP_REMOVAL: i64 = 30 * SECOND;

/// When things are removed that nobody needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Housekeeping {
    started_at: i64,
}

impl Housekeeping {
    pub(super) fn new(started_at: i64) -> Self {
        Self { started_at }
    }

    /// The last removal of resolved alerts before an alert that comes now.
    pub(super) fn last_alert_removal(&self, now: i64) -> Option<i64> {
        self.last(ALERT_REMOVAL, now.saturating_sub(1))
    }

    /// The last removal of log entries before a group's timer now.
    pub(super) fn last_log_removal(&self, now: i64) -> Option<i64> {
        self.last(LOG_REMOVAL, now)
    }

    /// The last removal of empty groups before an alert that comes now.
    pub(super) fn last_group_removal_before(&self, now: i64) -> Option<i64> {
        self.last(GROUP_REMOVAL, now.saturating_sub(1))
    }

    /// The last removal of empty groups before a group's timer now.
    pub(super) fn last_group_removal(&self, now: i64) -> Option<i64> {
        self.last(GROUP_REMOVAL, now)
    }

    /// The last multiple of an interval (not the start itself) up to now.
    fn last(&self, interval: i64, now: i64) -> Option<i64> {
        let count = now.saturating_sub(self.started_at).div_euclid(interval);
        (count > 0).then(|| self.started_at + count * interval)
    }
}

/// The groups' timers. A timer that was set anew leaves its old entry behind,
/// which its turn tells from the current one.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(i64, GroupId, u32)>>,
}

impl Timers {
    pub(super) fn set(&mut self, at: i64, group: GroupId, turn: u32) {
        self.heap.push(Reverse((at, group, turn)));
    }

    /// Takes the first timer that is due by an instant.
    pub(super) fn next_until(&mut self, until: i64) -> Option<(i64, GroupId, u32)> {
        let Reverse(first) = *self.heap.peek()?;
        if first.0 > until {
            return None;
        }
        self.heap.pop();
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn housekeeping_counts_from_the_start() {
        let housekeeping = Housekeeping::new(100 * SECOND);
        assert_eq!(housekeeping.last_group_removal(129 * SECOND), None);
        let first = Some(130 * SECOND);
        assert_eq!(housekeeping.last_group_removal(130 * SECOND), first);
        assert_eq!(housekeeping.last_group_removal_before(130 * SECOND), None);
        assert_eq!(housekeeping.last_group_removal(159 * SECOND), first);
        assert_eq!(housekeeping.last_group_removal(i64::MIN), None);
    }

    #[test]
    fn timers_come_in_the_order_of_time_and_groups() {
        let mut timers = Timers::default();
        timers.set(20, 0, 0);
        timers.set(10, 2, 0);
        timers.set(10, 1, 5);
        assert_eq!(timers.next_until(9), None);
        assert_eq!(timers.next_until(10), Some((10, 1, 5)));
        assert_eq!(timers.next_until(30), Some((10, 2, 0)));
        assert_eq!(timers.next_until(30), Some((20, 0, 0)));
        assert_eq!(timers.next_until(30), None);
    }
}
