//! The recursion of the states, the likelihood, and its gradient by the adjoint recursion.
//!
//! In error-correction form (Hyndman et al. 2008, tables 2.2 and 2.3), with q = ℓ + φb before
//! the step and e = y − ŷ:
//!
//! | season | ŷ | ℓ | b | s |
//! |---|---|---|---|---|
//! | N | q | q + αe | φb + βe | |
//! | A | q + s | q + αe | φb + βe | s + γe |
//! | M | q·s | q + αe/s | φb + βe/s | s + γe/q |
//!
//! Written so, the recursion does not depend on whether the error is additive or
//! multiplicative: a relative error times what it is relative to is e. Only the likelihood does.
//! At a missing value e is 0.

use super::specification::{ErrorType, Season};

/// The smoothing parameters; β = 0, φ = 1 and γ = 0 where the model has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Smoothing {
    pub(super) alpha: f64,
    pub(super) beta: f64,
    pub(super) gamma: f64,
    pub(super) phi: f64,
}

/// The states before a step.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct States {
    pub(super) level: f64,
    pub(super) slope: f64,
    /// Of the steps t ≡ place modulo the season's length; empty for no season.
    pub(super) season: Vec<f64>,
}

/// What the forward pass leaves of a step for the backward pass.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step {
    /// q: the level that the step expects.
    pub(super) expected: f64,
    /// b before the step.
    pub(super) slope: f64,
    /// s before the step.
    pub(super) season: f64,
    /// ŷ
    pub(super) forecast: f64,
}

/// The likelihood of a history.
#[derive(Debug, Clone, Copy)]
pub(super) struct Likelihood {
    /// −2 ln L without constants: n ln Σε² + 2 Σ ln |r| (Hyndman et al. 2008, chapter 5).
    pub(super) deviance: f64,
    /// Σε², the errors relative where they are multiplicative.
    pub(super) squares: f64,
}

/// Below this mean square, in units of the values, a fit is exact but for rounding.
const EXACT: f64 = 1e-28;

/// Runs the states through the history; `None` where a model of positive values leaves them.
///
/// `trace` is as long as `values`; `states` end up as those after the last step.
pub(super) fn run(
    values: &[f64],
    season: Season,
    smoothing: Smoothing,
    states: &mut States,
    trace: &mut [Step],
) -> Option<()> {
    let Smoothing {
        alpha,
        beta,
        gamma,
        phi,
    } = smoothing;
    let (mut level, mut slope) = (states.level, states.slope);
    let period = states.season.len();
    let mut place = 0;
    let mut positive = true;
    for (&y, step) in values.iter().zip(trace.iter_mut()) {
        let carried = phi * slope;
        let expected = level + carried;
        let before = if season == Season::None {
            0.0
        } else {
            states.season[place]
        };
        let forecast = match season {
            Season::None => expected,
            Season::Additive => expected + before,
            Season::Multiplicative => expected * before,
        };
        *step = Step {
            expected,
            slope,
            season: before,
            forecast,
        };
        let error = if y.is_nan() { 0.0 } else { y - forecast };
        match season {
            Season::None => {
                level = expected + alpha * error;
                slope = carried + beta * error;
            }
            Season::Additive => {
                level = expected + alpha * error;
                slope = carried + beta * error;
                states.season[place] = before + gamma * error;
            }
            Season::Multiplicative => {
                positive &= expected > SMALLEST && before > SMALLEST;
                let relative = error / before;
                level = expected + alpha * relative;
                slope = carried + beta * relative;
                states.season[place] = before + gamma * (error / expected);
            }
        }
        place += 1;
        if place >= period {
            place = 0;
        }
    }
    states.level = level;
    states.slope = slope;
    positive.then_some(())
}

/// The smallest forecast, level and season of a model of positive values.
const SMALLEST: f64 = 1e-10;

/// Computes the likelihood from the trace; `None` where it has none.
pub(super) fn likelihood(values: &[f64], error: ErrorType, trace: &[Step]) -> Option<Likelihood> {
    let (mut squares, mut logarithms, mut product, mut count) = (0.0, 0.0, 1.0_f64, 0_usize);
    for (&y, step) in values.iter().zip(trace) {
        if y.is_nan() {
            continue;
        }
        count += 1;
        let e = y - step.forecast;
        match error {
            ErrorType::Additive => squares += e * e,
            ErrorType::Multiplicative => {
                if step.forecast < SMALLEST {
                    return None;
                }
                let relative = e / step.forecast;
                squares += relative * relative;
                product *= step.forecast;
                // One logarithm for many factors.
                if !(1e-200..1e200).contains(&product) {
                    logarithms += product.ln();
                    product = 1.0;
                }
            }
        }
    }
    let count = count as f64;
    let floored = squares.max(count * EXACT);
    let deviance = count * floored.ln() + 2.0 * (logarithms + product.ln());
    deviance
        .is_finite()
        .then_some(Likelihood { deviance, squares })
}

/// The gradient of the deviance.
#[derive(Debug, Clone, Default)]
pub(super) struct Gradient {
    pub(super) alpha: f64,
    pub(super) beta: f64,
    pub(super) gamma: f64,
    pub(super) phi: f64,
    /// With respect to the initial states.
    pub(super) states: States,
}

/// Computes the gradient by running backwards through the trace.
pub(super) fn gradient(
    values: &[f64],
    (error, season): (ErrorType, Season),
    smoothing: Smoothing,
    trace: &[Step],
    squares: f64,
    period: usize,
    gradient: &mut Gradient,
) {
    let Smoothing {
        alpha,
        beta,
        gamma,
        phi,
    } = smoothing;
    let count = values.iter().filter(|y| !y.is_nan()).count() as f64;
    let weight = 2.0 * count / squares.max(count * EXACT);
    let seasons = &mut gradient.states.season;
    seasons.clear();
    seasons.resize(if season == Season::None { 0 } else { period }, 0.0);
    // The adjoints of ℓ and b, and the sums of those of the parameters.
    let (mut level, mut slope) = (0.0, 0.0);
    let (mut to_alpha, mut to_beta, mut to_gamma, mut to_phi) = (0.0, 0.0, 0.0, 0.0);
    let mut place = if period > 0 { values.len() % period } else { 0 };
    for (&y, step) in values.iter().zip(trace).rev() {
        place = if place == 0 {
            period.max(1) - 1
        } else {
            place - 1
        };
        let mut expected = level;
        if !y.is_nan() {
            let e = y - step.forecast;
            let direct = match error {
                ErrorType::Additive => -weight * e,
                ErrorType::Multiplicative => {
                    let inverse = 1.0 / step.forecast;
                    (2.0 - weight * (e * inverse) * (y * inverse)) * inverse
                }
            };
            match season {
                Season::None => {
                    to_alpha += e * level;
                    to_beta += e * slope;
                    expected += direct - (alpha * level + beta * slope);
                }
                Season::Additive => {
                    let own = seasons[place];
                    to_alpha += e * level;
                    to_beta += e * slope;
                    to_gamma += e * own;
                    let forecast = direct - (alpha * level + beta * slope + gamma * own);
                    expected += forecast;
                    seasons[place] = own + forecast;
                }
                Season::Multiplicative => {
                    let own = seasons[place];
                    let (by_season, by_level) = (1.0 / step.season, 1.0 / step.expected);
                    let (u, v) = (e * by_season, e * by_level);
                    to_alpha += u * level;
                    to_beta += u * slope;
                    to_gamma += v * own;
                    let from_u = (alpha * level + beta * slope) * by_season;
                    let from_v = gamma * own * by_level;
                    let forecast = direct - from_u - from_v;
                    expected += forecast * step.season - from_v * v;
                    seasons[place] = own + forecast * step.expected - from_u * u;
                }
            }
        }
        let carried = slope + expected;
        to_phi += step.slope * carried;
        slope = phi * carried;
        level = expected;
    }
    gradient.alpha = to_alpha;
    gradient.beta = to_beta;
    gradient.gamma = to_gamma;
    gradient.phi = to_phi;
    gradient.states.level = level;
    gradient.states.slope = slope;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviance(
        values: &[f64],
        kind: (ErrorType, Season),
        smoothing: Smoothing,
        states: &States,
    ) -> (f64, f64, Vec<Step>) {
        let mut trace = vec![Step::default(); values.len()];
        run(values, kind.1, smoothing, &mut states.clone(), &mut trace).unwrap();
        let likelihood = likelihood(values, kind.0, &trace).unwrap();
        (likelihood.deviance, likelihood.squares, trace)
    }

    /// The adjoint gradient equals central differences, for every recursion and with gaps.
    #[test]
    fn the_gradient_is_that_of_the_deviance() {
        let mut values: Vec<f64> = (0..29)
            .map(|t| {
                3.0 + 0.05 * f64::from(t)
                    + [0.5, -0.2, 0.1, -0.4][t as usize % 4]
                    + 0.3 * f64::from(t * t % 7)
            })
            .collect();
        values[5] = f64::NAN;
        values[28] = f64::NAN;
        for error in [ErrorType::Additive, ErrorType::Multiplicative] {
            for season in [Season::None, Season::Additive, Season::Multiplicative] {
                let (parameters, indices) = match season {
                    Season::None => ([0.3, 0.1, 0.0, 0.9], vec![]),
                    Season::Additive => ([0.3, 0.1, 0.2, 0.9], vec![0.4, -0.1, 0.0, -0.3]),
                    Season::Multiplicative => ([0.3, 0.1, 0.2, 0.9], vec![1.2, 0.9, 1.0, 0.9]),
                };
                let period = indices.len();
                let at = |point: &[f64]| {
                    let smoothing = Smoothing {
                        alpha: point[0],
                        beta: point[1],
                        gamma: point[2],
                        phi: point[3],
                    };
                    let states = States {
                        level: point[4],
                        slope: point[5],
                        season: point[6..].to_vec(),
                    };
                    (smoothing, states)
                };
                let mut point = parameters.to_vec();
                point.extend([2.5, 0.1]);
                point.extend(indices);
                let (smoothing, states) = at(&point);
                let (_, squares, trace) = deviance(&values, (error, season), smoothing, &states);
                let mut found = Gradient::default();
                gradient(
                    &values,
                    (error, season),
                    smoothing,
                    &trace,
                    squares,
                    period,
                    &mut found,
                );
                let mut all = vec![found.alpha, found.beta, found.gamma, found.phi];
                all.extend([found.states.level, found.states.slope]);
                all.extend(&found.states.season);
                for (i, got) in all.iter().enumerate() {
                    if season == Season::None && i == 2 {
                        continue;
                    }
                    let mut ends = [1e-6, -1e-6].map(|step| {
                        let mut moved = point.clone();
                        moved[i] += step;
                        let (smoothing, states) = at(&moved);
                        deviance(&values, (error, season), smoothing, &states).0
                    });
                    ends[0] -= ends[1];
                    let want = ends[0] / 2e-6;
                    assert!(
                        (got - want).abs() < 1e-5 * want.abs().max(1.0),
                        "{error:?} {season:?} {i}: {got} instead of {want}"
                    );
                }
            }
        }
    }
}
