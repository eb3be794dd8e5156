//! The simulation: alerts in, notifications out.

use std::sync::Arc;

use super::alerts::{AlertId, Alerts, Received};
use super::config::{Config, Integration};
use super::group::{GroupId, Groups, Rules};
use super::inhibit::Inhibitor;
use super::log::{LogEntry, State, reason};
use super::options::Options;
use super::order::before;
use super::outcome::{Cause, Notification, NotifiedAlert, Outcome, Withheld};
use super::route::{Node, Tree};
use super::silences::Silence;
use super::suppress::{Held, Look, Suppressions};
use super::timer::{Housekeeping, Timers};
use crate::model::{Labels, Warning};

/// Simulates a stream of alerts, which must be in the order of time, up to and
/// with an instant.
pub fn simulate(
    config: &Config,
    silences: &[Silence],
    options: Options,
    received: impl IntoIterator<Item = Received>,
    until: i64,
) -> Outcome {
    let mut simulation = Simulation::new(config, silences, options);
    for one in received {
        simulation.receive(&one);
    }
    simulation.finish(until)
}

/// A simulation under way.
///
/// Its cost is one step for each alert that comes and one for each look at a
/// group, times the group's alerts; what a label set matches (routes, rules,
/// silences) is found out once.
#[derive(Debug)]
pub struct Simulation {
    options: Options,
    tree: Tree,
    receivers: Vec<Recipient>,
    silences: Vec<Silence>,
    rules: Option<Rules>,
    alerts: Alerts,
    inhibitor: Inhibitor,
    groups: Groups,
    timers: Timers,
    log: Vec<Vec<Option<LogEntry>>>,
    suppressions: Suppressions,
    now: i64,
    refused: usize,
    outcome: Outcome,
    buffers: Buffers,
}

#[derive(Debug)]
struct Recipient {
    name: Arc<str>,
    integrations: Vec<(Arc<str>, Integration)>,
}

/// Room for one look, kept between looks.
#[derive(Debug, Default)]
struct Buffers {
    held: Vec<(AlertId, Held)>,
    passing: Vec<AlertId>,
    firing: Vec<AlertId>,
    resolved: Vec<AlertId>,
}

impl Simulation {
    /// Makes an Alertmanager that has just been started.
    pub fn new(config: &Config, silences: &[Silence], options: Options) -> Self {
        let tree = Tree::new(config, options.release);
        let receivers = config.receivers.iter().map(|receiver| Recipient {
            name: receiver.name.as_str().into(),
            integrations: receiver
                .integrations
                .iter()
                .map(|one| (one.kind.as_str().into(), one.clone()))
                .collect(),
        });
        Self {
            options,
            receivers: receivers.collect(),
            silences: silences.to_vec(),
            rules: options.started_at.map(|at| Rules {
                release: options.release,
                housekeeping: Housekeeping::new(at),
            }),
            alerts: Alerts::default(),
            inhibitor: Inhibitor::new(config.inhibit_rules.clone()),
            groups: Groups::default(),
            timers: Timers::default(),
            log: Vec::new(),
            suppressions: Suppressions::default(),
            now: i64::MIN,
            refused: 0,
            outcome: Outcome {
                warnings: tree.warnings(),
                ..Outcome::default()
            },
            buffers: Buffers::default(),
            tree,
        }
    }

    /// Whether a route's repetitions may be due at the very instant of a tick (see
    /// [`RepeatRace`](super::RepeatRace)).
    pub fn races(&self) -> bool {
        let mut warnings = self.outcome.warnings.iter();
        warnings.any(|one| one.code == "repeat-race")
    }

    /// Takes in an alert. One that comes before the one before it is taken to come
    /// with that one.
    pub fn receive(&mut self, received: &Received) {
        // What the API answers with 400.
        if received.labels.is_empty() || received.ends_at < received.starts_at {
            self.refused += 1;
            return;
        }
        if received.ts > self.now {
            self.run_until(received.ts.saturating_sub(1));
            self.now = received.ts;
        }
        let now = self.now;
        let rules = *self.rules.get_or_insert(Rules {
            release: self.options.release,
            housekeeping: Housekeeping::new(now),
        });
        let (tree, groups, inhibitor) = (&self.tree, &mut self.groups, &mut self.inhibitor);
        let id = self
            .alerts
            .put(received, &rules.housekeeping, |labels: &Labels| {
                let find = |number| groups.find(number, &tree.nodes[number], labels);
                let places = tree.matching(labels).into_iter().map(find).collect();
                (places, inhibitor.role(labels))
            });
        inhibitor.update(id, &mut self.alerts);
        let alert = self.alerts.get(id);
        for &group_id in &alert.groups {
            let group = groups.get_mut(group_id);
            let node = &tree.nodes[group.route];
            let entry = (id, alert.starts_at);
            group.insert(group_id, entry, node, now, rules, &mut self.timers);
        }
    }

    /// Lets the timers run up to and with an instant, and gives what came of all.
    pub fn finish(mut self, until: i64) -> Outcome {
        self.run_until(until);
        if self.refused > 0 {
            let message = format!(
                "{} alerts were refused: they have no labels, or end before they start",
                self.refused
            );
            let warning = Warning::new("refused-alerts", message);
            self.outcome.warnings.push(warning);
        }
        self.outcome.suppressions = self.suppressions.into_all();
        self.outcome
    }

    fn run_until(&mut self, until: i64) {
        let Some(rules) = self.rules else {
            return;
        };
        while let Some((now, id, turn)) = self.timers.next_until(until) {
            let group = self.groups.get_mut(id);
            let node = &self.tree.nodes[group.route];
            if group.tick(id, turn, node, now, rules, &mut self.timers) {
                self.flush(id, now, rules);
            }
        }
    }

    /// Looks at a group.
    fn flush(&mut self, id: GroupId, now: i64, rules: Rules) {
        let group = self.groups.get_mut(id);
        let mut members = std::mem::take(&mut group.members);
        let (route, log) = (group.route, group.log as usize);
        let group_labels = Arc::clone(&group.labels);
        let mut buffers = std::mem::take(&mut self.buffers);
        self.sift(&members, route, now, &mut buffers);

        let node = &self.tree.nodes[route];
        let receiver = &self.receivers[node.receiver];
        let look = Look {
            now,
            group: id,
            group_labels: &group_labels,
            receiver: &receiver.name,
            node,
        };
        self.suppressions.note(&look, &buffers.held, &self.alerts);
        if !buffers.passing.is_empty() {
            for number in 0..receiver.integrations.len() {
                self.notify(route, number, log, &group_labels, now, rules, &buffers);
            }
        }
        members.retain(|&id| !self.alerts.get(id).is_resolved(now));
        let group = self.groups.get_mut(id);
        group.keep(members, now, rules.release);
        self.buffers = buffers;
    }

    /// Parts a group's alerts: held back, or passing and then firing or resolved.
    fn sift(&mut self, members: &[AlertId], route: usize, now: i64, buffers: &mut Buffers) {
        let Buffers {
            held,
            passing,
            firing,
            resolved,
        } = buffers;
        held.clear();
        passing.clear();
        firing.clear();
        resolved.clear();
        let ignored = self.options.ignored;
        for &id in members {
            let inhibited = if ignored.inhibition {
                None
            } else {
                self.inhibitor.inhibits(id, &mut self.alerts, now)
            };
            match inhibited {
                Some((rule, source)) => held.push((id, Held::Inhibited(rule, source))),
                None => passing.push(id),
            }
        }
        let closed = if ignored.time_intervals || passing.is_empty() {
            None
        } else {
            self.tree.nodes[route].closed(now)
        };
        if let Some(closed) = closed {
            held.extend(passing.drain(..).map(|id| (id, closed)));
        }
        if !ignored.silences && !self.silences.is_empty() {
            passing.retain(|&id| match self.silence_of(id, now) {
                Some(silence) => {
                    held.push((id, Held::Silenced(silence)));
                    false
                }
                None => true,
            });
        }
        held.sort_unstable_by_key(|(id, _)| *id);
        for &id in passing.iter() {
            if self.alerts.get(id).is_resolved(now) {
                resolved.push(id);
            } else {
                firing.push(id);
            }
        }
    }

    /// The first silence that lasts now and matches.
    fn silence_of(&mut self, id: AlertId, now: i64) -> Option<usize> {
        let alert = self.alerts.get_mut(id);
        let labels = &alert.labels;
        let silences = alert.silences.get_or_insert_with(|| {
            let all = self.silences.iter().enumerate();
            all.filter(|(_, silence)| silence.matches(labels))
                .map(|(number, _)| number)
                .collect()
        });
        let mut silences = silences.iter().copied();
        silences.find(|&number| self.silences[number].is_active(now))
    }

    /// Tells an integration, if there is something to tell.
    #[expect(
        clippy::too_many_arguments,
        reason = "one look, seen from one integration"
    )]
    fn notify(
        &mut self,
        route: usize,
        number: usize,
        log: usize,
        group_labels: &Arc<Labels>,
        now: i64,
        rules: Rules,
        buffers: &Buffers,
    ) {
        let node = &self.tree.nodes[route];
        let receiver = &self.receivers[node.receiver];
        let (kind, integration) = &receiver.integrations[number];
        if self.log.len() <= log {
            self.log.resize_with(log + 1, Vec::new);
        }
        let entries = &mut self.log[log];
        entries.resize_with(receiver.integrations.len(), || None);
        let entry = &mut entries[number];
        let removed = |entry: &LogEntry| entry.is_removed(now, &rules.housekeeping);
        if entry.as_ref().is_some_and(removed) {
            *entry = None;
        }
        let state = State {
            firing: &buffers.firing,
            resolved: &buffers.resolved,
        };
        let repeat_interval = node.repeat_interval;
        let Some(reason) = reason(
            entry.as_ref(),
            state,
            integration.send_resolved,
            repeat_interval,
            now,
            self.options.repeat_race,
        ) else {
            return;
        };
        *entry = Some(LogEntry::new(now, repeat_interval, state));
        let mut told = if integration.send_resolved {
            buffers.passing.clone()
        } else {
            buffers.firing.clone()
        };
        if told.is_empty() {
            let labels = |&id: &AlertId| Arc::clone(&self.alerts.get(id).labels);
            self.outcome.withheld.push(Withheld {
                ts: now,
                receiver: Arc::clone(&receiver.name),
                integration: Arc::clone(kind),
                index: integration.index,
                route: Arc::clone(&node.key),
                group_labels: Arc::clone(group_labels),
                alerts: buffers.resolved.iter().map(labels).collect(),
            });
            return;
        }
        told.sort_by(|&a, &b| before(&self.alerts.get(a).labels, &self.alerts.get(b).labels));
        self.outcome.notifications.push(Notification {
            ts: now,
            receiver: Arc::clone(&receiver.name),
            integration: Arc::clone(kind),
            index: integration.index,
            route: Arc::clone(&node.key),
            group_labels: Arc::clone(group_labels),
            reason,
            alerts: told.iter().map(|&id| self.notified(id, now)).collect(),
            suppressed: self.causes(&buffers.held, node),
        });
    }

    fn notified(&self, id: AlertId, now: i64) -> NotifiedAlert {
        let alert = self.alerts.get(id);
        NotifiedAlert {
            labels: Arc::clone(&alert.labels),
            annotations: Arc::clone(&alert.annotations),
            starts_at: alert.starts_at,
            ends_at: alert.is_resolved(now).then_some(alert.ends_at),
        }
    }

    fn causes(&self, held: &[(AlertId, Held)], node: &Node) -> Vec<(Arc<Labels>, Cause)> {
        held.iter()
            .map(|&(id, held)| {
                let labels = Arc::clone(&self.alerts.get(id).labels);
                (labels, held.cause(&self.alerts, node))
            })
            .collect()
    }
}
