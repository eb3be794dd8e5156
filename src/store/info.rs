//! What a store holds: versions, rows, files, bytes, times.

use tokio::runtime::Handle;

use super::error::StoreError;
use super::schema::TableKind;
use super::{Store, stray};

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableInfo {
    /// Which.
    pub table: TableKind,
    /// The Delta version; `None` where nothing has been put into it yet.
    pub version: Option<u64>,
    /// Rows.
    pub rows: u64,
    /// Files of the newest version.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// First and last `ts` (µs, rounded outwards to ms), where the table has one.
    pub ts: Option<(i64, i64)>,
    /// UTC days that have rows, where the table is by day.
    pub days: Option<usize>,
    /// Files on disk that the newest version does not name: removed ones that
    /// older queries may still read, and orphans.
    pub unreferenced_files: usize,
    /// Their bytes.
    pub unreferenced_bytes: u64,
}

impl TableInfo {
    /// Returns the bytes that a row takes; `None` where there are no rows.
    pub fn bytes_per_row(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.bytes as f64 / self.rows as f64)
    }
}

/// Describes every table, in the order of [`TableKind::ALL`].
pub fn info(store: &Store, runtime: &Handle) -> Result<Vec<TableInfo>, StoreError> {
    let tables = TableKind::ALL.into_iter();
    tables
        .map(|kind| runtime.block_on(table_info(store, kind)))
        .collect()
}

async fn table_info(store: &Store, kind: TableKind) -> Result<TableInfo, StoreError> {
    let (table, strays) = stray::list(store, kind).await?;
    let snapshot = table.snapshot()?;
    let ts = snapshot.files.iter().filter_map(|f| f.stats.ts);
    // The files come by day.
    let mut days: Vec<Option<i32>> = snapshot.files.iter().map(|f| f.day).collect();
    days.dedup();
    Ok(TableInfo {
        table: kind,
        version: snapshot.version,
        rows: snapshot.rows(),
        files: snapshot.files.len(),
        bytes: snapshot.bytes(),
        ts: ts.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
        days: kind.is_by_day().then_some(days.len()),
        unreferenced_files: strays.len(),
        unreferenced_bytes: strays.iter().map(|s| s.size).sum(),
    })
}
