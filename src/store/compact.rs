//! Makes few files of many, and deletes what nothing needs any more.
//!
//! A day of samples or logs that has grown in pieces becomes one sorted file;
//! small tables of many files become one. The rows stay the same, and the
//! commit says so, for readers that follow the table. Files that a commit took
//! out are deleted after a grace period, within which older queries still find
//! them; orphans after [`ORPHAN_AGE`].

use tokio::runtime::Handle;

use super::error::StoreError;
use super::parquet_file::FILE_BYTES;
use super::schema::TableKind;
use super::series_registry::SeriesRegistry;
use super::stray::{self, Ages, Swept};
use super::table::{Change, DataFile, Table};
use super::{Store, keyed_table, lock, row_table, sample_merge, series_table};
use crate::model::MICROS_PER_DAY;

/// For how long removed files stay (µs), where nothing else is asked for: 7 days.
pub const DEFAULT_GRACE: i64 = 7 * MICROS_PER_DAY;
/// How old (µs) a file that no version names must be to be deleted: an hour.
pub const ORPHAN_AGE: i64 = 3_600_000_000;
/// Files of a small table that are left as they are.
const SMALL_TABLE_FILES: usize = 8;

/// How to compact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactOptions {
    /// For how long (µs) a removed file stays on disk.
    pub grace: i64,
    /// Whether only to tell what would be done.
    pub dry_run: bool,
}

impl Default for CompactOptions {
    fn default() -> Self {
        Self {
            grace: DEFAULT_GRACE,
            dry_run: false,
        }
    }
}

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compacted {
    /// Which.
    pub table: TableKind,
    /// The UTC days (days since the epoch) that were rewritten, where the
    /// table is by day.
    pub days: Vec<i32>,
    /// Files of the table before.
    pub files_before: usize,
    /// Their bytes.
    pub bytes_before: u64,
    /// Files of the table after; in a dry run as expected.
    pub files_after: usize,
    /// Their bytes; `None` in a dry run.
    pub bytes_after: Option<u64>,
    /// Removed files and orphans that were deleted (or would be).
    pub deleted_files: usize,
    /// Their bytes.
    pub deleted_bytes: u64,
    /// Removed files and orphans that are still too young.
    pub kept_files: usize,
    /// Their bytes.
    pub kept_bytes: u64,
    /// Whether nothing was deleted because an ingest is in progress.
    pub is_postponed: bool,
}

/// Compacts every table, each under the write lock and in one commit.
pub fn compact(
    store: &Store,
    options: CompactOptions,
    runtime: &Handle,
    now: i64,
) -> Result<Vec<Compacted>, StoreError> {
    let tables = TableKind::ALL.into_iter();
    tables
        .map(|kind| {
            let lock = lock::lock(store.root())?;
            runtime.block_on(compact_table(store, kind, &lock, options, now))
        })
        .collect()
}

async fn compact_table(
    store: &Store,
    kind: TableKind,
    lock: &lock::WriteLock,
    options: CompactOptions,
    now: i64,
) -> Result<Compacted, StoreError> {
    let mut table = store.table(kind).await?;
    let before = table.snapshot()?;
    let groups = plan(kind, &before.files);
    let mut days: Vec<i32> = groups.iter().filter_map(|group| group[0].day).collect();
    days.dedup();
    let rewritten: usize = groups.iter().map(Vec::len).sum();
    let mut files_after = before.files.len() - rewritten + groups.len();
    let mut bytes_after = None;
    if !options.dry_run {
        let change = rewrite(store, &table, &groups).await?;
        table.commit(change, now).await?;
        let after = table.snapshot()?;
        files_after = after.files.len();
        bytes_after = Some(after.bytes());
    }
    let ages = Ages {
        removed: Some(options.grace),
        orphan: ORPHAN_AGE,
    };
    let Swept {
        deleted,
        kept,
        is_postponed,
    } = stray::sweep(store, kind, lock, ages, options.dry_run, now).await?;
    Ok(Compacted {
        table: kind,
        days,
        files_before: before.files.len(),
        bytes_before: before.bytes(),
        files_after,
        bytes_after,
        deleted_files: deleted.len(),
        deleted_bytes: deleted.iter().map(|s| s.size).sum(),
        kept_files: kept.len(),
        kept_bytes: kept.iter().map(|s| s.size).sum(),
        is_postponed,
    })
}

/// Returns the groups of files to be rewritten, each as one.
fn plan(kind: TableKind, files: &[DataFile]) -> Vec<Vec<DataFile>> {
    let by_day = || files.chunk_by(|a, b| a.day == b.day);
    match kind {
        TableKind::Samples => by_day()
            .filter(|files| {
                // A very large day has as many files as its rows and bytes need.
                let rows: u64 = files.iter().map(|f| f.stats.rows).sum();
                let bytes: u64 = files.iter().map(|f| f.size).sum();
                let full = rows / sample_merge::FILE_ROWS + bytes / (FILE_BYTES as u64 / 2);
                files.len() as u64 > 1 + full
            })
            .map(<[DataFile]>::to_vec)
            .collect(),
        TableKind::Logs | TableKind::Spans => by_day()
            .flat_map(|files| row_table::rewritable(files.to_vec()))
            .collect(),
        _ if files.len() <= SMALL_TABLE_FILES => Vec::new(),
        TableKind::Rejects => row_table::rewritable(files.to_vec()),
        // Every other is written whole, or has one row a file that was read.
        _ => vec![files.to_vec()],
    }
}

async fn rewrite(
    store: &Store,
    table: &Table,
    groups: &[Vec<DataFile>],
) -> Result<Change, StoreError> {
    let mut change = Change::rearrangement();
    let mut registry = SeriesRegistry::default();
    if table.kind() == TableKind::Samples && !groups.is_empty() {
        let series = store.table(TableKind::Series).await?;
        series_table::load_into(&mut registry, &series).await?;
    }
    for group in groups {
        match table.kind() {
            TableKind::Samples => {
                sample_merge::rewrite(table, group, &registry, &mut change).await?;
            }
            TableKind::Logs | TableKind::Spans | TableKind::Rejects => {
                row_table::rewrite(table, group, &mut change).await?;
            }
            _ => keyed_table::rewrite(table, group, &mut change).await?,
        }
    }
    Ok(change)
}
