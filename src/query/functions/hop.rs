//! `hop(ts, width, slide)`: the overlapping windows that a time falls into.

use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, PrimitiveArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, TimestampMicrosecondType};
use datafusion::common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::increase::micros_type;
use super::time_bucket::{Alignment, Bucketer, Width, constant_width, width_type};
use super::{Function, FunctionKind};

pub(super) static FUNCTION: Function = Function {
    name: "hop",
    kind: FunctionKind::Scalar,
    syntax: "unnest(hop(ts, width, slide))",
    description: "Returns the starts of all windows of `width`, one every `slide`, that a time \
falls into, as a list for `unnest`. A window holds its start and not its end.\n\n\
For a window that ends at each row, write a frame instead: \
`avg(value) OVER (PARTITION BY series_id ORDER BY ts RANGE INTERVAL '1 hour' PRECEDING)`.",
    example: "SELECT unnest(hop(ts, '10m', '5m')) AS from_ts, value \
FROM (VALUES (TIMESTAMP '2026-03-01 08:07:00', 1)) AS requests(ts, value)",
    result: "\
+---------------------+-------+
| from_ts             | value |
+---------------------+-------+
| 2026-03-01T08:00:00 | 1     |
| 2026-03-01T08:05:00 | 1     |
+---------------------+-------+",
    register: |ctx| ctx.register_udf(ScalarUDF::from(Hop::new())),
};

/// More windows a row than this are a mistake in the widths.
const MAX_WINDOWS: i64 = 10_000;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Hop {
    signature: Signature,
}

impl Hop {
    fn new() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

fn item(ts: DataType) -> Arc<Field> {
    Arc::new(Field::new_list_field(ts, true))
}

fn fixed(width: Option<Width>) -> Result<i64> {
    match width {
        Some(Width::Fixed(micros)) => Ok(micros),
        _ => exec_err!("hop needs a width and a slide of a fixed length, such as '1h' and '5m'"),
    }
}

impl ScalarUDFImpl for Hop {
    fn name(&self) -> &str {
        "hop"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [ts, width, slide] = given else {
            return plan_err!("hop takes three arguments: hop(ts, width, slide)");
        };
        Ok(vec![
            micros_type("hop", ts)?,
            width_type("hop", width)?,
            width_type("hop", slide)?,
        ])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item(micros_type("hop", &types[0])?)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let width = fixed(constant_width("hop", &args.args[1])?)?;
        let slide = fixed(constant_width("hop", &args.args[2])?)?;
        if slide > width || width / slide > MAX_WINDOWS {
            return exec_err!(
                "hop: the slide must not be longer than the width, \
                 nor the width longer than {MAX_WINDOWS} slides"
            );
        }
        let ts = args.args[0].to_array(args.number_rows)?;
        let ts = ts.as_primitive::<TimestampMicrosecondType>();
        let mut bucketer = Bucketer::new(Width::Fixed(slide), Alignment::Default)?;
        let mut starts = Vec::new();
        let mut lengths = Vec::with_capacity(ts.len());
        for (row, &at) in ts.values().iter().enumerate() {
            let before = starts.len();
            if ts.is_valid(row) {
                let mut start = bucketer.start(at)?;
                while at.checked_sub(start).is_some_and(|age| age < width) {
                    starts.push(start);
                    start = start
                        .checked_sub(slide)
                        .ok_or_else(|| exec_datafusion_err!("hop: {at} µs is out of range"))?;
                }
                starts[before..].reverse();
            }
            lengths.push(starts.len() - before);
        }
        if i32::try_from(starts.len()).is_err() {
            return exec_err!("hop: too many windows in one batch; take a longer slide");
        }
        let starts = PrimitiveArray::<TimestampMicrosecondType>::from_iter_values(starts)
            .with_data_type(ts.data_type().clone());
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(
            item(ts.data_type().clone()),
            OffsetBuffer::from_lengths(lengths),
            Arc::new(starts),
            ts.nulls().cloned(),
        )?)))
    }
}
