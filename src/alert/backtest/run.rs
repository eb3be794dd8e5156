//! What a backtest gives before it is judged.

use std::collections::HashMap;
use std::sync::Arc;

use super::record::Recorder;
use super::warm_up::{begin, cut_windows};
use crate::alert::evaluate::{Both, Engine, Phase, RuleReport, Scheduled, Settings};
use crate::alert::notify::{Cause, Config, Notification, Options, Silence};
use crate::alert::rule_file::{Group, Place, Rule, RuleFile, RuleKind};
use crate::model::{Labels, TimeRange, Warning};
use crate::promql::{SampleSource, SourceError};

/// One rule, as far as a reader of results needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleInfo {
    /// Its file, as the user named it.
    pub file: String,
    /// Its group.
    pub group: String,
    /// Where it begins.
    pub place: Place,
    /// The alert's name, or the metric that it records.
    pub name: String,
    /// Whether it makes alerts; otherwise it records.
    pub is_alert: bool,
    /// Its expression as written.
    pub expr: String,
    /// The time between two evaluations, µs.
    pub interval: i64,
    /// For how long the condition must hold, µs.
    pub hold: i64,
    /// How long an alert goes on after it, µs.
    pub keep_firing_for: i64,
    /// Labels as written (templates), sorted by name.
    pub labels: Vec<(String, String)>,
    /// Annotations as written (templates), sorted by name.
    pub annotations: Vec<(String, String)>,
}

/// A rule and what its evaluations came to.
#[derive(Debug, Clone)]
pub struct RuleOutcome {
    /// The rule.
    pub info: RuleInfo,
    /// Counts and errors of its evaluations.
    pub report: RuleReport,
    /// For each selector of its expression that has no series at all, neither in history nor
    /// recorded by a rule: its text and why.
    pub unmatched: Vec<(String, String)>,
}

/// How an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EpisodeEnd {
    /// It fired and was resolved.
    Resolved,
    /// It was pending and never fired: a near miss.
    Dropped,
    /// The group's `limit` was exceeded, and its state wiped.
    Wiped,
    /// It went on at the end of the range.
    Open,
}

/// One alert from the beginning of its condition to its end.
#[derive(Debug, Clone)]
pub struct Episode {
    /// The rule: an index of [`Run::rules`].
    pub rule: usize,
    /// The alert's final labels, `alertname` among them.
    pub labels: Arc<Labels>,
    /// Labels of the expression's element.
    pub element: Arc<Labels>,
    /// When the condition began to hold.
    pub active_at: i64,
    /// When it fired; `None` if it never did.
    pub fired_at: Option<i64>,
    /// When it was resolved or dropped; `None` if it went on at the end of the range.
    pub ended_at: Option<i64>,
    /// How it ended.
    pub end: EpisodeEnd,
    /// The expression's value when it fired, or began to be pending.
    pub value: f64,
    /// Annotations as they were rendered when it fired, sorted by name; none of one that did not.
    pub annotations: Vec<(String, String)>,
    /// When a notification first told of it while it fired, be it before the range.
    pub first_notification_at: Option<i64>,
    /// When a page first did.
    pub first_page_at: Option<i64>,
    /// The first notification within the range that told of it while it fired: an index of
    /// [`Run::notifications`]. Of an episode that was told of before, that is a repetition.
    pub first_notification: Option<usize>,
    /// The first of those that are pages.
    pub first_page: Option<usize>,
}

impl Episode {
    /// Whether it fired.
    pub fn fired(&self) -> bool {
        self.fired_at.is_some()
    }
}

/// A notification and what it tells of.
#[derive(Debug, Clone)]
pub struct Notified {
    /// The notification.
    pub notification: Notification,
    /// Episodes that fire in it: indices of [`Run::episodes`], ascending.
    pub firing: Vec<usize>,
    /// Episodes that are resolved in it.
    pub resolved: Vec<usize>,
    /// Whether it pages somebody: it tells of something that fires, and goes to an integration
    /// that does (see [`RunSettings::page_receivers`]).
    pub is_page: bool,
}

/// An episode of which a receiver heard nothing for a while.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// The episode: an index of [`Run::episodes`].
    pub episode: usize,
    /// Who heard nothing.
    pub receiver: Arc<str>,
    /// What kept it back.
    pub cause: Cause,
    /// The first look at its group at which it was, µs.
    pub from: i64,
    /// The last, µs.
    pub until: i64,
}

/// What a backtest gives: facts, nothing judged.
#[derive(Debug, Clone)]
pub struct Run {
    /// Over which time.
    pub range: TimeRange,
    /// All rules, in the order of files, groups and rules.
    pub rules: Vec<RuleOutcome>,
    /// In the order of their beginnings, then of rules and labels.
    pub episodes: Vec<Episode>,
    /// In the order of time.
    pub notifications: Vec<Notified>,
    /// In the order of their beginnings.
    pub suppressed: Vec<Suppressed>,
    /// Whether there was an Alertmanager configuration; without one each episode that fires is
    /// one notification, and a page, at the instant at which it fires.
    pub has_routes: bool,
    /// Receivers that page, in the order of the configuration.
    pub page_receivers: Vec<String>,
    /// How many pages there would have been had inhibition rules, silences and time intervals
    /// not kept any back; `None` without a configuration.
    pub pages_unsuppressed: Option<usize>,
    /// How many pages there would have been had the race of repetitions gone the other way;
    /// `None` where no route can race.
    pub pages_other_race: Option<usize>,
    /// What a reader must know.
    pub warnings: Vec<Warning>,
}

impl Run {
    /// Weeks of the range, as a fraction.
    pub fn weeks(&self) -> f64 {
        (self.range.end - self.range.start) as f64 / 604_800e6
    }
}

/// How rules and notifications are run.
#[derive(Debug)]
pub struct RunSettings<'a> {
    /// Over which time; its end is not part of it.
    pub range: TimeRange,
    /// Where the slots of each file's groups lie: one for each rule file.
    pub phases: Vec<Phase<'a>>,
    /// How rules are evaluated.
    pub evaluation: Settings,
    /// Alertmanager's configuration.
    pub routes: Option<&'a Config>,
    /// Silences.
    pub silences: &'a [Silence],
    /// How notifications are simulated.
    pub notify: Options,
    /// Labels that Prometheus adds to what it sends (`global.external_labels`).
    pub external_labels: &'a Labels,
    /// Receivers that page; empty for those with an integration that does: `pagerduty`,
    /// `opsgenie`, `victorops`, `pushover`, `incidentio`, `rootly`, else all.
    pub page_receivers: Vec<String>,
}

/// Evaluates rules over a range, and simulates the notifications.
///
/// Evaluation begins an hour and twice the longest `for` before the range, earlier where rules read
/// further back what others record; what was over by the range's begin is left out. The error is
/// one of reading history.
pub fn run(
    files: &[RuleFile],
    source: &mut dyn SampleSource,
    settings: &RunSettings<'_>,
) -> Result<Run, SourceError> {
    let groups = scheduled(files, &settings.phases);
    let mut engine = Engine::new(&groups, settings.evaluation.clone());
    let lens: Vec<usize> = groups.iter().map(|one| one.group.rules.len()).collect();
    let mut recorder = Recorder::new(settings, &lens);
    let range = settings.range;
    let from = begin(&engine, source, range);
    engine.run(source, from, range.end, &mut recorder)?;
    let outcomes = outcomes(files, &engine, source, &settings.evaluation)?;
    let mut run = recorder.finish(outcomes);
    run.warnings.extend(engine.warnings().iter().cloned());
    run.warnings.extend(cut_windows(&engine, from, range));
    Ok(run)
}

/// Runs two versions over the same range as [`run()`] does each; rules that are the same in both
/// are evaluated once. Returns the base's run and the new one's.
///
/// Both have the range and the evaluation of `new`, and begin where the one does that begins
/// earlier: what rules that remember (that read what they have written themselves) give may differ
/// from that of [`run()`].
pub fn run_both(
    base: (&[RuleFile], &RunSettings<'_>),
    new: (&[RuleFile], &RunSettings<'_>),
    source: &mut dyn SampleSource,
) -> Result<(Run, Run), SourceError> {
    let groups = [base, new].map(|(files, settings)| scheduled(files, &settings.phases));
    let settings = new.1;
    let mut both = Both::new(&groups[0], &groups[1], &settings.evaluation);
    let lens = |groups: &[Scheduled<'_>]| -> Vec<usize> {
        groups.iter().map(|one| one.group.rules.len()).collect()
    };
    let mut old_recorder = Recorder::new(base.1, &lens(&groups[0]));
    let mut new_recorder = Recorder::new(settings, &lens(&groups[1]));
    let (range, to) = (settings.range, settings.range.end);
    let of_base = begin(both.base(), source, range);
    let from = begin(both.new_rules(), source, range).min(of_base);
    both.run(source, from, to, &mut old_recorder, &mut new_recorder)?;
    let old_outcomes = outcomes(base.0, both.base(), source, &settings.evaluation)?;
    let new_outcomes = outcomes(new.0, both.new_rules(), source, &settings.evaluation)?;
    let mut old_run = old_recorder.finish(old_outcomes);
    let mut new_run = new_recorder.finish(new_outcomes);
    for (run, engine) in [
        (&mut old_run, both.base()),
        (&mut new_run, both.new_rules()),
    ] {
        run.warnings.extend(engine.warnings().iter().cloned());
        run.warnings.extend(cut_windows(engine, from, range));
    }
    Ok((old_run, new_run))
}

/// All groups, each with its file's phase.
pub(super) fn scheduled<'a>(files: &'a [RuleFile], phases: &[Phase<'a>]) -> Vec<Scheduled<'a>> {
    let mut groups = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let phase = phases.get(i).copied().unwrap_or_default();
        groups.extend(file.groups.iter().map(|group| Scheduled { group, phase }));
    }
    groups
}

/// What the evaluations came to, rule by rule.
pub(super) fn outcomes(
    files: &[RuleFile],
    engine: &Engine<'_>,
    source: &mut dyn SampleSource,
    settings: &Settings,
) -> Result<Vec<RuleOutcome>, SourceError> {
    let groups = || {
        files
            .iter()
            .flat_map(|file| file.groups.iter().map(move |group| (file, group)))
    };
    let mut recorded: HashMap<&str, u64> = HashMap::new();
    for (id, rule) in engine.rules() {
        if matches!(rule.kind, RuleKind::Recording) {
            *recorded.entry(&rule.name).or_default() += engine.report(id).samples;
        }
    }
    let infos = groups().flat_map(|(file, group)| {
        group
            .rules
            .iter()
            .map(move |rule| info(file, group, rule, settings))
    });
    let mut outcomes = Vec::new();
    for ((id, rule), info) in engine.rules().zip(infos) {
        let mut unmatched = Vec::new();
        for selector in rule.query.selectors() {
            let why = match selector.metric.as_deref() {
                Some("ALERTS" | "ALERTS_FOR_STATE") => continue,
                Some(metric) if recorded.contains_key(metric) => {
                    if recorded[metric] > 0 {
                        continue;
                    }
                    "the rule that records it never gave a sample"
                }
                _ => {
                    if source.count_series(&selector.matchers)? > 0 {
                        continue;
                    }
                    "nothing in the history matches it"
                }
            };
            let text = rule.query.text.get(selector.span.start..selector.span.end);
            unmatched.push((text.unwrap_or_default().to_owned(), why.to_owned()));
        }
        outcomes.push(RuleOutcome {
            info,
            report: engine.report(id).clone(),
            unmatched,
        });
    }
    Ok(outcomes)
}

fn info(file: &RuleFile, group: &Group, rule: &Rule, settings: &Settings) -> RuleInfo {
    let (is_alert, hold, keep_firing_for, annotations) = match &rule.kind {
        RuleKind::Recording => (false, 0, 0, Vec::new()),
        RuleKind::Alerting {
            hold,
            keep_firing_for,
            annotations,
        } => (true, *hold, *keep_firing_for, annotations.clone()),
    };
    RuleInfo {
        file: file.path.clone(),
        group: group.name.clone(),
        place: rule.place,
        name: rule.name.clone(),
        is_alert,
        expr: rule.query.text.clone(),
        interval: group.interval.unwrap_or(settings.interval),
        hold,
        keep_firing_for,
        labels: rule.labels.clone(),
        annotations,
    }
}
