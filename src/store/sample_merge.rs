//! Writes the samples of a run into the store, day by day.
//!
//! Each day's runs are merged with the day's active files where the two
//! overlap in time; of equal (series, time) the later ingest wins.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow::array::{
    Array, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Encoding;

use super::error::StoreError;
use super::parquet_file::{PAGE_ROWS, ParquetFileWriter};
use super::sample_buffer::{RunReader, Runs, sort_and_dedup};
use super::schema::{TableKind, timestamp_type};
use super::series_registry::SeriesRegistry;
use super::table::{Change, DataFile, Table};

/// Rows after which a day's file is closed and a second begun (at the next series).
pub(crate) const FILE_ROWS: u64 = 32 << 20;

/// Merges every run into the table's days and returns the change to commit.
pub(crate) async fn merge(
    table: &Table,
    runs: &Runs,
    registry: &SeriesRegistry,
) -> Result<Change, StoreError> {
    let ranks = registry.ranks();
    let active = table.snapshot()?.files;
    let mut change = Change::default();
    for day in runs.days() {
        let mut sources: Vec<Source<'_>> = Vec::new();
        let range = runs.range(day);
        for file in active.iter().filter(|f| f.day == Some(day)) {
            // Files that do not know their range count as overlapping.
            let apart = file
                .stats
                .ts
                .zip(range)
                .is_some_and(|(a, b)| a.1 < b.0 || b.1 < a.0);
            if !apart {
                sources.push(Source::File(FileReader::open(table, file).await?.into()));
                change.remove(file.clone());
            }
        }
        sources.extend(runs.open_day(day).into_iter().map(Source::Run));
        write_day(table, day, sources, registry, &ranks, &mut change).await?;
    }
    Ok(change)
}

/// Rewrites the files of a day as one, oldest first; the rows stay the same.
pub(crate) async fn rewrite(
    table: &Table,
    files: &[DataFile],
    registry: &SeriesRegistry,
    change: &mut Change,
) -> Result<(), StoreError> {
    let Some(day) = files.first().and_then(|file| file.day) else {
        return Ok(());
    };
    let mut sources = Vec::new();
    for file in files {
        sources.push(Source::File(FileReader::open(table, file).await?.into()));
        change.remove(file.clone());
    }
    write_day(table, day, sources, registry, &registry.ranks(), change).await
}

/// Counts the samples of one day's files that have the series and the time of
/// another. The files must be in order.
pub(crate) async fn count_duplicates(
    table: &Table,
    files: &[DataFile],
    registry: &SeriesRegistry,
) -> Result<u64, StoreError> {
    let mut sources = Vec::new();
    for file in files {
        sources.push(Source::File(FileReader::open(table, file).await?.into()));
    }
    let ranks = registry.ranks();
    let mut merge = DayMerge::new(sources, registry, &ranks)?;
    let mut samples = Samples::default();
    let mut duplicates = 0;
    while merge.next(&mut samples)?.is_some() {
        let kept = sort_and_dedup(&mut samples.ts, &mut samples.values);
        duplicates += (samples.ts.len() - kept) as u64;
    }
    Ok(duplicates)
}

async fn write_day(
    table: &Table,
    day: i32,
    sources: Vec<Source<'_>>,
    registry: &SeriesRegistry,
    ranks: &[u32],
    change: &mut Change,
) -> Result<(), StoreError> {
    let mut merge = DayMerge::new(sources, registry, ranks)?;
    let mut file = DayFile::new(registry);
    let mut merged = Samples::default();
    while let Some(series) = merge.next(&mut merged)? {
        let kept = sort_and_dedup(&mut merged.ts, &mut merged.values);
        file.push(series, &merged.ts[..kept], &merged.values[..kept])?;
        if file.rows() >= FILE_ROWS {
            put(table, day, &mut file, registry, change).await?;
        }
    }
    put(table, day, &mut file, registry, change).await
}

async fn put<'a>(
    table: &Table,
    day: i32,
    file: &mut DayFile<'a>,
    registry: &'a SeriesRegistry,
    change: &mut Change,
) -> Result<(), StoreError> {
    let done = std::mem::replace(file, DayFile::new(registry));
    if let Some(done) = done.finish()? {
        change.add(table.put(done, Some(day)).await?);
    }
    Ok(())
}

/// The samples of one series.
#[derive(Debug, Default)]
struct Samples {
    ts: Vec<i64>,
    values: Vec<f64>,
}

impl Samples {
    fn clear(&mut self) {
        self.ts.clear();
        self.values.clear();
    }
}

/// Goes through the series of several sorted sources in the order of the ranks.
struct DayMerge<'a> {
    sources: Vec<Source<'a>>,
    registry: &'a SeriesRegistry,
    ranks: &'a [u32],
    /// The next series of each source.
    heads: Vec<Samples>,
    queue: BinaryHeap<Reverse<(u32, usize, u32)>>,
}

impl<'a> DayMerge<'a> {
    fn new(
        sources: Vec<Source<'a>>,
        registry: &'a SeriesRegistry,
        ranks: &'a [u32],
    ) -> Result<Self, StoreError> {
        let mut merge = Self {
            heads: sources.iter().map(|_| Samples::default()).collect(),
            sources,
            registry,
            ranks,
            queue: BinaryHeap::new(),
        };
        for index in 0..merge.sources.len() {
            merge.advance(index)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, index: usize) -> Result<(), StoreError> {
        let head = &mut self.heads[index];
        if let Some(series) = self.sources[index].next(self.registry, head)? {
            let rank = self.ranks[series as usize];
            self.queue.push(Reverse((rank, index, series)));
        }
        Ok(())
    }

    /// Replaces `merged` with all that the sources have of the next series,
    /// source by source, and returns its handle.
    fn next(&mut self, merged: &mut Samples) -> Result<Option<u32>, StoreError> {
        merged.clear();
        let Some(&Reverse((rank, _, series))) = self.queue.peek() else {
            return Ok(None);
        };
        // The heap gives equal series in the order of the sources: oldest first.
        while let Some(&Reverse((next_rank, index, _))) = self.queue.peek() {
            if next_rank != rank {
                break;
            }
            self.queue.pop();
            let head = &mut self.heads[index];
            merged.ts.append(&mut head.ts);
            merged.values.append(&mut head.values);
            self.advance(index)?;
        }
        Ok(Some(series))
    }
}

enum Source<'a> {
    File(Box<FileReader>),
    Run(RunReader<'a>),
}

impl Source<'_> {
    fn next(
        &mut self,
        registry: &SeriesRegistry,
        into: &mut Samples,
    ) -> Result<Option<u32>, StoreError> {
        match self {
            Self::File(file) => file.next(registry, into),
            Self::Run(run) => run.next(&mut into.ts, &mut into.values),
        }
    }
}

/// Reads an active file series by series.
struct FileReader {
    path: String,
    reader: ParquetRecordBatchReader,
    batch: Option<(Int64Array, TimestampMicrosecondArray, Float64Array)>,
    row: usize,
}

impl FileReader {
    async fn open(table: &Table, file: &DataFile) -> Result<Self, StoreError> {
        let bytes = table.read(&file.path).await?;
        let parquet_error = |source| StoreError::Parquet {
            path: file.path.clone(),
            source,
        };
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(parquet_error)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), ["series_id", "ts", "value"]);
        let reader = builder
            .with_projection(mask)
            .with_batch_size(PAGE_ROWS)
            .build()
            .map_err(parquet_error)?;
        Ok(Self {
            path: file.path.clone(),
            reader,
            batch: None,
            row: 0,
        })
    }

    /// Makes sure that there is a current row; `false` at the end of the file.
    fn fill(&mut self) -> Result<bool, StoreError> {
        while self.batch.as_ref().is_none_or(|b| self.row >= b.0.len()) {
            let Some(batch) = self.reader.next() else {
                return Ok(false);
            };
            let batch = batch?;
            self.batch = Some((
                self.column(&batch, "series_id")?,
                self.column(&batch, "ts")?,
                self.column(&batch, "value")?,
            ));
            self.row = 0;
        }
        Ok(true)
    }

    fn column<A: Array + Clone + 'static>(
        &self,
        batch: &RecordBatch,
        column: &'static str,
    ) -> Result<A, StoreError> {
        batch
            .column_by_name(column)
            .and_then(|array| array.as_any().downcast_ref::<A>())
            .cloned()
            .ok_or_else(|| StoreError::Schema {
                path: self.path.clone(),
                column,
            })
    }

    fn next(
        &mut self,
        registry: &SeriesRegistry,
        into: &mut Samples,
    ) -> Result<Option<u32>, StoreError> {
        let mut current = None;
        while self.fill()? {
            let Some((ids, ts, values)) = &self.batch else {
                break;
            };
            let id = ids.value(self.row);
            if *current.get_or_insert(id) != id {
                break;
            }
            let rest = &ids.values()[self.row..];
            let end = self.row + rest.iter().position(|x| *x != id).unwrap_or(rest.len());
            into.ts.extend_from_slice(&ts.values()[self.row..end]);
            into.values
                .extend_from_slice(&values.values()[self.row..end]);
            self.row = end;
        }
        current
            .map(|series_id| {
                registry
                    .handle(series_id)
                    .ok_or_else(|| StoreError::UnknownSeries {
                        path: self.path.clone(),
                        series_id,
                    })
            })
            .transpose()
    }
}

/// Builds one day's file from series in their final order.
struct DayFile<'a> {
    registry: &'a SeriesRegistry,
    writer: Option<ParquetFileWriter>,
    /// Metrics of the rows at hand, and for each row its place among them.
    metrics: Vec<Arc<str>>,
    metric_keys: Vec<i32>,
    target_ids: Vec<i32>,
    series_ids: Vec<i64>,
    ts: Vec<i64>,
    values: Vec<f64>,
}

impl<'a> DayFile<'a> {
    fn new(registry: &'a SeriesRegistry) -> Self {
        Self {
            registry,
            writer: None,
            metrics: Vec::new(),
            metric_keys: Vec::new(),
            target_ids: Vec::new(),
            series_ids: Vec::new(),
            ts: Vec::new(),
            values: Vec::new(),
        }
    }

    fn rows(&self) -> u64 {
        self.writer.as_ref().map_or(0, |w| w.stats.rows)
    }

    fn push(&mut self, series: u32, ts: &[i64], values: &[f64]) -> Result<(), StoreError> {
        let series = self.registry.get(series);
        if self.metrics.last().is_none_or(|m| *m != series.metric) {
            self.metrics.push(Arc::clone(&series.metric));
        }
        let rows = self.ts.len() + ts.len();
        self.metric_keys.resize(rows, self.metrics.len() as i32 - 1);
        self.target_ids.resize(rows, series.target_id);
        self.series_ids.resize(rows, series.series_id);
        self.ts.extend_from_slice(ts);
        self.values.extend_from_slice(values);
        if self.ts.len() >= 4 * PAGE_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        if self.ts.is_empty() {
            return Ok(());
        }
        let schema = handover_schema();
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let encoding = choose_ts_encoding(&self.ts)?;
                none.insert(ParquetFileWriter::new(
                    TableKind::Samples,
                    &schema,
                    encoding,
                )?)
            }
        };
        let (first, last) = (&self.metrics[0], &self.metrics[self.metrics.len() - 1]);
        writer.stats.cover_metric(first, last);
        if let (Some(&min), Some(&max)) = (self.ts.iter().min(), self.ts.iter().max()) {
            writer.stats.cover_ts(min, max);
        }
        writer.stats.rows += self.ts.len() as u64;
        let names: StringArray = self.metrics.iter().map(|m| Some(m.as_ref())).collect();
        let keys = Int32Array::from(std::mem::take(&mut self.metric_keys));
        let ts = TimestampMicrosecondArray::from(std::mem::take(&mut self.ts));
        let batch = RecordBatch::try_new(
            schema,
            vec![
                Arc::new(DictionaryArray::<Int32Type>::try_new(
                    keys,
                    Arc::new(names),
                )?),
                Arc::new(Int32Array::from(std::mem::take(&mut self.target_ids))),
                Arc::new(Int64Array::from(std::mem::take(&mut self.series_ids))),
                Arc::new(ts.with_timezone("UTC")),
                Arc::new(Float64Array::from(std::mem::take(&mut self.values))),
            ],
        )?;
        self.metrics.clear();
        writer.write(&batch)
    }

    fn finish(mut self) -> Result<Option<super::parquet_file::ParquetFile>, StoreError> {
        self.flush()?;
        self.writer.map(ParquetFileWriter::finish).transpose()
    }
}

/// The schema of `samples` with the metric as a dictionary.
fn handover_schema() -> SchemaRef {
    let metric = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut fields = TableKind::Samples.file_schema().fields().to_vec();
    fields[0] = Arc::new(Field::new("metric", metric, true));
    Arc::new(Schema::new(fields))
}

/// Tries both encodings of the times on a file's first rows: times that
/// neighbouring series share are smaller PLAIN (zstd finds the repetition),
/// times of their own DELTA_BINARY_PACKED.
fn choose_ts_encoding(ts: &[i64]) -> Result<Encoding, StoreError> {
    let sample = &ts[..ts.len().min(2 * PAGE_ROWS)];
    let schema = Arc::new(Schema::new(vec![Field::new("ts", timestamp_type(), true)]));
    let column = TimestampMicrosecondArray::from(sample.to_vec()).with_timezone("UTC");
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(column)])?;
    let size = |encoding| -> Result<usize, StoreError> {
        // Of `samples` for its rule on `ts`; the other columns are just absent.
        let mut writer = ParquetFileWriter::new(TableKind::Samples, &schema, encoding)?;
        writer.write(&batch)?;
        Ok(writer.finish()?.bytes.len())
    };
    let plain_is_smaller = size(Encoding::PLAIN)? <= size(Encoding::DELTA_BINARY_PACKED)?;
    Ok(if plain_is_smaller {
        Encoding::PLAIN
    } else {
        Encoding::DELTA_BINARY_PACKED
    })
}
