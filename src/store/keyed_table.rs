//! Small tables whose rows have a key (`events`, `job_runs`): the later ingest wins.

use std::collections::HashSet;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::{
    SortColumn, concat_batches, filter_record_batch, lexsort_to_indices, take_record_batch,
};
use arrow::record_batch::RecordBatch;

use super::error::StoreError;
use super::reader;
use super::table::{Change, Table};

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
    // What was read back has Parquet's names for the parts of a map.
    let schema = table.kind().file_schema();
    let batches = batches
        .into_iter()
        .map(|batch| conform(&batch, &schema))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let all = concat_batches(&schema, &batches)?;
    let order = table
        .kind()
        .sort_order()
        .iter()
        .filter_map(|name| all.column_by_name(name))
        .map(|column| SortColumn {
            values: column.clone(),
            options: None,
        })
        .collect::<Vec<_>>();
    let sorted = take_record_batch(&all, &lexsort_to_indices(&order, None)?)?;
    table.put_batch(&sorted, &mut change).await?;
    Ok(change)
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
