//! The plain Kalman filter: for missing values, and where the fast recursion is not exact.
//!
//! The state holds the forecasts of the next r differences, as in
//! [`innovations`](super::innovations), and the last d + mD levels, so that a missing
//! level costs its own innovation and nothing more. The first levels are given, as they
//! are for the differences' likelihood. Where one of those is missing itself it becomes a
//! regressor with a flat prior (de Jong 1991). Without missing values all this equals the
//! likelihood of the differences. A step costs (r + d + mD)², until the state is known as
//! well as it ever will be; from then to the next gap it costs r + d + mD.

use super::polynomial::Taps;

/// The state counts as known when its whole variance is below this.
const KNOWN: f64 = 1e-12;

/// The filter's matrices and results, reused from call to call.
#[derive(Debug, Clone, Default)]
pub(super) struct Kalman {
    /// The innovations of each column from the first level that is not given; 0 where one
    /// is missing.
    pub(super) values: Vec<Vec<f64>>,
    /// Their variances; 1 where one is missing.
    pub(super) variances: Vec<f64>,
    /// The forecasts of the last column's levels, a step ahead.
    pub(super) forecasts: Vec<f64>,
    /// The state after the last step, for each column.
    pub(super) states: Vec<Vec<f64>>,
    /// Its covariance.
    pub(super) covariance: Vec<f64>,
    next: Vec<f64>,
    moved: Vec<f64>,
    gain: Vec<f64>,
    seen: Vec<f64>,
}

/// How the state moves and is seen.
pub(super) struct System<'a> {
    pub(super) ar: &'a Taps,
    /// The weights of past innovations, 0 to r.
    pub(super) psi: &'a [f64],
    /// The autocovariances, 0 to r.
    pub(super) gamma: &'a [f64],
    /// A level is its difference plus these multiples of the levels before.
    pub(super) integration: &'a [(usize, f64)],
}

impl System<'_> {
    fn order(&self) -> usize {
        self.gamma.len() - 1
    }

    fn lost(&self) -> usize {
        self.integration.last().map_or(0, |(lag, _)| *lag)
    }

    pub(super) fn dimension(&self) -> usize {
        self.order() + self.lost()
    }

    /// The forecast of the next level.
    pub(super) fn see(&self, state: &[f64]) -> f64 {
        let (ahead, levels) = state.split_at(self.order());
        let before = self.integration.iter().map(|(lag, w)| w * levels[lag - 1]);
        ahead.first().copied().unwrap_or(0.0) + before.sum::<f64>()
    }

    /// The state a step later, without news.
    pub(super) fn advance(&self, state: &[f64], next: &mut [f64]) {
        let order = self.order();
        if order > 0 {
            next[..order - 1].copy_from_slice(&state[1..order]);
            next[order - 1] = self.ar.apply(&state[..order], order);
        }
        if state.len() > order {
            next[order] = self.see(state);
            let last = state.len() - 1;
            next[order + 1..].copy_from_slice(&state[order..last]);
        }
    }

    /// What a unit innovation adds to component i.
    pub(super) fn news(&self, i: usize) -> f64 {
        match i.checked_sub(self.order()) {
            None => self.psi[i + 1],
            Some(0) => 1.0,
            Some(_) => 0.0,
        }
    }

    /// The covariance of the state before anything but the given levels is seen.
    pub(super) fn start(&self, covariance: &mut Vec<f64>) {
        let (order, n) = (self.order(), self.dimension());
        covariance.clear();
        covariance.resize(n * n, 0.0);
        for i in 0..order {
            for j in i..order {
                let before = if i == 0 {
                    self.gamma[j]
                } else {
                    covariance[(i - 1) * n + j - 1]
                };
                let value = before - self.psi[i] * self.psi[j];
                covariance[i * n + j] = value;
                covariance[j * n + i] = value;
            }
        }
    }
}

impl Kalman {
    /// Filters levels of equal length: the last column may have gaps (NaN), where no other
    /// is looked at. False where a variance is not positive.
    pub(super) fn run(&mut self, system: &System<'_>, columns: &[&[f64]]) -> bool {
        let n = system.dimension();
        let lost = system.lost();
        system.start(&mut self.covariance);
        for vector in [&mut self.next, &mut self.moved] {
            vector.clear();
            vector.resize(n * n, 0.0);
        }
        self.gain.clear();
        self.gain.resize(n, 0.0);
        self.seen.clear();
        self.seen.resize(n, 0.0);
        self.variances.clear();
        self.forecasts.clear();
        self.values.resize_with(columns.len(), Vec::new);
        self.states.resize_with(columns.len(), Vec::new);
        for ((column, values), state) in columns.iter().zip(&mut self.values).zip(&mut self.states)
        {
            values.clear();
            state.clear();
            state.resize(n, 0.0);
            for (level, value) in state[system.order()..]
                .iter_mut()
                .zip(column[..lost].iter().rev())
            {
                // Its regressor with a flat prior makes up for a missing one.
                *level = if value.is_nan() { 0.0 } else { *value };
            }
        }
        let mut scratch = vec![0.0; n];
        let mut known = false;
        let series = columns[columns.len() - 1];
        for t in lost..series.len() {
            let present = !series[t].is_nan();
            let constant = known && present;
            let variance = if constant {
                Some(1.0)
            } else {
                self.predict(system, present)
            };
            let Some(variance) = variance else {
                return false;
            };
            self.variances.push(if present { variance } else { 1.0 });
            if let Some(state) = self.states.last() {
                self.forecasts.push(system.see(state));
            }
            for ((column, values), state) in
                columns.iter().zip(&mut self.values).zip(&mut self.states)
            {
                let innovation = column[t] - system.see(state);
                system.advance(state, &mut scratch);
                if present {
                    values.push(innovation);
                    let scaled = innovation / variance;
                    if constant {
                        for (i, s) in scratch.iter_mut().enumerate().take(system.order() + 1) {
                            *s += system.news(i) * scaled;
                        }
                    } else {
                        for (s, gain) in scratch.iter_mut().zip(&self.gain) {
                            *s += gain * scaled;
                        }
                    }
                    if lost > 0 {
                        scratch[system.order()] = column[t];
                    }
                } else {
                    values.push(0.0);
                }
                std::mem::swap(state, &mut scratch);
            }
            if !constant {
                std::mem::swap(&mut self.covariance, &mut self.next);
                let total: f64 = (0..n).map(|i| self.covariance[i * n + i]).sum();
                known = total < KNOWN;
                if known {
                    self.covariance.fill(0.0);
                }
            }
        }
        true
    }

    /// The gain of this step, the covariance after it (in `next`) and the innovation's
    /// variance; None where that is not positive.
    fn predict(&mut self, system: &System<'_>, present: bool) -> Option<f64> {
        let n = system.dimension();
        if n == 0 {
            return Some(1.0);
        }
        let order = system.order();
        let rows = self.covariance.chunks_exact(n);
        for ((row, moved), seen) in rows.zip(self.moved.chunks_exact_mut(n)).zip(&mut self.seen) {
            system.advance(row, moved);
            *seen = system.see(row);
        }
        let variance = system.see(&self.seen) + 1.0;
        if !(variance > 0.0 && variance.is_finite()) {
            return None;
        }
        system.advance(&self.seen, &mut self.gain);
        for (i, gain) in self.gain.iter_mut().enumerate() {
            *gain += system.news(i);
        }
        for i in 0..n {
            let row = &mut self.next[i * n..(i + 1) * n];
            if i + 1 == order {
                row.fill(0.0);
                for (lag, weight) in system.ar.lags.iter().zip(&system.ar.weights) {
                    add(row, *weight, &self.moved[(order - lag) * n..]);
                }
            } else if i < order {
                row.copy_from_slice(&self.moved[(i + 1) * n..(i + 2) * n]);
            } else if i == order {
                row.fill(0.0);
                if order > 0 {
                    row.copy_from_slice(&self.moved[..n]);
                }
                for (lag, weight) in system.integration {
                    add(row, *weight, &self.moved[(order + lag - 1) * n..]);
                }
            } else {
                row.copy_from_slice(&self.moved[(i - 1) * n..i * n]);
            }
            let news = system.news(i);
            if news != 0.0 {
                for (j, value) in row.iter_mut().enumerate().take(order + 1) {
                    *value += news * system.news(j);
                }
            }
            if present {
                let factor = -self.gain[i] / variance;
                add(row, factor, &self.gain);
            }
        }
        if present && n > order {
            // The level just seen is known, whatever rounding says.
            for i in 0..n {
                self.next[order * n + i] = 0.0;
                self.next[i * n + order] = 0.0;
            }
        }
        Some(variance)
    }
}

fn add(row: &mut [f64], factor: f64, other: &[f64]) {
    for (r, o) in row.iter_mut().zip(other) {
        *r += factor * o;
    }
}
