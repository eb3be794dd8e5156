//! An ensemble: several methods, weighed by what their forecasts were worth at earlier origins.
//!
//! Combinations beat their members (J. M. Bates and C. W. J. Granger, "The combination of
//! forecasts", Operational Research Quarterly 20 (1969); S. Makridakis, E. Spiliotis and V.
//! Assimakopoulos, "The M4 Competition", IJF 36 (2020); F. Petropoulos and I. Svetunkov, "A simple
//! combination of univariate models", IJF 36 (2020)). The members are the seasonal naive method for each
//! season, naive, mean, theta, autoregressions on lags about all seasons in levels and in
//! differences, exponential smoothing and automatic ARIMA with the shortest season (without it where it
//! is longer than 30 steps). Each is fitted to the whole history and then, with what it chose
//! kept, at up to ten earlier origins half a horizon apart.
//!
//! Weights are proportional to the inverse mean absolute errors there, raised to a power that grows
//! from 1, where the origins span few horizons and errors tell little, to 4. That, the members
//! and the power were chosen by errors at origins before the end of the training sets: on M4 Hourly
//! and Weekly powers of 4 beat equal weights by 30 and 7 %, on M3 Monthly a power of 1
//! beats 4 by 1 %; without the plain rules among the members the errors are 1 to 3 % larger on M3
//! Monthly, M4 Hourly and Weekly, and 0.6 % smaller on M4 Daily. Weighted medians were no better.
//!
//! The seasonal naive method (without a season, naive) is the floor: a warning says where it alone had
//! the smaller error at earlier origins. Intervals are calibrated, see
//! [`calibration`](super::calibration). With outside variables the members that cannot have any are
//! left out, except the floor. Members beyond the [`Budget`] are left out by estimated cost, the
//! dearest first. What is left out is said in warnings.

mod budget;
mod combination;
mod fitted;
mod member;
mod warm;
mod weights;

pub use budget::Budget;

use self::combination::{Combination, Part};
use self::fitted::FittedEnsemble;
use self::member::{Member, Shape};
use super::calibration::{Bounds, Calibration, Origins, Rolled, usual_horizon};
use super::{FitError, Fitted, History, Model};
use crate::model::Warning;

/// Fewer values than this are forecast by the naive method.
const FEWEST: usize = 5;

/// A weighted mean of several methods, with calibrated intervals.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ensemble {
    /// How many steps will be forecast: members are weighed and intervals calibrated for these. By
    /// default two of the shortest season, at least 12.
    pub horizon: Option<usize>,
    /// What it may cost.
    pub budget: Budget,
    /// Where values can be; by default guessed from the history.
    pub bounds: Option<Bounds>,
}

impl Model for Ensemble {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        crate::forecast::model::auto_arima::check(history)?;
        let cleaned: Vec<f64>;
        let mut history = *history;
        if history.values.iter().any(|value| value.is_infinite()) {
            let finite = |value: &f64| if value.is_finite() { *value } else { f64::NAN };
            cleaned = history.values.iter().map(finite).collect();
            history.values = &cleaned;
        }
        let observed = history.values.iter().filter(|v| !v.is_nan()).count();
        if observed == 0 {
            return Err(FitError::TooShort {
                present: 0,
                needed: 1,
            });
        }
        let mut warnings = Vec::new();
        let periods = usable(history.periods, observed, &mut warnings);
        let history = &History {
            periods: &periods,
            ..history
        };
        let horizon = usual_horizon(self.horizon, &periods);
        let length = history.values.len();
        let origins = Origins::of(length, &periods, horizon);
        let shape = Shape {
            values: length,
            missing: observed < length,
            regressors: history.regressors.len(),
        };
        let mut members = candidates(history, observed, &mut warnings);
        warnings.extend(self.budget.keep(&mut members, shape, origins.at.len()));
        let bounds = self.bounds.unwrap_or_else(|| Bounds::of(history.values));
        let limits = Limits::of(history.values);
        let mut parts: Vec<Part> = Vec::with_capacity(members.len());
        for member in members {
            let name = member.name();
            match member.fit(history) {
                Ok((fitted, kept)) => {
                    let mut part = Part::new(member, fitted);
                    part.roll(kept.as_ref(), history, &origins, horizon, limits);
                    parts.push(part);
                }
                Err(error) => warnings.push(Warning::new(
                    "member-failed",
                    format!("{name} could not be fitted: {error}"),
                )),
            }
        }
        if parts.is_empty() {
            return Err(FitError::NotConverged("no member could be fitted".into()));
        }
        let combination = Combination::new(parts, history, &origins, horizon, limits);
        let rolled = combination.rolled(history, &origins);
        warnings.extend(combination.judge(&rolled));
        let calibration = Calibration::of(&rolled, origins.step, horizon, bounds);
        warnings.extend(calibration.warning());
        Ok(Box::new(FittedEnsemble::new(
            combination,
            calibration,
            history,
            warnings,
        )))
    }
}

/// How far a forecast may lie from what there was, and how small a deviation may be.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Limits {
    lower: f64,
    upper: f64,
    least_spread: f64,
}

/// So many ranges beyond the least and the greatest value a forecast has exploded.
const EXPLODED: f64 = 5.0;

/// A deviation smaller than this share of the range is none.
const LEAST_SPREAD: f64 = 1e-6;

impl Limits {
    fn of(values: &[f64]) -> Self {
        let present = || values.iter().copied().filter(|value| !value.is_nan());
        let least = present().fold(f64::INFINITY, f64::min);
        let most = present().fold(f64::NEG_INFINITY, f64::max);
        // Halves, so that huge values do not overflow.
        let range = (most / 2.0 - least / 2.0).min(f64::MAX / 20.0) * 2.0;
        Self {
            lower: least - EXPLODED * range,
            upper: most + EXPLODED * range,
            least_spread: range * LEAST_SPREAD,
        }
    }

    fn admit(&self, mean: &[f64]) -> bool {
        mean.iter().all(|m| (self.lower..=self.upper).contains(m))
    }
}

/// The periods that the history has two cycles of, ascending.
fn usable(periods: &[f64], observed: usize, warnings: &mut Vec<Warning>) -> Vec<f64> {
    let mut usable: Vec<f64> = Vec::with_capacity(periods.len());
    for &period in periods {
        if !(period >= 2.0 && period.is_finite()) || usable.contains(&period) {
            continue;
        }
        let cycles = observed as f64 / period;
        if cycles < 2.0 {
            warnings.push(Warning::new(
                "too-short-for-season",
                format!("only {cycles:.1} cycles of the season of {period} steps: it is left out"),
            ));
        } else {
            usable.push(period);
        }
    }
    usable.sort_by(f64::total_cmp);
    usable
}

/// The members that can forecast this history.
fn candidates(history: &History<'_>, observed: usize, warnings: &mut Vec<Warning>) -> Vec<Member> {
    let mut present = history.values.iter().filter(|value| !value.is_nan());
    let first = present.next();
    if observed < FEWEST || present.all(|value| Some(value) == first) {
        warnings.push(if observed < FEWEST {
            Warning::new(
                "too-short",
                format!("{observed} values are too few to choose by: the naive method instead"),
            )
        } else {
            Warning::new(
                "constant-history",
                "the history never changes: its last value is repeated",
            )
        });
        let mut all = Member::all(&[]);
        all.truncate(1);
        return all;
    }
    let mut members = Member::all(history.periods);
    if !history.regressors.is_empty() {
        let without = members.iter().skip(1).filter(|m| !m.has_regressors());
        let without: Vec<String> = without.map(Member::name).collect();
        warnings.push(Warning::new(
            "members-without-regressors",
            format!(
                "{} cannot have outside variables and are left out",
                without.join(", ")
            ),
        ));
        let floor = members.first().cloned();
        members.retain(|m| m.has_regressors() || Some(m) == floor.as_ref());
    }
    members
}

#[cfg(test)]
mod metrics;
#[cfg(test)]
mod tests;
