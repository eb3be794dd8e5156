/// The noise of a series, estimated from differences, which a few changes do not touch.
///
/// Deviation and autocorrelation φ come from the differences at the lags 1 and 2, as of an
/// AR(1) process (after S. Chakar, E. Lebarbier, C. Lévy-Leduc and S. Robin, Bernoulli 23,
/// 2017; deviation: mean squares of differences limited at three deviations in place of
/// medians, whose error is 2.5 times as large). The inflation is (1 + φ)/(1 − φ), what such
/// a process does to the variance of a mean, at the upper end of φ's 90 % interval; where
/// the differences of means of 4, 16 or 64 values say more, theirs counts, so that a slowly
/// wandering metric is not cut to pieces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// The standard deviation of a value around its level; 0 where nothing varies.
    pub deviation: f64,
    /// The autocorrelation φ at lag 1, from 0 to 0.98.
    pub autocorrelation: f64,
    /// How many times the variance of a mean of many values exceeds that of independent
    /// ones, at least 1.
    pub inflation: f64,
}

/// A normal distribution's standard deviation over the median of its absolute value.
const MEDIAN_TO_DEVIATION: f64 = 1.482_602_218_505_602;

/// Differences are limited at so many deviations,
const LIMIT: f64 = 3.0;
/// which leaves so much of the mean square of normal ones.
const LIMITED: f64 = 0.995_01;

/// The 95 % point of the place of the maximum of W(s) − |s|/2 (J. Bai, Review of Economics
/// and Statistics 79, 1997).
const LOCATION_95: f64 = 11.033;

/// The fewest differences of block means that count.
const FEWEST_BLOCKS: usize = 40;

impl Noise {
    /// Estimates the noise of finite values.
    pub(super) fn of(values: &[f64]) -> Self {
        let mut differences: Vec<f64> = Vec::with_capacity(values.len());
        let mut at_lag = |lag: usize| {
            differences.clear();
            let pairs = values.iter().zip(values.iter().skip(lag));
            differences.extend(pairs.map(|(a, b)| (b - a).abs()));
            let limit = LIMIT * MEDIAN_TO_DEVIATION * median(&mut differences);
            let count = differences.len().max(1) as f64;
            let squares: f64 = differences.iter().map(|d| d.min(limit).powi(2)).sum();
            let mean = differences.iter().sum::<f64>() / count;
            (squares / count / LIMITED, mean)
        };
        let (first, mean) = at_lag(1);
        let (second, _) = at_lag(2);
        if first <= 0.0 {
            // More than half of the values repeat the one before: the mean difference of
            // normal values is 2σ/√π.
            return Self {
                deviation: mean * std::f64::consts::PI.sqrt() / 2.0,
                autocorrelation: 0.0,
                inflation: 1.0,
            };
        }
        let autocorrelation = (second / first - 1.0).clamp(0.0, 0.98);
        let variance = first / (2.0 * (1.0 - autocorrelation));
        let error = (1.4 + 0.6 * autocorrelation) / (values.len() as f64).sqrt();
        let upper = (autocorrelation + 1.645 * error).min(0.99);
        let mut inflation = (1.0 + upper) / (1.0 - upper);
        for block in [4, 16, 64] {
            if values.len() / block > FEWEST_BLOCKS {
                let means: Vec<f64> = values
                    .chunks_exact(block)
                    .map(|chunk| chunk.iter().sum::<f64>() / block as f64)
                    .collect();
                let mut steps: Vec<f64> = means.windows(2).map(|m| (m[1] - m[0]).abs()).collect();
                let step = MEDIAN_TO_DEVIATION * median(&mut steps);
                inflation = inflation.max(block as f64 * step * step / 2.0 / variance);
            }
        }
        Self {
            deviation: variance.sqrt(),
            autocorrelation,
            inflation,
        }
    }

    /// The standard deviation by which the mean of n values has σ/√n.
    pub(super) fn long_run_deviation(&self) -> f64 {
        self.deviation * self.inflation.sqrt()
    }

    /// How far the place of a jump may be off, at 95 % confidence.
    pub(super) fn location_reach(&self, jump: f64) -> usize {
        let ratio = self.long_run_deviation() / jump.abs();
        let reach = (LOCATION_95 * ratio * ratio).floor() + 1.0;
        // Saturates, also for an infinite one.
        reach as usize
    }
}

/// The median, by selection; 0 of nothing.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
