//! The value that a rule compares with its threshold, over time.

use crate::alert::backtest::{Compared, Episode, Run, RunSettings, compared};
use crate::alert::rule_file::RuleFile;
use crate::model::{Labels, TimeRange};
use crate::promql::{SampleSource, SourceError, is_absent};
use crate::report::ExplainSeries;

/// Points a series is drawn with at most.
const POINTS: usize = 2_000;
/// Series that are drawn at most.
const SERIES: usize = 6;
/// The least time around episodes that is drawn, µs.
const MARGIN: i64 = 1_800_000_000;

/// Evaluates what a rule compares, from before its first episode to after its last, for the series
/// that had episodes; `None` where its expression is no comparison with a number, or nothing fired.
pub(super) fn value(
    rule: usize,
    files: &[RuleFile],
    run: &Run,
    source: &mut dyn SampleSource,
    settings: &RunSettings<'_>,
) -> Result<Option<ExplainSeries>, SourceError> {
    let episodes: Vec<&Episode> = run.episodes.iter().filter(|one| one.rule == rule).collect();
    let first = episodes.iter().map(|one| one.active_at).min();
    let ends = episodes
        .iter()
        .map(|one| one.ended_at.unwrap_or(run.range.end));
    let (Some(first), Some(last)) = (first, ends.max()) else {
        return Ok(None);
    };
    let within = TimeRange {
        start: first.saturating_sub(MARGIN).max(run.range.start),
        end: last.saturating_add(MARGIN).min(run.range.end),
    };
    let found = compared(files, rule, within, POINTS, source, settings)?;
    let Some(Compared {
        times,
        series,
        threshold,
    }) = found
    else {
        return Ok(None);
    };
    let elements: Vec<&Labels> = episodes.iter().map(|one| one.element.as_ref()).collect();
    let fired = |labels: &Labels| {
        elements
            .iter()
            .any(|one| one.without_name().eq(labels.without_name()))
    };
    let fired: Vec<_> = series.iter().filter(|one| fired(&one.labels)).collect();
    let labels: Vec<&Labels> = fired.iter().map(|one| one.labels.as_ref()).collect();
    let drawn = fired.iter().take(SERIES).map(|one| {
        let values = one
            .values
            .iter()
            .map(|v| if is_absent(*v) { f64::NAN } else { *v });
        (name(&one.labels, &labels), times.clone(), values.collect())
    });
    let series: Vec<_> = drawn.collect();
    Ok((!series.is_empty()).then_some(ExplainSeries {
        series,
        threshold: Some(threshold),
        unit: None,
    }))
}

/// The labels by which a series differs from the others.
fn name(labels: &Labels, all: &[&Labels]) -> String {
    let differs = |name: &str, value: &str| all.iter().any(|other| other.get(name) != Some(value));
    let pairs: Vec<String> = labels
        .without_name()
        .filter(|(name, value)| differs(name, value))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match pairs.is_empty() {
        true => "value".to_owned(),
        false => pairs.join(" "),
    }
}
