//! Maximum likelihood for one model of the taxonomy.
//!
//! Smoothing parameters and initial states are found jointly by BFGS with the exact gradient.
//! The parameters' bounds (Hyndman et al. 2008, chapter 2; 0.8 ≤ φ ≤ 0.98) are kept by the
//! logistic function; outside the admissible region the deviance counts as infinite. The last
//! seasonal state is what makes the season's sum 0, or m.

use super::admissible;
use super::criterion;
use super::initial;
use super::recursion::{self, Gradient, Smoothing, States, Step};
use super::specification::{ErrorType, Season, Specification, Trend};
use crate::stats::optimise::{self, Limits, Minimum};

/// The least α, β and γ, and how near α and α + γ come to 1.
const MARGIN: f64 = 1e-4;
const DAMPING: (f64, f64) = (0.8, 0.98);
/// From this many variables on the dense approximation of the Hessian costs more than it gains.
const DENSE: usize = 64;
/// How many iterations each start is given before the best goes on.
const SCREENING: usize = 12;

/// A model with its estimates, in the history's unit.
#[derive(Debug, Clone)]
pub(super) struct Estimate {
    pub(super) specification: Specification,
    pub(super) period: usize,
    pub(super) smoothing: Smoothing,
    /// The states before the first step.
    pub(super) initial: States,
    /// −2 ln L without constants.
    pub(super) deviance: f64,
    /// Σε²
    pub(super) squares: f64,
    /// The mean absolute error of forecasts up to a season ahead.
    pub(super) multi_step: f64,
}

/// A history as the objective sees it, with what is reused between evaluations.
pub(super) struct Problem<'a> {
    values: &'a [f64],
    specification: Specification,
    period: usize,
    /// The states from which, and the unit in which, the initial states are searched.
    origin: States,
    scale: f64,
    season_scale: f64,
    states: States,
    trace: Vec<Step>,
    gradient: Gradient,
    scratch: [Vec<f64>; 2],
}

impl<'a> Problem<'a> {
    /// Prepares a fit; `None` where the season has no indices.
    pub(super) fn new(
        values: &'a [f64],
        specification: Specification,
        period: usize,
    ) -> Option<Self> {
        let Specification { trend, season, .. } = specification;
        let period = if season == Season::None { 1 } else { period };
        let origin = initial::guess(values, trend, season, period)?;
        let mut problem = Self {
            values,
            specification,
            period,
            origin,
            scale: 1.0,
            season_scale: 1.0,
            states: States::default(),
            trace: vec![Step::default(); values.len()],
            gradient: Gradient::default(),
            scratch: [Vec::new(), Vec::new()],
        };
        problem.set_scale();
        Some(problem)
    }

    /// Takes the size of the errors at the guess as the unit of the states.
    fn set_scale(&mut self) {
        let smoothing = Smoothing {
            alpha: 0.3,
            beta: 0.0,
            gamma: 0.0,
            phi: 1.0,
        };
        self.states.clone_from(&self.origin);
        self.states.slope = 0.0;
        let season = self.specification.season;
        let ran = recursion::run(
            self.values,
            season,
            smoothing,
            &mut self.states,
            &mut self.trace,
        );
        let fit =
            ran.and_then(|()| recursion::likelihood(self.values, ErrorType::Additive, &self.trace));
        let observed = self.values.iter().filter(|y| !y.is_nan()).count() as f64;
        let error = fit.map_or(0.1, |fit| (fit.squares / observed).sqrt());
        self.scale = error.clamp(1e-9, 1.0);
        self.season_scale = if season == Season::Multiplicative {
            (self.scale / self.origin.level.abs().max(1e-3)).min(0.1)
        } else {
            self.scale
        };
    }

    /// Finds the estimates; `None` where no start is feasible.
    pub(super) fn solve(&mut self, limits: &Limits) -> Option<Estimate> {
        let screening = Limits {
            iterations: SCREENING,
            ..*limits
        };
        let starts = self.starts();
        let screened = starts.iter().map(|start| self.minimise(start, &screening));
        let best = screened.min_by(|a, b| a.value.total_cmp(&b.value))?;
        let minimum = self.minimise(&best.point, limits);
        self.estimate(&minimum.point)
    }

    fn minimise(&mut self, start: &[f64], limits: &Limits) -> Minimum {
        let objective = |point: &[f64], gradient: &mut [f64]| {
            self.evaluate(point, gradient).unwrap_or(f64::INFINITY)
        };
        if start.len() < DENSE {
            optimise::bfgs_with_gradient(objective, start, limits)
        } else {
            optimise::lbfgs(objective, start, 10, limits)
        }
    }

    /// Picks points to start from: the best smoothing parameters at the guessed states for a low,
    /// a middling and a high γ (without a season: α), since each may lead to another optimum.
    fn starts(&mut self) -> Vec<Vec<f64>> {
        let Specification { trend, season, .. } = self.specification;
        let length = self.specification.parameters(self.period);
        let alphas = [0.1, 0.4, 0.9];
        let betas: &[f64] = if trend == Trend::None {
            &[0.0]
        } else {
            &[0.02, 0.2]
        };
        let gammas: &[f64] = if season == Season::None {
            &[0.0]
        } else {
            &[0.03, 0.3, 0.8]
        };
        let mut best = [const { None::<(f64, Vec<f64>)> }; 3];
        for (i, alpha) in alphas.into_iter().enumerate() {
            for beta in betas {
                for (j, gamma) in gammas.iter().enumerate() {
                    // The logits of α, β/α, γ/(1−α) and of the place of φ between its bounds.
                    let mut point = Vec::with_capacity(length);
                    point.push(logit(alpha));
                    if trend != Trend::None {
                        point.push(logit(*beta));
                    }
                    if season != Season::None {
                        point.push(logit(*gamma));
                    }
                    if trend == Trend::Damped {
                        point.push(logit(0.9));
                    }
                    point.resize(length, 0.0);
                    let class = &mut best[if season == Season::None { i } else { j }];
                    if let Some(deviance) = self.deviance(&point)
                        && class.as_ref().is_none_or(|(least, _)| deviance < *least)
                    {
                        *class = Some((deviance, point));
                    }
                }
            }
        }
        best.into_iter().flatten().map(|(_, point)| point).collect()
    }

    /// Reads the parameters of a point: α, β, γ, φ as far as the model has them.
    fn smoothing(&self, point: &[f64]) -> Smoothing {
        let Specification { trend, season, .. } = self.specification;
        let mut point = point.iter();
        let mut next = || logistic(point.next().copied().unwrap_or_default());
        let alpha = MARGIN + (1.0 - 2.0 * MARGIN) * next();
        let beta = if trend == Trend::None {
            0.0
        } else {
            MARGIN + (alpha - MARGIN) * next()
        };
        let gamma = if season == Season::None {
            0.0
        } else {
            MARGIN + (1.0 - alpha - MARGIN) * next()
        };
        let phi = if trend == Trend::Damped {
            DAMPING.0 + (DAMPING.1 - DAMPING.0) * next()
        } else {
            1.0
        };
        Smoothing {
            alpha,
            beta,
            gamma,
            phi,
        }
    }

    /// Writes the initial states of a point into `self.states`.
    fn set_states(&mut self, point: &[f64]) {
        let Specification { trend, season, .. } = self.specification;
        let mut rest = point[self.specification.smoothing_parameters()..].iter();
        let mut next = || rest.next().copied().unwrap_or_default();
        self.states.level = self.origin.level + self.scale * next();
        self.states.slope = match trend {
            Trend::None => 0.0,
            _ => self.origin.slope + self.scale * SLOPE * next(),
        };
        self.states.season.clone_from(&self.origin.season);
        if season != Season::None {
            let last = self.period - 1;
            for state in &mut self.states.season[..last] {
                let change = self.season_scale * next();
                *state += change;
            }
            let sum: f64 = self.states.season[..last].iter().sum();
            self.states.season[last] = match season {
                Season::Multiplicative => self.period as f64 - sum,
                _ => -sum,
            };
        }
    }

    /// Runs the model at a point.
    fn forward(&mut self, point: &[f64]) -> Option<(Smoothing, recursion::Likelihood)> {
        let Specification {
            error,
            trend,
            season,
        } = self.specification;
        let smoothing = self.smoothing(point);
        if season != Season::None
            && trend != Trend::None
            && !admissible::is_admissible(smoothing, self.period, &mut self.scratch)
        {
            return None;
        }
        self.set_states(point);
        recursion::run(
            self.values,
            season,
            smoothing,
            &mut self.states,
            &mut self.trace,
        )?;
        let likelihood = recursion::likelihood(self.values, error, &self.trace)?;
        Some((smoothing, likelihood))
    }

    fn deviance(&mut self, point: &[f64]) -> Option<f64> {
        self.forward(point)
            .map(|(_, likelihood)| likelihood.deviance)
    }

    /// Evaluates the deviance and writes its gradient.
    fn evaluate(&mut self, point: &[f64], gradient: &mut [f64]) -> Option<f64> {
        let Specification {
            error,
            trend,
            season,
        } = self.specification;
        let (smoothing, likelihood) = self.forward(point)?;
        recursion::gradient(
            self.values,
            (error, season),
            smoothing,
            &self.trace,
            likelihood.squares,
            self.period,
            &mut self.gradient,
        );
        let found = &self.gradient;
        // The chain rule through the bounds, in the order of `smoothing`.
        let mut to_alpha = found.alpha;
        let mut place = 1;
        if trend != Trend::None {
            let share = logistic(point[place]);
            gradient[place] = found.beta * (smoothing.alpha - MARGIN) * share * (1.0 - share);
            to_alpha += found.beta * share;
            place += 1;
        }
        if season != Season::None {
            let share = logistic(point[place]);
            let width = 1.0 - smoothing.alpha - MARGIN;
            gradient[place] = found.gamma * width * share * (1.0 - share);
            to_alpha -= found.gamma * share;
            place += 1;
        }
        if trend == Trend::Damped {
            let share = logistic(point[place]);
            gradient[place] = found.phi * (DAMPING.1 - DAMPING.0) * share * (1.0 - share);
            place += 1;
        }
        let share = logistic(point[0]);
        gradient[0] = to_alpha * (1.0 - 2.0 * MARGIN) * share * (1.0 - share);
        gradient[place] = found.states.level * self.scale;
        place += 1;
        if trend != Trend::None {
            gradient[place] = found.states.slope * self.scale * SLOPE;
            place += 1;
        }
        if let Some((last, others)) = found.states.season.split_last() {
            for (target, state) in gradient[place..].iter_mut().zip(others) {
                *target = (state - last) * self.season_scale;
            }
        }
        Some(likelihood.deviance)
    }

    fn estimate(&mut self, point: &[f64]) -> Option<Estimate> {
        let (smoothing, likelihood) = self.forward(point)?;
        self.set_states(point);
        let Specification { season, .. } = self.specification;
        let multi_step =
            criterion::multi_step(self.values, &self.trace, season, smoothing.phi, self.period);
        Some(Estimate {
            multi_step,
            specification: self.specification,
            period: self.period,
            smoothing,
            initial: self.states.clone(),
            deviance: likelihood.deviance,
            squares: likelihood.squares,
        })
    }
}

/// The unit of the slope in that of the level: a slope acts on many steps.
const SLOPE: f64 = 0.1;

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn logit(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}
