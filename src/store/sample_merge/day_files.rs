//! Writes one day's samples as files of bounded size.

use std::sync::Arc;

use arrow::array::{
    DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::basic::Encoding;

use super::{FILE_ROWS, Limits};
use crate::store::error::StoreError;
use crate::store::parquet_file::{PAGE_ROWS, ParquetFileWriter};
use crate::store::schema::{TableKind, timestamp_type};
use crate::store::series_registry::SeriesRegistry;
use crate::store::table::{Change, Table};

/// Rows that are handed to the encoder at a time: whole pages.
pub(super) const FLUSH_ROWS: usize = 2 * PAGE_ROWS;

/// Takes a day's samples in their final order. What the files are depends on
/// the samples alone, not on the portions in which they come.
pub(super) struct DayFiles<'a> {
    table: &'a Table,
    day: i32,
    registry: &'a SeriesRegistry,
    change: &'a mut Change,
    limits: Limits,
    writer: Option<ParquetFileWriter>,
    series: Option<u32>,
    /// Metrics of the rows at hand, and for each row its place among them.
    metrics: Vec<Arc<str>>,
    metric_keys: Vec<i32>,
    target_ids: Vec<i32>,
    series_ids: Vec<i64>,
    ts: Vec<i64>,
    values: Vec<f64>,
}

impl<'a> DayFiles<'a> {
    pub(super) fn new(
        table: &'a Table,
        day: i32,
        registry: &'a SeriesRegistry,
        change: &'a mut Change,
        limits: Limits,
    ) -> Self {
        Self {
            table,
            day,
            registry,
            change,
            limits,
            writer: None,
            series: None,
            metrics: Vec::new(),
            metric_keys: Vec::new(),
            target_ids: Vec::new(),
            series_ids: Vec::new(),
            ts: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Appends samples of a series. A file is ended before the first series
    /// that comes after it is full, or within one that is too long.
    pub(super) async fn push(
        &mut self,
        series: u32,
        mut ts: &[i64],
        mut values: &[f64],
    ) -> Result<(), StoreError> {
        if self.series.replace(series) != Some(series) && self.is_full(self.limits.file_bytes) {
            self.end_file().await?;
        }
        while !ts.is_empty() {
            let count = ts.len().min(self.limits.flush_rows - self.ts.len());
            let (now, later) = ts.split_at(count);
            let (now_values, later_values) = values.split_at(count);
            self.append(series, now, now_values);
            (ts, values) = (later, later_values);
            if self.ts.len() >= self.limits.flush_rows {
                self.flush()?;
                if self.is_full(self.limits.file_bytes / 4 * 5) {
                    self.end_file().await?;
                }
            }
        }
        Ok(())
    }

    fn is_full(&self, bytes: usize) -> bool {
        let writer = self.writer.as_ref();
        writer.is_some_and(|w| w.bytes() >= bytes || w.stats.rows >= FILE_ROWS)
    }

    fn append(&mut self, series: u32, ts: &[i64], values: &[f64]) {
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

    /// Puts the file, if there is one, and begins another.
    pub(super) async fn end_file(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        if let Some(writer) = self.writer.take() {
            let file = self.table.put(writer.finish()?, Some(self.day)).await?;
            self.change.add(file);
        }
        Ok(())
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
    let schema = Arc::new(Schema::new(vec![Field::new("ts", timestamp_type(), true)]));
    let column = TimestampMicrosecondArray::from(ts.to_vec()).with_timezone("UTC");
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
