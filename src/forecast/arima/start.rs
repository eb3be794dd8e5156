//! Where the search for the coefficients begins.
//!
//! Hannan & Rissanen 1982: a long autoregression (Yule-Walker) gives estimates of the
//! innovations; regressing the series on its own lags and theirs gives the coefficients.
//! Deviations: lags at which a plain and a seasonal factor multiply are left out, and
//! their third step is not done: the exact likelihood follows at once.

use super::gls::{Regression, dot};
use super::order::Order;
use super::parameters::shrink;

/// The residuals of a least-squares regression on the columns, 0 where there is a gap, and
/// its coefficients.
pub(super) fn least_squares(values: &[f64], columns: &[&[f64]]) -> (Vec<f64>, Vec<f64>) {
    let weights: Vec<f64> = values
        .iter()
        .map(|v| if v.is_nan() { 0.0 } else { 1.0 })
        .collect();
    let mut residuals: Vec<f64> = values
        .iter()
        .map(|v| if v.is_nan() { 0.0 } else { *v })
        .collect();
    if columns.is_empty() {
        return (residuals, Vec::new());
    }
    let all: Vec<&[f64]> = columns.iter().copied().chain([&residuals[..]]).collect();
    let mut regression = Regression::default();
    regression.solve(&all, &weights, 0, None);
    for (column, coefficient) in columns.iter().zip(&regression.coefficients) {
        for ((r, x), w) in residuals.iter_mut().zip(*column).zip(&weights) {
            *r -= w * coefficient * x;
        }
    }
    (residuals, regression.coefficients)
}

/// The residuals of a long autoregression; zeros before its first. Also its order.
pub(super) fn shocks(values: &[f64], period: usize) -> (Vec<f64>, usize) {
    let n = values.len();
    let wanted = (10.0 * (n.max(2) as f64).log10()) as usize;
    let order = wanted.max(2 * period + 3).min(n / 3);
    let mut shocks = vec![0.0; n];
    let Some(coefficients) = yule_walker(values, order) else {
        return (shocks, order);
    };
    shocks[order..].copy_from_slice(&values[order..]);
    for (i, coefficient) in coefficients.iter().enumerate() {
        for (s, before) in shocks[order..].iter_mut().zip(&values[order - 1 - i..]) {
            *s -= coefficient * before;
        }
    }
    (shocks, order)
}

/// The Levinson-Durbin recursion on sample autocovariances.
fn yule_walker(values: &[f64], order: usize) -> Option<Vec<f64>> {
    let gamma: Vec<f64> = (0..=order)
        .map(|lag| dot(&values[lag..], &values[..values.len() - lag]))
        .collect();
    let mut error = gamma[0];
    let mut coefficients: Vec<f64> = Vec::with_capacity(order);
    for k in 0..order {
        if error.is_nan() || error <= 0.0 {
            return None;
        }
        let known = coefficients.iter().zip(gamma[1..=k].iter().rev());
        let partial = (gamma[k + 1] - known.map(|(c, g)| c * g).sum::<f64>()) / error;
        let mirrored: Vec<f64> = coefficients.iter().rev().copied().collect();
        for (c, m) in coefficients.iter_mut().zip(mirrored) {
            *c -= partial * m;
        }
        coefficients.push(partial);
        error *= 1.0 - partial * partial;
    }
    Some(coefficients)
}

/// Coefficients to begin with, well inside the admissible region.
pub(super) fn hannan_rissanen(
    order: &Order,
    values: &[f64],
    shocks: &[f64],
    long: usize,
) -> Vec<f64> {
    let count = order.coefficients();
    let reach = order.ar_degree().max(long + order.ma_degree());
    let mut coefficients = vec![0.0; count];
    if count == 0 || values.len() < reach + 2 * count + 5 {
        return coefficients;
    }
    let lagged = |series: &[f64], lag: usize| series[reach - lag..series.len() - lag].to_vec();
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(count + 1);
    columns.extend((1..=order.ar).map(|i| lagged(values, i)));
    columns.extend((1..=order.ma).map(|i| lagged(shocks, i)));
    columns.extend((1..=order.seasonal_ar).map(|i| lagged(values, i * order.period)));
    columns.extend((1..=order.seasonal_ma).map(|i| lagged(shocks, i * order.period)));
    columns.push(lagged(values, 0));
    let mut regression = Regression::default();
    regression.solve(&columns, &vec![1.0; values.len() - reach], 0, None);
    coefficients.copy_from_slice(&regression.coefficients);
    shrink(order, &mut coefficients, 0.95);
    coefficients
}
