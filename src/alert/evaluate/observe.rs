//! What an evaluation tells: events in the order of time, and a report for each rule.

use crate::alert::state::{Sent, Transition};

/// A rule's place: the group among the engine's, the rule in the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId {
    /// The group.
    pub group: usize,
    /// The rule.
    pub rule: usize,
}

/// Something that happened at an evaluation.
#[derive(Debug, Clone)]
pub struct Event {
    /// The evaluation's instant, µs.
    pub ts: i64,
    /// The rule.
    pub rule: RuleId,
    /// What happened.
    pub kind: EventKind,
    /// The annotations, sorted by name: of an alert that begins to fire, if they were asked for.
    pub annotations: Vec<(String, String)>,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// An alert changed.
    Transition(Transition),
    /// An alert was sent to Alertmanager.
    Sent(Sent),
}

/// Is told what happens, in the order of time, then of rules.
pub trait Observer {
    /// Takes an event.
    fn event(&mut self, event: Event);
}

/// Keeps all events.
#[derive(Debug, Clone, Default)]
pub struct Collected(pub Vec<Event>);

impl Observer for Collected {
    fn event(&mut self, event: Event) {
        self.0.push(event);
    }
}

/// The errors of one rule.
#[derive(Debug, Clone, Default)]
pub struct RuleErrors {
    /// How many evaluations failed.
    pub count: u64,
    /// The first that did, µs, and why.
    pub first: Option<(i64, String)>,
    /// The last that did, µs, and why.
    pub last: Option<(i64, String)>,
}

impl RuleErrors {
    pub(super) fn add(&mut self, ts: i64, text: &str) {
        self.count += 1;
        let is_before =
            |other: &Option<(i64, String)>| other.as_ref().is_none_or(|(first, _)| ts < *first);
        if is_before(&self.first) {
            self.first = Some((ts, text.to_owned()));
        }
        if self.last.as_ref().is_none_or(|(last, _)| ts >= *last) {
            self.last = Some((ts, text.to_owned()));
        }
    }
}

impl RuleReport {
    /// Notes that a sample was refused, since another rule wrote another value at its instant.
    pub(super) fn reject(&mut self, ts: i64) {
        self.rejected += 1;
        self.errors.add(ts, "duplicate sample for timestamp");
    }
}

/// What is known of one rule's evaluations.
#[derive(Debug, Clone, Default)]
pub struct RuleReport {
    /// How many there were.
    pub evaluations: u64,
    /// How many elements their results had.
    pub elements: u64,
    /// How many samples they wrote, stale markers aside.
    pub samples: u64,
    /// How many of those were samples of `ALERTS` with the state pending.
    pub pending_samples: u64,
    /// How many of those were samples of `ALERTS` with the state firing.
    pub firing_samples: u64,
    /// How many samples were refused, since another rule had written another value at their instant.
    /// As in Prometheus the rule is unhealthy then, but goes on: alerts are sent all the same. They
    /// are counted whether or not anything reads the series.
    pub rejected: u64,
    /// The failed evaluations, and the refused samples.
    pub errors: RuleErrors,
    /// Whether the rule had to be evaluated one slot at a time.
    pub step_by_step: bool,
}
