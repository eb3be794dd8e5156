//! Forecasts: models, their selection, and what they are worth on held-out data.
//!
//! A [`Model`] is fitted to a [`History`] and gives a [`Fitted`], which
//! forecasts. Values are equally spaced; NaN is a missing value. Seasonal periods and
//! horizons count steps.

pub mod accuracy;
pub mod arima;
pub mod calibration;
pub mod cross_validation;
mod diagnosis;
pub mod ensemble;
pub mod model;
pub mod pipeline;

pub use diagnosis::Diagnosis;

use std::fmt::Debug;

use crate::model::Warning;

/// What a model is fitted to.
#[derive(Debug, Clone, Copy, Default)]
pub struct History<'a> {
    /// The values, the oldest first; NaN where one is missing, never infinite.
    pub values: &'a [f64],
    /// The seasonal periods in steps, ascending, each at least 2; none for no season.
    pub periods: &'a [f64],
    /// Outside variables: a column each, as long as `values`, always finite.
    pub regressors: &'a [Vec<f64>],
}

/// A method of forecasting.
pub trait Model: Debug + Send + Sync {
    /// Fits the method to a history.
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError>;
}

/// A model with its estimates.
pub trait Fitted: Debug + Send + Sync {
    /// What was fitted, as the field writes it: `ARIMA(1,1,1)(0,1,1)[12] with drift`, `ETS(A,N,A)`.
    fn description(&self) -> String;

    /// The one-step forecasts of the history; NaN where there is none.
    fn fitted(&self) -> &[f64];

    /// How many parameters were estimated, without the variance of the errors.
    fn parameters(&self) -> usize;

    /// Forecasts the next `horizon` steps with intervals at `levels` (per cent: 80, 95).
    ///
    /// `future` has the outside variables' values: a column each, `horizon` long.
    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError>;

    /// Draws sample paths of the next `horizon` steps: `paths` of them, each `horizon` long.
    ///
    /// The same seed gives the same paths.
    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError>;

    /// What a reader must know.
    fn warnings(&self) -> &[Warning];

    /// What there is to tell of the fit beside its forecast; nothing by default.
    fn details(&self) -> Details {
        Details::default()
    }
}

/// How a model came to its estimates.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// The estimates, as the field names them (`ar1`, `sma1`, `drift`, `alpha`).
    pub coefficients: Vec<Coefficient>,
    /// The candidates that were tried, in the order of the search.
    pub search: Vec<Tried>,
    /// What they were compared by: `AICc`; empty where nothing was searched.
    pub criterion: &'static str,
    /// What the residuals say; `None` where nothing was tested.
    pub diagnosis: Option<Diagnosis>,
}

/// An estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// Its name.
    pub name: String,
    /// Its value, in the units of the series where it has one.
    pub estimate: f64,
    /// Its standard error, where that is known.
    pub standard_error: Option<f64>,
}

impl Coefficient {
    /// An estimate whose standard error is not known where it is not a number.
    pub(crate) fn new(name: impl Into<String>, estimate: f64, standard_error: f64) -> Self {
        Self {
            name: name.into(),
            estimate,
            standard_error: Some(standard_error).filter(|error| error.is_finite()),
        }
    }
}

/// A candidate of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The candidate as the field writes it.
    pub model: String,
    /// What it was compared by, the lower the better; `None` where it was not admissible.
    pub criterion: Option<f64>,
    /// What became of it, where that is not plain from the criterion: `roots too near the unit circle`.
    pub note: String,
}

/// A forecast of some steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forecast {
    /// The mean (of a transformed model: the median), a step each.
    pub mean: Vec<f64>,
    /// The intervals, in the order of the levels asked for.
    pub intervals: Vec<Interval>,
}

/// An interval of a forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Its nominal coverage, per cent.
    pub level: f64,
    /// The lower bounds, a step each.
    pub lower: Vec<f64>,
    /// The upper bounds, a step each.
    pub upper: Vec<f64>,
}

/// Why a model cannot be fitted or cannot forecast.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// There are fewer values than the model needs.
    #[error("there are {present} values, and {needed} are needed")]
    TooShort {
        /// How many values are not missing.
        present: usize,
        /// How many the model needs.
        needed: usize,
    },
    /// The model cannot have missing values.
    #[error("{missing} values are missing, which this model cannot have")]
    Missing {
        /// How many.
        missing: usize,
    },
    /// Outside variables do not fit.
    #[error("outside variables: {0}")]
    Regressors(String),
    /// The specification makes no sense.
    #[error("{0}")]
    Specification(String),
    /// No estimate was found.
    #[error("no estimate was found: {0}")]
    NotConverged(String),
}
