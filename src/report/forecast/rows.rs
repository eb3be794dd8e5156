//! A row a series, model and step: what programs read.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, StringBuilder, TimestampMicrosecondArray, UInt32Array,
};
use arrow::error::ArrowError;

use super::figure::level;
use super::{ForecastSeries, ForecastTimes};
use crate::forecast::pipeline::ModelOutcome;
use crate::model::TimestampUnit;
use crate::report::Table;

/// Makes the rows of some series: `unique_id,ds,h,model,mean`, and `lo…,hi…` for each level.
pub fn forecast_rows(
    series: &[ForecastSeries],
    levels: &[f64],
    times: ForecastTimes,
) -> Result<Table, ArrowError> {
    let mut ids = StringBuilder::new();
    let mut models = StringBuilder::new();
    let (mut ds, mut steps) = (Vec::new(), Vec::new());
    let mut means = Vec::new();
    let mut bounds: Vec<Vec<Option<f64>>> = vec![Vec::new(); levels.len() * 2];
    for one in series {
        let length = one.history.values.len() as i64;
        for model in &one.outcome.models {
            let there = |step: usize| exists(one, step, times);
            for (step, mean) in (0_u32..).zip(&model.forecast.mean) {
                if !there(step as usize) {
                    continue;
                }
                ids.append_value(&one.id);
                models.append_value(&model.model);
                ds.push(written(one.history.time(length + i64::from(step)), times));
                steps.push(step + 1);
                means.push(finite(*mean));
            }
            for (nth, level) in levels.iter().enumerate() {
                let (lower, upper) = interval(model, *level);
                let kept = |values: Vec<Option<f64>>| {
                    let steps = values.into_iter().enumerate();
                    steps
                        .filter(|(step, _)| there(*step))
                        .map(|(_, value)| value)
                };
                bounds[nth * 2].extend(kept(lower));
                bounds[nth * 2 + 1].extend(kept(upper));
            }
        }
    }
    let ds: ArrayRef = match times {
        ForecastTimes::Calendar => {
            Arc::new(TimestampMicrosecondArray::from(ds).with_timezone("UTC"))
        }
        ForecastTimes::Index | ForecastTimes::Unix(_) => Arc::new(Int64Array::from(ds)),
    };
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("unique_id".to_owned(), Arc::new(ids.finish())),
        ("ds".to_owned(), ds),
        ("h".to_owned(), Arc::new(UInt32Array::from(steps))),
        ("model".to_owned(), Arc::new(models.finish())),
        ("mean".to_owned(), Arc::new(Float64Array::from(means))),
    ];
    let mut bounds = bounds.into_iter();
    for one in levels {
        for side in ["lo", "hi"] {
            let values = bounds.next().unwrap_or_default();
            columns.push((
                format!("{side}{}", level(*one)),
                Arc::new(Float64Array::from(values)),
            ));
        }
    }
    Table::from_columns(columns)
}

/// Tells whether a step is an instant of its own: where a zone's clocks skip an hour, the wall
/// clock's steps in it fall on the next one.
fn exists(series: &ForecastSeries, step: usize, times: ForecastTimes) -> bool {
    let at = (series.history.values.len() + step) as i64;
    times != ForecastTimes::Calendar || series.history.time(at) != series.history.time(at + 1)
}

/// A time as the input wrote it.
fn written(time: i64, times: ForecastTimes) -> i64 {
    let ForecastTimes::Unix(unit) = times else {
        return time;
    };
    match unit {
        TimestampUnit::Seconds => time.div_euclid(1_000_000),
        TimestampUnit::Millis => time.div_euclid(1_000),
        TimestampUnit::Micros => time,
        TimestampUnit::Nanos => time.saturating_mul(1_000),
    }
}

/// The bounds at a level, a step each; none where the forecast has no such interval.
fn interval(model: &ModelOutcome, level: f64) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    let intervals = &model.forecast.intervals;
    match intervals.iter().find(|one| one.level == level) {
        Some(one) => {
            let finite = |values: &[f64]| values.iter().map(|v| finite(*v)).collect();
            (finite(&one.lower), finite(&one.upper))
        }
        None => {
            let none = vec![None; model.forecast.mean.len()];
            (none.clone(), none)
        }
    }
}

pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
