//! Tables of rows that have a `record_id` (`logs`, `rejects`): a row is there once.
//!
//! Rows are put as files while a run reads; the commit drops those that the
//! table has already, day by day, and adds the rest, in the order of the
//! table, in one version.

use std::collections::{HashMap, HashSet};

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use parquet::basic::Encoding;

use super::error::StoreError;
use super::parquet_file::ParquetFileWriter;
use super::reader;
use super::row_merge::RowMerge;
use super::table::{Change, DataFile, Table};

/// Rows after which a file is closed and a second begun.
const FILE_ROWS: u64 = 4 << 20;
/// Files that are merged at a time, and their bytes: what is held in memory.
const MERGE_FILES: usize = 16;
const MERGE_BYTES: u64 = 64 << 20;

/// Returns the change that adds the rows of `pieces` (in their order) which
/// the table does not have, and how many those are.
pub(crate) async fn merge(
    table: &Table,
    pieces: Vec<DataFile>,
) -> Result<(Change, u64), StoreError> {
    let mut by_day: HashMap<Option<i32>, Vec<DataFile>> = HashMap::new();
    for piece in pieces {
        by_day.entry(piece.day).or_default().push(piece);
    }
    let active = table.snapshot()?.files;
    let mut change = Change::default();
    let mut added = 0;
    let mut days: Vec<_> = by_day.into_iter().collect();
    days.sort_by_key(|(day, _)| *day);
    for (day, pieces) in days {
        let mut known = HashSet::new();
        for file in active.iter().filter(|f| f.day == day) {
            known.extend(reader::integers(table, &file.path, "record_id").await?);
        }
        if known.is_empty()
            && let [piece] = &pieces[..]
        {
            // Two files of the run may have had the same rows.
            let mut ids = reader::integers(table, &piece.path, "record_id").await?;
            if is_unique(&mut ids) {
                added += piece.stats.rows;
                change.add(piece.clone());
                continue;
            }
        }
        added += merge_day(table, day, &pieces, &mut known, &mut change).await?;
    }
    Ok((change, added))
}

async fn merge_day(
    table: &Table,
    day: Option<i32>,
    pieces: &[DataFile],
    known: &mut HashSet<i64>,
    change: &mut Change,
) -> Result<u64, StoreError> {
    let mut added = 0;
    for group in groups(pieces) {
        let mut writer = None;
        for batch in RowMerge::open(table, group).await? {
            let batch = keep_rows(&batch?, |id| known.insert(id))?;
            if batch.num_rows() == 0 {
                continue;
            }
            added += batch.num_rows() as u64;
            append(table, &mut writer, &batch)?;
            if writer.as_ref().is_some_and(|w| w.stats.rows >= FILE_ROWS) {
                put(table, day, writer.take(), change).await?;
            }
        }
        put(table, day, writer, change).await?;
    }
    Ok(added)
}

/// Cuts a list of files into groups that are merged at a time.
fn groups(files: &[DataFile]) -> Vec<&[DataFile]> {
    let mut groups = Vec::new();
    let mut rest = files;
    while !rest.is_empty() {
        let mut bytes = 0;
        let count = rest.iter().take(MERGE_FILES).take_while(|file| {
            bytes += file.size;
            bytes <= MERGE_BYTES
        });
        let (group, next) = rest.split_at(count.count().max(1));
        groups.push(group);
        rest = next;
    }
    groups
}

/// Returns the groups of one day's files that are worth a merge into one:
/// neighbours in time, of which none is full by itself.
pub(crate) fn rewritable(mut files: Vec<DataFile>) -> Vec<Vec<DataFile>> {
    files.sort_by(|a, b| (a.stats.ts, &a.path).cmp(&(b.stats.ts, &b.path)));
    files
        .chunk_by(|a, b| a.stats.rows.max(b.stats.rows) < FILE_ROWS)
        .flat_map(groups)
        .filter(|group| group.len() > 1)
        .map(<[DataFile]>::to_vec)
        .collect()
}

/// Rewrites files of one day as one; the rows stay the same.
pub(crate) async fn rewrite(
    table: &Table,
    files: &[DataFile],
    change: &mut Change,
) -> Result<(), StoreError> {
    let mut writer = None;
    for batch in RowMerge::open(table, files).await? {
        append(table, &mut writer, &batch?)?;
    }
    let day = files.first().and_then(|file| file.day);
    put(table, day, writer, change).await?;
    for file in files {
        change.remove(file.clone());
    }
    Ok(())
}

fn is_unique(ids: &mut [i64]) -> bool {
    ids.sort_unstable();
    ids.windows(2).all(|pair| pair[0] != pair[1])
}

/// Returns the change that removes the rows with these ids.
pub(crate) async fn remove(table: &Table, ids: &HashSet<i64>) -> Result<Change, StoreError> {
    let mut change = Change::default();
    for file in table.snapshot()?.files {
        let mut writer = None;
        let mut is_touched = false;
        for batch in reader::batches(table, &file.path).await? {
            let batch = batch?;
            let kept = keep_rows(&batch, |id| !ids.contains(&id))?;
            is_touched |= kept.num_rows() < batch.num_rows();
            if kept.num_rows() > 0 {
                append(table, &mut writer, &kept)?;
            }
        }
        if is_touched {
            put(table, file.day, writer, &mut change).await?;
            change.remove(file);
        }
    }
    Ok(change)
}

fn append(
    table: &Table,
    writer: &mut Option<ParquetFileWriter>,
    batch: &RecordBatch,
) -> Result<(), StoreError> {
    let kind = table.kind();
    let writer = match writer {
        Some(writer) => writer,
        none => none.insert(ParquetFileWriter::new(
            kind,
            &kind.file_schema(),
            Encoding::PLAIN,
        )?),
    };
    writer.stats.update(batch);
    writer.write(batch)
}

async fn put(
    table: &Table,
    day: Option<i32>,
    writer: Option<ParquetFileWriter>,
    change: &mut Change,
) -> Result<(), StoreError> {
    if let Some(writer) = writer {
        change.add(table.put(writer.finish()?, day).await?);
    }
    Ok(())
}

fn keep_rows(
    batch: &RecordBatch,
    mut keep: impl FnMut(i64) -> bool,
) -> Result<RecordBatch, StoreError> {
    let ids = batch
        .column_by_name("record_id")
        .and_then(|c| c.as_primitive_opt::<Int64Type>())
        .ok_or_else(|| StoreError::Schema {
            path: "(rows)".into(),
            column: "record_id",
        })?;
    let mask: BooleanArray = ids.values().iter().map(|&id| Some(keep(id))).collect();
    Ok(filter_record_batch(batch, &mask)?)
}
