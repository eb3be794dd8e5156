//! Tables of rows that have a `record_id` (`logs`, `spans`, `rejects`): a row is there once.
//!
//! Rows are put as files while a run reads; the commit drops those that the
//! table has already, day by day, and adds the rest, in the order of the
//! table, in one version. Of files as few are merged at a time as memory allows.

mod known_ids;

use std::collections::{BTreeMap, HashSet};

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use parquet::basic::Encoding;

use super::error::StoreError;
use super::parquet_file::{FILE_BYTES, ParquetFileWriter};
use super::reader;
use super::row_merge::RowMerge;
use super::table::{Change, DataFile, Table};
use known_ids::{KnownIds, TableIds};

/// Rows after which a file is ended and a second begun.
const FILE_ROWS: u64 = 4 << 20;
/// Files that are merged at a time, and what they may hold in memory.
const MERGE_FILES: usize = 16;
const MERGE_BYTES: u64 = 160 << 20;

/// Returns the change that adds the rows of `pieces` (in their order) which
/// the table does not have.
pub(crate) async fn merge(table: &Table, pieces: Vec<DataFile>) -> Result<Change, StoreError> {
    let mut by_day: BTreeMap<Option<i32>, Vec<DataFile>> = BTreeMap::new();
    for piece in pieces {
        by_day.entry(piece.day).or_default().push(piece);
    }
    let active = table.snapshot()?.files;
    let mut change = Change::default();
    for (day, pieces) in by_day {
        let known = active.iter().filter(|f| f.day == day).cloned().collect();
        merge_day(table, known, &pieces, &mut change).await?;
    }
    Ok(change)
}

/// Adds the pieces of one day, or of a whole table that is not by day.
async fn merge_day(
    table: &Table,
    mut known: Vec<DataFile>,
    pieces: &[DataFile],
    change: &mut Change,
) -> Result<(), StoreError> {
    if let [piece] = pieces
        && overlapping(table, &known, pieces).is_empty()
    {
        // Two files of the run may have had the same rows.
        let mut ids = reader::integers(table, &piece.path, "record_id")?;
        ids.sort_unstable();
        if ids.windows(2).all(|pair| pair[0] != pair[1]) {
            change.add(piece.clone());
            return Ok(());
        }
    }
    let mut table_ids = match table.kind().sort_order() {
        [] => Some(TableIds::read(table, &known, pieces)?),
        _ => None,
    };
    for group in groups(table, pieces)? {
        let mut out = RowFiles::new(table, group);
        let mut ids = match &mut table_ids {
            Some(ids) => KnownIds::OfTable(ids),
            None => KnownIds::of_instants(table, overlapping(table, &known, group)),
        };
        for batch in RowMerge::new(table, group) {
            out.push(&ids.keep_new(&batch?)?).await?;
        }
        for file in out.finish().await? {
            known.push(file.clone());
            change.add(file);
        }
    }
    Ok(())
}

/// Returns those of the files that may have rows in common with others: equal
/// rows have equal times.
fn overlapping(table: &Table, files: &[DataFile], others: &[DataFile]) -> Vec<DataFile> {
    let has_order = !table.kind().sort_order().is_empty();
    let touches = |a: &DataFile, b: &DataFile| match (a.stats.ts, b.stats.ts) {
        (Some(a), Some(b)) if has_order => a.0 <= b.1 && b.0 <= a.1,
        _ => true,
    };
    let files = files
        .iter()
        .filter(|a| others.iter().any(|b| touches(a, b)));
    files.cloned().collect()
}

/// Cuts a list of files into groups that are merged at a time.
fn groups<'a>(table: &Table, files: &'a [DataFile]) -> Result<Vec<&'a [DataFile]>, StoreError> {
    let held: Vec<u64> = files
        .iter()
        .map(|file| reader::held_bytes(table, &file.path))
        .collect::<Result<_, _>>()?;
    let mut groups = Vec::new();
    let mut start = 0;
    while start < files.len() {
        let mut bytes = 0;
        let count = held[start..].iter().take(MERGE_FILES).take_while(|held| {
            bytes += **held;
            bytes <= MERGE_BYTES
        });
        let end = start + count.count().max(1);
        groups.push(&files[start..end]);
        start = end;
    }
    Ok(groups)
}

/// Returns the groups of one day's files that are worth a merge into one:
/// neighbours in time, of which none is full by itself.
pub(crate) fn rewritable(mut files: Vec<DataFile>) -> Vec<Vec<DataFile>> {
    files.sort_by(|a, b| (a.stats.ts, &a.path).cmp(&(b.stats.ts, &b.path)));
    let is_full = |f: &DataFile| f.stats.rows >= FILE_ROWS || f.size >= FILE_BYTES as u64 / 2;
    files
        .chunk_by(|a, b| !is_full(a) && !is_full(b))
        .flat_map(|files| files.chunks(MERGE_FILES))
        .filter(|group| group.len() > 1)
        .map(<[DataFile]>::to_vec)
        .collect()
}

/// Rewrites files of one day as one, or as few as their size allows; the rows
/// stay the same.
pub(crate) async fn rewrite(
    table: &Table,
    files: &[DataFile],
    change: &mut Change,
) -> Result<(), StoreError> {
    for group in groups(table, files)? {
        let mut out = RowFiles::new(table, group);
        for batch in RowMerge::new(table, group) {
            out.push(&batch?).await?;
        }
        for file in out.finish().await? {
            change.add(file);
        }
    }
    for file in files {
        change.remove(file.clone());
    }
    Ok(())
}

/// Returns the change that removes the rows with these ids.
pub(crate) async fn remove(table: &Table, ids: &HashSet<i64>) -> Result<Change, StoreError> {
    let mut change = Change::default();
    for file in table.snapshot()?.files {
        let mut out = RowFiles::new(table, std::slice::from_ref(&file));
        let mut is_touched = false;
        for batch in reader::batches(table, &file.path).await? {
            let batch = batch?;
            let kept = keep_rows(&batch, |_, id| Ok(!ids.contains(&id)))?;
            is_touched |= kept.num_rows() < batch.num_rows();
            out.push(&kept).await?;
        }
        let files = out.finish().await?;
        if is_touched {
            for file in files {
                change.add(file);
            }
            change.remove(file);
        }
    }
    Ok(change)
}

/// Writes rows of one day as files of bounded size.
struct RowFiles<'a> {
    table: &'a Table,
    day: Option<i32>,
    writer: Option<ParquetFileWriter>,
    files: Vec<DataFile>,
}

impl<'a> RowFiles<'a> {
    /// Begins files of the same day as others.
    fn new(table: &'a Table, others: &[DataFile]) -> Self {
        Self {
            table,
            day: others.first().and_then(|file| file.day),
            writer: None,
            files: Vec::new(),
        }
    }

    async fn push(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let kind = self.table.kind();
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(ParquetFileWriter::new(
                kind,
                &kind.file_schema(),
                Encoding::PLAIN,
            )?),
        };
        writer.stats.update(batch);
        writer.write(batch)?;
        if writer.stats.rows >= FILE_ROWS || writer.bytes() >= FILE_BYTES {
            self.end_file().await?;
        }
        Ok(())
    }

    async fn end_file(&mut self) -> Result<(), StoreError> {
        if let Some(writer) = self.writer.take() {
            let file = self.table.put(writer.finish()?, self.day).await?;
            self.files.push(file);
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<DataFile>, StoreError> {
        self.end_file().await?;
        Ok(self.files)
    }
}

/// Keeps the rows of which `keep` says so, given their row and `record_id`.
fn keep_rows(
    batch: &RecordBatch,
    mut keep: impl FnMut(usize, i64) -> Result<bool, StoreError>,
) -> Result<RecordBatch, StoreError> {
    let ids = reader::integers_of(batch, "(rows)", "record_id")?;
    let ids = ids.iter().enumerate();
    let mask: Vec<bool> = ids
        .map(|(row, id)| keep(row, *id))
        .collect::<Result<_, _>>()?;
    Ok(filter_record_batch(batch, &BooleanArray::from(mask))?)
}
