//! The polynomials of a model: multiplied out, and kept within their admissible region.
//!
//! Barndorff-Nielsen & Schou 1973 and Jones 1980: any partial autocorrelations in (−1, 1)
//! give a stationary autoregression, and every stationary one arises so. Each factor of
//! the model is parametrised on its own; a moving average as an autoregression with the
//! signs turned. Deviation: Jones maps the line onto (−1, 1) by `(1 − e⁻ᶻ)/(1 + e⁻ᶻ)`,
//! here it is `tanh z`, the same with the unit halved.

/// A polynomial multiplied out of its two factors, as its nonzero taps.
///
/// Autoregressive (`sign` −1): `y_t = Σ weight · y_(t−lag) + …`; moving average
/// (`sign` +1): `… + Σ weight · ε_(t−lag)`.
#[derive(Debug, Clone, Default)]
pub(super) struct Taps {
    /// The lags, ascending, each at least 1.
    pub(super) lags: Vec<usize>,
    /// A weight for each lag.
    pub(super) weights: Vec<f64>,
    sign: f64,
    /// Which products of a factor's coefficients a tap is the sum of: (tap, i, j), where
    /// the coefficient 0 is the factor's leading one.
    products: Vec<(usize, usize, usize)>,
}

impl Taps {
    /// The pattern of `plain` coefficients at lags 1, 2, … times `seasonal` ones at
    /// `period`, 2 `period`, …; all weights are zero yet.
    pub(super) fn new(sign: f64, plain: usize, seasonal: usize, period: usize) -> Self {
        let pairs = (0..=plain).flat_map(|i| (0..=seasonal).map(move |j| (i, j)));
        let pairs: Vec<_> = pairs.skip(1).collect();
        let mut lags: Vec<usize> = pairs.iter().map(|(i, j)| i + j * period).collect();
        lags.sort_unstable();
        lags.dedup();
        let tap = |lag: usize| lags.partition_point(|l| *l < lag);
        let products = pairs.iter().map(|&(i, j)| (tap(i + j * period), i, j));
        Self {
            products: products.collect(),
            weights: vec![0.0; lags.len()],
            lags,
            sign,
        }
    }

    /// The largest lag.
    pub(super) fn degree(&self) -> usize {
        self.lags.last().copied().unwrap_or(0)
    }

    /// Multiplies the factors out.
    pub(super) fn expand(&mut self, plain: &[f64], seasonal: &[f64]) {
        self.weights.fill(0.0);
        for &(tap, i, j) in &self.products {
            let product = self.leading(plain, i) * self.leading(seasonal, j);
            self.weights[tap] += self.sign * product;
        }
    }

    fn leading(&self, factor: &[f64], i: usize) -> f64 {
        if i == 0 {
            1.0
        } else {
            self.sign * factor[i - 1]
        }
    }

    /// Adds the derivatives by the factors' coefficients, from those by the taps' weights.
    pub(super) fn pull_back(
        &self,
        by_weight: &[f64],
        (plain, by_plain): (&[f64], &mut [f64]),
        (seasonal, by_seasonal): (&[f64], &mut [f64]),
    ) {
        for &(tap, i, j) in &self.products {
            if i > 0 {
                by_plain[i - 1] += by_weight[tap] * self.leading(seasonal, j);
            }
            if j > 0 {
                by_seasonal[j - 1] += by_weight[tap] * self.leading(plain, i);
            }
        }
    }

    /// The sum of weight times the value that many steps before `values[at]`.
    #[inline]
    pub(super) fn apply(&self, values: &[f64], at: usize) -> f64 {
        let taps = self.lags.iter().zip(&self.weights);
        taps.map(|(lag, weight)| weight * values[at - lag]).sum()
    }
}

/// Turns partial autocorrelations into the coefficients of an autoregression, in place
/// (the forward half of the Durbin-Levinson recursion).
pub(super) fn from_partial(values: &mut [f64]) {
    for k in 1..values.len() {
        let partial = values[k];
        turn(&mut values[..k], partial);
    }
}

/// Turns the coefficients of an autoregression into partial autocorrelations, in place.
/// False, with the values spoilt, where it is not stationary.
pub(super) fn to_partial(values: &mut [f64]) -> bool {
    for k in (0..values.len()).rev() {
        let partial = values[k];
        if partial.is_nan() || partial.abs() >= 1.0 {
            return false;
        }
        let scale = 1.0 / (1.0 - partial * partial);
        turn(&mut values[..k], -partial);
        values[..k].iter_mut().for_each(|v| *v *= scale);
    }
    true
}

/// `v_j ← v_j − partial · v_(k−j)` for all j at once.
fn turn(values: &mut [f64], partial: f64) {
    let k = values.len();
    for j in 0..k.div_ceil(2) {
        let (a, b) = (values[j], values[k - 1 - j]);
        values[j] = a - partial * b;
        if j != k - 1 - j {
            values[k - 1 - j] = b - partial * a;
        }
    }
}

/// Turns derivatives by the coefficients into derivatives by the partial
/// autocorrelations they came from, in place.
pub(super) fn pull_back_partial(coefficients: &[f64], derivatives: &mut [f64]) {
    let mut stage = coefficients.to_vec();
    for k in (1..stage.len()).rev() {
        let partial = stage[k];
        let scale = 1.0 / (1.0 - partial * partial);
        turn(&mut stage[..k], -partial);
        stage[..k].iter_mut().for_each(|v| *v *= scale);
        // Now `stage[..k]` is what the forward step turned.
        let by_partial: f64 = (0..k).map(|j| derivatives[j] * stage[k - 1 - j]).sum();
        derivatives[k] -= by_partial;
        turn(&mut derivatives[..k], partial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies_out() {
        // (1 − 0.5B)(1 − 0.3B⁴) = 1 − 0.5B − 0.3B⁴ + 0.15B⁵
        let mut taps = Taps::new(-1.0, 1, 1, 4);
        taps.expand(&[0.5], &[0.3]);
        assert_eq!(taps.lags, [1, 4, 5]);
        assert_eq!(taps.weights, [0.5, 0.3, -0.15]);
        // (1 + 0.5B)(1 + 0.3B⁴)
        let mut taps = Taps::new(1.0, 1, 1, 4);
        taps.expand(&[0.5], &[0.3]);
        assert_eq!(taps.weights, [0.5, 0.3, 0.15]);
        // Lags that coincide: (1 + 0.5B + 0.2B²)(1 + 0.4B²)
        let mut taps = Taps::new(1.0, 2, 1, 2);
        taps.expand(&[0.5, 0.2], &[0.4]);
        assert_eq!(taps.lags, [1, 2, 3, 4]);
        let expected = [0.5, 0.6, 0.2, 0.08];
        for (weight, expected) in taps.weights.iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-15);
        }
        assert_eq!(Taps::new(1.0, 0, 0, 0).degree(), 0);
    }

    #[test]
    fn partial_autocorrelations_turn_back() {
        // An AR(2): φ₁ = κ₁(1 − κ₂), φ₂ = κ₂.
        let mut values = [0.6, -0.4];
        from_partial(&mut values);
        assert!((values[0] - 0.84).abs() < 1e-15);
        assert_eq!(values[1], -0.4);
        let partial = [0.9, -0.5, 0.3, -0.95, 0.1];
        let mut values = partial;
        from_partial(&mut values);
        assert!(to_partial(&mut values));
        for (value, partial) in values.iter().zip(partial) {
            assert!((value - partial).abs() < 1e-12);
        }
        assert!(!to_partial(&mut [0.5, 0.6]));
        assert!(!to_partial(&mut [f64::NAN]));
    }

    #[test]
    fn derivatives_pull_back() {
        let partial = [0.7, -0.5, 0.3, 0.2];
        let weights = [1.0, -2.0, 0.5, 3.0];
        let value = |p: &[f64]| {
            let mut c = p.to_vec();
            from_partial(&mut c);
            c.iter().zip(weights).map(|(c, w)| c * w).sum::<f64>()
        };
        let expected = crate::stats::optimise::gradient(value, &partial);
        let mut coefficients = partial;
        from_partial(&mut coefficients);
        let mut derivatives = weights;
        pull_back_partial(&coefficients, &mut derivatives);
        for (d, e) in derivatives.iter().zip(expected) {
            assert!((d - e).abs() < 1e-8, "{d} {e}");
        }
    }
}
