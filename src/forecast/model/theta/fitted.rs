//! A fitted theta model: forecasts, intervals and sample paths.
//!
//! The model is linear in its errors, so the variance of each step follows exactly from the
//! states' covariance: for the static models it is σ²[1 + (h−1)α²] (Fiorucci et al. 2016), for
//! the dynamic ones, whose line moves with every value, it is carried along.

use super::fit::{Estimate, FIRST, State};
use super::seasonal::{self, Seasonal};
use crate::forecast::model::history::Scaled;
use crate::forecast::model::interval;
use crate::forecast::{Coefficient, Details, FitError, Fitted, Forecast, Tried};
use crate::model::Warning;
use crate::stats::decomposition::Composition;
use crate::stats::random::Generator;

/// A model with its estimates.
#[derive(Debug)]
pub(super) struct FittedTheta {
    estimate: Estimate,
    seasonal: Option<Seasonal>,
    /// The states after the last value that is there.
    state: State,
    /// How many steps the history has, and how many of them at the end are missing.
    length: usize,
    behind: usize,
    /// The errors' standard deviation, in units of the adjusted history.
    sigma: f64,
    unit: f64,
    fitted: Vec<f64>,
    /// The variants that were compared.
    search: Vec<Tried>,
    warnings: Vec<Warning>,
}

impl FittedTheta {
    /// Runs an estimate through the adjusted history: `adjusted` begins at step `start`.
    pub(super) fn new(
        scaled: Scaled,
        estimate: Estimate,
        seasonal: Option<Seasonal>,
        adjusted: &[f64],
        start: usize,
        search: Vec<Tried>,
    ) -> Self {
        let mut state = State::before(adjusted, &estimate);
        let length = scaled.values.len();
        let mut fitted = vec![f64::NAN; length];
        for (t, &y) in adjusted.iter().enumerate() {
            let forecast = state.forecast(&estimate);
            // The errors before do not count: where ℓ₀ hardly matters later, it is anything.
            if t >= FIRST {
                fitted[start + t] =
                    seasonal::restore(seasonal.as_ref(), start + t, forecast) * scaled.unit;
            }
            state.update(&estimate, y);
        }
        let freedom = scaled
            .observed
            .saturating_sub(estimate.variant.parameters())
            .max(1);
        Self {
            sigma: (estimate.squares / freedom as f64).sqrt(),
            estimate,
            seasonal,
            state,
            length,
            behind: length - start - adjusted.len(),
            unit: scaled.unit,
            fitted,
            search,
            warnings: scaled.warnings,
        }
    }

    /// Runs the states ahead, with errors of the given source, and returns the adjusted values.
    fn path(&self, horizon: usize, mut error: impl FnMut() -> f64) -> Vec<f64> {
        let mut state = self.state;
        let step = |_| {
            let y = state.forecast(&self.estimate) + error();
            state.update(&self.estimate, y);
            y
        };
        (0..self.behind + horizon)
            .map(step)
            .skip(self.behind)
            .collect()
    }

    /// Computes the standard deviations of the adjusted values.
    fn deviations(&self, horizon: usize) -> Vec<f64> {
        let Estimate { alpha, kappa, .. } = self.estimate;
        let dynamic = self.estimate.variant.is_dynamic();
        let (mut t, mut decay) = (self.state.line.count, self.state.decay);
        // The covariance of level, mean and slope by σ², and how the next value depends on them.
        let mut covariance = [[0.0; 3]; 3];
        let step = |_| {
            let half = (t + 1.0) / 2.0;
            let on_slope = (1.0 - (1.0 - alpha) * decay) / alpha - decay * half;
            let mut row = [1.0, 0.0, 0.0];
            if dynamic {
                row = [1.0, kappa * decay, kappa * on_slope];
            }
            let spread: f64 = (0..3)
                .flat_map(|i| (0..3).map(move |j| (i, j)))
                .map(|(i, j)| row[i] * covariance[i][j] * row[j])
                .sum();
            // The transition: the states without the new value, and the new value's gain.
            let gain = [alpha, 1.0 / (t + 1.0), 6.0 / ((t + 1.0) * (t + 2.0))];
            let keep = [
                [1.0 - alpha, 0.0, 0.0],
                [0.0, t / (t + 1.0), 0.0],
                [0.0, -gain[2], (t - 1.0) / (t + 2.0)],
            ];
            let transition: [[f64; 3]; 3] =
                std::array::from_fn(|i| std::array::from_fn(|j| keep[i][j] + gain[i] * row[j]));
            let mut next = [[0.0; 3]; 3];
            for (i, next) in next.iter_mut().enumerate() {
                for (j, next) in next.iter_mut().enumerate() {
                    *next = gain[i] * gain[j];
                    for a in 0..3 {
                        for b in 0..3 {
                            *next += transition[i][a] * covariance[a][b] * transition[j][b];
                        }
                    }
                }
            }
            covariance = next;
            t += 1.0;
            decay *= 1.0 - alpha;
            self.sigma * (1.0 + spread).sqrt()
        };
        (0..self.behind + horizon)
            .map(step)
            .skip(self.behind)
            .collect()
    }

    fn restore(&self, adjusted: &[f64]) -> Vec<f64> {
        let restore = |(h, value): (usize, &f64)| {
            seasonal::restore(self.seasonal.as_ref(), self.length + h, *value) * self.unit
        };
        adjusted.iter().enumerate().map(restore).collect()
    }
}

impl Fitted for FittedTheta {
    fn description(&self) -> String {
        let season = match &self.seasonal {
            None => "",
            Some(seasonal) => match seasonal.composition {
                Composition::Additive => " on additively adjusted values",
                Composition::Multiplicative => " on multiplicatively adjusted values",
            },
        };
        format!("{}{season}", self.estimate.variant)
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        let seasonal = self
            .seasonal
            .as_ref()
            .map_or(0, |seasonal| seasonal.indices.len() - 1);
        self.estimate.variant.parameters() + seasonal
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        _future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        interval::check(levels)?;
        let mean = self.path(horizon, || 0.0);
        let mut intervals = interval::normal(&mean, &self.deviations(horizon), levels);
        for interval in &mut intervals {
            interval.lower = self.restore(&interval.lower);
            interval.upper = self.restore(&interval.upper);
        }
        Ok(Forecast {
            mean: self.restore(&mean),
            intervals,
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
            let adjusted = self.path(horizon, || self.sigma * generator.normal());
            self.restore(&adjusted)
        };
        Ok((0..paths).map(path).collect())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        let Estimate {
            alpha,
            kappa,
            level,
            ..
        } = self.estimate;
        let deviation = self.sigma * self.unit;
        let named = [
            ("alpha", alpha),
            ("theta", 1.0 / (1.0 - kappa)),
            ("l", level * self.unit),
            ("sigma2", deviation * deviation),
        ];
        Details {
            coefficients: named
                .map(|(name, x)| Coefficient::new(name, x, f64::NAN))
                .into(),
            search: self.search.clone(),
            criterion: if self.search.is_empty() {
                ""
            } else {
                "AIC of errors to 12 steps ahead"
            },
            diagnosis: None,
        }
    }
}
