//! An ARIMA model of a known order whose search begins from known coefficients.

use crate::forecast::arima::{
    Differenced, Effort, Estimate, Order, Workspace, finish_without_errors, fit_with,
};
use crate::forecast::{FitError, Fitted, History, Model};

/// An ARIMA model that was fitted before, to nearly the same values.
#[derive(Debug, Clone)]
pub(super) struct WarmArima {
    order: Order,
    constant: bool,
    coefficients: Vec<f64>,
}

impl WarmArima {
    /// Keeps an estimate's order and coefficients.
    pub(super) fn of(estimate: &Estimate, constant: bool) -> Self {
        Self {
            order: estimate.order,
            constant,
            coefficients: estimate.coefficients.clone(),
        }
    }
}

impl Model for WarmArima {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let (values, regressors) = (history.values, history.regressors);
        let data = Differenced::new(values, regressors, &self.order, self.constant)?;
        let mut workspace = Workspace::new();
        let start = Some(self.coefficients.as_slice());
        let estimate = fit_with(&mut workspace, &data, self.order, start, Effort::SEARCH)?;
        let fit = finish_without_errors(&mut workspace, &data, estimate)?;
        Ok(Box::new(fit))
    }
}
