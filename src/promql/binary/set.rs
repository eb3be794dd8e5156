//! `and`, `or` and `unless`.

use std::borrow::Cow;

use crate::promql::binary::Operation;
use crate::promql::binary::labels::{Keys, match_keys};
use crate::promql::column::{ABSENT, Steps, is_absent};
use crate::promql::error::Error;
use crate::promql::expr::BinaryOp;
use crate::promql::options::Options;
use crate::promql::vector::Series;

/// Combines two vectors by the presence of match keys at each step.
///
/// The order is that of the left side, then, for `or`, that of the right.
pub(super) fn combine(
    operation: &Operation<'_>,
    mut lhs: Vec<Series>,
    mut rhs: Vec<Series>,
    steps: Steps,
    options: &Options,
) -> Result<Vec<Series>, Error> {
    let Keys {
        lhs: lhs_keys,
        rhs: rhs_keys,
        count,
    } = match_keys(operation.matching, &lhs, &rhs);
    match operation.op {
        BinaryOp::And => {
            let present = presence(&rhs, &rhs_keys, count);
            restrict(&mut lhs, &lhs_keys, &present, true);
            Ok(lhs)
        }
        BinaryOp::Unless => {
            let present = presence(&rhs, &rhs_keys, count);
            restrict(&mut lhs, &lhs_keys, &present, false);
            Ok(lhs)
        }
        _ => {
            let present = presence(&lhs, &lhs_keys, count);
            restrict(&mut rhs, &rhs_keys, &present, false);
            lhs.append(&mut rhs);
            super::matching::merge(lhs, steps, operation, options)
        }
    }
}

/// For each key, a column that has a sample wherever any series of that key has one.
fn presence<'a>(series: &'a [Series], keys: &[usize], count: usize) -> Vec<Option<Cow<'a, [f64]>>> {
    let mut columns: Vec<Option<Cow<'a, [f64]>>> = vec![None; count];
    for (series, key) in series.iter().zip(keys) {
        match &mut columns[*key] {
            empty @ None => *empty = Some(Cow::Borrowed(&series.values)),
            Some(column) => {
                for (any, value) in column.to_mut().iter_mut().zip(&series.values) {
                    *any = if is_absent(*any) { *value } else { *any };
                }
            }
        }
    }
    columns
}

/// Keeps the samples whose key is present (or is not) at their step.
fn restrict(
    series: &mut Vec<Series>,
    keys: &[usize],
    present: &[Option<Cow<'_, [f64]>>],
    wanted: bool,
) {
    let mut keys = keys.iter();
    series.retain_mut(|series| {
        let column = keys.next().and_then(|key| present[*key].as_deref());
        let Some(column) = column else {
            return !wanted;
        };
        for (value, present) in series.values.iter_mut().zip(column) {
            *value = if is_absent(*present) == wanted {
                ABSENT
            } else {
                *value
            };
        }
        true
    });
}
