//! Distribution functions, their tails and quantiles, in full double precision.
//!
//! Every function takes any number: outside the domain of a parameter the result is NaN,
//! never a panic. Tails have functions of their own, since 1 − F(x) loses them.
//! The reference values in the tests are scipy 1.17.1's (`scipy.special`, `scipy.stats`).

mod beta;
mod binomial;
mod gamma;
mod normal;
mod student_t;

pub use beta::{beta_quantile, regularised_beta};
pub use binomial::{clopper_pearson_interval, wilson_interval};
pub use gamma::{chi_squared_survival, ln_gamma, regularised_gamma};
pub use normal::{erf, erfc, normal_cdf, normal_pdf, normal_quantile, normal_survival};
pub use student_t::{student_t_cdf, student_t_quantile, student_t_survival};

/// Adds the terms of a continued fraction 1/(1 + a₁/(1 + a₂/(1 + …))) until they no longer count.
///
/// Modified Lentz method (Thompson and Barnett 1986); `term` gives (aₙ, bₙ) for n = 1, 2, …
/// of b₀ + a₁/(b₁ + a₂/(b₂ + …)).
fn continued_fraction(b0: f64, mut term: impl FnMut(f64) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    const LONGEST: usize = 1_000_000;
    let nonzero = |x: f64| if x.abs() < TINY { TINY } else { x };
    let mut value = nonzero(b0);
    let (mut c, mut d) = (value, 0.0);
    for n in 1..=LONGEST {
        let (a, b) = term(n as f64);
        d = 1.0 / nonzero(b + a * d);
        c = nonzero(b + a / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() <= f64::EPSILON || !factor.is_finite() {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Asserts that two numbers agree to a relative tolerance.
    #[track_caller]
    pub(super) fn assert_close(got: f64, want: f64, tolerance: f64) {
        assert!(
            got == want || (got - want).abs() <= tolerance * want.abs(),
            "{got:e} instead of {want:e}"
        );
    }

    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>(),
            -100.0..100.0_f64,
            0.0..1.0_f64,
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(0.0),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_argument_gives_a_probability_or_nan(
            x in any_number(), a in any_number(), b in any_number()
        ) {
            let (p, q) = regularised_gamma(a, x);
            let (i, j) = regularised_beta(a, b, x);
            for value in [
                p, q, i, j,
                normal_cdf(x), normal_survival(x), chi_squared_survival(x, a),
                student_t_cdf(x, a), student_t_survival(x, a),
                beta_quantile(x, a, b),
            ] {
                prop_assert!(value.is_nan() || (0.0..=1.0).contains(&value), "{value}");
            }
            let _ = (normal_quantile(x), student_t_quantile(x, a), ln_gamma(x), erf(x));
        }
    }
}
