//! Conclusions from what one rule did.

use super::expression::{is_dead, words};
use super::sentence::{count, duration, list, percent, rule, share};
use super::{Case, metadata, proportion, rules, spans};
use crate::alert::backtest::{EpisodeVerdict, Finding, FindingKind, RuleVerdict};

/// What follows from one rule's record.
pub(super) fn findings(case: &Case<'_>, record: &RuleVerdict) -> impl Iterator<Item = Finding> {
    let about = About { case, record };
    let all = [
        about.dead(),
        about.unstable(),
        about.always_firing(),
        about.noisy(),
        about.symptom(),
        about.flapping(),
    ];
    all.into_iter().flatten()
}

/// One rule's record, and all that it is seen with.
struct About<'c> {
    case: &'c Case<'c>,
    record: &'c RuleVerdict,
}

impl About<'_> {
    fn finding(&self, kind: FindingKind, sentence: String) -> Finding {
        Finding {
            kind,
            rule: Some(self.record.rule),
            incident: None,
            sentence,
        }
    }

    fn name(&self) -> String {
        rule(self.case.run, self.record.rule)
    }

    /// A selector that matches nothing, in a rule that did nothing.
    fn dead(&self) -> Option<Finding> {
        let outcome = &self.case.run.rules[self.record.rule];
        let mut episodes = self.case.run.episodes.iter();
        if outcome.unmatched.is_empty() || episodes.any(|one| one.rule == self.record.rule) {
            return None;
        }
        let unmatched: Vec<String> = outcome
            .unmatched
            .iter()
            .map(|(selector, why)| format!("`{selector}` ({why})"))
            .collect();
        let (verb, name) = (
            if unmatched.len() == 1 {
                "matches"
            } else {
                "match"
            },
            self.name(),
        );
        let matches = format!("{} {verb} nothing", list(&unmatched));
        Some(match is_dead(&outcome.info.expr, &outcome.unmatched) {
            true => self.finding(
                FindingKind::NeverFires,
                format!(
                    "{name} can never fire: {matches}; correct the selector, or delete the rule"
                ),
            ),
            false => self.finding(
                FindingKind::Silent,
                format!("{name} did not fire, and a part of it can't: {matches}"),
            ),
        })
    }

    /// A label that is another at each value, so that each is another alert.
    fn unstable(&self) -> Option<Finding> {
        let info = &self.case.run.rules[self.record.rule].info;
        let labels = metadata::unstable_labels(info);
        if labels.is_empty() {
            return None;
        }
        let labels: Vec<String> = labels.iter().map(|name| format!("`{name}`")).collect();
        let effect = match info.hold {
            0 => format!(
                "each new value is a new alert that notifies again ({} here)",
                count(self.record.episodes, "episode")
            ),
            hold => format!(
                "each new value is a new alert that waits {} from the start ({} that never fired \
                 here)",
                duration(hold),
                count(self.record.near_misses, "pending alert")
            ),
        };
        Some(self.finding(
            FindingKind::UnstableLabel,
            format!(
                "{}'s {} {} the value: {effect}; move it to an annotation",
                self.name(),
                list(&labels),
                if labels.len() == 1 {
                    "depends on"
                } else {
                    "depend on"
                },
            ),
        ))
    }

    fn always_firing(&self) -> Option<Finding> {
        let run = self.case.run;
        let length = spans::length((run.range.start, run.range.end));
        let firing = self.record.firing_time as f64 / (length as f64).max(1.0);
        if length == 0 || firing < self.case.judging.always_firing || self.is_heartbeat() {
            return None;
        }
        Some(self.finding(
            FindingKind::AlwaysFiring,
            format!(
                "{} fired {} of the time ({}, longest {}): it tells of a state, not of a change; \
                 move its threshold or make it a dashboard",
                self.name(),
                percent(firing),
                count(self.record.episodes, "episode"),
                duration(self.record.longest.unwrap_or(0)),
            ),
        ))
    }

    /// Whether the rule fires always on purpose, so that its silence is the alarm.
    fn is_heartbeat(&self) -> bool {
        let info = &self.case.run.rules[self.record.rule].info;
        let name = info.name.to_lowercase();
        let is_named = ["watchdog", "deadmansswitch", "deadmanswitch", "heartbeat"]
            .iter()
            .any(|known| name.contains(known));
        is_named || words(&info.expr).eq(["vector".to_owned(), "1".to_owned()])
    }

    fn noisy(&self) -> Option<Finding> {
        let (record, judging) = (self.record, self.case.judging);
        let weeks = self.case.run.weeks();
        let per_week = record.notifications as f64 / weeks;
        if !(weeks > 0.0 && per_week >= judging.noisy_per_week) || self.is_heartbeat() {
            return None;
        }
        let idle = self.idle();
        let why = if record.precision.trials > 0 {
            // One that fires with incidents of something else is no noise: see `symptom`.
            let of_any = proportion(
                record.precision.hits + record.elsewhere,
                record.precision.trials,
            );
            if of_any.upper >= judging.noisy_precision {
                return None;
            }
            format!("{} of its episodes came with an incident", share(&of_any))
        } else {
            let episodes = self.case.linking.episodes.iter();
            let is_unknown = episodes.clone().any(|one| *one == EpisodeVerdict::Unknown);
            let idle = proportion(idle, record.episodes);
            if !is_unknown || record.episodes == 0 || idle.lower < judging.noisy_idle {
                return None;
            }
            format!(
                "{} of its episodes ended by themselves or came back at once",
                share(&idle)
            )
        };
        let mut sentence = format!(
            "{} is noisy: {per_week:.1} notifications a week ({} in all, {}), and {why}",
            self.name(),
            record.notifications,
            count(record.pages, "page"),
        );
        if record.precision.trials > 0 && record.self_resolved > 0 {
            sentence += &format!(
                "; {} resolved within {}",
                count(record.self_resolved, "episode"),
                duration(judging.self_resolved)
            );
        }
        sentence += match self.case.run.rules[record.rule].info.hold {
            0 => "; give it a `for`, raise its threshold, or delete it",
            _ => "; raise its threshold or `for`, or delete it",
        };
        Some(self.finding(FindingKind::Noisy, sentence))
    }

    /// What fires with most incidents of another service tells of them, though its labels do not
    /// say so.
    fn symptom(&self) -> Option<Finding> {
        let record = self.record;
        let elsewhere = proportion(record.elsewhere, record.precision.trials);
        if elsewhere.trials == 0 || elsewhere.lower < self.case.judging.symptom {
            return None;
        }
        Some(self.finding(
            FindingKind::Symptom,
            format!(
                "{}: {} of its episodes came with an incident that its labels say is not its own; \
                 it may be a symptom (`--match time` counts it as met)",
                self.name(),
                share(&elsewhere),
            ),
        ))
    }

    /// Episodes of the rule that nobody had to act on, as far as can be told without incidents;
    /// the one after a pause counts as what the pause divides.
    fn idle(&self) -> usize {
        (self.record.self_resolved + self.record.flaps).min(self.record.episodes)
    }

    fn flapping(&self) -> Option<Finding> {
        let (record, judging) = (self.record, self.case.judging);
        let enough = judging.flapping_share * record.episodes as f64;
        if record.flaps < judging.flapping.max(1) || (record.flaps as f64) < enough {
            return None;
        }
        let run = self.case.run;
        let indices = run.episodes.iter().enumerate();
        let fired: Vec<usize> = indices
            .filter(|(_, episode)| episode.rule == record.rule && episode.fired())
            .map(|(index, _)| index)
            .collect();
        let longest = rules::pauses(run, &fired, judging.flap)
            .last()
            .copied()
            .unwrap_or(0);
        const MINUTE: i64 = 60_000_000;
        // It must last longer than the pause, and goes on from what there is already.
        let keep = run.rules[record.rule]
            .info
            .keep_firing_for
            .saturating_add(longest);
        let keep = (keep / MINUTE + 1).saturating_mul(MINUTE);
        Some(self.finding(
            FindingKind::Flapping,
            format!(
                "{} flaps: {} of its {} came back within {} of being resolved; \
                 `keep_firing_for: {}` would have bridged each of these pauses",
                self.name(),
                record.flaps,
                count(record.episodes, "episode"),
                duration(judging.flap),
                duration(keep),
            ),
        ))
    }
}
