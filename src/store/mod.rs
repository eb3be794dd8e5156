//! Delta tables on Parquet: schema, layout, atomic commits, one writer at a time.
//!
//! A store is a folder with a Delta table for each [`TableKind`]. Every file is
//! written once under the hash of its bytes and becomes part of a table only by
//! a commit to the table's log, so a run that is killed leaves the last version
//! as it was; what it had written are orphans, which nothing reads and [`verify`]
//! or [`compact`] removes. Nothing is renamed, nothing appended to.

mod backtest;
mod columns;
mod compact;
mod error;
mod file_stats;
mod forecast;
mod info;
mod keyed_table;
mod load;
mod lock;
mod parquet_file;
mod reader;
mod rejects;
mod replay;
mod retain;
mod row_merge;
mod row_table;
mod run_writer;
mod sample_buffer;
mod sample_merge;
mod schema;
mod series_registry;
mod series_table;
mod stray;
mod table;
#[cfg(test)]
mod tests;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};

#[cfg(test)]
pub(crate) use backtest::fixture as backtest_fixture;
pub use backtest::{BacktestResult, BacktestTables, SavedBacktest, save_backtest};
pub use compact::{CompactOptions, Compacted, DEFAULT_GRACE, ORPHAN_AGE, compact};
pub use error::StoreError;
pub use file_stats::FileStats;
pub use forecast::{ForecastRow, SavedForecast, save_forecast};
pub use info::{TableInfo, info};
pub use load::{FileOutcome, FileReport, LoadOptions, LoadReport, MaxRejects, load};
pub use rejects::Reject;
pub use replay::{ReplayReport, drop_rejects, replay};
pub use retain::{DroppedDay, retain};
pub use run_writer::Counts;
pub use schema::{TableKind, list_type, text_map_type, timestamp_type};
pub use table::{DataFile, Snapshot};
use url::Url;
pub use verify::{Fault, Finding, Severity, VerifyOptions, VerifyReport, verify};

use table::Table;

/// A folder of tables.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    url: Url,
}

impl Store {
    /// Opens a store that is there.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let known = TableKind::ALL
            .iter()
            .any(|table| root.join(table.name()).join("_delta_log").is_dir());
        if !known {
            return Err(StoreError::Missing(root.to_owned()));
        }
        Self::at(root)
    }

    /// Opens a store, whose folder is made where it is not there.
    pub fn create(root: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(root).map_err(|source| StoreError::Io {
            path: root.to_owned(),
            source,
        })?;
        Self::at(root)
    }

    fn at(root: &Path) -> Result<Self, StoreError> {
        let root = root.canonicalize().map_err(|source| StoreError::Io {
            path: root.to_owned(),
            source,
        })?;
        let url =
            Url::from_directory_path(&root).map_err(|()| StoreError::Missing(root.clone()))?;
        Ok(Self { root, url })
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of a table as a URL that ends with a slash.
    pub fn table_url(&self, kind: TableKind) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(kind.name()).push("");
        }
        url
    }

    /// Lists the files of a table's newest version.
    pub async fn snapshot(&self, kind: TableKind) -> Result<Snapshot, StoreError> {
        self.table(kind).await?.snapshot()
    }

    async fn table(&self, kind: TableKind) -> Result<Table, StoreError> {
        Table::open(&self.url, kind).await
    }
}
