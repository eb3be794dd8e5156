//! Reads everything before anything is run: what is wrong is told at once.

use super::inputs::{budget, config, events, rotation, rule_files, silences};
use super::settings::{self, PhaseChoice};
use super::{BacktestError, BacktestSpec, Shell};
use crate::alert::backtest::{
    Budget, Calendar, FailOn, Incident, Judging, LinkBy, Links, Rotation, Sweep, Window,
};
use crate::alert::evaluate::Settings;
use crate::alert::notify::{Config, Options as NotifyOptions, Silence};
use crate::alert::rule_file::{RuleFile, RuleKind};
use crate::model::{Event, EventKind, Labels, Warning, did_you_mean};
use crate::query::StoreSourceSettings;

/// A backtest that is ready to run.
#[derive(Debug)]
pub struct Backtest<'a> {
    pub(super) spec: &'a BacktestSpec,
    pub(super) shell: Shell<'a>,
    pub(super) new: Side,
    pub(super) base: Option<Side>,
    pub(super) silences: Vec<Silence>,
    pub(super) phase: PhaseChoice,
    pub(super) evaluation: Settings,
    pub(super) external_labels: Labels,
    pub(super) notify: NotifyOptions,
    pub(super) source: StoreSourceSettings,
    pub(super) judging: Judging,
    pub(super) budget: Option<Budget>,
    pub(super) fail_on: FailOn,
    pub(super) sweep: Option<Sweep>,
    pub(super) rotation: Option<Rotation>,
    /// `None`: those of the store.
    pub(super) incidents: Option<Vec<Event>>,
    /// `None`: those of the store.
    pub(super) maintenance: Option<Vec<Event>>,
    pub(super) warnings: Vec<Warning>,
}

/// One version of the rules and the routes.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) files: Vec<RuleFile>,
    /// The files' paths as Prometheus sees them, where they decide the phase.
    pub(super) paths: Vec<String>,
    pub(super) routes: Option<Config>,
}

impl<'a> Backtest<'a> {
    /// Reads what the specification names.
    pub fn prepare(spec: &'a BacktestSpec, shell: Shell<'a>) -> Result<Self, BacktestError> {
        let folder = shell.folder;
        one_view(spec)?;
        let phase = PhaseChoice::parse(spec.phase.as_deref())?;
        let evaluation = settings::evaluation(spec, shell.tz)?;
        let side = |rules: &[String], routes: Option<&String>| -> Result<Side, BacktestError> {
            let files = rule_files(rules, folder, &evaluation.options)?;
            Ok(Side {
                paths: phase.paths(&files)?,
                files,
                routes: routes.map(|path| config(path, folder)).transpose()?,
            })
        };
        let routes = spec.alertmanager.as_ref();
        let new = side(&spec.rules, routes)?;
        let groups = new.files.iter().flat_map(|file| &file.groups);
        let mut rules = groups.flat_map(|group| &group.rules);
        if !rules.any(|rule| matches!(rule.kind, RuleKind::Alerting { .. })) {
            let message = format!("there is no alerting rule in {}", spec.rules.join(" "));
            return Err(BacktestError::usage(message));
        }
        let base = match (spec.base.as_slice(), &spec.base_alertmanager) {
            ([], None) => None,
            ([], other) => Some(side(&spec.rules, other.as_ref())?),
            (rules, other) => Some(side(rules, other.as_ref().or(routes))?),
        };
        // Both versions of a file have one path where Prometheus sees them.
        let base = base.map(|mut base| {
            if let ([path], [_]) = (new.paths.as_slice(), base.paths.as_slice()) {
                base.paths = vec![path.clone()];
            }
            base
        });
        for side in [Some(&new), base.as_ref()].into_iter().flatten() {
            receivers(spec, side)?;
        }
        let mut warnings = Vec::new();
        let mut list = |paths: &[String], kind: EventKind| match paths {
            [] => Ok(None),
            paths => events(paths, kind, folder, shell.tz, &mut warnings).map(Some),
        };
        let incidents = list(&spec.incidents, EventKind::Incident)?;
        let maintenance = list(&spec.maintenance, EventKind::Maintenance)?;
        let sweep = spec.sweep.as_deref().map(Sweep::parse).transpose();
        let fail_on = match spec.fail_on.as_slice() {
            [] => Ok(FailOn::default()),
            names => names.join(",").parse::<FailOn>(),
        };
        let wrong = |error: &dyn std::error::Error| BacktestError::usage(error.to_string());
        let fail_on = fail_on.map_err(|e| wrong(&e))?;
        if fail_on.needs_budget() && spec.budget.is_none() {
            let message = "--fail-on names the budget, and there is none";
            return Err(BacktestError::usage(message).hint("say --budget FILE"));
        }
        if fail_on.needs_base() && base.is_none() {
            let message = "what --fail-on names is a comparison, and there is no base";
            return Err(BacktestError::usage(message).hint("say --base OLD_RULES"));
        }
        Ok(Self {
            spec,
            shell,
            new,
            base,
            silences: silences(spec, folder)?,
            phase,
            external_labels: settings::external_labels(spec)?,
            notify: settings::notify(spec)?,
            source: settings::source(spec)?,
            judging: judging(spec, shell)?,
            budget: budget(spec, folder)?,
            fail_on,
            sweep: sweep.map_err(|e| wrong(&e))?,
            rotation: rotation(spec, folder)?,
            evaluation,
            incidents,
            maintenance,
            warnings,
        })
    }
}

/// The views show different things: one at a time.
fn one_view(spec: &BacktestSpec) -> Result<(), BacktestError> {
    let is_compared = !spec.base.is_empty() || spec.base_alertmanager.is_some();
    let views = [
        (spec.explain.is_some(), "--explain"),
        (is_compared, "--base"),
        (spec.sweep.is_some(), "--sweep"),
    ];
    let asked: Vec<&str> = views.iter().filter(|one| one.0).map(|one| one.1).collect();
    let other = [
        (spec.rotation.is_some(), "--rotation"),
        (
            spec.phase
                .as_deref()
                .is_some_and(|phase| phase.starts_with("sweep")),
            "--phase sweep",
        ),
        (spec.budget.is_some() && !is_compared, "--budget"),
    ];
    let other = other.iter().find(|one| one.0).map(|one| one.1);
    let mut both = asked
        .iter()
        .copied()
        .chain(other.filter(|_| !asked.is_empty()));
    match (both.next(), both.next()) {
        (Some(first), Some(second)) => Err(BacktestError::usage(format!(
            "{first} and {second} do not go together: each shows something else"
        ))),
        _ => Ok(()),
    }
}

/// Receivers that page must be there, and need routes.
fn receivers(spec: &BacktestSpec, side: &Side) -> Result<(), BacktestError> {
    let Some(config) = &side.routes else {
        let given = [
            (!spec.page_receivers.is_empty(), "--page"),
            (spec.silences.is_some(), "--silences"),
            (spec.repeat_race.is_some(), "--repeat-race"),
        ];
        return match given.iter().find(|one| one.0) {
            Some((_, name)) => Err(BacktestError::usage(format!(
                "{name} changes nothing without --alertmanager"
            ))),
            None => Ok(()),
        };
    };
    for name in &spec.page_receivers {
        let known = || config.receivers.iter().map(|one| one.name.as_str());
        if !known().any(|one| one == name) {
            let error = BacktestError::usage(format!("--page: there is no receiver {name:?}"));
            return Err(match did_you_mean(name, known()) {
                Some(near) => error.hint(format!("did you mean {near:?}?")),
                None => error,
            });
        }
    }
    Ok(())
}

fn judging(spec: &BacktestSpec, shell: Shell<'_>) -> Result<Judging, BacktestError> {
    let defaults = Judging::default();
    let night = match &spec.night {
        None => defaults.calendar.night,
        Some(text) => Calendar::parse_night(text)
            .map_err(|error| BacktestError::usage(format!("night: {error}")))?,
    };
    let by = match spec.match_labels.as_slice() {
        [] => LinkBy::default(),
        names => LinkBy::parse(&names.join(",")),
    };
    Ok(Judging {
        calendar: Calendar {
            tz: shell.tz,
            night,
        },
        links: Links {
            by,
            ..defaults.links
        },
        ..defaults
    })
}

/// Incidents, as the judgement has them.
pub(super) fn incidents(events: Vec<Event>) -> Vec<Incident> {
    let incident = |event: Event| Incident {
        id: event.id,
        started_at: event.started_at,
        ended_at: event.ended_at,
        severity: event.severity,
        title: event.title,
        labels: event.labels,
    };
    events.into_iter().map(incident).collect()
}

/// Planned work, as the judgement has it; work without an end lasts an hour.
pub(super) fn windows(events: Vec<Event>, warnings: &mut Vec<Warning>) -> Vec<Window> {
    let endless = events
        .iter()
        .filter(|event| event.ended_at.is_none())
        .count();
    if endless > 0 {
        let message =
            format!("{endless} spans of planned work have no end: each is taken to last an hour");
        warnings.push(Warning::new("maintenance-without-end", message));
    }
    let window = |event: Event| Window {
        id: event.id,
        started_at: event.started_at,
        ended_at: event
            .ended_at
            .unwrap_or(event.started_at.saturating_add(3_600_000_000)),
        title: event.title,
        labels: event.labels,
    };
    events.into_iter().map(window).collect()
}
