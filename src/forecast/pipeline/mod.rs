//! The forecast of one series from its regular history: seasons, transform, models, fallbacks,
//! the baseline, and what all of them were worth on held-out data.
//!
//! Nothing here fails: what cannot be forecast as asked is forecast by something simpler, and the
//! outcome says so ([`Fallback`]). A model that cannot be fitted, or whose forecast is not finite,
//! is tried again without transform and without outside variables where it had some, then gives way to the seasonal
//! naive method, the naive method and the mean, in the evaluation as in the forecast. Only where
//! no value is there at all is the forecast NaN.
//!
//! Held-out errors know the values that outside variables really had: where those must be
//! forecast, errors will be larger. Seasons, values that stand out and outside variables that
//! cannot be estimated are decided once, on the whole history, held-out part included. Values
//! that are removed as outliers are not scored.
//!
//! With [`TransformChoice::Logit`] every method, and what stands in for it, forecasts the logit:
//! nothing leaves the bounds. Without it nothing is cut off.

mod attempt;
mod holdout;
mod run;
mod season;
mod transformed;
mod verdict;

pub use run::forecast;

use super::cross_validation::Evaluation;
use super::model::ModelSpec;
use super::{Details, Forecast};
use crate::model::Warning;
pub use crate::series::{Outlier, Transform};
use crate::stats::periodogram::SeasonalPeriod;

/// A series to forecast.
#[derive(Debug, Clone, Copy, Default)]
pub struct Task<'a> {
    /// The history, a value a step; NaN where one is missing; infinities are taken for missing.
    pub values: &'a [f64],
    /// How long a step is, in seconds; `None` for integers without a time.
    pub step_seconds: Option<f64>,
    /// Outside variables.
    pub regressors: &'a [Regressor],
}

/// An outside variable.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Regressor {
    /// Its name, for coefficients and warnings.
    pub name: String,
    /// Its values over the history.
    pub past: Vec<f64>,
    /// Its values over the horizon: known (a calendar) or declared (a scenario).
    pub future: Vec<f64>,
}

/// How to forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How many steps.
    pub horizon: usize,
    /// The levels of the intervals, per cent.
    pub levels: Vec<f64>,
    /// The models, each forecast beside the others; the first is the one that counts.
    pub models: Vec<ModelSpec>,
    /// The seasonal periods.
    pub seasons: Seasons,
    /// What is forecast in place of the values.
    pub transform: TransformChoice,
    /// What to do with values that stand out.
    pub outliers: OutlierChoice,
    /// What is held out to measure the models.
    pub holdout: Holdout,
    /// Whether models that search try every order instead of searching stepwise.
    pub exhaustive: bool,
    /// Whether to test the history for unit roots and seasons, which no forecast needs.
    pub tests: bool,
}

/// Which seasons a series has.
#[derive(Debug, Clone, PartialEq)]
pub enum Seasons {
    /// Those that its periodogram shows.
    Auto,
    /// These, in steps; none for no season.
    Given(Vec<f64>),
}

/// Which transform is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TransformChoice {
    /// None.
    None,
    /// The logarithm.
    Log,
    /// Box and Cox's, λ by Guerrero's method.
    Guerrero,
    /// Box and Cox's, λ by profile likelihood.
    Likelihood,
    /// Box and Cox's with this λ.
    BoxCox(f64),
    /// The logit of where a value lies between two bounds.
    Logit {
        /// The least that there can be.
        lower: f64,
        /// The most.
        upper: f64,
    },
}

/// What to do with values that stand out of their neighbours and season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutlierChoice {
    /// Leave them, and do not look.
    Keep,
    /// Name them.
    Mark,
    /// Name them, and take them for missing.
    Remove,
}

/// What is held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holdout {
    /// Nothing.
    None,
    /// The last horizon, or what the history affords of it.
    Last,
    /// Rolling origins.
    Rolling {
        /// The most origins.
        origins: usize,
        /// The steps from one to the next; the horizon where `None`.
        step: Option<usize>,
        /// The fewest values before the first; chosen where `None`.
        initial: Option<usize>,
    },
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seasonal periods in steps, ascending.
    pub periods: Vec<f64>,
    /// The seasons that the periodogram showed, where it was asked.
    pub seasons: Vec<SeasonalPeriod>,
    /// How many values of the history are missing.
    pub missing: usize,
    /// The values that stand out.
    pub outliers: Vec<Outlier>,
    /// What was forecast in place of the values.
    pub transform: Option<Transform>,
    /// What tests say of the history, where that was asked.
    pub tests: Vec<TestResult>,
    /// The models, in the order in which they were asked for; never empty.
    pub models: Vec<ModelOutcome>,
    /// What the seasonal naive method was worth from the same origins; without a season the naive
    /// method, as its folds' description says.
    pub baseline: Option<Evaluation>,
    /// What a reader must know of the series.
    pub warnings: Vec<Warning>,
}

/// A test's verdict on the history.
#[derive(Debug, Clone, PartialEq)]
pub struct TestResult {
    /// Its name as the field writes it: `ADF`, `KPSS`.
    pub name: &'static str,
    /// Its statistic.
    pub statistic: f64,
    /// Its p-value, where it has one.
    pub p_value: Option<f64>,
    /// What it says, in words.
    pub verdict: String,
}

/// What came of one model.
#[derive(Debug, Clone)]
pub struct ModelOutcome {
    /// The model as asked for: `auto-arima`.
    pub model: String,
    /// What was fitted: `ARIMA(1,1,1)(0,1,1)[24]`.
    pub description: String,
    /// The forecast, in the units of the series.
    pub forecast: Forecast,
    /// The one-step forecasts of the history, in the units of the series; NaN where there is none.
    pub fitted: Vec<f64>,
    /// What its forecasts were worth on held-out data.
    pub evaluation: Option<Evaluation>,
    /// Where another method had to do: why.
    pub fallback: Option<Fallback>,
    /// Coefficients, the search, residuals.
    pub details: Details,
    /// What a reader must know of this model's forecast.
    pub warnings: Vec<Warning>,
}

/// Why another method made the forecast than the one asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The method that did; `none` where the forecast is NaN.
    pub used: String,
    /// Why, as a sentence's end: `there are 3 values, and 6 are needed`.
    pub reason: String,
}

#[cfg(test)]
mod tests;
