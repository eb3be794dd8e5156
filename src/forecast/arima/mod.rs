//! Seasonal ARIMA with regressors, by exact maximum likelihood.
//!
//! `y = Xβ + u` with `φ(B) Φ(Bᵐ) (1 − B)ᵈ (1 − Bᵐ)ᴰ u = θ(B) Θ(Bᵐ) ε`: the regression
//! is estimated jointly with the errors' model, never before it. A constant is a mean
//! where nothing is differenced and a drift (a line in the levels) after one difference.
//!
//! - [`Order`] reads and prints `(p,d,q)(P,D,Q)[m]`.
//! - [`Differenced`] holds a series and its regressors, ready for all orders with the
//!   same differences; [`fit_with`] fits one of them in a [`Workspace`], and [`finish`]
//!   completes an [`Estimate`] to an [`ArimaFit`]. [`Sarimax`] does all three.
//!
//! The likelihood is that of the differences, by the innovations recursion of Morf, Sidhu
//! & Kailath (1974) and its exact derivatives; a plain Kalman filter takes its place where
//! many values are missing, and for the result where it is too near to a unit root. The
//! variance and the regression are concentrated out. Parameters are partial
//! autocorrelations (Jones 1980); the search is BFGS from the estimates of Hannan &
//! Rissanen (1982). Each part's own documentation names where it deviates.

mod adjoint;
mod autocovariance;
mod difference;
mod estimate;
mod fit;
mod forecast;
mod gls;
mod innovations;
mod kalman;
mod likelihood;
mod order;
mod parameters;
mod polynomial;
mod rescale;
mod result;
mod standard_errors;
mod start;

pub use difference::Differenced;
pub use estimate::Estimate;
pub use fit::{Effort, fit_with};
pub use likelihood::Workspace;
pub use order::{Order, OrderError};
pub use parameters::carry;
pub use result::{ArimaFit, finish, finish_without_errors};

use super::{FitError, Fitted, History, Model};

/// A seasonal ARIMA model of a given order, with the history's regressors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sarimax {
    /// The order.
    pub order: Order,
    /// Whether there is a mean, or after one difference a drift.
    pub constant: bool,
}

impl Sarimax {
    /// Fits the model and keeps the result's own type.
    pub fn estimate(&self, history: &History<'_>) -> Result<ArimaFit, FitError> {
        let (values, regressors) = (history.values, history.regressors);
        let data = Differenced::new(values, regressors, &self.order, self.constant)?;
        let mut workspace = Workspace::new();
        let estimate = fit_with(&mut workspace, &data, self.order, None, Effort::FULL)?;
        finish(&mut workspace, &data, estimate)
    }
}

impl Model for Sarimax {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        Ok(Box::new(self.estimate(history)?))
    }
}

#[cfg(test)]
mod tests;
