//! Arithmetic and comparison of two vectors: one to one, many to one, one to many.
//!
//! Prometheus matches anew at each step, so that what is wrong at one step may
//! be fine at all others. Here series are paired once, and the steps are looked
//! at only where several series share a key: for pairs that never meet, which
//! are none, for the first step at which Prometheus would give up, and for
//! which of its reasons. Pairs with equal labels take turns in one column.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::model::Labels;
use crate::promql::binary::Operation;
use crate::promql::binary::arithmetic::{self, Compare, Order};
use crate::promql::binary::labels::{in_braces, match_group, match_keys, result_labels};
use crate::promql::column::{ABSENT, Steps, is_absent};
use crate::promql::error::{Error, ErrorKind};
use crate::promql::eval::check_size;
use crate::promql::expr::Cardinality;
use crate::promql::merge::merge_equal;
use crate::promql::options::{Options, Version};
use crate::promql::vector::Series;

/// A series of the "many" side and one of the "one" side with the same key.
struct Pair {
    many: usize,
    one: usize,
    key: usize,
    /// The result that takes what they give.
    result: usize,
}

/// A step at which Prometheus gives up, and its words.
struct Failure {
    step: usize,
    message: String,
}

/// Combines the series of two vectors that match, in the order of the "many" side.
pub(super) fn combine(
    operation: &Operation<'_>,
    lhs: Vec<Series>,
    rhs: Vec<Series>,
    steps: Steps,
    options: &Options,
) -> Result<Vec<Series>, Error> {
    let keys = match_keys(operation.matching, &lhs, &rhs);
    let swapped = operation.matching.cardinality == Cardinality::OneToMany;
    let (mut many, many_keys, one, one_keys, order) = if swapped {
        (rhs, keys.rhs, lhs, keys.lhs, Order::OwnSecond)
    } else {
        (lhs, keys.lhs, rhs, keys.rhs, Order::OwnFirst)
    };
    let mut partners: Vec<Vec<usize>> = vec![Vec::new(); keys.count];
    for (i, key) in one_keys.iter().enumerate() {
        partners[*key].push(i);
    }
    let ambiguous = duplicate_partner(operation, &partners, &many, &one, options.version);

    let mut presence = Presence::new(steps.len, many.len(), one.len());
    let (pairs, mut results) = {
        let mut pairing = Pairing::default();
        for (i, key) in many_keys.iter().enumerate() {
            for j in &partners[*key] {
                // Of series that take turns most never meet.
                if partners[*key].len() > 1 && !presence.overlap(&many, i, &one, *j) {
                    continue;
                }
                pairing.add(
                    operation,
                    (i, &many[i].labels),
                    (*j, &one[*j].labels),
                    *key,
                    options,
                );
                check_size(pairing.results.len(), steps, operation.span)?;
            }
        }
        (pairing.pairs, pairing.results)
    };
    let groups = rivals(operation, &pairs, keys.count, results.len());
    // Version 2 looks only at results that a comparison has kept.
    let by_results = options.version == Version::V2 && operation.filters();
    let mut clashes = Clashes::new(steps.len, groups.count);
    if !by_results {
        for (pair, group) in pairs.iter().zip(&groups.of) {
            if let Some(group) = group {
                clashes.add(*group, presence.both(&many, pair.many, &one, pair.one));
            }
        }
    }

    let compare = if operation.return_bool {
        Compare::Bool
    } else {
        Compare::KeepFirst
    };
    let mut scratch = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        let used_again = pairs.get(i + 1).is_some_and(|next| next.many == pair.many);
        let other = &one[pair.one].values;
        let target = &mut results[pair.result].values;
        let group = groups.of[i].filter(|_| by_results);
        if target.is_empty() && !used_again {
            let mut values = std::mem::take(&mut many[pair.many].values);
            arithmetic::combine(operation.op, compare, order, &mut values, other);
            if let Some(group) = group {
                clashes.add(group, words(&values));
            }
            *target = values;
            continue;
        }
        // Only the steps at which the "one" side may have a sample.
        let part = presence.part(&one, pair.one);
        scratch.clear();
        scratch.extend_from_slice(&many[pair.many].values[part.clone()]);
        arithmetic::combine(
            operation.op,
            compare,
            order,
            &mut scratch,
            &other[part.clone()],
        );
        if target.is_empty() {
            target.resize(steps.len, ABSENT);
        }
        if let Some(group) = group {
            let mut values = vec![ABSENT; steps.len];
            values[part.clone()].copy_from_slice(&scratch);
            clashes.add(group, words(&values));
        }
        for (to, from) in target[part].iter_mut().zip(&scratch) {
            *to = if is_absent(*from) { *to } else { *from };
        }
    }
    let repeated = clashes.first();

    let repeated = repeated.map(|step| Failure {
        step,
        message: match operation.matching.cardinality {
            Cardinality::OneToOne => {
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            }
            _ => "multiple matches for labels: grouping labels must ensure unique matches",
        }
        .to_owned(),
    });
    // Within one step the "one" side is looked at first; `min_by_key` takes the first of equals.
    let failure = ambiguous
        .into_iter()
        .chain(repeated)
        .min_by_key(|failure| failure.step);
    let Some(failure) = failure else {
        return merge(results, steps, operation, options);
    };
    // Results with the same labels at an earlier step come first.
    for series in &mut results {
        series.values[failure.step..].fill(ABSENT);
    }
    merge(results, steps, operation, options)?;
    let step = steps.at(failure.step);
    Err(ErrorKind::Execution(failure.message).at_step(operation.span, step))
}

/// Merges results with equal labels; an instant query with delayed name removal leaves them apart.
pub(super) fn merge(
    series: Vec<Series>,
    steps: Steps,
    operation: &Operation<'_>,
    options: &Options,
) -> Result<Vec<Series>, Error> {
    if options.delayed_name_removal && steps.step == 0 {
        return Ok(series);
    }
    merge_equal(series, steps, operation.span)
}

/// Finds the first step at which two series of the "one" side have the same key,
/// while the other side has any sample at all.
fn duplicate_partner(
    operation: &Operation<'_>,
    partners: &[Vec<usize>],
    many: &[Series],
    one: &[Series],
    version: Version,
) -> Option<Failure> {
    let mut occupied: Option<Vec<bool>> = None;
    // The step, the second series and the first.
    let mut earliest: Option<(usize, usize, usize)> = None;
    for group in partners.iter().filter(|group| group.len() > 1) {
        let occupied = occupied.get_or_insert_with(|| any_sample(many, one));
        let mut holder: Vec<Option<usize>> = vec![None; occupied.len()];
        for series in group {
            for (step, value) in one[*series].values.iter().enumerate() {
                if is_absent(*value) || !occupied[step] {
                    continue;
                }
                match holder[step] {
                    None => holder[step] = Some(*series),
                    Some(first) => {
                        let found = (step, *series, first);
                        earliest = Some(earliest.map_or(found, |e| e.min(found)));
                        break;
                    }
                }
            }
        }
    }
    let (step, second, first) = earliest?;
    let (mut a, mut b) = (&one[second].labels, &one[first].labels);
    if version == Version::V3 && a > b {
        (a, b) = (b, a);
    }
    let side = match operation.matching.cardinality {
        Cardinality::OneToMany => "left",
        _ => "right",
    };
    Some(Failure {
        step,
        message: format!(
            "found duplicate series for the match group {} on the {side} hand-side of the operation: \
             [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
            match_group(a, operation.matching),
            in_braces(a),
            in_braces(b),
        ),
    })
}

/// Tells for each step whether any series of `series` has a sample; `others` gives the number of steps.
fn any_sample(series: &[Series], others: &[Series]) -> Vec<bool> {
    let len = others.first().map_or(0, |series| series.values.len());
    let mut occupied = vec![false; len];
    for series in series {
        for (any, value) in occupied.iter_mut().zip(&series.values) {
            *any |= !is_absent(*value);
        }
    }
    occupied
}

/// Pairs and the results that they share.
#[derive(Default)]
struct Pairing {
    pairs: Vec<Pair>,
    results: Vec<Series>,
    places: HashMap<(usize, Arc<Labels>), usize>,
}

impl Pairing {
    /// Adds a pair; pairs of one key whose labels are equal have one result, whose column is still empty.
    fn add(
        &mut self,
        operation: &Operation<'_>,
        (many, many_labels): (usize, &Arc<Labels>),
        (one, one_labels): (usize, &Arc<Labels>),
        key: usize,
        options: &Options,
    ) {
        let same = self.pairs.last().filter(|last| last.many == many);
        let result = match same {
            // What is kept of the labels comes from the "many" side alone.
            Some(last) if operation.matching.include.is_empty() => last.result,
            _ => {
                let labels = result_labels(operation, many_labels, one_labels, options);
                let next = self.results.len();
                let place = *self.places.entry((key, labels.clone())).or_insert(next);
                if place == next {
                    self.results.push(Series {
                        labels,
                        drop_name: operation.return_bool && options.delayed_name_removal,
                        values: Vec::new(),
                    });
                }
                place
            }
        };
        self.pairs.push(Pair {
            many,
            one,
            key,
            result,
        });
    }
}

/// For each pair, the group of those that must not have a sample at one step.
struct Rivals {
    /// A pair without rivals has no group.
    of: Vec<Option<usize>>,
    count: usize,
}

/// Collects rivals: the pairs of one key, and with `group_left` or `group_right`
/// only if their labels are equal too.
fn rivals(operation: &Operation<'_>, pairs: &[Pair], keys: usize, results: usize) -> Rivals {
    let one_to_one = operation.matching.cardinality == Cardinality::OneToOne;
    let (group, groups): (fn(&Pair) -> usize, usize) = if one_to_one {
        (|pair| pair.key, keys)
    } else {
        (|pair| pair.result, results)
    };
    let mut counts = vec![0_usize; groups];
    for pair in pairs {
        counts[group(pair)] += 1;
    }
    let mut count = 0;
    let numbers: Vec<Option<usize>> = counts
        .iter()
        .map(|pairs| {
            (*pairs > 1).then(|| {
                count += 1;
                count - 1
            })
        })
        .collect();
    Rivals {
        of: pairs.iter().map(|pair| numbers[group(pair)]).collect(),
        count,
    }
}

/// The steps at which a column has a sample, a bit each.
fn words(values: &[f64]) -> Box<[u64]> {
    values
        .chunks(64)
        .map(|chunk| {
            chunk
                .iter()
                .rev()
                .fold(0, |word, value| (word << 1) | u64::from(!is_absent(*value)))
        })
        .collect()
}

/// The presence of both sides' series, found when it is asked for.
struct Presence {
    steps: usize,
    many: Vec<Option<Box<[u64]>>>,
    one: Vec<Option<Box<[u64]>>>,
}

impl Presence {
    fn new(steps: usize, many: usize, one: usize) -> Self {
        Self {
            steps,
            many: vec![None; many],
            one: vec![None; one],
        }
    }

    fn pair(&mut self, many: &[Series], i: usize, one: &[Series], j: usize) -> (&[u64], &[u64]) {
        (
            self.many[i].get_or_insert_with(|| words(&many[i].values)),
            self.one[j].get_or_insert_with(|| words(&one[j].values)),
        )
    }

    /// Whether two series have a sample at the same step.
    fn overlap(&mut self, many: &[Series], i: usize, one: &[Series], j: usize) -> bool {
        let (a, b) = self.pair(many, i, one, j);
        a.iter().zip(b).any(|(a, b)| a & b != 0)
    }

    /// The steps at which both have one.
    fn both(&mut self, many: &[Series], i: usize, one: &[Series], j: usize) -> Box<[u64]> {
        let (a, b) = self.pair(many, i, one, j);
        a.iter().zip(b).map(|(a, b)| a & b).collect()
    }

    /// All steps from the first to the last at which a series of the "one" side has a sample,
    /// or a few more.
    fn part(&mut self, one: &[Series], j: usize) -> Range<usize> {
        let words = self.one[j].get_or_insert_with(|| words(&one[j].values));
        let first = words.iter().position(|word| *word != 0).unwrap_or(0);
        let last = words
            .iter()
            .rposition(|word| *word != 0)
            .map_or(0, |at| at + 1);
        (first * 64).min(self.steps)..(last * 64).min(self.steps)
    }
}

/// The first step at which two of a group have a sample.
struct Clashes {
    steps: usize,
    first: usize,
    seen: Vec<Option<Box<[u64]>>>,
}

impl Clashes {
    fn new(steps: usize, groups: usize) -> Self {
        Self {
            steps,
            first: steps,
            seen: vec![None; groups],
        }
    }

    fn add(&mut self, group: usize, present: Box<[u64]>) {
        let Some(seen) = &mut self.seen[group] else {
            self.seen[group] = Some(present);
            return;
        };
        for (i, (seen, new)) in seen.iter_mut().zip(&present).enumerate() {
            let both = *seen & new;
            *seen |= new;
            if both != 0 {
                // Later steps no longer matter.
                self.first = self.first.min(i * 64 + both.trailing_zeros() as usize);
                break;
            }
        }
    }

    fn first(&self) -> Option<usize> {
        (self.first < self.steps).then_some(self.first)
    }
}
