//! Arithmetic, comparison and set operators over columns.
//!
//! The match keys of the series are computed once, not at each step; what two
//! series of equal keys give is then one loop over their columns. Names, kept
//! values, errors and their order are those of Prometheus (`promql/engine.go`:
//! `VectorBinop`, `VectorscalarBinop`, `VectorAnd`, `VectorOr`, `VectorUnless`,
//! `resultMetric`). Floats raise no annotation here.

mod arithmetic;
mod labels;
mod matching;
mod set;
#[cfg(test)]
mod tests;

use crate::promql::column::Steps;
use crate::promql::error::{Error, Span};
use crate::promql::eval::without_name;
use crate::promql::expr::{BinaryOp, Matching};
use crate::promql::options::{Options, Version};
use crate::promql::vector::Series;
use arithmetic::{Compare, Order};

/// A binary operation without its operands.
pub(crate) struct Operation<'a> {
    /// The operator.
    pub op: BinaryOp,
    /// Whether a comparison returns 0 and 1.
    pub return_bool: bool,
    /// How the sides are matched.
    pub matching: &'a Matching,
    /// The place of the whole operation in the text.
    pub span: Span,
}

impl Operation<'_> {
    /// Whether the result is another quantity than the operands, so that it loses their name.
    ///
    /// Version 2 forgets `atan2`.
    fn changes_quantity(&self, version: Version) -> bool {
        !self.op.is_comparison()
            && !self.op.is_set()
            && (self.op != BinaryOp::Atan2 || version == Version::V3)
    }

    /// Whether samples may be left out for their value.
    fn filters(&self) -> bool {
        self.op.is_comparison() && !self.return_bool
    }
}

/// Combines two scalars.
pub(crate) fn scalar_scalar(op: BinaryOp, lhs: &[f64], rhs: &[f64]) -> Vec<f64> {
    let mut values = lhs.to_vec();
    arithmetic::combine(op, Compare::Bool, Order::OwnFirst, &mut values, rhs);
    values
}

/// Combines a vector with a scalar; `swapped` where the scalar stands on the left.
///
/// A comparison that filters keeps the vector's values, on whichever side it stands.
pub(crate) fn vector_scalar(
    operation: &Operation<'_>,
    mut vector: Vec<Series>,
    scalar: &[f64],
    swapped: bool,
    options: &Options,
) -> Vec<Series> {
    let (order, compare) = match (operation.return_bool, swapped) {
        (true, false) => (Order::OwnFirst, Compare::Bool),
        (true, true) => (Order::OwnSecond, Compare::Bool),
        (false, false) => (Order::OwnFirst, Compare::KeepFirst),
        (false, true) => (Order::OwnSecond, Compare::KeepSecond),
    };
    let drops_name = operation.changes_quantity(options.version) || operation.return_bool;
    for series in &mut vector {
        arithmetic::combine(operation.op, compare, order, &mut series.values, scalar);
        if drops_name {
            if options.delayed_name_removal {
                series.drop_name = true;
            } else {
                series.labels = without_name(&series.labels, options.version);
            }
        }
    }
    vector
}

/// Combines two vectors.
pub(crate) fn vector_vector(
    operation: &Operation<'_>,
    lhs: Vec<Series>,
    rhs: Vec<Series>,
    steps: Steps,
    options: &Options,
) -> Result<Vec<Series>, Error> {
    if operation.op.is_set() {
        set::combine(operation, lhs, rhs, steps, options)
    } else {
        matching::combine(operation, lhs, rhs, steps, options)
    }
}
