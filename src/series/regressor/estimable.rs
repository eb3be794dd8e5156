//! Leaves out the columns that no model could estimate.

use super::{Column, Columns};
use crate::model::Warning;
use crate::stats::least_squares::Qr;

/// What its range must be of a column's largest value for it to vary.
const VARIES: f64 = 1e-9;

impl Columns {
    /// Adds the columns and warnings of others.
    pub fn append(&mut self, other: Self) {
        self.columns.extend(other.columns);
        self.warnings.extend(other.warnings);
    }
}

/// Leaves out, with a warning each, columns that do not vary where the history has values (as of
/// an event that never happened before), and those that the columns before them already tell.
///
/// `values` is the history; NaN where a value is missing. Columns of another length, or with a
/// number that is not finite, are left out as well.
pub fn estimable(columns: Columns, values: &[f64]) -> Columns {
    let Columns {
        columns,
        mut warnings,
    } = columns;
    let rows: Vec<usize> = (0..values.len())
        .filter(|t| values[*t].is_finite())
        .collect();
    let mut varying = Vec::with_capacity(columns.len());
    let mut picked: Vec<Vec<f64>> = vec![vec![1.0; rows.len()]];
    for column in columns {
        let finite = |values: &[f64]| values.iter().all(|x| x.is_finite());
        if column.past.len() != values.len() || !finite(&column.past) || !finite(&column.future) {
            warnings.push(left_out(&column, "it lacks a number where one is needed"));
            continue;
        }
        let own: Vec<f64> = rows.iter().map(|t| column.past[*t]).collect();
        if varies(&own) {
            picked.push(own);
            varying.push(column);
        } else {
            let zero = own.iter().all(|x| *x == 0.0);
            let why = if zero && column.future.iter().any(|x| *x != 0.0) {
                "nothing of it happened in the history, so what it does in the horizon cannot be estimated"
            } else if zero {
                "nothing of it happened in the history"
            } else {
                "it does not vary in the history, so its effect cannot be estimated"
            };
            warnings.push(left_out(&column, why));
        }
    }
    // All were checked to be finite and of one length.
    let Ok(qr) = Qr::new(rows.len(), &picked) else {
        return Columns {
            columns: varying,
            warnings,
        };
    };
    let norms = qr.inverse_norms();
    let mut columns = Vec::with_capacity(varying.len());
    for (column, norm) in varying.into_iter().zip(&norms[1..]) {
        if norm.is_nan() {
            warnings.push(left_out(
                &column,
                "the columns before it already tell all of it",
            ));
        } else {
            columns.push(column);
        }
    }
    Columns { columns, warnings }
}

fn left_out(column: &Column, why: &str) -> Warning {
    Warning::new(
        "regressor-left-out",
        format!("the outside variable {} is left out: {why}", column.name),
    )
}

fn varies(values: &[f64]) -> bool {
    let (least, most) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
            (least.min(*x), most.max(*x))
        });
    most / 2.0 - least / 2.0 > VARIES / 2.0 * most.abs().max(least.abs())
}
