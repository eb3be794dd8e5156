//! The methods that an ensemble may have, their costs, and how they are fitted again.
//!
//! At an earlier origin a member keeps what it chose on the whole history (the order of an ARIMA
//! model, the components of exponential smoothing, the variant of theta) and estimates only its
//! parameters anew: a tenth of the cost, at the price of errors that are a little too small.

use super::warm::WarmArima;
use crate::forecast::model::auto_arima::LONGEST_SEASON;
use crate::forecast::model::{
    AutoArima, Autoregression, Drift, Ets, Harmonic, Mean, Naive, SeasonalNaive, Theta, ets,
};
use crate::forecast::{FitError, Fitted, History, Model};

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Mean,
    Naive,
    Drift,
    SeasonalNaive,
    Theta,
    Autoregression,
    DifferencedAutoregression,
    Ets,
    Arima,
    Harmonic,
}

/// A method with the seasons that it is given.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    method: Method,
    pub(super) periods: Vec<f64>,
}

/// What the costs depend on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    pub(super) values: usize,
    pub(super) missing: bool,
    pub(super) regressors: usize,
}

/// What a member keeps for the fits at earlier origins.
pub(super) type Kept = Box<dyn Model>;

impl Member {
    /// Lists the members for seasonal periods that the history has two cycles of, ascending.
    ///
    /// The first is the seasonal naive method, which the others are measured by.
    pub(super) fn all(periods: &[f64]) -> Vec<Self> {
        let with = |method: Method, periods: &[f64]| Self {
            method,
            periods: periods.to_vec(),
        };
        let none = |method| with(method, &[]);
        let Some(&shortest) = periods.first() else {
            return vec![
                none(Method::Naive),
                none(Method::Mean),
                none(Method::Drift),
                none(Method::Theta),
                none(Method::Autoregression),
                none(Method::DifferencedAutoregression),
                none(Method::Ets),
                none(Method::Arima),
            ];
        };
        let first = &periods[..1];
        let mut all: Vec<Self> = periods
            .iter()
            .map(|period| with(Method::SeasonalNaive, &[*period]))
            .collect();
        all.extend([none(Method::Mean), none(Method::Naive)]);
        all.extend([
            with(Method::Theta, first),
            with(Method::Autoregression, periods),
            with(Method::DifferencedAutoregression, periods),
        ]);
        let long = shortest > LONG;
        if long {
            all.push(none(Method::Theta));
        }
        let of_season = if long { &[] } else { first };
        all.push(with(Method::Ets, of_season));
        all.push(with(Method::Arima, of_season));
        if shortest > LONGEST_SEASON as f64 {
            all.push(with(Method::Harmonic, periods));
        }
        all
    }

    /// Its name, as a reader knows it.
    pub(super) fn name(&self) -> String {
        let name = match self.method {
            Method::Mean => "mean",
            Method::Naive => "naive",
            Method::Drift => "drift",
            Method::SeasonalNaive => "seasonal naive",
            Method::Theta => "theta",
            Method::Autoregression => "autoregression",
            Method::DifferencedAutoregression => "differenced autoregression",
            Method::Ets => "ETS",
            Method::Arima => "ARIMA",
            Method::Harmonic => "harmonic regression",
        };
        let periods: Vec<String> = self.periods.iter().map(f64::to_string).collect();
        if periods.is_empty() {
            name.to_owned()
        } else {
            format!("{name} [{}]", periods.join(", "))
        }
    }

    /// Whether outside variables enter.
    pub(super) fn has_regressors(&self) -> bool {
        matches!(
            self.method,
            Method::Arima
                | Method::Harmonic
                | Method::Autoregression
                | Method::DifferencedAutoregression
        )
    }

    /// Whether it is a plain rule, that costs nothing and is never left out.
    pub(super) fn is_plain(&self) -> bool {
        matches!(
            self.method,
            Method::Mean | Method::Naive | Method::Drift | Method::SeasonalNaive
        )
    }

    /// Whether its forecasts come with a deviation that costs nothing.
    pub(super) fn has_spread(&self) -> bool {
        self.method != Method::Ets
    }

    /// The estimated cost of the first fit and of each later one, in seconds of one core.
    ///
    /// Fitted to measurements on one core of a 2020s server; only their proportions matter
    /// much.
    pub(super) fn costs(&self, shape: Shape) -> (f64, f64) {
        let thousands = shape.values as f64 / 1000.0;
        let period = self.periods.first().copied().unwrap_or(1.0);
        let columns = 1.0 + shape.regressors as f64;
        match self.method {
            Method::Mean | Method::Naive | Method::Drift | Method::SeasonalNaive => (2e-5, 2e-5),
            Method::Theta => (2e-3 * thousands, 4e-4 * thousands),
            Method::Autoregression | Method::DifferencedAutoregression => {
                let lags = 5.0 + 5.0 * self.periods.len() as f64 + columns;
                (
                    2e-6 * thousands * lags * lags,
                    2e-6 * thousands * lags * lags,
                )
            }
            Method::Ets => {
                let first = thousands * (8e-3 + 9e-4 * period);
                (first, first / 6.0)
            }
            Method::Arima => {
                // With gaps a step costs the square of the state's order.
                let filter = if shape.missing { 2.0 + period } else { 1.0 };
                let first = thousands * (1e-2 + 1e-3 * period) * columns * filter;
                (first, first / 8.0)
            }
            Method::Harmonic => (0.3 * thousands * columns, 0.1 * thousands * columns),
        }
    }

    /// Fits the member, and returns what it keeps too.
    pub(super) fn fit(&self, history: &History<'_>) -> Result<(Box<dyn Fitted>, Kept), FitError> {
        let history = &History {
            periods: &self.periods,
            regressors: if self.has_regressors() {
                history.regressors
            } else {
                &[]
            },
            ..*history
        };
        let plain = |model: Box<dyn Model>| Ok((model.fit(history)?, model));
        match self.method {
            Method::Mean => plain(Box::new(Mean)),
            Method::Naive => plain(Box::new(Naive)),
            Method::Drift => plain(Box::new(Drift)),
            Method::SeasonalNaive => plain(Box::new(SeasonalNaive)),
            Method::Autoregression => plain(Box::<Autoregression>::default()),
            Method::DifferencedAutoregression => {
                plain(Box::new(Autoregression { differenced: true }))
            }
            Method::Harmonic => plain(Box::<Harmonic>::default()),
            Method::Theta => {
                let (variant, fitted) = Theta::default().select(history)?;
                Ok((fitted, Box::new(Theta { variant })))
            }
            Method::Ets => {
                let (chosen, fitted) = Ets::default().select(history)?;
                let kept = chosen.map_or_else(Ets::default, |chosen: ets::Specification| Ets {
                    error: Some(chosen.error),
                    trend: Some(chosen.trend),
                    season: Some(chosen.season),
                    ..Ets::default()
                });
                Ok((fitted, Box::new(kept)))
            }
            Method::Arima => {
                let selection = AutoArima::default().select(history)?;
                let kept: Kept = match selection.arima() {
                    Some(arima) => Box::new(WarmArima::of(&arima.estimate, arima.has_constant())),
                    None => Box::new(Naive),
                };
                Ok((Box::new(selection), kept))
            }
        }
    }
}

/// A season above this many steps is too long for exponential smoothing and ARIMA to be quick.
const LONG: f64 = 30.0;
