mod both;
mod cases;
mod naive;
mod random;
mod restart;
mod share;

use std::sync::Arc;

use super::*;
use crate::alert::rule_file::{RuleFile, parse};
use crate::model::METRIC_NAME;
use crate::promql::{
    MatchKind, Matcher, MemorySource, SampleSource, Selection, Version, is_absent,
};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

fn rules(text: &str, options: &Options) -> RuleFile {
    parse("rules.yml", text, options).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

fn schedule<'a>(file: &'a RuleFile, phases: &[i64]) -> Vec<Scheduled<'a>> {
    file.groups
        .iter()
        .enumerate()
        .map(|(i, group)| Scheduled {
            group,
            phase: Phase::Offset(phases.get(i).copied().unwrap_or(0)),
        })
        .collect()
}

/// All samples of a source that a rule may have written, as text.
fn dump(source: &mut dyn SampleSource, outputs: &BTreeSet<String>) -> Vec<String> {
    let any = Matcher::new(METRIC_NAME, MatchKind::Regex, ".+", Version::V3).expect("a pattern");
    let mut lines = Vec::new();
    let all = Selection {
        matchers: &[any],
        from: -MICROS_PER_DAY,
        to: MICROS_PER_DAY,
    };
    for slice in source.select(all).expect("memory") {
        if !outputs.contains(slice.labels.metric()) {
            continue;
        }
        for (ts, value) in slice.timestamps.iter().zip(slice.values) {
            let value = if is_absent(*value) {
                "stale".to_owned()
            } else {
                value.to_string()
            };
            lines.push(format!("{} {} {value}", slice.labels, ts / SECOND));
        }
    }
    lines.sort();
    lines
}

/// Events as text.
fn events(events: &[Event]) -> Vec<String> {
    let line = |event: &Event| {
        let (ts, rule) = (event.ts / SECOND, event.rule);
        let head = format!("{ts} {}.{}", rule.group, rule.rule);
        match &event.kind {
            EventKind::Transition(one) => {
                let alert = &one.alert;
                format!(
                    "{head} {:?} {} {} {}",
                    one.change,
                    alert.labels,
                    alert.value,
                    alert.active_at / SECOND
                )
            }
            EventKind::Sent(one) => format!(
                "{head} sent {} {} {}..{}",
                one.labels,
                one.value,
                one.starts_at / SECOND,
                one.ends_at / SECOND
            ),
        }
    };
    events.iter().map(line).collect()
}

/// A series of `name{i="..."}` with values each `step`; `None` is no sample, NaN a stale marker.
fn series(source: &mut MemorySource, labels: &[(&str, &str)], step: i64, values: &[Option<f64>]) {
    let labels = Arc::new(Labels::from_pairs(labels.iter().copied()).expect("distinct"));
    for (i, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let value = if value.is_nan() {
            crate::model::stale_nan()
        } else {
            *value
        };
        source.push(&labels, i as i64 * step, value);
    }
}
