//! Operators whose state is one value a step: sum, count, group, min, max.

use super::group::Groups;
use crate::promql::column::{ABSENT, is_absent};
use crate::promql::expr::Grouping;
use crate::promql::kahan;
use crate::promql::options::Version;
use crate::promql::vector::Series;

/// Adds up each group, compensated (not so in version 2).
pub(super) fn sum(grouping: &Grouping, input: Vec<Series>, version: Version) -> Vec<Series> {
    match version {
        Version::V2 => reduce(grouping, input, itself, add),
        Version::V3 => compensated_sum(grouping, input),
    }
}

/// The greatest of each group; NaN only where there is nothing else.
pub(super) fn max(grouping: &Grouping, input: Vec<Series>) -> Vec<Series> {
    reduce(grouping, input, itself, |max, value| {
        if max < value || max.is_nan() {
            value
        } else {
            max
        }
    })
}

/// The least of each group; NaN only where there is nothing else.
pub(super) fn min(grouping: &Grouping, input: Vec<Series>) -> Vec<Series> {
    reduce(grouping, input, itself, |min, value| {
        if min > value || min.is_nan() {
            value
        } else {
            min
        }
    })
}

/// 1 for each group.
pub(super) fn group(grouping: &Grouping, input: Vec<Series>) -> Vec<Series> {
    reduce(grouping, input, one, |_, one| one)
}

/// How many samples each group has.
pub(super) fn count(grouping: &Grouping, input: Vec<Series>) -> Vec<Series> {
    reduce(grouping, input, one, add)
}

fn itself(value: f64) -> f64 {
    value
}

fn one(value: f64) -> f64 {
    if is_absent(value) { ABSENT } else { 1.0 }
}

fn add(sum: f64, value: f64) -> f64 {
    if is_absent(sum) { value } else { sum + value }
}

/// Folds each group's columns into that of its first series, each sample seen through `map`.
/// `fold` gets the state, [`ABSENT`] before the first sample, and a sample.
fn reduce(
    grouping: &Grouping,
    input: Vec<Series>,
    map: impl Fn(f64) -> f64 + Copy,
    fold: impl Fn(f64, f64) -> f64 + Copy,
) -> Vec<Series> {
    let groups = Groups::new(grouping, &input);
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); groups.labels.len()];
    for (mut series, group) in input.into_iter().zip(&groups.of) {
        let state = &mut columns[*group];
        if state.is_empty() {
            for value in &mut series.values {
                *value = map(*value);
            }
            *state = series.values;
            continue;
        }
        for (state, value) in state.iter_mut().zip(&series.values) {
            let folded = fold(*state, map(*value));
            *state = if is_absent(*value) { *state } else { folded };
        }
    }
    groups.series(columns)
}

fn compensated_sum(grouping: &Grouping, input: Vec<Series>) -> Vec<Series> {
    let groups = Groups::new(grouping, &input);
    let mut sums: Vec<Vec<f64>> = vec![Vec::new(); groups.labels.len()];
    let mut lost: Vec<Vec<f64>> = vec![Vec::new(); groups.labels.len()];
    for (series, group) in input.into_iter().zip(&groups.of) {
        let (sums, lost) = (&mut sums[*group], &mut lost[*group]);
        if sums.is_empty() {
            *sums = series.values;
            continue;
        }
        lost.resize(sums.len(), 0.0);
        add_column(sums, lost, &series.values);
    }
    for (sums, lost) in sums.iter_mut().zip(lost) {
        for (sum, lost) in sums.iter_mut().zip(lost) {
            *sum = if is_absent(*sum) { *sum } else { *sum + lost };
        }
    }
    groups.series(sums)
}

/// Adds a column to compensated sums, [`ABSENT`] before the first sample.
pub(super) fn add_column(sums: &mut [f64], lost: &mut [f64], values: &[f64]) {
    for ((sum, lost), value) in sums.iter_mut().zip(lost).zip(values) {
        let first = is_absent(*sum);
        let skip = is_absent(*value);
        let (next, next_lost) = kahan::add(*value, *sum, *lost);
        let next = if first { *value } else { next };
        *sum = if skip { *sum } else { next };
        *lost = if skip | first { *lost } else { next_lost };
    }
}
