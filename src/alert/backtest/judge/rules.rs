//! Each rule's record.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::linking::Linking;
use super::pages::Pages;
use super::spans::{self, Span};
use super::totals::Tally;
use super::{Judging, firing, metadata};
use crate::alert::backtest::{
    Episode, EpisodeEnd, EpisodeVerdict, Incident, IncidentVerdict, RuleVerdict, Run, Unheard,
};
use crate::alert::notify::Notification;
use crate::model::Labels;

/// An alert that fired longer and was kept back by nothing did not wait for its group: there is
/// nobody to tell, µs.
const LONGEST_WAIT: i64 = 3_600_000_000;

/// A record for each alerting rule: the most pages first, then notifications, episodes, name.
pub(super) fn verdicts(
    run: &Run,
    incidents: &[Incident],
    linking: &Linking,
    met: &[IncidentVerdict],
    judging: &Judging,
) -> Vec<RuleVerdict> {
    let told = told(run, judging);
    let mut episodes: Vec<Vec<usize>> = vec![Vec::new(); run.rules.len()];
    for (index, episode) in run.episodes.iter().enumerate() {
        if let Some(of_rule) = episodes.get_mut(episode.rule) {
            of_rule.push(index);
        }
    }
    let causes = causes(run);
    let mut verdicts: Vec<RuleVerdict> = Vec::new();
    for (rule, outcome) in run.rules.iter().enumerate() {
        if !outcome.info.is_alert {
            continue;
        }
        let fired: Vec<usize> = episodes[rule]
            .iter()
            .copied()
            .filter(|&index| run.episodes[index].fired())
            .collect();
        let firing_spans: Vec<Span> = fired
            .iter()
            .filter_map(|&index| firing(&run.episodes[index], run.range))
            .collect();
        let range = (run.range.start, run.range.end);
        let merged = spans::union(firing_spans.clone());
        let durations: Vec<i64> = firing_spans
            .iter()
            .map(|span| spans::length(*span))
            .collect();
        let mut precision = Tally::default();
        let (mut in_maintenance, mut elsewhere) = (0, 0);
        for &index in &fired {
            let verdict = &linking.episodes[index];
            precision.add([verdict].into_iter());
            in_maintenance += usize::from(matches!(verdict, EpisodeVerdict::Maintenance(_)));
            elsewhere += usize::from(matches!(verdict, EpisodeVerdict::Elsewhere(_)));
        }
        let own = || met.iter().filter(|one| one.rules.contains(&rule));
        let mut indices: Vec<usize> = own().map(|one| one.incident).collect();
        indices.sort_unstable();
        let alone = own().filter(|one| one.rules == [rule]);
        let mut alone: Vec<usize> = alone.map(|one| one.incident).collect();
        alone.sort_unstable();
        let told = &told[rule];
        verdicts.push(RuleVerdict {
            rule,
            severity: metadata::severity(&outcome.info),
            owner: metadata::owner(&outcome.info),
            runbook: metadata::runbook(&outcome.info),
            pages: told.pages.count,
            pages_worst_week: told.pages.worst_week(),
            pages_night: told.pages.night,
            pages_weekend: told.pages.weekend,
            notifications: told.notifications,
            by_reason: told.by_reason,
            episodes: fired.len(),
            near_misses: episodes[rule]
                .iter()
                .filter(|&&index| linking.episodes[index] == EpisodeVerdict::NearMiss)
                .count(),
            flaps: pauses(run, &fired, judging.flap).len(),
            self_resolved: fired
                .iter()
                .zip(&durations)
                .filter(|(index, duration)| {
                    run.episodes[**index].end == EpisodeEnd::Resolved
                        && **duration <= judging.self_resolved
                })
                .count(),
            firing_time: spans::total(&spans::clip(&merged, range)),
            most_at_once: spans::most_at_once(&firing_spans),
            longest: durations.iter().copied().max(),
            median_duration: spans::median(durations),
            longest_quiet: spans::longest_gap(&merged, range),
            unheard: unheard(run, &fired, &causes),
            precision: precision.proportion(),
            in_maintenance,
            elsewhere,
            median_delay: median_delay(run, incidents, own(), rule),
            incidents: indices,
            alone,
            errors: outcome.report.errors.clone(),
        });
    }
    verdicts.sort_by(|a, b| {
        let name = |one: &RuleVerdict| &run.rules[one.rule].info.name;
        let counts = |one: &RuleVerdict| (one.pages, one.notifications, one.episodes);
        let order = counts(b).cmp(&counts(a)).then_with(|| name(a).cmp(name(b)));
        order.then(a.rule.cmp(&b.rule))
    });
    verdicts
}

/// What was told of one rule.
#[derive(Debug, Clone, Default)]
struct Told {
    pages: Pages,
    notifications: usize,
    by_reason: [usize; 5],
}

fn told(run: &Run, judging: &Judging) -> Vec<Told> {
    let mut told = vec![Told::default(); run.rules.len()];
    let rules_of = |episodes: &[usize]| {
        let rules = episodes
            .iter()
            .filter_map(|&one| Some(run.episodes.get(one)?.rule));
        let mut rules: Vec<usize> = rules.filter(|&rule| rule < run.rules.len()).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    };
    for notified in &run.notifications {
        let Notification { ts, reason, .. } = notified.notification;
        let firing = rules_of(&notified.firing);
        for &rule in &firing {
            told[rule].notifications += 1;
            if notified.is_page {
                told[rule].pages.add(ts, &judging.calendar);
            }
        }
        let mut all = rules_of(&notified.resolved);
        all.retain(|rule| !firing.contains(rule));
        for rule in all.into_iter().chain(firing) {
            told[rule].by_reason[reason.index()] += 1;
        }
    }
    told
}

/// The pauses after which alerts of the same labels came back too soon: from being resolved to the
/// return of the condition.
///
/// What a restart or a group's `limit` ended was not resolved.
pub(super) fn pauses(run: &Run, fired: &[usize], flap: i64) -> Vec<i64> {
    let mut by_labels: HashMap<&Labels, Vec<&Episode>> = HashMap::new();
    for &index in fired {
        let episode = &run.episodes[index];
        by_labels.entry(&*episode.labels).or_default().push(episode);
    }
    let mut pauses = Vec::new();
    for episodes in by_labels.values_mut() {
        episodes.sort_by_key(|one| one.fired_at);
        for pair in episodes.windows(2) {
            let resolved_at = pair[0]
                .ended_at
                .filter(|_| pair[0].end == EpisodeEnd::Resolved);
            let pause = resolved_at.map(|ts| pair[1].active_at.saturating_sub(ts));
            pauses.extend(pause.filter(|pause| (0..=flap).contains(pause)));
        }
    }
    pauses.sort_unstable();
    pauses
}

/// What kept each episode back first.
fn causes(run: &Run) -> HashMap<usize, Unheard> {
    let mut causes = HashMap::new();
    for suppressed in &run.suppressed {
        let cause = Unheard::from(&suppressed.cause);
        causes.entry(suppressed.episode).or_insert(cause);
    }
    causes
}

/// Episodes of which nobody heard, by why, the most frequent first.
fn unheard(run: &Run, fired: &[usize], causes: &HashMap<usize, Unheard>) -> Vec<(Unheard, usize)> {
    let mut counts: BTreeMap<Unheard, usize> = BTreeMap::new();
    for &index in fired {
        let episode = &run.episodes[index];
        if episode.first_notification_at.is_some() {
            continue;
        }
        let lasted = firing(episode, run.range).map_or(0, spans::length);
        let cause = match causes.get(&index) {
            Some(cause) => *cause,
            None if lasted > LONGEST_WAIT => Unheard::NoReceiver,
            None if episode.ended_at.is_none() => Unheard::RangeEnd,
            None => Unheard::GroupWait,
        };
        *counts.entry(cause).or_default() += 1;
    }
    let mut counts: Vec<(Unheard, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

/// The median time from the begin of an incident that the rule met to the first that people heard
/// of it from this rule.
fn median_delay<'m>(
    run: &Run,
    incidents: &[Incident],
    met: impl Iterator<Item = &'m IncidentVerdict>,
    rule: usize,
) -> Option<i64> {
    let delays = met.filter_map(|one| {
        let own = one.episodes.iter().map(|&episode| &run.episodes[episode]);
        let told = own
            .filter(|episode| episode.rule == rule)
            .filter_map(|episode| match run.has_routes {
                true => episode.first_notification_at,
                false => episode.fired_at,
            });
        Some(
            told.min()?
                .saturating_sub(incidents[one.incident].started_at),
        )
    });
    spans::median(delays.collect())
}
