//! The admissible region: where old values lose their weight.
//!
//! A model with season and trend is the moving average [φβB + α(1−φB)](1 + B + … + Bᵐ⁻¹) +
//! γBᵐ(1−φB) + (1−α)(1−φB)(1−Bᵐ) of its errors, which must be invertible (R. J. Hyndman, M.
//! Akram and B. C. Archibald, "The admissible parameter space for exponential smoothing
//! models", AISM 60 (2008), derived here for the trend that is damped from the first step on).
//! The other models are admissible wherever 0 < β < α < 1 and 0 < γ < 1 − α.

use super::recursion::Smoothing;

/// Tells whether a model with season and trend is admissible; `scratch` is reused.
pub(super) fn is_admissible(
    smoothing: Smoothing,
    period: usize,
    scratch: &mut [Vec<f64>; 2],
) -> bool {
    let Smoothing {
        alpha,
        beta,
        gamma,
        phi,
    } = smoothing;
    let [polynomial, reduced] = scratch;
    polynomial.clear();
    polynomial.resize(period + 2, 0.0);
    for lag in 0..period {
        polynomial[lag] += alpha;
        polynomial[lag + 1] += phi * (beta - alpha);
    }
    let rest = 1.0 - alpha;
    polynomial[0] += rest;
    polynomial[1] -= rest * phi;
    polynomial[period] += gamma - rest;
    polynomial[period + 1] += phi * (rest - gamma);
    is_invertible(polynomial, reduced)
}

/// Tells whether 1 + a₁B + … has its roots outside the unit circle, by the Schur-Cohn recursion.
fn is_invertible(polynomial: &mut Vec<f64>, reduced: &mut Vec<f64>) -> bool {
    while polynomial.len() > 1 {
        let degree = polynomial.len() - 1;
        let last = polynomial[degree];
        let rest = 1.0 - last * last;
        if rest.is_nan() || rest <= 0.0 {
            return false;
        }
        reduced.clear();
        reduced.extend((0..degree).map(|i| (polynomial[i] - last * polynomial[degree - i]) / rest));
        std::mem::swap(polynomial, reduced);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invertible(coefficients: &[f64]) -> bool {
        is_invertible(&mut coefficients.to_vec(), &mut Vec::new())
    }

    #[test]
    fn known_roots() {
        assert!(invertible(&[1.0]));
        // (1 − 0.9B)(1 + 0.5B) and (1 − 1.1B)(1 + 0.5B)
        assert!(invertible(&[1.0, -0.4, -0.45]));
        assert!(!invertible(&[1.0, -0.6, -0.55]));
        // 1 + 0.99B⁴ and 1 − B⁴
        assert!(invertible(&[1.0, 0.0, 0.0, 0.0, 0.99]));
        assert!(!invertible(&[1.0, 0.0, 0.0, 0.0, -1.0]));
    }

    /// The largest weight that a value 200 seasons back still has, from the recursion itself.
    #[test]
    fn agrees_with_the_weights_of_old_values() {
        let mut scratch = [Vec::new(), Vec::new()];
        let (mut inside, mut outside) = (0, 0);
        for case in 0..4000_u32 {
            let part = |n: u32| f64::from((case / n) % 10) / 10.0 + 0.05;
            let alpha = part(1);
            let smoothing = Smoothing {
                alpha,
                beta: 3.0 * part(10),
                gamma: 1.5 * part(100),
                phi: if case >= 2000 { 1.0 } else { 0.9 },
            };
            let (mut level, mut slope, mut season) = (0.3, -0.2, [0.5, -1.0, 0.2, 0.3]);
            let mut weight = 0.0_f64;
            for t in 0..800 {
                let carried = smoothing.phi * slope;
                let forecast = level + carried + season[t % 4];
                level += carried - smoothing.alpha * forecast;
                slope = carried - smoothing.beta * forecast;
                season[t % 4] -= smoothing.gamma * forecast;
                if t >= 700 {
                    weight = weight.max(forecast.abs());
                }
            }
            let admissible = is_admissible(smoothing, 4, &mut scratch);
            if weight < 1e-3 {
                assert!(admissible, "{smoothing:?} {weight}");
                inside += 1;
            } else if weight > 1e3 {
                assert!(!admissible, "{smoothing:?} {weight}");
                outside += 1;
            }
        }
        assert!(inside > 500 && outside > 500, "{inside} {outside}");
    }
}
