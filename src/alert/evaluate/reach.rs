//! How far back rules reach through what other rules write.
//!
//! What a rule writes is there only from where evaluation begins: a rule that
//! reads `my:rec[1d]` needs it a day earlier, and so does a chain of such rules
//! for all of its windows together. An alert's own past counts as twice its
//! times (`for`, `keep_firing_for`), since what it writes depends on them.
//! Rules that lie on a circle may remember anything for ever: they are followed
//! once around.

use super::{Engine, RuleId};
use crate::alert::rule_file::{Rule, RuleKind};

/// How far back a rule reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::alert) struct Reach {
    /// Twice the times of the alert itself, µs.
    pub(in crate::alert) own: i64,
    /// Through what rules write, µs.
    pub(in crate::alert) derived: i64,
}

impl Reach {
    /// Both together.
    pub(in crate::alert) fn total(self) -> i64 {
        self.own.saturating_add(self.derived)
    }
}

impl Engine<'_> {
    /// How far before its slot each rule must be evaluated, and what it reads, so that its alerts
    /// are what they would be had everything always been evaluated.
    pub(in crate::alert) fn reaches(&self) -> Vec<(RuleId, Reach)> {
        let mut found = vec![Reach::default(); self.rules.len()];
        let mut part_of = vec![0; self.rules.len()];
        for (i, part) in self.parts.iter().enumerate() {
            for id in &part.rules {
                part_of[self.firsts[id.group] + id.rule] = i;
            }
        }
        // Parts come after those that they read.
        for (i, part) in self.parts.iter().enumerate() {
            let rules: Vec<usize> = part
                .rules
                .iter()
                .map(|id| self.firsts[id.group] + id.rule)
                .collect();
            let (mut outside, mut around) = (0_i64, 0_i64);
            for rule in &rules {
                let mut longest = 0;
                for (writer, back) in &self.links[*rule] {
                    if part_of[*writer] == i {
                        longest = longest.max(*back);
                    } else {
                        outside = outside.max(back.saturating_add(found[*writer].total()));
                    }
                }
                around = around.saturating_add(longest);
            }
            let own: Vec<i64> = rules.iter().map(|i| own(self.rules[*i].rule)).collect();
            let all = own.iter().fold(0_i64, |sum, one| sum.saturating_add(*one));
            for (rule, own) in rules.iter().zip(own) {
                let others = all.saturating_sub(own);
                let derived = match self.links[*rule].is_empty() {
                    true => 0,
                    false => outside.saturating_add(around).saturating_add(others),
                };
                found[*rule] = Reach { own, derived };
            }
        }
        self.rules.iter().map(|run| run.id).zip(found).collect()
    }

    /// Leaves out all rules but those whose results a rule depends on; itself too, unless it lies
    /// on a circle with one of them.
    pub(in crate::alert) fn keep_what_feeds(&mut self, rule: RuleId) {
        let place = |id: &RuleId| self.firsts[id.group] + id.rule;
        let mut is_kept = vec![false; self.rules.len()];
        let mut open = self.reads[place(&rule)].clone();
        while let Some(next) = open.pop() {
            if is_kept[next] {
                continue;
            }
            // Rules of a part are evaluated together.
            let together = self.parts.iter().filter(|part| {
                let mut rules = part.rules.iter();
                rules.any(|id| place(id) == next)
            });
            for id in together.flat_map(|part| &part.rules) {
                is_kept[place(id)] = true;
                open.extend(&self.reads[place(id)]);
            }
        }
        self.left_out = is_kept.into_iter().map(|is_kept| !is_kept).collect();
    }

    /// Whether all rules are left out.
    pub(in crate::alert) fn is_idle(&self) -> bool {
        self.left_out.iter().all(|left_out| *left_out)
    }

    /// The first slots of a rule from an instant on: the first one, and their distance.
    pub(in crate::alert) fn slots_from(&self, rule: RuleId, from: i64) -> (i64, i64) {
        let run = self.run_of(rule);
        let before = from.saturating_sub(1).saturating_sub(run.phase);
        let turns = before.div_euclid(run.clock).saturating_add(1);
        (
            turns.saturating_mul(run.clock).saturating_add(run.phase),
            run.clock,
        )
    }

    /// How long before its slot a rule's query is evaluated, µs.
    pub(in crate::alert) fn query_offset(&self, rule: RuleId) -> i64 {
        self.run_of(rule).query_offset
    }
}

/// Twice the times of an alert: it is known whether it fires at an instant from what was since then.
fn own(rule: &Rule) -> i64 {
    match &rule.kind {
        RuleKind::Recording => 0,
        RuleKind::Alerting {
            hold,
            keep_firing_for,
            ..
        } => hold.saturating_add(*keep_firing_for).saturating_mul(2),
    }
}
