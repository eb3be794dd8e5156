//! Small tables, sorted as a whole; where rows have a key (`events`,
//! `job_runs`), the later ingest wins. Of results (`episodes`…) all rows of a
//! name are replaced at once.

use std::collections::HashSet;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::{
    SortColumn, SortOptions, concat_batches, filter_record_batch, lexsort_to_indices, not,
    take_record_batch,
};
use arrow::record_batch::RecordBatch;

use super::error::StoreError;
use super::reader;
use super::schema::TableKind;
use super::table::{Change, DataFile, Table};

/// How the columns of every file are ordered.
pub(crate) const SORT_OPTIONS: SortOptions = SortOptions {
    descending: false,
    nulls_first: false,
};

/// Returns the change that puts `rows` in, replacing those with the same key.
pub(crate) async fn upsert(
    table: &Table,
    rows: RecordBatch,
    key: &[&'static str],
) -> Result<Change, StoreError> {
    let mut change = Change::default();
    if rows.num_rows() == 0 {
        return Ok(change);
    }
    let new: HashSet<Vec<u8>> = keys(&rows, key)?.into_iter().collect();
    let mut batches = Vec::new();
    for file in table.snapshot()?.files {
        for batch in reader::batches(table, &file.path).await? {
            let batch = batch?;
            let keep: BooleanArray = keys(&batch, key)?
                .iter()
                .map(|k| Some(!new.contains(k)))
                .collect();
            batches.push(filter_record_batch(&batch, &keep)?);
        }
        change.remove(file);
    }
    batches.push(rows);
    table
        .put_batch(&sorted(table.kind(), &batches)?, &mut change)
        .await?;
    Ok(change)
}

/// Returns the change that puts `rows` in for all that have the text `value` in a column;
/// none where those are the same rows. Files without any stay as they are.
pub(crate) async fn replace(
    table: &Table,
    rows: RecordBatch,
    column: &'static str,
    value: &str,
) -> Result<Change, StoreError> {
    let kind = table.kind();
    let rows = sorted(kind, &[rows])?;
    let (mut old, mut others) = (Vec::new(), Vec::new());
    let mut change = Change::default();
    for file in table.snapshot()?.files {
        let (mut of_value, mut rest) = (Vec::new(), Vec::new());
        for batch in reader::batches(table, &file.path).await? {
            let batch = batch?;
            let is_old = has_text(&batch, &file.path, column, value)?;
            rest.push(filter_record_batch(&batch, &not(&is_old)?)?);
            of_value.push(filter_record_batch(&batch, &is_old)?);
        }
        if of_value.iter().any(|batch| batch.num_rows() > 0) {
            old.append(&mut of_value);
            others.append(&mut rest);
            change.remove(file);
        }
    }
    if sorted(kind, &old)? == rows {
        return Ok(Change::default());
    }
    table
        .put_batch(&sorted(kind, &others)?, &mut change)
        .await?;
    table.put_batch(&rows, &mut change).await?;
    Ok(change)
}

fn has_text(
    batch: &RecordBatch,
    path: &str,
    column: &'static str,
    value: &str,
) -> Result<BooleanArray, StoreError> {
    let texts = batch.column_by_name(column);
    let texts = texts.and_then(|c| c.as_string_opt::<i32>());
    let texts = texts.ok_or_else(|| StoreError::Schema {
        path: path.to_owned(),
        column,
    })?;
    Ok(texts.iter().map(|text| Some(text == Some(value))).collect())
}

/// Rewrites files of a table as one; the rows stay the same.
pub(crate) async fn rewrite(
    table: &Table,
    files: &[DataFile],
    change: &mut Change,
) -> Result<(), StoreError> {
    let mut batches = Vec::new();
    for file in files {
        for batch in reader::batches(table, &file.path).await? {
            batches.push(batch?);
        }
        change.remove(file.clone());
    }
    table
        .put_batch(&sorted(table.kind(), &batches)?, change)
        .await
}

/// Puts rows together in the order of the table's files.
pub(crate) fn sorted(kind: TableKind, batches: &[RecordBatch]) -> Result<RecordBatch, StoreError> {
    // What was read back has Parquet's names for the parts of a map.
    let schema = kind.file_schema();
    let batches = batches
        .iter()
        .map(|batch| conform(batch, &schema))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let all = concat_batches(&schema, &batches)?;
    let order = kind
        .sort_order()
        .iter()
        .filter_map(|name| all.column_by_name(name))
        .map(|column| SortColumn {
            values: column.clone(),
            options: Some(SORT_OPTIONS),
        })
        .collect::<Vec<_>>();
    Ok(take_record_batch(&all, &lexsort_to_indices(&order, None)?)?)
}

fn conform(
    batch: &RecordBatch,
    schema: &arrow::datatypes::SchemaRef,
) -> Result<RecordBatch, StoreError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                return Ok(column.clone());
            }
            arrow::compute::cast(column, field.data_type())
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

fn keys(batch: &RecordBatch, names: &[&'static str]) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut keys = vec![Vec::new(); batch.num_rows()];
    for &name in names {
        let column = batch
            .column_by_name(name)
            .and_then(|c| c.as_string_opt::<i32>())
            .ok_or_else(|| StoreError::Schema {
                path: "(rows)".into(),
                column: name,
            })?;
        for (row, key) in keys.iter_mut().enumerate() {
            if column.is_valid(row) {
                key.extend_from_slice(column.value(row).as_bytes());
            }
            key.push(0xff);
        }
    }
    Ok(keys)
}
