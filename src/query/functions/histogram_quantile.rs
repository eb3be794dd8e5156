//! `histogram_quantile(q, le, count)`: a quantile from classic buckets.
//!
//! The rules are Prometheus' (documentation of `histogram_quantile`, and of
//! how broken monotonicity is repaired). **Deviation**: where Prometheus
//! returns NaN because there is no answer, this returns NULL.

mod bucket_quantile;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, LargeBinaryArray, LargeBinaryBuilder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, cast::as_large_binary_array, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use self::bucket_quantile::bucket_quantile;
use super::increase::value_type;
use super::single_group::{GroupState, SingleGroup};
use super::{Function, FunctionKind};

pub(super) static FUNCTION: Function = Function {
    name: "histogram_quantile",
    kind: FunctionKind::Aggregate,
    syntax: "histogram_quantile(q, le, count)",
    description: "Returns the `q` quantile (0 to 1) of a classic histogram whose buckets are the \
rows of a group. `le` is a bucket's upper bound, as text (`'0.5'`, `'+Inf'`) or number; `count` is \
its cumulative count or, as usual, its increase. Counts with the same `le` are added up first, so \
that a group may hold many instances.\n\n\
As in Prometheus, values are spread evenly within a bucket, the lowest bucket begins at 0 if its \
bound is positive, a quantile in the `+Inf` bucket is the bound below it, counts that fall from one bucket to the \
next are raised, and `q` outside 0 to 1 gives infinities. Without a `+Inf` bucket, with fewer than \
two buckets, or with no observations the result is NULL (Prometheus: NaN).",
    example: "SELECT histogram_quantile(0.95, le, n) AS p95 \
FROM (VALUES ('0.1', 50), ('0.5', 90), ('1', 100), ('+Inf', 100)) AS buckets(le, n)",
    result: "\
+------+
| p95  |
+------+
| 0.75 |
+------+",
    register: |ctx| ctx.register_udaf(AggregateUDF::from(HistogramQuantile::new())),
};

#[derive(Debug, PartialEq, Eq, Hash)]
struct HistogramQuantile {
    signature: Signature,
}

impl HistogramQuantile {
    fn new() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for HistogramQuantile {
    fn name(&self) -> &str {
        "histogram_quantile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [q, le, count] = given else {
            return plan_err!(
                "histogram_quantile takes three arguments: histogram_quantile(q, le, count)"
            );
        };
        let text = |given: &DataType| match given {
            DataType::Dictionary(_, value) => value.is_string(),
            given => given.is_string(),
        };
        let le = match le {
            le if text(le) => DataType::Float64,
            le => value_type("histogram_quantile", le)?,
        };
        Ok(vec![
            value_type("histogram_quantile", q)?,
            le,
            value_type("histogram_quantile", count)?,
        ])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "buckets");
        Ok(vec![Arc::new(Field::new(
            name,
            DataType::LargeBinary,
            true,
        ))])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup(Buckets::default())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::<Buckets>::default())
    }
}

/// The counts of all groups. Histograms of one query share their bounds, so
/// counts lie in a table with a row a group and a column a bound.
#[derive(Debug, Default)]
struct Buckets {
    /// The bounds met so far, in order of appearance.
    bounds: Vec<f64>,
    /// How many columns the table has room for.
    stride: usize,
    /// NaN where a group has no such bucket.
    counts: Vec<f64>,
    /// What was asked for, a group; NaN until its first row.
    quantiles: Vec<f64>,
}

impl Buckets {
    fn resize(&mut self, groups: usize) {
        self.quantiles.resize(groups, f64::NAN);
        self.counts.resize(groups * self.stride, f64::NAN);
    }

    fn column(&mut self, bound: f64, guess: usize) -> usize {
        if self.bounds.get(guess) == Some(&bound) {
            return guess;
        }
        if let Some(column) = self.bounds.iter().position(|&known| known == bound) {
            return column;
        }
        if self.bounds.len() == self.stride {
            let wider = (self.stride * 2).max(16);
            let mut counts = vec![f64::NAN; self.quantiles.len() * wider];
            for group in 0..self.quantiles.len() {
                counts[group * wider..][..self.stride]
                    .copy_from_slice(&self.counts[group * self.stride..][..self.stride]);
            }
            self.stride = wider;
            self.counts = counts;
        }
        self.bounds.push(bound);
        self.bounds.len() - 1
    }

    fn add(&mut self, group: usize, column: usize, count: f64) {
        let sum = &mut self.counts[group * self.stride + column];
        *sum = if sum.is_nan() { count } else { *sum + count };
    }

    fn of_group(&self, group: usize) -> impl Iterator<Item = (f64, f64)> {
        let row = self.counts.get(group * self.stride..).unwrap_or_default();
        let row = &row[..self.stride.min(row.len())];
        let pairs = self.bounds.iter().copied().zip(row.iter().copied());
        pairs.filter(|(_, count)| !count.is_nan())
    }

    fn answer(&self, group: usize) -> Option<f64> {
        let mut buckets: Vec<_> = self.of_group(group).collect();
        bucket_quantile(*self.quantiles.get(group)?, &mut buckets)
    }

    /// Returns how many groups to give out.
    fn count(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.quantiles.len(),
            EmitTo::First(count) => count,
        }
    }

    fn remove(&mut self, count: usize) {
        self.quantiles.drain(..count.min(self.quantiles.len()));
        self.counts
            .drain(..(count * self.stride).min(self.counts.len()));
    }

    fn encode(&self, count: usize) -> LargeBinaryArray {
        let mut states = LargeBinaryBuilder::new();
        let mut bytes = Vec::new();
        for group in 0..count {
            bytes.clear();
            let quantile = self.quantiles.get(group).copied().unwrap_or(f64::NAN);
            bytes.extend_from_slice(&quantile.to_le_bytes());
            for (bound, count) in self.of_group(group) {
                bytes.extend_from_slice(&bound.to_le_bytes());
                bytes.extend_from_slice(&count.to_le_bytes());
            }
            states.append_value(&bytes);
        }
        states.finish()
    }
}

impl GroupsAccumulator for Buckets {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.resize(total);
        let [q, le, counts] = [0, 1, 2].map(|at| values[at].as_primitive::<Float64Type>());
        let mut column = 0;
        for (row, &group) in groups.iter().enumerate() {
            if filter.is_some_and(|f| f.is_null(row) || !f.value(row)) || q.is_null(row) {
                continue;
            }
            self.quantiles[group] = q.value(row);
            let usable = le.is_valid(row) && counts.is_valid(row);
            if usable && !le.value(row).is_nan() && !counts.value(row).is_nan() {
                // Buckets come in turn, or the same one again.
                let next = column + 1;
                let next = if self.bounds.get(next) == Some(&le.value(row)) {
                    next
                } else {
                    column
                };
                column = self.column(le.value(row), next);
                self.add(group, column, counts.value(row));
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.resize(total);
        let states = as_large_binary_array(&states[0])?;
        for (row, &group) in groups.iter().enumerate() {
            if states.is_null(row) {
                continue;
            }
            let mut numbers = states.value(row).chunks_exact(8).map(|bytes| {
                let mut number = [0; 8];
                number.copy_from_slice(bytes);
                f64::from_le_bytes(number)
            });
            if let Some(quantile) = numbers.next().filter(|q| !q.is_nan()) {
                self.quantiles[group] = quantile;
            }
            let mut column = 0;
            while let (Some(bound), Some(count)) = (numbers.next(), numbers.next()) {
                column = self.column(bound, column);
                self.add(group, column, count);
                column += 1;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let count = self.count(emit_to);
        let answers: Float64Array = (0..count).map(|group| self.answer(group)).collect();
        self.remove(count);
        Ok(Arc::new(answers))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let count = self.count(emit_to);
        let states = self.encode(count);
        self.remove(count);
        Ok(vec![Arc::new(states)])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let groups: Vec<usize> = (0..rows).collect();
        let mut each = Self::default();
        each.update_batch(values, &groups, filter, rows)?;
        each.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        (self.bounds.capacity() + self.counts.capacity() + self.quantiles.capacity())
            * size_of::<f64>()
    }
}

impl GroupState for Buckets {
    fn current(&self) -> Result<Option<f64>> {
        Ok(self.answer(0))
    }
}
