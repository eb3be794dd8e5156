//! The model's log posterior with its gradient, in a time linear in the data.
//!
//! As in the published Stan model of Prophet: y ~ N(trend·(1 + X_m β) + X_a β, σ), k and
//! m ~ N(0, 5), δ ~ Laplace(0, τ), β ~ N(0, given scales), σ ~ half-normal(0, 0.5); constants
//! are left out, and σ is searched for as ln σ without a Jacobian, as Stan's `optimize` does.
//! The matrix of change points is a step function of time: each value belongs to a segment,
//! whose sums of derivatives are carried back once.

use augurs::prophet::TrendIndicator;
use augurs::prophet::optimizer::Data;

use super::trend::{Line, Segments, sigmoid};
use crate::stats::inner_product::inner_product;

/// The priors' standard deviations of k and m, and of σ.
const PRIOR_OF_LINE: f64 = 5.0;
const PRIOR_OF_SIGMA: f64 = 0.5;
/// σ counts as no less than this: a history that is fitted exactly has no best σ.
const LEAST_SIGMA: f64 = 1e-9;

/// Where the parameters are in a point of the search: k, m, δ…, β…, and ln σ at its end.
pub(super) const K: usize = 0;
pub(super) const M: usize = 1;
pub(super) const DELTA: usize = 2;

/// The data, and room for what an evaluation needs.
#[derive(Debug)]
pub(super) struct Posterior<'a> {
    data: &'a Data,
    /// The index of the first value of each segment, and the number of values.
    starts: Vec<usize>,
    additive: Vec<f64>,
    multiplicative: Vec<f64>,
    any_multiplicative: bool,
    segments: Segments,
    by_rate: Vec<f64>,
    by_offset: Vec<f64>,
    weighted: Vec<f64>,
}

impl<'a> Posterior<'a> {
    pub(super) fn new(data: &'a Data) -> Self {
        let mut starts = vec![0];
        for &change in &data.t_change {
            starts.push(data.t.partition_point(|&t| t < change));
        }
        starts.push(data.t.len());
        Self {
            starts,
            additive: data.s_a.iter().map(|&s| f64::from(s)).collect(),
            multiplicative: data.s_m.iter().map(|&s| f64::from(s)).collect(),
            any_multiplicative: data.s_m.iter().any(|&s| s != 0),
            segments: Segments::default(),
            by_rate: Vec::new(),
            by_offset: Vec::new(),
            weighted: vec![0.0; data.sigmas.len()],
            data,
        }
    }

    /// The trend at a point of the search.
    pub(super) fn trend(&mut self, point: &[f64]) -> Vec<f64> {
        self.segments.fill(&line(self.data, point));
        let mut trend = Vec::with_capacity(self.data.t.len());
        for (segment, range) in self.starts.windows(2).enumerate() {
            trend.extend((range[0]..range[1]).map(|i| {
                let Data { t, cap, .. } = self.data;
                self.segments
                    .at(self.data.trend_indicator, segment, t[i], cap[i])
            }));
        }
        trend
    }

    /// The negative log posterior, with its gradient; `width` rounds the kinks of the prior of δ.
    pub(super) fn evaluate(&mut self, point: &[f64], gradient: &mut [f64], width: f64) -> f64 {
        let data = self.data;
        let changes = data.t_change.len();
        let features = data.sigmas.len();
        let beta = &point[DELTA + changes..DELTA + changes + features];
        gradient.fill(0.0);
        self.segments.fill(&line(data, point));
        self.by_rate.clear();
        self.by_rate.resize(changes + 1, 0.0);
        self.by_offset.clear();
        self.by_offset.resize(changes + 1, 0.0);
        for ((w, a), b) in self.weighted.iter_mut().zip(&self.additive).zip(beta) {
            *w = a * b;
        }
        let logistic = data.trend_indicator == TrendIndicator::Logistic;
        let by_beta = &mut gradient[DELTA + changes..][..features];
        let mut squares = 0.0;
        for segment in 0..=changes {
            let (rate, offset) = (self.segments.rate[segment], self.segments.offset[segment]);
            let (mut sum_rate, mut sum_offset) = (0.0, 0.0);
            for i in self.starts[segment]..self.starts[segment + 1] {
                let t = data.t[i];
                let row = &data.X[i * features..(i + 1) * features];
                let share = if logistic {
                    sigmoid(rate * (t - offset))
                } else {
                    0.0
                };
                let trend = if logistic {
                    data.cap[i] * share
                } else {
                    rate * t + offset
                };
                let add = inner_product(row, &self.weighted);
                let mut factor = 1.0;
                if self.any_multiplicative {
                    for ((x, b), m) in row.iter().zip(beta).zip(&self.multiplicative) {
                        factor += x * b * m;
                    }
                }
                let residual = data.y[i] - trend * factor - add;
                squares += residual * residual;
                // By the mean, without the precision, which is common to all.
                let by_mean = -residual;
                if self.any_multiplicative {
                    let scaled = by_mean * trend;
                    let weights = self.additive.iter().zip(&self.multiplicative);
                    for ((g, x), (a, m)) in by_beta.iter_mut().zip(row).zip(weights) {
                        *g += x * (by_mean * a + scaled * m);
                    }
                } else {
                    for (g, x) in by_beta.iter_mut().zip(row) {
                        *g += x * by_mean;
                    }
                }
                let by_trend = by_mean * factor;
                if logistic {
                    let slope = by_trend * data.cap[i] * share * (1.0 - share);
                    sum_rate += slope * (t - offset);
                    sum_offset -= slope * rate;
                } else {
                    sum_rate += by_trend * t;
                    sum_offset += by_trend;
                }
            }
            self.by_rate[segment] = sum_rate;
            self.by_offset[segment] = sum_offset;
        }
        let (head, by_beta) = gradient.split_at_mut(DELTA + changes);
        let (k, m) = self.segments.pull_back(
            &line(data, point),
            &mut self.by_rate,
            &mut self.by_offset,
            &mut head[DELTA..],
        );
        head[K] = k;
        head[M] = m;
        if !self.any_multiplicative {
            for (g, a) in by_beta.iter_mut().zip(&self.additive) {
                *g *= a;
            }
        }
        let precision = precision(point);
        gradient.iter_mut().for_each(|g| *g *= precision);
        misfit(data.t.len(), squares, point, gradient) + prior(data, point, gradient, width)
    }
}

/// 1/σ² at a point of the search.
pub(super) fn precision(point: &[f64]) -> f64 {
    log_sigma(point).exp().max(LEAST_SIGMA).powi(-2)
}

/// ln σ at a point of the search.
pub(super) fn log_sigma(point: &[f64]) -> f64 {
    point.last().copied().unwrap_or_default()
}

/// The part of the negative log posterior that the squared residuals make, with its derivative
/// by ln σ.
pub(super) fn misfit(values: usize, squares: f64, point: &[f64], gradient: &mut [f64]) -> f64 {
    let sigma = log_sigma(point).exp();
    let n = values as f64;
    if let Some(by_sigma) = gradient.last_mut() {
        *by_sigma = if sigma >= LEAST_SIGMA {
            n - squares / (sigma * sigma)
        } else {
            0.0
        };
    }
    let sigma = sigma.max(LEAST_SIGMA);
    n * sigma.ln() + 0.5 * squares / (sigma * sigma)
}

/// The part that the priors make; its derivatives are added.
///
/// |δ| counts as √(δ² + width²) − width, which has no kink where `width` is above 0.
pub(super) fn prior(data: &Data, point: &[f64], gradient: &mut [f64], width: f64) -> f64 {
    let changes = data.t_change.len();
    let share = (log_sigma(point).exp() / PRIOR_OF_SIGMA).powi(2);
    let mut value = 0.5 * share;
    if let Some(by_sigma) = gradient.last_mut() {
        *by_sigma += share;
    }
    for i in [K, M] {
        value += 0.5 * (point[i] / PRIOR_OF_LINE).powi(2);
        gradient[i] += point[i] / (PRIOR_OF_LINE * PRIOR_OF_LINE);
    }
    let rate = 1.0 / *data.tau;
    for i in DELTA..DELTA + changes {
        let size = point[i].hypot(width);
        value += (size - width) * rate;
        if size > 0.0 {
            gradient[i] += point[i] / size * rate;
        }
    }
    for (i, scale) in (DELTA + changes..).zip(&data.sigmas) {
        let scale = f64::from(*scale);
        value += 0.5 * (point[i] / scale).powi(2);
        gradient[i] += point[i] / (scale * scale);
    }
    value
}

/// The trend's parameters in a point of the search.
pub(super) fn line<'a>(data: &'a Data, point: &'a [f64]) -> Line<'a> {
    Line {
        kind: data.trend_indicator,
        k: point[K],
        m: point[M],
        delta: &point[DELTA..DELTA + data.t_change.len()],
        times: &data.t_change,
    }
}
