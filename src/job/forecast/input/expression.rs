//! The value of a PromQL expression over a range.

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;

use super::{Input, Raw, failed, named};
use crate::job::forecast::grid::pleasant_step;
use crate::job::forecast::{ForecastError, ForecastShell, ForecastSpec};
use crate::job::resolve_range;
use crate::model::{TimeRange, Warning, format_duration, format_timestamp};
use crate::promql::{Level, Options, Query, Steps, Value, evaluate_range, is_absent};
use crate::query::{Session, StoreSource, StoreSourceSettings};
use crate::report::{Cell, ForecastTimes};
use crate::series::{Statistic, Step};

/// The most steps that are evaluated.
const MOST_STEPS: usize = 2_000_000;

pub(super) fn read(
    spec: &ForecastSpec,
    query: &Query,
    session: &Session,
    shell: ForecastShell<'_>,
) -> Result<Input, ForecastError> {
    let text = &query.text;
    if spec.statistic.is_some() {
        let message = "--statistic is of a metric's samples: an expression has one value a step";
        return Err(ForecastError::usage(message).hint("write it into the expression"));
    }
    let selected = selected_range(query, session, shell)?;
    let data = selected.as_ref().map(|one| one.range);
    let (since, until) = (spec.since.as_deref(), spec.until.as_deref());
    let range = resolve_range(since, until, data, shell.now, shell.tz);
    let range = range.map_err(|error| ForecastError::usage(error.to_string()))?;
    let step = match spec.step.as_deref() {
        Some(text) => {
            let step = Step::parse(text, shell.tz);
            step.map_err(|error| ForecastError::usage(format!("--step: {error}")))?
        }
        None => pleasant_step(range.end.saturating_sub(range.start), shell.tz),
    };
    let (Step::Fixed(micros) | Step::Wall { micros, .. }) = step else {
        let message = format!("--step {step}: an expression is evaluated at equal distances");
        return Err(ForecastError::usage(message).hint("write 15m, 1h or 1d"));
    };
    // Full hours and midnights are easier to read than the first sample's second.
    let start = (range.start.saturating_add(micros - 1)).div_euclid(micros) * micros;
    let end = range.end.saturating_sub(1).div_euclid(micros) * micros;
    let steps = Steps::range(start, end, micros);
    if steps.len < 2 {
        let message = format!(
            "the range holds {} step of {}: nothing can be forecast of that",
            steps.len,
            format_duration(micros)
        );
        return Err(ForecastError::usage(message).hint("take a shorter --step"));
    }
    if steps.len > MOST_STEPS {
        let message = format!("the range has {} steps: take a longer --step", steps.len);
        return Err(ForecastError::usage(message));
    }
    let settings = StoreSourceSettings::default();
    let mut source = StoreSource::open(session, shell.handle.clone(), settings)?;
    let evaluated = evaluate_range(query, steps, &mut source, &Options::default());
    let evaluated = evaluated.map_err(|error| failed(error, text))?;
    let mut warnings: Vec<Warning> = Vec::new();
    // Where nobody said how far.
    if spec.until.is_none()
        && let Some(Selected {
            range,
            latest,
            ends_first: Some(metric),
        }) = &selected
        && latest.saturating_sub(range.end) > 2 * micros
    {
        let message = format!(
            "{metric} has no samples after {}, and another metric of the expression has until {}: \
             it is evaluated until the first ends (--until says otherwise)",
            format_timestamp(range.end.saturating_sub(1), shell.tz),
            format_timestamp(*latest, shell.tz)
        );
        warnings.push(Warning::new("metric-ends-early", message));
    }
    for annotation in evaluated.annotations.iter() {
        if annotation.level == Level::Warning {
            let said = annotation.render(text);
            let bare = said.strip_prefix("PromQL warning: ").unwrap_or(&said);
            warnings.push(Warning::new("promql-warning", bare));
        }
    }
    // An instant looks at one moment, a range at what was before it.
    let window = query.longest_window(&Options {
        lookback: 0,
        ..Options::default()
    });
    let present = |id: String, labels: Vec<(String, String)>, values: &[f64]| {
        let there = values.iter().enumerate().filter(|(_, v)| !is_absent(**v));
        let (times, values): (Vec<i64>, Vec<f64>) =
            there.map(|(at, value)| (steps.at(at), *value)).unzip();
        Raw {
            id,
            labels,
            times,
            values,
            window: Some(window),
            ..Raw::default()
        }
    };
    let mut series: Vec<Raw> = match &evaluated.value {
        Value::Scalar(values) => vec![present(text.clone(), Vec::new(), values)],
        Value::Vector(all) => {
            let series = all.iter().map(|one| {
                let (id, labels) = named(&one.labels);
                // An aggregate over everything has no labels.
                let id = if one.labels.is_empty() {
                    text.clone()
                } else {
                    id
                };
                present(id, labels, &one.values)
            });
            series.collect()
        }
        Value::String(_) | Value::Matrix(_) => {
            return Err(
                ForecastError::usage(format!("{text} has no value at an instant"))
                    .hint("a range such as m[5m] needs a function around it: rate(m[5m])"),
            );
        }
    };
    series.retain(|one| !one.times.is_empty());
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    if series.is_empty() {
        let error = ForecastError::usage(format!("{text} has no value in the range"));
        let empty = query.selectors().into_iter();
        let mut reasons = empty.filter_map(|one| source.explain_empty(&one.matchers));
        return Err(match reasons.next() {
            Some(reason) => error.hint(reason.sentence(shell.tz)),
            None => error,
        });
    }
    warnings.extend(source.warnings());
    Ok(Input {
        title: text.clone(),
        series,
        times: ForecastTimes::Calendar,
        unit: None,
        statistic: Statistic::Mean,
        is_thinned: false,
        more: Vec::new(),
        versions: Vec::new(),
        warnings,
    })
}

/// The time over which all metrics of an expression have samples.
struct Selected {
    range: TimeRange,
    /// The last sample of any.
    latest: i64,
    /// The metric that ends before all others.
    ends_first: Option<String>,
}

/// The time over which the metrics of an expression have samples: where one ends, it ends.
fn selected_range(
    query: &Query,
    session: &Session,
    shell: ForecastShell<'_>,
) -> Result<Option<Selected>, ForecastError> {
    let stored = session.data_range().map(|range| Selected {
        range,
        latest: range.end,
        ends_first: None,
    });
    let selectors = query.selectors();
    let mut names: Vec<String> = selectors
        .iter()
        .filter_map(|one| one.metric.as_deref())
        .map(|name| format!("'{}'", name.replace('\'', "''")))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(stored);
    }
    let sql = format!(
        "SELECT min(first), min(last), max(last), first_value(metric ORDER BY last, metric) FROM \
         (SELECT metric, min(ts) AS first, max(ts) AS last FROM samples WHERE metric IN ({}) GROUP BY metric)",
        names.join(", ")
    );
    let result = shell.handle.block_on(session.sql(&sql))?;
    let ends = result.batches.first().and_then(|batch| {
        let time = |column: usize| {
            let times = batch
                .column(column)
                .as_primitive_opt::<TimestampMicrosecondType>()?;
            (times.len() == 1 && times.is_valid(0)).then(|| times.value(0))
        };
        let ends_first = match Cell::read(batch.column(3), 0) {
            Cell::Text(text) => Some(text.into_owned()),
            _ => None,
        };
        Some(Selected {
            range: TimeRange {
                start: time(0)?,
                end: time(1)?.saturating_add(1),
            },
            latest: time(2)?,
            ends_first,
        })
    });
    Ok(ends.or(stored))
}
