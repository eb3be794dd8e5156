//! Prophet: a trend that changes its rate, Fourier terms for the seasons, and outside variables.
//!
//! S. J. Taylor and B. Letham, "Forecasting at scale", The American Statistician 72 (2018), with
//! the priors of Prophet's published Stan model. The data go through `augurs` (its `Data` and its
//! `Optimizer`), the search is ours: [`HighestDensity`], in Rust, with exact derivatives.
//!
//! A history has steps in place of dates: rows that are missing are left out, as Prophet leaves
//! them out, and time runs from the first value that is there to the last. The seasons' phase has
//! another origin than Prophet's, which changes the coefficients and not the forecast, since
//! their prior is the same in every direction of a sine and its cosine.
//!
//! Deviations: `augurs`' own features are not used, because it keeps seasons in hash maps, so that
//! their order, and the last digits with it, differ from run to run. Future changes of a logistic
//! trend are drawn step by step and their mean is not taken away.
//!
//! The posterior has a kink wherever a change of the rate is 0, and searches stop on it before the
//! optimum: the Python package's forecast of a series of 2,900 days moves by up to 0.7 per cent
//! when its values change in the sixteenth digit.

mod estimate;
mod features;
mod fitted;
mod posterior;
mod reduced;
mod trend;

pub use estimate::HighestDensity;

use augurs::prophet::optimizer::{Data, InitialParams, OptimizeOpts, Optimizer};
use augurs::prophet::{PositiveFloat, TrendIndicator};

use self::features::Features;
use self::fitted::FittedProphet;
use super::history::Scaled;
use super::naive;
use crate::forecast::{FitError, Fitted, History, Model};
use crate::stats::decomposition::Composition;

/// How the trend grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Growth {
    /// By lines.
    Linear,
    /// Not at all.
    Flat,
    /// Between two bounds, in the units of the series.
    Logistic {
        /// What it grows towards.
        cap: f64,
        /// What it begins from.
        floor: f64,
    },
}

/// The model, with Prophet's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prophet {
    /// How the trend grows.
    pub growth: Growth,
    /// How many change points the trend may have at most.
    pub n_changepoints: usize,
    /// The share of the history, from its beginning, that they are spread over.
    pub changepoint_range: f64,
    /// The scale of the changes' prior: the larger, the more the trend bends.
    pub changepoint_prior_scale: f64,
    /// Whether seasons and outside variables are added to the trend or shares of it.
    pub seasonality_mode: Composition,
    /// The scale of the seasons' prior.
    pub seasonality_prior_scale: f64,
    /// How many days a step is, where it is known: seasons of a year, a week and a day then have
    /// Prophet's numbers of Fourier terms (10, 3 and 4).
    ///
    /// Other seasons have 10, but no more than half their steps.
    pub step_days: Option<f64>,
}

impl Default for Prophet {
    fn default() -> Self {
        Self {
            growth: Growth::Linear,
            n_changepoints: 25,
            changepoint_range: 0.8,
            changepoint_prior_scale: 0.05,
            seasonality_mode: Composition::Additive,
            seasonality_prior_scale: 10.0,
            step_days: None,
        }
    }
}

/// The scale of the outside variables' prior.
const REGRESSOR_PRIOR_SCALE: f64 = 10.0;

/// Fewer values than this are forecast by the naive method.
const FEWEST: usize = 5;

/// The bounds of a logistic trend in the units of the search.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bounds {
    floor: f64,
    cap: f64,
}

impl Prophet {
    fn check(&self) -> Result<(), FitError> {
        let scales = [self.changepoint_prior_scale, self.seasonality_prior_scale];
        if !scales.iter().all(|s| *s > 0.0 && s.is_finite()) {
            return Err(FitError::Specification(
                "the priors' scales must be above zero".into(),
            ));
        }
        if !(0.0..=1.0).contains(&self.changepoint_range) {
            return Err(FitError::Specification(
                "the change points' range must lie between 0 and 1".into(),
            ));
        }
        if let Growth::Logistic { cap, floor } = self.growth
            && !(floor < cap && (cap - floor).is_finite())
        {
            return Err(FitError::Specification(format!(
                "a logistic trend needs a cap above its floor: {cap} is not above {floor}"
            )));
        }
        Ok(())
    }

    /// The places among the values that change points stand at.
    fn change_points(&self, values: usize) -> Vec<usize> {
        let within = (values as f64 * self.changepoint_range).floor() as usize;
        let count = self.n_changepoints.min(within.saturating_sub(1));
        if self.growth == Growth::Flat || count == 0 {
            return Vec::new();
        }
        let last = (within - 1) as f64;
        let place = |i: usize| (i as f64 * (last / count as f64)).round_ties_even() as usize;
        (1..=count).map(place).collect()
    }
}

impl Model for Prophet {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        self.check()?;
        super::auto_arima::check(history)?;
        let mut scaled = Scaled::new(&History {
            regressors: &[],
            ..*history
        })?;
        if scaled.observed < FEWEST || scaled.is_constant() {
            if !history.regressors.is_empty() {
                scaled.warn(
                    "regressors-ignored",
                    "this method does not use the outside variables",
                );
            }
            return Ok(naive::fallback(scaled));
        }
        let (data, frame) = self.prepare(&mut scaled, history)?;
        let start = initial(&data);
        let estimate = HighestDensity
            .optimize(&start, &data, &OptimizeOpts::default())
            .map_err(|error| FitError::NotConverged(error.to_string()))?;
        Ok(Box::new(FittedProphet::new(
            scaled, frame, &data, estimate, history,
        )))
    }
}

/// How the steps and values of a history are those of the search.
#[derive(Debug)]
struct Frame {
    trend: TrendIndicator,
    mode: Composition,
    features: Features,
    /// The first value's step, and how many steps the last is after it.
    first: usize,
    elapsed: f64,
    /// What values are divided by after `floor` is taken away, beside the history's own unit.
    scale: f64,
    bounds: Bounds,
    change_times: Vec<f64>,
}

impl Frame {
    fn time(&self, step: usize) -> f64 {
        (step as f64 - self.first as f64) / self.elapsed
    }
}

impl Prophet {
    fn prepare(
        &self,
        scaled: &mut Scaled,
        history: &History<'_>,
    ) -> Result<(Data, Frame), FitError> {
        let present = |t: &usize| !scaled.values[*t].is_nan();
        let steps: Vec<usize> = (0..scaled.values.len()).filter(present).collect();
        let (first, last) = (steps[0], steps[steps.len() - 1]);
        let (trend, floor, cap) = match self.growth {
            Growth::Linear => (TrendIndicator::Linear, 0.0, 0.0),
            Growth::Flat => (TrendIndicator::Flat, 0.0, 0.0),
            Growth::Logistic { cap, floor } => (
                TrendIndicator::Logistic,
                floor / scaled.unit,
                cap / scaled.unit,
            ),
        };
        let scale = steps.iter().fold(0.0_f64, |most, t| {
            most.max((scaled.values[*t] - floor).abs())
        });
        let bounds = Bounds {
            floor,
            cap: (cap - floor) / scale,
        };
        if !(scale.is_finite() && bounds.cap.is_finite()) {
            return Err(FitError::Specification(
                "the bounds of the logistic trend are too far from the values".into(),
            ));
        }
        let features = Features::new(self, scaled, history, &steps);
        let mut frame = Frame {
            trend,
            mode: self.seasonality_mode,
            features,
            first,
            elapsed: (last - first) as f64,
            scale,
            bounds,
            change_times: Vec::new(),
        };
        let changes = self.change_points(steps.len());
        frame.change_times = changes.iter().map(|i| frame.time(steps[*i])).collect();
        let count = frame.features.count();
        let mut rows = Vec::with_capacity(steps.len() * count);
        for &step in &steps {
            let regressors = history.regressors.iter().map(|column| column[step]);
            frame.features.push_row(step, regressors, &mut rows);
        }
        if !rows.iter().all(|x| x.is_finite()) {
            return Err(FitError::Regressors(
                "the values are too large to be standardised".into(),
            ));
        }
        let multiplicative = i32::from(self.seasonality_mode == Composition::Multiplicative);
        let positive = |scale: f64| {
            PositiveFloat::try_new(scale)
                .map_err(|error| FitError::Specification(error.to_string()))
        };
        let seasons = count - history.regressors.len();
        let mut sigmas = vec![positive(self.seasonality_prior_scale)?; seasons];
        sigmas.resize(count, positive(REGRESSOR_PRIOR_SCALE)?);
        let data = Data {
            T: i32::try_from(steps.len()).unwrap_or(i32::MAX),
            y: steps
                .iter()
                .map(|t| (scaled.values[*t] - floor) / scale)
                .collect(),
            t: steps.iter().map(|t| frame.time(*t)).collect(),
            cap: vec![bounds.cap; steps.len()],
            S: i32::try_from(frame.change_times.len()).unwrap_or(i32::MAX),
            t_change: frame.change_times.clone(),
            trend_indicator: trend,
            K: i32::try_from(count).unwrap_or(i32::MAX),
            s_a: vec![1 - multiplicative; count],
            s_m: vec![multiplicative; count],
            X: rows,
            sigmas,
            tau: positive(self.changepoint_prior_scale)?,
        };
        Ok((data, frame))
    }
}

/// Where the search starts, as Prophet's: the trend through the first and the last value.
fn initial(data: &Data) -> InitialParams {
    let last = data.y.len() - 1;
    let (y0, y1) = (data.y[0], data.y[last]);
    let (k, m) = match data.trend_indicator {
        TrendIndicator::Linear => (y1 - y0, y0),
        TrendIndicator::Flat => (0.0, data.y.iter().sum::<f64>() / data.y.len() as f64),
        TrendIndicator::Logistic => {
            let ratio = |y: f64| data.cap[0] / y.clamp(0.01 * data.cap[0], 0.99 * data.cap[0]);
            let (mut r0, r1) = (ratio(y0), ratio(y1));
            if (r0 - r1).abs() <= 0.01 {
                r0 *= 1.05;
            }
            let (l0, l1) = ((r0 - 1.0).ln(), (r1 - 1.0).ln());
            (l0 - l1, l0 / (l0 - l1))
        }
    };
    InitialParams {
        k,
        m,
        delta: vec![0.0; data.t_change.len()],
        beta: vec![0.0; data.sigmas.len()],
        sigma_obs: PositiveFloat::one(),
    }
}

#[cfg(test)]
mod tests;
