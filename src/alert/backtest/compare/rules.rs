//! Which rule of one run is which of the other.
//!
//! Rules are paired in rounds, the most alike first, in a round in the order of
//! the files: the same definition in the same group, in any group; the same name and labels in
//! the same group, in any; the same name and expression; the same name; and what is
//! left, renamed, by expression and labels, then by expression. Alerting and
//! recording rules never pair. The file's name says nothing: the base has another one.

use std::collections::{HashMap, VecDeque};

use super::{RuleChange, RuleChangeKind, RuleField, RuleRecord};
use crate::alert::backtest::{RuleInfo, RuleOutcome, Run, Verdict};

pub(super) fn compare(base: (&Run, &Verdict), new: (&Run, &Verdict)) -> Vec<RuleChange> {
    let (old, now) = (definitions(&base.0.rules), definitions(&new.0.rules));
    let base_of = pair(&old, &now);
    let (base_records, new_records) = (records(base.1), records(new.1));
    let mut is_kept = vec![false; old.len()];
    let mut changes: Vec<RuleChange> = Vec::with_capacity(now.len());
    for (at, rule) in now.iter().enumerate() {
        let before = base_of[at];
        let fields = before.map_or_else(Vec::new, |before| old[before].differences(rule));
        if let Some(before) = before {
            is_kept[before] = true;
        }
        changes.push(RuleChange {
            change: match (before, fields.as_slice()) {
                (None, _) => RuleChangeKind::Added,
                (_, []) => RuleChangeKind::Unchanged,
                (_, [RuleField::Name, ..]) => RuleChangeKind::Renamed,
                _ => RuleChangeKind::Changed,
            },
            base: before,
            new: Some(at),
            name: rule.info.name.clone(),
            fields,
            base_record: before.and_then(|before| base_records.get(&before).copied()),
            new_record: new_records.get(&at).copied(),
        });
    }
    for (at, rule) in old.iter().enumerate().filter(|(at, _)| !is_kept[*at]) {
        changes.push(RuleChange {
            change: RuleChangeKind::Removed,
            base: Some(at),
            new: None,
            name: rule.info.name.clone(),
            fields: Vec::new(),
            base_record: base_records.get(&at).copied(),
            new_record: None,
        });
    }
    changes
}

fn records(verdict: &Verdict) -> HashMap<usize, RuleRecord> {
    let record = |v: &crate::alert::backtest::RuleVerdict| RuleRecord {
        pages: v.pages,
        notifications: v.notifications,
        episodes: v.episodes,
        near_misses: v.near_misses,
        precision: v.precision,
    };
    verdict.rules.iter().map(|v| (v.rule, record(v))).collect()
}

/// A rule, and the text of its expression without what means nothing.
struct Definition<'r> {
    info: &'r RuleInfo,
    expr: String,
}

fn definitions(rules: &[RuleOutcome]) -> Vec<Definition<'_>> {
    rules
        .iter()
        .map(|rule| Definition {
            info: &rule.info,
            expr: normalised(&rule.info.expr),
        })
        .collect()
}

type Pairs<'r> = &'r [(String, String)];

/// What must be equal in a round.
#[derive(PartialEq, Eq, Hash)]
struct Key<'r> {
    is_alert: bool,
    name: Option<&'r str>,
    group: Option<&'r str>,
    expr: Option<&'r str>,
    labels: Option<Pairs<'r>>,
    rest: Option<(i64, i64, i64, Pairs<'r>)>,
}

/// Which parts are in the key of each round: name, group, expression, labels, the rest.
const ROUNDS: [[bool; 5]; 8] = [
    [true, true, true, true, true],
    [true, false, true, true, true],
    [true, true, false, true, false],
    [true, false, false, true, false],
    [true, false, true, false, false],
    [true, false, false, false, false],
    [false, false, true, true, false],
    [false, false, true, false, false],
];

impl Definition<'_> {
    fn key(&self, [name, group, expr, labels, rest]: [bool; 5]) -> Key<'_> {
        let info = self.info;
        Key {
            is_alert: info.is_alert,
            name: name.then_some(&info.name),
            group: group.then_some(&info.group),
            expr: expr.then_some(&self.expr),
            labels: labels.then_some(&info.labels),
            rest: rest.then_some((
                info.hold,
                info.keep_firing_for,
                info.interval,
                &info.annotations,
            )),
        }
    }

    fn differences(&self, other: &Self) -> Vec<RuleField> {
        let (a, b) = (self.info, other.info);
        [
            (RuleField::Name, a.name != b.name),
            (RuleField::Group, a.group != b.group),
            (RuleField::Expr, self.expr != other.expr),
            (RuleField::For, a.hold != b.hold),
            (
                RuleField::KeepFiringFor,
                a.keep_firing_for != b.keep_firing_for,
            ),
            (RuleField::Interval, a.interval != b.interval),
            (RuleField::Labels, a.labels != b.labels),
            (RuleField::Annotations, a.annotations != b.annotations),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }
}

/// For each new rule the one that it was.
fn pair(base: &[Definition<'_>], new: &[Definition<'_>]) -> Vec<Option<usize>> {
    let mut base_of = vec![None; new.len()];
    let mut is_taken = vec![false; base.len()];
    for round in ROUNDS {
        let mut waiting: HashMap<Key<'_>, VecDeque<usize>> = HashMap::new();
        for (at, rule) in base.iter().enumerate().filter(|(at, _)| !is_taken[*at]) {
            waiting.entry(rule.key(round)).or_default().push_back(at);
        }
        for (at, rule) in new.iter().enumerate() {
            if base_of[at].is_none()
                && let Some(queue) = waiting.get_mut(&rule.key(round))
                && let Some(before) = queue.pop_front()
            {
                base_of[at] = Some(before);
                is_taken[before] = true;
            }
        }
    }
    base_of
}

/// An expression without comments, with one blank for any white space outside of strings.
fn normalised(expr: &str) -> String {
    let mut text = String::with_capacity(expr.len());
    let mut quote = None;
    let mut is_gap = false;
    let mut chars = expr.chars();
    while let Some(c) = chars.next() {
        if let Some(open) = quote {
            text.push(c);
            if c == '\\' && open != '`' {
                text.extend(chars.next());
            } else if c == open {
                quote = None;
            }
            continue;
        }
        if c == '#' {
            chars.by_ref().find(|c| *c == '\n');
            is_gap = true;
        } else if c.is_whitespace() {
            is_gap = true;
        } else {
            if std::mem::take(&mut is_gap) && !text.is_empty() {
                text.push(' ');
            }
            text.push(c);
            quote = matches!(c, '"' | '\'' | '`').then_some(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_comments_mean_nothing_but_in_strings() {
        for (written, kept) in [
            ("  up\n  ==   0 # dead\n", "up == 0"),
            ("up{a=\"x  # y\"}  > 1", "up{a=\"x  # y\"} > 1"),
            ("up{a='it\\'s  '}  > 1", "up{a='it\\'s  '} > 1"),
            ("# said \"so\nup", "up"),
            ("up{a=`\\`}  > 1", "up{a=`\\`} > 1"),
            ("", ""),
        ] {
            assert_eq!(normalised(written), kept);
        }
    }
}
