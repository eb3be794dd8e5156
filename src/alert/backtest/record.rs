//! From events to episodes and notifications.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

use super::run::{Episode, EpisodeEnd, Notified, RuleOutcome, Run, RunSettings, Suppressed};
use crate::alert::evaluate::{Event, EventKind, Observer};
use crate::alert::notify::{
    Cause, Config, Ignored, Notification, NotifiedAlert, Options, Outcome, Reason, Received,
    RepeatRace, Simulation, Suppression,
};
use crate::alert::state::{Alert, Change, Sent};
use crate::model::{Labels, TimeRange};

/// Integrations that call somebody, rather than leave a message.
const PAGING: &[&str] = &[
    "incidentio",
    "opsgenie",
    "pagerduty",
    "pushover",
    "rootly",
    "victorops",
];

/// The receiver where there is no configuration.
const ANYBODY: &str = "(no Alertmanager configuration)";

/// Takes the events of one run and makes episodes and notifications of them.
#[derive(Debug)]
pub(super) struct Recorder<'a> {
    range: TimeRange,
    routes: Option<&'a Config>,
    page_receivers: Vec<String>,
    external_labels: &'a Labels,
    /// For each group of the engine its first rule's index.
    firsts: Vec<usize>,
    episodes: Vec<Episode>,
    open: HashMap<(usize, Arc<Labels>), usize>,
    /// The episodes of each label set as it is sent, in the order of their firing.
    sent_as: HashMap<Arc<Labels>, Vec<usize>>,
    /// The labels as they are sent.
    with_external: HashMap<Arc<Labels>, Arc<Labels>>,
    main: Option<Simulation>,
    other_race: Option<Simulation>,
    unsuppressed: Option<Simulation>,
}

impl<'a> Recorder<'a> {
    /// Prepares for the events of an engine whose groups have so many rules.
    pub(super) fn new(settings: &RunSettings<'a>, group_lens: &[usize]) -> Self {
        let simulation = |options: Options| {
            settings
                .routes
                .map(|config| Simulation::new(config, settings.silences, options))
        };
        let other = match settings.notify.repeat_race {
            RepeatRace::Late => RepeatRace::Early,
            RepeatRace::Early => RepeatRace::Late,
        };
        let ignored = Ignored {
            inhibition: true,
            silences: true,
            time_intervals: true,
        };
        let main = simulation(settings.notify);
        let races = main.as_ref().is_some_and(Simulation::races);
        let mut next = 0;
        let firsts = group_lens.iter().map(|len| {
            next += len;
            next - len
        });
        Self {
            range: settings.range,
            routes: settings.routes,
            page_receivers: page_receivers(settings),
            external_labels: settings.external_labels,
            firsts: firsts.collect(),
            episodes: Vec::new(),
            open: HashMap::new(),
            sent_as: HashMap::new(),
            with_external: HashMap::new(),
            main,
            other_race: simulation(Options {
                repeat_race: other,
                ..settings.notify
            })
            .filter(|_| races),
            unsuppressed: simulation(Options {
                ignored,
                ..settings.notify
            }),
        }
    }

    /// Ends the run.
    pub(super) fn finish(mut self, rules: Vec<RuleOutcome>) -> Run {
        let until = self.range.end.saturating_sub(1);
        let end = |simulation: Option<Simulation>| simulation.map(|one| one.finish(until));
        let (main, other_race, unsuppressed) = (
            end(self.main.take()),
            end(self.other_race.take()),
            end(self.unsuppressed.take()),
        );
        let has_routes = main.is_some();
        let outcome = main.unwrap_or_default();
        let mut warnings = outcome.warnings;
        let mut notified = match has_routes {
            true => self.notified(outcome.notifications),
            false => self.one_each(),
        };
        let start = self.range.start;
        let count = |outcome: Option<Outcome>| {
            let all = self.notified(outcome?.notifications);
            let counts = |one: &&Notified| one.is_page && one.notification.ts >= start;
            Some(all.iter().filter(counts).count())
        };
        let pages_other_race = count(other_race);
        let pages_unsuppressed = count(unsuppressed);
        if let Some(config) = self.routes {
            warnings.extend(config.warnings.iter().cloned());
        }
        let mut suppressed = self.suppressed(outcome.suppressions);
        let mut episodes = self.episodes;
        tell(&mut episodes, &notified);
        notified.retain(|one| one.notification.ts >= start);
        let order = tidy(&mut episodes, start);
        for one in &mut notified {
            one.firing = renumber(&one.firing, &order);
            one.resolved = renumber(&one.resolved, &order);
        }
        suppressed.retain_mut(|one| match order[one.episode] {
            Some(episode) => {
                one.episode = episode;
                true
            }
            None => false,
        });
        for (i, one) in notified.iter().enumerate() {
            for &episode in &one.firing {
                let episode = &mut episodes[episode];
                episode.first_notification.get_or_insert(i);
                if one.is_page {
                    episode.first_page.get_or_insert(i);
                }
            }
        }
        Run {
            range: self.range,
            rules,
            episodes,
            notifications: notified,
            suppressed,
            has_routes,
            page_receivers: self.page_receivers,
            pages_unsuppressed,
            pages_other_race,
            warnings,
        }
    }

    /// A page for each episode that fires.
    fn one_each(&self) -> Vec<Notified> {
        let (receiver, route): (Arc<str>, Arc<str>) = (ANYBODY.into(), "".into());
        let all = self.episodes.iter().enumerate();
        let mut firing: Vec<Notified> = all
            .filter_map(|(at, episode)| {
                let fired_at = episode.fired_at?;
                let labels = self.with_external.get(&episode.labels);
                let labels = labels.unwrap_or(&episode.labels);
                let notification = Notification {
                    ts: fired_at,
                    receiver: Arc::clone(&receiver),
                    integration: Arc::clone(&route),
                    index: 0,
                    route: Arc::clone(&route),
                    group_labels: Arc::clone(labels),
                    reason: Reason::First,
                    alerts: vec![NotifiedAlert {
                        labels: Arc::clone(labels),
                        annotations: episode.annotations.clone().into(),
                        starts_at: fired_at,
                        ends_at: None,
                    }],
                    suppressed: Vec::new(),
                };
                Some(Notified {
                    notification,
                    firing: vec![at],
                    resolved: Vec::new(),
                    is_page: true,
                })
            })
            .collect();
        firing.retain(|one| one.notification.ts < self.range.end);
        firing.sort_by_key(|one| one.notification.ts);
        firing
    }

    /// Finds the episodes of notifications, and those that are pages; of a receiver with several
    /// integrations that page, one counts.
    fn notified(&self, notifications: Vec<Notification>) -> Vec<Notified> {
        let mut last = HashMap::new();
        let notifications = notifications
            .into_iter()
            .filter(|one| one.ts < self.range.end);
        notifications
            .map(|notification| {
                let (mut firing, mut resolved) = (Vec::new(), Vec::new());
                for alert in &notification.alerts {
                    match alert.ends_at {
                        None => firing.extend(self.firing(&alert.labels, notification.ts)),
                        Some(_) => resolved.extend(self.resolved(alert, notification.ts)),
                    }
                }
                firing.sort_unstable();
                resolved.sort_unstable();
                let mut is_page = notification.is_firing() && self.pages(&notification);
                if is_page {
                    let key = (
                        Arc::clone(&notification.receiver),
                        Arc::clone(&notification.route),
                        Arc::clone(&notification.group_labels),
                    );
                    is_page = last.insert(key, notification.ts) != Some(notification.ts);
                }
                Notified {
                    notification,
                    firing,
                    resolved,
                    is_page,
                }
            })
            .collect()
    }

    /// Puts together what kept one episode back from one receiver; what kept back only the news
    /// that it is resolved does not count.
    fn suppressed(&self, suppressions: Vec<Suppression>) -> Vec<Suppressed> {
        let mut all: Vec<Suppressed> = Vec::new();
        let mut known: HashMap<(usize, Arc<str>, Discriminant<Cause>), usize> = HashMap::new();
        for one in suppressions {
            for episode in self.firing(&one.labels, one.from) {
                let ended_at = self.episodes[episode].ended_at;
                if ended_at.is_some_and(|end| end <= one.from) {
                    continue;
                }
                let until = ended_at.map_or(one.until, |end| end.min(one.until));
                let key = (episode, Arc::clone(&one.receiver), discriminant(&one.cause));
                if let Some(&at) = known.get(&key) {
                    all[at].until = all[at].until.max(until);
                    continue;
                }
                known.insert(key, all.len());
                all.push(Suppressed {
                    episode,
                    receiver: Arc::clone(&one.receiver),
                    cause: one.cause.clone(),
                    from: one.from,
                    until,
                });
            }
        }
        all
    }

    fn pages(&self, notification: &Notification) -> bool {
        let receiver = notification.receiver.as_ref();
        match self.routes {
            None => true,
            Some(config) if self.page_receivers.iter().any(|name| name == receiver) => {
                let found = config.receivers.iter().find(|one| one.name == receiver);
                let mixed =
                    found.is_some_and(|one| one.integrations.iter().any(|i| is_paging(&i.kind)));
                // The chat beside the pager does not wake anybody.
                !mixed || is_paging(&notification.integration)
            }
            Some(_) => false,
        }
    }

    /// The episodes of a label set that had fired by an instant, the last first.
    fn fired(&self, sent: &Arc<Labels>, ts: i64) -> impl Iterator<Item = usize> {
        let all = self.sent_as.get(sent).into_iter().flatten().rev().copied();
        all.filter(move |one| self.episodes[*one].fired_at <= Some(ts))
    }

    /// The episodes of a label set that fire at an instant: one for each rule that makes it. Where
    /// none does, Alertmanager has not heard of the end: that which fired last.
    fn firing(&self, sent: &Arc<Labels>, ts: i64) -> Vec<usize> {
        let goes_on = |one: &usize| self.episodes[*one].ended_at.is_none_or(|end| end > ts);
        let found: Vec<usize> = self.fired(sent, ts).filter(goes_on).collect();
        match found.is_empty() {
            true => self.fired(sent, ts).take(1).collect(),
            false => found,
        }
    }

    /// The episodes of which it is told that they are resolved: of each rule that made the alert
    /// the last that was over by then, unless it was before this alert began.
    fn resolved(&self, alert: &NotifiedAlert, ts: i64) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for at in self.fired(&alert.labels, ts) {
            let episode = &self.episodes[at];
            let is_over = episode
                .ended_at
                .is_some_and(|end| end <= ts && end >= alert.starts_at);
            let is_other = |one: &usize| self.episodes[*one].rule != episode.rule;
            if is_over && found.iter().all(is_other) {
                found.push(at);
            }
        }
        match found.is_empty() {
            true => self.fired(&alert.labels, ts).take(1).collect(),
            false => found,
        }
    }

    fn index(&self, event: &Event) -> usize {
        self.firsts[event.rule.group] + event.rule.rule
    }

    /// The labels as Alertmanager sees them: external labels stand where an alert has none of
    /// that name.
    fn as_sent(&mut self, labels: &Arc<Labels>) -> Arc<Labels> {
        if self.external_labels.is_empty() {
            return Arc::clone(labels);
        }
        let external = self.external_labels;
        let known = self.with_external.entry(Arc::clone(labels));
        let sent = known.or_insert_with(|| {
            let missing = external
                .iter()
                .filter(|(name, _)| labels.get(name).is_none());
            let all = missing.fold((**labels).clone(), |all, (name, value)| {
                all.with(name, value)
            });
            Arc::new(all)
        });
        Arc::clone(sent)
    }

    /// Begins an episode.
    fn begin(&mut self, rule: usize, alert: &Alert) -> usize {
        let at = self.episodes.len();
        self.episodes.push(Episode {
            rule,
            labels: Arc::clone(&alert.labels),
            element: Arc::clone(&alert.element),
            active_at: alert.active_at,
            fired_at: None,
            ended_at: None,
            end: EpisodeEnd::Open,
            value: alert.value,
            annotations: Vec::new(),
            first_notification_at: None,
            first_page_at: None,
            first_notification: None,
            first_page: None,
        });
        self.open.insert((rule, Arc::clone(&alert.labels)), at);
        at
    }

    fn change(&mut self, rule: usize, change: Change, ts: i64, alert: &Alert, event: &Event) {
        let key = (rule, Arc::clone(&alert.labels));
        match change {
            Change::Pending => {
                self.begin(rule, alert);
            }
            Change::Firing => {
                let at = match self.open.get(&key) {
                    Some(at) => *at,
                    None => self.begin(rule, alert),
                };
                let episode = &mut self.episodes[at];
                episode.fired_at = Some(ts);
                episode.value = alert.value;
                episode.element = Arc::clone(&alert.element);
                episode.annotations = event.annotations.clone();
                let sent = self.as_sent(&alert.labels);
                self.sent_as.entry(sent).or_default().push(at);
            }
            Change::Resolved | Change::Dropped | Change::Wiped => {
                let Some(at) = self.open.remove(&key) else {
                    return;
                };
                let episode = &mut self.episodes[at];
                episode.ended_at = Some(ts);
                episode.end = match change {
                    Change::Resolved => EpisodeEnd::Resolved,
                    Change::Dropped => EpisodeEnd::Dropped,
                    _ => EpisodeEnd::Wiped,
                };
            }
        }
    }

    fn send(&mut self, rule: usize, sent: &Sent) {
        if self.main.is_none() {
            return;
        }
        let labels = self.as_sent(&sent.labels);
        let annotations = self
            .sent_as
            .get(&labels)
            .and_then(|all| {
                all.iter()
                    .rev()
                    .find(|one| self.episodes[**one].rule == rule)
            })
            .map(|episode| self.episodes[*episode].annotations.clone());
        let received = Received {
            ts: sent.ts,
            labels,
            annotations: annotations.unwrap_or_default().into(),
            starts_at: sent.starts_at,
            ends_at: sent.ends_at,
        };
        let all = [&mut self.main, &mut self.other_race, &mut self.unsuppressed];
        for simulation in all.into_iter().flatten() {
            simulation.receive(&received);
        }
    }
}

impl Observer for Recorder<'_> {
    fn event(&mut self, event: Event) {
        let rule = self.index(&event);
        match &event.kind {
            EventKind::Transition(transition) => {
                let (change, ts) = (transition.change, transition.ts);
                self.change(rule, change, ts, &transition.alert, &event);
            }
            EventKind::Sent(sent) => self.send(rule, sent),
        }
    }
}

/// Notes when each episode was first told of, and first paged for.
fn tell(episodes: &mut [Episode], notified: &[Notified]) {
    for one in notified {
        let ts = one.notification.ts;
        for &episode in &one.firing {
            let episode = &mut episodes[episode];
            episode.first_notification_at.get_or_insert(ts);
            if one.is_page {
                episode.first_page_at.get_or_insert(ts);
            }
        }
    }
}

/// Sorts episodes by their beginnings and drops those that were over before `start`; returns for
/// each old place the new one.
fn tidy(episodes: &mut Vec<Episode>, start: i64) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..episodes.len())
        .filter(|i| episodes[*i].ended_at.is_none_or(|end| end > start))
        .collect();
    order.sort_by(|a, b| {
        let key = |i: &usize| (episodes[*i].active_at, episodes[*i].rule);
        key(a)
            .cmp(&key(b))
            .then_with(|| episodes[*a].labels.cmp(&episodes[*b].labels))
    });
    let mut places = vec![None; episodes.len()];
    for (new, old) in order.iter().enumerate() {
        places[*old] = Some(new);
    }
    *episodes = order.iter().map(|old| episodes[*old].clone()).collect();
    places
}

fn renumber(old: &[usize], places: &[Option<usize>]) -> Vec<usize> {
    let mut new: Vec<usize> = old.iter().filter_map(|one| places[*one]).collect();
    new.sort_unstable();
    new
}

fn is_paging(kind: &str) -> bool {
    PAGING.contains(&kind)
}

/// The receivers that were named; else those with an integration that pages; else all.
fn page_receivers(settings: &RunSettings<'_>) -> Vec<String> {
    let Some(config) = settings.routes else {
        return Vec::new();
    };
    let all = || config.receivers.iter();
    let names = |keep: &dyn Fn(&str, &[crate::alert::notify::Integration]) -> bool| {
        all()
            .filter(|one| keep(&one.name, &one.integrations))
            .map(|one| one.name.clone())
            .collect::<Vec<String>>()
    };
    if !settings.page_receivers.is_empty() {
        return names(&|name, _| settings.page_receivers.iter().any(|one| one == name));
    }
    let paging = names(&|_, integrations| integrations.iter().any(|i| is_paging(&i.kind)));
    if paging.is_empty() {
        return names(&|_, integrations| !integrations.is_empty());
    }
    paging
}

#[cfg(test)]
mod tests;
