//! Intervals from deviations and from sample paths.

use crate::forecast::{FitError, Interval};
use crate::stats::distribution::normal_quantile;

/// Checks that levels are per cent between 0 and 100.
pub(in crate::forecast) fn check(levels: &[f64]) -> Result<(), FitError> {
    match levels
        .iter()
        .find(|level| !(0.0 < **level && **level < 100.0))
    {
        Some(level) => Err(FitError::Specification(format!(
            "a level must lie between 0 and 100 per cent, and {level} does not"
        ))),
        None => Ok(()),
    }
}

/// Makes the intervals of normally distributed forecasts.
pub(super) fn normal(mean: &[f64], deviation: &[f64], levels: &[f64]) -> Vec<Interval> {
    let interval = |&level: &f64| {
        let z = normal_quantile(0.5 + level / 200.0);
        let bound = |z: f64| mean.iter().zip(deviation).map(|(m, d)| m + z * d).collect();
        Interval {
            level,
            lower: bound(-z),
            upper: bound(z),
        }
    };
    levels.iter().map(interval).collect()
}

/// Makes intervals without steps, for [`push_quantiles`] to extend.
pub(super) fn empty(levels: &[f64]) -> Vec<Interval> {
    let interval = |&level: &f64| Interval {
        level,
        lower: Vec::new(),
        upper: Vec::new(),
    };
    levels.iter().map(interval).collect()
}

/// Adds a step to the intervals from a sample of it, which is reordered.
pub(super) fn push_quantiles(intervals: &mut [Interval], sample: &mut [f64], unit: f64) {
    for Interval {
        level,
        lower,
        upper,
    } in intervals
    {
        lower.push(quantile(sample, 0.5 - *level / 200.0) * unit);
        upper.push(quantile(sample, 0.5 + *level / 200.0) * unit);
    }
}

/// Returns a quantile of a sample, between its two nearest values (Hyndman and Fan 1996, type 7).
fn quantile(sample: &mut [f64], probability: f64) -> f64 {
    let Some(last) = sample.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = (probability * last as f64).clamp(0.0, last as f64);
    let below = place as usize;
    let (_, &mut low, above) = sample.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    let share = place - below as f64;
    if share > 0.0 && high.is_finite() {
        low + share * (high - low)
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let mut sample = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&mut sample, 0.0), 1.0);
        assert_eq!(quantile(&mut sample, 0.5), 2.5);
        assert_eq!(quantile(&mut sample, 0.9), 3.7);
        assert_eq!(quantile(&mut sample, 1.0), 4.0);
        assert!(quantile(&mut [], 0.5).is_nan());
    }

    #[test]
    fn normal_intervals_have_the_known_width() {
        let intervals = normal(&[10.0], &[2.0], &[95.0]);
        assert!((intervals[0].upper[0] - 13.919_927_969_080_108).abs() < 1e-9);
        assert!((intervals[0].lower[0] - 6.080_072_030_919_892).abs() < 1e-9);
    }

    #[test]
    fn levels_beyond_the_possible_are_refused() {
        assert!(check(&[80.0, 95.0]).is_ok());
        for level in [0.0, 100.0, -5.0, f64::NAN] {
            assert!(check(&[level]).is_err());
        }
    }
}
