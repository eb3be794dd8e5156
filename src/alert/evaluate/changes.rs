//! Which rules give the same in two versions of them.
//!
//! A rule does where it stands in both as it is (so does its group, and the
//! order of such rules is the same), and where all that it reads is written by
//! rules that do. Rules of the same output belong together: of two samples of a
//! series at one instant the first stays.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::beside::{Output, output, records_alerts};
use super::overlay::names;
use super::{Body, Engine};
use crate::alert::rule_file::{Rule, RuleKind};

/// What two versions of rules have in common; rules by their places in each engine.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// Rules that give the same in both and need not be evaluated for the base: the base's and
    /// the new one.
    pub(super) pairs: Vec<(usize, usize)>,
    /// What they write.
    pub(super) outputs: HashSet<Output>,
}

/// Compares two versions.
pub(super) fn common(base: &Engine<'_>, new: &Engine<'_>) -> Common {
    let all = || base.rules.iter().chain(&new.rules);
    if all().any(|run| records_alerts(run.rule)) {
        return Common::default();
    }
    let pairs = unchanged(base, new);
    // A rule that records alone stands for what both do only if both keep the same of it.
    let own = own(base, new, &pairs);
    let pairs: Vec<(usize, usize)> = pairs
        .into_iter()
        .filter(|(rule, _)| !own.contains(rule))
        .collect();
    let outputs = pairs.iter().map(|(rule, _)| output(base.rules[*rule].rule));
    Common {
        outputs: outputs.collect(),
        pairs,
    }
}

/// The rules that give the same in both.
fn unchanged(base: &Engine<'_>, new: &Engine<'_>) -> Vec<(usize, usize)> {
    let mut pairs = alike(base, new);
    // Metrics of history that only one version hides.
    let hidden: Vec<&String> = base.outputs.symmetric_difference(&new.outputs).collect();
    pairs.retain(|(rule, _)| {
        let selectors = base.rules[*rule].rule.query.selectors();
        !selectors
            .iter()
            .any(|one| hidden.iter().any(|name| names(&one.matchers, name)))
    });
    loop {
        let (mut in_base, mut in_new) = (vec![true; base.rules.len()], vec![true; new.rules.len()]);
        for (old, one) in &pairs {
            (in_base[*old], in_new[*one]) = (false, false);
        }
        let changed = |engine: &Engine<'_>, is: &[bool]| -> Vec<Output> {
            let all = engine.rules.iter().zip(is).filter(|(_, is)| **is);
            all.map(|(run, _)| output(run.rule)).collect()
        };
        let mut outputs: HashSet<Output> = changed(base, &in_base).into_iter().collect();
        outputs.extend(changed(new, &in_new));
        let before = pairs.len();
        pairs.retain(|(old, one)| {
            let run = &base.rules[*old];
            // Annotations that ask queries may see any series.
            let asks = base.settings.annotations
                && matches!(&run.body, Body::Alerting(alerting) if alerting.annotations.ask());
            !(outputs.contains(&output(run.rule))
                || (asks && !outputs.is_empty())
                || base.reads[*old].iter().any(|writer| in_base[*writer])
                || new.reads[*one].iter().any(|writer| in_new[*writer]))
        });
        if pairs.len() == before {
            return pairs;
        }
    }
}

/// The rules of the base that it must evaluate for itself.
fn own(base: &Engine<'_>, new: &Engine<'_>, pairs: &[(usize, usize)]) -> BTreeSet<usize> {
    let mut same_output: HashMap<Output, Vec<usize>> = HashMap::new();
    for (place, run) in base.rules.iter().enumerate() {
        let writers = same_output.entry(output(run.rule)).or_default();
        writers.push(place);
    }
    let place = |id: &super::RuleId| base.firsts[id.group] + id.rule;
    let circles = base
        .parts
        .iter()
        .map(|part| part.rules.iter().map(place).collect());
    // Rules that are evaluated together: on a circle, or because they write the same.
    let together: Vec<Vec<usize>> = circles.chain(same_output.values().cloned()).collect();
    let common: BTreeSet<usize> = pairs.iter().map(|(rule, _)| *rule).collect();
    let mut own: BTreeSet<usize> = (0..base.rules.len())
        .filter(|rule| !common.contains(rule))
        .collect();
    // Where several rules write the same, refused samples are counted for what is kept.
    own.extend(pairs.iter().filter_map(|(rule, other)| {
        let is_shared = same_output[&output(base.rules[*rule].rule)].len() > 1;
        let differs = base.rules[*rule].is_stored != new.rules[*other].is_stored;
        (is_shared && differs).then_some(*rule)
    }));
    loop {
        let before = own.len();
        for rules in &together {
            if rules.iter().any(|rule| own.contains(rule)) {
                own.extend(rules);
            }
        }
        if own.len() == before {
            return own;
        }
    }
}

/// The rules that stand in both versions as they are, in groups that do.
fn alike(base: &Engine<'_>, new: &Engine<'_>) -> Vec<(usize, usize)> {
    let groups = |engine: &Engine<'_>| -> Vec<(usize, usize)> {
        let ends = engine.firsts.iter().skip(1).copied();
        let ends = ends.chain([engine.rules.len()]);
        engine.firsts.iter().copied().zip(ends).collect()
    };
    // A group is what its rules know of it, beside its name.
    let group_key = |engine: &Engine<'_>, (first, end): (usize, usize), i: usize| {
        let run = engine.rules[first..end].first()?;
        let times = [run.clock, run.phase, run.interval, run.query_offset];
        Some((engine.names[i].clone(), times, run.limit))
    };
    let (of_base, of_new) = (groups(base), groups(new));
    let keys = |engine: &Engine<'_>, groups: &[(usize, usize)]| -> Vec<_> {
        let all = groups.iter().enumerate();
        all.map(|(i, group)| group_key(engine, *group, i)).collect()
    };
    let (base_keys, new_keys) = (keys(base, &of_base), keys(new, &of_new));
    let mut pairs = Vec::new();
    for (old, one) in in_both(&base_keys, &new_keys, |a, b| a.is_some() && a == b) {
        let (old, one) = (of_base[old], of_new[one]);
        let rules = in_both(
            &base.rules[old.0..old.1],
            &new.rules[one.0..one.1],
            |a, b| is_same(a.rule, b.rule),
        );
        pairs.extend(rules.into_iter().map(|(a, b)| (old.0 + a, one.0 + b)));
    }
    pairs
}

fn is_same(a: &Rule, b: &Rule) -> bool {
    let kind = match (&a.kind, &b.kind) {
        (RuleKind::Recording, RuleKind::Recording) => true,
        (
            RuleKind::Alerting {
                hold,
                keep_firing_for,
                annotations,
            },
            RuleKind::Alerting {
                hold: other_hold,
                keep_firing_for: other_keep,
                annotations: others,
            },
        ) => hold == other_hold && keep_firing_for == other_keep && annotations == others,
        _ => false,
    };
    kind && a.name == b.name && a.query.text == b.query.text && a.labels == b.labels
}

/// How many comparisons a longest common subsequence may take.
const MOST_COMPARISONS: usize = 1 << 24;

/// A longest common subsequence: places in both, in their order.
fn in_both<T>(a: &[T], b: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<(usize, usize)> {
    let start = a.iter().zip(b).take_while(|(a, b)| same(a, b)).count();
    let (rest_a, rest_b) = (&a[start..], &b[start..]);
    let backwards = rest_a.iter().rev().zip(rest_b.iter().rev());
    let end = backwards.take_while(|(a, b)| same(a, b)).count();
    let (mid_a, mid_b) = (&rest_a[..rest_a.len() - end], &rest_b[..rest_b.len() - end]);
    let mut found: Vec<(usize, usize)> = (0..start).map(|i| (i, i)).collect();
    let width = mid_b.len() + 1;
    if (mid_a.len() + 1).saturating_mul(width) <= MOST_COMPARISONS {
        // The lengths of what is common to the ends from each pair of places.
        let mut lengths = vec![0_u32; (mid_a.len() + 1) * width];
        for i in (0..mid_a.len()).rev() {
            for j in (0..mid_b.len()).rev() {
                lengths[i * width + j] = match same(&mid_a[i], &mid_b[j]) {
                    true => lengths[(i + 1) * width + j + 1] + 1,
                    false => lengths[(i + 1) * width + j].max(lengths[i * width + j + 1]),
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < mid_a.len() && j < mid_b.len() {
            if same(&mid_a[i], &mid_b[j]) {
                found.push((start + i, start + j));
                (i, j) = (i + 1, j + 1);
            } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }
    found.extend((0..end).rev().map(|i| (a.len() - 1 - i, b.len() - 1 - i)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_both_have_in_their_order() {
        let common = |a: &str, b: &str| {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            let places = in_both(a, b, |a, b| a == b);
            assert!(places.iter().all(|(i, j)| a[*i] == b[*j]));
            assert!(places.is_sorted_by(|x, y| x.0 < y.0 && x.1 < y.1));
            places
                .iter()
                .map(|(i, _)| a[*i] as char)
                .collect::<String>()
        };
        assert_eq!(common("", ""), "");
        assert_eq!(common("abc", ""), "");
        assert_eq!(common("abc", "abc"), "abc");
        assert_eq!(common("abc", "xaybzc"), "abc");
        assert_eq!(common("abcd", "acbd").len(), 3);
        assert_eq!(common("aaa", "aa"), "aa");
        assert_eq!(common("xabcy", "zabcw"), "abc");
        assert_eq!(common("abcbdab", "bdcaba").len(), 4);
    }
}
