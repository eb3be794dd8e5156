//! `promql('expr', start, end, step)`: a PromQL query's result as rows.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{MemTable, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, plan_datafusion_err, plan_err};
use datafusion::execution::SessionState;

use super::subquery::Arguments;
use super::{Function, FunctionKind};
use crate::model::{Labels, METRIC_NAME, format_timestamp, parse_duration};
use crate::promql::{self, Options, Query, Steps, Value, caret, evaluate_range, is_absent};
use crate::query::samples::{StoreSource, StoreSourceSettings};
use crate::store::timestamp_type;

pub(super) static FUNCTION: Function = Function {
    name: "promql",
    kind: FunctionKind::Table,
    syntax: "promql('expression', start, end, 'step') or promql('expression', time)",
    description: "Returns the result of a PromQL expression over the store's metrics: a row for \
every series and step at which it has a value, with the columns `ts` and `value`, `metric` where a \
series has a name, and a column for every label of any series (NULL where a series lacks it). A \
label that is called like one of the first three becomes `label_ts`, `label_value`, `label_metric`.\n\n\
Steps run from `start` to `end`, which is one of them if a whole number of steps leads there: as in \
PromQL, and unlike elsewhere, the end is included. Times are timestamps or text. With one time \
instead, the expression is evaluated at that instant; a range selector such as `up[5m]` then gives \
its samples. A scalar has no labels; a string is refused. Semantics are those of Prometheus 3, with \
a lookback of 5 m, and with series taken to end where they stop for longer than four of their \
intervals.\n\n\
The expression is evaluated while the statement is planned; quotes inside it are doubled, or write \
`$$…$$`: `promql($$ sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m])) $$, '2026-03-01', \
'2026-03-02', '5m')`.",
    example: "SELECT * FROM promql($$ label_replace(minute() / 2, 'zone', 'eu', '', '') $$, \
'2026-03-01T08:00:00Z', '2026-03-01T08:30:00Z', '15m')",
    result: "\
+----------------------+-------+------+
| ts                   | value | zone |
+----------------------+-------+------+
| 2026-03-01T08:00:00Z | 0.0   | eu   |
| 2026-03-01T08:15:00Z | 7.5   | eu   |
| 2026-03-01T08:30:00Z | 15.0  | eu   |
+----------------------+-------+------+",
    register: |ctx| ctx.register_udtf("promql", Arc::new(PromQl)),
};

/// More rows are a mistake in the step.
const MAX_ROWS: usize = 50_000_000;

/// Columns before the labels.
const COLUMNS: [&str; 3] = ["ts", "value", "metric"];

#[derive(Debug)]
struct PromQl;

impl TableFunctionImpl for PromQl {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let args = Arguments::new(&FUNCTION, &args);
        args.at_most(4)?;
        let text = args.text(0)?;
        let steps = steps(&args)?;
        let options = Options::default();
        let fault = |error| explain(text, &error);
        let query = Query::parse(text, &options).map_err(fault)?;
        let value = evaluate(args.state()?, &query, steps, &options)?;
        let batch = rows(value, steps)?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        Ok(Arc::new(table))
    }
}

fn steps(args: &Arguments<'_>) -> Result<Steps> {
    let usage = |missing: &str| {
        plan_datafusion_err!(
            "promql: the {missing} is missing; usage: {}",
            FUNCTION.syntax
        )
    };
    let start = args.time(1)?.ok_or_else(|| usage("time"))?;
    let end = args.time(2)?;
    let step = args.optional_text(3)?;
    let Some(end) = end else {
        return match step {
            None => Ok(Steps::instant(start)),
            Some(_) => Err(usage("end")),
        };
    };
    let step = parse_duration(step.ok_or_else(|| usage("step"))?)
        .map_err(|error| DataFusionError::External(error.into()).context("promql"))?;
    if step <= 0 {
        return plan_err!("promql: the step must be longer than nothing");
    }
    if end < start {
        return plan_err!("promql: the end lies before the start");
    }
    let count = end.checked_sub(start).map(|length| length / step);
    if count.is_none_or(|count| count >= MAX_ROWS as i64) {
        return plan_err!(
            "promql: these are more than {MAX_ROWS} steps; take a longer step or a shorter range"
        );
    }
    Ok(Steps::range(start, end, step))
}

/// Evaluates on a thread and a runtime of its own: the caller may itself be a
/// task of a runtime, which must not be blocked from within.
fn evaluate(state: &SessionState, query: &Query, steps: Steps, options: &Options) -> Result<Value> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(DataFusionError::IoError)?;
        let settings = StoreSourceSettings::default();
        let mut source = StoreSource::of_state(state, runtime.handle().clone(), settings)?;
        let evaluated = evaluate_range(query, steps, &mut source, options);
        Ok(evaluated
            .map_err(|error| explain(&query.text, &error))?
            .value)
    };
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// The error with what caused it, the step, and the part of the expression.
fn explain(text: &str, error: &promql::Error) -> DataFusionError {
    let mut message = error.to_string();
    let mut cause = error.kind.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    if let Some(step) = error.step {
        let step = format_timestamp(step, chrono_tz::Tz::UTC);
        message = format!("{message}, at {step}");
    }
    if let Some(span) = error.span {
        message = format!("{message}\n{}", caret(text, span));
    }
    plan_datafusion_err!("promql: {message}")
}

/// One series' labels, times and values.
type Line = (Arc<Labels>, Vec<i64>, Vec<f64>);

fn rows(value: Value, steps: Steps) -> Result<RecordBatch> {
    let there = |values: Vec<f64>| -> (Vec<i64>, Vec<f64>) {
        let pairs = steps.iter().zip(values);
        pairs.filter(|(_, value)| !is_absent(*value)).unzip()
    };
    let lines: Vec<Line> = match value {
        Value::String(_) => {
            return plan_err!("promql: the expression is a string, which has no rows");
        }
        Value::Scalar(values) => vec![(Arc::default(), steps.iter().collect(), values)],
        Value::Vector(series) => {
            let lines = series.into_iter().map(|series| {
                let (timestamps, values) = there(series.values);
                (series.labels, timestamps, values)
            });
            lines.collect()
        }
        Value::Matrix(series) => {
            let lines = series.into_iter();
            lines
                .map(|series| (series.labels, series.timestamps, series.values))
                .collect()
        }
    };
    let count: usize = lines.iter().map(|line| line.1.len()).sum();
    if count > MAX_ROWS {
        return plan_err!(
            "promql: {count} rows are more than {MAX_ROWS}; take a longer step or a shorter range"
        );
    }
    let numbers = (0_u32..).zip(&lines);
    let members = numbers.flat_map(|(i, line)| std::iter::repeat_n(i, line.1.len()));
    let members = UInt32Array::from_iter_values(members);
    let timestamps = lines.iter().flat_map(|line| line.1.iter().copied());
    let timestamps = TimestampMicrosecondArray::from_iter_values(timestamps);
    let values = lines.iter().flat_map(|line| line.2.iter().copied());
    let mut fields = vec![
        Field::new("ts", timestamp_type(), false),
        Field::new("value", DataType::Float64, false),
    ];
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(timestamps.with_timezone("UTC")),
        Arc::new(Float64Array::from_iter_values(values)),
    ];
    let names = lines.iter().flat_map(|(labels, ..)| labels.iter());
    let mut names: BTreeSet<&str> = names.map(|(name, _)| name).collect();
    let metric = names.take(METRIC_NAME);
    for name in metric.into_iter().chain(names.iter().copied()) {
        let label = lines.iter().map(|(labels, ..)| labels.get(name));
        let label = StringViewArray::from_iter(label);
        fields.push(Field::new(
            column_name(name, &names),
            DataType::Utf8View,
            true,
        ));
        columns.push(take(&label, &members, None)?);
    }
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

/// The column of a label; `names` are all labels but the metric's name.
fn column_name(label: &str, names: &BTreeSet<&str>) -> String {
    if label == METRIC_NAME {
        return "metric".into();
    }
    let mut name = label.to_owned();
    if COLUMNS.contains(&label) {
        name = format!("label_{label}");
        while names.contains(name.as_str()) {
            name.insert(0, '_');
        }
    }
    name
}
