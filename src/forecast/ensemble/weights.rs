//! How much each member counts.

/// The powers that errors are raised to: with few horizons to judge by the least, with many the
/// greatest.
const POWERS: (f64, f64) = (1.0, 4.0);

/// How many horizons say nothing of which member is better.
const UNTELLING: f64 = 1.5;

/// A member whose errors are so many times the best one's is left out: with the least power and
/// with the greatest.
const CUTS: (f64, f64) = (3.0, 1.5);

/// Weighs members by their mean absolute errors at earlier origins; NaN where there is none.
///
/// The weights are proportional to the errors' inverse powers and sum to 1. Without any errors all
/// members count the same.
pub(super) fn weights(errors: &[f64], horizons: f64) -> Vec<f64> {
    let best = errors.iter().copied().fold(f64::INFINITY, f64::min);
    let power = (horizons - UNTELLING).clamp(POWERS.0, POWERS.1);
    let trust = (power - POWERS.0) / (POWERS.1 - POWERS.0);
    let cut = CUTS.0 + trust * (CUTS.1 - CUTS.0);
    let weight = |error: &f64| {
        if !best.is_finite() {
            1.0
        } else if *error <= best {
            // Where the best is exact there is nothing to divide.
            1.0
        } else if *error <= cut * best {
            (best / error).powf(power)
        } else {
            0.0
        }
    };
    let raw: Vec<f64> = errors.iter().map(weight).collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_members_count_more_and_bad_ones_nothing() {
        let few = weights(&[1.0, 2.0, 4.0, f64::NAN], 2.0);
        assert!((few[0] - 2.0 / 3.0).abs() < 1e-12 && (few[1] - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(few[2..], [0.0, 0.0]);
        let many = weights(&[1.0, 1.25, 2.0], 9.0);
        assert!((many[1] / many[0] - 0.8_f64.powi(4)).abs() < 1e-12);
        assert_eq!(many[2], 0.0);
        assert_eq!(weights(&[f64::NAN, f64::NAN], 0.0), [0.5, 0.5]);
        assert_eq!(weights(&[0.0, 0.0, 1.0], 9.0), [0.5, 0.5, 0.0]);
        assert!(weights(&[], 1.0).is_empty());
    }
}
