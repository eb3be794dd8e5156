//! `histogram_quantile` and `histogram_fraction` of classic histograms.
//!
//! The series of a histogram are those whose labels, the metric's name among
//! them, differ in `le` only; they are found once, and `le` is read once. A
//! bucket without a sample at a step does not count there. The reference is
//! `funcHistogramQuantile` and `funcHistogramFraction` in Prometheus'
//! `promql/functions.go`; hexadecimal numbers and underscores in `le`, which Go
//! reads, are malformed here.

mod buckets;
mod forced;

use std::collections::HashMap;
use std::sync::Arc;

use self::buckets::Buckets;
use self::forced::Forced;
pub(crate) use self::forced::Repairs;
use super::{Body, Call, Function};
use crate::model::Labels;
use crate::promql::Evaluator;
use crate::promql::column::{ABSENT, is_absent};
use crate::promql::error::{Annotations, Error, Span};
use crate::promql::merge::merge_equal;
use crate::promql::vector::{Series, Value};

/// The label that holds a bucket's upper bound.
const BOUND_LABEL: &str = "le";

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "histogram_fraction",
        body: Body::Special(histogram_fraction),
        keeps_name: false,
        reads_time: false,
    },
    Function {
        name: "histogram_quantile",
        body: Body::Special(histogram_quantile),
        keeps_name: false,
        reads_time: false,
    },
];

/// The series of one histogram.
struct Histogram<'a> {
    /// Their labels without `le`.
    labels: Labels,
    /// The bound and the counts of each, by rising bound.
    series: Vec<(f64, &'a [f64])>,
}

fn histogram_quantile(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    let [q, vector] = call.args else {
        unreachable!("the number of arguments is checked before")
    };
    let quantiles = evaluator.scalar(q, call.steps)?;
    warn_of_quantiles(&quantiles, q.span, &mut evaluator.said.annotations);
    let input = evaluator.vector(vector, call.steps)?;
    let version = evaluator.options.version;
    let delayed = evaluator.options.delayed_name_removal;
    let mut repairs = std::mem::take(&mut evaluator.said.repairs);
    // A subquery's windows overlap those of the piece before.
    let counted = repairs.counted_to(vector.span);
    let value = per_histogram(evaluator, call, &input, vector.span, |labels, columns| {
        let mut here: Option<Forced> = None;
        let values = per_step(columns, call.steps.len, |step, buckets| {
            let (value, repair) = buckets.quantile(quantiles[step], version);
            if let Some(repair) = repair
                && counted.is_none_or(|to| call.steps.at(step) > to)
            {
                Forced::add(&mut here, repair, call.steps.at(step));
            }
            value
        });
        if let Some(here) = here {
            let name = if delayed { labels.metric() } else { "" };
            repairs.add(vector.span, name, here);
        }
        values
    })?;
    repairs.set_counted_to(vector.span, call.steps.end());
    evaluator.said.repairs = repairs;
    Ok(value)
}

fn histogram_fraction(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    let [lower, upper, vector] = call.args else {
        unreachable!("the number of arguments is checked before")
    };
    let lower = evaluator.scalar(lower, call.steps)?;
    let upper = evaluator.scalar(upper, call.steps)?;
    let input = evaluator.vector(vector, call.steps)?;
    per_histogram(evaluator, call, &input, vector.span, |_, columns| {
        per_step(columns, call.steps.len, |step, buckets| {
            buckets.fraction(lower[step], upper[step])
        })
    })
}

/// Computes a series of each histogram in `input`, and gives it its labels.
fn per_histogram(
    evaluator: &mut Evaluator<'_>,
    call: &Call<'_>,
    input: &[Series],
    input_span: Span,
    mut compute: impl FnMut(&Labels, &[(f64, &[f64])]) -> Vec<f64>,
) -> Result<Value, Error> {
    let histograms = histograms(input, input_span, &mut evaluator.said.annotations);
    let series = histograms
        .into_iter()
        .map(|histogram| {
            let mut series = Series {
                values: compute(&histogram.labels, &histogram.series),
                labels: Arc::new(histogram.labels),
                drop_name: false,
            };
            evaluator.drop_name(&mut series);
            series
        })
        .collect();
    merge_equal(series, call.steps, call.span).map(Value::Vector)
}

/// Computes one value a step from the buckets that have a sample there.
fn per_step(
    columns: &[(f64, &[f64])],
    steps: usize,
    mut compute: impl FnMut(usize, &mut Buckets) -> f64,
) -> Vec<f64> {
    let mut buckets = Buckets::default();
    (0..steps)
        .map(|step| {
            buckets.clear();
            for (bound, counts) in columns {
                if !is_absent(counts[step]) {
                    buckets.push(*bound, counts[step]);
                }
            }
            if buckets.is_empty() {
                ABSENT
            } else {
                compute(step, &mut buckets)
            }
        })
        .collect()
}

/// Finds the histograms among series, in the order in which each first appears.
fn histograms<'a>(
    input: &'a [Series],
    span: Span,
    annotations: &mut Annotations,
) -> Vec<Histogram<'a>> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut histograms: Vec<Histogram<'a>> = Vec::new();
    for series in input {
        let text = series.labels.get(BOUND_LABEL).unwrap_or("");
        let Some(bound) = parse_bound(text) else {
            if !series.values.iter().all(|value| is_absent(*value)) {
                annotations.warn(
                    span,
                    format!(
                        "bucket label \"le\" is missing or has a malformed value of {text:?}{}",
                        of_metric(series.labels.metric())
                    ),
                );
            }
            continue;
        };
        let labels = series.labels.filtered(|name| name != BOUND_LABEL);
        let place = *places.entry(labels).or_insert_with_key(|labels| {
            histograms.push(Histogram {
                labels: labels.clone(),
                series: Vec::new(),
            });
            histograms.len() - 1
        });
        histograms[place].series.push((bound, &series.values));
    }
    for histogram in &mut histograms {
        histogram.series.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    histograms
}

/// Reads the value of `le` as Go does: a number too large for `f64` is malformed,
/// and so is a NaN with a sign.
fn parse_bound(text: &str) -> Option<f64> {
    let bound: f64 = text.parse().ok()?;
    let digits = text.trim_start_matches(['+', '-']);
    let sound = match digits.as_bytes().first() {
        Some(b'i' | b'I') => true,
        Some(b'n' | b'N') => digits.len() == text.len(),
        _ => bound.is_finite(),
    };
    sound.then_some(bound)
}

fn warn_of_quantiles(quantiles: &[f64], span: Span, annotations: &mut Annotations) {
    let mut last = None;
    for q in quantiles {
        if !(0.0..=1.0).contains(q) && last != Some(q.to_bits()) {
            last = Some(q.to_bits());
            annotations.invalid_quantile(span, *q);
        }
    }
}

/// What a message adds where the metric has a name.
fn of_metric(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!(" for metric name {name:?}")
    }
}

#[cfg(test)]
mod tests;
