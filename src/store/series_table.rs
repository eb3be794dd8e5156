//! The table `series`: read into a registry, and written whole when it grows.

use arrow::array::{Array, AsArray, Int64Array, StringArray};
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;

use super::columns;
use super::error::StoreError;
use super::reader;
use super::series_registry::SeriesRegistry;
use super::table::{Change, Table};
use crate::model::{Labels, METRIC_NAME, MetricMetadata, MetricType};

/// Adds every series of the store to the registry; tells what there was.
///
/// What the registry has already been told of a metric is newer and stays.
pub(crate) async fn load_into(
    registry: &mut SeriesRegistry,
    table: &Table,
) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded::default();
    for file in table.snapshot()?.files {
        for batch in reader::batches(table, &file.path).await? {
            add_batch(registry, &batch?, &file.path, &mut loaded)?;
        }
    }
    Ok(loaded)
}

/// What the table held.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Rows.
    pub(crate) rows: usize,
    /// Whether a row states less than the registry knows.
    pub(crate) is_outdated: bool,
    /// By handle: whether there is a row of it.
    has_row: Vec<bool>,
}

impl Loaded {
    /// Returns how many series the rows are of.
    pub(crate) fn series(&self) -> usize {
        self.has_row.iter().filter(|has_row| **has_row).count()
    }

    fn note_row(&mut self, handle: u32) {
        let at = handle as usize;
        if self.has_row.len() <= at {
            self.has_row.resize(at + 1, false);
        }
        self.has_row[at] = true;
        self.rows += 1;
    }
}

/// Adds the series of a batch to the registry.
pub(crate) fn add_batch(
    registry: &mut SeriesRegistry,
    batch: &RecordBatch,
    path: &str,
    loaded: &mut Loaded,
) -> Result<(), StoreError> {
    let wrong = |column| StoreError::Schema {
        path: path.to_owned(),
        column,
    };
    let text = |name| -> Result<&StringArray, StoreError> {
        batch
            .column_by_name(name)
            .and_then(|c| c.as_string_opt::<i32>())
            .ok_or_else(|| wrong(name))
    };
    let ids: &Int64Array = batch
        .column_by_name("series_id")
        .and_then(|c| c.as_primitive_opt::<Int64Type>())
        .ok_or_else(|| wrong("series_id"))?;
    let maps = batch
        .column_by_name("labels")
        .and_then(|c| c.as_map_opt())
        .ok_or_else(|| wrong("labels"))?;
    let (Some(keys), Some(values)) = (
        maps.keys().as_string_opt::<i32>(),
        maps.values().as_string_opt::<i32>(),
    ) else {
        return Err(wrong("labels"));
    };
    let (metric, kind, unit, help) = (text("metric")?, text("type")?, text("unit")?, text("help")?);
    for row in 0..batch.num_rows() {
        let start = maps.value_offsets()[row] as usize;
        let end = maps.value_offsets()[row + 1] as usize;
        let pairs = (start..end)
            .map(|i| (keys.value(i), values.value(i)))
            .chain([(METRIC_NAME, metric.value(row))]);
        let labels = Labels::from_pairs(pairs).map_err(|_| wrong("labels"))?;
        if labels.series_id() != ids.value(row) {
            return Err(wrong("series_id"));
        }
        let handle = registry.intern(&labels)?;
        let get = |column: &StringArray| column.is_valid(row).then(|| column.value(row).to_owned());
        let stored = MetricMetadata {
            metric_type: get(kind).as_deref().and_then(MetricType::parse),
            unit: get(unit),
            help: get(help),
        };
        loaded.is_outdated |= registry.complete(handle, &stored);
        loaded.note_row(handle);
    }
    Ok(())
}

/// Commits the registry as the whole table where it has news, or where a
/// series has two rows.
pub(crate) async fn save(
    registry: &SeriesRegistry,
    loaded: &Loaded,
    table: &mut Table,
    now: i64,
) -> Result<(), StoreError> {
    let is_whole = registry.len() == loaded.series() && loaded.rows == loaded.series();
    if is_whole && !loaded.is_outdated {
        return Ok(());
    }
    let mut change = Change::default();
    for file in table.snapshot()?.files {
        change.remove(file);
    }
    let batch = columns::series(registry, &registry.sorted())?;
    table.put_batch(&batch, &mut change).await?;
    table.commit(change, now).await?;
    Ok(())
}
