//! What a rule compares with its threshold.

use super::run::{RunSettings, scheduled};
use super::warm_up::begin;
use crate::alert::evaluate::{Collected, Engine, Settings};
use crate::alert::rule_file::RuleFile;
use crate::model::TimeRange;
use crate::promql::{SampleSource, Series, SourceError, Steps, Value, evaluate_range};

/// The value that a rule compares with a number, over time.
#[derive(Debug)]
pub struct Compared {
    /// Slots at which the rule was evaluated, µs, at equal distances.
    pub times: Vec<i64>,
    /// The series, a value for each time (see [`is_absent`](crate::promql::is_absent)).
    pub series: Vec<Series>,
    /// The number.
    pub threshold: f64,
}

/// Evaluates what a rule compares at some of its slots in `within`, its end not included: at all of
/// them if there are no more than `points`, else as many of them at equal distances.
///
/// It sees what rules record as [`run`](super::run()) does; only the rules on which it depends are
/// evaluated. `rule` counts the rules of all files. `None` where there is no such rule, where its
/// expression is no comparison with a number, or where what is compared cannot be evaluated. The
/// error is one of reading history while the other rules are evaluated.
pub fn compared(
    files: &[RuleFile],
    rule: usize,
    within: TimeRange,
    points: usize,
    source: &mut dyn SampleSource,
    settings: &RunSettings<'_>,
) -> Result<Option<Compared>, SourceError> {
    let groups = scheduled(files, &settings.phases);
    let evaluation = Settings {
        keep: true,
        annotations: false,
        ..settings.evaluation.clone()
    };
    let options = evaluation.options.clone();
    let mut engine = Engine::new(&groups, evaluation);
    let Some((id, definition)) = engine.rules().nth(rule) else {
        return Ok(None);
    };
    let Some(threshold) = definition.query.threshold(&options) else {
        return Ok(None);
    };
    let (start, distance) = engine.slots_from(id, within.start);
    if start >= within.end {
        return Ok(None);
    }
    let points = i64::try_from(points.max(1)).unwrap_or(i64::MAX);
    let length = within.end.saturating_sub(1).saturating_sub(start);
    let step = (length / points / distance)
        .saturating_add(1)
        .saturating_mul(distance);
    let from = begin(&engine, source, settings.range);
    engine.keep_what_feeds(id);
    if !engine.is_idle() {
        engine.run(source, from, within.end, &mut Collected::default())?;
    }
    let offset = engine.query_offset(id);
    let steps = Steps::range(
        start.saturating_sub(offset),
        within.end.saturating_sub(1).saturating_sub(offset),
        step,
    );
    let mut overlay = engine.with_derived(source);
    let Ok(evaluated) = evaluate_range(&threshold.query, steps, &mut overlay, &options) else {
        return Ok(None);
    };
    let Value::Vector(series) = evaluated.value else {
        return Ok(None);
    };
    Ok(Some(Compared {
        times: (0..steps.len)
            .map(|i| steps.at(i).saturating_add(offset))
            .collect(),
        series,
        threshold: threshold.number,
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::alert::evaluate::Phase;
    use crate::alert::notify::Options;
    use crate::alert::rule_file;
    use crate::model::Labels;
    use crate::promql::{MemorySource, is_absent};

    const MINUTE: i64 = 60_000_000;

    const RULES: &str = "groups:
- name: other
  rules:
  - {record: unused, expr: 'm / (m - m)'}
- name: g
  query_offset: 1m
  rules:
  - {record: r, expr: 'm * 10'}
  - {alert: Plain, expr: 'm > 3'}
  - {alert: Recorded, expr: 'r > 30'}
  - {alert: Window, expr: 'avg_over_time(r[2m]) > 30'}
  - {alert: Without, expr: 'm'}
";

    /// Times in minutes, and values.
    fn found(rule: usize, within: (i64, i64), points: usize) -> Option<Vec<(f64, f64)>> {
        let mut source = MemorySource::default();
        let labels = Labels::from_pairs([("__name__", "m"), ("job", "a")]).expect("labels");
        let labels = Arc::new(labels);
        for minute in 0..100 {
            source.push(&labels, minute * MINUTE, minute as f64);
        }
        // In history there is something else of this name.
        let labels = Arc::new(labels.with("__name__", "r"));
        source.push(&labels, 50 * MINUTE, -1.0);
        let evaluation = Settings::default();
        let file = rule_file::parse("rules.yml", RULES, &evaluation.options).expect("rules");
        let external = Labels::default();
        let settings = RunSettings {
            range: TimeRange {
                start: 0,
                end: 100 * MINUTE,
            },
            phases: vec![Phase::Offset(MINUTE / 2)],
            evaluation,
            routes: None,
            silences: &[],
            notify: Options::default(),
            external_labels: &external,
            page_receivers: Vec::new(),
        };
        let within = TimeRange {
            start: within.0 * MINUTE,
            end: within.1 * MINUTE,
        };
        let found = compared(&[file], rule, within, points, &mut source, &settings);
        let found = found.expect("memory")?;
        assert_eq!(found.threshold, if rule == 2 { 3.0 } else { 30.0 });
        assert_eq!(found.series.len(), 1);
        let values = &found.series[0].values;
        assert_eq!(values.len(), found.times.len());
        assert!(values.iter().all(|value| !is_absent(*value)));
        let minutes = found.times.iter().map(|ts| *ts as f64 / MINUTE as f64);
        Some(minutes.zip(values.iter().copied()).collect())
    }

    #[test]
    fn it_is_what_the_rule_saw_at_its_slots() {
        // At 50.5 min the sample of 49 min is the newest that the query offset shows.
        assert_eq!(
            found(2, (50, 53), 100),
            Some(vec![(50.5, 49.0), (51.5, 50.0), (52.5, 51.0)])
        );
        assert_eq!(
            found(3, (50, 53), 100),
            Some(vec![(50.5, 490.0), (51.5, 500.0), (52.5, 510.0)])
        );
        assert_eq!(
            found(4, (50, 53), 2),
            Some(vec![(50.5, 485.0), (52.5, 505.0)])
        );
    }

    #[test]
    fn there_may_be_nothing_to_compare() {
        assert_eq!(found(5, (50, 53), 100), None);
        assert_eq!(found(6, (50, 53), 100), None);
        assert_eq!(found(3, (53, 50), 100), None);
        assert_eq!(found(3, (50, 50), 0), None);
    }
}
