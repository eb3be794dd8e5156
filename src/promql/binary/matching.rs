//! Arithmetic and comparison of two vectors: one to one, many to one, one to many.
//!
//! Prometheus matches anew at each step, so that what is wrong at one step may
//! be fine at all others. Here series are paired once, and the steps are looked
//! at one by one only where several series share a key: for the first step at
//! which Prometheus would give up, and for which of its reasons.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::Labels;
use crate::promql::binary::Operation;
use crate::promql::binary::arithmetic::{self, Compare, Order};
use crate::promql::binary::labels::{in_braces, match_group, match_keys, result_labels};
use crate::promql::column::{ABSENT, Steps, is_absent};
use crate::promql::error::{Error, ErrorKind};
use crate::promql::expr::Cardinality;
use crate::promql::merge::merge_equal;
use crate::promql::options::{Options, Version};
use crate::promql::vector::Series;

/// A series of the "many" side and one of the "one" side with the same key.
struct Pair {
    many: usize,
    one: usize,
    key: usize,
    labels: Arc<Labels>,
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

    let pairs: Vec<Pair> = many_keys
        .iter()
        .enumerate()
        .flat_map(|(i, key)| partners[*key].iter().map(move |j| (i, *j, *key)))
        .map(|(i, j, key)| Pair {
            many: i,
            one: j,
            key,
            labels: result_labels(operation, &many[i].labels, &one[j].labels, options),
        })
        .collect();
    let rivals = rivals(operation, &pairs, keys.count);
    // Version 2 looks only at results that a comparison has kept.
    let by_results = options.version == Version::V2 && operation.filters();
    let mut repeated = None;
    if !by_results {
        repeated = first_clash(&rivals, steps.len, |pair, step| {
            let pair = &pairs[pair];
            !is_absent(many[pair.many].values[step]) && !is_absent(one[pair.one].values[step])
        });
    }

    let compare = if operation.return_bool {
        Compare::Bool
    } else {
        Compare::KeepFirst
    };
    let mut results = Vec::with_capacity(pairs.len());
    for (i, pair) in pairs.iter().enumerate() {
        let used_again = pairs.get(i + 1).is_some_and(|next| next.many == pair.many);
        let mut values = if used_again {
            many[pair.many].values.clone()
        } else {
            std::mem::take(&mut many[pair.many].values)
        };
        let other = &one[pair.one].values;
        arithmetic::combine(operation.op, compare, order, &mut values, other);
        results.push(Series {
            labels: pair.labels.clone(),
            drop_name: operation.return_bool && options.delayed_name_removal,
            values,
        });
    }
    if by_results {
        repeated = first_clash(&rivals, steps.len, |pair, step| {
            !is_absent(results[pair].values[step])
        });
    }

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
    if options.delayed_name_removal && steps.len <= 1 {
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

/// Collects the pairs that must not both have a sample at one step: those of one
/// key, and with `group_left` or `group_right` only if their labels are equal too.
fn rivals(operation: &Operation<'_>, pairs: &[Pair], keys: usize) -> Vec<Vec<usize>> {
    let mut counts = vec![0_u32; keys];
    for pair in pairs {
        counts[pair.key] += 1;
    }
    let one_to_one = operation.matching.cardinality == Cardinality::OneToOne;
    let mut places: HashMap<(usize, Option<&Labels>), usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        if counts[pair.key] < 2 {
            continue;
        }
        let labels = (!one_to_one).then_some(pair.labels.as_ref());
        let place = *places.entry((pair.key, labels)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(i);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Finds the first step at which two of a group have a sample.
fn first_clash(
    groups: &[Vec<usize>],
    steps: usize,
    has_sample: impl Fn(usize, usize) -> bool,
) -> Option<usize> {
    let mut first = steps;
    for group in groups {
        let mut seen = vec![false; first];
        for pair in group {
            // Later steps no longer matter once an earlier one has been found.
            for (step, seen) in seen.iter_mut().enumerate().take(first) {
                if !has_sample(*pair, step) {
                    continue;
                }
                if *seen {
                    first = step;
                    break;
                }
                *seen = true;
            }
        }
    }
    (first < steps).then_some(first)
}
