//! The distribution of a forecast's errors, in units of the model's own deviation.

use super::Bounds;
use crate::forecast::model::interval;
use crate::forecast::{FitError, Forecast, Interval};
use crate::model::Warning;
use crate::stats::distribution::student_t_quantile;

/// The forecast from an earlier origin, and what came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rolled {
    /// What was forecast, a step each.
    pub mean: Vec<f64>,
    /// The standard deviations of the errors, as the model had them.
    pub spread: Vec<f64>,
    /// What came; NaN where it is missing or not there yet.
    pub actual: Vec<f64>,
}

/// How much an origin counts against the next newer one.
const FADING: f64 = 0.93;

/// How wide intervals are before anything is known, by the model's own, and how many errors that
/// is worth.
const PRIOR_SCALE: f64 = 0.85;
const PRIOR_ERRORS: f64 = 4.0;

/// How much of the errors' size, which their mean absolute value tells, is the scale of Student's
/// distribution: a little less, as its tails are heavier than the normal distribution's.
const OF_SIZE: f64 = 0.9;

/// The degrees of freedom of Student's distribution before anything is known, and for each error.
const DEGREES: (f64, f64) = (2.5, 0.2);

/// How many errors must be there for their quantiles to count as much as Student's; twice as many
/// count four times as much.
const EMPIRICAL: f64 = 20.0;

/// As if there had been so many errors beyond every quantile of those that there were.
const UNSEEN: f64 = 2.0;

/// How many errors about a step must be there for its own width to count as much as that of all.
const LOCAL: f64 = 8.0;

/// The share of the horizon, to each side, that a step's width is taken from.
const NEIGHBOURS: f64 = 0.125;

/// The mean of |x| of a standard normal variable.
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;

/// Fewer independent errors than this do not calibrate.
const FEWEST: f64 = 2.0;

/// A scaled error is held within this, so that a spread that was far too small does not decide
/// alone.
const LARGEST: f64 = 1e6;

/// The distribution of scaled errors.
///
/// How many independent errors there are: as many horizons as the origins span, each counted as often
/// as the mean of an origin's scaled errors varies less than a single one does.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    bounds: Bounds,
    /// The factor of the model's deviation, a step each.
    factors: Vec<f64>,
    /// The scaled errors by their factors, ascending, with the share of the weight up to the
    /// middle of each.
    errors: Vec<(f64, f64)>,
    /// How much the empirical quantiles count.
    share: f64,
    degrees: f64,
    independent: f64,
}

impl Calibration {
    /// Learns from earlier origins, the oldest first; `step` is how far apart they are.
    pub fn of(rolled: &[Rolled], step: usize, horizon: usize, bounds: Bounds) -> Self {
        let horizon = horizon.max(1);
        // (step, scaled error, weight)
        let mut scaled: Vec<(usize, f64, f64)> = Vec::with_capacity(rolled.len() * horizon);
        let (mut means, mut singles, mut origins) = (0.0, 0.0, 0.0);
        for (age, origin) in rolled.iter().rev().enumerate() {
            let weight = FADING.powi(i32::try_from(age).unwrap_or(i32::MAX));
            let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
            let steps = origin.mean.iter().zip(&origin.spread).zip(&origin.actual);
            for (h, ((mean, spread), actual)) in steps.take(horizon).enumerate() {
                let error = (actual - mean) / spread.max(f64::MIN_POSITIVE);
                if error.is_nan() {
                    continue;
                }
                let error = error.clamp(-LARGEST, LARGEST);
                scaled.push((h, error, weight));
                sum += error;
                squares += error * error;
                count += 1.0;
            }
            if count > 0.0 {
                // Weighed by how much of the horizon is known.
                means += weight * sum * sum / count;
                singles += weight * squares;
                origins += count / horizon as f64;
            }
        }
        // Of a constant error both are the same, of white noise the second is as many times the first
        // as there are steps.
        let a_horizon = if means > 0.0 { singles / means } else { 1.0 };
        let a_horizon = a_horizon.clamp(1.0, horizon as f64);
        let spanned = origins.min((origins - 1.0).max(0.0) * step as f64 / horizon as f64 + 1.0);
        let independent = spanned * a_horizon;
        let total: f64 = scaled.iter().map(|(_, _, w)| w).sum();
        let absolute: f64 = scaled.iter().map(|(_, e, w)| e.abs() * w).sum();
        let mean = if total > 0.0 { absolute / total } else { 0.0 };
        let own = OF_SIZE * mean / MEAN_ABSOLUTE;
        let scale = (PRIOR_ERRORS * PRIOR_SCALE + independent * own) / (PRIOR_ERRORS + independent);
        let factors = factors(&scaled, horizon, mean, independent / horizon as f64);
        let factors: Vec<f64> = factors.into_iter().map(|f| f * scale).collect();
        let mut errors: Vec<(f64, f64)> = scaled
            .iter()
            .map(|(h, error, weight)| (error / factors[*h].max(f64::MIN_POSITIVE), weight / total))
            .collect();
        errors.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0.0;
        for (_, weight) in &mut errors {
            let middle = below + *weight / 2.0;
            below += *weight;
            *weight = middle;
        }
        Self {
            bounds,
            factors,
            share: if errors.is_empty() {
                0.0
            } else {
                let (own, others) = (independent * independent, EMPIRICAL * EMPIRICAL);
                own / (own + others)
            },
            errors,
            degrees: DEGREES.0 + DEGREES.1 * independent,
            independent,
        }
    }

    /// How many independent errors it was learned from.
    pub fn independent(&self) -> f64 {
        self.independent
    }

    /// What must be said where the errors were too few to say much.
    pub fn warning(&self) -> Option<Warning> {
        (self.independent < FEWEST).then(|| {
            Warning::new(
                "not-calibrated",
                format!(
                    "earlier origins have {:.1} independent errors: the intervals are not calibrated",
                    self.independent
                ),
            )
        })
    }

    /// Makes a forecast of a mean and a model's deviation, a step each.
    pub fn forecast(
        &self,
        mean: Vec<f64>,
        spread: &[f64],
        levels: &[f64],
    ) -> Result<Forecast, FitError> {
        interval::check(levels)?;
        let interval = |level: &f64| {
            let bound = |probability: f64| {
                let error = self.error(probability);
                let steps = mean.iter().zip(spread).enumerate();
                steps
                    .map(|(h, (mean, spread))| self.value(h, *mean, *spread, error))
                    .collect()
            };
            Interval {
                level: *level,
                lower: bound(0.5 - level / 200.0),
                upper: bound(0.5 + level / 200.0),
            }
        };
        Ok(Forecast {
            intervals: levels.iter().map(interval).collect(),
            mean: self.bounds.within(mean),
        })
    }

    /// The quantile of the error, in units of the factor and the model's deviation.
    fn error(&self, probability: f64) -> f64 {
        let probability = probability.clamp(1e-6, 1.0 - 1e-6);
        let parametric = student_t_quantile(probability, self.degrees);
        if self.share <= 0.0 {
            return parametric;
        }
        self.share * self.empirical(probability) + (1.0 - self.share) * parametric
    }

    /// The quantile of the errors that there were, farther out the fewer they are.
    fn empirical(&self, probability: f64) -> f64 {
        let tail = probability.min(1.0 - probability);
        let tail = tail * self.independent / (self.independent + UNSEEN);
        let place = if probability < 0.5 { tail } else { 1.0 - tail };
        let ([(first, low), ..], [.., (last, high)]) = (&self.errors[..], &self.errors[..]) else {
            return 0.0;
        };
        // Beyond the errors that there were, on as Student's distribution goes on.
        let beyond = |error: f64, edge: f64| {
            let place = place.clamp(1e-7, 1.0 - 1e-7);
            let edge = edge.clamp(1e-7, 1.0 - 1e-7);
            let further = |p| student_t_quantile(p, self.degrees);
            error + further(place) - further(edge)
        };
        if place <= *low {
            return beyond(*first, *low);
        }
        if place >= *high {
            return beyond(*last, *high);
        }
        let above = self.errors.partition_point(|(_, middle)| *middle < place);
        let (a, b) = (self.errors[above - 1], self.errors[above]);
        let share = (place - a.1) / (b.1 - a.1).max(f64::MIN_POSITIVE);
        a.0 + share.min(1.0) * (b.0 - a.0)
    }

    /// The value at a step (from 0) that has this error: a quantile of [`Calibration::error`].
    fn value(&self, step: usize, mean: f64, spread: f64, error: f64) -> f64 {
        let factor = self.factors[step.min(self.factors.len() - 1)];
        self.bounds.nearest(mean + spread * factor * error)
    }

    /// Gives paths the calibrated quantiles, and leaves them their ranks at each step.
    pub fn reorder(&self, paths: &mut [Vec<f64>], mean: &[f64], spread: &[f64]) {
        let count = paths.len();
        let errors: Vec<f64> = (0..count)
            .map(|rank| self.error((rank as f64 + 0.5) / count as f64))
            .collect();
        let mut ranked: Vec<usize> = (0..count).collect();
        for (h, (mean, spread)) in mean.iter().zip(spread).enumerate() {
            ranked.sort_by(|a, b| paths[*a][h].total_cmp(&paths[*b][h]).then(a.cmp(b)));
            for (path, error) in ranked.iter().zip(&errors) {
                paths[*path][h] = self.value(h, *mean, *spread, *error);
            }
        }
    }
}

/// Each step's width by that of all.
fn factors(scaled: &[(usize, f64, f64)], horizon: usize, mean: f64, worth: f64) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); horizon];
    for (h, error, weight) in scaled {
        sums[*h].0 += error.abs() * weight;
        sums[*h].1 += weight;
    }
    let reach = (NEIGHBOURS * horizon as f64).ceil() as usize;
    let factor = |h: usize| {
        let about = &sums[h.saturating_sub(reach)..(h + reach + 1).min(horizon)];
        let (sum, weight) = about
            .iter()
            .fold((0.0, 0.0), |(s, w), (sum, weight)| (s + sum, w + weight));
        let errors = worth * about.len() as f64;
        if weight > 0.0 && mean > 0.0 {
            (LOCAL + errors * (sum / weight / mean)) / (LOCAL + errors)
        } else {
            1.0
        }
    };
    (0..horizon).map(factor).collect()
}
