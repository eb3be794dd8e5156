//! `gap_fill(query, step, …)`: a query's rows on a regular grid.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray, RecordBatch, UInt32Array,
};
use arrow::compute::{cast, is_null, kernels::zip::zip, take};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit, TimestampMicrosecondType, UInt32Type};
use datafusion::catalog::{MemTable, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};

use super::subquery::Arguments;
use super::time_bucket::{Alignment, Bucketer, Width};
use super::{Function, FunctionKind};
use crate::model::format_timestamp;
use crate::series::{GapFillError, Grid, group_ids, interpolate, place, previous};

pub(super) static FUNCTION: Function = Function {
    name: "gap_fill",
    kind: FunctionKind::Table,
    syntax: "gap_fill('query', 'step' [, 'null' | 'previous' | 'linear' [, since [, until]]])",
    description: "Returns the rows of a query with a row for every `step` in every group, and a \
column `filled` that tells which rows it added. The query gives one time column (`ts`, or the only \
timestamp), with times that `time_bucket(step, ts)` made; numbers are values, and all other columns \
together name the group.\n\n\
The grid runs from the first to the last time of the whole result, or from `since` (inclusive) to \
`until` (exclusive), and is the same for all groups; rows outside it are left out. Values of added \
rows are NULL, or those of the row before, or (`'linear'`) on the line between the rows around \
them, which makes all numbers floating. NULLs of rows that were there stay NULL.\n\n\
The query runs while the statement is planned; quotes inside it are doubled, or write `$$…$$`.",
    example: "SELECT * FROM gap_fill($$ \
SELECT * FROM (VALUES (TIMESTAMP '2026-03-01 08:00:00', 'api', 1.0), \
(TIMESTAMP '2026-03-01 08:02:00', 'api', 3.0)) AS load(ts, service, value) $$, '1m', 'linear')",
    result: "\
+---------------------+---------+-------+--------+
| ts                  | service | value | filled |
+---------------------+---------+-------+--------+
| 2026-03-01T08:00:00 | api     | 1.0   | false  |
| 2026-03-01T08:01:00 | api     | 2.0   | true   |
| 2026-03-01T08:02:00 | api     | 3.0   | false  |
+---------------------+---------+-------+--------+",
    register: |ctx| ctx.register_udtf("gap_fill", Arc::new(GapFill)),
};

/// A grid with more rows is a mistake in the step.
const MAX_ROWS: usize = 50_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    Null,
    Previous,
    Linear,
}

#[derive(Debug)]
struct GapFill;

impl TableFunctionImpl for GapFill {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let args = Arguments::new(&FUNCTION, &args);
        args.at_most(5)?;
        let step = args.text(1)?;
        let width = Width::from_scalar("gap_fill", &ScalarValue::from(step))?;
        let Some(Width::Fixed(step)) = width else {
            return exec_err!("gap_fill needs a step such as '1m'");
        };
        let fill = match args.optional_text(2)?.unwrap_or("null") {
            "null" => Fill::Null,
            "previous" => Fill::Previous,
            "linear" => Fill::Linear,
            other => {
                return exec_err!("gap_fill: {other:?} is none of 'null', 'previous', 'linear'");
            }
        };
        let range = (args.time(3)?, args.time(4)?);
        let batch = gap_fill(&args.rows(0)?, step, fill, range)?;
        Ok(Arc::new(MemTable::try_new(
            batch.schema(),
            vec![vec![batch]],
        )?))
    }
}

fn gap_fill(
    rows: &RecordBatch,
    step: i64,
    fill: Fill,
    range: (Option<i64>, Option<i64>),
) -> Result<RecordBatch> {
    let schema = rows.schema();
    let ts_at = time_column(&schema)?;
    let zone = match schema.field(ts_at).data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    };
    let ts_type = DataType::Timestamp(TimeUnit::Microsecond, zone);
    let ts = cast(rows.column(ts_at), &ts_type)?;
    let ts = ts.as_primitive::<TimestampMicrosecondType>();
    if ts.null_count() > 0 {
        return exec_err!("gap_fill: the time column has NULLs; leave those rows out in the query");
    }
    let keys: Vec<usize> = (0..schema.fields().len())
        .filter(|&at| at != ts_at && !is_value(schema.field(at).data_type()))
        .collect();
    let key_columns: Vec<ArrayRef> = keys.iter().map(|&at| Arc::clone(rows.column(at))).collect();
    let (groups, group_count) = group_ids(&[(&key_columns, rows.num_rows())])?;
    let groups = &groups[0];
    let group_count = if rows.num_rows() == 0 { 0 } else { group_count };
    let grid = grid(ts.values(), step, range)?;
    if group_count
        .checked_mul(grid.steps)
        .is_none_or(|rows| rows > MAX_ROWS)
    {
        return exec_err!(
            "gap_fill: {} times for each of {group_count} groups are more than {MAX_ROWS} rows; \
             take a longer step or a shorter range",
            grid.steps
        );
    }
    let slots = place(ts.values(), groups, group_count, grid).map_err(explain)?;

    let mut members = vec![0; group_count];
    for (row, &group) in (0_u32..).zip(groups) {
        members[group as usize] = row;
    }
    let members = members
        .into_iter()
        .flat_map(|row| std::iter::repeat_n(row, grid.steps));
    let members = UInt32Array::from_iter_values(members);
    let times = (0..group_count).flat_map(|_| grid_times(grid));
    let times = PrimitiveArray::<TimestampMicrosecondType>::from_iter_values(times)
        .with_data_type(ts_type.clone());
    let filled = is_null(&slots)?;
    let slots: ArrayRef = Arc::new(slots);
    let sources = match fill {
        Fill::Previous => previous(&slots, grid.steps).map_err(external)?,
        Fill::Null | Fill::Linear => slots,
    };

    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (at, field) in schema.fields().iter().enumerate() {
        let column = rows.column(at);
        let column = if at == ts_at {
            Arc::new(times.clone())
        } else if keys.contains(&at) {
            take(column, &members, None)?
        } else if fill == Fill::Linear {
            on_lines(column, sources.as_primitive(), &filled, grid.steps)?
        } else {
            take(column, &sources, None)?
        };
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    fields.push(Field::new("filled", DataType::Boolean, false));
    columns.push(Arc::new(filled));
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

fn is_value(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

fn time_column(schema: &Schema) -> Result<usize> {
    let is_time = |field: &Field| matches!(field.data_type(), DataType::Timestamp(_, _));
    let fields = || {
        schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| is_time(field))
    };
    let named = fields().find(|(_, field)| field.name() == "ts");
    let mut times = fields();
    match (named, times.next(), times.next()) {
        (Some((at, _)), _, _) | (None, Some((at, _)), None) => Ok(at),
        _ => exec_err!(
            "gap_fill: the query must give a timestamp named ts, or exactly one timestamp"
        ),
    }
}

fn grid(ts: &[i64], step: i64, (since, until): (Option<i64>, Option<i64>)) -> Result<Grid> {
    let mut bucketer = Bucketer::new(Width::Fixed(step), Alignment::Default)?;
    let start = match since {
        // The first time of the grid that is not before it.
        Some(since) => match bucketer.start(since)? {
            start if start < since => start.saturating_add(step),
            start => start,
        },
        None => match ts.iter().min() {
            Some(&first) => bucketer.start(first)?,
            None => 0,
        },
    };
    let end = match until {
        Some(until) => until,
        None => ts
            .iter()
            .max()
            .map_or(start, |&last| last.saturating_add(1)),
    };
    let length = end.saturating_sub(start).max(0);
    let steps = length / step + i64::from(length % step > 0);
    Ok(Grid {
        start,
        step,
        steps: usize::try_from(steps).unwrap_or(usize::MAX),
    })
}

fn grid_times(grid: Grid) -> impl Iterator<Item = i64> {
    let times = std::iter::successors(Some(grid.start), move |ts| ts.checked_add(grid.step));
    times.take(grid.steps)
}

/// The column's values where there are rows, and lines between them.
fn on_lines(
    column: &ArrayRef,
    slots: &PrimitiveArray<UInt32Type>,
    filled: &BooleanArray,
    steps: usize,
) -> Result<ArrayRef> {
    let values = take(&cast(column, &DataType::Float64)?, slots, None)?;
    let lines = interpolate(&values, steps).map_err(external)?;
    Ok(zip(filled, &lines, &values)?)
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error)).context("gap_fill")
}

fn explain(error: GapFillError) -> DataFusionError {
    let time = |ts| format_timestamp(ts, chrono_tz::Tz::UTC);
    DataFusionError::Execution(match error {
        GapFillError::OffGrid { ts } => format!(
            "gap_fill: {} is not the start of a bucket; let the query give time_bucket(step, ts)",
            time(ts)
        ),
        GapFillError::Duplicate { ts } => format!(
            "gap_fill: a group has two rows at {}; let the query aggregate them, \
             or give the column that tells them apart",
            time(ts)
        ),
    })
}
