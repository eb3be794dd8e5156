//! Transforms that make the variation of a series alike everywhere, with their inverses.
//!
//! All of them ascend: the quantiles of what is transformed are the transformed quantiles.
//! G. Box and D. Cox, "An analysis of transformations" (JRSS B 26, 1964); V. Guerrero,
//! "Time-series analysis supported by power transformations" (Journal of Forecasting 12, 1993).

use std::fmt;

/// What is forecast in place of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transform {
    /// The natural logarithm.
    Log,
    /// (x^λ − 1) / λ, and the logarithm where λ = 0.
    BoxCox {
        /// λ.
        lambda: f64,
    },
    /// ln((x − lower) / (upper − x)).
    Logit {
        /// The least that there can be.
        lower: f64,
        /// The most.
        upper: f64,
        /// How near a bound a value is taken to be at most, in parts of the width.
        shrink: f64,
    },
}

/// Why values cannot be transformed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TransformError {
    /// A logarithm or a power below 0 of a value that is not above 0.
    #[error("the value {value} is not above 0")]
    NotPositive {
        /// The first such value.
        value: f64,
    },
    /// A power of a value below 0.
    #[error("the value {value} is below 0")]
    Negative {
        /// The first such value.
        value: f64,
    },
    /// λ is not a number between −5 and 5.
    #[error("λ = {lambda} is not between -5 and 5")]
    Lambda {
        /// λ.
        lambda: f64,
    },
    /// The bounds are not finite, or not in order.
    #[error("the bounds {lower} and {upper} leave nothing between them")]
    Bounds {
        /// The lower.
        lower: f64,
        /// The upper.
        upper: f64,
    },
    /// A value lies outside of the bounds.
    #[error("the value {value} is not between {lower} and {upper}")]
    Outside {
        /// The first such value.
        value: f64,
        /// The lower bound.
        lower: f64,
        /// The upper bound.
        upper: f64,
    },
    /// There are no values.
    #[error("there are no values")]
    Empty,
}

/// The least and the most that a value at a bound is moved inwards, in parts of the width.
const SHRINK: (f64, f64) = (1e-6, 5e-3);
/// Where λ is looked for.
const LAMBDA: (f64, f64) = (-1.0, 2.0);
/// Nearer to 0 than this λ is 0.
const NO_POWER: f64 = 1e-9;

fn finite(values: &[f64]) -> impl Iterator<Item = f64> + Clone {
    values.iter().copied().filter(|x| x.is_finite())
}

impl Transform {
    /// The logarithm, of values above 0.
    pub fn log(values: &[f64]) -> Result<Self, TransformError> {
        finite(values).next().ok_or(TransformError::Empty)?;
        match finite(values).find(|x| *x <= 0.0) {
            Some(value) => Err(TransformError::NotPositive { value }),
            None => Ok(Self::Log),
        }
    }

    /// Box and Cox's with a given λ, of values above 0, or not below 0 where λ > 0.
    pub fn box_cox(values: &[f64], lambda: f64) -> Result<Self, TransformError> {
        if !(-5.0..=5.0).contains(&lambda) {
            return Err(TransformError::Lambda { lambda });
        }
        if lambda < NO_POWER {
            Self::log(values)?;
        }
        finite(values).next().ok_or(TransformError::Empty)?;
        match finite(values).find(|x| *x < 0.0) {
            Some(value) => Err(TransformError::Negative { value }),
            None => Ok(Self::BoxCox { lambda }),
        }
    }

    /// Box and Cox's with λ by [`guerrero`].
    pub fn guerrero(values: &[f64], period: usize) -> Result<Self, TransformError> {
        // Whether it is admissible does not depend on a positive λ.
        Self::box_cox(values, 1.0)?;
        Self::box_cox(values, guerrero(values, period))
    }

    /// Box and Cox's with λ by [`likelihood_lambda`]; of values above 0.
    pub fn likelihood(values: &[f64], period: usize) -> Result<Self, TransformError> {
        Self::log(values)?;
        Self::box_cox(values, likelihood_lambda(values, period))
    }

    /// The logit between two bounds, of values not outside of them.
    ///
    /// A value at a bound (whose logit is infinite) is moved inwards by half of the least
    /// distance that any other value has from a bound, but by at least 10⁻⁶ and at most 0.005
    /// of the width; a value still nearer than that is taken to be there.
    pub fn logit(values: &[f64], lower: f64, upper: f64) -> Result<Self, TransformError> {
        let width = upper - lower;
        if !(width > 0.0 && width.is_finite()) {
            return Err(TransformError::Bounds { lower, upper });
        }
        finite(values).next().ok_or(TransformError::Empty)?;
        if let Some(value) = finite(values).find(|x| !(lower..=upper).contains(x)) {
            return Err(TransformError::Outside {
                value,
                lower,
                upper,
            });
        }
        let nearest = finite(values)
            .map(|x| ((x - lower) / width).min((upper - x) / width))
            .filter(|share| *share > 0.0)
            .fold(1.0, f64::min);
        let shrink = (0.5 * nearest).clamp(SHRINK.0, SHRINK.1);
        Ok(Self::Logit {
            lower,
            upper,
            shrink,
        })
    }

    /// Transforms a value; NaN stays NaN.
    pub fn apply(&self, value: f64) -> f64 {
        match *self {
            Self::Log => value.ln(),
            Self::BoxCox { lambda } => power(value.ln(), value, lambda),
            Self::Logit {
                lower,
                upper,
                shrink,
            } => {
                let share = ((value - lower) / (upper - lower)).clamp(shrink, 1.0 - shrink);
                (share / (1.0 - share)).ln()
            }
        }
    }

    /// Takes a value back, also one that no value is transformed to: below all of them it is the
    /// least that there can be (0, or the lower bound), above all of them the most.
    pub fn invert(&self, value: f64) -> f64 {
        match *self {
            Self::Log => value.exp(),
            Self::BoxCox { lambda } if lambda.abs() < NO_POWER => value.exp(),
            Self::BoxCox { lambda } => {
                let above = lambda * value;
                // The base is 0 where all powers have ended: x = 0 for λ > 0, infinite below.
                if above <= -1.0 {
                    return if lambda > 0.0 { 0.0 } else { f64::INFINITY };
                }
                (above.ln_1p() / lambda).exp()
            }
            Self::Logit { lower, upper, .. } => {
                let share = 1.0 / (1.0 + (-value).exp());
                lower * (1.0 - share) + upper * share
            }
        }
    }
}

/// (x^λ − 1) / λ, exact near λ = 0 too.
fn power(log: f64, value: f64, lambda: f64) -> f64 {
    if lambda.abs() < NO_POWER {
        log
    } else if value == 0.0 && lambda > 0.0 {
        -1.0 / lambda
    } else {
        (lambda * log).exp_m1() / lambda
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.write_str("logarithm"),
            Self::BoxCox { lambda } => write!(f, "Box-Cox (λ = {lambda:.2})"),
            Self::Logit { lower, upper, .. } => write!(f, "logit between {lower} and {upper}"),
        }
    }
}

/// The λ in [−1, 2] that makes the variation of the cycles least dependent on their level: that
/// of the least coefficient of variation of σ / μ^(1 − λ) over the cycles (Guerrero 1993).
///
/// The last whole cycles count, of two values where there is no season. 1 where nothing can be
/// said: fewer than two cycles, or no variation. Where a value is not above 0, λ is not below 0.
pub fn guerrero(values: &[f64], period: usize) -> f64 {
    let length = period.max(2);
    let skipped = values.len() % length;
    let cycles: Vec<(f64, f64)> = values[skipped..]
        .chunks_exact(length)
        .filter_map(level_and_variation)
        .collect();
    if cycles.len() < 2 || cycles.iter().all(|(_, deviation)| *deviation == 0.0) {
        return 1.0;
    }
    let lowest = if finite(values).any(|x| x <= 0.0) {
        0.0
    } else {
        LAMBDA.0
    };
    let objective = |lambda: f64| {
        let ratios = cycles
            .iter()
            .map(|(level, deviation)| deviation * ((lambda - 1.0) * level.ln()).exp());
        let (mean, deviation) = moments(ratios);
        deviation / mean
    };
    least(objective, lowest, LAMBDA.1).unwrap_or(1.0)
}

/// The mean and the standard deviation of a cycle's values, where it has a positive mean.
fn level_and_variation(cycle: &[f64]) -> Option<(f64, f64)> {
    if finite(cycle).count() < 2 {
        return None;
    }
    let (mean, deviation) = moments(finite(cycle));
    (mean > 0.0 && mean.is_finite() && deviation.is_finite()).then_some((mean, deviation))
}

fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}

/// The λ in [−1, 2] of the greatest profile likelihood under a straight trend with constant
/// seasons and normal errors (Box and Cox 1964).
///
/// 1 where nothing can be said: fewer values than parameters, no variation, or a value that is
/// not above 0. No season where `period` is below 2.
pub fn likelihood_lambda(values: &[f64], period: usize) -> f64 {
    let period = if values.len() < period {
        1
    } else {
        period.max(1)
    };
    let points: Vec<(usize, f64)> = values
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, x)| x.is_finite())
        .collect();
    if points.len() < period + 3 || points.iter().any(|(_, x)| *x <= 0.0) {
        return 1.0;
    }
    // The likelihood does not change with the unit; near 1 powers neither overflow nor vanish.
    let count = points.len() as f64;
    let centre = points.iter().map(|(_, x)| x.ln()).sum::<f64>() / count;
    let logs: Vec<(usize, f64)> = points.iter().map(|(t, x)| (*t, x.ln() - centre)).collect();
    if logs.iter().all(|(_, log)| *log == logs[0].1) {
        return 1.0;
    }
    let times = without_season(logs.iter().map(|(t, _)| (*t, *t as f64)), period);
    let time_squares: f64 = times.iter().map(|t| t * t).sum();
    // The logarithms sum to 0, and with them the Jacobian is 1.
    let objective = |lambda: f64| {
        let transformed = logs
            .iter()
            .map(|(t, log)| (*t, power(*log, log.exp(), lambda)));
        let rest = without_season(transformed, period);
        let product: f64 = rest.iter().zip(&times).map(|(x, t)| x * t).sum();
        let slope = if time_squares > 0.0 {
            product / time_squares
        } else {
            0.0
        };
        rest.iter()
            .zip(&times)
            .map(|(x, t)| (x - slope * t).powi(2))
            .sum::<f64>()
            .ln()
    };
    least(objective, LAMBDA.0, LAMBDA.1).unwrap_or(1.0)
}

/// Takes the mean of each phase off.
fn without_season(points: impl Iterator<Item = (usize, f64)> + Clone, period: usize) -> Vec<f64> {
    let mut phases = vec![(0.0, 0.0); period];
    for (t, x) in points.clone() {
        phases[t % period].0 += x;
        phases[t % period].1 += 1.0;
    }
    points
        .map(|(t, x)| x - phases[t % period].0 / phases[t % period].1)
        .collect()
}

/// Where a function of one variable is least: of a grid the best place, then by golden sections
/// between its neighbours; `None` where it is nowhere finite.
fn least(objective: impl Fn(f64) -> f64, from: f64, to: f64) -> Option<f64> {
    const PARTS: usize = 30;
    let width = (to - from) / PARTS as f64;
    let grid = (0..=PARTS).map(|i| from + width * i as f64);
    let (best, value) = grid
        .map(|x| (x, objective(x)))
        .filter(|(_, value)| value.is_finite())
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let (mut low, mut high) = ((best - width).max(from), (best + width).min(to));
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (objective(a), objective(b));
    while high - low > 1e-7 {
        // Where one is not finite the search stays with the other.
        if at_a <= at_b || at_b.is_nan() {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = objective(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = objective(b);
        }
    }
    let middle = low.midpoint(high);
    Some(if objective(middle) <= value {
        middle
    } else {
        best
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference_series::{AIR_PASSENGERS, NILE};
    use proptest::prelude::*;

    fn close(found: f64, want: f64, tolerance: f64) {
        assert!((found - want).abs() <= tolerance, "{found} {want}");
    }

    /// Quarterly earnings of Johnson and Johnson, 1960 to 1980 (Shumway and Stoffer; R's datasets).
    #[rustfmt::skip]
    const JOHNSON_JOHNSON: [f64; 84] = [
        0.71, 0.63, 0.85, 0.44, 0.61, 0.69, 0.92, 0.55, 0.72, 0.77, 0.92, 0.60, 0.83, 0.80,
        1.00, 0.77, 0.92, 1.00, 1.24, 1.00, 1.16, 1.30, 1.45, 1.25, 1.26, 1.38, 1.86, 1.56,
        1.53, 1.59, 1.83, 1.86, 1.53, 2.07, 2.34, 2.25, 2.16, 2.43, 2.70, 2.25, 2.79, 3.42,
        3.69, 3.60, 3.60, 4.32, 4.32, 4.05, 4.86, 5.04, 5.04, 4.41, 5.58, 5.85, 6.57, 5.31,
        6.03, 6.39, 6.93, 5.85, 6.93, 7.74, 7.83, 6.12, 7.74, 8.91, 8.28, 6.84, 9.54, 10.26,
        9.54, 8.73, 11.88, 12.06, 12.15, 8.91, 14.04, 12.96, 14.85, 9.99, 16.20, 14.67, 16.02, 11.61,
    ];

    #[test]
    fn guerrero_equals_forecast_and_coreforecast() {
        // R forecast 8.20 BoxCox.lambda(x, "guerrero"); coreforecast 0.0.20 boxcox_lambda(x,
        // "guerrero", season_length, -1, 2) gives the same to 1e-7. R searches to 1e-4.
        close(guerrero(&AIR_PASSENGERS, 12), -0.294_715_585_6, 2e-4);
        close(guerrero(&NILE, 1), 0.998_889_362, 2e-4);
        close(guerrero(&JOHNSON_JOHNSON, 4), 0.154_075_232_5, 2e-4);
    }

    #[test]
    fn likelihood_equals_the_regression_in_r() {
        // R 4.2, optimize() over the likelihood of lm(y ~ t + factor(cycle(x))), and lm(y ~ t);
        // forecast's BoxCox.lambda(x, "loglik") searches in steps of 0.05: 0.2 and 0.7.
        close(
            likelihood_lambda(&AIR_PASSENGERS, 12),
            0.197_778_284_6,
            1e-6,
        );
        close(likelihood_lambda(&NILE, 1), 0.714_429_866_5, 1e-6);
        // The unit does not matter.
        let grown = AIR_PASSENGERS.map(|x| x * 1e250);
        close(likelihood_lambda(&grown, 12), 0.197_778_284_6, 1e-6);
    }

    #[test]
    fn values_equal_forecasts() {
        // R forecast 8.20: BoxCox(c(.5, 1, 2, 10), .3), BoxCox(c(.5, 2), -.5), InvBoxCox.
        let power = Transform::BoxCox { lambda: 0.3 };
        for (x, want) in [
            (0.5, -0.625_825_3),
            (1.0, 0.0),
            (2.0, 0.770_481_4),
            (10.0, 3.317_541),
        ] {
            close(power.apply(x), want, 5e-7);
            close(power.invert(want), x, 5e-6);
        }
        let inverse = Transform::BoxCox { lambda: -0.5 };
        close(inverse.apply(2.0), 2.0 - 2.0 / 2.0_f64.sqrt(), 1e-15);
        // Where no value leads to.
        assert_eq!(inverse.invert(2.0), f64::INFINITY);
        assert_eq!(power.invert(-4.0), 0.0);
        close(
            Transform::BoxCox { lambda: 1e-12 }.apply(5.0),
            5.0_f64.ln(),
            1e-15,
        );
        assert_eq!(Transform::Log.apply(1.0), 0.0);
    }

    #[test]
    fn bounds_are_kept_and_values_on_them_move_inwards() {
        let logit =
            Transform::logit(&[0.0, 20.0, 50.0, 99.0, 100.0, f64::NAN], 0.0, 100.0).unwrap();
        // Half of the one per cent that 99 has.
        let Transform::Logit { shrink, .. } = logit else {
            panic!("{logit:?}");
        };
        close(shrink, 0.005, 1e-15);
        close(logit.invert(logit.apply(100.0)), 99.5, 1e-9);
        close(logit.invert(logit.apply(0.0)), 0.5, 1e-9);
        close(logit.invert(logit.apply(99.0)), 99.0, 1e-9);
        assert_eq!(logit.apply(50.0), 0.0);
        assert_eq!((logit.invert(-1e9), logit.invert(1e9)), (0.0, 100.0));
        assert_eq!(logit.to_string(), "logit between 0 and 100");
    }

    #[test]
    fn what_cannot_be_transformed_is_refused() {
        use TransformError as E;
        assert_eq!(
            Transform::log(&[1.0, 0.0]),
            Err(E::NotPositive { value: 0.0 })
        );
        assert_eq!(Transform::log(&[f64::NAN]), Err(E::Empty));
        assert_eq!(
            Transform::box_cox(&[1.0, -2.0], 0.5),
            Err(E::Negative { value: -2.0 })
        );
        assert!(Transform::box_cox(&[1.0, 0.0], 0.5).is_ok());
        assert_eq!(
            Transform::box_cox(&[1.0, 0.0], -0.5),
            Err(E::NotPositive { value: 0.0 })
        );
        assert!(matches!(
            Transform::box_cox(&[1.0], f64::NAN),
            Err(E::Lambda { .. })
        ));
        assert!(matches!(
            Transform::logit(&[1.0], 3.0, 3.0),
            Err(E::Bounds { .. })
        ));
        assert!(matches!(
            Transform::logit(&[1.5], 0.0, 1.0),
            Err(E::Outside { .. })
        ));
        assert!(matches!(
            Transform::likelihood(&[0.0, 1.0], 1),
            Err(E::NotPositive { .. })
        ));
        assert!(Transform::guerrero(&[0.0, 1.0, 3.0, 7.0], 1).is_ok());
        let message = Transform::log(&[-3.0]).unwrap_err().to_string();
        assert_eq!(message, "the value -3 is not above 0");
    }

    proptest! {
        #[test]
        fn inverses_invert(x in 1e-3..1e6_f64, y in 1e-3..1e6_f64, lambda in -1.0..2.0_f64) {
            let share = |x: f64| x / (1.0 + x);
            for transform in [Transform::Log, Transform::BoxCox { lambda }] {
                // Powers below 0 flatten out: as many digits are lost.
                let lost = if lambda < 0.0 { x.max(1.0).powf(-lambda) } else { x.max(1.0 / x).powf(lambda) };
                let back = transform.invert(transform.apply(x));
                prop_assert!((back / x - 1.0).abs() < 1e-14 * (10.0 + lost / lambda.abs().max(1e-3)), "{} {}", x, back);
                prop_assert!(transform.apply(x.min(y)) <= transform.apply(x.max(y)));
            }
            let logit = Transform::logit(&[share(x)], 0.0, 1.0).unwrap();
            let inside = share(x).clamp(1e-6, 1.0 - 1e-6);
            prop_assert!((logit.invert(logit.apply(inside)) / inside - 1.0).abs() < 1e-9);
        }

        #[test]
        fn inverses_ascend(a: f64, b: f64, lambda in -5.0..5.0_f64) {
            let (low, high) = (a.min(b), a.max(b));
            let logit = Transform::Logit { lower: -3.0, upper: 8.0, shrink: 0.001 };
            for transform in [Transform::Log, Transform::BoxCox { lambda }, logit] {
                let (low, high) = (transform.invert(low), transform.invert(high));
                prop_assert!(low <= high || low.is_nan() || high.is_nan());
            }
        }

        #[test]
        fn nothing_panics(
            values in proptest::collection::vec(prop_oneof![any::<f64>(), 0.0..5.0_f64, Just(0.0), Just(1.0)], 0..40),
            period in prop_oneof![0_usize..30, Just(usize::MAX)],
            bounds: (f64, f64),
        ) {
            for lambda in [guerrero(&values, period), likelihood_lambda(&values, period)] {
                prop_assert!((-1.0..=2.0).contains(&lambda));
            }
            let made = [
                Transform::log(&values),
                Transform::guerrero(&values, period),
                Transform::likelihood(&values, period),
                Transform::logit(&values, bounds.0, bounds.1),
            ];
            for transform in made.into_iter().flatten() {
                for &value in values.iter().filter(|x| x.is_finite()) {
                    prop_assert!(!transform.apply(value).is_nan(), "{transform} {value}");
                }
            }
        }
    }
}
