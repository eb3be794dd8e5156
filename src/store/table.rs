//! One Delta table of the store: its active files, and atomic changes to them.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, Remove, StructType};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use futures::TryStreamExt;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::errors::ParquetError;
use url::Url;

use super::error::StoreError;
use super::file_stats::FileStats;
use super::parquet_file::{self, ParquetFile};
use super::schema::TableKind;
use crate::model::format_day;

/// A data file of a table's version.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    /// Its path inside the table's folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// The UTC day of its rows (days since the epoch), where the table is by day.
    pub day: Option<i32>,
    /// Row count and the range of its main columns.
    pub stats: FileStats,
}

/// The active files of one version of a table; empty where the table is not yet there.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The version; `None` where the table is not yet there.
    pub version: Option<u64>,
    /// Its files, by day, then path.
    pub files: Vec<DataFile>,
}

impl Snapshot {
    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|f| f.stats.rows).sum()
    }

    /// Returns the number of bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.size).sum()
    }
}

/// Files to add to and to remove from a table in one commit.
#[derive(Debug, Default)]
pub(crate) struct Change {
    add: Vec<DataFile>,
    remove: Vec<DataFile>,
    is_rearrangement: bool,
}

impl Change {
    /// Begins a change that leaves the table's rows as they are.
    pub(crate) fn rearrangement() -> Self {
        Self {
            is_rearrangement: true,
            ..Self::default()
        }
    }

    /// Notes a file that takes part from this commit on.
    pub(crate) fn add(&mut self, file: DataFile) {
        self.add.push(file);
    }

    /// Notes a file that takes no part any more.
    pub(crate) fn remove(&mut self, file: DataFile) {
        self.remove.push(file);
    }

    /// Drops the files that are both removed and added: a file's name is the
    /// hash of its bytes, so such a file stays what it was.
    fn settle(&mut self) {
        let added: Vec<String> = self.add.iter().map(|f| f.path.clone()).collect();
        let removed: Vec<String> = self.remove.iter().map(|f| f.path.clone()).collect();
        self.add.retain(|f| !removed.contains(&f.path));
        self.remove.retain(|f| !added.contains(&f.path));
    }
}

/// A table, open for reading and writing.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    kind: TableKind,
    folder: PathBuf,
    delta: DeltaTable,
    exists: bool,
}

impl Table {
    /// Opens the newest version of a table, which need not be there yet.
    pub(crate) async fn open(root: &Url, kind: TableKind) -> Result<Self, StoreError> {
        let error = |source| StoreError::Delta {
            table: kind.name(),
            source: Box::new(source),
        };
        let url = root
            .join(&format!("{}/", kind.name()))
            .map_err(|e| error(DeltaTableError::Generic(e.to_string())))?;
        let folder = url
            .to_file_path()
            .map_err(|()| error(DeltaTableError::InvalidTableLocation(url.to_string())))?;
        let mut delta = DeltaTableBuilder::from_url(url)
            .and_then(DeltaTableBuilder::build)
            .map_err(error)?;
        let exists = delta.verify_deltatable_existence().await.map_err(error)?;
        if exists {
            delta.load().await.map_err(error)?;
        }
        Ok(Self {
            kind,
            folder,
            delta,
            exists,
        })
    }

    pub(crate) fn kind(&self) -> TableKind {
        self.kind
    }

    /// Returns the table's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the storage in which this table's paths are meant.
    pub(crate) fn object_store(&self) -> Arc<dyn ObjectStore> {
        self.delta.object_store()
    }

    /// Lists the active files.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        if !self.exists {
            return Ok(Snapshot::default());
        }
        let state = self.delta.snapshot().map_err(|e| self.delta_error(e))?;
        let mut files = Vec::new();
        for view in state.log_data().iter() {
            let day = view
                .partition_values_map()
                .get("date")
                .cloned()
                .flatten()
                .and_then(|text| parse_day(&text));
            files.push(DataFile {
                path: view.path().into_owned(),
                size: u64::try_from(view.size()).unwrap_or(0),
                day,
                stats: FileStats::from_json(view.stats().as_deref().unwrap_or("{}")),
            });
        }
        files.sort_by(|a, b| (a.day, &a.path).cmp(&(b.day, &b.path)));
        Ok(Snapshot {
            version: self.delta.version(),
            files,
        })
    }

    /// Lists the files that no longer take part, as far as the log remembers
    /// them, and when (µs) each was removed. One that was added again since is
    /// among them, and active.
    pub(crate) async fn tombstones(&self) -> Result<HashMap<String, i64>, StoreError> {
        let mut removed: HashMap<String, i64> = HashMap::new();
        if !self.exists {
            return Ok(removed);
        }
        let state = self.delta.snapshot().map_err(|e| self.delta_error(e))?;
        let log_store = self.delta.log_store();
        let mut tombstones = state.all_tombstones(log_store.as_ref());
        while let Some(tombstone) = tombstones
            .try_next()
            .await
            .map_err(|e| self.delta_error(e))?
        {
            let at = tombstone.deletion_timestamp().unwrap_or(0);
            let at = at.saturating_mul(1_000);
            let latest = removed.entry(tombstone.path().into_owned()).or_insert(at);
            *latest = at.max(*latest);
        }
        Ok(removed)
    }

    /// Fetches a data file whole.
    pub(crate) async fn read(&self, path: &str) -> Result<Bytes, StoreError> {
        let error = |source| StoreError::Object {
            path: path.to_owned(),
            source,
        };
        let object = self
            .object_store()
            .get(&ObjectPath::from(path))
            .await
            .map_err(error)?;
        object.bytes().await.map_err(error)
    }

    /// Opens a data file to read parts of it.
    pub(crate) fn open_file(&self, path: &str) -> Result<File, StoreError> {
        // By the name under which the storage keeps it.
        let place = self.folder.join(ObjectPath::from(path).as_ref());
        File::open(place).map_err(|source| StoreError::Parquet {
            path: path.to_owned(),
            source: ParquetError::from(source),
        })
    }

    /// Puts a data file into the table's folder; it takes part only once a
    /// [`Change`] with it has been committed.
    pub(crate) async fn put(
        &self,
        file: ParquetFile,
        day: Option<i32>,
    ) -> Result<DataFile, StoreError> {
        let name = file.name();
        let path = match day {
            Some(day) => format!("date={}/{name}", format_day(day)),
            None => name,
        };
        let size = file.bytes.len() as u64;
        self.object_store()
            .put(&ObjectPath::from(path.as_str()), file.bytes.into())
            .await
            .map_err(|source| StoreError::Object {
                path: path.clone(),
                source,
            })?;
        Ok(DataFile {
            path,
            size,
            day,
            stats: file.stats,
        })
    }

    /// Puts rows that need no partition into one file and adds it to a change.
    pub(crate) async fn put_batch(
        &self,
        batch: &RecordBatch,
        change: &mut Change,
    ) -> Result<(), StoreError> {
        if batch.num_rows() > 0 {
            let file = parquet_file::encode(self.kind, std::slice::from_ref(batch))?;
            change.add(self.put(file, None).await?);
        }
        Ok(())
    }

    /// Commits a change as the table's next version; creates the table first
    /// where it is not there. Returns whether there was anything to change.
    pub(crate) async fn commit(
        &mut self,
        mut change: Change,
        now: i64,
    ) -> Result<bool, StoreError> {
        change.settle();
        if change.add.is_empty() && change.remove.is_empty() {
            return Ok(false);
        }
        if !self.exists {
            self.create().await?;
        }
        let now_ms = now / 1_000;
        let data_change = !change.is_rearrangement;
        let add = change
            .add
            .iter()
            .map(|f| Action::Add(add(f, now_ms, data_change)));
        let remove = change
            .remove
            .iter()
            .map(|f| Action::Remove(remove(f, now_ms, data_change)));
        let operation = if change.is_rearrangement {
            DeltaOperation::Optimize {
                predicate: None,
                target_size: 0,
            }
        } else {
            DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: self.kind.is_by_day().then(|| vec!["date".to_owned()]),
                predicate: None,
            }
        };
        let state = self.delta.snapshot().map_err(|e| self.delta_error(e))?;
        CommitBuilder::from(CommitProperties::default())
            .with_actions(remove.chain(add).collect())
            .build(Some(state.snapshot()), self.delta.log_store(), operation)
            .await
            .map_err(|e| self.delta_error(e))?;
        self.delta
            .update_state()
            .await
            .map_err(|e| self.delta_error(e))?;
        Ok(true)
    }

    async fn create(&mut self) -> Result<(), StoreError> {
        let schema = self.kind.table_schema();
        let columns: StructType = schema.as_ref().try_into_kernel()?;
        let mut builder = CreateBuilder::new()
            .with_log_store(self.delta.log_store())
            .with_table_name(self.kind.name())
            .with_save_mode(SaveMode::Ignore)
            .with_columns(columns.fields().cloned());
        if self.kind.is_by_day() {
            builder = builder.with_partition_columns(["date"]);
        }
        self.delta = builder.await.map_err(|e| self.delta_error(e))?;
        self.exists = true;
        Ok(())
    }

    fn delta_error(&self, source: DeltaTableError) -> StoreError {
        StoreError::Delta {
            table: self.kind.name(),
            source: Box::new(source),
        }
    }
}

fn parse_day(text: &str) -> Option<i32> {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(chrono::Datelike::num_days_from_ce(&date) - 719_163)
}

fn partition_values(day: Option<i32>) -> HashMap<String, Option<String>> {
    day.map(|day| ("date".to_owned(), Some(format_day(day))))
        .into_iter()
        .collect()
}

fn add(file: &DataFile, now_ms: i64, data_change: bool) -> Add {
    Add {
        path: file.path.clone(),
        partition_values: partition_values(file.day),
        size: file.size.cast_signed(),
        modification_time: now_ms,
        data_change,
        stats: Some(file.stats.to_json()),
        ..Add::default()
    }
}

fn remove(file: &DataFile, now_ms: i64, data_change: bool) -> Remove {
    Remove {
        path: file.path.clone(),
        data_change,
        deletion_timestamp: Some(now_ms),
        extended_file_metadata: Some(true),
        partition_values: Some(partition_values(file.day)),
        size: Some(file.size.cast_signed()),
        ..Remove::default()
    }
}
