//! The naive methods: the last value, the last season, and the last value with drift.
//!
//! Means and variances: R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and
//! practice", 3rd ed. (2021), sections 5.2 and 5.5. With errors of variance σ², estimated as the
//! sum of their squares by their number less the parameters, the forecast h steps ahead has
//! the variance σ²h (naive), σ²k where k counts the seasons begun (seasonal naive) and
//! σ²h(1 + h/(T−1)) (drift).
//!
//! Missing values: the last observed value stands in, and ages: an error over a gap of g steps
//! is divided by √g, and a forecast from a value g steps old reaches h + g steps ahead. A
//! history without season, or shorter than one, is forecast by the naive method with a
//! warning.

use super::history::Scaled;
use super::interval;
use crate::forecast::{Coefficient, Details, FitError, Fitted, Forecast, History, Model};
use crate::model::Warning;
use crate::stats::random::Generator;

/// Forecasts the last value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Naive;

/// Forecasts the last value of the same season (the shortest, if there are several).
#[derive(Debug, Clone, Copy, Default)]
pub struct SeasonalNaive;

/// Forecasts the line from the first through the last value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Drift;

impl Model for Naive {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let scaled = Scaled::new(history)?;
        Ok(Box::new(Walk::new(scaled, 1, None, "naive".into())))
    }
}

impl Model for SeasonalNaive {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let mut scaled = Scaled::new(history)?;
        let mut period = scaled.period(history.periods);
        if period == 1 {
            scaled.warn("no-season", "without a season this is the naive method");
        } else if scaled.values.len() <= period {
            scaled.warn(
                "too-short-for-season",
                format!(
                    "{} values are no more than one season of {period} steps: the naive method instead",
                    scaled.values.len()
                ),
            );
            period = 1;
        }
        let name = if period == 1 {
            "naive".into()
        } else {
            format!("seasonal naive [{period}]")
        };
        Ok(Box::new(Walk::new(scaled, period, None, name)))
    }
}

impl Model for Drift {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let mut scaled = Scaled::new(history)?;
        let present = |value: &f64| !value.is_nan();
        let first = scaled.values.iter().position(present).unwrap_or(0);
        let last = scaled.values.iter().rposition(present).unwrap_or(0);
        if first == last {
            scaled.warn(
                "no-drift",
                "one value has no drift: the naive method instead",
            );
            return Ok(Box::new(Walk::new(scaled, 1, None, "naive".into())));
        }
        let elapsed = (last - first) as f64;
        let slope = (scaled.values[last] - scaled.values[first]) / elapsed;
        let slope = Slope {
            value: slope,
            elapsed,
        };
        let name = "random walk with drift".into();
        Ok(Box::new(Walk::new(scaled, 1, Some(slope), name)))
    }
}

/// The estimated drift.
#[derive(Debug, Clone, Copy)]
struct Slope {
    /// A step's change.
    value: f64,
    /// The steps that it was estimated from: its variance is σ² by this.
    elapsed: f64,
}

/// Repeats the last value of a history that another method cannot be fitted to.
pub(super) fn fallback(mut scaled: Scaled) -> Box<dyn Fitted> {
    if scaled.is_constant() {
        let message = "the history never changes: its last value is repeated, without an interval";
        scaled.warn("constant-history", message);
    } else {
        let message = format!(
            "{} values are too few for this method: the naive method instead",
            scaled.observed
        );
        scaled.warn("too-short", message);
    }
    Box::new(Walk::new(scaled, 1, None, "naive".into()))
}

/// A random walk, or one for each place in the season.
#[derive(Debug)]
struct Walk {
    name: String,
    unit: f64,
    /// For each of the next steps of one season: the value to go on from, and its age in seasons.
    last: Vec<(f64, f64)>,
    slope: Option<Slope>,
    /// The errors' standard deviation in units.
    sigma: f64,
    fitted: Vec<f64>,
    warnings: Vec<Warning>,
}

impl Walk {
    fn new(mut scaled: Scaled, period: usize, slope: Option<Slope>, name: String) -> Self {
        let values = &scaled.values;
        let drift = slope.map_or(0.0, |slope| slope.value);
        let mut latest: Vec<Option<(f64, usize)>> = vec![None; period];
        let (mut squares, mut errors) = (0.0, 0_usize);
        let mut fitted = Vec::with_capacity(values.len());
        for (t, &value) in values.iter().enumerate() {
            let place = &mut latest[t % period];
            let forecast = place.map(|(before, at)| {
                let gap = ((t - at) / period) as f64;
                (before + gap * drift, gap)
            });
            fitted.push(forecast.map_or(f64::NAN, |(mean, _)| mean));
            if !value.is_nan() {
                if let Some((mean, gap)) = forecast {
                    squares += (value - mean) * (value - mean) / gap;
                    errors += 1;
                }
                *place = Some((value, t));
            }
        }
        let newest = latest.iter().flatten().max_by_key(|(_, at)| *at).copied();
        let (end, mut without) = (values.len(), 0);
        let last = (end..end + period).map(|t| {
            let (value, at) = latest[t % period].unwrap_or_else(|| {
                without += 1;
                newest.unwrap_or_default()
            });
            (value, ((t - at).div_ceil(period) - 1) as f64)
        });
        let last = last.collect();
        if without > 0 {
            scaled.warn(
                "season-incomplete",
                format!("{without} places of the season have no value: the last value stands in"),
            );
        }
        let freedom = errors.saturating_sub(usize::from(slope.is_some()));
        let sigma = if freedom > 0 {
            (squares / freedom as f64).sqrt()
        } else {
            scaled.warn(
                "no-error-variance",
                "too few values to estimate an error: the interval has no width",
            );
            0.0
        };
        Self {
            name,
            unit: scaled.unit,
            last,
            slope,
            sigma,
            fitted: scaled.whole(fitted.into_iter()),
            warnings: scaled.warnings,
        }
    }

    /// Returns the value that step `h` (from 0) goes on from, and how many seasons ahead it is.
    fn origin(&self, h: usize) -> (f64, f64) {
        let (value, age) = self.last[h % self.last.len()];
        (value, (h / self.last.len()) as f64 + 1.0 + age)
    }
}

impl Fitted for Walk {
    fn description(&self) -> String {
        self.name.clone()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        usize::from(self.slope.is_some())
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        _future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        interval::check(levels)?;
        let (drift, elapsed) = self
            .slope
            .map_or((0.0, f64::INFINITY), |slope| (slope.value, slope.elapsed));
        let step = |h| {
            let (value, ahead) = self.origin(h);
            let spread = (ahead * (1.0 + ahead / elapsed)).sqrt();
            (
                (value + ahead * drift) * self.unit,
                self.sigma * spread * self.unit,
            )
        };
        let (mean, deviation): (Vec<f64>, Vec<f64>) = (0..horizon).map(step).unzip();
        Ok(Forecast {
            intervals: interval::normal(&mean, &deviation, levels),
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
            let drift = self.slope.map_or(0.0, |slope| {
                slope.value + self.sigma / slope.elapsed.sqrt() * generator.normal()
            });
            let mut path: Vec<f64> = Vec::with_capacity(horizon);
            for h in 0..horizon {
                let (before, ahead) = match h.checked_sub(self.last.len()) {
                    Some(before) => (path[before], 1.0),
                    None => self.origin(h),
                };
                path.push(before + ahead * drift + self.sigma * ahead.sqrt() * generator.normal());
            }
            path.iter_mut().for_each(|value| *value *= self.unit);
            path
        };
        Ok((0..paths).map(path).collect())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        let drift = self.slope.map(|slope| {
            let error = self.sigma / slope.elapsed.sqrt() * self.unit;
            let known = if self.sigma > 0.0 { error } else { f64::NAN };
            Coefficient::new("drift", slope.value * self.unit, known)
        });
        let deviation = self.sigma * self.unit;
        let variance = Coefficient::new("sigma2", deviation * deviation, f64::NAN);
        Details {
            coefficients: drift.into_iter().chain([variance]).collect(),
            ..Details::default()
        }
    }
}

#[cfg(test)]
mod tests;
