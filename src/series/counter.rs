//! Counters: what they grew by, over resets.
//!
//! A counter only grows, and begins at 0 again when its process does. What is below the sample
//! before it is therefore counted whole, as Prometheus' `increase` does; unlike there nothing is
//! extrapolated beyond the samples.

/// What a counter grew by from one sample to the next; NaN where one of them is missing.
pub fn increase(previous: f64, current: f64) -> f64 {
    if previous.is_nan() || current.is_nan() {
        f64::NAN
    } else if current < previous {
        current
    } else {
        current - previous
    }
}

/// The growth per second between each sample and the one before it that is not missing.
///
/// Times are µs and ascend; NaN for the first sample, missing ones, and where no time passed.
pub fn rates(times: &[i64], values: &[f64]) -> Vec<f64> {
    let mut previous: Option<(i64, f64)> = None;
    let samples = times.iter().zip(values);
    samples
        .map(|(&time, &value)| {
            if !value.is_finite() {
                return f64::NAN;
            }
            let before = previous.replace((time, value));
            before.map_or(f64::NAN, |(then, old)| {
                let seconds = time.saturating_sub(then) as f64 / 1e6;
                if seconds > 0.0 {
                    increase(old, value) / seconds
                } else {
                    f64::NAN
                }
            })
        })
        .collect()
}

/// How often a counter began anew: how many values are below the one before.
pub fn resets(values: &[f64]) -> usize {
    let mut previous = f64::NEG_INFINITY;
    values
        .iter()
        .filter(|x| x.is_finite())
        .filter(|&&x| std::mem::replace(&mut previous, x) > x)
        .count()
}

/// The fewest values that can look like anything.
const FEWEST: usize = 8;

/// Whether values look like a counter's: never negative, growing, and where one falls, it falls
/// below half of what it was, and at least ten steps do not fall for each that does.
///
/// A gauge that has only grown so far looks the same: where a metric's name or type is known,
/// that says more.
pub fn looks_like_counter(values: &[f64]) -> bool {
    let (mut count, mut falls, mut rises) = (0_usize, 0_usize, 0_usize);
    let mut previous = f64::NAN;
    for &value in values.iter().filter(|x| x.is_finite()) {
        if value < 0.0 {
            return false;
        }
        count += 1;
        if value > previous {
            rises += 1;
        } else if value < previous {
            if value >= 0.5 * previous {
                return false;
            }
            falls += 1;
        }
        previous = value;
    }
    count >= FEWEST && rises > 2 * falls && count > 10 * falls
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn resets_count_from_zero() {
        // promqltest's functions.test: http_requests 0+10x5 then reset 0+10x5 over 50 m is 90.
        let values = [0., 10., 20., 30., 40., 50., 0., 10., 20., 30., 40.];
        let grown: f64 = values
            .windows(2)
            .map(|pair| increase(pair[0], pair[1]))
            .sum();
        assert_eq!(grown, 90.0);
        assert_eq!(increase(40.0, 3.0), 3.0);
        assert!(increase(f64::NAN, 3.0).is_nan());
        assert_eq!(resets(&values), 1);
        assert_eq!(resets(&[5.0, f64::NAN, 1.0, 2.0]), 1);
    }

    #[test]
    fn rates_are_per_second_and_pass_over_missing_samples() {
        let times = [0, 10_000_000, 20_000_000, 40_000_000, 40_000_000];
        let found = rates(&times, &[5.0, 25.0, f64::NAN, 85.0, 90.0]);
        assert_eq!(
            found[1..4].iter().map(|x| x.to_bits()).collect::<Vec<_>>()[0],
            2.0_f64.to_bits()
        );
        assert!(found[0].is_nan() && found[2].is_nan() && found[4].is_nan());
        assert_eq!(found[3], 2.0);
        assert_eq!(rates(&[0, 1_000_000], &[100.0, 3.0])[1], 3.0);
    }

    #[test]
    fn counters_are_told_from_gauges() {
        let counter: Vec<f64> = (0..100).map(|i| f64::from(i % 40) * 7.0).collect();
        assert!(looks_like_counter(&counter));
        let gauge: Vec<f64> = (0..100)
            .map(|i| 50.0 + 10.0 * (f64::from(i) / 5.0).sin())
            .collect();
        assert!(!looks_like_counter(&gauge));
        let sawtooth: Vec<f64> = (0..100).map(|i| f64::from(i % 3)).collect();
        assert!(!looks_like_counter(&sawtooth));
        assert!(!looks_like_counter(&[4.0; 50]));
        assert!(!looks_like_counter(&[1.0, 2.0, 3.0]));
        let below: Vec<f64> = (-5..50).map(f64::from).collect();
        assert!(!looks_like_counter(&below));
    }

    proptest! {
        #[test]
        fn nothing_panics(times in proptest::collection::vec(any::<i64>(), 0..20), values in proptest::collection::vec(any::<f64>(), 0..20)) {
            let _ = (rates(&times, &values), resets(&values), looks_like_counter(&values));
        }
    }
}
