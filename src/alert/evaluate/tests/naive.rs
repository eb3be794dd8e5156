//! The oracle: one slot at a time, instant queries, plain maps, history that grows with the clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{RuleFile, Settings};
use crate::alert::rule_file::RuleKind;
use crate::alert::template::{Context, Template};
use crate::model::{Labels, METRIC_NAME, stale_nan};
use crate::promql::{MemorySource, RawSeries, Steps, Value, evaluate};

const SECOND: i64 = 1_000_000;

#[derive(Clone)]
struct Alert {
    state: &'static str,
    value: f64,
    active_at: i64,
    fired_at: i64,
    resolved_at: Option<i64>,
    last_sent_at: Option<i64>,
    keep_firing_since: Option<i64>,
}

#[derive(Default)]
pub(super) struct Naive {
    pub(super) source: MemorySource,
    written: BTreeMap<(Labels, i64), u64>,
    active: BTreeMap<(usize, usize), BTreeMap<Labels, Alert>>,
    previous: BTreeMap<(usize, usize), BTreeSet<Labels>>,
    pub(super) events: Vec<String>,
    pub(super) errors: BTreeMap<(usize, usize), u64>,
}

impl Naive {
    pub(super) fn run(
        file: &RuleFile,
        phases: &[i64],
        settings: &Settings,
        history: &[RawSeries],
        to: i64,
    ) -> Self {
        let mut naive = Self::default();
        let mut arrivals: Vec<(i64, Arc<Labels>, f64)> = Vec::new();
        for one in history {
            for (ts, value) in one.timestamps.iter().zip(&one.values) {
                arrivals.push((*ts, one.labels.clone(), *value));
            }
        }
        arrivals.sort_by_key(|(ts, ..)| *ts);
        let mut arrived = 0;
        for now in (0..to / SECOND).map(|s| s * SECOND) {
            while arrived < arrivals.len() && arrivals[arrived].0 <= now {
                let (ts, labels, value) = &arrivals[arrived];
                naive.source.push(labels, *ts, *value);
                arrived += 1;
            }
            for (g, group) in file.groups.iter().enumerate() {
                let interval = group.interval.unwrap_or(settings.interval);
                if (now - phases[g]).rem_euclid(interval) != 0 {
                    continue;
                }
                for r in 0..group.rules.len() {
                    naive.rule(file, g, r, now, settings);
                }
            }
        }
        naive
    }

    fn push(&mut self, labels: &Labels, ts: i64, value: f64) -> bool {
        let there = *self
            .written
            .entry((labels.clone(), ts))
            .or_insert(value.to_bits());
        self.source
            .push(&Arc::new(labels.clone()), ts, f64::from_bits(there));
        there == value.to_bits()
    }

    fn rule(&mut self, file: &RuleFile, g: usize, r: usize, now: i64, settings: &Settings) {
        let group = &file.groups[g];
        let rule = &group.rules[r];
        let offset = group.query_offset.unwrap_or(settings.query_offset);
        let steps = Steps::instant(now - offset);
        let vector: Vec<(Labels, f64)> =
            match evaluate(&rule.query, steps, &mut self.source, &settings.options) {
                Err(_) => {
                    *self.errors.entry((g, r)).or_default() += 1;
                    return;
                }
                Ok(evaluated) => match evaluated.value {
                    Value::Scalar(values) => vec![(Labels::default(), values[0])],
                    Value::Vector(series) => series
                        .iter()
                        .map(|one| (one.labels.as_ref().clone(), one.values[0]))
                        .collect(),
                    _ => {
                        *self.errors.entry((g, r)).or_default() += 1;
                        return;
                    }
                },
            };
        let samples = match &rule.kind {
            RuleKind::Recording => {
                let mut samples = Vec::new();
                for (labels, value) in &vector {
                    let mut labels = labels.with(METRIC_NAME, &rule.name);
                    for (name, text) in &rule.labels {
                        labels = labels.with(name, text);
                    }
                    samples.push((labels, value.to_bits()));
                }
                let distinct: BTreeSet<&Labels> = samples.iter().map(|(l, _)| l).collect();
                if distinct.len() < samples.len()
                    || (group.limit > 0 && samples.len() > group.limit)
                {
                    *self.errors.entry((g, r)).or_default() += 1;
                    return;
                }
                samples
            }
            RuleKind::Alerting {
                hold,
                keep_firing_for,
                ..
            } => {
                let interval = group.interval.unwrap_or(settings.interval);
                let timing = (*hold, *keep_firing_for, group.limit, interval);
                match self.alert(rule, (g, r), now, &vector, timing, settings) {
                    Some(samples) => samples,
                    None => {
                        *self.errors.entry((g, r)).or_default() += 1;
                        return;
                    }
                }
            }
        };
        let mut returned = BTreeSet::new();
        for (labels, value) in samples {
            if self.push(&labels, now - offset, f64::from_bits(value)) {
                returned.insert(labels);
            }
        }
        let before = self.previous.insert((g, r), returned.clone());
        for labels in before.unwrap_or_default() {
            if !returned.contains(&labels) {
                self.push(&labels, now - offset, stale_nan());
            }
        }
    }

    fn alert(
        &mut self,
        rule: &crate::alert::rule_file::Rule,
        id: (usize, usize),
        now: i64,
        vector: &[(Labels, f64)],
        (hold, keep, limit, interval): (i64, i64, usize, i64),
        settings: &Settings,
    ) -> Option<Vec<(Labels, u64)>> {
        let mut result: BTreeMap<Labels, f64> = BTreeMap::new();
        for (element, value) in vector {
            let mut labels = element.with(METRIC_NAME, "");
            for (name, text) in &rule.labels {
                let context = Context {
                    labels: element,
                    value: *value,
                    external_labels: &settings.external_labels,
                    external_url: "",
                    now,
                };
                let template = Template::parse(text).expect("a template");
                let text = template
                    .render(&context, &mut |_| Ok(Vec::new()))
                    .expect("a value");
                labels = labels.with(name, &text);
            }
            labels = labels.with("alertname", &rule.name);
            if result.insert(labels, *value).is_some() {
                return None;
            }
        }
        let active = self.active.entry(id).or_default();
        let mut said: Vec<(Labels, String)> = Vec::new();
        let mut say = |labels: &Labels, what: &str, alert: &Alert| {
            let text = format!(
                "{what} {labels} {} {}",
                alert.value,
                alert.active_at / SECOND
            );
            said.push((labels.clone(), text));
        };
        let mut begun = BTreeSet::new();
        for (labels, value) in &result {
            match active.get_mut(labels) {
                Some(alert) if alert.state != "inactive" => alert.value = *value,
                _ => {
                    begun.insert(labels.clone());
                    active.insert(
                        labels.clone(),
                        Alert {
                            state: "pending",
                            value: *value,
                            active_at: now,
                            fired_at: 0,
                            resolved_at: None,
                            last_sent_at: None,
                            keep_firing_since: None,
                        },
                    );
                }
            }
        }
        let before = active.clone();
        let mut count = 0;
        for labels in before.keys() {
            let alert = active.get_mut(labels).expect("just cloned");
            if result.contains_key(labels) {
                alert.keep_firing_since = None;
            } else {
                let mut keeps = false;
                if alert.state == "firing" && keep > 0 {
                    let since = *alert.keep_firing_since.get_or_insert(now);
                    keeps = now - since < keep;
                }
                if alert.state == "pending" {
                    say(labels, "Dropped", alert);
                    active.remove(labels);
                    continue;
                }
                if alert.resolved_at.is_some_and(|at| now - at > 900 * SECOND) {
                    active.remove(labels);
                    continue;
                }
                if alert.state != "inactive" && !keeps {
                    alert.state = "inactive";
                    alert.resolved_at = Some(now);
                    say(labels, "Resolved", alert);
                }
                if !keeps {
                    continue;
                }
            }
            count += 1;
            if alert.state == "pending" && now - alert.active_at >= hold {
                alert.state = "firing";
                alert.fired_at = now;
                say(labels, "Firing", alert);
            } else if begun.contains(labels) {
                say(labels, "Pending", alert);
            }
        }
        let head = format!("{} {}.{}", now / SECOND, id.0, id.1);
        if limit > 0 && count > limit {
            for (labels, alert) in before {
                let still = active.get(&labels).is_some_and(|a| a.state != "inactive");
                if still && !begun.contains(&labels) {
                    self.events.push(format!(
                        "{head} Wiped {labels} {} {}",
                        alert.value,
                        alert.active_at / SECOND
                    ));
                }
            }
            active.clear();
            return None;
        }
        said.sort();
        self.events
            .extend(said.iter().map(|(_, text)| format!("{head} {text}")));
        let mut samples = Vec::new();
        for (labels, alert) in active.iter_mut() {
            let due = match alert.last_sent_at {
                _ if alert.state == "pending" => false,
                None => true,
                Some(last) => {
                    alert.resolved_at.is_some_and(|at| at > last)
                        || last + settings.resend_delay < now
                }
            };
            if due {
                alert.last_sent_at = Some(now);
                let ends = alert
                    .resolved_at
                    .unwrap_or(now + 4 * interval.max(settings.resend_delay));
                self.events.push(format!(
                    "{head} sent {labels} {} {}..{}",
                    alert.value,
                    alert.fired_at / SECOND,
                    ends / SECOND
                ));
            }
            if alert.state == "inactive" {
                continue;
            }
            let alerts = labels
                .with(METRIC_NAME, "ALERTS")
                .with("alertstate", alert.state);
            samples.push((alerts, 1.0_f64.to_bits()));
            let since = (alert.active_at / SECOND) as f64;
            samples.push((
                labels.with(METRIC_NAME, "ALERTS_FOR_STATE"),
                since.to_bits(),
            ));
        }
        Some(samples)
    }
}
