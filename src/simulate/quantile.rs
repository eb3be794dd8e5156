//! Computes quantiles of the simulated durations from their law, not from samples.

use super::math::gamma_cdf;
use super::queueing::Flow;

/// The duration below which a share `q` of what left in these steps stayed:
/// the quantile of the mixture of the steps' Gamma laws; `None` if nothing left.
pub(super) fn quantile(flows: &[Flow], q: f64) -> Option<f64> {
    let total: f64 = flows.iter().map(|f| f.completions).sum();
    if total < 1e-9 {
        return None;
    }
    let below = |x: f64| {
        let share: f64 = flows
            .iter()
            .map(|f| f.completions * gamma_cdf(f.shape(), f.mean_time(), x))
            .sum();
        share / total
    };
    let (mut low, mut high) = (0.0, 100_000.0);
    while high - low > 1e-4 * high && high > 1e-6 {
        // Halving the exponent first reaches milliseconds quickly.
        let mid = if low == 0.0 {
            high / 16.0
        } else {
            (low + high) / 2.0
        };
        if below(mid) < q {
            low = mid;
        } else {
            high = mid;
        }
    }
    Some((low + high) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_quantiles_of_a_gamma() {
        let flow = Flow {
            completions: 10.0,
            residence: 10.0,
            base_time: 1.0,
            ..Flow::default()
        };
        // Gamma(2, mean 1): median 0.8392, 95 % 2.3719.
        let median = quantile(&[flow], 0.5).unwrap_or_default();
        assert!((median - 0.8392).abs() < 0.01, "{median}");
        let p95 = quantile(&[flow, flow], 0.95).unwrap_or_default();
        assert!((p95 - 2.3719).abs() < 0.03, "{p95}");
        assert_eq!(quantile(&[], 0.5), None);
    }
}
