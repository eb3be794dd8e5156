//! A backtest as rows of the store's tables.

use std::sync::Arc;

use arrow::array::{BooleanArray, Float64Array};
use arrow::record_batch::RecordBatch;

use super::BacktestResult;
use crate::alert::backtest::{
    Episode, EpisodeEnd, EpisodeVerdict, FindingKind, Notified, RuleInfo, RuleVerdict,
};
use crate::model::MICROS_PER_SECOND;
use crate::store::columns::{
    batch, counts, integer_lists, text_lists, text_maps, texts, timestamps,
};
use crate::store::error::StoreError;
use crate::store::schema::TableKind;

/// The three tables of one backtest.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestTables {
    /// A row for each alerting rule, in the order of the run.
    pub alerts: RecordBatch,
    /// A row for each episode.
    pub episodes: RecordBatch,
    /// A row for each notification.
    pub notifications: RecordBatch,
}

impl BacktestTables {
    /// Makes the tables of a backtest of this name.
    pub fn new(name: &str, result: BacktestResult<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            alerts: alerts(name, result)?,
            episodes: episodes(name, result)?,
            notifications: notifications(name, result)?,
        })
    }
}

impl<'a> BacktestResult<'a> {
    fn info(&self, rule: usize) -> Option<&'a RuleInfo> {
        self.run.rules.get(rule).map(|rule| &rule.info)
    }

    fn incident(&self, index: usize) -> Option<&'a str> {
        Some(self.incidents.get(index)?.id.as_str())
    }

    /// Returns the name of what became of an episode, and the id of its incident or window.
    fn verdict_of(&self, episode: usize) -> (&'static str, Option<&'a str>) {
        let verdict = self.verdict.episodes.get(episode).copied();
        match verdict.unwrap_or(EpisodeVerdict::Unknown) {
            EpisodeVerdict::NearMiss => ("near-miss", None),
            EpisodeVerdict::Undecided => ("undecided", None),
            EpisodeVerdict::Incident(index) => ("incident", self.incident(index)),
            EpisodeVerdict::Elsewhere(index) => ("elsewhere", self.incident(index)),
            EpisodeVerdict::Maintenance(index) => {
                let window = self.maintenance.get(index);
                ("maintenance", window.map(|window| window.id.as_str()))
            }
            EpisodeVerdict::False => ("false", None),
            EpisodeVerdict::Unknown => ("unknown", None),
        }
    }

    /// Returns for each episode what kept it back, each cause once.
    fn suppressed_by(&self) -> Vec<Option<String>> {
        let mut causes: Vec<Vec<&str>> = vec![Vec::new(); self.run.episodes.len()];
        for suppressed in &self.run.suppressed {
            let cause = suppressed.cause.as_str();
            if let Some(causes) = causes.get_mut(suppressed.episode)
                && !causes.contains(&cause)
            {
                causes.push(cause);
            }
        }
        let causes = causes.into_iter();
        causes
            .map(|causes| (!causes.is_empty()).then(|| causes.join(", ")))
            .collect()
    }
}

fn alerts(name: &str, result: BacktestResult<'_>) -> Result<RecordBatch, StoreError> {
    let mut rules: Vec<(&RuleVerdict, &RuleInfo)> = result
        .verdict
        .rules
        .iter()
        .filter_map(|rule| Some((rule, result.info(rule.rule)?)))
        .collect();
    rules.sort_by_key(|(rule, _)| rule.rule);
    let r = || rules.iter().map(|(rule, _)| *rule);
    let i = || rules.iter().map(|(_, info)| *info);
    let count = |f: fn(&RuleVerdict) -> usize| counts(r().map(f));
    let share = |f: fn(&RuleVerdict) -> f64| -> arrow::array::ArrayRef {
        let shares =
            r().map(|rule| Some(f(rule)).filter(|x| rule.precision.trials > 0 && x.is_finite()));
        Arc::new(Float64Array::from_iter(shares))
    };
    let seconds = |micros: i64| micros as f64 / MICROS_PER_SECOND as f64;
    let range = result.run.range;
    let never_fires = |rule: usize| {
        let mut findings = result.verdict.findings.iter();
        findings.any(|f| f.kind == FindingKind::NeverFires && f.rule == Some(rule))
    };
    batch(
        TableKind::Alerts,
        vec![
            texts(r().map(|_| Some(name))),
            counts(r().map(|x| x.rule.saturating_add(1))),
            timestamps(r().map(|_| Some(range.start))),
            timestamps(r().map(|_| Some(range.end))),
            texts(i().map(|x| Some(x.file.as_str()))),
            texts(i().map(|x| Some(x.group.as_str()))),
            texts(i().map(|x| Some(x.name.as_str()))),
            texts(r().map(|x| x.severity.as_deref())),
            texts(r().map(|x| x.owner.as_deref())),
            texts(r().map(|x| x.runbook.as_deref())),
            texts(i().map(|x| Some(x.expr.as_str()))),
            Arc::new(Float64Array::from_iter_values(i().map(|x| seconds(x.hold)))),
            count(|x| x.pages),
            count(|x| x.pages_worst_week),
            count(|x| x.pages_night),
            count(|x| x.pages_weekend),
            count(|x| x.notifications),
            count(|x| x.episodes),
            count(|x| x.near_misses),
            count(|x| x.flaps),
            count(|x| x.self_resolved),
            Arc::new(Float64Array::from_iter_values(
                r().map(|x| seconds(x.firing_time)),
            )),
            share(|x| x.precision.hits as f64 / x.precision.trials as f64),
            share(|x| x.precision.lower),
            share(|x| x.precision.upper),
            text_lists(r().map(|x| {
                let ids = x.incidents.iter();
                ids.filter_map(|i| result.incident(*i).map(str::to_owned))
            })),
            counts(r().map(|x| usize::try_from(x.errors.count).unwrap_or(usize::MAX))),
            Arc::new(
                r().map(|x| Some(never_fires(x.rule)))
                    .collect::<BooleanArray>(),
            ),
        ],
    )
}

fn episodes(name: &str, result: BacktestResult<'_>) -> Result<RecordBatch, StoreError> {
    let run = result.run;
    let e = || run.episodes.iter();
    let info = |episode: &Episode| result.info(episode.rule);
    let numbered = || 0..run.episodes.len();
    let suppressed = result.suppressed_by();
    batch(
        TableKind::Episodes,
        vec![
            texts(e().map(|_| Some(name))),
            counts(numbered().map(|i| i + 1)),
            counts(e().map(|x| x.rule.saturating_add(1))),
            texts(e().map(|x| Some(info(x)?.name.as_str()))),
            texts(e().map(|x| Some(info(x)?.group.as_str()))),
            text_maps(e().map(|x| x.labels.iter()))?,
            texts(e().map(|x| x.labels.get("severity"))),
            timestamps(e().map(|x| Some(x.active_at))),
            timestamps(e().map(|x| x.fired_at)),
            timestamps(e().map(|x| x.ended_at)),
            texts(e().map(|x| Some(state(x.end)))),
            Arc::new(Float64Array::from_iter_values(e().map(|x| x.value))),
            texts(e().map(|x| {
                let summary = x.annotations.iter().find(|(name, _)| name == "summary");
                summary.map(|(_, text)| text.as_str())
            })),
            text_maps(e().map(|x| x.annotations.iter().map(|(k, v)| (k.as_str(), v.as_str()))))?,
            texts(numbered().map(|i| Some(result.verdict_of(i).0))),
            texts(numbered().map(|i| result.verdict_of(i).1)),
            timestamps(e().map(|x| x.first_notification_at)),
            timestamps(e().map(|x| x.first_page_at)),
            texts(suppressed.iter().map(Option::as_deref)),
        ],
    )
}

fn notifications(name: &str, result: BacktestResult<'_>) -> Result<RecordBatch, StoreError> {
    let n = || result.run.notifications.iter();
    let alerts = |x: &Notified| x.notification.alerts.len();
    let firing = |x: &Notified| {
        let alerts = x.notification.alerts.iter();
        alerts.filter(|alert| alert.ends_at.is_none()).count()
    };
    let incident = |x: &Notified| {
        let mut verdicts = x.firing.iter().map(|episode| result.verdict_of(*episode));
        verdicts.find_map(|(verdict, id)| id.filter(|_| verdict == "incident"))
    };
    batch(
        TableKind::Notifications,
        vec![
            texts(n().map(|_| Some(name))),
            counts((1..).take(result.run.notifications.len())),
            timestamps(n().map(|x| Some(x.notification.ts))),
            texts(n().map(|x| Some(x.notification.receiver.as_ref()))),
            texts(n().map(|x| Some(x.notification.integration.as_ref()))),
            texts(n().map(|x| Some(x.notification.route.as_ref()))),
            texts(n().map(|x| Some(x.notification.reason.as_str()))),
            Arc::new(n().map(|x| Some(x.is_page)).collect::<BooleanArray>()),
            text_maps(n().map(|x| x.notification.group_labels.iter()))?,
            counts(n().map(firing)),
            counts(n().map(|x| alerts(x) - firing(x))),
            text_lists(n().map(|x| {
                let alerts = x.notification.alerts.iter();
                alerts.map(|alert| alert.labels.to_string())
            })),
            integer_lists(n().map(|x| {
                let mut all: Vec<usize> = x.firing.iter().chain(&x.resolved).copied().collect();
                all.sort_unstable();
                all.dedup();
                let numbers = all
                    .into_iter()
                    .map(|i| i64::try_from(i).unwrap_or(i64::MAX));
                numbers.map(|number| number.saturating_add(1))
            })),
            texts(n().map(incident)),
            text_lists(n().map(|x| {
                let kept = x.notification.suppressed.iter();
                kept.map(|(labels, cause)| format!("{labels}: {}", cause.as_str()))
            })),
        ],
    )
}

fn state(end: EpisodeEnd) -> &'static str {
    match end {
        EpisodeEnd::Resolved => "resolved",
        EpisodeEnd::Dropped => "dropped",
        EpisodeEnd::Wiped => "wiped",
        EpisodeEnd::Open => "open",
    }
}
