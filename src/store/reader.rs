//! Reads a data file's rows without a query engine.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::error::StoreError;
use super::table::Table;

/// Reads a whole data file, batch by batch.
pub(crate) async fn batches(
    table: &Table,
    path: &str,
) -> Result<impl Iterator<Item = Result<RecordBatch, StoreError>> + use<>, StoreError> {
    decode(table.read(path).await?, path)
}

/// Reads the bytes of a data file, batch by batch.
pub(crate) fn decode(
    bytes: Bytes,
    path: &str,
) -> Result<impl Iterator<Item = Result<RecordBatch, StoreError>> + use<>, StoreError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
        .and_then(|builder| builder.with_batch_size(8_192).build())
        .map_err(|source| StoreError::Parquet {
            path: path.to_owned(),
            source,
        })?;
    Ok(reader.map(|batch| batch.map_err(StoreError::from)))
}

/// Reads one column of 64-bit integers of a data file.
pub(crate) async fn integers(
    table: &Table,
    path: &str,
    column: &'static str,
) -> Result<Vec<i64>, StoreError> {
    let error = |source| StoreError::Parquet {
        path: path.to_owned(),
        source,
    };
    let bytes = table.read(path).await?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(error)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
    let mut values = Vec::new();
    for batch in builder.with_projection(mask).build().map_err(error)? {
        let batch = batch?;
        let array = batch
            .column_by_name(column)
            .and_then(|c| c.as_primitive_opt::<Int64Type>())
            .ok_or_else(|| StoreError::Schema {
                path: path.to_owned(),
                column,
            })?;
        values.extend_from_slice(array.values());
    }
    Ok(values)
}
