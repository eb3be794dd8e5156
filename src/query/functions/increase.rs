//! `increase(ts, value)`: a counter's rise over the rows of a group.
//!
//! Nothing is extrapolated to the edges of a window: that is what PromQL's
//! `increase` does, with the samples' distance from the edges.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::{
    DataType, Field, FieldRef, Float64Type, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::{Result, cast::as_large_binary_array, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::counter_runs::{CounterRuns, Rise};
use super::rolling_rise::RollingRise;
use super::single_group::{GroupState, SingleGroup};
use super::{Function, FunctionKind};
use crate::model::MICROS_PER_SECOND;

pub(super) static FUNCTION: Function = Function {
    name: "increase",
    kind: FunctionKind::Aggregate,
    syntax: "increase(ts, value)",
    description: "Returns how much a counter rose from the first to the last sample of a group. \
A fall is a reset, after which the new value counts in full. NaN, stale markers and NULL are \
passed over; fewer than two samples give NULL.\n\n\
A group must hold one series: `GROUP BY series_id` first, and `sum` after, since the increase of a \
sum is not the sum of increases once one of the series resets. The order of the rows does not \
matter as long as they come in sorted pieces, as from the store; otherwise write \
`increase(ts, value ORDER BY ts)`, which keeps every sample in memory.\n\n\
Nothing is extrapolated (PromQL's `increase` is, to the edges of its window), and what a counter \
gains between the last sample of one bucket and the first of the next is in neither of them: use \
`counter_delta` to give every rise to exactly one bucket. With `OVER (… RANGE …)` it is a rolling \
increase.",
    example: "SELECT increase(ts, value) AS increase \
FROM (VALUES (TIMESTAMP '2026-03-01 00:00:00', 10), (TIMESTAMP '2026-03-01 00:01:00', 40), \
(TIMESTAMP '2026-03-01 00:02:00', 5)) AS requests(ts, value)",
    result: "\
+----------+
| increase |
+----------+
| 35.0     |
+----------+",
    register: |ctx| ctx.register_udaf(AggregateUDF::from(CounterRise::new(Measure::Increase))),
};

/// What is told of a rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Measure {
    /// The rise itself.
    Increase,
    /// The rise a second, from the first sample to the last.
    Rate,
}

impl Measure {
    pub(super) fn of(self, rise: Rise) -> f64 {
        match self {
            Self::Increase => rise.rise,
            Self::Rate => rise.rise / (rise.span as f64 / MICROS_PER_SECOND as f64),
        }
    }
}

/// The aggregate function of a [`Measure`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CounterRise {
    measure: Measure,
    signature: Signature,
}

impl CounterRise {
    pub(super) fn new(measure: Measure) -> Self {
        Self {
            measure,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }

    fn state(&self, args: &AccumulatorArgs) -> RiseState {
        RiseState {
            measure: self.measure,
            runs: CounterRuns::new(!args.order_bys.is_empty()),
            groups: 0,
        }
    }
}

/// Makes a time column µs, keeping its zone.
pub(super) fn micros_type(function: &str, given: &DataType) -> Result<DataType> {
    Ok(match given {
        DataType::Timestamp(_, tz) => DataType::Timestamp(TimeUnit::Microsecond, tz.clone()),
        DataType::Date32 | DataType::Date64 | DataType::Null => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        other => return plan_err!("{function} needs a timestamp for its ts, not {other}"),
    })
}

/// Makes a value column floating.
pub(super) fn value_type(function: &str, given: &DataType) -> Result<DataType> {
    if given.is_numeric() || given.is_null() {
        return Ok(DataType::Float64);
    }
    plan_err!("{function} needs numbers for its value, not {given}")
}

impl AggregateUDFImpl for CounterRise {
    fn name(&self) -> &str {
        match self.measure {
            Measure::Increase => "increase",
            Measure::Rate => "rate",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let name = self.name();
        let [ts, value] = given else {
            return plan_err!("{name} takes two arguments: {name}(ts, value)");
        };
        Ok(vec![micros_type(name, ts)?, value_type(name, value)?])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "runs");
        Ok(vec![Arc::new(Field::new(
            name,
            DataType::LargeBinary,
            true,
        ))])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        // The runs carry their times; ORDER BY only says that there may be no runs.
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup(self.state(&args))))
    }

    fn create_sliding_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(RollingRise::new(self.measure)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.state(&args)))
    }
}

#[derive(Debug)]
struct RiseState {
    measure: Measure,
    runs: CounterRuns,
    groups: usize,
}

impl RiseState {
    fn emit(&mut self, emit_to: EmitTo) -> usize {
        let count = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(count) => count,
        };
        self.groups = self.groups.saturating_sub(count);
        count
    }
}

fn columns(values: &[ArrayRef]) -> (&[i64], &[f64], Option<arrow::buffer::NullBuffer>) {
    let ts = values[0].as_primitive::<TimestampMicrosecondType>();
    let value = values[1].as_primitive::<Float64Type>();
    let nulls = arrow::buffer::NullBuffer::union(ts.nulls(), value.nulls());
    (ts.values(), value.values(), nulls)
}

impl GroupsAccumulator for RiseState {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.groups = total;
        let (ts, value, nulls) = columns(values);
        let runs = &mut self.runs;
        match (nulls, filter) {
            (None, None) => runs.update(ts, value, groups, |_| true, total),
            (nulls, filter) => runs.update(
                ts,
                value,
                groups,
                |row| {
                    nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
                        && filter.is_none_or(|f| f.is_valid(row) && f.value(row))
                },
                total,
            ),
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.groups = total;
        self.runs.merge(as_large_binary_array(&states[0])?, groups);
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let count = self.emit(emit_to);
        let measure = self.measure;
        let rises = self.runs.take_rises(count)?.into_iter();
        let column: Float64Array = rises
            .map(|rise| rise.map(|rise| measure.of(rise)))
            .collect();
        Ok(Arc::new(column))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let count = self.emit(emit_to);
        Ok(vec![Arc::new(self.runs.take_state(count))])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let groups: Vec<usize> = (0..rows).collect();
        let mut each = Self {
            measure: self.measure,
            runs: CounterRuns::new(true),
            groups: rows,
        };
        each.update_batch(values, &groups, filter, rows)?;
        each.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.runs.size()
    }
}

impl GroupState for RiseState {
    fn current(&self) -> Result<Option<f64>> {
        Ok(self.runs.rise()?.map(|rise| self.measure.of(rise)))
    }
}
