//! `counter_delta(value) OVER (…)`: what a counter gained since the row before.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    LimitEffect, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_plan::PhysicalExpr;

use super::counter_runs::gain;
use super::increase::value_type;
use super::{Function, FunctionKind};

pub(super) static FUNCTION: Function = Function {
    name: "counter_delta",
    kind: FunctionKind::Window,
    syntax: "counter_delta(value) OVER (PARTITION BY series_id ORDER BY ts)",
    description: "Returns what a counter gained since the row before. After a fall (a reset) the \
new value counts in full. The first row, NULL, NaN and stale markers give NULL; the row after one \
of these is compared with the last value before it.\n\n\
Sums of it by time bucket give every rise to exactly one bucket, that of the later sample, so \
that buckets add up to the whole; `increase(ts, value)` by bucket leaves out what lies between \
two buckets.",
    example: "SELECT value, counter_delta(value) OVER (ORDER BY ts) AS delta \
FROM (VALUES (1, 10), (2, 40), (3, 5)) AS requests(ts, value) ORDER BY ts",
    result: "\
+-------+-------+
| value | delta |
+-------+-------+
| 10    |       |
| 40    | 30.0  |
| 5     | 5.0   |
+-------+-------+",
    register: |ctx| ctx.register_udwf(WindowUDF::from(CounterDelta::new())),
};

#[derive(Debug, PartialEq, Eq, Hash)]
struct CounterDelta {
    signature: Signature,
}

impl CounterDelta {
    fn new() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl WindowUDFImpl for CounterDelta {
    fn name(&self) -> &str {
        "counter_delta"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [value] = given else {
            return plan_err!("counter_delta takes one argument: counter_delta(value)");
        };
        Ok(vec![value_type("counter_delta", value)?])
    }

    fn partition_evaluator(
        &self,
        _: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::<Delta>::default())
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Float64, true)))
    }

    fn limit_effect(&self, _: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::None
    }
}

/// The last value of one partition; its rows come in order, one by one while a
/// sorted scan streams, or all at once.
#[derive(Debug, Default)]
struct Delta {
    last: Option<f64>,
}

impl Delta {
    fn next(&mut self, values: &Float64Array, row: usize) -> Option<f64> {
        let value = Some(values.value(row)).filter(|v| values.is_valid(row) && !v.is_nan())?;
        self.last.replace(value).map(|last| gain(last, value))
    }
}

impl PartitionEvaluator for Delta {
    fn is_causal(&self) -> bool {
        true
    }

    fn supports_bounded_execution(&self) -> bool {
        true
    }

    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        let values = values[0].as_primitive::<Float64Type>();
        Ok(ScalarValue::Float64(self.next(values, range.start)))
    }

    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let values = values[0].as_primitive::<Float64Type>();
        let deltas: Float64Array = (0..rows).map(|row| self.next(values, row)).collect();
        Ok(Arc::new(deltas))
    }
}
