//! Holds rows with a `record_id` until there are enough for files.

use arrow::record_batch::RecordBatch;
use tokio::runtime::Handle;

use super::{DataFile, ROW_BYTES, StoreError, Table, parquet_file};
use crate::model::day_of;

/// A kind of record with a time.
pub(super) trait Row {
    /// When it was, µs.
    fn ts(&self) -> i64;

    /// Makes a batch of the table that it belongs to of records and their ids.
    fn batch(rows: &[(Self, i64)]) -> Result<RecordBatch, StoreError>
    where
        Self: Sized;
}

/// Rows of one table: those that are held, and the files of those that are put.
pub(super) struct RowBuffer<T> {
    table: Table,
    rows: Vec<(T, i64)>,
    bytes: usize,
    /// What has been put; nothing refers to it yet.
    pub(super) pieces: Vec<DataFile>,
}

impl<T: Row> RowBuffer<T> {
    pub(super) fn new(table: Table) -> Self {
        Self {
            table,
            rows: Vec::new(),
            bytes: 0,
            pieces: Vec::new(),
        }
    }

    /// Takes a record of about so many bytes; tells whether it is time to [`flush`](Self::flush).
    pub(super) fn push(&mut self, record: T, record_id: i64, bytes: usize) -> bool {
        self.bytes += bytes + 300;
        self.rows.push((record, record_id));
        self.bytes >= ROW_BYTES
    }

    /// Puts a file for each day.
    pub(super) fn flush(&mut self, runtime: &Handle) -> Result<(), StoreError> {
        self.bytes = 0;
        let mut rows = std::mem::take(&mut self.rows);
        // Stable: records of one instant stay in the order of the file.
        rows.sort_by_key(|(record, _)| record.ts());
        for day in rows.chunk_by(|a, b| day_of(a.0.ts()) == day_of(b.0.ts())) {
            let file = parquet_file::encode(self.table.kind(), &[T::batch(day)?])?;
            let day = Some(day_of(day[0].0.ts()));
            self.pieces
                .push(runtime.block_on(self.table.put(file, day))?);
        }
        Ok(())
    }
}
