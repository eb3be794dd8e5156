//! Rolling-origin evaluation: what a method's forecasts would have been worth in the past.
//!
//! From each origin the method is fitted anew to what lay before and forecasts the next
//! steps, which are scored against what came (L. J. Tashman, "Out-of-sample tests of forecasting
//! accuracy", IJF 16 (2000); `tsCV` of the R package forecast). Every origin has the whole
//! horizon before it, so all steps are scored on the same number of forecasts. Scaled measures
//! take their scale from the values before the origin.
//!
//! Outside variables are passed with the values that they really had after the origin (an
//! ex-post evaluation): where those must themselves be forecast, errors will be larger.
//!
//! Nothing here runs in parallel: [`Plan::fold`] is one origin, and [`Evaluation::new`] puts the
//! folds together, in whatever order they were computed.

use super::accuracy;
use super::{FitError, Forecast, History, Model};
use crate::model::Warning;

/// Which values before an origin are fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// All.
    #[default]
    Expanding,
    /// The last so many.
    Sliding(usize),
}

/// Where the origins lie, and what is forecast from each.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The fewest values before an origin.
    pub initial: usize,
    /// The steps from one origin to the next.
    pub step: usize,
    /// How many steps are forecast.
    pub horizon: usize,
    /// The most origins; the latest are taken.
    pub origins: usize,
    /// Which values before an origin are fitted to.
    pub window: Window,
    /// The levels of the intervals, per cent.
    pub levels: Vec<f64>,
    /// The period in steps whose naive error scales MASE, RMSSE and MSIS; 1 for no season.
    pub period: usize,
}

/// The forecast from one origin, and what came.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// How many values lie before the origin.
    pub origin: usize,
    /// What was fitted.
    pub description: String,
    /// What the fit warned of.
    pub warnings: Vec<Warning>,
    /// What came; NaN where that is missing.
    pub actual: Vec<f64>,
    /// What was forecast.
    pub forecast: Forecast,
    /// The naive method's mean absolute error before the origin.
    pub absolute_scale: Option<f64>,
    /// The naive method's mean squared error before the origin.
    pub squared_scale: Option<f64>,
}

/// An origin without a forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// How many values lie before the origin.
    pub origin: usize,
    /// Why.
    pub error: FitError,
}

impl Plan {
    /// Lists the origins in a history of `length` values, the earliest first.
    ///
    /// The last has the horizon after it, the others follow backwards.
    pub fn origins(&self, length: usize) -> Vec<usize> {
        let Some(last) = length.checked_sub(self.horizon.max(1)) else {
            return Vec::new();
        };
        let first = self.initial.max(1);
        let mut origins: Vec<usize> = (first..=last)
            .rev()
            .step_by(self.step.max(1))
            .take(self.origins)
            .collect();
        origins.reverse();
        origins
    }

    /// Fits the method to what lies before an origin, and forecasts.
    pub fn fold(
        &self,
        model: &dyn Model,
        history: &History<'_>,
        origin: usize,
    ) -> Result<Fold, Failure> {
        let fail = |error| Failure { origin, error };
        let end = origin.saturating_add(self.horizon);
        let start = match self.window {
            Window::Expanding => 0,
            Window::Sliding(width) => origin.saturating_sub(width),
        };
        let (Some(before), Some(actual)) = (
            history.values.get(start..origin),
            history.values.get(origin..end),
        ) else {
            return Err(fail(FitError::TooShort {
                present: history.values.len(),
                needed: end,
            }));
        };
        let columns = |from: usize, to: usize| {
            let column = |column: &Vec<f64>| {
                column.get(from..to).map(<[f64]>::to_vec).ok_or_else(|| {
                    fail(FitError::Regressors(format!(
                        "a column has {} values, and the history {}",
                        column.len(),
                        history.values.len()
                    )))
                })
            };
            history
                .regressors
                .iter()
                .map(column)
                .collect::<Result<Vec<_>, _>>()
        };
        let (past, future) = (columns(start, origin)?, columns(origin, end)?);
        let before = History {
            values: before,
            periods: history.periods,
            regressors: &past,
        };
        let fitted = model.fit(&before).map_err(fail)?;
        let forecast = fitted
            .forecast(self.horizon, &self.levels, &future)
            .map_err(fail)?;
        let complete = forecast.mean.len() == self.horizon
            && forecast.intervals.len() == self.levels.len()
            && forecast.mean.iter().all(|mean| mean.is_finite());
        if !complete {
            return Err(fail(FitError::NotConverged(
                "the forecast is not finite".into(),
            )));
        }
        Ok(Fold {
            origin,
            description: fitted.description(),
            warnings: fitted.warnings().to_vec(),
            actual: actual.to_vec(),
            forecast,
            absolute_scale: accuracy::absolute_scale(before.values, self.period),
            squared_scale: accuracy::squared_scale(before.values, self.period),
        })
    }

    /// Evaluates a method at every origin, one after the other.
    ///
    /// An error means that the history has no origin; where the method fails is in the result.
    pub fn evaluate(
        &self,
        model: &dyn Model,
        history: &History<'_>,
    ) -> Result<Evaluation, FitError> {
        let origins = self.origins(history.values.len());
        if origins.is_empty() {
            return Err(FitError::TooShort {
                present: history.values.len(),
                needed: self.initial.max(1).saturating_add(self.horizon.max(1)),
            });
        }
        let folds = origins
            .into_iter()
            .map(|origin| self.fold(model, history, origin));
        Ok(Evaluation::new(folds.collect()))
    }
}

/// What a method's forecasts were worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Over all steps.
    pub overall: Scores,
    /// For each step of the horizon.
    pub steps: Vec<Scores>,
    /// The origins with a forecast, the earliest first.
    pub folds: Vec<Fold>,
    /// The origins without, the earliest first.
    pub failures: Vec<Failure>,
}

/// The scores of some forecasts; `None` where undefined (see [`accuracy`]).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    /// How many forecasts were scored: the others' actual values are missing.
    pub scored: usize,
    /// The mean of |error| by the naive method's before the same origin.
    pub mase: Option<f64>,
    /// The root of the mean of error² by the naive method's before the same origin.
    pub rmsse: Option<f64>,
    /// 0 to 200.
    pub smape: Option<f64>,
    /// The mean pinball loss over the bounds of all intervals, and the mean as the median.
    pub pinball: Option<f64>,
    /// For each level.
    pub levels: Vec<LevelScores>,
}

/// The scores of the intervals at one level.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelScores {
    /// The nominal coverage, per cent.
    pub level: f64,
    /// The share of actual values inside, per cent.
    pub coverage: Option<f64>,
    /// The mean interval score by the naive method's mean absolute error before the same origin.
    pub msis: Option<f64>,
}

impl Evaluation {
    /// Puts folds together, in any order.
    pub fn new(outcomes: Vec<Result<Fold, Failure>>) -> Self {
        let (mut folds, mut failures) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Ok(fold) => folds.push(fold),
                Err(failure) => failures.push(failure),
            }
        }
        folds.sort_by_key(|fold| fold.origin);
        failures.sort_by_key(|failure| failure.origin);
        let horizon = folds.first().map_or(0, |fold: &Fold| fold.actual.len());
        let of_step = |step| score(folds.iter().map(|fold| (fold, step)));
        Self {
            overall: score(
                folds
                    .iter()
                    .flat_map(|fold| (0..horizon).map(move |step| (fold, step))),
            ),
            steps: (0..horizon).map(of_step).collect(),
            folds,
            failures,
        }
    }
}

/// Scores some steps of some folds.
fn score<'a>(places: impl Iterator<Item = (&'a Fold, usize)> + Clone) -> Scores {
    let Some((first, _)) = places.clone().next() else {
        return Scores::default();
    };
    let pick = |of: &dyn Fn(&Fold, usize) -> f64| -> Vec<f64> {
        places.clone().map(|(fold, step)| of(fold, step)).collect()
    };
    let actual = pick(&|fold, step| fold.actual[step]);
    let mean = pick(&|fold, step| fold.forecast.mean[step]);
    // A fold without a scale is left out of what is scaled, as if its values were missing.
    let absolute = pick(&|fold, _| fold.absolute_scale.unwrap_or(f64::NAN));
    let squared = pick(&|fold, _| fold.squared_scale.map_or(f64::NAN, f64::sqrt));
    let by = |values: &[f64], scale: &[f64]| -> Vec<f64> {
        values
            .iter()
            .zip(scale)
            .map(|(value, scale)| value / scale)
            .collect()
    };
    let mut losses = vec![(accuracy::pinball(&actual, &mean, 0.5), 1.0)];
    let mut levels = Vec::new();
    for (i, interval) in first.forecast.intervals.iter().enumerate() {
        let level = interval.level;
        let lower = pick(&|fold, step| fold.forecast.intervals[i].lower[step]);
        let upper = pick(&|fold, step| fold.forecast.intervals[i].upper[step]);
        let tail = 0.5 - level / 200.0;
        losses.push((accuracy::pinball(&actual, &lower, tail), 1.0));
        losses.push((accuracy::pinball(&actual, &upper, 1.0 - tail), 1.0));
        levels.push(LevelScores {
            level,
            coverage: accuracy::coverage(&actual, &lower, &upper),
            msis: accuracy::winkler(
                &by(&actual, &absolute),
                &by(&lower, &absolute),
                &by(&upper, &absolute),
                level,
            ),
        });
    }
    Scores {
        scored: accuracy::scored(&actual),
        mase: accuracy::mae(&by(&actual, &absolute), &by(&mean, &absolute)),
        rmsse: accuracy::rmse(&by(&actual, &squared), &by(&mean, &squared)),
        smape: accuracy::smape(&actual, &mean),
        pinball: accuracy::weighted(losses),
        levels,
    }
}

#[cfg(test)]
mod tests;
