//! Mean, standard deviation and variance across series.

use super::fold::add_column;
use super::group::Groups;
use crate::promql::column::{ABSENT, is_absent};
use crate::promql::expr::Grouping;
use crate::promql::kahan;
use crate::promql::options::Version;
use crate::promql::vector::Series;

/// The mean of each group.
///
/// Version 3: the compensated sum by the count, or, from the sample at which
/// that sum would overflow, the compensated incremental mean. Version 2: the
/// plain incremental mean.
pub(super) fn avg(grouping: &Grouping, input: Vec<Series>, version: Version) -> Vec<Series> {
    let groups = Groups::new(grouping, &input);
    let columns: Vec<_> = groups
        .members()
        .iter()
        .map(|members| match version {
            Version::V2 => incremental_means(&input, members),
            Version::V3 => means(&input, members),
        })
        .collect();
    groups.series(columns)
}

/// The standard deviation of each group (of the population, Welford's algorithm).
pub(super) fn stddev(grouping: &Grouping, input: Vec<Series>, version: Version) -> Vec<Series> {
    let mut result = stdvar(grouping, input, version);
    for series in &mut result {
        for value in &mut series.values {
            *value = if is_absent(*value) {
                ABSENT
            } else {
                value.sqrt()
            };
        }
    }
    result
}

/// The variance of each group (of the population, Welford's algorithm).
pub(super) fn stdvar(grouping: &Grouping, input: Vec<Series>, version: Version) -> Vec<Series> {
    let groups = Groups::new(grouping, &input);
    let columns: Vec<_> = groups
        .members()
        .iter()
        .map(|members| variances(&input, members, version))
        .collect();
    groups.series(columns)
}

fn means(input: &[Series], members: &[usize]) -> Vec<f64> {
    let len = members
        .first()
        .map_or(0, |first| input[*first].values.len());
    let mut sums = vec![ABSENT; len];
    let mut lost = vec![0.0; len];
    let mut counts = vec![0.0; len];
    for member in members {
        let values = &input[*member].values;
        add_column(&mut sums, &mut lost, values);
        for (count, value) in counts.iter_mut().zip(values) {
            *count += if is_absent(*value) { 0.0 } else { 1.0 };
        }
    }
    for (step, (sum, (lost, count))) in sums.iter_mut().zip(lost.iter().zip(&counts)).enumerate() {
        if sum.is_finite() {
            *sum = *sum / count + lost / count;
        } else if !is_absent(*sum) {
            *sum = overflowing_mean(members.iter().map(|member| input[*member].values[step]));
        }
    }
    sums
}

/// The mean of values whose sum is not finite.
fn overflowing_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost, mut count) = (0.0, 0.0, 0.0);
    let mut mean = None;
    for value in values.filter(|value| !is_absent(*value)) {
        count += 1.0;
        if count == 1.0 {
            sum = value;
            continue;
        }
        let before = count - 1.0;
        let so_far = match mean {
            Some(mean) => mean,
            None => {
                let (next, next_lost) = kahan::add(value, sum, lost);
                if !next.is_infinite() {
                    (sum, lost) = (next, next_lost);
                    continue;
                }
                lost /= before;
                sum / before
            }
        };
        let share = before / count;
        let (next, next_lost) = kahan::add(value / count, share * so_far, share * lost);
        mean = Some(next);
        lost = next_lost;
    }
    match mean {
        Some(mean) => mean + lost,
        None => sum / count + lost / count,
    }
}

fn incremental_means(input: &[Series], members: &[usize]) -> Vec<f64> {
    let len = members
        .first()
        .map_or(0, |first| input[*first].values.len());
    let mut means = vec![ABSENT; len];
    let mut counts = vec![0.0; len];
    for member in members {
        let columns = means.iter_mut().zip(&mut counts);
        for ((mean, count), value) in columns.zip(&input[*member].values) {
            if is_absent(*value) {
                continue;
            }
            *count += 1.0;
            if is_absent(*mean) {
                *mean = *value;
            } else if !mean.is_infinite() || value.is_nan() || *value == -*mean {
                *mean += value / *count - *mean / *count;
            }
        }
    }
    means
}

fn variances(input: &[Series], members: &[usize], version: Version) -> Vec<f64> {
    let len = members
        .first()
        .map_or(0, |first| input[*first].values.len());
    let mut means = vec![0.0; len];
    let mut squares = vec![0.0; len];
    let mut counts = vec![0.0; len];
    for member in members {
        let columns = means.iter_mut().zip(&mut squares).zip(&mut counts);
        for (((mean, squares), count), value) in columns.zip(&input[*member].values) {
            let skip = is_absent(*value);
            let next_count = *count + 1.0;
            let delta = value - *mean;
            let next_mean = *mean + delta / next_count;
            let next_squares = *squares + delta * (value - next_mean);
            *count = if skip { *count } else { next_count };
            *mean = if skip { *mean } else { next_mean };
            *squares = if skip { *squares } else { next_squares };
        }
    }
    for (squares, count) in squares.iter_mut().zip(&counts) {
        *squares = if *count == 0.0 {
            ABSENT
        } else if *count == 1.0 && version == Version::V2 {
            // 2.42 does not look at the only value, be it infinite or not a number.
            0.0
        } else {
            *squares / count
        };
    }
    squares
}
