//! Where the samples of a day come from: active files, runs of the ingest.
//!
//! A source has its series in the order of the store's files, and each
//! series' samples in the order of time, no time twice.

use std::collections::HashSet;
use std::vec;

use arrow::array::{Array, Float64Array, Int64Array, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::errors::ParquetError;

use crate::store::error::StoreError;
use crate::store::reader;
use crate::store::sample_buffer::{Piece, RunReader, SpilledRun};
use crate::store::series_registry::SeriesRegistry;
use crate::store::table::{DataFile, Table};

/// Rows of a batch: with the pages of three columns, about 4 MB a file.
const BATCH_ROWS: usize = 16_384;

pub(super) enum Source<'a> {
    Files(Box<FileReader<'a>>),
    SpilledFiles(SpilledRun<'a>),
    Run(RunReader<'a>),
}

impl Source<'_> {
    /// Appends up to `limit` samples of the next series.
    pub(super) fn next(
        &mut self,
        registry: &SeriesRegistry,
        limit: usize,
        ts: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) -> Result<Option<Piece>, StoreError> {
        match self {
            Self::Files(files) => files.next(registry, limit, ts, values),
            Self::SpilledFiles(run) => run.next(limit, ts, values),
            Self::Run(run) => run.next(limit, ts, values),
        }
    }
}

/// Reads files one after the other, of which each begins after the last
/// sample of the one before.
pub(super) struct FileReader<'a> {
    table: &'a Table,
    files: vec::IntoIter<DataFile>,
    path: String,
    reader: Option<ParquetRecordBatchReader>,
    batch: Option<(Int64Array, TimestampMicrosecondArray, Float64Array)>,
    row: usize,
    /// The sample that was handed over last.
    last: Option<(i64, i64)>,
    /// The series that are left out.
    dropped: Option<&'a HashSet<i64>>,
}

impl<'a> FileReader<'a> {
    pub(super) fn new(
        table: &'a Table,
        files: Vec<DataFile>,
        dropped: Option<&'a HashSet<i64>>,
    ) -> Self {
        Self {
            table,
            files: files.into_iter(),
            path: String::new(),
            reader: None,
            batch: None,
            row: 0,
            last: None,
            dropped,
        }
    }

    /// Makes sure that there is a current row; `false` at the end of the last file.
    fn fill(&mut self) -> Result<bool, StoreError> {
        while self.batch.as_ref().is_none_or(|b| self.row >= b.0.len()) {
            self.batch = None;
            if let Some(batch) = self.reader.as_mut().and_then(Iterator::next) {
                let batch = batch?;
                self.batch = Some((
                    column(&batch, &self.path, "series_id")?,
                    column(&batch, &self.path, "ts")?,
                    column(&batch, &self.path, "value")?,
                ));
                self.row = 0;
                continue;
            }
            self.reader = None;
            let Some(file) = self.files.next() else {
                return Ok(false);
            };
            self.path = file.path;
            self.reader = Some(reader::columns(
                reader::open(self.table, &self.path)?,
                &self.path,
                &["series_id", "ts", "value"],
                BATCH_ROWS,
            )?);
        }
        Ok(true)
    }

    pub(super) fn next(
        &mut self,
        registry: &SeriesRegistry,
        limit: usize,
        ts: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) -> Result<Option<Piece>, StoreError> {
        loop {
            if !self.fill()? {
                return Ok(None);
            }
            let id = self.batch.as_ref().map(|(ids, ..)| ids.value(self.row));
            let is_dropped = |id| self.dropped.is_some_and(|dropped| dropped.contains(&id));
            match id {
                Some(id) if is_dropped(id) => self.row += 1,
                _ => break,
            }
        }
        let Some((ids, times, numbers)) = &self.batch else {
            return Ok(None);
        };
        let rest = &ids.values()[self.row..];
        let id = rest[0];
        let rest = &rest[..limit.min(rest.len())];
        let count = rest.iter().position(|x| *x != id).unwrap_or(rest.len());
        let end = self.row + count;
        let times = &times.values()[self.row..end];
        let follows = self
            .last
            .is_none_or(|last| last < (id, times[0]) || last.0 != id);
        if !follows || !times.is_sorted_by(|a, b| a < b) {
            return Err(StoreError::Parquet {
                path: self.path.clone(),
                source: ParquetError::General(format!(
                    "the samples of series_id {id} are not in the order of time"
                )),
            });
        }
        ts.extend_from_slice(times);
        values.extend_from_slice(&numbers.values()[self.row..end]);
        self.last = times.last().map(|last| (id, *last));
        self.row = end;
        // Of the next batch nothing is known yet.
        let has_more = ids.values().get(end).is_none_or(|next| *next == id);
        let series = handle(registry, &self.path, id)?;
        Ok(Some(Piece { series, has_more }))
    }
}

/// The series, by its place in the store's order, and the time of a sample.
pub(super) type Key = (u32, i64);

/// Reads the keys of a file's first and last sample; `None` where it has none.
pub(super) fn key_range(
    table: &Table,
    file: &DataFile,
    registry: &SeriesRegistry,
    ranks: &[u32],
) -> Result<Option<(Key, Key)>, StoreError> {
    let builder = reader::open(table, &file.path)?;
    let groups = builder.metadata().row_groups();
    let Some(last_group) = groups.iter().rposition(|g| g.num_rows() > 0) else {
        return Ok(None);
    };
    let last_rows = usize::try_from(groups[last_group].num_rows()).unwrap_or(0);
    let first = builder.with_limit(1);
    let last = reader::open(table, &file.path)?
        .with_row_groups(vec![last_group])
        .with_offset(last_rows.saturating_sub(1));
    let mut keys = Vec::new();
    for builder in [first, last] {
        for batch in reader::columns(builder, &file.path, &["series_id", "ts"], 1)? {
            let batch = batch?;
            let ids: Int64Array = column(&batch, &file.path, "series_id")?;
            let ts: TimestampMicrosecondArray = column(&batch, &file.path, "ts")?;
            let series = handle(registry, &file.path, ids.value(0))?;
            keys.push((ranks[series as usize], ts.value(0)));
        }
    }
    Ok(keys.first().copied().zip(keys.last().copied()))
}

fn handle(registry: &SeriesRegistry, path: &str, series_id: i64) -> Result<u32, StoreError> {
    registry
        .handle(series_id)
        .ok_or_else(|| StoreError::UnknownSeries {
            path: path.to_owned(),
            series_id,
        })
}

fn column<A: Array + Clone + 'static>(
    batch: &RecordBatch,
    path: &str,
    column: &'static str,
) -> Result<A, StoreError> {
    batch
        .column_by_name(column)
        .and_then(|array| array.as_any().downcast_ref::<A>())
        .cloned()
        .ok_or_else(|| StoreError::Schema {
            path: path.to_owned(),
            column,
        })
}
