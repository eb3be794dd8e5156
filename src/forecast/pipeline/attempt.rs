//! A model's forecast, or that of the first simpler method that can make one.

use super::Fallback;
use crate::forecast::cross_validation::{Failure, Fold, Plan};
use crate::forecast::{Fitted, Forecast, History, Model};
use crate::model::Warning;

/// Warnings of models that had to make do with the naive method.
const OWN_FALLBACKS: [&str; 2] = ["constant-history", "too-short"];

/// A method that is tried, with the name by which fallbacks tell of it.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) name: String,
    pub(super) model: Box<dyn Model>,
    /// Whether it is given the outside variables.
    pub(super) regressors: bool,
    /// Whether nothing stands in for it.
    pub(super) last: bool,
}

/// What came of the first attempt that succeeded.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) fitted: Box<dyn Fitted>,
    pub(super) forecast: Forecast,
    pub(super) fallback: Option<Fallback>,
    pub(super) warnings: Vec<Warning>,
}

impl Attempt {
    fn history<'a>(&self, history: &History<'a>) -> History<'a> {
        History {
            regressors: if self.regressors {
                history.regressors
            } else {
                &[]
            },
            ..*history
        }
    }

    fn make(
        &self,
        history: &History<'_>,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<(Box<dyn Fitted>, Forecast), String> {
        let history = self.history(history);
        let future = if self.regressors { future } else { &[] };
        let fitted = self.model.fit(&history).map_err(|e| e.to_string())?;
        let mut forecast = fitted
            .forecast(horizon, levels, future)
            .map_err(|e| e.to_string())?;
        if self.last {
            bound(&mut forecast);
        }
        if is_whole(&forecast, horizon, levels) {
            Ok((fitted, forecast))
        } else {
            Err("its forecast is not finite".to_owned())
        }
    }
}

/// Draws bounds that overflow, of values near the largest number, back to it.
fn bound(forecast: &mut Forecast) {
    for interval in &mut forecast.intervals {
        for (mean, bounds) in forecast
            .mean
            .iter()
            .zip(interval.lower.iter_mut().zip(&mut interval.upper))
        {
            for bound in [bounds.0, bounds.1] {
                *bound = if bound.is_nan() {
                    *mean
                } else {
                    bound.clamp(f64::MIN, f64::MAX)
                };
            }
        }
    }
}

/// Tells whether a forecast has a number for every step.
fn is_whole(forecast: &Forecast, horizon: usize, levels: &[f64]) -> bool {
    let whole = |series: &[f64]| series.len() == horizon && series.iter().all(|x| x.is_finite());
    let bounds =
        |interval: &crate::forecast::Interval| whole(&interval.lower) && whole(&interval.upper);
    whole(&forecast.mean)
        && forecast.intervals.len() == levels.len()
        && forecast.intervals.iter().all(bounds)
}

/// Makes the forecast by the first of the attempts that can; the reason of the first if none can.
pub(super) fn first_that_can(
    attempts: &[Attempt],
    history: &History<'_>,
    horizon: usize,
    levels: &[f64],
    future: &[Vec<f64>],
) -> Result<Made, String> {
    let mut reason = None;
    for attempt in attempts {
        match attempt.make(history, horizon, levels, future) {
            Ok((fitted, forecast)) => {
                let mut warnings = fitted.warnings().to_vec();
                let own = own_fallback(&mut warnings);
                let fallback = match reason {
                    Some(reason) => Some(Fallback {
                        used: attempt.name.clone(),
                        reason,
                    }),
                    None => own.map(|reason| Fallback {
                        used: fitted.description(),
                        reason,
                    }),
                };
                return Ok(Made {
                    fitted,
                    forecast,
                    fallback,
                    warnings,
                });
            }
            Err(error) => {
                reason.get_or_insert(error);
            }
        }
    }
    Err(reason.unwrap_or_else(|| "there is no method to try".to_owned()))
}

/// Takes out the warning that a model was itself replaced by the naive method, and says why.
fn own_fallback(warnings: &mut Vec<Warning>) -> Option<String> {
    let own = |warning: &Warning| OWN_FALLBACKS.contains(&warning.code);
    let place = warnings.iter().position(own)?;
    let message = warnings.remove(place).message;
    Some(match message.split_once(':') {
        Some((reason, _)) => reason.to_owned(),
        None => message,
    })
}

/// One origin's forecast by the first of the attempts that can, and whether that is not the first.
pub(super) fn fold(
    attempts: &[Attempt],
    plan: &Plan,
    history: &History<'_>,
    origin: usize,
) -> (Result<Fold, Failure>, Option<String>) {
    let mut first: Option<Failure> = None;
    for attempt in attempts {
        match plan.fold(attempt.model.as_ref(), &attempt.history(history), origin) {
            Ok(mut fold) => {
                bound(&mut fold.forecast);
                return (Ok(fold), first.map(|failure| failure.error.to_string()));
            }
            Err(failure) => {
                first.get_or_insert(failure);
            }
        }
    }
    let failure = first.unwrap_or(Failure {
        origin,
        error: crate::forecast::FitError::TooShort {
            present: 0,
            needed: 1,
        },
    });
    (Err(failure), None)
}
