//! Keeps forecasts in the store.

use super::{ForecastError, ForecastShell};
use crate::forecast::pipeline::ModelOutcome;
use crate::report::{ForecastResult, ForecastSeries};
use crate::series::Step;
use crate::store::{ForecastRow, SavedForecast, Store, save_forecast};

/// Saves a result under a name, in a store that is made where there is none.
pub fn save(
    result: &ForecastResult,
    name: &str,
    shell: ForecastShell<'_>,
) -> Result<SavedForecast, ForecastError> {
    let store = Store::create(shell.store)?;
    let mut rows = Vec::new();
    for series in &result.series {
        for model in &series.outcome.models {
            add(&mut rows, series, model);
        }
    }
    Ok(save_forecast(&store, name, &rows, shell.handle, shell.now)?)
}

fn add<'a>(rows: &mut Vec<ForecastRow<'a>>, series: &'a ForecastSeries, model: &'a ModelOutcome) {
    let history = &series.history;
    let length = history.values.len() as i64;
    let is_index = matches!(history.step, Step::Index(_));
    let finite = |value: Option<&f64>| value.copied().filter(|value| value.is_finite());
    for (at, mean) in model.forecast.mean.iter().enumerate() {
        let time = history.time(length + at as i64);
        let row = ForecastRow {
            unique_id: &series.id,
            labels: &series.labels,
            model: &model.model,
            fitted: &model.description,
            origin: (!is_index && length > 0).then(|| history.time(length - 1)),
            ds: (!is_index).then_some(time),
            ds_index: is_index.then_some(time),
            h: at as i64 + 1,
            mean: finite(Some(mean)),
            level: None,
            lower: None,
            upper: None,
        };
        if model.forecast.intervals.is_empty() {
            rows.push(row.clone());
        }
        for interval in &model.forecast.intervals {
            rows.push(ForecastRow {
                level: Some(interval.level),
                lower: finite(interval.lower.get(at)),
                upper: finite(interval.upper.get(at)),
                ..row.clone()
            });
        }
    }
}
