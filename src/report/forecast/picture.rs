//! History, forecast and intervals as a chart.

use super::figure::level;
use super::{ForecastResult, ForecastSeries};
use crate::report::{Chart, ChartBand, ChartKind, ChartMark, ChartSeries, ChartX};
use crate::series::Step;

/// Horizons of history before a forecast, and the least and the most values.
const HORIZONS: usize = 3;
const LEAST: usize = 24;
const MOST: usize = 3_000;
/// Models whose forecasts are drawn.
const MODELS: usize = 3;

impl ForecastResult {
    /// Draws the last of the history and the forecasts; nothing where there is none of both.
    pub(super) fn chart(&self, series: &ForecastSeries) -> Option<Chart> {
        let history = &series.history;
        let length = history.values.len();
        // Two seasons show what the season is.
        let longest = series.outcome.periods.last().map_or(0.0, |p| p * 2.0) as usize;
        let wanted = (self.horizon * HORIZONS)
            .max(longest.min(self.horizon * 2 * HORIZONS))
            .clamp(LEAST, MOST);
        let shown = wanted.min(length);
        let first = length - shown;
        let horizon = series.outcome.models.first()?.forecast.mean.len();
        if shown + horizon < 2 {
            return None;
        }
        let places = first..length + horizon;
        let x: Vec<i64> = places.map(|at| history.time(at as i64)).collect();
        let mut lines = vec![ChartSeries {
            group: None,
            name: "history".to_owned(),
            values: history.values[first..]
                .iter()
                .copied()
                .chain(std::iter::repeat_n(f64::NAN, horizon))
                .collect(),
        }];
        let last = history.values.last().copied().unwrap_or(f64::NAN);
        let ahead = |values: &[f64]| -> Vec<f64> {
            // The line begins where the history ends.
            let before = std::iter::repeat_n(f64::NAN, shown.saturating_sub(1));
            let joint = (shown > 0).then_some(last);
            before.chain(joint).chain(values.iter().copied()).collect()
        };
        let models = &series.outcome.models;
        for model in models.iter().take(MODELS) {
            let name = match models.len() {
                1 => "forecast".to_owned(),
                _ => model.model.clone(),
            };
            lines.push(ChartSeries {
                group: None,
                name,
                values: ahead(&model.forecast.mean),
            });
        }
        let mut intervals: Vec<_> = models.first()?.forecast.intervals.iter().collect();
        intervals.sort_by(|a, b| b.level.total_cmp(&a.level));
        let of = match models.len() {
            1 => String::new(),
            _ => format!(" of {}", models[0].model),
        };
        let bands = intervals.into_iter().map(|interval| ChartBand {
            name: format!("{}% interval{of}", level(interval.level)),
            lower: ahead(&interval.lower),
            upper: ahead(&interval.upper),
        });
        let at = history.time(length.saturating_sub(1) as i64);
        Some(Chart {
            title: Some(match models.len() {
                1 => models[0].description.clone(),
                _ => "History and forecasts".to_owned(),
            }),
            kind: ChartKind::Line,
            x: match history.step {
                Step::Index(_) => ChartX::Index(x),
                _ => ChartX::Time(x),
            },
            x_title: "ds".to_owned(),
            y_title: "value".to_owned(),
            unit: self.unit.clone(),
            series: lines,
            bands: bands.collect(),
            mark: (shown > 0).then(|| ChartMark {
                name: "end of the history".to_owned(),
                at,
            }),
        })
    }
}
