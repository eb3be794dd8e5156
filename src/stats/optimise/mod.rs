//! Finds minima of smooth functions of some ten to a hundred variables.
//!
//! [`bfgs`] (derivatives by differences) and [`bfgs_with_gradient`] keep a dense
//! approximation of the inverse Hessian, [`lbfgs`] the last few steps only, and
//! [`nelder_mead`] needs no derivatives at all. Objectives are closures. Where one is NaN
//! or infinite it counts as worse than anything finite: a search steps back from there,
//! and never panics. What is found is always the best point seen, with a [`Stop`] that
//! says why the search ended.
//!
//! After Nocedal & Wright, *Numerical Optimization* (2nd edition, 2006), chapters 3, 6
//! and 7; Nelder & Mead 1965; Gao & Han 2012 (coefficients that depend on the dimension).
//! Deviations: the line search is the bracketing one of Lewis & Overton 2013 for the weak
//! Wolfe conditions, with cubic interpolation in place of bisection.

mod bfgs;
mod derivative;
mod lbfgs;
mod line_search;
mod nelder_mead;

pub use bfgs::{bfgs, bfgs_with_gradient, bfgs_with_hessian};
pub use derivative::{gradient, hessian, hessian_of_gradient};
pub use lbfgs::lbfgs;
pub use nelder_mead::nelder_mead;

/// When a search ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The most iterations.
    pub iterations: usize,
    /// The most evaluations of the objective; a gradient by differences counts each of its own.
    pub evaluations: usize,
    /// Converged when no component of the gradient exceeds this times `max(1, |value|)`.
    pub gradient: f64,
    /// Converged when an iteration lowers the value by less than this times `max(1, |value|)`.
    pub value: f64,
    /// The farthest that a first try along a direction moves any variable (not of
    /// Nelder-Mead): where the objective flattens out far away, a longer one is lost there.
    pub step: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            iterations: 200,
            evaluations: 20_000,
            gradient: 1e-7,
            value: 1e-12,
            step: f64::INFINITY,
        }
    }
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The gradient vanished (of Nelder-Mead: the simplex shrank to a point).
    Gradient,
    /// The value no longer fell.
    Value,
    /// No step along the direction of descent lowers the value any more.
    Step,
    /// The most iterations were done.
    Iterations,
    /// The most evaluations were done.
    Evaluations,
    /// The objective is not finite at the start.
    NotFinite,
}

/// The best point that a search saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// Where it is.
    pub point: Vec<f64>,
    /// The objective there.
    pub value: f64,
    /// How many iterations were done.
    pub iterations: usize,
    /// How many times the objective was evaluated.
    pub evaluations: usize,
    /// Why the search ended.
    pub stop: Stop,
}

impl Minimum {
    /// Whether the search ended because there was nothing more to gain.
    #[must_use]
    pub fn converged(&self) -> bool {
        matches!(self.stop, Stop::Gradient | Stop::Value | Stop::Step)
    }
}

/// An objective with its gradient, which may become more exact on demand.
trait Smooth {
    /// Returns the value and writes the gradient.
    fn evaluate(&mut self, point: &[f64], gradient: &mut [f64]) -> f64;

    /// How many evaluations of the objective were done.
    fn evaluations(&self) -> usize;

    /// Makes the gradient more exact; false when it already is as exact as it gets.
    fn refine(&mut self) -> bool {
        false
    }
}

/// A closure that returns the value and writes the gradient.
struct Analytic<F> {
    objective: F,
    evaluations: usize,
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Smooth for Analytic<F> {
    fn evaluate(&mut self, point: &[f64], gradient: &mut [f64]) -> f64 {
        self.evaluations += 1;
        (self.objective)(point, gradient)
    }

    fn evaluations(&self) -> usize {
        self.evaluations
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most: f64, v| most.max(v.abs()))
}

fn is_finite(value: f64, gradient: &[f64]) -> bool {
    value.is_finite() && gradient.iter().all(|g| g.is_finite())
}

#[cfg(test)]
mod tests;
