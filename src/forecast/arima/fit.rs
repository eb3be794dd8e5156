//! Maximum likelihood.

use super::difference::Differenced;
use super::estimate::Estimate;
use super::innovations::{MOST_TAPE, Purpose};
use super::likelihood::{Likelihood, Method, Workspace};
use super::order::Order;
use super::{parameters, start};
use crate::forecast::FitError;
use crate::stats::optimise::{self, Limits, Minimum};

/// How exactly the maximum is searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// The most iterations.
    pub iterations: usize,
    /// The search ends when an iteration raises the log-likelihood by less than this.
    pub tolerance: f64,
    /// Whether to search from every start there is, and not from the best alone: with
    /// three coefficients and more there may be several maxima.
    pub every_start: bool,
}

impl Effort {
    /// For a model that is kept: eight digits.
    pub const FULL: Self = Self {
        iterations: 200,
        tolerance: 1e-8,
        every_start: true,
    };
    /// For a model that is compared with others.
    pub const SEARCH: Self = Self {
        iterations: 40,
        tolerance: 1e-4,
        every_start: false,
    };
}

/// Beyond this ratio of the process' variance to the innovations' the recursion's
/// rounding shows.
const NEAR_UNIT_ROOT: f64 = 1e6;
/// The innovations' variance cannot fall below 1.
const LOST: f64 = 1.0 - 1e-9;

/// A partial autocorrelation of 0.995.
const FARTHEST_START: f64 = 3.0;
/// From one partial autocorrelation to another: farther out all of them are near ±1.
const LONGEST_STEP: f64 = 1.0;

/// Maximises the likelihood of an order on differenced values.
///
/// `start` holds ARMA coefficients to begin with (see
/// [`carry`](super::carry)); without it they are estimated by regression. The cost is
/// that of the filter, as the workspace keeps all vectors.
pub fn fit_with(
    workspace: &mut Workspace,
    data: &Differenced,
    order: Order,
    start: Option<&[f64]>,
    effort: Effort,
) -> Result<Estimate, FitError> {
    order
        .check()
        .map_err(|e| FitError::Specification(e.to_string()))?;
    if !data.suits(&order) {
        return Err(FitError::Specification(format!(
            "{order}: the values were differenced otherwise"
        )));
    }
    let count = order.coefficients();
    let parameters = count + data.regression_coefficients();
    let needed = order.lost() + parameters + 2;
    let present = data.levels.len() - data.missing;
    if present < needed {
        return Err(FitError::TooShort { present, needed });
    }
    if !data.varies() {
        return Err(FitError::NotConverged(
            "nothing is left that varies after differencing and regression".into(),
        ));
    }
    workspace.prepare(&order);
    let method = data.method(&order);
    let n = data.observations() as f64;
    let limits = Limits {
        iterations: effort.iterations,
        evaluations: 100 * (effort.iterations + 10),
        gradient: ((effort.tolerance / n).sqrt() * 1e-2).max(1e-9),
        value: (effort.tolerance / n).max(1e-13),
        step: LONGEST_STEP,
    };
    let ascent = Ascent {
        data,
        order,
        method,
        limits,
        every_start: effort.every_start && count > 2,
    };
    let (found, evaluations) = if data.is_large() {
        ascent.in_turn(workspace, start)
    } else {
        ascent.joint(workspace, start)
    }
    .ok_or_else(lost)?;
    let mut coefficients = vec![0.0; count];
    parameters::coefficients(&order, &found.point, &mut coefficients);
    let (likelihood, method) = settle_on(workspace, data, &coefficients, method)?;
    let estimated = &workspace.regression.coefficients;
    let first = estimated.len() - data.regression_coefficients();
    let regression = data.unscaled(&estimated[first..]);
    Ok(Estimate {
        order,
        coefficients,
        regression,
        log_likelihood: likelihood.logarithm(),
        variance: likelihood.sum / likelihood.observations,
        observations: likelihood.observations as usize,
        parameters,
        evaluations,
        converged: found.converged(),
        filtered: method == Method::Filter,
    })
}

/// A search for the maximum.
#[derive(Clone, Copy)]
struct Ascent<'a> {
    data: &'a Differenced,
    order: Order,
    method: Method,
    limits: Limits,
    every_start: bool,
}

/// The most starts searched from, and the most turns.
const MOST_STARTS: usize = 2;
const MOST_TURNS: usize = 12;

impl Ascent<'_> {
    /// Over the errors' coefficients with the regression concentrated out. Returns the
    /// number of evaluations too.
    fn joint(&self, workspace: &mut Workspace, start: Option<&[f64]>) -> Option<(Minimum, usize)> {
        let starts = self.starts(workspace, start);
        let mut evaluations = starts.len();
        let mut best: Option<Minimum> = None;
        let most = if self.every_start { MOST_STARTS } else { 1 };
        for point in starts.iter().take(most) {
            let found = self.search(workspace, point);
            evaluations += found.evaluations;
            if best.as_ref().is_none_or(|b| found.value < b.value) {
                best = Some(found);
            }
        }
        best.map(|best| (best, evaluations))
    }

    /// In turn over the errors' coefficients, the regression held, and over the
    /// regression, those held, which comes to the same maximum: the two are asymptotically
    /// independent. The columns are filtered once a turn.
    fn in_turn(
        &self,
        workspace: &mut Workspace,
        start: Option<&[f64]>,
    ) -> Option<(Minimum, usize)> {
        let mut rest = self.data.less(&self.data.least_squares);
        let (mut found, mut evaluations) = Ascent {
            data: &rest,
            ..*self
        }
        .joint(workspace, start)?;
        let mut coefficients = vec![0.0; self.order.coefficients()];
        let mut before = f64::INFINITY;
        for _ in 0..MOST_TURNS {
            parameters::coefficients(&self.order, &found.point, &mut coefficients);
            let (method, purpose) = (self.method, Purpose::Value);
            let all = workspace.evaluate(self.data, &coefficients, None, method, purpose)?;
            evaluations += 1;
            let gain = before - all.objective();
            before = all.objective();
            if gain <= self.limits.value {
                break;
            }
            let regression = &workspace.regression.coefficients;
            let first = regression.len() - self.data.regression_coefficients();
            rest = self.data.less(&regression[first..]);
            let again = Ascent {
                data: &rest,
                ..*self
            }
            .search(workspace, &found.point);
            evaluations += again.evaluations;
            found = again;
        }
        Some((found, evaluations))
    }

    /// The points to search from, the best first: the given coefficients, those estimated
    /// by regression, and zeros.
    fn starts(&self, workspace: &mut Workspace, given: Option<&[f64]>) -> Vec<Vec<f64>> {
        let (data, order) = (self.data, &self.order);
        let zeros = vec![0.0; order.coefficients()];
        let mut at = zeros.clone();
        let estimated = start::hannan_rissanen(order, &data.residuals, &data.shocks, data.long);
        let given = given.filter(|c| c.len() == zeros.len());
        let mut starts: Vec<(f64, Vec<f64>)> = Vec::with_capacity(3);
        for coefficients in [given, Some(&estimated), Some(&zeros)]
            .into_iter()
            .flatten()
        {
            let Some(mut point) = parameters::point(order, coefficients) else {
                continue;
            };
            // Farther out the likelihood is flat, and a search would not come back.
            for z in &mut point {
                *z = z.clamp(-FARTHEST_START, FARTHEST_START);
            }
            if starts.iter().any(|(_, known)| *known == point) {
                continue;
            }
            let (method, purpose) = (self.method, Purpose::Value);
            parameters::coefficients(order, &point, &mut at);
            let found = workspace.evaluate(data, &at, None, method, purpose);
            starts.push((found.map_or(f64::INFINITY, |l| l.objective()), point));
        }
        starts.sort_by(|a, b| a.0.total_cmp(&b.0));
        starts.into_iter().map(|(_, point)| point).collect()
    }

    fn search(&self, workspace: &mut Workspace, begin: &[f64]) -> Minimum {
        let (data, order, method) = (self.data, &self.order, self.method);
        let mut coefficients = vec![0.0; begin.len()];
        let short = workspace.state_order().saturating_mul(data.values.len()) <= MOST_TAPE;
        if method == Method::Recursion && data.missing == 0 && short {
            parameters::coefficients(order, begin, &mut coefficients);
            let curvature = start::curvature(order, begin, &coefficients, &data.residuals);
            let objective = |point: &[f64], gradient: &mut [f64]| {
                parameters::coefficients(order, point, &mut coefficients);
                let purpose = Purpose::Gradient;
                let found = workspace.evaluate(data, &coefficients, None, method, purpose);
                let Some(found) = found else {
                    gradient.fill(f64::NAN);
                    return f64::INFINITY;
                };
                workspace.gradient(data, &found, &coefficients, gradient);
                parameters::pull_back(order, point, &coefficients, gradient);
                found.objective()
            };
            optimise::bfgs_with_hessian(objective, begin, &curvature, &self.limits)
        } else {
            let objective = |point: &[f64]| {
                parameters::coefficients(order, point, &mut coefficients);
                let purpose = Purpose::Value;
                let found = workspace.evaluate(data, &coefficients, None, method, purpose);
                found.map_or(f64::INFINITY, |l| l.objective())
            };
            optimise::bfgs(objective, begin, &self.limits)
        }
    }
}

/// The likelihood at the end, by the filter where the recursion's is not exact.
fn settle_on(
    workspace: &mut Workspace,
    data: &Differenced,
    coefficients: &[f64],
    method: Method,
) -> Result<(Likelihood, Method), FitError> {
    let found = workspace.evaluate(data, coefficients, None, method, Purpose::Value);
    if method == Method::Recursion {
        let exact = workspace.autocovariance.gamma[0] < NEAR_UNIT_ROOT
            && workspace.recursion.variances.iter().all(|f| *f >= LOST);
        if !exact || found.is_none() {
            let method = Method::Filter;
            let filtered = workspace.evaluate(data, coefficients, None, method, Purpose::Value);
            return filtered.map(|l| (l, method)).ok_or_else(lost);
        }
    }
    found.map(|l| (l, method)).ok_or_else(lost)
}

fn lost() -> FitError {
    FitError::NotConverged("the likelihood is not finite".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Generator;

    fn ascent<'a>(data: &'a Differenced, order: Order) -> Ascent<'a> {
        Ascent {
            data,
            order,
            method: data.method(&order),
            limits: Limits {
                gradient: 1e-9,
                value: 1e-13,
                ..Limits::default()
            },
            every_start: false,
        }
    }

    #[test]
    fn both_ascents_reach_the_same_maximum() {
        let mut random = Generator::new(11);
        let mut columns: Vec<Vec<f64>> = (1..4)
            .map(|k| (0..400).map(|t| (f64::from(k * t) * 0.1).sin()).collect())
            .collect();
        columns.push((0..400).map(|t| f64::from(u8::from(t > 250))).collect());
        let mut level = 0.0;
        let mut values: Vec<f64> = (0..400)
            .map(|t| {
                level = 0.8 * level + random.normal();
                level + 3.0 * columns[0][t] - 2.0 * columns[3][t]
            })
            .collect();
        for gaps in [false, true] {
            if gaps {
                values[7] = f64::NAN;
                values[200] = f64::NAN;
            }
            let order = Order::new(1, 0, 1);
            let data = Differenced::new(&values, &columns, &order, true).unwrap();
            let mut workspace = Workspace::new();
            workspace.prepare(&order);
            let ascent = ascent(&data, order);
            let (joint, _) = ascent.joint(&mut workspace, None).unwrap();
            let (in_turn, _) = ascent.in_turn(&mut workspace, None).unwrap();
            for (a, b) in joint.point.iter().zip(&in_turn.point) {
                assert!((a - b).abs() < 1e-4, "{joint:?} {in_turn:?}");
            }
        }
    }

    #[test]
    fn warm_starts_reach_the_same_maximum_sooner() {
        let mut random = Generator::new(2);
        let mut level = 0.0;
        let values: Vec<f64> = (0..300)
            .map(|_| {
                level = 0.7 * level + random.normal();
                level
            })
            .collect();
        let order = Order::new(2, 0, 1);
        let data = Differenced::new(&values, &[], &order, true).unwrap();
        let mut workspace = Workspace::new();
        let cold = fit_with(&mut workspace, &data, order, None, Effort::FULL).unwrap();
        let start = Some(cold.coefficients.as_slice());
        let warm = fit_with(&mut workspace, &data, order, start, Effort::SEARCH).unwrap();
        assert!((cold.log_likelihood - warm.log_likelihood).abs() < 1e-6);
        assert!(warm.evaluations < 10, "{warm:?}");
        let other = Order::new(2, 1, 1);
        assert!(fit_with(&mut workspace, &data, other, None, Effort::FULL).is_err());
    }
}
