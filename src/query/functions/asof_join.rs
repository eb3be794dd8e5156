//! `asof_join(left, right, on, by, …)`: rows of two queries matched by nearness in time.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, TimeUnit};
use datafusion::catalog::{MemTable, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};

use super::subquery::Arguments;
use super::{Function, FunctionKind};
use crate::model::parse_duration;
use crate::series::{AsOf, Direction, as_of, group_ids};

pub(super) static FUNCTION: Function = Function {
    name: "asof_join",
    kind: FunctionKind::Table,
    syntax: "asof_join('left query', 'right query', 'on' [, 'by, …' \
[, 'backward' | 'forward' | 'nearest' [, 'tolerance']]])",
    description: "Returns every row of the left query with the row of the right query that is \
nearest in the column `on`: the last one not after it (`backward`, the default), the first one not \
before it (`forward`), or the nearer of the two. `on` is a timestamp or an integer in both. Rows \
match only if the columns named in `by` are equal, and if they are no further apart than the \
tolerance, a duration such as `'10m'` (for integers a number).\n\n\
The right query's columns follow the left's, without `by`; a name that the left has already gets \
the suffix `_right`, as `on` always does. Where nothing matches they are NULL. Both queries run \
while the statement is planned; quotes inside them are doubled, or write `$$…$$`.",
    example: "SELECT * FROM asof_join(\
$$ SELECT * FROM (VALUES (TIMESTAMP '2026-03-01 08:05:00', 'api')) AS errors(ts, service) $$, \
$$ SELECT * FROM (VALUES (TIMESTAMP '2026-03-01 08:00:00', 'api', 'v2'), \
(TIMESTAMP '2026-03-01 09:00:00', 'api', 'v3')) AS deploys(ts, service, version) $$, 'ts', 'service')",
    result: "\
+---------------------+---------+---------------------+---------+
| ts                  | service | ts_right            | version |
+---------------------+---------+---------------------+---------+
| 2026-03-01T08:05:00 | api     | 2026-03-01T08:00:00 | v2      |
+---------------------+---------+---------------------+---------+",
    register: |ctx| ctx.register_udtf("asof_join", Arc::new(AsOfJoin)),
};

#[derive(Debug)]
struct AsOfJoin;

impl TableFunctionImpl for AsOfJoin {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let args = Arguments::new(&FUNCTION, &args);
        args.at_most(6)?;
        let on = args.text(2)?;
        let by = args.optional_text(3)?.unwrap_or_default();
        let by: Vec<&str> = by
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        let direction = match args.optional_text(4)?.unwrap_or("backward") {
            "backward" => Direction::Backward,
            "forward" => Direction::Forward,
            "nearest" => Direction::Nearest,
            other => {
                return exec_err!(
                    "asof_join: {other:?} is none of 'backward', 'forward', 'nearest'"
                );
            }
        };
        let tolerance = args.optional_text(5)?;
        let (left, right) = (args.rows(0)?, args.rows(1)?);
        let batch = asof_join(&left, &right, on, &by, direction, tolerance)?;
        Ok(Arc::new(MemTable::try_new(
            batch.schema(),
            vec![vec![batch]],
        )?))
    }
}

fn asof_join(
    left: &RecordBatch,
    right: &RecordBatch,
    on: &str,
    by: &[&str],
    direction: Direction,
    tolerance: Option<&str>,
) -> Result<RecordBatch> {
    let (left_on, is_time) = key(left, on, "left")?;
    let (right_on, right_is_time) = key(right, on, "right")?;
    if is_time != right_is_time {
        return exec_err!("asof_join: {on} is a timestamp in one query and a number in the other");
    }
    let tolerance = match tolerance {
        None => None,
        Some(text) if is_time => Some(parse_duration(text).map_err(external)?),
        Some(text) => match text.trim().parse::<i64>() {
            Ok(number) if number >= 0 => Some(number),
            _ => return exec_err!("asof_join: the tolerance {text:?} is no whole number"),
        },
    };
    let mut left_by: Vec<ArrayRef> = Vec::new();
    let mut right_by: Vec<ArrayRef> = Vec::new();
    for name in by {
        let column = plain(column(left, name, "left")?)?;
        right_by.push(cast(
            self::column(right, name, "right")?,
            column.data_type(),
        )?);
        left_by.push(column);
    }
    let (groups, _) = group_ids(&[(&left_by, left.num_rows()), (&right_by, right.num_rows())])?;
    let how = AsOf {
        direction,
        tolerance,
    };
    let matches = as_of((&left_on, &groups[0]), (&right_on, &groups[1]), how).map_err(external)?;

    let mut fields: Vec<Field> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in left.schema().fields().iter().zip(left.columns()) {
        fields.push(Field::new(field.name(), field.data_type().clone(), true));
        columns.push(Arc::clone(column));
    }
    for (field, column) in right.schema().fields().iter().zip(right.columns()) {
        let name = field.name();
        if by.contains(&name.as_str()) {
            continue;
        }
        let taken = name == on || fields.iter().any(|field| field.name() == name);
        let name = if taken {
            format!("{name}_right")
        } else {
            name.clone()
        };
        fields.push(Field::new(name, field.data_type().clone(), true));
        columns.push(take(column, &matches, None)?);
    }
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

fn column<'a>(rows: &'a RecordBatch, name: &str, side: &str) -> Result<&'a ArrayRef> {
    rows.column_by_name(name).ok_or_else(|| {
        let schema = rows.schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        exec_datafusion_err!(
            "asof_join: the {side} query gives no column {name:?}, but {}",
            names.join(", ")
        )
    })
}

/// A dictionary's values: two queries seldom share a dictionary.
fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values)?,
        _ => Arc::clone(column),
    })
}

/// The column `on` as µs or as it is, and whether it is a time.
fn key(rows: &RecordBatch, on: &str, side: &str) -> Result<(Int64Array, bool)> {
    let column = column(rows, on, side)?;
    let (column, is_time) = match column.data_type() {
        DataType::Timestamp(_, zone) => {
            let micros = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            (cast(column, &micros)?, true)
        }
        integer if integer.is_integer() => (Arc::clone(column), false),
        other => {
            return exec_err!(
                "asof_join: {on} of the {side} query must be a timestamp or an integer, not {other}"
            );
        }
    };
    let numbers = cast(&column, &DataType::Int64)?;
    Ok((numbers.as_primitive::<Int64Type>().clone(), is_time))
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error)).context("asof_join")
}
