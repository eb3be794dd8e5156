//! A model of transformed values.
//!
//! Forecasts and bounds are turned back point by point: the mean of the transformed values
//! becomes the median of the values, which is below their mean where the transform is concave (a
//! logarithm), and is not corrected. The transform's parameter is estimated from the history
//! that is fitted to, so that an evaluation does not know the values after its origin.

use super::TransformChoice;
use crate::forecast::{Details, Diagnosis, FitError, Fitted, Forecast, History, Model};
use crate::model::Warning;
use crate::series::{Transform, TransformError};

/// A model that is fitted to transformed values.
#[derive(Debug)]
pub(super) struct Transformed {
    pub(super) model: Box<dyn Model>,
    pub(super) choice: TransformChoice,
}

/// The transform of a history's values, with its parameter; or why there can be none.
pub(super) fn choose(
    choice: TransformChoice,
    history: &History<'_>,
) -> Result<Option<Transform>, TransformError> {
    let values = history.values;
    let period = shortest(history);
    match choice {
        TransformChoice::None => return Ok(None),
        TransformChoice::Log => Transform::log(values),
        TransformChoice::BoxCox(lambda) => Transform::box_cox(values, lambda),
        TransformChoice::Guerrero => Transform::guerrero(values, period),
        TransformChoice::Likelihood => Transform::likelihood(values, period),
        TransformChoice::Logit { lower, upper } => Transform::logit(values, lower, upper),
    }
    .map(Some)
}

/// The shortest season in whole steps; 1 for none.
pub(super) fn shortest(history: &History<'_>) -> usize {
    history.periods.first().map_or(1, |p| p.round() as usize)
}

impl Model for Transformed {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let transform = match choose(self.choice, history) {
            Ok(Some(transform)) => transform,
            Ok(None) => return self.model.fit(history),
            Err(error) => return Err(FitError::Specification(error.to_string())),
        };
        let values: Vec<f64> = history.values.iter().map(|y| transform.apply(*y)).collect();
        let inner = self.model.fit(&History {
            values: &values,
            ..*history
        })?;
        let fitted = inner.fitted().iter().map(|z| transform.invert(*z));
        let errors = values.iter().zip(inner.fitted()).map(|(z, f)| z - f);
        Ok(Box::new(FittedTransformed {
            transform,
            fitted: fitted.collect(),
            residuals: errors.collect(),
            period: shortest(history),
            inner,
        }))
    }
}

#[derive(Debug)]
struct FittedTransformed {
    transform: Transform,
    inner: Box<dyn Fitted>,
    fitted: Vec<f64>,
    /// The errors of the transformed values.
    residuals: Vec<f64>,
    period: usize,
}

impl FittedTransformed {
    fn invert(&self, series: &mut [f64]) {
        for value in series {
            *value = self.transform.invert(*value);
        }
    }
}

impl Fitted for FittedTransformed {
    fn description(&self) -> String {
        self.inner.description()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        self.inner.parameters()
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        let mut forecast = self.inner.forecast(horizon, levels, future)?;
        self.invert(&mut forecast.mean);
        for interval in &mut forecast.intervals {
            self.invert(&mut interval.lower);
            self.invert(&mut interval.upper);
        }
        Ok(forecast)
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let mut drawn = self.inner.simulate(horizon, paths, seed, future)?;
        drawn.iter_mut().for_each(|path| self.invert(path));
        Ok(drawn)
    }

    fn warnings(&self) -> &[Warning] {
        self.inner.warnings()
    }

    fn details(&self) -> Details {
        let mut details = self.inner.details();
        let diagnose = || Diagnosis::of(&self.residuals, 0, self.period);
        details.diagnosis.get_or_insert_with(diagnose);
        details
    }
}
