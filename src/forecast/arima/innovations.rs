//! The innovations of a stationary ARMA process by the fast recursion.
//!
//! The state is the forecast of the next r = max(p, q) values. For a stationary start the
//! change of its covariance has rank one (Morf, Sidhu & Kailath 1974; Pearlman 1980;
//! Herbst 2015), so the gain `K` and one more vector `L` are all that must be carried:
//! with `T` the companion matrix of the autoregression, `k = L₁/F` and
//!
//! ```text
//! F ← F (1 − k²)     K ← K − k T L     L ← T L − k K     x ← T x + K v/F
//! ```
//!
//! from `F = γ₀` and `K = L = (γ₁ … γ_r)`, the autocovariances. Here `k` is the partial
//! autocorrelation of the process: written so, the recursion is Schur's, as stable as a
//! Cholesky factorisation of the covariance matrix. In this state `T` only moves the
//! vector by one place and fills the last with the autoregression's taps, so a step costs
//! r and not r². `F` falls to 1. Once it is there the gains no longer change, and the
//! innovations follow from the polynomials' nonzero taps alone.

use super::polynomial::Taps;

/// The gains count as settled when the variance of an innovation is this near to its limit.
const SETTLED: f64 = 1e-10;

/// The recursion's vectors and results, reused from call to call.
#[derive(Debug, Clone, Default)]
pub(super) struct Innovations {
    /// The innovations of each column.
    pub(super) values: Vec<Vec<f64>>,
    /// Their variances in units of the limit, common to all columns.
    pub(super) variances: Vec<f64>,
    /// The variance of the next innovation.
    pub(super) next_variance: f64,
    /// From where on the gains are constant.
    pub(super) settled: usize,
    /// For each column the forecast of step t made just before it; after `settled` those
    /// that the state held then.
    pub(super) forecasts: Vec<Vec<f64>>,
    pub(super) tape: Tape,
    gains: Vec<f64>,
    schur: Vec<f64>,
}

/// What the derivatives need of each step until the gains settle.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape {
    /// The gains, r a step.
    pub(super) gains: Vec<f64>,
    /// The moved second vector, r a step.
    pub(super) moved: Vec<f64>,
    /// The partial autocorrelations.
    pub(super) partial: Vec<f64>,
}

/// The longest tape: 64 MB.
pub(super) const MOST_TAPE: usize = 4_000_000;

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The likelihood.
    Value,
    /// The likelihood and, after it, its derivatives: keeps a tape.
    Gradient,
    /// The state after the last step: keeps a tape if it is not too long, and the gains
    /// never count as settled.
    State,
}

impl Innovations {
    /// Filters columns of equal length. False where the variance does not stay positive.
    pub(super) fn run<'a>(
        &mut self,
        (ar, ma): (&Taps, &Taps),
        gamma: &[f64],
        columns: impl Iterator<Item = &'a [f64]> + Clone,
        purpose: Purpose,
    ) -> bool {
        let order = gamma.len() - 1;
        let n = columns.clone().next().map_or(0, <[f64]>::len);
        let count = columns.clone().count();
        self.values.resize_with(count, Vec::new);
        self.forecasts.resize_with(count, Vec::new);
        for (values, forecasts) in self.values.iter_mut().zip(&mut self.forecasts) {
            values.clear();
            values.resize(n, 0.0);
            forecasts.clear();
            forecasts.resize(order, 0.0);
        }
        self.variances.clear();
        self.variances.resize(n, 1.0);
        self.gains.clear();
        self.gains.extend_from_slice(&gamma[1..]);
        self.schur.clear();
        self.schur.extend_from_slice(gamma);
        self.schur.resize(n + order + 2, 0.0);
        self.tape.gains.clear();
        self.tape.moved.clear();
        self.tape.partial.clear();
        let mut variance = gamma[0];
        let taped = match purpose {
            Purpose::Value => false,
            Purpose::Gradient => true,
            Purpose::State => n.saturating_mul(order) <= MOST_TAPE,
        };
        self.settled = n;
        for t in 0..n {
            if variance - 1.0 < SETTLED && purpose != Purpose::State {
                self.settled = t;
                break;
            }
            if !variance.is_finite() {
                return false;
            }
            variance = self.step(t, variance, ar, columns.clone(), taped);
        }
        self.next_variance = variance;
        if self.settled < n {
            for (c, column) in columns.enumerate() {
                self.settle(c, column, ar, ma, order);
            }
        }
        true
    }

    fn step<'a>(
        &mut self,
        t: usize,
        variance: f64,
        ar: &Taps,
        columns: impl Iterator<Item = &'a [f64]>,
        taped: bool,
    ) -> f64 {
        let order = self.gains.len();
        self.variances[t] = variance;
        for ((column, values), forecasts) in columns.zip(&mut self.values).zip(&mut self.forecasts)
        {
            let next = ar.apply(forecasts, t + order);
            forecasts.push(next);
            let innovation = column[t] - forecasts[t];
            values[t] = innovation;
            let scaled = innovation / variance;
            if scaled != 0.0 {
                let state = &mut forecasts[t + 1..=t + order];
                for (x, gain) in state.iter_mut().zip(&self.gains) {
                    *x += gain * scaled;
                }
            }
        }
        let partial = if order > 0 {
            self.schur[t + 1] / variance
        } else {
            0.0
        };
        self.schur[t + order + 1] = ar.apply(&self.schur, t + order + 1);
        let moved = &mut self.schur[t + 2..=t + order + 1];
        if taped {
            self.tape.gains.extend_from_slice(&self.gains);
            self.tape.moved.extend_from_slice(moved);
            self.tape.partial.push(partial);
        }
        if partial != 0.0 {
            for (gain, moved) in self.gains.iter_mut().zip(moved) {
                let (k, l) = (*gain, *moved);
                *gain = k - partial * l;
                *moved = l - partial * k;
            }
        }
        variance * (1.0 - partial * partial)
    }

    /// The rest of a column with constant gains: what differs from the forecasts that the
    /// state holds follows the difference equation from a start at zero.
    fn settle(&mut self, c: usize, column: &[f64], ar: &Taps, ma: &Taps, order: usize) {
        let (from, n) = (self.settled, column.len());
        let values = &mut self.values[c];
        let forecasts = &self.forecasts[c];
        let near = (from + order).min(n);
        for t in from..near {
            let mut sum = column[t] - forecasts[t];
            for (lag, weight) in ar.lags.iter().zip(&ar.weights) {
                if t < from + lag {
                    break;
                }
                sum -= weight * (column[t - lag] - forecasts[t - lag]);
            }
            for (lag, weight) in ma.lags.iter().zip(&ma.weights) {
                if t < from + lag {
                    break;
                }
                sum -= weight * values[t - lag];
            }
            values[t] = sum;
        }
        if near == n {
            return;
        }
        // From here on the state's forecasts obey the autoregression themselves.
        values[near..].copy_from_slice(&column[near..]);
        for (lag, weight) in ar.lags.iter().zip(&ar.weights) {
            let lagged = &column[near - lag..];
            for (value, before) in values[near..].iter_mut().zip(lagged) {
                *value -= weight * before;
            }
        }
        if !ma.lags.is_empty() {
            for t in near..n {
                values[t] -= ma.apply(values, t);
            }
        }
    }
}
