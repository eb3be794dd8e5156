//! Runs, incidents and windows by hand, and what they come to.

mod delays;
mod findings;
mod laws;
mod links;
mod records;

use std::sync::Arc;

use crate::alert::backtest::{
    Episode, EpisodeEnd, Incident, Notified, RuleInfo, RuleOutcome, Run, Window,
};
use crate::alert::evaluate::RuleReport;
use crate::alert::notify::{Notification, Reason};
use crate::alert::rule_file::Place;
use crate::model::{Labels, TimeRange};

pub(super) const MINUTE: i64 = 60_000_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A run that is being made. Its range is the four weeks from Monday 1970-01-05.
#[derive(Debug)]
pub(in crate::alert::backtest) struct Made {
    pub(in crate::alert::backtest) range: TimeRange,
    pub(super) rules: Vec<RuleOutcome>,
    pub(super) episodes: Vec<Episode>,
    pub(super) notifications: Vec<Notified>,
    pub(super) has_routes: bool,
}

/// The first instant of the range.
pub(super) const MONDAY: i64 = 4 * DAY;

impl Default for Made {
    fn default() -> Self {
        Self {
            range: TimeRange {
                start: MONDAY,
                end: MONDAY + 28 * DAY,
            },
            rules: Vec::new(),
            episodes: Vec::new(),
            notifications: Vec::new(),
            has_routes: true,
        }
    }
}

impl Made {
    /// Adds an alerting rule with a severity, an owner and a runbook.
    pub(in crate::alert::backtest) fn rule(&mut self, name: &str, expr: &str) -> usize {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        self.rules.push(RuleOutcome {
            info: RuleInfo {
                file: "rules.yml".into(),
                group: "group".into(),
                place: Place {
                    line: 10 * self.rules.len() + 4,
                    column: 9,
                },
                name: name.into(),
                is_alert: true,
                expr: expr.into(),
                interval: MINUTE,
                hold: 5 * MINUTE,
                keep_firing_for: 0,
                labels: vec![pair("severity", "critical"), pair("team", "data")],
                annotations: vec![pair("runbook_url", "https://runbooks.example.com/a")],
            },
            report: RuleReport {
                evaluations: 40_320,
                ..RuleReport::default()
            },
            unmatched: Vec::new(),
        });
        self.rules.len() - 1
    }

    /// Adds an episode that fired and was resolved.
    pub(in crate::alert::backtest) fn fired(
        &mut self,
        rule: usize,
        labels: &[(&str, &str)],
        from: i64,
        to: i64,
    ) -> usize {
        let index = self.pending(rule, labels, from - self.rules[rule].info.hold, to);
        let episode = &mut self.episodes[index];
        episode.fired_at = Some(from);
        episode.end = EpisodeEnd::Resolved;
        index
    }

    /// Adds a near miss.
    pub(super) fn pending(
        &mut self,
        rule: usize,
        labels: &[(&str, &str)],
        from: i64,
        to: i64,
    ) -> usize {
        let element = Labels::from_pairs(labels.iter().copied()).unwrap();
        let name = self.rules[rule].info.name.clone();
        self.episodes.push(Episode {
            rule,
            labels: Arc::new(element.with("alertname", &name)),
            element: Arc::new(element),
            active_at: from,
            fired_at: None,
            ended_at: Some(to),
            end: EpisodeEnd::Dropped,
            value: 1.0,
            annotations: Vec::new(),
            first_notification_at: None,
            first_page_at: None,
            first_notification: None,
            first_page: None,
        });
        self.episodes.len() - 1
    }

    /// Adds a page that tells of episodes that fire.
    pub(in crate::alert::backtest) fn page(&mut self, ts: i64, firing: &[usize]) -> usize {
        let index = self.notify(ts, firing, &[], Reason::First);
        self.notifications[index].is_page = true;
        for &episode in firing {
            let episode = &mut self.episodes[episode];
            episode.first_page.get_or_insert(index);
            episode.first_page_at.get_or_insert(ts);
        }
        index
    }

    /// Adds a notification that is no page.
    pub(super) fn notify(
        &mut self,
        ts: i64,
        firing: &[usize],
        resolved: &[usize],
        reason: Reason,
    ) -> usize {
        let index = self.notifications.len();
        self.notifications.push(Notified {
            notification: Notification {
                ts,
                receiver: "pager".into(),
                integration: "pagerduty".into(),
                index: 0,
                route: "{}".into(),
                group_labels: Arc::default(),
                reason,
                alerts: Vec::new(),
                suppressed: Vec::new(),
            },
            firing: firing.to_vec(),
            resolved: resolved.to_vec(),
            is_page: false,
        });
        for &episode in firing {
            let episode = &mut self.episodes[episode];
            episode.first_notification.get_or_insert(index);
            episode.first_notification_at.get_or_insert(ts);
        }
        index
    }

    /// Adds an episode and the page at its firing.
    pub(super) fn paged(
        &mut self,
        rule: usize,
        labels: &[(&str, &str)],
        from: i64,
        to: i64,
    ) -> usize {
        let episode = self.fired(rule, labels, from, to);
        self.page(from, &[episode]);
        episode
    }

    pub(in crate::alert::backtest) fn run(self) -> Run {
        Run {
            range: self.range,
            rules: self.rules,
            episodes: self.episodes,
            notifications: self.notifications,
            suppressed: Vec::new(),
            has_routes: self.has_routes,
            page_receivers: vec!["pager".into()],
            pages_unsuppressed: None,
            pages_other_race: None,
            warnings: Vec::new(),
        }
    }
}

pub(super) fn pairs(labels: &[(&str, &str)]) -> Vec<(String, String)> {
    labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(super) fn incident(id: &str, from: i64, to: i64, labels: &[(&str, &str)]) -> Incident {
    Incident {
        id: id.into(),
        started_at: from,
        ended_at: Some(to),
        severity: None,
        title: None,
        labels: pairs(labels),
    }
}

pub(super) fn window(from: i64, to: i64, labels: &[(&str, &str)]) -> Window {
    Window {
        id: "MNT-1".into(),
        started_at: from,
        ended_at: to,
        title: None,
        labels: pairs(labels),
    }
}
