//! Reads a data file's rows without a query engine, a few MB at a time.
//!
//! A file is read page by page, never whole. Its batches have as many rows as
//! make about 1 MiB where its rows are widest; they may grow to what a row
//! group holds where wide rows stand together among narrow ones.

use std::fs::File;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::ChunkReader;

use super::error::StoreError;
use super::table::Table;

/// Bytes of a batch, about.
pub(crate) const BATCH_BYTES: u64 = 1 << 20;
/// Rows of a batch, at most.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// Reads all rows of a data file, batch by batch.
pub(crate) async fn batches(
    table: &Table,
    path: &str,
) -> Result<impl Iterator<Item = Result<RecordBatch, StoreError>> + use<>, StoreError> {
    rows(open(table, path)?, path)
}

/// Reads the bytes of a data file, batch by batch.
pub(crate) fn decode(
    bytes: Bytes,
    path: &str,
) -> Result<impl Iterator<Item = Result<RecordBatch, StoreError>> + use<>, StoreError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes);
    rows(builder.map_err(|source| broken(path, source))?, path)
}

/// Reads all rows of an open data file, batch by batch.
pub(crate) fn rows<R: ChunkReader + 'static>(
    builder: ParquetRecordBatchReaderBuilder<R>,
    path: &str,
) -> Result<impl Iterator<Item = Result<RecordBatch, StoreError>> + use<R>, StoreError> {
    let groups = builder.metadata().row_groups().iter();
    let widest = groups.map(row_bytes).max().unwrap_or(1);
    let rows = (BATCH_BYTES / widest).clamp(1, BATCH_ROWS as u64);
    let reader = builder.with_batch_size(rows as usize).build();
    let reader = reader.map_err(|source| broken(path, source))?;
    Ok(reader.map(|batch| batch.map_err(StoreError::from)))
}

/// Opens a data file.
pub(crate) fn open(
    table: &Table,
    path: &str,
) -> Result<ParquetRecordBatchReaderBuilder<File>, StoreError> {
    let file = table.open_file(path)?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|source| broken(path, source))
}

/// Reads some columns of an open data file.
pub(crate) fn columns(
    builder: ParquetRecordBatchReaderBuilder<File>,
    path: &str,
    columns: &[&'static str],
    batch_rows: usize,
) -> Result<ParquetRecordBatchReader, StoreError> {
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(batch_rows);
    reader.build().map_err(|source| broken(path, source))
}

/// Returns the bytes that a reader of a data file holds at most, its pages aside.
pub(crate) fn held_bytes(table: &Table, path: &str) -> Result<u64, StoreError> {
    let builder = open(table, path)?;
    let groups = builder.metadata().row_groups().iter();
    Ok(groups.map(group_bytes).max().unwrap_or(0))
}

/// Reads one column of 64-bit integers of a data file.
pub(crate) fn integers(
    table: &Table,
    path: &str,
    column: &'static str,
) -> Result<Vec<i64>, StoreError> {
    let mut values = Vec::new();
    for batch in columns(open(table, path)?, path, &[column], BATCH_ROWS)? {
        values.extend_from_slice(integers_of(&batch?, path, column)?);
    }
    Ok(values)
}

/// Returns a batch's column of 64-bit integers.
pub(crate) fn integers_of<'a>(
    batch: &'a RecordBatch,
    path: &str,
    column: &'static str,
) -> Result<&'a [i64], StoreError> {
    batch
        .column_by_name(column)
        .and_then(|c| c.as_primitive_opt::<Int64Type>())
        .map(|c| c.values().as_ref())
        .ok_or_else(|| StoreError::Schema {
            path: path.to_owned(),
            column,
        })
}

/// Returns the bytes of a row group's rows in memory, about: of text that is
/// stored once and named often, as often as it is named.
fn group_bytes(group: &RowGroupMetaData) -> u64 {
    let columns = group.columns().iter().map(|column| {
        let text = column.unencoded_byte_array_data_bytes().unwrap_or(0);
        column.uncompressed_size().max(text).cast_unsigned()
    });
    columns.sum()
}

fn row_bytes(group: &RowGroupMetaData) -> u64 {
    group_bytes(group) / group.num_rows().max(1).cast_unsigned() + 1
}

fn broken(path: &str, source: parquet::errors::ParquetError) -> StoreError {
    StoreError::Parquet {
        path: path.to_owned(),
        source,
    }
}
