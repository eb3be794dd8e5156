//! Merges files whose rows are sorted by time, batch by batch.
//!
//! Rows of equal times stay in the order of the files, then of their rows. Of a
//! table without an order, one file follows the other. A file is opened when its
//! first row is due: of files that follow each other one is open at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use arrow::array::AsArray;
use arrow::compute::interleave_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::record_batch::RecordBatch;

use super::error::StoreError;
use super::reader::{self, BATCH_BYTES, BATCH_ROWS};
use super::table::{DataFile, Table};

/// The rows of several files in one order.
pub(crate) struct RowMerge<'a> {
    table: &'a Table,
    sources: Vec<Source>,
    /// The next row of each source that has one, by time, then source; of one
    /// that is not open yet, the time before which it has none.
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    /// The batches from which rows are being taken.
    held: Vec<RecordBatch>,
}

struct Source {
    path: String,
    order: Option<&'static str>,
    /// `None` where it is not open yet.
    batches: Option<Batches>,
    /// The times of the current batch, or zeros where the table has no order.
    times: Vec<i64>,
    row: usize,
    /// Bytes of a row of the current batch, about.
    row_bytes: u64,
    /// Where the current batch stands in [`RowMerge::held`].
    place: usize,
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, StoreError>>>;

impl<'a> RowMerge<'a> {
    /// Begins a merge of files of a table.
    pub(crate) fn new(table: &'a Table, files: &[DataFile]) -> Self {
        let order = table.kind().sort_order().first().copied();
        let mut sources = Vec::new();
        let mut queue = BinaryHeap::new();
        for (index, file) in files.iter().enumerate() {
            let first = match (order, file.stats.ts) {
                (Some(_), Some((first, _))) => first,
                (Some(_), None) => i64::MIN,
                (None, _) => 0,
            };
            queue.push(Reverse((first, index)));
            sources.push(Source {
                path: file.path.clone(),
                order,
                batches: None,
                times: Vec::new(),
                row: 0,
                row_bytes: 0,
                place: 0,
            });
        }
        Self {
            table,
            sources,
            queue,
            held: Vec::new(),
        }
    }

    /// Queues a source's next row, of its next batch where the current one has ended.
    fn refill(&mut self, index: usize) -> Result<(), StoreError> {
        let source = &mut self.sources[index];
        if source.row >= source.times.len() {
            match source.read(self.table)? {
                Some(batch) => {
                    source.place = self.held.len();
                    self.held.push(batch);
                }
                None => return Ok(()),
            }
        }
        self.queue.push(Reverse((source.times[source.row], index)));
        Ok(())
    }

    /// Drops the batches that have ended.
    fn release(&mut self) {
        let ended = std::mem::take(&mut self.held);
        for source in &mut self.sources {
            if source.row < source.times.len() {
                let batch = ended[source.place].clone();
                source.place = self.held.len();
                self.held.push(batch);
            }
        }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, StoreError> {
        let mut rows = Vec::with_capacity(BATCH_ROWS);
        let mut bytes = 0;
        while rows.len() < BATCH_ROWS
            && bytes < BATCH_BYTES
            && let Some(Reverse((_, index))) = self.queue.pop()
        {
            let source = &mut self.sources[index];
            if source.batches.is_some() {
                rows.push((source.place, source.row));
                bytes += source.row_bytes;
                source.row += 1;
            }
            self.refill(index)?;
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let held: Vec<&RecordBatch> = self.held.iter().collect();
        let batch = interleave_record_batch(&held, &rows)?;
        self.release();
        Ok(Some(batch))
    }
}

impl Iterator for RowMerge<'_> {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

impl Source {
    /// Reads the next batch that has rows.
    fn read(&mut self, table: &Table) -> Result<Option<RecordBatch>, StoreError> {
        let batches = match &mut self.batches {
            Some(batches) => batches,
            none => {
                let open = reader::open(table, &self.path)?;
                none.insert(Box::new(reader::rows(open, &self.path)?))
            }
        };
        let batch = loop {
            match batches.next().transpose()? {
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => break batch,
                None => return Ok(None),
            }
        };
        self.row = 0;
        self.row_bytes = (batch.get_array_memory_size() / batch.num_rows()) as u64;
        self.times.clear();
        match self.order {
            Some(column) => {
                let times = batch
                    .column_by_name(column)
                    .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
                    .ok_or_else(|| StoreError::Schema {
                        path: self.path.clone(),
                        column,
                    })?;
                self.times.extend_from_slice(times.values());
            }
            None => self.times.resize(batch.num_rows(), 0),
        }
        Ok(Some(batch))
    }
}
