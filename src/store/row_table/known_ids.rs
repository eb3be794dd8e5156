//! Tells rows that the table does not have from those that it has.
//!
//! Rows with an order come in the order of time, and equal rows have equal
//! times: only the ids of one instant are held, about 18 bytes each. Of a table
//! without an order (`rejects`) all ids are, 8 bytes each.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::keep_rows;
use crate::store::error::StoreError;
use crate::store::reader::{self, BATCH_ROWS};
use crate::store::table::{DataFile, Table};

/// The ids that rows are compared with.
pub(super) enum KnownIds<'a> {
    OfInstants(InstantIds<'a>),
    OfTable(&'a mut TableIds),
}

impl<'a> KnownIds<'a> {
    /// Begins a comparison of rows that come in the order of time with files.
    pub(super) fn of_instants(table: &'a Table, files: Vec<DataFile>) -> Self {
        let first = |file: &DataFile| file.stats.ts.map_or(i64::MIN, |ts| ts.0);
        let queue = files.iter().map(first).enumerate();
        Self::OfInstants(InstantIds {
            table,
            queue: queue.map(|(index, ts)| Reverse((ts, index))).collect(),
            sources: files.into_iter().map(Source::new).collect(),
            instant: None,
            ids: HashSet::new(),
        })
    }

    /// Returns those of the rows that are new, and notes them.
    pub(super) fn keep_new(&mut self, batch: &RecordBatch) -> Result<RecordBatch, StoreError> {
        match self {
            Self::OfTable(ids) => keep_rows(batch, |_, id| Ok(ids.is_new(id))),
            Self::OfInstants(ids) => {
                let times = times(batch, "(rows)")?;
                keep_rows(batch, |row, id| {
                    ids.go_to(times[row])?;
                    Ok(ids.ids.insert(id))
                })
            }
        }
    }
}

/// The ids of the rows of one instant, of files and of what came before.
pub(super) struct InstantIds<'a> {
    table: &'a Table,
    sources: Vec<Source>,
    /// The time of each source's next row, or before which it has none.
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    instant: Option<i64>,
    ids: HashSet<i64>,
}

impl InstantIds<'_> {
    fn go_to(&mut self, instant: i64) -> Result<(), StoreError> {
        if self.instant == Some(instant) {
            return Ok(());
        }
        self.instant = Some(instant);
        self.ids.clear();
        while let Some(&Reverse((next, index))) = self.queue.peek()
            && next <= instant
        {
            self.queue.pop();
            let source = &mut self.sources[index];
            if let Some((ts, id)) = source.current() {
                if ts == instant {
                    self.ids.insert(id);
                }
                source.row += 1;
            }
            if let Some(next) = source.fill(self.table)? {
                self.queue.push(Reverse((next, index)));
            }
        }
        Ok(())
    }
}

/// The times and ids of one file, which is opened when they are due.
struct Source {
    path: String,
    reader: Option<ParquetRecordBatchReader>,
    times: Vec<i64>,
    ids: Vec<i64>,
    row: usize,
}

impl Source {
    fn new(file: DataFile) -> Self {
        Self {
            path: file.path,
            reader: None,
            times: Vec::new(),
            ids: Vec::new(),
            row: 0,
        }
    }

    fn current(&self) -> Option<(i64, i64)> {
        let time = self.times.get(self.row).copied();
        time.zip(self.ids.get(self.row).copied())
    }

    /// Makes sure that there is a current row; returns its time, or `None` at
    /// the end of the file.
    fn fill(&mut self, table: &Table) -> Result<Option<i64>, StoreError> {
        while self.current().is_none() {
            let reader = match &mut self.reader {
                Some(reader) => reader,
                none => none.insert(reader::columns(
                    reader::open(table, &self.path)?,
                    &self.path,
                    &["ts", "record_id"],
                    BATCH_ROWS,
                )?),
            };
            let Some(batch) = reader.next() else {
                self.reader = None;
                return Ok(None);
            };
            let batch = batch?;
            self.row = 0;
            self.times.clear();
            self.times.extend_from_slice(times(&batch, &self.path)?);
            self.ids.clear();
            let ids = reader::integers_of(&batch, &self.path, "record_id")?;
            self.ids.extend_from_slice(ids);
        }
        Ok(self.current().map(|(ts, _)| ts))
    }
}

fn times<'a>(batch: &'a RecordBatch, path: &str) -> Result<&'a [i64], StoreError> {
    batch
        .column_by_name("ts")
        .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
        .map(|c| c.values().as_ref())
        .ok_or_else(|| StoreError::Schema {
            path: path.to_owned(),
            column: "ts",
        })
}

/// The ids of a whole table.
pub(super) struct TableIds {
    /// Those that the table has, in order.
    old: Vec<i64>,
    /// Those that the new rows have more than once, in order.
    repeated: Vec<i64>,
    /// Those of them that have come.
    seen: HashSet<i64>,
}

impl TableIds {
    /// Reads the ids of a table's files and of the files to be added.
    pub(super) fn read(
        table: &Table,
        old: &[DataFile],
        new: &[DataFile],
    ) -> Result<Self, StoreError> {
        let ids = |files: &[DataFile]| -> Result<Vec<i64>, StoreError> {
            let mut all = Vec::new();
            for file in files {
                all.extend(reader::integers(table, &file.path, "record_id")?);
            }
            all.sort_unstable();
            Ok(all)
        };
        let repeated = ids(new)?;
        let repeated = repeated.windows(2).filter(|pair| pair[0] == pair[1]);
        let mut repeated: Vec<i64> = repeated.map(|pair| pair[0]).collect();
        repeated.dedup();
        Ok(Self {
            old: ids(old)?,
            repeated,
            seen: HashSet::new(),
        })
    }

    fn is_new(&mut self, id: i64) -> bool {
        let is_old = self.old.binary_search(&id).is_ok();
        let is_repeated = self.repeated.binary_search(&id).is_ok();
        !is_old && (!is_repeated || self.seen.insert(id))
    }
}
