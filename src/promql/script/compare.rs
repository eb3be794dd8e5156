//! Compares a query's value with what a script expects.

use crate::model::Labels;
use crate::promql::script::command::{Expected, ExpectedSeries};
use crate::promql::script::series;
use crate::promql::{Steps, Value, is_absent};

/// What was expected, and what came out.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) expected: String,
    pub(super) actual: String,
}

impl Mismatch {
    pub(super) fn new(expected: String, actual: String) -> Self {
        Self { expected, actual }
    }
}

/// The relative error that numbers may have.
const EPSILON: f64 = 0.000_001;

/// A series of a result: times and values of its samples.
struct Points<'a> {
    labels: &'a Labels,
    samples: Vec<(i64, f64)>,
}

/// Checks a query's value.
pub(super) fn compare(
    expected: &Expected,
    actual: &Value,
    steps: Steps,
    ordered: bool,
) -> Result<(), Mismatch> {
    match (expected, actual) {
        (Expected::Scalar(number), Value::Scalar(values)) => {
            let value = values.first().copied().unwrap_or(f64::NAN);
            // Over a range all steps would have to have it; scripts use it at an instant only.
            if steps.len == 1 && almost_equal(*number, value) {
                return Ok(());
            }
        }
        (Expected::String(text), Value::String(value)) if text == value => return Ok(()),
        (Expected::Series(series), Value::Vector(_)) => {
            return compare_series(series, &points(actual, steps), steps, ordered);
        }
        // A range query's scalar is a series without labels.
        (Expected::Series(series), Value::Scalar(_)) if steps.step > 0 => {
            return compare_series(series, &points(actual, steps), steps, ordered);
        }
        (
            Expected::RangeVector {
                start,
                end,
                step,
                series,
            },
            Value::Matrix(_),
        ) => {
            let grid = Steps::range(*start, *end, *step);
            return compare_series(series, &points(actual, steps), grid, ordered);
        }
        _ => {}
    }
    Err(Mismatch::new(
        describe_expected(expected),
        describe_actual(actual, steps),
    ))
}

/// Takes the middle of a range query's three steps.
pub(super) fn middle_step(value: Value) -> Value {
    match value {
        Value::Scalar(values) => Value::Scalar(values.into_iter().skip(1).take(1).collect()),
        Value::Vector(mut series) => {
            for series in &mut series {
                series.values = series.values.iter().copied().skip(1).take(1).collect();
            }
            Value::Vector(series)
        }
        other => other,
    }
}

static NO_LABELS: std::sync::LazyLock<Labels> = std::sync::LazyLock::new(Labels::default);

fn points(value: &Value, steps: Steps) -> Vec<Points<'_>> {
    let column = |values: &[f64]| -> Vec<(i64, f64)> {
        steps
            .iter()
            .zip(values.iter().copied())
            .filter(|(_, value)| !is_absent(*value))
            .collect()
    };
    let mut points: Vec<Points<'_>> = match value {
        Value::Scalar(values) => vec![Points {
            labels: &NO_LABELS,
            samples: column(values),
        }],
        Value::String(_) => Vec::new(),
        Value::Vector(series) => series
            .iter()
            .map(|series| Points {
                labels: &series.labels,
                samples: column(&series.values),
            })
            .collect(),
        Value::Matrix(series) => series
            .iter()
            .map(|series| Points {
                labels: &series.labels,
                samples: series
                    .timestamps
                    .iter()
                    .copied()
                    .zip(series.values.iter().copied())
                    .collect(),
            })
            .collect(),
    };
    points.retain(|points| !points.samples.is_empty());
    points
}

fn compare_series(
    expected: &[ExpectedSeries],
    actual: &[Points<'_>],
    grid: Steps,
    ordered: bool,
) -> Result<(), Mismatch> {
    let describe = |series: &Points<'_>| describe_points(series, grid);
    let mut seen = vec![false; expected.len()];
    for (position, series) in actual.iter().enumerate() {
        let Some(index) = expected.iter().position(|e| e.labels == *series.labels) else {
            return Err(Mismatch::new("no such series".to_owned(), describe(series)));
        };
        let want = &expected[index];
        if ordered && index != position {
            let at = |n: usize| format!("{} at position {}", want.labels, n + 1);
            return Err(Mismatch::new(at(index), at(position)));
        }
        if seen[index] || !same_values(want, series, grid) {
            return Err(Mismatch::new(describe_series(want), describe(series)));
        }
        seen[index] = true;
    }
    match expected.iter().zip(&seen).find(|(_, seen)| !**seen) {
        Some((series, _)) => {
            let actual: Vec<String> = actual.iter().map(describe).collect();
            let actual = match actual.len() {
                0 => "no series".to_owned(),
                _ => format!("only {}", actual.join(", ")),
            };
            Err(Mismatch::new(describe_series(series), actual))
        }
        None => Ok(()),
    }
}

fn same_values(expected: &ExpectedSeries, actual: &Points<'_>, grid: Steps) -> bool {
    if expected.values.len() > grid.len {
        return false;
    }
    let mut samples = actual.samples.iter();
    let same = grid
        .iter()
        .zip(&expected.values)
        .all(|(ts, value)| match value {
            series::Value::Omitted => true,
            series::Value::Histogram => false,
            series::Value::Float(value) => samples
                .next()
                .is_some_and(|(at, actual)| *at == ts && almost_equal(*value, *actual)),
        });
    same && samples.next().is_none()
}

/// Whether two numbers differ by less than [`EPSILON`] of the sum of their magnitudes.
fn almost_equal(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < EPSILON * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < EPSILON
}

fn describe_expected(expected: &Expected) -> String {
    match expected {
        Expected::Scalar(number) => format!("scalar {number}"),
        Expected::String(text) => format!("string {text:?}"),
        Expected::Series(series) | Expected::RangeVector { series, .. } => {
            if series.is_empty() {
                return "no series".to_owned();
            }
            let lines: Vec<String> = series.iter().map(describe_series).collect();
            lines.join("\n")
        }
    }
}

fn describe_series(series: &ExpectedSeries) -> String {
    let mut text = series.labels.to_string();
    for value in &series.values {
        match value {
            series::Value::Omitted => text.push_str(" _"),
            series::Value::Histogram => text.push_str(" {{…}}"),
            series::Value::Float(value) => text += &format!(" {value}"),
        }
    }
    text
}

fn describe_actual(actual: &Value, steps: Steps) -> String {
    match actual {
        Value::Scalar(values) if steps.len == 1 => {
            let value = values.first().copied().unwrap_or(f64::NAN);
            format!("scalar {value}")
        }
        Value::String(text) => format!("string {text:?}"),
        other => {
            let lines: Vec<String> = points(other, steps)
                .iter()
                .map(|series| describe_points(series, steps))
                .collect();
            match lines.len() {
                0 => "no series".to_owned(),
                _ => lines.join("\n"),
            }
        }
    }
}

/// Writes a series as a script would, or with its times where it is not on the grid.
fn describe_points(series: &Points<'_>, grid: Steps) -> String {
    let mut text = series.labels.to_string();
    let on_grid = series.samples.iter().all(|(ts, _)| {
        let since = ts - grid.start;
        since == 0 || (grid.step > 0 && since > 0 && since % grid.step == 0 && *ts <= grid.end())
    });
    if !on_grid {
        for (ts, value) in &series.samples {
            text += &format!(" {value}@{}s", *ts as f64 / 1e6);
        }
        return text;
    }
    let last = series.samples.last().map_or(0, |(ts, _)| *ts);
    for ts in grid.iter().take_while(|ts| *ts <= last) {
        match series.samples.iter().find(|(at, _)| *at == ts) {
            Some((_, value)) => text += &format!(" {value}"),
            None => text.push_str(" _"),
        }
    }
    text
}
