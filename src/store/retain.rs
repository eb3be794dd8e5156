//! Drops the days of samples, logs and spans that are older than asked for.
//!
//! Whole UTC days go, and only when their last instant is old enough, so that
//! at least the given number of days stays. Events, runs of jobs, results of
//! backtests, dead letters and series are small and stay: a report may speak of
//! an incident or an episode whose samples are gone, and a series may come back.
//! The samples of `ALERTS` that a backtest wrote go with their days. The files
//! are deleted later, by [`compact`](super::compact), when no query can be
//! reading them any more.

use tokio::runtime::Handle;

use super::error::StoreError;
use super::schema::TableKind;
use super::table::Change;
use super::{Store, lock};
use crate::model::MICROS_PER_DAY;

/// What goes from a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedDay {
    /// The table.
    pub table: TableKind,
    /// The UTC day (days since the epoch).
    pub day: i32,
    /// Rows.
    pub rows: u64,
    /// Files.
    pub files: usize,
    /// Their bytes, free once the files are deleted.
    pub bytes: u64,
}

/// Drops whole UTC days that ended `days` days or more before `now`; returns
/// them by table, then day. A dry run only tells which.
pub fn retain(
    store: &Store,
    days: u32,
    dry_run: bool,
    runtime: &Handle,
    now: i64,
) -> Result<Vec<DroppedDay>, StoreError> {
    let _lock = lock::lock(store.root())?;
    let mut dropped = Vec::new();
    for kind in TableKind::ALL.into_iter().filter(|kind| kind.is_by_day()) {
        runtime.block_on(retain_table(store, kind, days, dry_run, now, &mut dropped))?;
    }
    Ok(dropped)
}

async fn retain_table(
    store: &Store,
    kind: TableKind,
    days: u32,
    dry_run: bool,
    now: i64,
    dropped: &mut Vec<DroppedDay>,
) -> Result<(), StoreError> {
    let mut table = store.table(kind).await?;
    let oldest = now.saturating_sub(i64::from(days).saturating_mul(MICROS_PER_DAY));
    let mut change = Change::default();
    let files = table.snapshot()?.files;
    for of_day in files.chunk_by(|a, b| a.day == b.day) {
        let Some(day) = of_day[0].day else {
            continue;
        };
        let end = (i64::from(day) + 1).saturating_mul(MICROS_PER_DAY);
        if end > oldest {
            continue;
        }
        dropped.push(DroppedDay {
            table: kind,
            day,
            rows: of_day.iter().map(|f| f.stats.rows).sum(),
            files: of_day.len(),
            bytes: of_day.iter().map(|f| f.size).sum(),
        });
        for file in of_day {
            change.remove(file.clone());
        }
    }
    if !dry_run {
        table.commit(change, now).await?;
    }
    Ok(())
}
