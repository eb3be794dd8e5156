//! The label sets of a store, by metric.
//!
//! The table `series` is read once and kept as arrow has it; label sets are made
//! of a metric's rows when that metric is first asked for, so that a query on
//! one metric of a fleet does not pay for the others.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, AsArray, MapArray, StringArray};
use arrow::datatypes::{Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, Result};

use crate::model::{Labels, METRIC_NAME};
use crate::promql::{MatchOp, Matcher};

/// The columns that a catalog is made of.
pub(super) const COLUMNS: [&str; 4] = ["metric", "series_id", "target_id", "labels"];

/// One series of the store.
#[derive(Debug, Clone)]
pub(super) struct KnownSeries {
    pub(super) id: i64,
    pub(super) target: i32,
    /// All labels, `__name__` among them.
    pub(super) labels: Arc<Labels>,
}

/// The series that a selector means, in the order of their labels.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) series: Vec<KnownSeries>,
    /// Places in `series` by id.
    pub(super) places: HashMap<i64, u32>,
    /// The names of their metrics.
    pub(super) metrics: Vec<String>,
    /// How many series those metrics have.
    pub(super) of: usize,
}

#[derive(Debug, Default)]
struct Metric {
    /// Rows of the batches.
    rows: Vec<(usize, Range<usize>)>,
    series: OnceLock<Vec<KnownSeries>>,
}

/// All series of a store.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    batches: Vec<RecordBatch>,
    metrics: BTreeMap<String, Metric>,
}

impl Catalog {
    /// Makes a catalog of [`COLUMNS`] of the table `series`.
    pub(super) fn new(batches: Vec<RecordBatch>) -> Result<Self> {
        let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
        for (at, batch) in batches.iter().enumerate() {
            let names = batch.column(0).as_string_view_opt().ok_or_else(wrong)?;
            let name = |row: usize| names.is_valid(row).then(|| names.value(row));
            // Here once, so that what is made later cannot fail.
            columns(batch)?;
            let mut row = 0;
            while row < batch.num_rows() {
                let start = row;
                while row < batch.num_rows() && name(row) == name(start) {
                    row += 1;
                }
                let metric = metrics.entry(name(start).unwrap_or_default().to_owned());
                metric.or_default().rows.push((at, start..row));
            }
        }
        Ok(Self { batches, metrics })
    }

    /// Returns the names of all metrics.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.metrics.keys().map(String::as_str)
    }

    /// Returns the names that meet the matchers on `__name__`.
    pub(super) fn names_for<'a>(&'a self, matchers: &'a [Matcher]) -> Vec<&'a str> {
        let on_name = || matchers.iter().filter(|m| m.name == METRIC_NAME);
        let exact = on_name().find(|m| matches!(m.op, MatchOp::Equal));
        let candidates: Vec<&str> = match exact {
            Some(exact) => {
                let known = self.metrics.get_key_value(&exact.value);
                known.map(|(name, _)| name.as_str()).into_iter().collect()
            }
            None => self.names().collect(),
        };
        let meets = |name: &&str| on_name().all(|m| m.matches(name));
        candidates.into_iter().filter(meets).collect()
    }

    /// Returns the series of a metric, in no order.
    pub(super) fn series_of(&self, metric: &str) -> &[KnownSeries] {
        let Some(known) = self.metrics.get(metric) else {
            return &[];
        };
        known.series.get_or_init(|| {
            let rows = known.rows.iter().cloned();
            rows.flat_map(|(at, rows)| series(&self.batches[at], metric, rows))
                .collect()
        })
    }

    /// Returns the series that meet all matchers.
    pub(super) fn select(&self, matchers: &[Matcher]) -> Selected {
        let others: Vec<&Matcher> = matchers.iter().filter(|m| m.name != METRIC_NAME).collect();
        let mut selected = Selected::default();
        for name in self.names_for(matchers) {
            let all = self.series_of(name);
            let before = selected.series.len();
            let meets = |s: &&KnownSeries| others.iter().all(|m| m.matches_in(&s.labels));
            selected.series.extend(all.iter().filter(meets).cloned());
            if selected.series.len() > before {
                selected.metrics.push(name.to_owned());
                selected.of += all.len();
            }
        }
        selected.series.sort_by(|a, b| a.labels.cmp(&b.labels));
        selected.places = (0..)
            .zip(&selected.series)
            .map(|(i, s)| (s.id, i))
            .collect();
        selected
    }
}

struct Columns<'a> {
    ids: &'a [i64],
    targets: &'a [i32],
    maps: &'a MapArray,
    names: &'a StringArray,
    values: &'a StringArray,
}

fn columns(batch: &RecordBatch) -> Result<Columns<'_>> {
    let ids = batch.column(1).as_primitive_opt::<Int64Type>();
    let targets = batch.column(2).as_primitive_opt::<Int32Type>();
    let maps = batch.column(3).as_map_opt().ok_or_else(wrong)?;
    Ok(Columns {
        ids: ids.ok_or_else(wrong)?.values(),
        targets: targets.ok_or_else(wrong)?.values(),
        maps,
        names: maps.keys().as_string_opt::<i32>().ok_or_else(wrong)?,
        values: maps.values().as_string_opt::<i32>().ok_or_else(wrong)?,
    })
}

fn series(batch: &RecordBatch, metric: &str, rows: Range<usize>) -> Vec<KnownSeries> {
    // `new` has looked.
    let Ok(columns) = columns(batch) else {
        return Vec::new();
    };
    let offsets = columns.maps.value_offsets();
    let made = rows.filter_map(|row| {
        let entries = offsets[row] as usize..offsets[row + 1] as usize;
        let there = entries.filter(|&i| columns.values.is_valid(i));
        let pairs = there.map(|i| (columns.names.value(i), columns.values.value(i)));
        // A label may be given once: the table's writer has seen to it.
        let labels = Labels::from_pairs(pairs.chain([(METRIC_NAME, metric)])).ok()?;
        Some(KnownSeries {
            id: columns.ids[row],
            target: columns.targets[row],
            labels: Arc::new(labels),
        })
    });
    made.collect()
}

fn wrong() -> DataFusionError {
    DataFusionError::Internal("table series has an unexpected schema".into())
}
