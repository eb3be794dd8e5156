//! The mean method: every step is forecast by the mean of the history.
//!
//! R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", 3rd ed. (2021),
//! sections 5.2 and 5.5: the forecast's variance is σ²(1 + 1/T) with T values. Missing values
//! are left out.

use super::history::Scaled;
use super::interval;
use crate::forecast::{Coefficient, Details, FitError, Fitted, Forecast, History, Model};
use crate::model::Warning;
use crate::stats::random::Generator;

/// Forecasts the mean of the history.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mean;

impl Model for Mean {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let mut scaled = Scaled::new(history)?;
        let present = || scaled.values.iter().filter(|value| !value.is_nan());
        let count = scaled.observed as f64;
        let mean = present().sum::<f64>() / count;
        let squares: f64 = present().map(|value| (value - mean) * (value - mean)).sum();
        let sigma = if scaled.observed > 1 {
            (squares / (count - 1.0)).sqrt()
        } else {
            scaled.warn(
                "no-error-variance",
                "too few values to estimate an error: the interval has no width",
            );
            0.0
        };
        Ok(Box::new(FittedMean {
            unit: scaled.unit,
            mean,
            sigma,
            count,
            fitted: vec![mean * scaled.unit; scaled.values.len()],
            warnings: scaled.warnings,
        }))
    }
}

#[derive(Debug)]
struct FittedMean {
    unit: f64,
    mean: f64,
    sigma: f64,
    /// How many values the mean is of.
    count: f64,
    fitted: Vec<f64>,
    warnings: Vec<Warning>,
}

impl Fitted for FittedMean {
    fn description(&self) -> String {
        "mean".into()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        1
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        _future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        interval::check(levels)?;
        let deviation = self.sigma * (1.0 + 1.0 / self.count).sqrt() * self.unit;
        let mean = vec![self.mean * self.unit; horizon];
        Ok(Forecast {
            intervals: interval::normal(&mean, &vec![deviation; horizon], levels),
            mean,
        })
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        _future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let mut generator = Generator::new(seed);
        let path = |_| {
            let mean = self.mean + self.sigma / self.count.sqrt() * generator.normal();
            (0..horizon)
                .map(|_| (mean + self.sigma * generator.normal()) * self.unit)
                .collect()
        };
        Ok((0..paths).map(path).collect())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        let error = if self.sigma > 0.0 {
            self.sigma / self.count.sqrt() * self.unit
        } else {
            f64::NAN
        };
        let deviation = self.sigma * self.unit;
        Details {
            coefficients: vec![
                Coefficient::new("mean", self.mean * self.unit, error),
                Coefficient::new("sigma2", deviation * deviation, f64::NAN),
            ],
            ..Details::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forecasts_the_mean_with_the_textbook_variance() {
        let values = [1.0, f64::NAN, 3.0, 5.0];
        let history = History {
            values: &values,
            ..History::default()
        };
        let fitted = Mean.fit(&history).unwrap();
        let forecast = fitted.forecast(2, &[95.0], &[]).unwrap();
        assert_eq!(forecast.mean, [3.0, 3.0]);
        // σ² = 8/2, the variance 4 (1 + 1/3).
        let half = 1.959_963_984_540_054 * (16.0_f64 / 3.0).sqrt();
        assert!((forecast.intervals[0].upper[1] - 3.0 - half).abs() < 1e-9);
        assert_eq!(fitted.warnings()[0].code, "missing-values");
        let paths = fitted.simulate(1, 20_000, 1, &[]).unwrap();
        let inside = paths
            .iter()
            .filter(|path| (path[0] - 3.0).abs() < half)
            .count();
        assert!((inside as f64 / 20_000.0 - 0.95).abs() < 0.01);
    }
}
