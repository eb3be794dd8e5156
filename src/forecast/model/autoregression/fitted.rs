//! A fitted autoregression: forecasts, intervals and sample paths.

use super::{Problem, Solution};
use crate::forecast::model::history::Scaled;
use crate::forecast::model::interval;
use crate::forecast::{Coefficient, Details, FitError, Fitted, Forecast};
use crate::model::Warning;
use crate::stats::random::Generator;

/// An autoregression with its estimates.
#[derive(Debug)]
pub(super) struct FittedAutoregression {
    differenced: bool,
    lags: Vec<usize>,
    solution: Solution,
    /// The last values, less the mean; as many as the longest lag.
    recent: Vec<f64>,
    mean: f64,
    level: f64,
    outside: Vec<Outside>,
    unit: f64,
    fitted: Vec<f64>,
    warnings: Vec<Warning>,
}

/// How an outside variable enters.
#[derive(Debug)]
struct Outside {
    mean: f64,
    scale: f64,
    last: f64,
}

impl FittedAutoregression {
    pub(super) fn new(scaled: Scaled, problem: Problem, solution: Solution) -> Self {
        let rows = problem.weights.len();
        let mut sums = vec![solution.constant + problem.mean; rows];
        let coefficients = solution.coefficients.iter().chain(&solution.regression);
        for (column, b) in problem.columns().into_iter().zip(coefficients) {
            for (sum, x) in sums.iter_mut().zip(column) {
                *sum += b * x;
            }
        }
        let first = scaled.values.len() - rows;
        let mut fitted = vec![f64::NAN; first];
        if problem.differenced {
            let before = &scaled.values[first - 1..];
            fitted.extend(
                sums.iter()
                    .zip(before)
                    .map(|(change, level)| change + level),
            );
        } else {
            fitted.extend(sums);
        }
        let longest = problem.lags.last().copied().unwrap_or(0);
        let outside = problem.columns.iter().map(|column| Outside {
            mean: column.mean,
            scale: column.scale,
            last: column.last,
        });
        Self {
            differenced: problem.differenced,
            recent: problem.series[problem.series.len() - longest..].to_vec(),
            outside: outside.collect(),
            lags: problem.lags,
            mean: problem.mean,
            level: problem.level,
            unit: scaled.unit,
            fitted: scaled.whole(fitted.into_iter()),
            warnings: scaled.warnings,
            solution,
        }
    }

    /// What the outside variables explain of the next steps.
    fn explained(&self, horizon: usize, future: &[Vec<f64>]) -> Result<Vec<f64>, FitError> {
        if future.len() != self.outside.len() {
            return Err(FitError::Regressors(format!(
                "{} columns of future values were given, the model has {}",
                future.len(),
                self.outside.len()
            )));
        }
        let mut explained = vec![0.0; horizon];
        let columns = future
            .iter()
            .zip(&self.outside)
            .zip(&self.solution.regression);
        for (i, ((column, outside), b)) in columns.enumerate() {
            if column.len() < horizon || column[..horizon].iter().any(|x| !x.is_finite()) {
                return Err(FitError::Regressors(format!(
                    "column {} of the future does not have {horizon} finite values",
                    i + 1
                )));
            }
            let mut before = outside.last;
            for (sum, x) in explained.iter_mut().zip(column) {
                let taken = if self.differenced { x - before } else { *x };
                *sum += b * (taken - outside.mean) / outside.scale;
                before = *x;
            }
        }
        Ok(explained)
    }

    /// Iterates ahead with errors of the given source.
    fn path(&self, explained: &[f64], mut error: impl FnMut() -> f64) -> Vec<f64> {
        let mut series = self.recent.clone();
        let mut level = self.level;
        let mut path = Vec::with_capacity(explained.len());
        for x in explained {
            let end = series.len();
            let lags = self.lags.iter().zip(&self.solution.coefficients);
            let known: f64 = lags.map(|(lag, c)| c * series[end - lag]).sum();
            let next = self.solution.constant + known + x + error();
            series.push(next);
            if self.differenced {
                level += next + self.mean;
            } else {
                level = next + self.mean;
            }
            path.push(level * self.unit);
        }
        path
    }
}

impl Fitted for FittedAutoregression {
    fn description(&self) -> String {
        let kind = if self.differenced {
            ", differenced"
        } else {
            ""
        };
        let longest = self.lags.last().copied().unwrap_or(0);
        format!(
            "autoregression on {} lags up to {longest}{kind}",
            self.lags.len()
        )
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        self.lags.len() + self.outside.len() + 1
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        interval::check(levels)?;
        let mean = self.path(&self.explained(horizon, future)?, || 0.0);
        let (mut sum, mut weight) = (0.0, 0.0);
        let deviation = |next: &f64| {
            weight = if self.differenced {
                weight + next
            } else {
                *next
            };
            sum += weight * weight;
            (sum * self.solution.variance).sqrt() * self.unit
        };
        let weights = self.solution.weights(&self.lags, horizon);
        let deviations: Vec<f64> = weights.iter().map(deviation).collect();
        Ok(Forecast {
            intervals: interval::normal(&mean, &deviations, levels),
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
        let mut generator = Generator::new(seed);
        let deviation = self.solution.variance.sqrt();
        let path = |_| self.path(&explained, || deviation * generator.normal());
        Ok((0..paths).map(path).collect())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        let lagged = self.lags.iter().zip(&self.solution.coefficients);
        let lagged = lagged.map(|(lag, c)| (format!("ar{lag}"), *c));
        let outside = self.outside.iter().zip(&self.solution.regression);
        let outside = outside
            .enumerate()
            .map(|(i, (outside, b))| (format!("xreg{}", i + 1), b / outside.scale * self.unit));
        let coefficient = |(name, estimate)| Coefficient {
            name,
            estimate,
            standard_error: None,
        };
        Details {
            coefficients: lagged.chain(outside).map(coefficient).collect(),
            ..Details::default()
        }
    }
}
