//! Incidents of which nobody was told, and what came nearest.

use super::Case;
use super::sentence::{count, duration, instant, list, rule};
use super::spans;
use crate::alert::backtest::{Episode, EpisodeVerdict, Finding, FindingKind, IncidentVerdict};

/// One finding for each incident for which no alert fired, or, with routes, of which no
/// notification told.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for met in case.met {
        let sentence = if met.episodes.is_empty() {
            missed(case, met)
        } else if case.run.has_routes && met.first_notification_at.is_none() {
            unheard(case, met)
        } else {
            continue;
        };
        findings.push(Finding {
            kind: FindingKind::MissedIncident,
            rule: None,
            incident: Some(met.incident),
            sentence,
        });
    }
    findings
}

fn missed(case: &Case<'_>, met: &IncidentVerdict) -> String {
    // What was still pending when the range ended came near too.
    let near = case.run.episodes.iter().zip(&case.linking.near);
    let near = near
        .filter(|(_, incident)| **incident == Some(met.incident))
        .map(|(episode, _)| episode);
    let nearest = near.max_by(|a, b| progress(case, a).total_cmp(&progress(case, b)));
    let why = if let Some(near) = nearest {
        let (pending, hold) = pending(case, near);
        format!(
            "the nearest was {}, pending for {} of its {} from {}",
            rule(case.run, near.rule),
            duration(pending),
            duration(hold),
            instant(near.active_at, &case.judging.calendar)
        )
    } else if let Some(beside) = case.linking.beside[met.incident] {
        let episode = &case.run.episodes[beside];
        let from = episode.fired_at.unwrap_or(episode.active_at);
        format!(
            "{} fired when it began, but had done so since {} and belongs to another incident",
            rule(case.run, episode.rule),
            instant(from, &case.judging.calendar)
        )
    } else {
        let elsewhere = elsewhere(case, met.incident);
        match elsewhere.is_empty() {
            true => "no rule came near".to_owned(),
            false => format!("{} fired, but about something else", list(&elsewhere)),
        }
    };
    format!("{} was met by no alert: {why}", title(case, met.incident))
}

fn unheard(case: &Case<'_>, met: &IncidentVerdict) -> String {
    let rules: Vec<String> = met.rules.iter().map(|&one| rule(case.run, one)).collect();
    format!(
        "nobody was told of {}: {} of {} fired, and none was notified",
        title(case, met.incident),
        count(met.episodes.len(), "alert"),
        list(&rules)
    )
}

/// `INC-6 (warning, Pool exhausted, 2026-04-28T13:38:11Z for 1h36m)`.
fn title(case: &Case<'_>, incident: usize) -> String {
    let incident = &case.incidents[incident];
    let mut parts: Vec<String> = Vec::new();
    parts.extend(incident.severity.clone());
    parts.extend(incident.title.clone());
    let begin = instant(incident.started_at, &case.judging.calendar);
    parts.push(match incident.ended_at {
        Some(end) => format!(
            "{begin} for {}",
            duration(spans::length((incident.started_at, end)))
        ),
        None => begin,
    });
    format!("{} ({})", incident.id, parts.join(", "))
}

/// How long an episode was pending, and how long it had to be.
fn pending(case: &Case<'_>, episode: &Episode) -> (i64, i64) {
    let end = episode.ended_at.unwrap_or(case.run.range.end);
    let hold = case
        .run
        .rules
        .get(episode.rule)
        .map_or(0, |one| one.info.hold);
    (spans::length((episode.active_at, end)), hold)
}

fn progress(case: &Case<'_>, episode: &Episode) -> f64 {
    let (pending, hold) = pending(case, episode);
    pending as f64 / (hold as f64).max(1.0)
}

/// Rules that fired at its time about something else, each once.
fn elsewhere(case: &Case<'_>, incident: usize) -> Vec<String> {
    let verdicts = case.run.episodes.iter().zip(&case.linking.episodes);
    let mut rules: Vec<usize> = verdicts
        .filter(|(_, verdict)| **verdict == EpisodeVerdict::Elsewhere(incident))
        .map(|(episode, _)| episode.rule)
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules.into_iter().map(|one| rule(case.run, one)).collect()
}
