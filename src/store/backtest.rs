//! Saves backtests: their results as tables, their alerts as samples of `ALERTS`.
//!
//! `alerts` has a row for each alerting rule, `episodes` one for each episode,
//! `notifications` one for each notification; each has the backtest's name in
//! its first column. Numbers (`rule_number`, `episode`, `notification`) count
//! from 1 in the order of the run; those in `notifications.episodes` are
//! `episodes.episode`. `incident` and the items of `alerts.incidents` are ids of
//! `events`:
//!
//! ```sql
//! SELECT rule, count(*) FROM episodes WHERE backtest = 'nightly' GROUP BY rule;
//! SELECT e.rule, e.fired_at - i.started_at AS delay, i.title
//! FROM episodes e JOIN events i ON i.id = e.incident AND i.kind = 'incident'
//! WHERE e.backtest = 'nightly' AND e.verdict = 'incident';
//! ```
//!
//! `ALERTS{alertname, alertstate, …, backtest="nightly"}` is 1 at each
//! evaluation at which the alert was pending or firing, and `ALERTS_FOR_STATE`
//! the time since which, in Unix seconds, with stale markers where a state ends,
//! as Prometheus writes them, from the begin of the range on. The label
//! `backtest` keeps them apart from those that were exported from production.
//! Not as in Prometheus: the samples stand at the evaluation, also of a group
//! with a query offset, and there are some for an evaluation that failed while
//! the alert was active.
//!
//! Saving under a name replaces what was saved under it before, and nothing
//! else: the rows of each table in one commit, and the samples too. The samples
//! of the former run are removed rather than made stale, since a marker in
//! between would end the alerts of a run whose evaluations lie at other instants.
//! Samples go into files of their own, so that nothing else of a day is
//! rewritten, until an ingest or a compaction puts the files of the day together.
//! The same results again change nothing. A kill between two of the commits
//! leaves some tables of the former run; saving again puts them right.

#[cfg(test)]
pub(crate) mod fixture;
mod samples;
mod tables;

use std::collections::HashSet;

use tokio::runtime::Handle;

use super::error::StoreError;
use super::sample_buffer::SampleBuffer;
use super::schema::TableKind;
use super::series_registry::SeriesRegistry;
use super::{Store, keyed_table, lock, sample_merge, series_table};
use crate::alert::backtest::{Incident, Run, Verdict, Window};

pub use tables::BacktestTables;

/// The label that holds the name of a saved backtest.
const BACKTEST: &str = "backtest";
const ALERTS: &str = "ALERTS";
const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";

/// A backtest and what it was judged by.
#[derive(Debug, Clone, Copy)]
pub struct BacktestResult<'a> {
    /// What happened.
    pub run: &'a Run,
    /// What it is worth.
    pub verdict: &'a Verdict,
    /// The incidents that the verdict speaks of.
    pub incidents: &'a [Incident],
    /// The maintenance windows that the verdict speaks of.
    pub maintenance: &'a [Window],
}

/// How much was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SavedBacktest {
    /// Rows of `alerts`.
    pub alerts: u64,
    /// Rows of `episodes`.
    pub episodes: u64,
    /// Rows of `notifications`.
    pub notifications: u64,
    /// Samples of `ALERTS` and `ALERTS_FOR_STATE`, stale markers among them.
    pub samples: u64,
    /// Whether anything is now other than it was.
    pub is_changed: bool,
}

/// Saves a backtest under a name, in place of what was saved under it before.
pub fn save_backtest(
    store: &Store,
    name: &str,
    result: BacktestResult<'_>,
    runtime: &Handle,
    now: i64,
) -> Result<SavedBacktest, StoreError> {
    if name.is_empty() {
        return Err(StoreError::NoBacktestName);
    }
    let tables = BacktestTables::new(name, result)?;
    let _run = lock::begin_run(store.root())?;
    let mut registry = SeriesRegistry::default();
    let mut buffer = SampleBuffer::new(store.root());
    let samples = samples::write(name, result.run, &mut registry, &mut buffer)?;
    let mut saved = SavedBacktest {
        alerts: tables.alerts.num_rows() as u64,
        episodes: tables.episodes.num_rows() as u64,
        notifications: tables.notifications.num_rows() as u64,
        samples,
        is_changed: false,
    };
    let _lock = lock::lock(store.root())?;
    runtime.block_on(async {
        saved.is_changed = save_samples(store, name, registry, buffer, now).await?;
        for (kind, rows) in [
            (TableKind::Alerts, tables.alerts),
            (TableKind::Episodes, tables.episodes),
            (TableKind::Notifications, tables.notifications),
        ] {
            let mut table = store.table(kind).await?;
            let change = keyed_table::replace(&table, rows, BACKTEST, name).await?;
            saved.is_changed |= table.commit(change, now).await?;
        }
        Ok(saved)
    })
}

/// Commits series and samples; tells whether there are other samples now.
async fn save_samples(
    store: &Store,
    name: &str,
    mut registry: SeriesRegistry,
    buffer: SampleBuffer,
    now: i64,
) -> Result<bool, StoreError> {
    let mut table = store.table(TableKind::Series).await?;
    let loaded = series_table::load_into(&mut registry, &table).await?;
    series_table::save(&registry, &loaded, &mut table, now).await?;
    let own = (0..registry.len() as u32).filter_map(|handle| {
        let series = registry.get(handle);
        let is_alert = [ALERTS, ALERTS_FOR_STATE].contains(&series.metric.as_ref());
        let is_own = is_alert && series.labels().any(|label| label == (BACKTEST, name));
        is_own.then_some(series.series_id)
    });
    let own: HashSet<i64> = own.collect();
    let runs = buffer.finish(&registry);
    let mut table = store.table(TableKind::Samples).await?;
    let metrics = (ALERTS, ALERTS_FOR_STATE);
    let change = sample_merge::replace(&table, &runs, &registry, &own, metrics).await?;
    table.commit(change, now).await
}
