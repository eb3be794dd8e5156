//! `count_values`: how many series have each value.

use std::collections::HashMap;

use super::Aggregation;
use super::group::{Groups, keeps};
use crate::model::METRIC_NAME;
use crate::promql::column::{ABSENT, Steps, is_absent};
use crate::promql::error::{Error, ErrorKind};
use crate::promql::eval::check_size;
use crate::promql::expr::Grouping;
use crate::promql::labels::is_label_name;
use crate::promql::number::format_value;
use crate::promql::options::Version;
use crate::promql::vector::Series;

/// Counts each group's equal values; the value becomes a label.
///
/// The results stand in the order in which series and, within them, steps first have the value.
pub(super) fn count_values(
    aggregation: &Aggregation<'_>,
    input: Vec<Series>,
    steps: Steps,
    version: Version,
) -> Result<Vec<Series>, Error> {
    let label = aggregation.label();
    if !is_label_name(label, version) {
        return Err(
            ErrorKind::Execution(format!("invalid label name {label:?}"))
                .at(aggregation.param_span),
        );
    }
    // The label stands for the value, whatever the series had there; under `by` it is always kept.
    let mut grouping = aggregation.grouping.clone();
    let shown = !grouping.without || keeps(&grouping, label);
    grouping.labels = hide(&grouping, label);
    let groups = Groups::new(&grouping, &input);
    let mut places: HashMap<(usize, u64), usize> = HashMap::new();
    let mut result: Vec<Series> = Vec::new();
    for (series, group) in input.iter().zip(&groups.of) {
        let mut last = None;
        for (step, value) in series.values.iter().enumerate() {
            if is_absent(*value) {
                continue;
            }
            let identity = if shown { identity(*value) } else { 0 };
            let place = match last {
                Some((last, place)) if last == identity => place,
                _ => *places.entry((*group, identity)).or_insert(result.len()),
            };
            if place == result.len() {
                check_size(place + 1, steps, aggregation.param_span)?;
                let mut labels = groups.labels[*group].clone();
                if shown {
                    labels = labels.with(label, &format_value(*value)).into();
                }
                result.push(Series {
                    labels,
                    drop_name: false,
                    values: vec![ABSENT; steps.len],
                });
            }
            last = Some((identity, place));
            let count = &mut result[place].values[step];
            *count = if is_absent(*count) { 1.0 } else { *count + 1.0 };
        }
    }
    Ok(result)
}

/// The grouping labels so that `label` makes no group by itself.
fn hide(grouping: &Grouping, label: &str) -> Vec<String> {
    let mut labels = grouping.labels.clone();
    if !grouping.without {
        labels.retain(|name| name != label);
    } else if label != METRIC_NAME && !labels.iter().any(|name| name == label) {
        labels.push(label.to_owned());
    }
    labels
}

/// What tells values apart as texts do: all NaN are one.
fn identity(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}
