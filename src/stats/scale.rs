//! Scales by powers of two, which keep every digit and keep squares from overflowing.

/// The power of two that brings the largest of `values` near 1; 1 where all are 0.
///
/// Finite values only. A product with it is exact but for numbers so small beside the
/// largest that they do not count.
pub(super) fn power_of_two_scale(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return 1.0;
    }
    // Bits 52 to 62 are the exponent; a subnormal number counts as the least normal one.
    let exponent = ((largest.to_bits() >> 52) as i32 - 1023).clamp(-1022, 1022);
    2.0_f64.powi(-exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_comes_near_one() {
        for (largest, want) in [
            (1.0, 1.0),
            (-3.0, 0.5),
            (0.0, 1.0),
            (f64::MAX, 2.0_f64.powi(-1022)),
            (f64::MIN_POSITIVE, 2.0_f64.powi(1022)),
            (5e-324, 2.0_f64.powi(1022)),
        ] {
            assert_eq!(power_of_two_scale(&[0.0, largest]), want);
        }
        assert_eq!(power_of_two_scale(&[]), 1.0);
    }
}
