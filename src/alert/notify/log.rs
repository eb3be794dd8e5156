//! The notification log: what each integration was told last of a group.
//!
//! Source: `nflog/nflog.go`, `notify/dedup.go` (`needsUpdate`).

use super::alerts::AlertId;
use super::options::RepeatRace;
use super::outcome::Reason;
use super::timer::Housekeeping;

/// `--data.retention`: entries live no longer.
pub(super) const RETENTION: i64 = 120 * 3_600_000_000;

/// What an integration was told last.
#[derive(Debug)]
pub(super) struct LogEntry {
    ts: i64,
    expires_at: i64,
    /// Sorted.
    firing: Vec<AlertId>,
    /// Sorted.
    resolved: Vec<AlertId>,
}

/// A group's visible alerts at a look, both sorted.
#[derive(Debug, Clone, Copy)]
pub(super) struct State<'a> {
    pub(super) firing: &'a [AlertId],
    pub(super) resolved: &'a [AlertId],
}

impl LogEntry {
    pub(super) fn new(now: i64, repeat_interval: i64, state: State<'_>) -> Self {
        let lifetime = repeat_interval.saturating_mul(2).min(RETENTION);
        Self {
            ts: now,
            expires_at: now.saturating_add(lifetime),
            firing: state.firing.to_vec(),
            resolved: state.resolved.to_vec(),
        }
    }

    /// Whether the housekeeping has removed it by now.
    pub(super) fn is_removed(&self, now: i64, housekeeping: &Housekeeping) -> bool {
        housekeeping
            .last_log_removal(now)
            .is_some_and(|removal| removal >= self.expires_at)
    }
}

/// Whether an integration is to be told, and why.
pub(super) fn reason(
    entry: Option<&LogEntry>,
    state: State<'_>,
    send_resolved: bool,
    repeat_interval: i64,
    now: i64,
    race: RepeatRace,
) -> Option<Reason> {
    let Some(entry) = entry else {
        return (!state.firing.is_empty()).then_some(Reason::First);
    };
    if !is_subset(state.firing, &entry.firing) {
        return Some(if entry.firing.is_empty() {
            Reason::First
        } else {
            Reason::NewAlerts
        });
    }
    if state.firing.is_empty() {
        return (!entry.firing.is_empty()).then_some(Reason::AllResolved);
    }
    if send_resolved && !is_subset(state.resolved, &entry.resolved) {
        return Some(Reason::SomeResolved);
    }
    let due = entry.ts.saturating_add(repeat_interval);
    let is_due = match race {
        RepeatRace::Late => due < now,
        RepeatRace::Early => due <= now,
    };
    is_due.then_some(Reason::Repeat)
}

/// Whether a sorted list has all of another.
fn is_subset(part: &[AlertId], whole: &[AlertId]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|one| rest.any(|other| other == one))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn why(
        entry: Option<(&[AlertId], &[AlertId])>,
        firing: &[AlertId],
        resolved: &[AlertId],
    ) -> Option<Reason> {
        let entry =
            entry.map(|(firing, resolved)| LogEntry::new(0, 10, State { firing, resolved }));
        let state = State { firing, resolved };
        reason(entry.as_ref(), state, true, 10, 5, RepeatRace::Late)
    }

    // The cases of `TestDedupStageNeedsUpdate` (`notify/notify_test.go`), by what they say.
    #[test]
    fn reasons_in_their_order() {
        assert_eq!(why(None, &[2, 3, 4], &[]), Some(Reason::First));
        assert_eq!(why(None, &[], &[1]), None);
        assert_eq!(
            why(Some((&[1, 2, 3], &[])), &[2, 3, 4], &[]),
            Some(Reason::NewAlerts)
        );
        assert_eq!(why(Some((&[1, 2, 3], &[])), &[1, 2, 3], &[]), None);
        assert_eq!(why(Some((&[1, 2], &[])), &[1], &[]), None);
        assert_eq!(
            why(Some((&[1, 2], &[])), &[1], &[2]),
            Some(Reason::SomeResolved)
        );
        assert_eq!(why(Some((&[1], &[2])), &[1], &[2]), None);
        assert_eq!(
            why(Some((&[1, 2], &[3])), &[], &[1, 2]),
            Some(Reason::AllResolved)
        );
        assert_eq!(why(Some((&[], &[1])), &[], &[2]), None);
        assert_eq!(why(Some((&[], &[1])), &[1], &[]), Some(Reason::First));
    }

    #[test]
    fn repeats_strictly_after_the_interval() {
        let state = State {
            firing: &[1],
            resolved: &[],
        };
        let entry = LogEntry::new(0, 10, state);
        let at = |now, race| reason(Some(&entry), state, true, 10, now, race);
        assert_eq!(at(9, RepeatRace::Early), None);
        assert_eq!(at(10, RepeatRace::Late), None);
        assert_eq!(at(10, RepeatRace::Early), Some(Reason::Repeat));
        assert_eq!(at(11, RepeatRace::Late), Some(Reason::Repeat));
    }

    #[test]
    fn resolved_alerts_do_not_matter_without_send_resolved() {
        let entry = LogEntry::new(
            0,
            10,
            State {
                firing: &[1, 2],
                resolved: &[],
            },
        );
        let state = State {
            firing: &[1],
            resolved: &[2],
        };
        assert_eq!(
            reason(Some(&entry), state, false, 10, 5, RepeatRace::Late),
            None
        );
    }

    #[test]
    fn an_entry_lives_twice_the_interval_but_not_beyond_the_retention() {
        const HOUR: i64 = 3_600_000_000;
        let state = State {
            firing: &[1],
            resolved: &[],
        };
        let housekeeping = Housekeeping::new(0);
        let short = LogEntry::new(0, HOUR, state);
        assert!(!short.is_removed(2 * HOUR - 1, &housekeeping));
        assert!(short.is_removed(2 * HOUR, &housekeeping));
        let long = LogEntry::new(1, 100 * HOUR, state);
        assert!(!long.is_removed(120 * HOUR + 1, &housekeeping));
        assert!(long.is_removed(120 * HOUR + HOUR / 4, &housekeeping));
    }

    proptest! {
        #[test]
        fn subsets(part in prop::collection::btree_set(0_u32..8, 0..6), whole in prop::collection::btree_set(0_u32..8, 0..6)) {
            let list = |set: &std::collections::BTreeSet<u32>| set.iter().copied().collect::<Vec<_>>();
            prop_assert_eq!(is_subset(&list(&part), &list(&whole)), part.is_subset(&whole));
        }
    }
}
