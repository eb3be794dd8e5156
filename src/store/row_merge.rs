//! Merges files whose rows are sorted by time, batch by batch.
//!
//! Rows of equal times stay in the order of the files, then of their rows. Of a
//! table without an order, one file follows the other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use arrow::array::AsArray;
use arrow::compute::interleave_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::record_batch::RecordBatch;

use super::error::StoreError;
use super::reader;
use super::table::{DataFile, Table};

/// Rows of a batch that is handed on.
const BATCH_ROWS: usize = 8_192;

/// The rows of several files in one order.
pub(crate) struct RowMerge {
    sources: Vec<Source>,
    /// The next row of each source that has one, by time, then source.
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    /// The batches from which rows are being taken.
    held: Vec<RecordBatch>,
}

struct Source {
    path: String,
    order: Option<&'static str>,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, StoreError>>>,
    /// The times of the current batch, or zeros where the table has no order.
    times: Vec<i64>,
    row: usize,
    /// Where the current batch stands in [`RowMerge::held`].
    place: usize,
}

impl RowMerge {
    /// Opens files of a table, whose bytes are held while they are read.
    pub(crate) async fn open(table: &Table, files: &[DataFile]) -> Result<Self, StoreError> {
        let mut sources = Vec::new();
        for file in files {
            sources.push(Source {
                path: file.path.clone(),
                order: table.kind().sort_order().first().copied(),
                batches: Box::new(reader::batches(table, &file.path).await?),
                times: Vec::new(),
                row: 0,
                place: 0,
            });
        }
        let mut merge = Self {
            sources,
            queue: BinaryHeap::new(),
            held: Vec::new(),
        };
        for index in 0..merge.sources.len() {
            merge.refill(index)?;
        }
        Ok(merge)
    }

    /// Queues a source's next row, of its next batch where the current one has ended.
    fn refill(&mut self, index: usize) -> Result<(), StoreError> {
        let source = &mut self.sources[index];
        if source.row >= source.times.len() {
            match source.read()? {
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
        while rows.len() < BATCH_ROWS
            && let Some(Reverse((_, index))) = self.queue.pop()
        {
            let source = &mut self.sources[index];
            rows.push((source.place, source.row));
            source.row += 1;
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

impl Iterator for RowMerge {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

impl Source {
    /// Reads the next batch that has rows.
    fn read(&mut self) -> Result<Option<RecordBatch>, StoreError> {
        let batch = loop {
            match self.batches.next().transpose()? {
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => break batch,
                None => return Ok(None),
            }
        };
        self.row = 0;
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
