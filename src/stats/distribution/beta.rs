//! The incomplete beta ratio and its inverse.
//!
//! By the continued fraction of DiDonato and Morris (ACM TOMS 18, 1992, eq. 9), its leading
//! factor in Loader's saddle-point form.

use std::f64::consts::PI;

use super::continued_fraction;
use super::gamma::{deviance, stirling_error};

/// The incomplete beta ratios I(x; a, b) and 1 − I, for a, b > 0 and 0 ≤ x ≤ 1.
pub fn regularised_beta(a: f64, b: f64, x: f64) -> (f64, f64) {
    regularised_beta_of(a, b, x, 1.0 - x)
}

/// The same with y = 1 − x given apart, for x near 1.
pub(super) fn regularised_beta_of(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let domain = 0.0..=1.0;
    if !(a > 0.0 && b > 0.0 && (a + b).is_finite() && domain.contains(&x) && domain.contains(&y)) {
        (f64::NAN, f64::NAN)
    } else if x == 0.0 {
        (0.0, 1.0)
    } else if y == 0.0 {
        (1.0, 0.0)
    } else if b * x <= a * y {
        let lower = lower_tail(a, b, x, y);
        (lower, 1.0 - lower)
    } else {
        let upper = lower_tail(b, a, y, x);
        (1.0 - upper, upper)
    }
}

/// I(x; a, b) for x up to the mean.
fn lower_tail(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let total = a + b;
    // a − (a + b) x without cancellation for x near 1.
    let lambda = a * y - b * x;
    // xᵃ yᵇ / B(a, b).
    let exponent = stirling_error(total)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, total * x, lambda)
        - deviance(b, total * y, -lambda);
    let leading = (a / total * (b / (2.0 * PI))).sqrt() * exponent.exp();
    // βₙ of eq. 9, for n = 0, 1, …
    let denominator = |n: f64| {
        n + n * (b - n) * x / (a + 2.0 * n - 1.0)
            + (a + n) / (a + 2.0 * n + 1.0) * (lambda + 1.0 + n * (1.0 + y))
    };
    let first = a / (a + 1.0) * (lambda + 1.0);
    let fraction = continued_fraction(first, |n| {
        let double = a + 2.0 * n - 1.0;
        let numerator = (a + n - 1.0) / double * ((total + n - 1.0) / double) * n * (b - n) * x * x;
        (numerator, denominator(n))
    });
    let tail = leading / fraction;
    if tail.is_nan() {
        0.0
    } else {
        tail.clamp(0.0, 1.0)
    }
}

/// The number that a beta variable is below with `probability`.
pub fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    let domain = 0.0..=1.0;
    if !(a > 0.0 && b > 0.0 && (a + b).is_finite() && domain.contains(&probability)) {
        return f64::NAN;
    }
    if probability == 0.0 || probability == 1.0 {
        return probability;
    }
    // Bisection on the bits of the number: positive doubles sort as their bits do, so 62
    // halvings reach the last bit wherever the quantile lies, near 0 too.
    let (mut below, mut above) = (0_u64, 1.0_f64.to_bits());
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        let (p, q) = regularised_beta(a, b, f64::from_bits(middle));
        let too_low = if probability < 0.5 {
            p < probability
        } else {
            q > 1.0 - probability
        };
        if too_low {
            below = middle;
        } else {
            above = middle;
        }
    }
    f64::from_bits(above)
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_close;
    use super::*;

    #[test]
    fn incomplete_beta_equals_scipy() {
        for (a, b, x, want) in [
            (0.5, 0.5, 0.3, 0.36901011956554536),
            (1.0, 3.0, 0.2, 0.48800000000000004),
            (2.0, 3.0, 0.999, 0.999999996003),
            (10.0, 0.1, 0.9, 0.023856050744374125),
            (50.0, 60.0, 0.45, 0.4642352914306031),
            (1e4, 2e4, 0.33, 0.11020551912742219),
            (1e-3, 5.0, 0.1, 0.9994092193102943),
            (1e6, 1e6, 0.5005, 0.9213504224190758),
            (0.5, 1e8, 1e-8, 0.8427007934685993),
            (3.0, 1e5, 1e-4, 0.9972319660398833),
        ] {
            let (lower, upper) = regularised_beta(a, b, x);
            assert_close(lower, want, 1e-12);
            assert_close(upper, 1.0 - want, 1e-6);
        }
    }

    #[test]
    fn quantiles_invert() {
        for (a, b) in [(0.5, 0.5), (1.0, 9.0), (30.0, 2.0), (400.0, 1e5)] {
            for p in [1e-12, 0.025, 0.5, 0.9, 0.999] {
                let x = beta_quantile(p, a, b);
                assert_close(regularised_beta(a, b, x).0, p, 1e-10);
            }
        }
        // The quantile of Beta(1, b) is 1 − (1 − p)^(1/b).
        assert_close(
            beta_quantile(0.025, 1.0, 10.0),
            1.0 - 0.975_f64.powf(0.1),
            1e-13,
        );
    }
}
