//! The trend: piecewise linear, piecewise logistic, or flat.

use augurs::prophet::TrendIndicator;

/// The rate and offset of each segment between change points.
///
/// The trend at t in segment c is `rate[c]`·t + `offset[c]` (linear, and flat with no rate), or
/// cap / (1 + exp(−`rate[c]`·(t − `offset[c]`))) (logistic).
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Segments {
    pub(super) rate: Vec<f64>,
    pub(super) offset: Vec<f64>,
}

/// A logistic rate is kept this far from zero, where it divides.
const LEAST_RATE: f64 = 1e-12;

/// The base rate k, the offset m and the rate's changes δ at their times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) kind: TrendIndicator,
    pub(super) k: f64,
    pub(super) m: f64,
    pub(super) delta: &'a [f64],
    pub(super) times: &'a [f64],
}

impl Segments {
    /// Writes the segments of a trend, so that it is continuous at the change points.
    pub(super) fn fill(&mut self, line: &Line<'_>) {
        self.rate.clear();
        self.offset.clear();
        let (mut rate, mut offset) = (line.k, line.m);
        if line.kind == TrendIndicator::Flat {
            rate = 0.0;
        }
        self.rate.push(rate);
        self.offset.push(offset);
        for (delta, time) in line.delta.iter().zip(line.times) {
            match line.kind {
                TrendIndicator::Linear => {
                    rate += delta;
                    offset -= time * delta;
                }
                TrendIndicator::Logistic => {
                    let next = rate + delta;
                    offset = time - (time - offset) * rate / away_from_zero(next);
                    rate = next;
                }
                TrendIndicator::Flat => {}
            }
            self.rate.push(rate);
            self.offset.push(offset);
        }
    }

    /// The trend at a time in a segment; `cap` counts for the logistic one only.
    pub(super) fn at(&self, kind: TrendIndicator, segment: usize, time: f64, cap: f64) -> f64 {
        let (rate, offset) = (self.rate[segment], self.offset[segment]);
        match kind {
            TrendIndicator::Logistic => cap * sigmoid(rate * (time - offset)),
            _ => rate * time + offset,
        }
    }

    /// Turns the derivatives by each segment's rate and offset into those by k, m and δ.
    ///
    /// `by_rate` and `by_offset` are used up; returns those by k and m, and adds to `by_delta`.
    pub(super) fn pull_back(
        &self,
        line: &Line<'_>,
        by_rate: &mut [f64],
        by_offset: &mut [f64],
        by_delta: &mut [f64],
    ) -> (f64, f64) {
        for j in (0..line.times.len()).rev() {
            let time = line.times[j];
            let (rate, offset) = (by_rate[j + 1], by_offset[j + 1]);
            match line.kind {
                TrendIndicator::Linear => {
                    by_delta[j] += rate - time * offset;
                    by_rate[j] += rate;
                    by_offset[j] += offset;
                }
                TrendIndicator::Logistic => {
                    let next = away_from_zero(self.rate[j + 1]);
                    let reach = time - self.offset[j];
                    let ratio = self.rate[j] / next;
                    let to_next = rate + offset * reach * ratio / next;
                    by_delta[j] += to_next;
                    by_rate[j] += to_next - offset * reach / next;
                    by_offset[j] += offset * ratio;
                }
                TrendIndicator::Flat => by_offset[j] += offset,
            }
        }
        let by_k = match line.kind {
            TrendIndicator::Flat => 0.0,
            _ => by_rate[0],
        };
        (by_k, by_offset[0])
    }
}

fn away_from_zero(rate: f64) -> f64 {
    if rate.abs() < LEAST_RATE {
        LEAST_RATE.copysign(rate)
    } else {
        rate
    }
}

/// 1 / (1 + exp(−x)), without overflow.
pub(super) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}
