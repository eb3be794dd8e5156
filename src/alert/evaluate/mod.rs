//! Evaluates groups of rules over history.
//!
//! Each group is evaluated at its slots ([`Phase`]); its rules run in their
//! order, and what one writes is seen by those after it at the same slot, by
//! those before it at the next one, and by other groups by its timestamp (the
//! slot less the group's query offset). A rule's query is evaluated for all slots
//! of a piece of time at once wherever that gives the same result; rules that
//! lie on a circle are evaluated slot by slot. The reference is Prometheus'
//! `rules/group.go` and `rules/recording.go`; the order within an evaluation is
//! that of [`crate::alert::state`].
//!
//! As in Prometheus:
//! - A series that a rule wrote at its last good evaluation and does not any more gets a stale
//!   marker; a failing evaluation writes none.
//! - Of several samples of one series at one instant the first stays.
//!
//! Not as in Prometheus: no evaluation is ever late or missed, and a sample older than
//! the newest of its series is not refused (groups with different query offsets that write the
//! same series).

mod alerting;
mod beside;
mod both;
mod changes;
mod columns;
mod derived;
mod labels;
mod observe;
mod overlay;
mod plan;
mod reach;
mod recording;
mod restart;
mod run;
mod schedule;
mod share;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use alerting::Alerting;
use beside::Beside;
use derived::Derived;
use labels::{At, Surroundings, Templates};
use plan::{Node, Part};
use recording::Recording;
use share::Share;

use crate::alert::rule_file::{Group, Rule, RuleKind};
use crate::alert::state::{Alert, RuleState, Timing};
use crate::model::{Labels, MICROS_PER_DAY, Warning};
use crate::promql::{Options, SampleSource};

pub use both::Both;
pub use observe::{Collected, Event, EventKind, Observer, RuleErrors, RuleId, RuleReport};
pub use overlay::Overlay;
pub use restart::Restart;
pub use schedule::{Phase, Ties};

/// How groups are evaluated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How queries are evaluated.
    pub options: Options,
    /// The interval of groups that name none, µs (Prometheus' `global.evaluation_interval`: 1 m).
    pub interval: i64,
    /// The query offset of groups that name none, µs.
    pub query_offset: i64,
    /// One clock for all groups, µs, whatever their intervals: promtool's
    /// `evaluation_interval`.
    pub clock: Option<i64>,
    /// What holds for groups that are evaluated at the same instant.
    pub ties: Ties,
    /// The least time between two sendings of the same alert, µs (Prometheus: 1 m).
    pub resend_delay: i64,
    /// How much time is evaluated at once, µs.
    pub piece: i64,
    /// Whether all derived series are kept to the end, not only what rules may still read.
    pub keep: bool,
    /// When Prometheus stops and starts again, in the order of time; none of them lies in the
    /// time that another one takes.
    pub restarts: Vec<Restart>,
    /// Whether a metric that a rule writes hides the one of that name in history. Otherwise
    /// both are read, and of two samples of a series at one instant that of history stays:
    /// promtool's input.
    pub hides_history: bool,
    /// Whether the annotations of alerts that begin to fire are rendered into their events.
    pub annotations: bool,
    /// `$externalLabels` of templates.
    pub external_labels: Labels,
    /// `$externalURL` of templates.
    pub external_url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            options: Options::default(),
            interval: 60_000_000,
            query_offset: 0,
            clock: None,
            ties: Ties::default(),
            resend_delay: 60_000_000,
            piece: MICROS_PER_DAY,
            keep: false,
            restarts: Vec::new(),
            hides_history: true,
            annotations: false,
            external_labels: Labels::default(),
            external_url: String::new(),
        }
    }
}

/// A group and when it is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Scheduled<'a> {
    /// The group.
    pub group: &'a Group,
    /// Where its slots lie.
    pub phase: Phase<'a>,
}

/// Rule groups with the state of their evaluation.
#[derive(Debug)]
pub struct Engine<'a> {
    settings: Settings,
    rules: Vec<RuleRun<'a>>,
    parts: Vec<Part>,
    /// The place of each group's first rule.
    firsts: Vec<usize>,
    /// The groups' names.
    names: Vec<String>,
    /// For each rule those that write what it reads.
    reads: Vec<Vec<usize>>,
    /// For each rule what it reads of others, and how far before its slot.
    links: Vec<Vec<(usize, i64)>>,
    /// The rules that another engine evaluates, if any.
    left_out: Vec<bool>,
    /// How many rules share each shared expression.
    shares: Vec<usize>,
    derived: Derived,
    outputs: BTreeSet<String>,
    warnings: Vec<Warning>,
    /// How far before its instant any query looks, µs.
    reach: i64,
    /// Up to where derived series were trimmed.
    trimmed: i64,
    /// When Prometheus runs again after the last restart.
    up_at: i64,
    has_run: bool,
}

/// One rule with the state of its evaluation.
#[derive(Debug)]
struct RuleRun<'a> {
    id: RuleId,
    rule: &'a Rule,
    /// The distance of its slots, µs.
    clock: i64,
    /// Where its slots lie, µs.
    phase: i64,
    /// The group's interval, µs.
    interval: i64,
    query_offset: i64,
    limit: usize,
    /// How far its query looks back and ahead, µs.
    reach: (i64, i64),
    looks_ahead: bool,
    /// Whether what it writes is kept at all.
    is_stored: bool,
    share: Option<Share>,
    /// How many series its selectors find.
    size: Option<usize>,
    report: RuleReport,
    body: Body,
}

/// What of a rule does not change from slot to slot.
#[derive(Debug, Clone, Copy)]
struct Fixed<'a> {
    id: RuleId,
    rule: &'a Rule,
    limit: usize,
    interval: i64,
    query_offset: i64,
    resend_delay: i64,
}

/// Where a rule's results go.
#[derive(Debug)]
struct Out<'o> {
    /// Series, if anything reads them.
    derived: Option<&'o mut Derived>,
    report: &'o mut RuleReport,
    events: &'o mut Vec<Event>,
}

#[derive(Debug)]
enum Body {
    Recording(Recording),
    Alerting(Box<Alerting>),
}

impl<'a> Engine<'a> {
    /// Prepares groups, in the order in which groups of the same instant are evaluated.
    pub fn new(groups: &[Scheduled<'a>], settings: Settings) -> Self {
        let mut rules = Vec::new();
        let mut firsts = Vec::with_capacity(groups.len());
        for (i, scheduled) in groups.iter().enumerate() {
            firsts.push(rules.len());
            for (j, rule) in scheduled.group.rules.iter().enumerate() {
                let id = RuleId { group: i, rule: j };
                rules.push(RuleRun::new(id, rule, scheduled, &settings));
            }
        }
        let nodes: Vec<Node<'_>> = rules
            .iter()
            .map(|run| Node {
                id: run.id,
                rule: run.rule,
                query_offset: run.query_offset,
                looks_ahead: run.looks_ahead,
                reads_all: matches!(&run.body, Body::Alerting(alerting) if alerting.labels.ask()),
            })
            .collect();
        let plan = plan::plan(&nodes, settings.ties);
        let asks = rules
            .iter()
            .any(|run| matches!(&run.body, Body::Alerting(alerting) if alerting.annotations.ask()));
        let restores = !settings.restarts.is_empty();
        for (i, run) in rules.iter_mut().enumerate() {
            let restores = restores && matches!(run.body, Body::Alerting(_));
            // Refused samples are found whether or not anything reads them.
            let is_needed = plan.is_read[i] || plan.collides[i];
            run.is_stored = settings.keep || asks || is_needed || restores;
        }
        let shares = share::find(&mut rules, &plan.parts, &firsts, &settings);
        for part in plan.parts.iter().filter(|part| part.step_by_step) {
            for id in &part.rules {
                rules[firsts[id.group] + id.rule].report.step_by_step = true;
            }
        }
        let reach = rules
            .iter()
            .map(|run| match run.rule.query.text.contains('@') {
                // What is pinned by `@` may lie any time ago.
                true => i64::MAX,
                false => run.reach.0.saturating_add(run.query_offset),
            });
        // A template's query looks back for some time of its own.
        let reach = reach
            .max()
            .max(asks.then_some(MICROS_PER_DAY))
            .max(restores.then_some(Restart::reach()))
            .unwrap_or(0);
        Self {
            left_out: vec![false; rules.len()],
            reads: plan.reads,
            links: plan.links,
            names: groups.iter().map(|one| one.group.name.clone()).collect(),
            shares,
            up_at: i64::MIN,
            outputs: rules
                .iter()
                .filter(|_| settings.hides_history)
                .flat_map(|run| plan::outputs(run.rule))
                .map(str::to_owned)
                .collect(),
            reach: reach.saturating_add(settings.options.lookback),
            parts: plan.parts,
            settings,
            rules,
            firsts,
            derived: Derived::default(),
            warnings: Vec::new(),
            trimmed: i64::MIN,
            has_run: false,
        }
    }

    /// The pending and firing alerts of a rule, in the order of their labels; none of a recording rule.
    pub fn active_alerts(&self, rule: RuleId) -> Vec<&Alert> {
        let mut alerts: Vec<&Alert> = match &self.run_of(rule).body {
            Body::Recording(_) => Vec::new(),
            Body::Alerting(alerting) => alerting.state.active().map(|(_, alert)| alert).collect(),
        };
        alerts.sort_by(|a, b| a.labels.cmp(&b.labels));
        alerts
    }

    /// What is known of a rule's evaluations.
    pub fn report(&self, rule: RuleId) -> &RuleReport {
        &self.run_of(rule).report
    }

    /// All rules, in the order of groups and files.
    pub fn rules(&self) -> impl Iterator<Item = (RuleId, &'a Rule)> {
        self.rules.iter().map(|run| (run.id, run.rule))
    }

    /// Whether some rule's expression, or a query in its labels, may read what a rule writes.
    pub fn is_read(&self, rule: RuleId) -> bool {
        let place = self.firsts[rule.group] + rule.rule;
        self.reads.iter().any(|writers| writers.contains(&place))
    }

    /// Keeps nothing of what a rule writes: several variants of a rule do not get into each
    /// other's way.
    pub(in crate::alert) fn leave_unstored(&mut self, rule: RuleId) {
        let place = self.firsts[rule.group] + rule.rule;
        self.rules[place].is_stored = false;
    }

    /// What a reader must know.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Renders annotations as they were at `ts`, sorted by name; `element` and `value` are
    /// `$labels` and `$value`.
    ///
    /// Queries in templates see `source` and the derived series that are still kept.
    pub fn annotations(
        &self,
        rule: RuleId,
        element: &Labels,
        value: f64,
        ts: i64,
        source: &mut dyn SampleSource,
    ) -> Vec<(String, String)> {
        let at = At { element, value, ts };
        self.annotations_at(rule, at, source, None)
    }

    fn annotations_at(
        &self,
        rule: RuleId,
        at: At<'_>,
        source: &mut dyn SampleSource,
        beside: Option<Beside<'_>>,
    ) -> Vec<(String, String)> {
        let Body::Alerting(alerting) = &self.run_of(rule).body else {
            return Vec::new();
        };
        let mut overlay = self.with_derived(source);
        overlay.beside = beside;
        overlay.until = Some(at.ts);
        alerting
            .annotations
            .expand(at, surroundings(&self.settings), &mut overlay)
    }

    /// History together with the derived series that are kept.
    pub fn with_derived<'s>(&'s self, source: &'s mut dyn SampleSource) -> Overlay<'s> {
        Overlay {
            base: source,
            derived: &self.derived,
            beside: None,
            outputs: &self.outputs,
            until: None,
            cache: None,
            merged: Vec::new(),
        }
    }

    fn run_of(&self, rule: RuleId) -> &RuleRun<'a> {
        &self.rules[self.firsts[rule.group] + rule.rule]
    }
}

impl<'a> RuleRun<'a> {
    fn new(id: RuleId, rule: &'a Rule, scheduled: &Scheduled<'a>, settings: &Settings) -> Self {
        let group = scheduled.group;
        let interval = group.interval.unwrap_or(settings.interval).max(1);
        let clock = settings.clock.unwrap_or(interval).max(1);
        let phase = scheduled
            .phase
            .offset(&group.name, clock, settings.options.version);
        let reach = rule.query.lookback(&settings.options);
        Self {
            id,
            rule,
            clock,
            phase,
            interval,
            query_offset: group.query_offset.unwrap_or(settings.query_offset),
            limit: group.limit,
            reach,
            // `@` may pin any instant, and `@ start()` is another one in each slot's query.
            looks_ahead: reach.1 > 0 || rule.query.text.contains('@'),
            is_stored: true,
            share: None,
            size: None,
            report: RuleReport::default(),
            body: match &rule.kind {
                RuleKind::Recording => Body::Recording(Recording::default()),
                RuleKind::Alerting {
                    hold,
                    keep_firing_for,
                    annotations,
                } => Body::Alerting(Box::new(Alerting {
                    timing: Timing {
                        hold: *hold,
                        keep_firing_for: *keep_firing_for,
                        limit: group.limit,
                    },
                    labels: Templates::new(&rule.name, &rule.labels),
                    annotations: Templates::new(&rule.name, annotations),
                    state: RuleState::default(),
                    previous: Vec::new(),
                    keys: Default::default(),
                    series: Default::default(),
                    unrestored: None,
                })),
            },
        }
    }
}

fn surroundings(settings: &Settings) -> Surroundings<'_> {
    Surroundings {
        external_labels: &settings.external_labels,
        external_url: &settings.external_url,
        options: &settings.options,
    }
}
