//! Autoregression on recent lags and on those about each season.
//!
//! `y(t) = c + Σ φ(l) y(t−l) + Σ β(i) x(t, i) + ε(t)`, or the same of the differences, by least
//! squares in which old values count less. With the lags 1 to 6, 22 to 26, 48, 49 and 166 to 170
//! of hourly values it does what calibrated autoregressions did in the M4 competition (J. A.
//! Doornik, J. L. Castle and D. F. Hendry, "Card forecasts for M4", IJF 36 (2020)), at a
//! hundredth of the cost of maximum likelihood; several seasons, of any length, are only more
//! lags. Forecasts more than one step ahead follow by iteration, and their variance from the
//! weights of the errors in between. An autoregression that would explode is an error.
//!
//! Missing values are bridged by straight lines where they stand on the right-hand side, and
//! left out as responses.

mod fitted;
mod lags;

use self::fitted::FittedAutoregression;
use self::lags::lags;
use super::history::Scaled;
use super::naive;
use super::seasonal_index::bridge_gaps;
use crate::forecast::{FitError, Fitted, History, Model};
use crate::stats::inner_product::inner_product;
use crate::stats::least_squares::Cholesky;

/// How many values, the last ones, are fitted to.
pub const LONGEST_HISTORY: usize = 10_000;

/// Fewer values than this are forecast by the naive method.
const FEWEST: usize = 8;

/// After this share of the history a value's weight has fallen to a half.
const HALF_LIFE: f64 = 0.35;

/// How many values each coefficient has at least within the half-life.
const ROWS_PER_COEFFICIENT: f64 = 8.0;

/// What is added to the diagonal of the correlations, which keeps them from being singular.
const RIDGE: f64 = 1e-6;

/// An error must never weigh more than this later on.
const EXPLOSIVE: f64 = 4.0;

/// Autoregression by least squares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Autoregression {
    /// Whether it is of the differences, for series without a level to return to.
    pub differenced: bool,
}

impl Model for Autoregression {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        super::auto_arima::check(history)?;
        let mut scaled = Scaled::new(&History {
            regressors: &[],
            ..*history
        })?;
        let whole = scaled.values.len();
        scaled.keep_last(LONGEST_HISTORY);
        if scaled.observed < FEWEST || scaled.is_constant() {
            if !history.regressors.is_empty() {
                scaled.warn(
                    "regressors-ignored",
                    "the outside variables are left aside: no regression on them could be fitted",
                );
            }
            return Ok(naive::fallback(scaled));
        }
        let first = whole - scaled.values.len();
        let regressors: Vec<&[f64]> = history.regressors.iter().map(|c| &c[first..]).collect();
        let most = scaled
            .observed
            .saturating_sub(usize::from(self.differenced));
        let lags = lags(history.periods, most, regressors.len());
        let problem = Problem::new(&scaled.values, &regressors, lags, self.differenced);
        let solution = problem.solve()?;
        if solution.explodes(&problem.lags) {
            return Err(FitError::NotConverged(
                "the autoregression would explode".into(),
            ));
        }
        Ok(Box::new(FittedAutoregression::new(
            scaled, problem, solution,
        )))
    }
}

/// A history and its lags, ready to be regressed.
#[derive(Debug)]
struct Problem {
    differenced: bool,
    lags: Vec<usize>,
    /// The values, or their differences, without gaps and less their mean.
    series: Vec<f64>,
    mean: f64,
    /// The last value.
    level: f64,
    /// The outside variables, or their differences, less their means, by their scale.
    columns: Vec<Column>,
    /// The weights of the responses, from the longest lag on; zero where one is missing.
    weights: Vec<f64>,
}

/// An outside variable.
#[derive(Debug)]
struct Column {
    values: Vec<f64>,
    mean: f64,
    scale: f64,
    last: f64,
}

/// The estimates.
#[derive(Debug)]
struct Solution {
    /// The constant, in a series of mean zero.
    constant: f64,
    /// A coefficient a lag.
    coefficients: Vec<f64>,
    /// A coefficient an outside variable, in the column's scale.
    regression: Vec<f64>,
    variance: f64,
}

impl Problem {
    fn new(values: &[f64], regressors: &[&[f64]], lags: Vec<usize>, differenced: bool) -> Self {
        let bridged = bridge_gaps(values);
        let level = bridged.last().copied().unwrap_or_default();
        let taken = |values: &[f64]| -> Vec<f64> {
            if differenced {
                values.windows(2).map(|pair| pair[1] - pair[0]).collect()
            } else {
                values.to_vec()
            }
        };
        let present: Vec<bool> = taken(values).iter().map(|value| !value.is_nan()).collect();
        let mut series = taken(&bridged);
        let mean = centre(&mut series);
        let column = |values: &&[f64]| {
            let mut taken = taken(values);
            let mean = centre(&mut taken);
            let largest = taken.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            let scale = if largest > 0.0 { largest } else { 1.0 };
            taken.iter_mut().for_each(|x| *x /= scale);
            Column {
                values: taken,
                mean,
                scale,
                last: values.last().copied().unwrap_or_default(),
            }
        };
        let columns: Vec<Column> = regressors.iter().map(column).collect();
        let longest = lags.last().copied().unwrap_or(0);
        let coefficients = (lags.len() + columns.len() + 1) as f64;
        let half_life = (HALF_LIFE * series.len() as f64).max(ROWS_PER_COEFFICIENT * coefficients);
        let fade = 0.5_f64.powf(1.0 / half_life);
        let mut weight = 1.0;
        let weigh = |present: &bool| {
            weight *= fade;
            if *present { weight } else { 0.0 }
        };
        let mut weights: Vec<f64> = present[longest..].iter().rev().map(weigh).collect();
        weights.reverse();
        Self {
            differenced,
            lags,
            series,
            mean,
            level,
            columns,
            weights,
        }
    }

    /// The regression's columns, the constant last.
    fn columns(&self) -> Vec<&[f64]> {
        let longest = self.lags.last().copied().unwrap_or(0);
        let (n, rows) = (self.series.len(), self.weights.len());
        let lagged = self
            .lags
            .iter()
            .map(|lag| &self.series[longest - lag..n - lag]);
        let outside = self.columns.iter().map(|column| &column.values[n - rows..]);
        lagged.chain(outside).collect()
    }

    fn solve(&self) -> Result<Solution, FitError> {
        let ones = vec![1.0; self.weights.len()];
        let mut columns = self.columns();
        columns.push(&ones);
        let count = columns.len();
        let response = &self.series[self.series.len() - self.weights.len()..];
        let mut products = vec![0.0; count * count];
        let mut right = vec![0.0; count];
        let mut weighted = vec![0.0; self.weights.len()];
        for (i, column) in columns.iter().enumerate() {
            let pairs = column.iter().zip(&self.weights);
            for (to, (x, w)) in weighted.iter_mut().zip(pairs) {
                *to = x * w;
            }
            for (j, other) in columns[..=i].iter().enumerate() {
                products[i * count + j] = inner_product(&weighted, other);
            }
            right[i] = inner_product(&weighted, response);
        }
        let trace: f64 = (0..self.lags.len()).map(|i| products[i * count + i]).sum();
        let ridge = RIDGE * trace / self.lags.len().max(1) as f64;
        for i in 0..count {
            let own = products[i * count + i];
            products[i * count + i] = own * (1.0 + 1e-12) + ridge.max(f64::MIN_POSITIVE);
        }
        let lost = || FitError::NotConverged("the lags cannot be told apart".into());
        let mut solved = right;
        Cholesky::new(&products, count)
            .ok_or_else(lost)?
            .solve(&mut solved);
        if !solved.iter().all(|b| b.is_finite()) {
            return Err(lost());
        }
        let mut residuals = response.to_vec();
        for (column, b) in columns.iter().zip(&solved) {
            for (r, x) in residuals.iter_mut().zip(*column) {
                *r -= b * x;
            }
        }
        let squares: Vec<f64> = residuals.iter().map(|r| r * r).collect();
        let sum = inner_product(&squares, &self.weights);
        let weight: f64 = self.weights.iter().sum();
        let weight_squares: f64 = self.weights.iter().map(|w| w * w).sum();
        // As many values, equally weighed, would be worth as much.
        let worth = weight * weight / weight_squares;
        let freedom = (worth - count as f64).max(worth / 4.0).max(1.0);
        let regression = solved[self.lags.len()..count - 1].to_vec();
        let constant = solved[count - 1];
        solved.truncate(self.lags.len());
        Ok(Solution {
            constant,
            coefficients: solved,
            regression,
            variance: sum / weight * worth / freedom,
        })
    }
}

/// Takes the mean off, and returns it.
fn centre(values: &mut [f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter_mut().for_each(|value| *value -= mean);
    mean
}

impl Solution {
    /// The weights of an error in the values after it, itself included.
    fn weights(&self, lags: &[usize], steps: usize) -> Vec<f64> {
        let mut weights: Vec<f64> = Vec::with_capacity(steps);
        for h in 0..steps {
            let terms = lags.iter().zip(&self.coefficients);
            let known = terms.filter_map(|(lag, c)| Some(c * weights[h.checked_sub(*lag)?]));
            let sum: f64 = known.sum();
            weights.push(if h == 0 { 1.0 } else { sum });
        }
        weights
    }

    /// Tells whether an error would grow: the series would not come back.
    fn explodes(&self, lags: &[usize]) -> bool {
        let steps = 100 + 3 * lags.last().copied().unwrap_or(0);
        let weights = self.weights(lags, steps);
        !weights.iter().all(|w| w.abs() < EXPLOSIVE)
    }
}

#[cfg(test)]
mod tests;
