//! Computes elementary functions the same way on every machine.
//!
//! The platform's `exp`, `ln` and `sin` may differ in the last bit between
//! libraries, which a `floor` further on would make visible. These use only
//! operations that IEEE 754 defines exactly (and `sqrt`), with a relative error
//! below 1e-14.

use std::f64::consts::{LN_2, PI, SQRT_2};

/// e^x; 0 below −700 and e^700 above 700.
pub(super) fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let x = x.min(700.0);
    let k = (x / LN_2).round();
    let r = x - k * LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..=18 {
        term *= r / f64::from(n);
        sum += term;
    }
    let bits = ((k as i64 + 1023) as u64) << 52;
    sum * f64::from_bits(bits)
}

/// The natural logarithm of a positive, normal number; very small ones count as 1e-300.
pub(super) fn ln(x: f64) -> f64 {
    let x = x.max(1e-300);
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023 << 52));
    if mantissa > SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let square = z * z;
    let mut power = z;
    let mut sum = 0.0;
    for n in 0..18 {
        sum += power / f64::from(2 * n + 1);
        power *= square;
    }
    2.0 * sum + exponent as f64 * LN_2
}

/// sin(x) for |x| up to some thousands.
pub(super) fn sin(x: f64) -> f64 {
    let turns = (x / (2.0 * PI)).round();
    let r = x - turns * 2.0 * PI;
    let square = r * r;
    let mut term = r;
    let mut sum = r;
    for n in 1..=14 {
        term *= -square / f64::from(2 * n * (2 * n + 1));
        sum += term;
    }
    sum
}

/// x^y for positive x.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    exp(y * ln(x))
}

/// The standard normal distribution function (Abramowitz & Stegun 26.2.17, error below 7.5e-8).
pub(super) fn normal_cdf(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = exp(-z * z / 2.0) / (2.0 * PI).sqrt() * poly;
    if z >= 0.0 { 1.0 - tail } else { tail }
}

/// The distribution function of a Gamma variate with the given shape and mean
/// (Wilson & Hilferty 1931), which is the law of the simulated durations.
pub(super) fn gamma_cdf(shape: f64, mean: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if mean <= 0.0 {
        return 1.0;
    }
    let ninth = 1.0 / (9.0 * shape);
    let z = (pow(x / mean, 1.0 / 3.0) - (1.0 - ninth)) / ninth.sqrt();
    // Beyond 5 σ a bucket holds everything or nothing: upper buckets then equal the count.
    if z > 5.0 {
        1.0
    } else if z < -5.0 {
        0.0
    } else {
        normal_cdf(z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-9), "{a} {b}");
    }

    #[test]
    fn agrees_with_known_values() {
        close(exp(1.0), std::f64::consts::E, 1e-14);
        close(exp(-20.0), 2.061_153_622_438_558e-9, 1e-13);
        close(ln(10.0), std::f64::consts::LN_10, 1e-14);
        close(ln(0.001), -6.907_755_278_982_137, 1e-14);
        close(sin(1.0), 0.841_470_984_807_896_5, 1e-14);
        close(sin(1000.0), 0.826_879_540_532_002_5, 1e-12);
        close(pow(27.0, 1.0 / 3.0), 3.0, 1e-14);
        close(normal_cdf(1.96), 0.975_002_1, 1e-6);
        // Gamma(2, mean 1): 1 − (1 + 2x)e^(−2x); Wilson–Hilferty is good to 1 %.
        close(gamma_cdf(2.0, 1.0, 1.0), 1.0 - 3.0 * exp(-2.0), 0.01);
        close(gamma_cdf(2.0, 1.0, 2.5), 1.0 - 6.0 * exp(-5.0), 0.01);
    }
}
