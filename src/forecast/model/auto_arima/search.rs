//! The search for the order with the least AICc.

use super::candidate::{Candidate, Outcome, Specification};
use super::differencing::differences;
use super::{MOST_COEFFICIENTS, MOST_SEASONAL_COEFFICIENTS, MOST_TOGETHER};
use crate::forecast::Fitted;
use crate::forecast::arima::{
    ArimaFit, Differenced, Effort, Estimate, Order, Workspace, carry, finish, fit_with,
};
use crate::forecast::model::history::Scaled;

/// All roots must be at least this far from zero.
const NEAREST_ROOT: f64 = 1.001;

/// Up to so many values times the season, candidates are fitted to values with gaps.
const MOST_WITH_GAPS: usize = 4_000;

/// The most candidates of a stepwise search.
const MOST_CANDIDATES: usize = 100;

/// What a search found.
pub(super) struct Found {
    /// The winner in the units of the scaled values; none where nothing could be fitted.
    pub(super) arima: Option<ArimaFit>,
    pub(super) trace: Vec<Candidate>,
    /// Whether gaps were filled for the search.
    pub(super) filled: bool,
}

/// Searches for a model of a history that varies.
pub(super) fn search(
    scaled: &Scaled,
    period: usize,
    regressors: &[Vec<f64>],
    exhaustive: bool,
) -> Found {
    let base = differences(&scaled.values, period, regressors);
    let values = &scaled.values;
    let gaps = scaled.observed < values.len();
    let filled = if gaps && values.len() * period > MOST_WITH_GAPS {
        filled(values, regressors, base)
    } else {
        None
    };
    let mut search = Search::new(filled.as_deref().unwrap_or(values), regressors, base);
    search.per_observation = 2.0 * scaled.unit.ln();
    if exhaustive {
        search.exhaustive();
    } else {
        search.stepwise();
    }
    if filled.is_some() {
        search.data = differenced(values, regressors, base);
    }
    Found {
        arima: search.winner(),
        filled: filled.is_some(),
        trace: search.trace,
    }
}

/// Fills gaps by the forecasts of a small model, as it has them from the values before.
///
/// With a long season a likelihood with gaps costs a hundred times one without.
fn filled(values: &[f64], regressors: &[Vec<f64>], base: Order) -> Option<Vec<f64>> {
    let order = Order {
        ar: 1,
        ma: 1,
        seasonal_ar: 1 - base.seasonal_differences,
        seasonal_ma: base.seasonal_differences,
        ..base
    };
    let data = differenced(values, regressors, base);
    let data = data.iter().flatten().last()?;
    let mut workspace = Workspace::new();
    let estimate = fit_with(&mut workspace, data, order, None, Effort::SEARCH).ok()?;
    let arima = finish(&mut workspace, data, estimate).ok()?;
    let pairs = values.iter().zip(arima.fitted());
    let fill = |(value, forecast): (&f64, &f64)| if value.is_nan() { *forecast } else { *value };
    Some(pairs.map(fill).collect())
}

/// The values differenced, without and, where it is allowed, with a constant.
fn differenced(values: &[f64], regressors: &[Vec<f64>], base: Order) -> [Option<Differenced>; 2] {
    let constant = base.differences + base.seasonal_differences <= 1;
    let data = |constant| Differenced::new(values, regressors, &base, constant).ok();
    [data(false), constant.then(|| data(true)).flatten()]
}

struct Search {
    base: Order,
    /// The values differenced, without and with a constant.
    data: [Option<Differenced>; 2],
    /// The most non-seasonal and seasonal coefficients of a kind.
    most: (usize, usize),
    /// What AICc differs by in the values' own unit, an observation.
    per_observation: f64,
    workspace: Workspace,
    trace: Vec<Candidate>,
    /// Those that were accepted.
    accepted: Vec<(Specification, Estimate)>,
    /// Which of them has the least AICc.
    best: Option<usize>,
}

impl Search {
    fn new(values: &[f64], regressors: &[Vec<f64>], base: Order) -> Self {
        let third = values.iter().filter(|value| !value.is_nan()).count() / 3;
        Self {
            base,
            data: differenced(values, regressors, base),
            most: (
                MOST_COEFFICIENTS.min(third),
                MOST_SEASONAL_COEFFICIENTS.min(third.checked_div(base.period).unwrap_or(0)),
            ),
            per_observation: 0.0,
            workspace: Workspace::new(),
            trace: Vec::new(),
            accepted: Vec::new(),
            best: None,
        }
    }

    /// The specification with these coefficients, where it is allowed.
    fn specification(&self, coefficients: [usize; 4], constant: bool) -> Option<Specification> {
        let [ar, ma, seasonal_ar, seasonal_ma] = coefficients;
        let allowed = ar.max(ma) <= self.most.0
            && seasonal_ar.max(seasonal_ma) <= self.most.1
            && self.data[usize::from(constant)].is_some();
        let order = Order {
            ar,
            ma,
            seasonal_ar,
            seasonal_ma,
            ..self.base
        };
        allowed.then_some(Specification { order, constant })
    }

    /// Fits a candidate that was not tried before. True where it is the best so far.
    fn attempt(&mut self, specification: Specification) -> bool {
        let known = |c: &Candidate| c.specification == specification;
        if self.trace.iter().any(known) {
            return false;
        }
        let Specification { order, constant } = specification;
        let Some(data) = &self.data[usize::from(constant)] else {
            return false;
        };
        let best = self.best.map(|i| &self.accepted[i].1);
        let start = best.map(|best| carry(&best.order, &best.coefficients, &order));
        let effort = Effort::SEARCH;
        let fitted = fit_with(&mut self.workspace, data, order, start.as_deref(), effort);
        let least = best.map_or(f64::INFINITY, Estimate::aicc);
        let estimate = fitted.ok().filter(|e| e.aicc().is_finite());
        let outcome = match &estimate {
            None => Outcome::Failed,
            Some(estimate) => {
                let shift = self.per_observation * estimate.observations as f64;
                let aicc = estimate.aicc() + shift;
                if is_safe(estimate) {
                    Outcome::Fitted(aicc)
                } else {
                    Outcome::NearUnitRoot(aicc)
                }
            }
        };
        self.trace.push(Candidate {
            specification,
            outcome,
        });
        let (Some(estimate), Outcome::Fitted(_)) = (estimate, outcome) else {
            return false;
        };
        let better = estimate.aicc() < least;
        if better {
            self.best = Some(self.accepted.len());
        }
        self.accepted.push((specification, estimate));
        better
    }

    /// The four models that the search begins with, and the simplest without a constant.
    fn stepwise(&mut self) {
        let (plain, seasonal) = self.most;
        let constant = self.data[1].is_some();
        let at_most = |[p, q, sp, sq]: [usize; 4]| {
            [
                p.min(plain),
                q.min(plain),
                sp.min(seasonal),
                sq.min(seasonal),
            ]
        };
        for begin in [[2, 2, 1, 1], [0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]] {
            if let Some(specification) = self.specification(at_most(begin), constant) {
                self.attempt(specification);
            }
        }
        if let Some(specification) = self.specification([0; 4], false) {
            self.attempt(specification);
        }
        while self.trace.len() < MOST_CANDIDATES && self.step() {}
    }

    /// Goes over to the first neighbour of the best that is better.
    fn step(&mut self) -> bool {
        let Some(best) = self.best else {
            return false;
        };
        let Specification { order, constant } = self.accepted[best].0;
        let at = [order.ar, order.ma, order.seasonal_ar, order.seasonal_ma];
        for change in NEIGHBOURS {
            let mut coefficients = at;
            let moved = coefficients.iter_mut().zip(change).all(|(count, change)| {
                let next = count.checked_add_signed(change);
                next.map(|next| *count = next).is_some()
            });
            let specification = moved.then(|| self.specification(coefficients, constant));
            let specification = specification.flatten();
            if specification.is_some_and(|specification| self.attempt(specification)) {
                return true;
            }
        }
        self.specification(at, !constant)
            .is_some_and(|other| self.attempt(other))
    }

    /// Every order with few enough coefficients, those with the fewest first.
    fn exhaustive(&mut self) {
        let (plain, seasonal) = self.most;
        for together in 0..=MOST_TOGETHER {
            for sp in 0..=seasonal.min(together) {
                for sq in 0..=seasonal.min(together - sp) {
                    for p in 0..=plain.min(together - sp - sq) {
                        let q = together - sp - sq - p;
                        for constant in [true, false] {
                            let specification = self.specification([p, q, sp, sq], constant);
                            if let Some(specification) = specification {
                                self.attempt(specification);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Writes into the trace that a candidate was near a unit root after all.
    fn reject(&mut self, order: Order, constant: bool, full: &Estimate) {
        let specification = Specification { order, constant };
        let shift = self.per_observation * full.observations as f64;
        let mut trace = self.trace.iter_mut();
        if let Some(candidate) = trace.find(|c| c.specification == specification) {
            candidate.outcome = Outcome::NearUnitRoot(full.aicc() + shift);
        }
    }

    /// Fits the best with all digits; the next best where that turns out near a unit root.
    fn winner(&mut self) -> Option<ArimaFit> {
        let mut accepted = std::mem::take(&mut self.accepted);
        accepted.sort_by(|(_, a), (_, b)| a.aicc().total_cmp(&b.aicc()));
        for (Specification { order, constant }, estimate) in accepted {
            let Some(data) = &self.data[usize::from(constant)] else {
                continue;
            };
            let start = Some(estimate.coefficients.as_slice());
            let fitted = fit_with(&mut self.workspace, data, order, start, Effort::FULL);
            let Ok(full) = fitted else {
                continue;
            };
            if !is_safe(&full) {
                self.reject(order, constant, &full);
                continue;
            }
            if let Ok(arima) = finish(&mut self.workspace, data, full) {
                return Some(arima);
            }
        }
        None
    }
}

/// One count up or down, both non-seasonal or both seasonal ones, or one of them at the
/// other's cost: p, q, P, Q.
const NEIGHBOURS: [[isize; 4]; 16] = [
    [0, 0, -1, 0],
    [0, 0, 0, -1],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0, 0, -1, -1],
    [0, 0, 1, 1],
    [-1, 0, 0, 0],
    [0, -1, 0, 0],
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [-1, -1, 0, 0],
    [1, 1, 0, 0],
    [1, -1, 0, 0],
    [-1, 1, 0, 0],
    [0, 0, 1, -1],
    [0, 0, -1, 1],
];

fn is_safe(estimate: &Estimate) -> bool {
    estimate.roots_are_beyond(NEAREST_ROOT)
}
