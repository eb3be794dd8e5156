//! Where the search for the coefficients begins, and how the likelihood is curved there.
//!
//! Hannan & Rissanen 1982: a long autoregression (Yule-Walker) gives estimates of the
//! innovations; regressing the series on its own lags and theirs gives the coefficients.
//! Deviations: lags at which a plain and a seasonal factor multiply are left out, and
//! their third step is not done: the exact likelihood follows at once.

use super::gls::{Regression, dot, subtract};
use super::order::Order;
use super::parameters::{pull_back, shrink};
use super::polynomial::Taps;

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
    shrink(order, &mut coefficients, 0.9);
    coefficients
}

/// The Hessian of the objective at a point, as the information of the conditional sum
/// of squares has it (Gauss & Newton): row by row, over the point's variables.
///
/// Each factor's derivatives are one series at that factor's lags, so all together cost
/// little more than an evaluation.
pub(super) fn curvature(
    order: &Order,
    point: &[f64],
    coefficients: &[f64],
    values: &[f64],
) -> Vec<f64> {
    let count = order.coefficients();
    if count == 0 {
        return Vec::new();
    }
    let (n, p) = (values.len(), order.period);
    let taps = |sign: f64, plain: &[f64], seasonal: &[f64]| {
        let mut taps = Taps::new(sign, plain.len(), seasonal.len(), p);
        taps.expand(plain, seasonal);
        taps
    };
    let (ar, rest) = coefficients.split_at(order.ar);
    let (ma, rest) = rest.split_at(order.ma);
    let (seasonal_ar, seasonal_ma) = rest.split_at(order.seasonal_ar);
    let moving = taps(1.0, ma, seasonal_ma);
    let residuals = divided(multiplied(values, &taps(-1.0, ar, seasonal_ar)), &moving);
    let sum = dot(&residuals, &residuals);
    // By each kind of coefficient, before it is moved to the coefficient's lag.
    let kinds = [
        (
            order.ar,
            1,
            multiplied(values, &taps(-1.0, &[], seasonal_ar)),
            &moving,
        ),
        (order.ma, 1, residuals.clone(), &taps(1.0, ma, &[])),
        (
            order.seasonal_ar,
            p,
            multiplied(values, &taps(-1.0, ar, &[])),
            &moving,
        ),
        (
            order.seasonal_ma,
            p,
            residuals,
            &taps(1.0, &[], seasonal_ma),
        ),
    ];
    let mut columns: Vec<(usize, usize)> = Vec::with_capacity(count);
    let mut series: Vec<Vec<f64>> = Vec::with_capacity(4);
    for (kind, (number, lag, before, by)) in kinds.into_iter().enumerate() {
        columns.extend((1..=number).map(|i| (kind, (i * lag).min(n))));
        series.push(if number > 0 {
            divided(before, by)
        } else {
            Vec::new()
        });
    }
    let mut information = vec![0.0; count * count];
    for (i, (a, lag)) in columns.iter().enumerate() {
        for (j, (b, other)) in columns.iter().enumerate().take(i + 1) {
            let first = lag.max(other);
            let left = &series[*a][first - lag..n - lag];
            let product = dot(left, &series[*b][first - other..n - other]) / sum;
            information[i * count + j] = product;
            information[j * count + i] = product;
        }
    }
    // Both sides from the coefficients to the point.
    for _ in 0..2 {
        for row in information.chunks_exact_mut(count) {
            pull_back(order, point, coefficients, row);
        }
        for i in 0..count {
            for j in 0..i {
                information.swap(i * count + j, j * count + i);
            }
        }
    }
    for i in 0..count {
        information[i * count + i] += RIDGE;
    }
    information
}

/// Keeps the first step short where the data says little.
const RIDGE: f64 = 0.1;

/// The polynomial applied to a series that begins at zeros.
fn multiplied(values: &[f64], taps: &Taps) -> Vec<f64> {
    let mut product = values.to_vec();
    for (lag, weight) in taps.lags.iter().zip(&taps.weights) {
        if let Some(rest) = product.get_mut(*lag..) {
            subtract(rest, *weight, values);
        }
    }
    product
}

/// The series that the polynomial turns into the given one.
fn divided(mut values: Vec<f64>, taps: &Taps) -> Vec<f64> {
    let degree = taps.degree().min(values.len());
    for t in 0..degree {
        let known = taps.lags.iter().zip(&taps.weights);
        let known = known.take_while(|(lag, _)| **lag <= t);
        let before: f64 = known.map(|(lag, weight)| weight * values[t - lag]).sum();
        values[t] -= before;
    }
    if degree > 0 {
        for t in degree..values.len() {
            values[t] -= taps.apply(&values, t);
        }
    }
    values
}
