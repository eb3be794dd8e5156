//! Least squares for one of the four theta models.
//!
//! The one-step forecast is μₜ = ℓₜ₋₁ + κ[(1−α)ᵗ⁻¹A + (1−(1−α)ᵗ)/α·B] with κ = 1 − 1/θ and the
//! smoothed level ℓₜ = αyₜ + (1−α)ℓₜ₋₁ (Fiorucci et al. 2016), where A + B·t is the
//! line through the whole history (static) or through the values so far (dynamic). For a given
//! α the forecast is linear in ℓ₀ and κ, which least squares gives exactly; so one bounded
//! search over α finds the optimum. Errors count from the third value on: a line that moves
//! with the values is through two of them then.

use super::Variant;
use super::line::Line;

/// The bounds of α.
const LEAST: f64 = 0.1;
const MOST: f64 = 0.99;
/// How many values of α are tried before the search narrows down on the best.
const GRID: usize = 24;
const NARROWINGS: usize = 24;

/// The first step whose error counts.
pub(super) const FIRST: usize = 2;

/// A theta model with its estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) variant: Variant,
    pub(super) alpha: f64,
    /// 1 − 1/θ
    pub(super) kappa: f64,
    /// ℓ₀
    pub(super) level: f64,
    /// The sum of the squared errors.
    pub(super) squares: f64,
}

/// Finds the estimates; errors count where `present` says so.
pub(super) fn fit(values: &[f64], present: &[bool], variant: Variant) -> Estimate {
    let lines = lines(values, variant);
    let mut best = at(values, present, &lines, variant, LEAST);
    let width = (MOST - LEAST) / GRID as f64;
    let attempt = |alpha: f64, best: &mut Estimate| {
        let estimate = at(values, present, &lines, variant, alpha);
        if estimate.squares < best.squares {
            *best = estimate;
        }
        estimate.squares
    };
    for i in 1..=GRID {
        attempt(LEAST + width * i as f64, &mut best);
    }
    // Golden section around the best of the grid.
    let (mut low, mut high) = (
        (best.alpha - width).max(LEAST),
        (best.alpha + width).min(MOST),
    );
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (attempt(left, &mut best), attempt(right, &mut best));
    for _ in 0..NARROWINGS {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = attempt(left, &mut best);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = attempt(right, &mut best);
        }
    }
    best
}

/// Lists the line that each step is forecast by, as A and B.
fn lines(values: &[f64], variant: Variant) -> Vec<(f64, f64)> {
    let mut line = if variant.is_dynamic() {
        Line::default()
    } else {
        Line::through(values)
    };
    let next = |y: &f64| {
        let of_step = (line.intercept(), line.slope);
        if variant.is_dynamic() {
            line = line.with(*y);
        }
        of_step
    };
    values.iter().map(next).collect()
}

/// Solves for ℓ₀ and κ at a given α; `lines` are those of [`lines`].
fn at(
    values: &[f64],
    present: &[bool],
    lines: &[(f64, f64)],
    variant: Variant,
    alpha: f64,
) -> Estimate {
    // The level without ℓ₀, and ℓ₀'s share of it.
    let (mut level, mut decay) = (0.0, 1.0);
    // Sums of products of ℓ₀'s share p, the line's part d and the rest r.
    let (mut pp, mut pd, mut dd, mut pr, mut dr, mut rr) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (t, ((&y, &present), line)) in values.iter().zip(present).zip(lines).enumerate() {
        let d = tilt(*line, alpha, decay);
        if present && t >= FIRST {
            let r = y - level;
            pp += decay * decay;
            pd += decay * d;
            dd += d * d;
            pr += decay * r;
            dr += d * r;
            rr += r * r;
        }
        level += alpha * (y - level);
        decay *= 1.0 - alpha;
    }
    // With a gap after the first values nothing may depend on ℓ₀.
    let level_for = |kappa: f64| {
        let level = (pr - kappa * pd) / pp;
        if level.is_finite() { level } else { 0.0 }
    };
    let squares_for = |kappa: f64, level: f64| {
        rr - 2.0 * (level * pr + kappa * dr)
            + level * level * pp
            + 2.0 * level * kappa * pd
            + kappa * kappa * dd
    };
    let kappa = if variant.is_optimised() {
        let determinant = pp * dd - pd * pd;
        let free = (pp * dr - pd * pr) / determinant;
        if determinant > 1e-14 * pp * dd && free.is_finite() {
            free.clamp(0.0, 1.0)
        } else {
            0.5
        }
    } else {
        0.5
    };
    let level = level_for(kappa);
    Estimate {
        variant,
        alpha,
        kappa,
        level,
        squares: squares_for(kappa, level).max(0.0),
    }
}

/// Returns what κ multiplies: the part of the line A + B·t in the next forecast; `decay` is
/// (1−α)ᵗ⁻¹.
fn tilt((intercept, slope): (f64, f64), alpha: f64, decay: f64) -> f64 {
    decay * intercept + (1.0 - (1.0 - alpha) * decay) / alpha * slope
}

/// The states after some values.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// ℓ
    pub(super) level: f64,
    /// (1−α)ᵗ
    pub(super) decay: f64,
    pub(super) line: Line,
}

impl State {
    /// Returns the states before the first of the values.
    pub(super) fn before(values: &[f64], estimate: &Estimate) -> Self {
        Self {
            level: estimate.level,
            decay: 1.0,
            line: if estimate.variant.is_dynamic() {
                Line::default()
            } else {
                Line::through(values)
            },
        }
    }

    /// Forecasts the next value.
    pub(super) fn forecast(&self, estimate: &Estimate) -> f64 {
        let line = (self.line.intercept(), self.line.slope);
        self.level + estimate.kappa * tilt(line, estimate.alpha, self.decay)
    }

    /// Takes the next value in.
    pub(super) fn update(&mut self, estimate: &Estimate, y: f64) {
        self.level += estimate.alpha * (y - self.level);
        self.decay *= 1.0 - estimate.alpha;
        if estimate.variant.is_dynamic() {
            self.line = self.line.with(y);
        }
    }
}

/// Averages, over 1 to `ahead` steps, the mean absolute errors of forecasts in the history.
pub(super) fn multi_step(
    values: &[f64],
    present: &[bool],
    estimate: &Estimate,
    ahead: usize,
) -> f64 {
    let mut state = State::before(values, estimate);
    let mut errors = vec![(0.0, 0_usize); ahead];
    for (t, &value) in values.iter().enumerate() {
        if t >= FIRST {
            let mut path = state;
            let future = values[t..].iter().zip(&present[t..]);
            for ((y, present), (sum, count)) in future.zip(&mut errors) {
                let forecast = path.forecast(estimate);
                if *present {
                    *sum += (y - forecast).abs();
                    *count += 1;
                }
                path.update(estimate, forecast);
            }
        }
        state.update(estimate, value);
    }
    let means = errors.iter().filter(|(_, count)| *count > 0);
    let (sum, count) = means.fold((0.0, 0), |(total, horizons), (sum, count)| {
        (total + sum / *count as f64, horizons + 1)
    });
    sum / f64::from(count.max(1))
}
