//! Forecasts of a fitted model, and paths drawn from it.
//!
//! An interval's width comes from the weights of the innovations to come and from what
//! the history leaves unknown of the state. The estimates count as true, as is usual
//! (Box & Jenkins 1970, chapter 5), and the innovations as Gaussian, with the variance
//! adjusted for the parameters estimated.

use super::result::{ArimaFit, Constant, State};
use crate::forecast::{Details, FitError, Fitted, Forecast, Interval};
use crate::model::Warning;
use crate::stats::distribution::normal_quantile;
use crate::stats::random::Generator;

impl ArimaFit {
    /// What the regression explains of the next steps, from the first that was not seen.
    fn explained(&self, horizon: usize, future: &[Vec<f64>]) -> Result<Vec<f64>, FitError> {
        if future.len() != self.tails.len() {
            return Err(FitError::Regressors(format!(
                "{} columns of future values were given, the model has {}",
                future.len(),
                self.tails.len()
            )));
        }
        let mut coefficients = self.estimate.regression.as_slice();
        let mut explained = vec![0.0; self.trailing + horizon];
        if let (Some(constant), [coefficient, rest @ ..]) = (self.constant, coefficients) {
            coefficients = rest;
            let first = self.length - self.trailing;
            for (h, value) in explained.iter_mut().enumerate() {
                *value = match constant {
                    Constant::Mean => *coefficient,
                    Constant::Drift => coefficient * (first + h + 1) as f64,
                };
            }
        }
        let columns = self.tails.iter().zip(future).zip(coefficients);
        for (i, ((tail, column), coefficient)) in columns.enumerate() {
            if column.len() < horizon || column[..horizon].iter().any(|x| !x.is_finite()) {
                return Err(FitError::Regressors(format!(
                    "column {} of the future does not have {horizon} finite values",
                    i + 1
                )));
            }
            let values = tail.iter().chain(column);
            for (value, x) in explained.iter_mut().zip(values) {
                *value += coefficient * x;
            }
        }
        Ok(explained)
    }
}

impl Fitted for ArimaFit {
    fn description(&self) -> String {
        self.description.clone()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        self.estimate.parameters
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        let explained = self.explained(horizon, future)?;
        let mut mean = self.state.means(explained.len());
        for (m, x) in mean.iter_mut().zip(&explained) {
            *m += x;
        }
        let variance = self.estimate.adjusted_variance();
        let errors: Vec<f64> = self
            .state
            .variances(explained.len())
            .iter()
            .map(|v| (v * variance).sqrt())
            .collect();
        let (mean, errors) = (mean.split_off(self.trailing), &errors[self.trailing..]);
        let intervals = levels.iter().map(|level| {
            let reach = normal_quantile(0.5 + (level / 200.0).clamp(0.0, 0.5));
            let bound = |sign: f64| {
                let pairs = mean.iter().zip(errors);
                pairs.map(|(m, e)| m + sign * reach * e).collect()
            };
            Interval {
                level: *level,
                lower: bound(-1.0),
                upper: bound(1.0),
            }
        });
        Ok(Forecast {
            intervals: intervals.collect(),
            mean,
        })
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let explained = self.explained(horizon, future)?;
        let deviation = self.estimate.adjusted_variance().sqrt();
        let mut random = Generator::new(seed);
        let root = square_root(&self.state.covariance, self.state.mean.len());
        let draw = |_| {
            let mut path = self
                .state
                .path(&root, deviation, explained.len(), &mut random);
            for (value, x) in path.iter_mut().zip(&explained) {
                *value += x;
            }
            path.split_off(self.trailing)
        };
        Ok((0..paths).map(draw).collect())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        Details {
            coefficients: self.coefficients(),
            diagnosis: Some(self.diagnosis()),
            ..Details::default()
        }
    }
}

impl State {
    fn means(&self, steps: usize) -> Vec<f64> {
        let system = self.system();
        let mut state = self.mean.clone();
        let mut next = state.clone();
        let mut means = Vec::with_capacity(steps);
        for _ in 0..steps {
            means.push(system.see(&state));
            system.advance(&state, &mut next);
            std::mem::swap(&mut state, &mut next);
        }
        means
    }

    /// The variances of the forecasts' errors, in units of the innovations' variance.
    fn variances(&self, steps: usize) -> Vec<f64> {
        let system = self.system();
        let n = self.mean.len();
        let mut news: Vec<f64> = (0..n).map(|i| system.news(i)).collect();
        let mut next = vec![0.0; n];
        let mut covariance = self.covariance.clone();
        let mut seen = vec![0.0; n];
        let mut variances = Vec::with_capacity(steps);
        let mut sum = 1.0;
        for _ in 0..steps {
            let mut unknown = 0.0;
            if !covariance.is_empty() {
                for (s, row) in seen.iter_mut().zip(covariance.chunks_exact(n)) {
                    *s = system.see(row);
                }
                unknown = system.see(&seen).max(0.0);
                // Both sides of the symmetric matrix move a step.
                for _ in 0..2 {
                    for row in covariance.chunks_exact_mut(n) {
                        system.advance(row, &mut next);
                        row.copy_from_slice(&next);
                    }
                    transpose(&mut covariance, n);
                }
            }
            variances.push(sum + unknown);
            let weight = system.see(&news);
            sum += weight * weight;
            system.advance(&news, &mut next);
            std::mem::swap(&mut news, &mut next);
        }
        variances
    }

    fn path(&self, root: &[f64], deviation: f64, steps: usize, random: &mut Generator) -> Vec<f64> {
        let system = self.system();
        let n = self.mean.len();
        let mut state = self.mean.clone();
        if !root.is_empty() {
            let normals: Vec<f64> = (0..n).map(|_| deviation * random.normal()).collect();
            for (s, row) in state.iter_mut().zip(root.chunks_exact(n)) {
                *s += row.iter().zip(&normals).map(|(r, z)| r * z).sum::<f64>();
            }
        }
        let mut next = state.clone();
        let mut path = Vec::with_capacity(steps);
        for _ in 0..steps {
            let innovation = deviation * random.normal();
            path.push(system.see(&state) + innovation);
            system.advance(&state, &mut next);
            for (i, x) in next.iter_mut().enumerate().take(self.psi.len()) {
                *x += system.news(i) * innovation;
            }
            std::mem::swap(&mut state, &mut next);
        }
        path
    }
}

fn transpose(matrix: &mut [f64], n: usize) {
    for i in 0..n {
        for j in 0..i {
            matrix.swap(i * n + j, j * n + i);
        }
    }
}

/// A triangle whose product with its transpose is the matrix, which may be singular.
fn square_root(matrix: &[f64], n: usize) -> Vec<f64> {
    let mut root = matrix.to_vec();
    if root.is_empty() {
        return root;
    }
    for i in 0..n {
        for j in 0..n {
            if j > i {
                root[i * n + j] = 0.0;
                continue;
            }
            let known: f64 = (0..j).map(|k| root[i * n + k] * root[j * n + k]).sum();
            let left = root[i * n + j] - known;
            let pivot = if i == j {
                left.max(0.0).sqrt()
            } else {
                root[j * n + j]
            };
            root[i * n + j] = match (i == j, pivot > 1e-8) {
                (true, true) => pivot,
                (false, true) => left / pivot,
                _ => 0.0,
            };
        }
    }
    root
}
