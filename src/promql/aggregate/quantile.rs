//! The φ-quantile across series.

use std::cmp::Ordering;

use super::Aggregation;
use super::group::Groups;
use crate::promql::column::{ABSENT, Steps, is_absent};
use crate::promql::error::{Annotations, Span};
use crate::promql::vector::Series;

/// How many steps are transposed at once.
const BLOCK: usize = 64;

/// The extremes of φ over all steps of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extremes {
    any_nan: bool,
    max: f64,
    min: f64,
}

impl Default for Extremes {
    fn default() -> Self {
        Self {
            any_nan: false,
            max: f64::NEG_INFINITY,
            min: f64::INFINITY,
        }
    }
}

impl Extremes {
    /// Takes in the φ of more steps.
    pub(crate) fn widen(&mut self, phis: &[f64]) {
        self.any_nan |= phis.iter().any(|phi| phi.is_nan());
        self.max = extreme(self.max, phis, f64::INFINITY, f64::max);
        self.min = extreme(self.min, phis, f64::NEG_INFINITY, f64::min);
    }

    /// Warns of φ outside 0..=1: of NaN, of the greatest, of the least.
    pub(crate) fn warn(&self, span: Span, annotations: &mut Annotations) {
        if self.any_nan {
            annotations.invalid_quantile(span, f64::NAN);
        }
        if self.max > 1.0 {
            annotations.invalid_quantile(span, self.max);
        }
        if self.min < 0.0 {
            annotations.invalid_quantile(span, self.min);
        }
    }
}

/// The greatest or the least number as Go's `math.Max` and `math.Min` find it: NaN hides all but `limit`.
fn extreme(first: f64, values: &[f64], limit: f64, pick: fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().fold(first, |a, b| {
        if a == limit || b == limit {
            limit
        } else if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            pick(a, b)
        }
    })
}

/// The φ-quantile of each group, interpolated; NaN counts as the least value.
pub(super) fn quantile(
    aggregation: &Aggregation<'_>,
    input: Vec<Series>,
    steps: Steps,
) -> Vec<Series> {
    let phis = aggregation.scalars();
    let groups = Groups::new(aggregation.grouping, &input);
    let mut gathered: Vec<Vec<f64>> = vec![Vec::new(); BLOCK];
    let columns: Vec<_> = groups
        .members()
        .iter()
        .map(|members| {
            let mut column = vec![ABSENT; steps.len];
            for (block, column) in column.chunks_mut(BLOCK).enumerate() {
                let start = block * BLOCK;
                for values in &mut gathered {
                    values.clear();
                }
                for member in members {
                    let values = &input[*member].values[start..start + column.len()];
                    for (values, value) in gathered.iter_mut().zip(values) {
                        if !is_absent(*value) {
                            values.push(*value);
                        }
                    }
                }
                for ((result, values), phi) in
                    column.iter_mut().zip(&mut gathered).zip(&phis[start..])
                {
                    if !values.is_empty() {
                        *result = quantile_of(*phi, values);
                    }
                }
            }
            column
        })
        .collect();
    groups.series(columns)
}

/// The φ-quantile of some values, which it reorders.
fn quantile_of(phi: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    let rank = phi * (values.len() - 1) as f64;
    let (_, lower, above) = values.select_nth_unstable_by(rank as usize, nan_first);
    let lower = *lower;
    let upper = above.iter().copied().min_by(nan_first).unwrap_or(lower);
    let weight = rank - rank.floor();
    lower * (1.0 - weight) + upper * weight
}

fn nan_first(a: &f64, b: &f64) -> Ordering {
    a.partial_cmp(b)
        .unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}
