//! The exact Gaussian likelihood, the variance and the regression concentrated out.

use super::adjoint::{Adjoint, Filtered};
use super::autocovariance::Autocovariance;
use super::difference::Differenced;
use super::gls::Regression;
use super::innovations::{Innovations, Purpose};
use super::kalman::{Kalman, System};
use super::order::Order;
use super::polynomial::Taps;

/// How the innovations are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// By the fast recursion.
    Recursion,
    /// By the plain Kalman filter.
    Filter,
}

/// All that an evaluation of the likelihood needs; reused between evaluations and fits,
/// so that none of them allocates.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    order: Order,
    pub(super) ar: Taps,
    pub(super) ma: Taps,
    pub(super) autocovariance: Autocovariance,
    pub(super) psi: Vec<f64>,
    pub(super) recursion: Innovations,
    pub(super) kalman: Kalman,
    pub(super) regression: Regression,
    adjoint: Adjoint,
    weights: Vec<f64>,
    /// The series less its regression: its values, innovations and forecasts.
    combined: Vec<f64>,
    pub(super) innovations: Vec<f64>,
    forecasts: Vec<f64>,
}

/// A likelihood at given ARMA coefficients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likelihood {
    /// The weighted sum of squared innovations.
    pub(super) sum: f64,
    /// ½ of the logarithms of their variances, and of the flat priors' determinant.
    pub(super) half_log: f64,
    /// How many observations count.
    pub(super) observations: f64,
}

impl Likelihood {
    /// The negative logarithm an observation, less what is constant.
    pub(super) fn objective(&self) -> f64 {
        0.5 * (self.sum / self.observations).ln() + self.half_log / self.observations
    }

    /// The logarithm itself, maximised over the variance.
    pub(super) fn logarithm(&self) -> f64 {
        let constant = 0.5 * (1.0 + std::f64::consts::TAU.ln());
        -self.observations * (self.objective() + constant)
    }
}

/// The coefficients of an order, by their polynomials.
pub(super) struct Factors<'a> {
    pub(super) ar: &'a [f64],
    pub(super) ma: &'a [f64],
    pub(super) seasonal_ar: &'a [f64],
    pub(super) seasonal_ma: &'a [f64],
}

impl<'a> Factors<'a> {
    pub(super) fn of(order: &Order, coefficients: &'a [f64]) -> Self {
        let (ar, rest) = coefficients.split_at(order.ar);
        let (ma, rest) = rest.split_at(order.ma);
        let (seasonal_ar, seasonal_ma) = rest.split_at(order.seasonal_ar);
        Self {
            ar,
            ma,
            seasonal_ar,
            seasonal_ma,
        }
    }
}

impl Workspace {
    /// Makes an empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an order's pattern of taps on.
    pub(super) fn prepare(&mut self, order: &Order) {
        if self.order != *order {
            self.order = *order;
            self.ar = Taps::new(-1.0, order.ar, order.seasonal_ar, order.period);
            self.ma = Taps::new(1.0, order.ma, order.seasonal_ma, order.period);
        }
    }

    /// How many values ahead the state holds.
    pub(super) fn state_order(&self) -> usize {
        self.ar.degree().max(self.ma.degree())
    }

    /// The likelihood at given coefficients, with the best regression or a given one
    /// (of the columns as scaled). None where it does not exist.
    pub(super) fn evaluate(
        &mut self,
        data: &Differenced,
        coefficients: &[f64],
        fixed: Option<&[f64]>,
        method: Method,
        purpose: Purpose,
    ) -> Option<Likelihood> {
        let factors = Factors::of(&self.order, coefficients);
        self.ar.expand(factors.ar, factors.seasonal_ar);
        self.ma.expand(factors.ma, factors.seasonal_ma);
        let order = self.state_order();
        if !self.autocovariance.compute(&self.ar, &self.ma, order) {
            return None;
        }
        let (values, variances, diffuse, rows) = match method {
            Method::Recursion => {
                // A gap is a value with a flat prior (Gómez, Maravall & Peña 1999).
                let series = match data.missing {
                    0 => &data.values,
                    _ => &data.filled,
                };
                let columns = data.gaps.iter().map(Vec::as_slice);
                let columns = columns.chain(data.used().map(|c| c.differences.as_slice()));
                let columns = columns.chain(std::iter::once(series.as_slice()));
                let gamma = &self.autocovariance.gamma;
                let run = &mut self.recursion;
                if !run.run((&self.ar, &self.ma), gamma, columns, purpose) {
                    return None;
                }
                let diffuse = data.gaps.len();
                (&run.values, &run.variances, diffuse, data.values.len())
            }
            Method::Filter => {
                self.psi_weights(order);
                let system = System {
                    ar: &self.ar,
                    psi: &self.psi,
                    gamma: &self.autocovariance.gamma,
                    integration: &data.integration,
                };
                let diffuse = data.unit_columns();
                let columns = diffuse.iter().map(Vec::as_slice);
                let columns = columns.chain(data.used().map(|c| c.levels()));
                let columns: Vec<&[f64]> = columns.chain([data.levels.as_slice()]).collect();
                if !self.kalman.run(&system, &columns) {
                    return None;
                }
                let run = &mut self.kalman;
                let rows = data.observations() + diffuse.len();
                (&run.values, &run.variances, diffuse.len(), rows)
            }
        };
        let half_log = half_log(variances)?;
        let mut likelihood = Likelihood {
            sum: 0.0,
            half_log,
            observations: rows as f64,
        };
        self.innovations.clear();
        self.innovations.extend_from_slice(values.last()?);
        if values.len() == 1 {
            let terms = self.innovations.iter().zip(variances);
            likelihood.sum = terms.map(|(v, f)| v * v / f).sum();
            self.regression.coefficients.clear();
        } else {
            self.weights.clear();
            self.weights
                .extend(variances.iter().map(|f| 1.0 / f.sqrt()));
            let regression = &mut self.regression;
            regression.solve(values, &self.weights, diffuse, fixed);
            likelihood.sum = regression.sum;
            likelihood.half_log += regression.half_log_determinant;
            likelihood.observations -= regression.identified as f64;
            combine(&mut self.innovations, &regression.coefficients, values);
        }
        let proper = likelihood.sum > 0.0 && likelihood.observations > 0.0;
        (proper && likelihood.objective().is_finite()).then_some(likelihood)
    }

    /// The weights of past innovations in the process, 0 to `most`.
    pub(super) fn psi_weights(&mut self, most: usize) {
        self.psi.clear();
        self.psi.push(1.0);
        let mut moving = self.ma.lags.iter().zip(&self.ma.weights).peekable();
        for k in 1..=most {
            let mut value = moving
                .next_if(|(lag, _)| **lag == k)
                .map_or(0.0, |(_, w)| *w);
            for (lag, weight) in self.ar.lags.iter().zip(&self.ar.weights) {
                if *lag > k {
                    break;
                }
                value += weight * self.psi[k - lag];
            }
            self.psi.push(value);
        }
    }

    /// The recursion's forecasts of the series less its regression.
    pub(super) fn combine_forecasts(&mut self) -> &[f64] {
        let runs = &self.recursion.forecasts;
        self.forecasts.clear();
        self.forecasts.extend_from_slice(&runs[runs.len() - 1]);
        combine(&mut self.forecasts, &self.regression.coefficients, runs);
        &self.forecasts
    }

    /// The derivatives of the objective by the coefficients, the regression held where it
    /// is (at its best they do not depend on it), after an evaluation by the recursion
    /// with a tape.
    pub(super) fn gradient(
        &mut self,
        data: &Differenced,
        likelihood: &Likelihood,
        coefficients: &[f64],
        by_coefficient: &mut [f64],
    ) {
        let order = self.autocovariance.gamma.len() - 1;
        self.combine_forecasts();
        let beta = &self.regression.coefficients;
        self.combined.clear();
        self.combined.extend_from_slice(&data.values);
        for (column, coefficient) in data.used().zip(beta) {
            for (value, x) in self.combined.iter_mut().zip(&column.differences) {
                *value -= coefficient * x;
            }
        }
        self.adjoint.run(
            &self.recursion,
            (&self.ar, &self.ma),
            order,
            Filtered {
                column: &self.combined,
                values: &self.innovations,
                forecasts: &mut self.forecasts,
            },
            (0.5 / likelihood.sum, 0.5 / likelihood.observations),
        );
        self.autocovariance.pull_back(
            &self.adjoint.by_gamma,
            (&self.ar, &mut self.adjoint.by_ar),
            (&self.ma, &mut self.adjoint.by_ma),
        );
        by_coefficient.fill(0.0);
        let factors = Factors::of(&self.order, coefficients);
        let (by_ar, rest) = by_coefficient.split_at_mut(self.order.ar);
        let (by_ma, rest) = rest.split_at_mut(self.order.ma);
        let (by_seasonal_ar, by_seasonal_ma) = rest.split_at_mut(self.order.seasonal_ar);
        self.ar.pull_back(
            &self.adjoint.by_ar,
            (factors.ar, by_ar),
            (factors.seasonal_ar, by_seasonal_ar),
        );
        self.ma.pull_back(
            &self.adjoint.by_ma,
            (factors.ma, by_ma),
            (factors.seasonal_ma, by_seasonal_ma),
        );
    }
}

/// Takes the regression's part out of the series: both filtered alike.
fn combine(series: &mut [f64], coefficients: &[f64], columns: &[Vec<f64>]) {
    for (coefficient, column) in coefficients.iter().zip(columns) {
        for (value, x) in series.iter_mut().zip(column) {
            *value -= coefficient * x;
        }
    }
}

/// Half the sum of the logarithms: of products, as a logarithm costs as much as a step.
fn half_log(variances: &[f64]) -> Option<f64> {
    let (mut sum, mut product) = (0.0, 1.0_f64);
    for &variance in variances {
        if variance.is_nan() || variance <= 0.0 {
            return None;
        }
        product *= variance;
        if !(1e-200..1e200).contains(&product) {
            sum += product.ln();
            product = 1.0;
        }
    }
    sum += product.ln();
    sum.is_finite().then_some(0.5 * sum)
}

#[cfg(test)]
mod tests;
