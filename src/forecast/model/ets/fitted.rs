//! A fitted exponential smoothing model: forecasts, intervals and sample paths.
//!
//! Means are the recursion without errors. Additive models have normal intervals with the variance
//! σ²(1 + Σc²), cⱼ = α + β(φ + … + φʲ) + γ·[m divides j] (Hyndman et al. 2008, chapter 6); the
//! others take the quantiles of sample paths, always the same for the same model.

use super::criterion::Criterion;
use super::fit::Estimate;
use super::recursion::{self, Smoothing, States, Step};
use super::specification::{ErrorType, Season, Specification, Trend};
use crate::forecast::model::history::Scaled;
use crate::forecast::model::interval;
use crate::forecast::{
    Coefficient, Details, Diagnosis, FitError, Fitted, Forecast, Interval, Tried,
};
use crate::model::Warning;
use crate::stats::random::Generator;

/// How many sample paths an interval is made from: the most, the least, and, between, so many
/// steps of all paths together.
const MOST_PATHS: usize = 5000;
const FEWEST_PATHS: usize = 1000;
const STEPS: usize = 2_000_000;
/// The least relative error of a sample path.
const LEAST: f64 = -0.999;

/// A model with its estimates.
#[derive(Debug)]
pub(super) struct FittedEts {
    pub(super) estimate: Estimate,
    /// The states after the last value.
    states: States,
    /// The place in the season of the next step.
    place: usize,
    /// The errors' standard deviation, in units or relative.
    sigma: f64,
    unit: f64,
    fitted: Vec<f64>,
    /// The errors in units, or relative; NaN at a missing value.
    residuals: Vec<f64>,
    /// The models that were compared, and by what.
    search: Vec<Tried>,
    criterion: Criterion,
    warnings: Vec<Warning>,
}

impl FittedEts {
    /// Runs an estimate through its history.
    pub(super) fn new(
        scaled: Scaled,
        estimate: Estimate,
        search: Vec<Tried>,
        criterion: Criterion,
    ) -> Self {
        let Specification { error, season, .. } = estimate.specification;
        let mut trace = vec![Step::default(); scaled.values.len()];
        let mut states = estimate.initial.clone();
        // Estimates are those of a run that succeeded.
        let _ = recursion::run(
            &scaled.values,
            season,
            estimate.smoothing,
            &mut states,
            &mut trace,
        );
        let parameters = estimate.specification.parameters(estimate.period);
        let freedom = scaled.observed.saturating_sub(parameters).max(1);
        let steps = scaled.values.iter().zip(&trace);
        let residuals = steps.map(|(y, step)| match error {
            ErrorType::Additive => y - step.forecast,
            ErrorType::Multiplicative => y / step.forecast - 1.0,
        });
        Self {
            residuals: residuals.collect(),
            search,
            criterion,
            sigma: (estimate.squares / freedom as f64).sqrt(),
            states,
            place: scaled.values.len() % estimate.period,
            fitted: scaled.whole(trace.iter().map(|step| step.forecast)),
            unit: scaled.unit,
            warnings: scaled.warnings,
            estimate,
        }
    }

    /// Runs the states ahead without errors.
    fn means(&self, horizon: usize) -> Vec<f64> {
        let mut path = Path::new(self);
        let step = |_| path.step(self, 0.0) * self.unit;
        (0..horizon).map(step).collect()
    }

    /// Computes the standard deviations of an additive model.
    fn deviations(&self, horizon: usize) -> Vec<f64> {
        let Smoothing {
            alpha,
            beta,
            gamma,
            phi,
        } = self.estimate.smoothing;
        let (mut sum, mut power, mut damped) = (1.0, 1.0, 0.0);
        let step = |h: usize| {
            let deviation = self.sigma * f64::sqrt(sum) * self.unit;
            power *= phi;
            damped += power;
            let seasonal = if h.is_multiple_of(self.estimate.period) {
                gamma
            } else {
                0.0
            };
            let weight = alpha + beta * damped + seasonal;
            sum += weight * weight;
            deviation
        };
        (1..=horizon).map(step).collect()
    }

    /// Takes the quantiles of sample paths, all of which go a step ahead together.
    fn sampled(&self, horizon: usize, levels: &[f64]) -> Vec<Interval> {
        let mut generator = Generator::new(0);
        let count = (STEPS / horizon.max(1)).clamp(FEWEST_PATHS, MOST_PATHS);
        let mut paths = vec![Path::new(self); count];
        let mut sample = vec![0.0; count];
        let mut intervals = interval::empty(levels);
        for _ in 0..horizon {
            for (path, value) in paths.iter_mut().zip(&mut sample) {
                *value = path.step(self, self.sigma * generator.normal());
            }
            interval::push_quantiles(&mut intervals, &mut sample, self.unit);
        }
        intervals
    }
}

/// The states on their way ahead.
#[derive(Debug, Clone)]
struct Path {
    states: States,
    place: usize,
}

impl Path {
    fn new(model: &FittedEts) -> Self {
        Self {
            states: model.states.clone(),
            place: model.place,
        }
    }

    /// Goes a step ahead with an error, relative where the model's is, and returns the value.
    fn step(&mut self, model: &FittedEts, error: f64) -> f64 {
        let Smoothing {
            alpha,
            beta,
            gamma,
            phi,
        } = model.estimate.smoothing;
        let Specification {
            error: kind,
            season,
            ..
        } = model.estimate.specification;
        let carried = phi * self.states.slope;
        let expected = self.states.level + carried;
        let mut own = self.states.season.get_mut(self.place);
        let before = own.as_deref().copied().unwrap_or_default();
        let forecast = match season {
            Season::None => expected,
            Season::Additive => expected + before,
            Season::Multiplicative => expected * before,
        };
        let absolute = match kind {
            ErrorType::Additive => error,
            ErrorType::Multiplicative => forecast * error.max(LEAST),
        };
        // A factor of the forecast is divided away before it can be zero.
        let (by_level, by_season) = match (season, kind) {
            (Season::Multiplicative, ErrorType::Multiplicative) => {
                let relative = error.max(LEAST);
                (expected * relative, before * relative)
            }
            (Season::Multiplicative, ErrorType::Additive) => (error / before, error / expected),
            _ => (absolute, absolute),
        };
        self.states.level = expected + alpha * by_level;
        self.states.slope = carried + beta * by_level;
        if let Some(own) = &mut own {
            **own = before + gamma * by_season;
            self.place += 1;
            if self.place == model.estimate.period {
                self.place = 0;
            }
        }
        forecast + absolute
    }
}

impl Fitted for FittedEts {
    fn description(&self) -> String {
        self.estimate.specification.to_string()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        self.estimate.specification.parameters(self.estimate.period)
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        _future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        interval::check(levels)?;
        let mean = self.means(horizon);
        let Specification { error, season, .. } = self.estimate.specification;
        let linear = error == ErrorType::Additive && season != Season::Multiplicative;
        let intervals = if linear {
            interval::normal(&mean, &self.deviations(horizon), levels)
        } else if levels.is_empty() {
            Vec::new()
        } else {
            self.sampled(horizon, levels)
        };
        Ok(Forecast { mean, intervals })
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
            let mut path = Path::new(self);
            (0..horizon)
                .map(|_| path.step(self, self.sigma * generator.normal()) * self.unit)
                .collect()
        };
        Ok((0..paths).map(path).collect())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The seasonal states, a season of them, are left out of the coefficients.
    fn details(&self) -> Details {
        let Estimate {
            specification,
            smoothing,
            initial,
            ..
        } = &self.estimate;
        let deviation = match specification.error {
            ErrorType::Additive => self.sigma * self.unit,
            ErrorType::Multiplicative => self.sigma,
        };
        let mut named = vec![("alpha", smoothing.alpha)];
        if specification.trend != Trend::None {
            named.push(("beta", smoothing.beta));
        }
        if specification.season != Season::None {
            named.push(("gamma", smoothing.gamma));
        }
        if specification.trend == Trend::Damped {
            named.push(("phi", smoothing.phi));
        }
        named.push(("l", initial.level * self.unit));
        if specification.trend != Trend::None {
            named.push(("b", initial.slope * self.unit));
        }
        named.push(("sigma2", deviation * deviation));
        let coefficients = named.into_iter();
        Details {
            coefficients: coefficients
                .map(|(name, x)| Coefficient::new(name, x, f64::NAN))
                .collect(),
            search: self.search.clone(),
            criterion: self.criterion.name(),
            diagnosis: Some(Diagnosis::of(&self.residuals, 0, self.estimate.period)),
        }
    }
}
