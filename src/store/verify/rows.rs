//! Checks of the rows of one file, batch by batch.

use arrow::array::{Array, AsArray, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::array::{PrimitiveArray, TimestampMicrosecondArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use arrow::row::{OwnedRow, RowConverter, SortField};

use super::finding::Fault;
use crate::model::day_of;
use crate::store::error::StoreError;
use crate::store::file_stats::FileStats;
use crate::store::keyed_table::SORT_OPTIONS;
use crate::store::schema::TableKind;
use crate::store::series_registry::SeriesRegistry;
use crate::store::table::DataFile;

/// What is noticed of a file while its rows go by.
pub(super) struct RowCheck {
    kind: TableKind,
    actual: FileStats,
    /// Rows of another day than the file's.
    strays: u64,
    first_unordered: Option<u64>,
    order: Option<RowConverter>,
    last_row: Option<OwnedRow>,
    last_sample: Option<LastSample>,
    duplicates: u64,
    unknown: u64,
    first_unknown: i64,
    record_ids: Vec<i64>,
}

/// The sample before the one at hand.
struct LastSample {
    metric: String,
    target_id: i32,
    series_id: i64,
    ts: i64,
}

impl RowCheck {
    /// Begins a file of a table.
    pub(super) fn new(kind: TableKind) -> Result<Self, StoreError> {
        let schema = kind.file_schema();
        let order = kind.sort_order().iter().filter_map(|name| {
            let field = schema.field_with_name(name).ok()?;
            let data_type = field.data_type().clone();
            Some(SortField::new_with_options(data_type, SORT_OPTIONS))
        });
        let order: Vec<SortField> = order.collect();
        // Samples are compared without it, which is much quicker.
        let has_order = !order.is_empty() && kind != TableKind::Samples;
        Ok(Self {
            kind,
            actual: FileStats::default(),
            strays: 0,
            first_unordered: None,
            order: has_order.then(|| RowConverter::new(order)).transpose()?,
            last_row: None,
            last_sample: None,
            duplicates: 0,
            unknown: 0,
            first_unknown: 0,
            record_ids: Vec::new(),
        })
    }

    /// Looks at the next rows. Without a registry the series of samples are
    /// not looked up.
    pub(super) fn batch(
        &mut self,
        batch: &RecordBatch,
        file: &DataFile,
        registry: Option<&SeriesRegistry>,
    ) -> Result<(), Fault> {
        for field in self.kind.file_schema().fields() {
            let found = batch.column_by_name(field.name());
            // The parts of a map may have other names.
            let is_map = field.data_type().is_nested();
            if found.is_none_or(|c| c.data_type() != field.data_type() && !is_map) {
                return Err(Fault::Column(field.name().clone()));
            }
        }
        if let Some(day) = file.day
            && let Some(ts) = batch
                .column_by_name("ts")
                .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
        {
            let strays = ts.iter().filter(|ts| ts.is_none_or(|t| day_of(t) != day));
            self.strays += strays.count() as u64;
        }
        if self.kind == TableKind::Samples {
            self.samples(batch, registry)?;
        } else {
            self.order(batch)?;
        }
        if matches!(
            self.kind,
            TableKind::Logs | TableKind::Spans | TableKind::Rejects
        ) {
            let ids: &PrimitiveArray<Int64Type> = column(batch, "record_id")?;
            self.record_ids.extend_from_slice(ids.values());
        }
        self.actual.update(batch);
        Ok(())
    }

    fn order(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        let Some(order) = &self.order else {
            return Ok(());
        };
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let names = self.kind.sort_order().iter();
        let columns: Vec<_> = names
            .filter_map(|name| batch.column_by_name(name).cloned())
            .collect();
        let undecodable = |e: arrow::error::ArrowError| Fault::Undecodable(e.to_string());
        let rows = order.convert_columns(&columns).map_err(undecodable)?;
        let mut last = self.last_row.as_ref().map(OwnedRow::row);
        for (index, row) in rows.iter().enumerate() {
            if self.first_unordered.is_none() && last.is_some_and(|last| last > row) {
                self.first_unordered = Some(self.actual.rows + index as u64);
            }
            last = Some(row);
        }
        self.last_row = last.map(|row| row.owned());
        Ok(())
    }

    fn samples(
        &mut self,
        batch: &RecordBatch,
        registry: Option<&SeriesRegistry>,
    ) -> Result<(), Fault> {
        let metric: &StringArray = column(batch, "metric")?;
        let target: &Int32Array = column(batch, "target_id")?;
        let series: &Int64Array = column(batch, "series_id")?;
        let ts: &TimestampMicrosecondArray = column(batch, "ts")?;
        let values: &Float64Array = column(batch, "value")?;
        let has_null = batch.columns().iter().any(|c| c.null_count() > 0);
        if has_null || values.len() != ts.len() {
            return Err(Fault::Undecodable("a sample has nulls".into()));
        }
        for row in 0..batch.num_rows() {
            let (metric, target_id) = (metric.value(row), target.value(row));
            let (series_id, ts) = (series.value(row), ts.value(row));
            if let Some(last) = &mut self.last_sample
                && last.series_id == series_id
                && last.target_id == target_id
                && last.metric == metric
            {
                if last.ts == ts {
                    self.duplicates += 1;
                } else if last.ts > ts && self.first_unordered.is_none() {
                    self.first_unordered = Some(self.actual.rows + row as u64);
                }
                last.ts = ts;
                continue;
            }
            let is_unordered = self.last_sample.as_ref().is_some_and(|last| {
                (last.metric.as_str(), last.target_id, last.series_id)
                    > (metric, target_id, series_id)
            });
            if is_unordered && self.first_unordered.is_none() {
                self.first_unordered = Some(self.actual.rows + row as u64);
            }
            if let Some(registry) = registry {
                self.look_up(registry, metric, target_id, series_id);
            }
            self.last_sample = Some(LastSample {
                metric: metric.to_owned(),
                target_id,
                series_id,
                ts,
            });
        }
        Ok(())
    }

    fn look_up(&mut self, registry: &SeriesRegistry, metric: &str, target_id: i32, series_id: i64) {
        let is_known = registry.handle(series_id).is_some_and(|handle| {
            let series = registry.get(handle);
            series.metric.as_ref() == metric && series.target_id == target_id
        });
        if !is_known {
            if self.unknown == 0 {
                self.first_unknown = series_id;
            }
            self.unknown += 1;
        }
    }

    /// Ends the file: what is wrong with its rows, and their `record_id`s.
    pub(super) fn finish(self, file: &DataFile) -> (Vec<Fault>, Vec<i64>) {
        let mut faults = Vec::new();
        if self.actual.rows != file.stats.rows {
            faults.push(Fault::Rows {
                logged: file.stats.rows,
                actual: self.actual.rows,
            });
        }
        if let (Some(logged), Some(actual)) = (file.stats.ts, self.actual.ts)
            && (actual.0 < logged.0 || actual.1 > logged.1)
        {
            faults.push(Fault::Range("ts"));
        }
        if let (Some(logged), Some(actual)) = (&file.stats.metric, &self.actual.metric)
            && (actual.0 < logged.0 || actual.1 > logged.1)
        {
            faults.push(Fault::Range("metric"));
        }
        if let Some(row) = self.first_unordered {
            faults.push(Fault::Order { row });
        }
        if let Some(day) = file.day.filter(|_| self.strays > 0) {
            faults.push(Fault::Day {
                day,
                rows: self.strays,
            });
        }
        if self.unknown > 0 {
            faults.push(Fault::UnknownSeries {
                series: self.unknown,
                first: self.first_unknown,
            });
        }
        if self.duplicates > 0 {
            faults.push(Fault::Duplicate {
                rows: self.duplicates,
            });
        }
        (faults, self.record_ids)
    }
}

fn column<'b, A: Array + 'static>(
    batch: &'b RecordBatch,
    name: &'static str,
) -> Result<&'b A, Fault> {
    batch
        .column_by_name(name)
        .and_then(|c| c.as_any().downcast_ref::<A>())
        .ok_or_else(|| Fault::Column(name.to_owned()))
}
