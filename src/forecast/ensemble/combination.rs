//! Members with their weights.

use super::member::Member;
use super::weights::weights;
use super::{Limits, Origins, Rolled};
use crate::forecast::calibration::{ONE_DEVIATION, deviations};
use crate::forecast::{FitError, Fitted, History, Model};
use crate::model::Warning;

/// A member that failed at more than this share of the origins is not weighed.
const MOST_FAILURES: f64 = 0.4;

/// How much an origin counts against the next newer one in a member's error.
const FADING: f64 = 0.93;

/// A forecast's mean and, where it costs nothing, its deviation.
#[derive(Debug, Clone)]
struct Steps {
    mean: Vec<f64>,
    spread: Option<Vec<f64>>,
}

/// A member with its fit.
#[derive(Debug)]
pub(super) struct Part {
    member: Member,
    name: String,
    pub(super) fitted: Box<dyn Fitted>,
    /// The forecasts from earlier origins; none where it failed.
    rolled: Vec<Option<Steps>>,
    /// Its mean absolute error there; NaN for none.
    pub(super) error: f64,
    pub(super) weight: f64,
}

/// Forecasts of a fitted model, unless they make no sense.
fn steps(
    fitted: &dyn Fitted,
    spread: bool,
    horizon: usize,
    future: &[Vec<f64>],
    limits: Limits,
) -> Result<Steps, FitError> {
    let levels: &[f64] = if spread { &[ONE_DEVIATION] } else { &[] };
    let forecast = fitted.forecast(horizon, levels, future)?;
    if !limits.admit(&forecast.mean) {
        return Err(FitError::NotConverged("the forecast explodes".into()));
    }
    let spread = (!levels.is_empty()).then(|| deviations(&forecast));
    Ok(Steps {
        mean: forecast.mean,
        spread: spread.filter(|spread| spread.iter().all(|s| s.is_finite())),
    })
}

impl Part {
    pub(super) fn new(member: Member, fitted: Box<dyn Fitted>) -> Self {
        Self {
            name: member.name(),
            member,
            fitted,
            rolled: Vec::new(),
            error: f64::NAN,
            weight: 0.0,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The future that the member is given.
    fn future<'a>(&self, future: &'a [Vec<f64>]) -> &'a [Vec<f64>] {
        if self.member.has_regressors() {
            future
        } else {
            &[]
        }
    }

    /// Forecasts from earlier origins.
    pub(super) fn roll(
        &mut self,
        kept: &dyn Model,
        history: &History<'_>,
        origins: &Origins,
        horizon: usize,
        limits: Limits,
    ) {
        let columns = |from: usize, to: usize| -> Vec<Vec<f64>> {
            let regressors: &[Vec<f64>] = if self.member.has_regressors() {
                history.regressors
            } else {
                &[]
            };
            regressors.iter().map(|c| c[from..to].to_vec()).collect()
        };
        let from = |origin: &usize| {
            let before = History {
                values: &history.values[..*origin],
                periods: &self.member.periods,
                regressors: &columns(0, *origin),
            };
            let known = horizon.min(history.values.len() - origin);
            let future = columns(*origin, origin + known);
            let fitted = kept.fit(&before).ok()?;
            let spread = self.member.has_spread();
            steps(fitted.as_ref(), spread, known, &future, limits).ok()
        };
        self.rolled = origins.at.iter().map(from).collect();
    }
}

/// Members with their weights.
#[derive(Debug)]
pub(super) struct Combination {
    pub(super) parts: Vec<Part>,
    limits: Limits,
}

impl Combination {
    /// Weighs members by their errors at earlier origins.
    pub(super) fn new(
        mut parts: Vec<Part>,
        history: &History<'_>,
        origins: &Origins,
        horizon: usize,
        limits: Limits,
    ) -> Self {
        // Σ|error| and the number of errors, of each member at each origin.
        let totals: Vec<Vec<Option<(f64, f64)>>> = parts
            .iter()
            .map(|part| {
                let rolled = part.rolled.iter().zip(&origins.at);
                let total = |(steps, origin): (&Option<Steps>, &usize)| {
                    let steps = steps.as_ref()?;
                    let pairs = steps.mean.iter().zip(&history.values[*origin..]);
                    let pairs = pairs.filter(|(_, actual)| !actual.is_nan());
                    let errors = pairs.map(|(mean, actual)| (actual - mean).abs());
                    Some(errors.fold((0.0, 0.0), |(sum, n), e| (sum + e, n + 1.0)))
                };
                rolled.map(total).collect()
            })
            .collect();
        let count = origins.at.len();
        let mean = |totals: &[Option<(f64, f64)>], admit: &dyn Fn(usize) -> bool| {
            let (mut sum, mut weight) = (0.0, 0.0);
            for (i, total) in totals.iter().enumerate() {
                let fading = FADING.powi((count - 1 - i) as i32);
                if let Some((errors, n)) = total.filter(|_| admit(i)) {
                    sum += fading * errors;
                    weight += fading * n;
                }
            }
            sum / weight
        };
        for (part, own) in parts.iter_mut().zip(&totals) {
            let failures = own.iter().filter(|total| total.is_none()).count();
            if failures as f64 > MOST_FAILURES * count as f64 {
                continue;
            }
            // Where it failed elsewhere, compared with the floor at the same origins.
            let floor = mean(&totals[0], &|i| own[i].is_some());
            part.error = mean(own, &|_| true) / floor * mean(&totals[0], &|_| true);
            if failures == 0 || !part.error.is_finite() {
                part.error = mean(own, &|_| true);
            }
        }
        let errors: Vec<f64> = parts.iter().map(|part| part.error).collect();
        for (part, weight) in parts
            .iter_mut()
            .zip(weights(&errors, origins.horizons(horizon)))
        {
            part.weight = weight;
        }
        Self { parts, limits }
    }

    /// What the combination would have forecast from earlier origins.
    pub(super) fn rolled(&self, history: &History<'_>, origins: &Origins) -> Vec<Rolled> {
        let of_origin = |(i, origin): (usize, &usize)| {
            let parts = self.parts.iter();
            let parts = parts.filter_map(|part| Some((part.weight, part.rolled[i].as_ref()?)));
            let (mean, spread) = self.combine(parts.collect())?;
            let end = (origin + mean.len()).min(history.values.len());
            Some(Rolled {
                actual: history.values[*origin..end].to_vec(),
                mean,
                spread,
            })
        };
        origins
            .at
            .iter()
            .enumerate()
            .filter_map(of_origin)
            .collect()
    }

    /// The weighted mean, and the deviation: none where no member that counts can forecast.
    fn combine(&self, parts: Vec<(f64, &Steps)>) -> Option<(Vec<f64>, Vec<f64>)> {
        let horizon = parts.first()?.1.mean.len();
        let sum = |parts: &mut dyn Iterator<Item = (f64, &[f64])>| -> Option<Vec<f64>> {
            let mut sums = vec![0.0; horizon];
            let mut total = 0.0;
            for (weight, values) in parts.filter(|(weight, _)| *weight > 0.0) {
                total += weight;
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += weight * value;
                }
            }
            sums.iter_mut().for_each(|sum| *sum /= total);
            (total > 0.0).then_some(sums)
        };
        let mean = sum(&mut parts.iter().map(|(w, steps)| (*w, steps.mean.as_slice())))?;
        let spread = |least: f64| {
            let known = parts.iter();
            sum(&mut known.filter_map(|(w, steps)| Some((w.max(least), steps.spread.as_deref()?))))
        };
        // Where only members without a deviation count, the others' has to do.
        let mut spread = spread(0.0).or_else(|| spread(1.0))?;
        for s in &mut spread {
            *s = s.max(self.limits.least_spread).max(f64::MIN_POSITIVE);
        }
        Some((mean, spread))
    }

    /// The mean and the deviation of the next steps.
    pub(super) fn forecast(
        &self,
        horizon: usize,
        future: &[Vec<f64>],
    ) -> Result<(Vec<f64>, Vec<f64>), FitError> {
        let mut forecasts = Vec::with_capacity(self.parts.len());
        let mut failure = None;
        for part in self.parts.iter().filter(|part| part.weight > 0.0) {
            let (spread, future) = (part.member.has_spread(), part.future(future));
            match steps(part.fitted.as_ref(), spread, horizon, future, self.limits) {
                Ok(steps) => forecasts.push((part.weight, steps)),
                // The caller's mistake, not the member's.
                Err(error @ FitError::Regressors(_)) => return Err(error),
                Err(error) => failure = Some(error),
            }
        }
        let all_without = forecasts.iter().all(|(_, steps)| steps.spread.is_none());
        if let (true, Some(floor)) = (all_without, self.parts.first()) {
            let future = floor.future(future);
            let steps = steps(floor.fitted.as_ref(), true, horizon, future, self.limits);
            forecasts.extend(steps.ok().map(|steps| (0.0, steps)));
            if forecasts.iter().all(|(weight, _)| *weight == 0.0) {
                forecasts.iter_mut().for_each(|(weight, _)| *weight = 1.0);
            }
        }
        let borrowed = forecasts.iter().map(|(weight, steps)| (*weight, steps));
        self.combine(borrowed.collect()).ok_or_else(|| {
            failure.unwrap_or_else(|| FitError::NotConverged("no member forecasts".into()))
        })
    }

    /// Compares the combination with the floor, the first member, at earlier origins, and says where it
    /// was worse.
    pub(super) fn judge(&self, rolled: &[Rolled]) -> Option<Warning> {
        let floor = self.parts.first()?;
        let (mut sum, mut count) = (0.0, 0.0);
        for origin in rolled {
            for (mean, actual) in origin.mean.iter().zip(&origin.actual) {
                if !actual.is_nan() {
                    sum += (actual - mean).abs();
                    count += 1.0;
                }
            }
        }
        let own = sum / count;
        (own > floor.error && floor.weight < 1.0).then(|| Warning::new(
            "floor-was-better",
            format!(
                "from earlier origins {} alone had a mean absolute error of {:.4}, the ensemble of {own:.4}",
                floor.name, floor.error
            ),
        ))
    }

    /// Sample paths of the members, as many as their weights say, about the combination's mean.
    pub(super) fn simulate(
        &self,
        mean: &[f64],
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let mut drawn: Vec<Vec<f64>> = Vec::with_capacity(paths);
        let total: f64 = self.parts.iter().map(|part| part.weight).sum();
        let mut share = 0.0;
        for (i, part) in self.parts.iter().enumerate() {
            share += part.weight / total;
            let until = if i + 1 == self.parts.len() {
                paths
            } else {
                ((share * paths as f64).round() as usize).min(paths)
            };
            let count = until.saturating_sub(drawn.len());
            if count == 0 {
                continue;
            }
            let future = part.future(future);
            let horizon = mean.len();
            let own = part.fitted.forecast(horizon, &[], future)?;
            let seed = seed.wrapping_add(i as u64);
            let mut simulated = part.fitted.simulate(horizon, count, seed, future)?;
            for path in &mut simulated {
                for ((value, own), mean) in path.iter_mut().zip(&own.mean).zip(mean) {
                    *value += mean - own;
                }
            }
            drawn.append(&mut simulated);
        }
        Ok(drawn)
    }
}
