//! Autocovariances of an ARMA process with unit innovation variance, and their derivatives.
//!
//! Those of the autoregressive part come from its partial autocorrelations (the
//! Levinson-Durbin recursion run down, then up: p² operations where solving the
//! Yule-Walker equations takes p³), and the moving average then weighs them by its own.
//! Derivatives by running both recursions backwards (reverse accumulation).

use super::polynomial::Taps;

/// The autocovariances with all that their derivatives need; reused from call to call.
#[derive(Debug, Clone, Default)]
pub(super) struct Autocovariance {
    /// Of the process at lags 0 to r.
    pub(super) gamma: Vec<f64>,
    /// Of the autoregressive part alone at lags 0 to r + q.
    pure: Vec<f64>,
    /// The autoregressions of order 1 to p that the recursion passes through, one after another.
    stages: Vec<f64>,
    /// The variance of the error of each order's prediction, 0 to p.
    errors: Vec<f64>,
    /// The moving average's own autocovariances: (lag, value), lag 0 to q.
    moving: Vec<(usize, f64)>,
    by_pure: Vec<f64>,
    by_stage: Vec<f64>,
    by_moving: Vec<f64>,
}

/// Where the autoregression of order k (from 1) begins among the stages.
fn stage(k: usize) -> usize {
    k * (k - 1) / 2
}

impl Autocovariance {
    /// Computes lags 0 to `most`; false where the autoregression is not stationary.
    pub(super) fn compute(&mut self, ar: &Taps, ma: &Taps, most: usize) -> bool {
        if !self.step_down(ar) {
            return false;
        }
        self.pure_autoregression(ar, most + ma.degree());
        self.moving_average(ma);
        self.gamma.clear();
        for k in 0..=most {
            let terms = self.moving.iter().map(|&(lag, c)| {
                if lag == 0 {
                    c * self.pure[k]
                } else {
                    c * (self.pure[k + lag] + self.pure[k.abs_diff(lag)])
                }
            });
            self.gamma.push(terms.sum());
        }
        true
    }

    fn step_down(&mut self, ar: &Taps) -> bool {
        let p = ar.degree();
        self.stages.clear();
        self.stages.resize(stage(p + 1), 0.0);
        for (lag, weight) in ar.lags.iter().zip(&ar.weights) {
            self.stages[stage(p) + lag - 1] = *weight;
        }
        for k in (1..=p).rev() {
            let (lower, upper) = self.stages.split_at_mut(stage(k));
            let partial = upper[k - 1];
            if partial.is_nan() || partial.abs() >= 1.0 {
                return false;
            }
            if k == 1 {
                break;
            }
            let scale = 1.0 / (1.0 - partial * partial);
            let target = &mut lower[stage(k - 1)..];
            let backward = upper[..k - 1].iter().rev();
            for ((t, a), b) in target.iter_mut().zip(&upper[..k - 1]).zip(backward) {
                *t = scale * (a + partial * b);
            }
        }
        true
    }

    fn pure_autoregression(&mut self, ar: &Taps, most: usize) {
        let p = ar.degree();
        let partial = |k: usize, stages: &[f64]| stages[stage(k) + k - 1];
        let mut variance = 1.0;
        for k in 1..=p {
            variance /= 1.0 - partial(k, &self.stages).powi(2);
        }
        self.pure.clear();
        self.pure.push(variance);
        self.errors.clear();
        self.errors.push(variance);
        for k in 1..=p {
            let last = partial(k, &self.stages);
            let error = self.errors[k - 1];
            let mut value = last * error;
            if k > 1 {
                let before = &self.stages[stage(k - 1)..stage(k)];
                let pairs = before.iter().zip(self.pure[1..k].iter().rev());
                value += pairs.map(|(a, g)| a * g).sum::<f64>();
            }
            self.pure.push(value);
            self.errors.push(error * (1.0 - last * last));
        }
        for k in p + 1..=most {
            let value = ar.apply(&self.pure, k);
            self.pure.push(value);
        }
    }

    fn moving_average(&mut self, ma: &Taps) {
        self.moving.clear();
        self.moving.push((0, 1.0));
        let taps = || std::iter::once((0, 1.0)).chain(pairs(ma));
        for (i, (low, a)) in taps().enumerate() {
            for (high, b) in taps().skip(i) {
                if high > 0 {
                    self.add_moving(high - low, a * b);
                }
            }
        }
    }

    fn add_moving(&mut self, lag: usize, value: f64) {
        match self.moving.iter_mut().find(|(l, _)| *l == lag) {
            Some((_, sum)) => *sum += value,
            None => self.moving.push((lag, value)),
        }
    }

    /// Adds the derivatives by the taps' weights, from those by `gamma`.
    pub(super) fn pull_back(
        &mut self,
        by_gamma: &[f64],
        (ar, by_ar): (&Taps, &mut [f64]),
        (ma, by_ma): (&Taps, &mut [f64]),
    ) {
        self.by_pure.clear();
        self.by_pure.resize(self.pure.len(), 0.0);
        self.by_moving.clear();
        self.by_moving.resize(ma.degree() + 1, 0.0);
        for (k, by) in by_gamma.iter().enumerate() {
            for &(lag, c) in &self.moving {
                if lag == 0 {
                    self.by_pure[k] += by * c;
                    self.by_moving[0] += by * self.pure[k];
                } else {
                    self.by_pure[k + lag] += by * c;
                    self.by_pure[k.abs_diff(lag)] += by * c;
                    self.by_moving[lag] += by * (self.pure[k + lag] + self.pure[k.abs_diff(lag)]);
                }
            }
        }
        for (i, (low, a)) in pairs(ma).enumerate() {
            // With the leading one, then with every tap.
            by_ma[i] += self.by_moving[low];
            for (j, (high, b)) in pairs(ma).enumerate().skip(i) {
                let by = self.by_moving[high - low];
                by_ma[i] += by * b;
                by_ma[j] += by * a;
            }
        }
        self.pull_back_pure(ar, by_ar);
    }

    fn pull_back_pure(&mut self, ar: &Taps, by_ar: &mut [f64]) {
        let p = ar.degree();
        for k in (p + 1..self.pure.len()).rev() {
            let by = self.by_pure[k];
            for ((lag, weight), by_weight) in pairs(ar).zip(by_ar.iter_mut()) {
                *by_weight += by * self.pure[k - lag];
                self.by_pure[k - lag] += by * weight;
            }
        }
        self.by_stage.clear();
        self.by_stage.resize(self.stages.len(), 0.0);
        let mut by_error = 0.0;
        for k in (1..=p).rev() {
            let place = stage(k) + k - 1;
            let (partial, error, by) = (self.stages[place], self.errors[k - 1], self.by_pure[k]);
            self.by_stage[place] += error * (by - 2.0 * partial * by_error);
            by_error = by_error * (1.0 - partial * partial) + by * partial;
            for j in 1..k {
                self.by_stage[stage(k - 1) + j - 1] += by * self.pure[k - j];
                self.by_pure[k - j] += by * self.stages[stage(k - 1) + j - 1];
            }
        }
        let by_variance = (self.by_pure[0] + by_error) * self.pure[0];
        for k in 1..=p {
            let place = stage(k) + k - 1;
            let partial = self.stages[place];
            let scale = 1.0 / (1.0 - partial * partial);
            self.by_stage[place] += by_variance * 2.0 * partial * scale;
            let (lower, upper) = self.by_stage.split_at_mut(stage(k));
            let (stages, above) = self.stages.split_at(stage(k));
            if k > 1 {
                let from = stage(k - 1);
                for j in 0..k - 1 {
                    let (by, mirrored) = (lower[from + j], lower[from + k - 2 - j]);
                    upper[j] += scale * (by + partial * mirrored);
                    let inner = above[k - 2 - j] + 2.0 * partial * stages[from + j];
                    upper[k - 1] += by * scale * inner;
                }
            }
        }
        if p > 0 {
            let last = &self.by_stage[stage(p)..];
            for (lag, by) in ar.lags.iter().zip(by_ar) {
                *by += last[lag - 1];
            }
        }
    }
}

fn pairs(taps: &Taps) -> impl Iterator<Item = (usize, f64)> + '_ {
    taps.lags.iter().copied().zip(taps.weights.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::optimise::gradient;

    #[test]
    fn known_processes() {
        let mut ar = Taps::new(-1.0, 1, 0, 0);
        let mut ma = Taps::new(1.0, 1, 0, 0);
        ar.expand(&[0.5], &[]);
        ma.expand(&[0.4], &[]);
        let mut found = Autocovariance::default();
        assert!(found.compute(&ar, &ma, 3));
        // ARMA(1,1): γ₀ = (1 + 2φθ + θ²)/(1 − φ²), γ₁ = (1 + φθ)(φ + θ)/(1 − φ²).
        let expected = [1.56 / 0.75, 1.2 * 0.9 / 0.75, 0.72, 0.36];
        for (value, expected) in found.gamma.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-14, "{value} {expected}");
        }
        ar.expand(&[1.0], &[]);
        assert!(!found.compute(&ar, &ma, 3));
    }

    /// Against sums over a long moving-average representation, and against differences.
    #[test]
    fn a_seasonal_process_and_its_derivatives() {
        let mut ar = Taps::new(-1.0, 2, 1, 4);
        let mut ma = Taps::new(1.0, 1, 2, 4);
        let most = ar.degree().max(ma.degree());
        let weights: Vec<f64> = (0..=most).map(|k| 1.0 / (1.0 + k as f64)).collect();
        let point = [0.9, -0.3, 0.6, 0.5, -0.4, 0.3];
        let mut scratch = Autocovariance::default();
        let mut value = |x: &[f64]| {
            ar.expand(&x[..2], &x[2..3]);
            ma.expand(&x[3..4], &x[4..]);
            assert!(scratch.compute(&ar, &ma, most));
            let terms = scratch.gamma.iter().zip(&weights);
            terms.map(|(g, w)| g * w).sum::<f64>()
        };
        let expected = gradient(&mut value, &point);
        value(&point);
        let mut psi = vec![1.0];
        for t in 1..2000 {
            let mut next = 0.0;
            for (lag, weight) in pairs(&ar) {
                if lag <= t {
                    next += weight * psi[t - lag];
                }
            }
            for (lag, weight) in pairs(&ma) {
                if lag == t {
                    next += weight;
                }
            }
            psi.push(next);
        }
        for (k, gamma) in scratch.gamma.iter().enumerate() {
            let sum: f64 = psi.iter().zip(&psi[k..]).map(|(a, b)| a * b).sum();
            assert!((gamma - sum).abs() < 1e-10, "{k}: {gamma} {sum}");
        }
        let mut by_ar = vec![0.0; ar.lags.len()];
        let mut by_ma = vec![0.0; ma.lags.len()];
        scratch.pull_back(&weights, (&ar, &mut by_ar), (&ma, &mut by_ma));
        let mut found = [0.0; 6];
        let (autoregressive, moving) = found.split_at_mut(3);
        let (a, b) = autoregressive.split_at_mut(2);
        ar.pull_back(&by_ar, (&point[..2], a), (&point[2..3], b));
        let (a, b) = moving.split_at_mut(1);
        ma.pull_back(&by_ma, (&point[3..4], a), (&point[4..], b));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6 * expected.abs().max(1.0));
        }
    }
}
