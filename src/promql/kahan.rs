//! Compensated addition: a running sum with what rounding lost of it.
//!
//! A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
//! Summen", ZAMM 54 (1974), in the form in which Prometheus uses it: once the
//! sum is infinite nothing is compensated any more, so that `sum + c` stays
//! infinite instead of becoming NaN.

/// Adds `inc` to the sum `sum + c`; returns the new `(sum, c)`.
#[inline]
pub(crate) fn add(inc: f64, sum: f64, c: f64) -> (f64, f64) {
    let (total, compensation) = add_unguarded(inc, sum, c);
    if total.is_infinite() {
        (total, 0.0)
    } else {
        (total, compensation)
    }
}

/// As [`add`], but the compensation of an infinite sum is NaN: Prometheus 2.42.
#[inline]
pub(crate) fn add_unguarded(inc: f64, sum: f64, c: f64) -> (f64, f64) {
    let total = sum + inc;
    let (large, small) = if sum.abs() >= inc.abs() {
        (sum, inc)
    } else {
        (inc, sum)
    };
    (total, c + ((large - total) + small))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[f64]) -> f64 {
        let (sum, c) = values
            .iter()
            .fold((0.0, 0.0), |(sum, c), value| add(*value, sum, c));
        sum + c
    }

    #[test]
    fn small_terms_survive_a_large_one() {
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum(&[0.1; 10]), 1.0);
    }

    #[test]
    fn infinities_stay() {
        assert_eq!(sum(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert_eq!(sum(&[1.0, f64::NEG_INFINITY]), f64::NEG_INFINITY);
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(sum(&[1.0, f64::NAN]).is_nan());
    }

    #[test]
    fn the_older_form_loses_infinities() {
        let (sum, c) = add_unguarded(f64::INFINITY, 1.0, 0.0);
        assert_eq!(sum, f64::INFINITY);
        assert!(c.is_nan());
        assert_eq!(add_unguarded(1.0, 1e100, 0.0), (1e100, 1.0));
    }
}
