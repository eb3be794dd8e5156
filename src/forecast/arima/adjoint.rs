//! Derivatives of the likelihood by running the innovations recursion backwards.
//!
//! Reverse accumulation (Griewank & Walther, *Evaluating Derivatives*, 2008): the whole
//! gradient costs about three times the likelihood, however many parameters there are.

use super::gls::dot;
use super::innovations::Innovations;
use super::polynomial::Taps;

/// The derivatives and the vectors that they are carried in; reused from call to call.
#[derive(Debug, Clone, Default)]
pub(super) struct Adjoint {
    /// By the autocovariances at lags 0 to r.
    pub(super) by_gamma: Vec<f64>,
    /// By the weights of the taps, as far as they act other than through the autocovariances.
    pub(super) by_ar: Vec<f64>,
    pub(super) by_ma: Vec<f64>,
    by_value: Vec<f64>,
    by_forecast: Vec<f64>,
    by_schur: Vec<f64>,
    by_gain: Vec<f64>,
}

/// A series with its innovations and the forecasts that the recursion left.
pub(super) struct Filtered<'a> {
    pub(super) column: &'a [f64],
    pub(super) values: &'a [f64],
    /// Is taken back to zeros, step by step.
    pub(super) forecasts: &'a mut [f64],
}

impl Adjoint {
    /// The derivatives of `by_sum · Σ v²/F + by_log · Σ ln F` for a series that was
    /// filtered with a tape.
    pub(super) fn run(
        &mut self,
        run: &Innovations,
        (ar, ma): (&Taps, &Taps),
        order: usize,
        series: Filtered<'_>,
        (by_sum, by_log): (f64, f64),
    ) {
        let n = series.column.len();
        for (vector, length) in [
            (&mut self.by_gamma, order + 1),
            (&mut self.by_ar, ar.lags.len()),
            (&mut self.by_ma, ma.lags.len()),
            (&mut self.by_value, n),
            (&mut self.by_forecast, n + order + 1),
            (&mut self.by_schur, n + order + 2),
            (&mut self.by_gain, order),
        ] {
            vector.clear();
            vector.resize(length, 0.0);
        }
        self.settled(run, (ar, ma), order, &series, by_sum);
        let mut by_variance = 0.0;
        for t in (0..run.settled).rev() {
            let (v, f, k) = (series.values[t], run.variances[t], run.tape.partial[t]);
            let scaled = v / f;
            let row = t * order..(t + 1) * order;
            let (gains, moved) = (&run.tape.gains[row.clone()], &run.tape.moved[row]);
            let after = &mut series.forecasts[t + 1..=t + order];
            let by_after = &self.by_forecast[t + 1..=t + order];
            let by_moved = &mut self.by_schur[t + 2..=t + order + 1];
            let (by_scaled, mut by_partial) = back(
                (k, scaled),
                (gains, moved),
                (after, by_after),
                (&mut self.by_gain, by_moved),
            );
            by_partial -= 2.0 * k * f * by_variance;
            by_variance *= 1.0 - k * k;
            // The last place of both vectors came from the taps.
            let by_last = self.by_schur[t + order + 1];
            let by_next = self.by_forecast[t + order];
            if order > 0 && !ar.lags.is_empty() {
                for (i, (lag, weight)) in ar.lags.iter().zip(&ar.weights).enumerate() {
                    let before = match order - lag {
                        0 => k * f,
                        place => moved[place - 1],
                    };
                    self.by_ar[i] += by_last * before + by_next * series.forecasts[t + order - lag];
                    self.by_schur[t + order + 1 - lag] += by_last * weight;
                    self.by_forecast[t + order - lag] += by_next * weight;
                }
            }
            self.by_schur[t + order + 1] = 0.0;
            if order > 0 {
                self.by_schur[t + 1] += by_partial / f;
                by_variance -= by_partial * k / f;
            }
            by_variance += (by_log - by_scaled * scaled) / f - by_sum * scaled * scaled;
            self.by_forecast[t] -= by_scaled / f + 2.0 * by_sum * scaled;
        }
        self.by_gamma[0] = by_variance;
        for i in 1..=order {
            self.by_gamma[i] = self.by_gain[i - 1] + self.by_schur[i];
        }
    }

    /// The part with constant gains.
    fn settled(
        &mut self,
        run: &Innovations,
        (ar, ma): (&Taps, &Taps),
        order: usize,
        series: &Filtered<'_>,
        by_sum: f64,
    ) {
        let n = series.column.len();
        let from = run.settled;
        let near = (from + order).min(n);
        for t in (from..n).rev() {
            let by = self.by_value[t] + 2.0 * by_sum * series.values[t];
            self.by_value[t] = by;
            for (i, (lag, weight)) in ma.lags.iter().zip(&ma.weights).enumerate() {
                if t < from + lag {
                    break;
                }
                self.by_ma[i] -= by * series.values[t - lag];
                self.by_value[t - lag] -= weight * by;
            }
        }
        if near < n {
            for (by_weight, lag) in self.by_ar.iter_mut().zip(&ar.lags) {
                *by_weight -= dot(&self.by_value[near..], &series.column[near - lag..n - lag]);
            }
        }
        for t in from..near {
            let by = self.by_value[t];
            self.by_forecast[t] -= by;
            for (i, (lag, weight)) in ar.lags.iter().zip(&ar.weights).enumerate() {
                if t < from + lag {
                    break;
                }
                self.by_ar[i] -= by * (series.column[t - lag] - series.forecasts[t - lag]);
                self.by_forecast[t - lag] += weight * by;
            }
        }
    }
}

/// Takes one step of the three vectors back, and returns the derivatives by the scaled
/// innovation and by the partial autocorrelation.
fn back(
    (k, scaled): (f64, f64),
    (gains, moved): (&[f64], &[f64]),
    (state, by_state): (&mut [f64], &[f64]),
    (by_gain, by_moved): (&mut [f64], &mut [f64]),
) -> (f64, f64) {
    let by_scaled = dot(by_state, gains);
    let by_partial = -dot(by_gain, moved) - dot(by_moved, gains);
    for (x, gain) in state.iter_mut().zip(gains) {
        *x -= gain * scaled;
    }
    for ((g, m), by) in by_gain.iter_mut().zip(by_moved).zip(by_state) {
        let (by_gain, by_moved) = (*g, *m);
        *g = by_gain - k * by_moved + scaled * by;
        *m = by_moved - k * by_gain;
    }
    (by_scaled, by_partial)
}
