//! Episodes and notifications as rows.

use std::collections::{BTreeMap, BTreeSet};

use arrow::error::ArrowError;

use super::BacktestResult;
use super::columns::Columns;
use super::words::span;
use crate::alert::backtest::{Episode, EpisodeEnd, Notified};
use crate::model::Labels;
use crate::report::{Layout, Table};

impl BacktestResult<'_> {
    /// The episodes of one rule or of all, with everything that is known of them.
    pub(super) fn episode_rows(&self, only: Option<usize>) -> Result<Table, ArrowError> {
        let episodes = self.episodes_of(only);
        let all = || episodes.iter().map(|(_, episode)| *episode);
        let mut columns = Columns::new(Layout::Rows);
        columns
            .text("rule", all().map(|e| Some(self.rule_name(e.rule))))
            .text("labels", all().map(|e| Some(e.labels.to_string())))
            .time("active_at", all().map(|e| Some(e.active_at)))
            .time("fired_at", all().map(|e| e.fired_at))
            .time("ended_at", all().map(|e| e.ended_at))
            .text("end", all().map(|e| Some(end(e.end))))
            .number("value", None, all().map(|e| e.value))
            .time(
                "first_notification_at",
                all().map(|e| e.first_notification_at),
            )
            .time("first_page_at", all().map(|e| e.first_page_at))
            .text(
                "outcome",
                episodes.iter().map(|(at, _)| Some(self.outcome(*at).0)),
            )
            .text("about", episodes.iter().map(|(at, _)| self.outcome(*at).1));
        if only.is_some() {
            let annotations: BTreeSet<&str> = all()
                .flat_map(|e| e.annotations.iter().map(|(name, _)| name.as_str()))
                .collect();
            for name in annotations {
                let column = format!("annotation_{name}");
                columns.text(&column, all().map(|e| annotation(e, name)));
            }
        }
        columns.table("episodes")
    }

    /// The episodes of a rule as people read them, in the order of their beginnings.
    pub(super) fn episode_table(&self, rule: usize) -> Result<Table, ArrowError> {
        let episodes = self.episodes_of(Some(rule));
        let all = || episodes.iter().map(|(_, episode)| *episode);
        let telling = self.telling_labels(rule);
        let until = |e: &Episode| e.ended_at.unwrap_or(self.run.range.end);
        let pending = |e: &Episode| {
            let fired = e.fired_at.unwrap_or_else(|| until(e));
            Some(fired.saturating_sub(e.active_at))
        };
        let fired = |e: &Episode| Some(until(e).saturating_sub(e.fired_at?));
        let mut causes: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for kept in &self.run.suppressed {
            causes
                .entry(kept.episode)
                .or_default()
                .insert(self.cause(&kept.cause));
        }
        let told = |(at, episode): &(usize, &Episode)| Some(self.told(episode, causes.get(at)));
        let mut columns = Columns::new(Layout::People);
        columns
            .time("active_at", all().map(|e| Some(e.active_at)))
            .duration("pending", all().map(pending))
            .duration("fired", all().map(fired))
            .number("value", None, all().map(|e| rounded_value(e.value)));
        if !telling.is_empty() {
            columns.text(
                "labels",
                all().map(|e| labels_in_words(&e.labels, &telling)),
            );
        }
        columns
            .text(
                "about",
                episodes
                    .iter()
                    .map(|(at, _)| Some(self.outcome_in_words(*at))),
            )
            .text("told", episodes.iter().map(told));
        if all().any(|e| summary(e).is_some()) {
            columns.text("summary", all().map(summary));
        }
        columns.table("Episodes: how long pending, how long firing, whom they told")
    }

    /// The notifications that tell of a rule, or all.
    pub(super) fn notification_table(&self, only: Option<usize>) -> Result<Table, ArrowError> {
        let tells = |notified: &&Notified| {
            let mut told = notified.firing.iter().chain(&notified.resolved);
            only.is_none_or(|rule| {
                told.any(|at| self.run.episodes.get(*at).is_some_and(|e| e.rule == rule))
            })
        };
        let told: Vec<&Notified> = self.run.notifications.iter().filter(tells).collect();
        let rules = |notified: &&Notified| {
            let episodes = notified
                .firing
                .iter()
                .filter_map(|at| self.run.episodes.get(*at));
            let rules: BTreeSet<usize> = episodes.map(|episode| episode.rule).collect();
            rules.into_iter().map(|rule| self.rule_name(rule)).collect()
        };
        let mut columns = Columns::new(self.layout);
        columns
            .time("ts", told.iter().map(|n| Some(n.notification.ts)))
            .text(
                "receiver",
                told.iter().map(|n| Some(&n.notification.receiver)),
            )
            .text(
                "integration",
                told.iter().map(|n| Some(&n.notification.integration)),
            )
            .text(
                "reason",
                told.iter().map(|n| Some(n.notification.reason.as_str())),
            );
        match self.layout {
            Layout::People => {
                columns.text("page", told.iter().map(|n| n.is_page.then_some("page")))
            }
            Layout::Rows => columns.flag("is_page", told.iter().map(|n| n.is_page)),
        };
        columns
            .count("firing", told.iter().map(|n| n.firing.len()))
            .count("resolved", told.iter().map(|n| n.resolved.len()));
        if self.layout == Layout::Rows {
            columns
                .text("route", told.iter().map(|n| Some(&n.notification.route)))
                .text(
                    "group_labels",
                    told.iter()
                        .map(|n| Some(n.notification.group_labels.to_string())),
                )
                .list("rules", told.iter().map(rules))
                .list(
                    "alerts",
                    told.iter().map(|n| {
                        let alerts = n.notification.alerts.iter();
                        alerts.map(|alert| alert.labels.to_string()).collect()
                    }),
                )
                .list(
                    "kept_back",
                    told.iter().map(|n| {
                        let kept = n.notification.suppressed.iter();
                        kept.map(|(labels, why)| format!("{labels}: {}", self.cause(why)))
                            .collect()
                    }),
                );
            return columns.table("notifications");
        }
        columns.table("Notifications")
    }

    /// The fewest labels that tell a rule's alerts apart, the shortest of those that do it alike.
    pub(super) fn telling_labels(&self, rule: usize) -> Vec<String> {
        let episodes = self.episodes_of(Some(rule));
        let sets: BTreeSet<&Labels> = episodes.iter().map(|(_, e)| &*e.labels).collect();
        let apart = |names: &[&str]| {
            let values = |labels: &&Labels| -> Vec<Option<String>> {
                let value = |name: &&str| labels.get(name).map(str::to_owned);
                names.iter().map(value).collect()
            };
            sets.iter().map(values).collect::<BTreeSet<_>>().len()
        };
        let mut lengths: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, value) in sets.iter().flat_map(|labels| labels.iter()) {
            *lengths.entry(name).or_default() += value.len();
        }
        let mut telling: Vec<&str> = Vec::new();
        while apart(&telling) < sets.len() {
            let with = |name: &str| {
                let names: Vec<&str> = telling.iter().copied().chain([name]).collect();
                apart(&names)
            };
            let best = lengths
                .iter()
                .max_by_key(|(name, length)| (with(name), std::cmp::Reverse(**length)));
            match best {
                Some((name, _)) if !telling.contains(name) => telling.push(name),
                _ => break,
            }
        }
        telling.sort_unstable();
        telling.into_iter().map(str::to_owned).collect()
    }

    fn episodes_of(&self, only: Option<usize>) -> Vec<(usize, &Episode)> {
        let episodes = self.run.episodes.iter().enumerate();
        episodes
            .filter(|(_, episode)| only.is_none_or(|rule| episode.rule == rule))
            .collect()
    }

    /// Who heard first of an episode, and how long after its firing; else why nobody did.
    fn told(&self, episode: &Episode, causes: Option<&BTreeSet<String>>) -> String {
        let Some(fired_at) = episode.fired_at else {
            return "–".to_owned();
        };
        // Of one that was told of before the range, a repetition has the receiver.
        let to = |at: Option<usize>| {
            let notified = self.run.notifications.get(at?)?;
            Some(&notified.notification.receiver)
        };
        let after = |ts: i64| span(ts.saturating_sub(fired_at).max(0));
        let (page, other) = (to(episode.first_page), to(episode.first_notification));
        match (episode.first_notification_at, episode.first_page_at) {
            (_, Some(at)) => match page {
                Some(receiver) => format!("page to {receiver} after {}", after(at)),
                None => format!("page after {}", after(at)),
            },
            (Some(at), None) => match other {
                Some(receiver) => format!("{receiver} after {}", after(at)),
                None => format!("notification after {}", after(at)),
            },
            (None, None) => match causes {
                None => "nobody".to_owned(),
                Some(causes) => {
                    let causes: Vec<&str> = causes.iter().map(String::as_str).collect();
                    format!("nobody: {}", causes.join(", "))
                }
            },
        }
    }
}

/// The given labels of a set: `service=checkout, code=500`.
pub(super) fn labels_in_words(labels: &Labels, names: &[String]) -> Option<String> {
    let pairs = names
        .iter()
        .filter_map(|name| Some((name, labels.get(name)?)));
    let pairs: Vec<String> = match names {
        [_] => pairs.map(|(_, value)| value.to_owned()).collect(),
        _ => pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect(),
    };
    (!pairs.is_empty()).then(|| pairs.join(", "))
}

fn annotation<'a>(episode: &'a Episode, wanted: &str) -> Option<&'a str> {
    let mut annotations = episode.annotations.iter();
    let found = annotations.find(|(name, _)| name == wanted);
    found.map(|(_, text)| text.as_str())
}

fn summary(episode: &Episode) -> Option<&str> {
    let names = ["summary", "message", "description"];
    names.iter().find_map(|name| annotation(episode, name))
}

/// Four significant digits.
fn rounded_value(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn end(end: EpisodeEnd) -> &'static str {
    match end {
        EpisodeEnd::Resolved => "resolved",
        EpisodeEnd::Dropped => "dropped",
        EpisodeEnd::Wiped => "wiped",
        EpisodeEnd::Open => "open",
    }
}
