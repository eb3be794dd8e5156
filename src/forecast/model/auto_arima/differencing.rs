//! How often to difference, seasonally and plainly.

use crate::forecast::arima::Order;
use crate::stats::least_squares::LeastSquares;
use crate::stats::unit_root::{ndiffs, nsdiffs};

/// The most differences of both kinds together.
const MOST_DIFFERENCES: usize = 2;

/// Returns an order without coefficients, differenced as the tests say.
pub(super) fn differences(values: &[f64], period: usize, regressors: &[Vec<f64>]) -> Order {
    let series = without_regression(values, regressors);
    let mut order = Order::new(0, 0, 0);
    let mut rest = series;
    if period > 1 {
        order = order.seasonal(0, nsdiffs(&rest, period, 1), 0, period);
        if order.seasonal_differences > 0 {
            rest = rest
                .iter()
                .skip(period)
                .zip(&rest)
                .map(|(y, x)| y - x)
                .collect();
        }
    }
    order.differences = ndiffs(&rest, MOST_DIFFERENCES - order.seasonal_differences);
    order
}

/// What a regression on outside variables leaves, gaps as they are.
fn without_regression(values: &[f64], regressors: &[Vec<f64>]) -> Vec<f64> {
    if regressors.is_empty() {
        return values.to_vec();
    }
    let present: Vec<usize> = (0..values.len()).filter(|t| !values[*t].is_nan()).collect();
    let pick = |column: &[f64]| present.iter().map(|t| column[*t]).collect::<Vec<f64>>();
    let mut columns = vec![vec![1.0; present.len()]];
    columns.extend(regressors.iter().map(|column| pick(column)));
    let Ok(fit) = LeastSquares::fit(&pick(values), &columns) else {
        return values.to_vec();
    };
    let mut rest = vec![f64::NAN; values.len()];
    for (t, residual) in present.into_iter().zip(fit.residuals) {
        rest[t] = residual;
    }
    rest
}
