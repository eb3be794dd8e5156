//! `session_id(ts, gap) OVER (…)`: numbers sessions, rows with no long pause between.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    LimitEffect, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_plan::PhysicalExpr;

use super::increase::micros_type;
use super::time_bucket::{Width, width_type};
use super::{Function, FunctionKind};

pub(super) static FUNCTION: Function = Function {
    name: "session_id",
    kind: FunctionKind::Window,
    syntax: "session_id(ts, gap) OVER (PARTITION BY … ORDER BY ts)",
    description: "Returns the number of the session that a row belongs to, from 1. A session ends \
where the next row comes more than `gap` later; `gap` is an interval or a duration such as \
`'30m'`. Group by it (and by the partition's columns) for one row a session.",
    example: "SELECT ts, session_id(ts, '30m') OVER (ORDER BY ts) AS session \
FROM (VALUES (TIMESTAMP '2026-03-01 08:00:00'), (TIMESTAMP '2026-03-01 08:20:00'), \
(TIMESTAMP '2026-03-01 09:00:00')) AS visits(ts) ORDER BY ts",
    result: "\
+---------------------+---------+
| ts                  | session |
+---------------------+---------+
| 2026-03-01T08:00:00 | 1       |
| 2026-03-01T08:20:00 | 1       |
| 2026-03-01T09:00:00 | 2       |
+---------------------+---------+",
    register: |ctx| ctx.register_udwf(WindowUDF::from(SessionId::new())),
};

#[derive(Debug, PartialEq, Eq, Hash)]
struct SessionId {
    signature: Signature,
}

impl SessionId {
    fn new() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl WindowUDFImpl for SessionId {
    fn name(&self) -> &str {
        "session_id"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [ts, gap] = given else {
            return plan_err!("session_id takes two arguments: session_id(ts, gap)");
        };
        Ok(vec![
            micros_type("session_id", ts)?,
            width_type("session_id", gap)?,
        ])
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        let gap = args
            .input_exprs()
            .get(1)
            .and_then(|gap| gap.downcast_ref::<Literal>());
        let Some(gap) = gap else {
            return plan_err!("session_id needs a constant gap, such as '30m'");
        };
        match Width::from_scalar("session_id", gap.value())? {
            Some(Width::Fixed(gap)) => Ok(Box::new(Sessions {
                gap,
                last: None,
                session: 1,
            })),
            _ => {
                plan_err!("session_id needs a gap of a fixed length: days, hours, minutes, seconds")
            }
        }
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Int64, true)))
    }

    fn limit_effect(&self, _: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::None
    }
}

#[derive(Debug)]
struct Sessions {
    /// µs
    gap: i64,
    last: Option<i64>,
    session: i64,
}

impl Sessions {
    fn next(&mut self, ts: Option<i64>) -> Option<i64> {
        let ts = ts?;
        if self
            .last
            .replace(ts)
            .is_some_and(|last| ts.abs_diff(last) > self.gap.unsigned_abs())
        {
            self.session += 1;
        }
        Some(self.session)
    }
}

impl PartitionEvaluator for Sessions {
    fn is_causal(&self) -> bool {
        true
    }

    fn supports_bounded_execution(&self) -> bool {
        true
    }

    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        let ts = values[0].as_primitive::<TimestampMicrosecondType>();
        let ts = ts.is_valid(range.start).then(|| ts.value(range.start));
        Ok(ScalarValue::Int64(self.next(ts)))
    }

    fn evaluate_all(&mut self, values: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let ts = values[0].as_primitive::<TimestampMicrosecondType>();
        let sessions: Int64Array = ts.iter().map(|ts| self.next(ts)).collect();
        Ok(Arc::new(sessions))
    }
}
