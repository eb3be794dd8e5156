//! Any model with calibrated intervals.

use super::{Bounds, Calibration, ONE_DEVIATION, Origins, Rolled, deviations};
use crate::forecast::{Details, FitError, Fitted, Forecast, History, Model};
use crate::model::Warning;

/// The horizon that is calibrated for where none is said: two seasons, and at least so many steps.
const USUAL_HORIZON: usize = 12;

/// A model whose intervals are as wide as they should have been at earlier origins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated<M> {
    /// The model, which is fitted anew at each earlier origin.
    pub model: M,
    /// How many steps will be forecast; by default two of the shortest season, at least 12.
    pub horizon: Option<usize>,
    /// Where values can be; by default guessed from the history.
    pub bounds: Option<Bounds>,
}

/// The horizon to calibrate for.
pub(in crate::forecast) fn usual_horizon(asked: Option<usize>, periods: &[f64]) -> usize {
    let season = periods.first().map_or(0, |period| (2.0 * period) as usize);
    asked.unwrap_or(season.max(USUAL_HORIZON)).max(1)
}

impl<M: Model> Model for Calibrated<M> {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let fitted = self.model.fit(history)?;
        let length = history.values.len();
        let horizon = usual_horizon(self.horizon, history.periods);
        let origins = Origins::of(length, history.periods, horizon);
        let mut rolled = Vec::with_capacity(origins.at.len());
        for &origin in &origins.at {
            let end = length.min(origin + horizon);
            let columns = |from: usize, to: usize| -> Vec<Vec<f64>> {
                let columns = history.regressors.iter();
                columns
                    .filter_map(|column| Some(column.get(from..to)?.to_vec()))
                    .collect()
            };
            let before = History {
                values: &history.values[..origin],
                regressors: &columns(0, origin),
                ..*history
            };
            let forecast = self.model.fit(&before).and_then(|fitted| {
                fitted.forecast(end - origin, &[ONE_DEVIATION], &columns(origin, end))
            });
            if let Ok(forecast) = forecast {
                rolled.push(Rolled {
                    spread: deviations(&forecast),
                    mean: forecast.mean,
                    actual: history.values[origin..end].to_vec(),
                });
            }
        }
        let bounds = self.bounds.unwrap_or_else(|| Bounds::of(history.values));
        let calibration = Calibration::of(&rolled, origins.step, horizon, bounds);
        let mut warnings = fitted.warnings().to_vec();
        warnings.extend(calibration.warning());
        Ok(Box::new(FittedCalibrated {
            fitted,
            calibration,
            warnings,
        }))
    }
}

#[derive(Debug)]
struct FittedCalibrated {
    fitted: Box<dyn Fitted>,
    calibration: Calibration,
    warnings: Vec<Warning>,
}

impl Fitted for FittedCalibrated {
    fn description(&self) -> String {
        self.fitted.description()
    }

    fn fitted(&self) -> &[f64] {
        self.fitted.fitted()
    }

    fn parameters(&self) -> usize {
        self.fitted.parameters()
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        let own = self.fitted.forecast(horizon, &[ONE_DEVIATION], future)?;
        let spread = deviations(&own);
        self.calibration.forecast(own.mean, &spread, levels)
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let own = self.fitted.forecast(horizon, &[ONE_DEVIATION], future)?;
        let mut drawn = self.fitted.simulate(horizon, paths, seed, future)?;
        let spread = deviations(&own);
        self.calibration.reorder(&mut drawn, &own.mean, &spread);
        Ok(drawn)
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        self.fitted.details()
    }
}
