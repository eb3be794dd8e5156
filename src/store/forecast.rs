//! Saves forecasts as rows of the table `forecasts`.
//!
//! A row a series, model, step ahead and level of an interval; all rows have the forecast's name in
//! their first column. `origin` is the last time of the history; series without times have
//! `ds_index` in place of `origin` and `ds`.
//!
//! ```sql
//! SELECT unique_id, min(ds) FROM forecasts
//! WHERE forecast = 'disks' AND level = 95 AND upper > 1e12 GROUP BY unique_id;
//! ```
//!
//! Saving under a name replaces what was saved under it before; the same rows again change nothing.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use tokio::runtime::Handle;

use super::columns::{batch, text_maps, texts, timestamps};
use super::error::StoreError;
use super::schema::TableKind;
use super::{Store, keyed_table, lock};

/// The column of the forecast's name.
const FORECAST: &str = "forecast";

/// A step of a forecast, at one level.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastRow<'a> {
    /// What tells the series apart.
    pub unique_id: &'a str,
    /// Its labels.
    pub labels: &'a [(String, String)],
    /// The model as asked for.
    pub model: &'a str,
    /// What was fitted.
    pub fitted: &'a str,
    /// The last time of the history, µs; `None` of a series without times.
    pub origin: Option<i64>,
    /// The time of the step, µs.
    pub ds: Option<i64>,
    /// The count of the step, of a series without times.
    pub ds_index: Option<i64>,
    /// How many steps ahead, from 1.
    pub h: i64,
    /// The mean; `None` where there is no forecast.
    pub mean: Option<f64>,
    /// The level of the interval, per cent; `None` where none was asked for.
    pub level: Option<f64>,
    /// Its lower bound.
    pub lower: Option<f64>,
    /// Its upper bound.
    pub upper: Option<f64>,
}

/// How much was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SavedForecast {
    /// Rows of `forecasts`.
    pub rows: u64,
    /// Whether anything is now other than it was.
    pub is_changed: bool,
}

/// Saves a forecast under a name, in place of what was saved under it before.
pub fn save_forecast(
    store: &Store,
    name: &str,
    rows: &[ForecastRow<'_>],
    runtime: &Handle,
    now: i64,
) -> Result<SavedForecast, StoreError> {
    if name.is_empty() {
        return Err(StoreError::NoForecastName);
    }
    let r = || rows.iter();
    let numbers = |f: fn(&ForecastRow<'_>) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(r().map(f)))
    };
    let labels = r().map(|row| {
        let pairs = row.labels.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    });
    let rows = batch(
        TableKind::Forecasts,
        vec![
            texts(r().map(|_| Some(name))),
            texts(r().map(|row| Some(row.unique_id))),
            text_maps(labels)?,
            texts(r().map(|row| Some(row.model))),
            texts(r().map(|row| Some(row.fitted))),
            timestamps(r().map(|row| row.origin)),
            timestamps(r().map(|row| row.ds)),
            Arc::new(Int64Array::from_iter(r().map(|row| row.ds_index))),
            Arc::new(Int64Array::from_iter_values(r().map(|row| row.h))),
            numbers(|row| row.mean),
            numbers(|row| row.level),
            numbers(|row| row.lower),
            numbers(|row| row.upper),
        ],
    )?;
    let mut saved = SavedForecast {
        rows: rows.num_rows() as u64,
        is_changed: false,
    };
    let _run = lock::begin_run(store.root())?;
    let _lock = lock::lock(store.root())?;
    runtime.block_on(async {
        let mut table = store.table(TableKind::Forecasts).await?;
        let change = keyed_table::replace(&table, rows, FORECAST, name).await?;
        saved.is_changed = table.commit(change, now).await?;
        Ok(saved)
    })
}
