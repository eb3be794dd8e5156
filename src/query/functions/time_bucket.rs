//! `time_bucket(width, ts [, origin | zone])`: the start of the bucket of a time.
//!
//! Names and alignment are those of TimescaleDB and DuckDB: widths of months
//! count from 2000-01-01, all others from Monday, 2000-01-03.

mod bucketer;

use std::sync::Arc;

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit, TimestampMicrosecondType};
use chrono_tz::Tz;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

pub(super) use self::bucketer::{Alignment, Bucketer};
use super::increase::micros_type;
use super::{Function, FunctionKind};
use crate::model::{MICROS_PER_DAY, parse_duration, parse_timestamp};

pub(super) static FUNCTION: Function = Function {
    name: "time_bucket",
    kind: FunctionKind::Scalar,
    syntax: "time_bucket(width, ts [, origin | zone])",
    description: "Returns the start of the bucket that a time falls into. `width` is a duration \
such as `'5m'` or an interval; `INTERVAL '1 month'` and longer follow the calendar. Weeks begin on \
Monday.\n\n\
A third argument is either a time at which a bucket begins, or a time zone \
(`'Europe/London'`) by whose clock days and months are cut; a day then has 23 or 25 hours where \
the clock changes. The order of `ts` is kept, so grouping by it streams over a sorted scan.",
    example: "SELECT time_bucket('1h', ts) AS hour, time_bucket('1d', ts, 'Europe/London') AS day \
FROM (VALUES (TIMESTAMP '2026-06-01 23:30:00')) AS requests(ts)",
    result: "\
+---------------------+---------------------+
| hour                | day                 |
+---------------------+---------------------+
| 2026-06-01T23:00:00 | 2026-06-01T23:00:00 |
+---------------------+---------------------+",
    register: |ctx| ctx.register_udf(ScalarUDF::from(TimeBucket::new())),
};

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// µs, more than 0.
    Fixed(i64),
    /// Calendar months, more than 0.
    Months(i32),
}

impl Width {
    /// Reads a width from a constant; `None` for NULL.
    pub(super) fn from_scalar(function: &str, scalar: &ScalarValue) -> Result<Option<Self>> {
        let (months, micros) = match scalar {
            scalar if scalar.is_null() => return Ok(None),
            ScalarValue::Utf8(Some(text)) => match parse_duration(text) {
                Ok(micros) => (0, Some(micros)),
                Err(error) => {
                    return exec_err!("{function}: {error}; for months INTERVAL '1 month'");
                }
            },
            ScalarValue::IntervalMonthDayNano(Some(i)) => {
                let days = i64::from(i.days).checked_mul(MICROS_PER_DAY);
                let part = days.and_then(|days| days.checked_add(i.nanoseconds / 1_000));
                (i.months, part.filter(|_| i.nanoseconds % 1_000 == 0))
            }
            ScalarValue::DurationMicrosecond(Some(micros)) => (0, Some(*micros)),
            other => return exec_err!("{function}: {other} is no interval"),
        };
        match (months, micros) {
            (0, Some(micros)) if micros > 0 => Ok(Some(Self::Fixed(micros))),
            (months, Some(0)) if months > 0 => Ok(Some(Self::Months(months))),
            _ => exec_err!(
                "{function}: {scalar} is no usable width: it must be longer than zero, in whole \
                 microseconds, and either months or days and time, not both"
            ),
        }
    }
}

/// The type that an argument which is a width is brought to.
pub(super) fn width_type(function: &str, given: &DataType) -> Result<DataType> {
    Ok(match given {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => {
            DataType::Utf8
        }
        DataType::Interval(_) => DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Duration(_) => DataType::Duration(TimeUnit::Microsecond),
        other => {
            return plan_err!("{function} needs an interval or '5m' for its width, not {other}");
        }
    })
}

/// Returns the width that an argument holds.
pub(super) fn constant_width(function: &str, argument: &ColumnarValue) -> Result<Option<Width>> {
    match argument {
        ColumnarValue::Scalar(scalar) => Width::from_scalar(function, scalar),
        ColumnarValue::Array(_) => exec_err!("{function} needs a constant width"),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TimeBucket {
    signature: Signature,
}

impl TimeBucket {
    fn new() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

fn alignment(argument: Option<&ColumnarValue>) -> Result<Option<Alignment>> {
    let Some(argument) = argument else {
        return Ok(Some(Alignment::Default));
    };
    let ColumnarValue::Scalar(scalar) = argument else {
        return exec_err!("time_bucket needs a constant origin or zone");
    };
    Ok(match scalar {
        scalar if scalar.is_null() => None,
        ScalarValue::TimestampMicrosecond(Some(origin), _) => Some(Alignment::Origin(*origin)),
        ScalarValue::Utf8(Some(text)) => match (text.parse::<Tz>(), parse_timestamp(text, Tz::UTC))
        {
            (Ok(tz), _) => Some(Alignment::Zone(tz)),
            (_, Ok(origin)) => Some(Alignment::Origin(origin)),
            _ => {
                return exec_err!(
                    "time_bucket: {text:?} is neither a time zone, such as 'Europe/London', \
                     nor a time at which a bucket begins"
                );
            }
        },
        other => return exec_err!("time_bucket: {other} is neither a time nor a time zone"),
    })
}

impl ScalarUDFImpl for TimeBucket {
    fn name(&self) -> &str {
        "time_bucket"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let (width, ts, third) = match given {
            [width, ts] => (width, ts, None),
            [width, ts, third] => (width, ts, Some(third)),
            _ => {
                return plan_err!("time_bucket is called time_bucket(width, ts [, origin | zone])");
            }
        };
        let mut types = vec![
            width_type("time_bucket", width)?,
            micros_type("time_bucket", ts)?,
        ];
        types.extend(third.map(|third| match third {
            DataType::Timestamp(_, tz) => DataType::Timestamp(TimeUnit::Microsecond, tz.clone()),
            DataType::Date32 | DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
            _ => DataType::Utf8,
        }));
        Ok(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        micros_type("time_bucket", &types[1])
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        let constant = |at: usize| {
            inputs
                .get(at)
                .is_none_or(|input| input.sort_properties == SortProperties::Singleton)
        };
        Ok(if constant(0) && constant(2) {
            inputs[1].sort_properties
        } else {
            SortProperties::Unordered
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let width = constant_width("time_bucket", &args.args[0])?;
        let alignment = alignment(args.args.get(2))?;
        let (Some(width), Some(alignment)) = (width, alignment) else {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(
                args.return_type(),
            )?));
        };
        let mut bucketer = Bucketer::new(width, alignment)?;
        let is_scalar = matches!(args.args[1], ColumnarValue::Scalar(_));
        let rows = if is_scalar { 1 } else { args.number_rows };
        let ts = args.args[1].to_array(rows)?;
        let ts = ts.as_primitive::<TimestampMicrosecondType>();
        let mut starts = Vec::with_capacity(ts.len());
        for (row, &at) in ts.values().iter().enumerate() {
            starts.push(if ts.is_valid(row) {
                bucketer.start(at)?
            } else {
                0
            });
        }
        let starts =
            PrimitiveArray::<TimestampMicrosecondType>::new(starts.into(), ts.nulls().cloned())
                .with_data_type(ts.data_type().clone());
        if is_scalar {
            return ScalarValue::try_from_array(&starts, 0).map(ColumnarValue::Scalar);
        }
        Ok(ColumnarValue::Array(Arc::new(starts)))
    }
}
