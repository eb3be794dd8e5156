//! What an alerting rule makes of its results: alerts, samples of them, events.

use std::collections::HashMap;
use std::sync::Arc;

use super::columns::by_slot;
use super::derived::Handle;
use super::labels::{At, Surroundings, Templates, alert_labels, sample_labels};
use super::observe::{Event, EventKind};
use super::plan::{ALERTS, ALERTS_FOR_STATE};
use super::restart::Unrestored;
use super::{Fixed, Out};
use crate::alert::rule_file::Rule;
use crate::alert::state::{Alert, AlertKey, AlertState, Element, RuleState, Sent, Timing};
use crate::model::{Labels, MICROS_PER_SECOND, stale_nan};
use crate::promql::{SampleSource, Series, Steps};

/// The state of an alerting rule.
#[derive(Debug)]
pub(super) struct Alerting {
    pub(super) timing: Timing,
    pub(super) labels: Templates,
    pub(super) annotations: Templates,
    pub(super) state: RuleState,
    /// The series of the last good evaluation, sorted.
    pub(super) previous: Vec<Handle>,
    /// The alerts that each element's labels make, where they decide alone.
    pub(super) keys: HashMap<Arc<Labels>, AlertKey>,
    /// The series of each alert.
    pub(super) series: HashMap<AlertKey, AlertSeries>,
    /// After a restart: what is to come before alerts are restored.
    pub(super) unrestored: Option<Unrestored>,
}

/// The series of one alert.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct AlertSeries {
    pending: Option<Handle>,
    firing: Option<Handle>,
    for_state: Option<Handle>,
}

/// The elements of some slots with the alerts that they make.
#[derive(Debug)]
pub(super) struct Resolved {
    starts: Vec<u32>,
    elements: Vec<u32>,
    keys: Vec<AlertKey>,
}

impl Alerting {
    /// Finds the alerts that results make: expands the templates of labels.
    pub(super) fn resolve(
        &mut self,
        rule: &Rule,
        slots: Steps,
        results: &[Series],
        surroundings: Surroundings<'_>,
        source: &mut dyn SampleSource,
    ) -> Resolved {
        let (starts, elements) = by_slot(results, slots.len);
        let mut keys = Vec::with_capacity(elements.len());
        let vary = self.labels.vary();
        let mut cached: Vec<Option<AlertKey>> = vec![None; results.len()];
        for slot in 0..slots.len {
            for place in &elements[starts[slot] as usize..starts[slot + 1] as usize] {
                let place = *place as usize;
                if let Some(key) = cached[place] {
                    keys.push(key);
                    continue;
                }
                let element = &results[place].labels;
                let known = if vary { None } else { self.keys.get(element) };
                let key = match known {
                    Some(key) => *key,
                    None => {
                        let at = At {
                            element,
                            value: results[place].values[slot],
                            ts: slots.at(slot),
                        };
                        let expanded = self.labels.expand(at, surroundings, source);
                        let pairs = expanded.iter().map(|(n, v)| (n.as_str(), v.as_str()));
                        let labels = Arc::new(alert_labels(&rule.name, element, pairs));
                        self.state.key(&labels)
                    }
                };
                if !vary {
                    self.keys.insert(element.clone(), key);
                    cached[place] = Some(key);
                }
                keys.push(key);
            }
        }
        Resolved {
            starts,
            elements,
            keys,
        }
    }

    /// Takes the rule through some slots.
    pub(super) fn step_all(
        &mut self,
        fixed: Fixed<'_>,
        slots: Steps,
        results: &[Series],
        resolved: &Resolved,
        out: &mut Out<'_>,
    ) {
        let mut elements: Vec<Element> = Vec::new();
        let mut sent: Vec<Sent> = Vec::new();
        for slot in 0..slots.len {
            let ts = slots.at(slot);
            if slot > 0 {
                self.evaluated(slots.at(slot - 1), out.derived.as_deref());
            }
            out.report.evaluations += 1;
            let range = resolved.starts[slot] as usize..resolved.starts[slot + 1] as usize;
            if range.is_empty() && self.state.is_empty() && self.previous.is_empty() {
                continue;
            }
            out.report.elements += range.len() as u64;
            elements.clear();
            elements.extend(range.map(|i| {
                let one = &results[resolved.elements[i] as usize];
                Element {
                    key: resolved.keys[i],
                    labels: one.labels.clone(),
                    value: one.values[slot],
                }
            }));
            let outcome = self.state.step(ts, &elements, self.timing);
            let event = |kind| Event {
                ts,
                rule: fixed.id,
                kind,
                annotations: Vec::new(),
            };
            let transitions = outcome.transitions.into_iter();
            out.events
                .extend(transitions.map(|one| event(EventKind::Transition(one))));
            if let Some(error) = outcome.error {
                out.report.errors.add(ts, &error.to_string());
                continue;
            }
            self.state
                .send(ts, fixed.interval, fixed.resend_delay, &mut sent);
            out.events
                .extend(sent.drain(..).map(|one| event(EventKind::Sent(one))));
            // Until it has restored them Prometheus writes no samples of alerts.
            if self.unrestored.is_none() {
                self.write(fixed, ts, out);
            }
        }
        self.evaluated(slots.end(), out.derived.as_deref());
    }

    /// Writes `ALERTS` and `ALERTS_FOR_STATE`.
    fn write(&mut self, fixed: Fixed<'_>, ts: i64, out: &mut Out<'_>) {
        let report = &mut *out.report;
        let mut count = |alert: &Alert| {
            report.samples += 2;
            match alert.state {
                AlertState::Firing => report.firing_samples += 1,
                _ => report.pending_samples += 1,
            }
        };
        let Some(derived) = &mut out.derived else {
            self.state.active().for_each(|(_, alert)| count(alert));
            return;
        };
        let at = ts.saturating_sub(fixed.query_offset);
        let mut now = Vec::with_capacity(self.previous.len());
        let mut refused = false;
        for (key, alert) in self.state.active() {
            count(alert);
            let series = self.series.entry(key).or_default();
            let state = match alert.state {
                AlertState::Firing => &mut series.firing,
                _ => &mut series.pending,
            };
            let state = *state.get_or_insert_with(|| {
                let name = alert.state.as_str();
                derived.intern(&sample_labels(
                    fixed.rule,
                    ALERTS,
                    &alert.labels,
                    Some(name),
                ))
            });
            let for_state = *series.for_state.get_or_insert_with(|| {
                derived.intern(&sample_labels(
                    fixed.rule,
                    ALERTS_FOR_STATE,
                    &alert.labels,
                    None,
                ))
            });
            let since = alert.active_at.div_euclid(MICROS_PER_SECOND) as f64;
            for (handle, value) in [(state, 1.0), (for_state, since)] {
                if derived.push(handle, at, value) {
                    now.push(handle);
                } else {
                    refused = true;
                }
            }
        }
        if refused {
            report.reject(ts);
        }
        now.sort_unstable();
        now.dedup();
        for handle in &self.previous {
            if now.binary_search(handle).is_err() {
                derived.push(*handle, at, stale_nan());
            }
        }
        self.previous = now;
    }
}
