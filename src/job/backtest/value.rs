//! The value that a rule compares with its threshold, over time.

use super::BacktestError;
use crate::alert::backtest::{Episode, Run};
use crate::alert::rule_file::Rule;
use crate::model::Labels;
use crate::promql::{Options, SampleSource, Steps, Value, evaluate_range, is_absent};
use crate::report::ExplainSeries;

/// Points a series is drawn with at most.
const POINTS: i64 = 480;
/// Series that are drawn at most.
const SERIES: usize = 6;
/// The least time around episodes that is drawn, µs.
const MARGIN: i64 = 1_800_000_000;

/// Evaluates what a rule compares, from before its first episode to after its last, for the series
/// that had episodes; `None` where its expression is no comparison with a number, or nothing fired.
pub(super) fn compared(
    rule: usize,
    definition: &Rule,
    run: &Run,
    source: &mut dyn SampleSource,
    options: &Options,
) -> Result<Option<ExplainSeries>, BacktestError> {
    let Some(threshold) = definition.query.threshold(options) else {
        return Ok(None);
    };
    let episodes: Vec<&Episode> = run.episodes.iter().filter(|one| one.rule == rule).collect();
    let first = episodes.iter().map(|one| one.active_at).min();
    let last = episodes
        .iter()
        .map(|one| one.ended_at.unwrap_or(run.range.end))
        .max();
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(None);
    };
    let start = first.saturating_sub(MARGIN).max(run.range.start);
    let end = last.saturating_add(MARGIN).min(run.range.end);
    let interval = run.rules[rule].info.interval.max(1);
    // Whole intervals, so that what is drawn is what was evaluated.
    let step = ((end - start) / POINTS / interval + 1) * interval;
    let start = start.div_euclid(interval) * interval;
    let steps = Steps::range(start, end, step);
    // A rule whose value cannot be drawn has its errors in the explanation.
    let Ok(evaluated) = evaluate_range(&threshold.query, steps, source, options) else {
        return Ok(None);
    };
    let Value::Vector(all) = evaluated.value else {
        return Ok(None);
    };
    let elements: Vec<&Labels> = episodes.iter().map(|one| one.element.as_ref()).collect();
    let same = |labels: &Labels| {
        elements
            .iter()
            .any(|one| one.without_name().eq(labels.without_name()))
    };
    let times: Vec<i64> = (0..steps.len)
        .map(|i| steps.start + i as i64 * steps.step)
        .collect();
    let series = all
        .iter()
        .filter(|one| same(&one.labels))
        .take(SERIES)
        .map(|one| {
            let values = one
                .values
                .iter()
                .map(|v| if is_absent(*v) { f64::NAN } else { *v });
            (name(&one.labels), times.clone(), values.collect())
        });
    Ok(Some(ExplainSeries {
        series: series.collect(),
        threshold: Some(threshold.number),
        unit: None,
    }))
}

fn name(labels: &Labels) -> String {
    let pairs: Vec<String> = labels
        .without_name()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match pairs.is_empty() {
        true => "value".to_owned(),
        false => pairs.join(" "),
    }
}
