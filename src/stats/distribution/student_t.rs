//! Student's t distribution, through the incomplete beta ratio.

use super::beta::regularised_beta_of;
use super::normal::{normal_quantile, normal_survival};

/// Degrees of freedom from which the normal distribution serves: the difference is below 10⁻¹³.
const NORMAL_FROM: f64 = 1e13;

/// Probability that a t variable with `degrees` of freedom is at most `t`.
pub fn student_t_cdf(t: f64, degrees: f64) -> f64 {
    student_t_survival(-t, degrees)
}

/// Probability that a t variable with `degrees` of freedom is above `t`.
pub fn student_t_survival(t: f64, degrees: f64) -> f64 {
    if t.is_nan() || degrees.is_nan() || degrees <= 0.0 {
        return f64::NAN;
    }
    if degrees >= NORMAL_FROM {
        return normal_survival(t);
    }
    let square = t * t;
    // Of ν/(ν + t²) and t²/(ν + t²), without overflow or loss.
    let (small, large) = if square > degrees {
        let rest = degrees / square;
        (1.0 / (1.0 + rest), rest / (1.0 + rest))
    } else {
        let ratio = square / degrees;
        (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio))
    };
    let both_tails = regularised_beta_of(0.5 * degrees, 0.5, large, small).0;
    if t < 0.0 {
        1.0 - 0.5 * both_tails
    } else {
        0.5 * both_tails
    }
}

/// The number that a t variable with `degrees` of freedom is below with `probability`.
pub fn student_t_quantile(probability: f64, degrees: f64) -> f64 {
    if !(0.0..=1.0).contains(&probability) || degrees.is_nan() || degrees <= 0.0 {
        return f64::NAN;
    }
    if degrees >= NORMAL_FROM {
        return normal_quantile(probability);
    }
    let tail = probability.min(1.0 - probability);
    let sign = probability - 0.5;
    if tail == 0.0 {
        return f64::INFINITY.copysign(sign);
    }
    if sign == 0.0 {
        return 0.0;
    }
    // Bisection on the bits: positive doubles sort as their bits do.
    let (mut below, mut above) = (0_u64, f64::MAX.to_bits());
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if student_t_survival(f64::from_bits(middle), degrees) > tail {
            below = middle;
        } else {
            above = middle;
        }
    }
    f64::from_bits(above).copysign(sign)
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_close;
    use super::*;

    #[test]
    fn probabilities_equal_scipy() {
        for (t, degrees, want) in [
            (0.0, 3.0, 0.5),
            (1.0, 1.0, 0.75),
            (-2.5, 2.0, 0.06480586011075541),
            (2.0, 10.0, 0.9633059826146299),
            (-40.0, 5.0, 9.205981085886477e-08),
            (1e-9, 4.0, 0.500000000375),
            (1.96, 1e3, 0.9748634075221256),
            (3.0, 1e7, 0.9986500986444814),
            (-1e10, 1.5, 3.770852432016247e-16),
            (2.0, 1e12, 0.9772498680516858),
        ] {
            assert_close(student_t_cdf(t, degrees), want, 1e-12);
            assert_close(student_t_survival(-t, degrees), want, 1e-12);
        }
        assert_eq!(student_t_cdf(f64::INFINITY, 3.0), 1.0);
    }

    #[test]
    fn quantiles_equal_scipy() {
        for (p, degrees, want) in [
            (0.5, 3.0, 0.0),
            (0.975, 1.0, 12.706204736174694),
            (0.975, 2.0, 4.302652729749462),
            (0.975, 5.0, 2.5705818356363146),
            (0.9, 30.0, 1.3104150253913955),
            (1e-10, 4.0, -416.1751403296041),
            (0.6, 0.5, 0.3979754267847907),
            (0.995, 1e4, 2.5763210466685282),
            (0.025, 1e8, -1.9599640082627667),
            (1e-4, 100.0, -3.8615997909500597),
        ] {
            assert_close(student_t_quantile(p, degrees), want, 2e-12);
        }
        assert_eq!(student_t_quantile(1.0, 3.0), f64::INFINITY);
    }
}
