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

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
