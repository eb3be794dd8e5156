//! Confidence intervals for a proportion.

use super::beta::beta_quantile;
use super::normal::normal_quantile;

/// Wilson's score interval (JASA 22, 1927) for `successes` of `trials` at `confidence` (0.95).
///
/// The whole of [0, 1] without trials.
pub fn wilson_interval(successes: u64, trials: u64, confidence: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let n = trials as f64;
    let proportion = successes.min(trials) as f64 / n;
    let z = normal_quantile(0.5 + 0.5 * confidence);
    let centre = proportion + z * z / (2.0 * n);
    let half = z * (proportion * (1.0 - proportion) / n + (z / (2.0 * n)).powi(2)).sqrt();
    let scale = 1.0 + z * z / n;
    let lower = ((centre - half) / scale).max(0.0);
    let upper = ((centre + half) / scale).min(1.0);
    // At the ends the interval touches 0 or 1 but for rounding.
    (
        if successes == 0 { 0.0 } else { lower },
        if successes >= trials { 1.0 } else { upper },
    )
}

/// Clopper and Pearson's exact interval (Biometrika 26, 1934), which never covers too little.
///
/// The whole of [0, 1] without trials.
pub fn clopper_pearson_interval(successes: u64, trials: u64, confidence: f64) -> (f64, f64) {
    let successes = successes.min(trials);
    let tail = 0.5 - 0.5 * confidence;
    let (hits, misses) = (successes as f64, (trials - successes) as f64);
    let lower = if successes == 0 {
        0.0
    } else {
        beta_quantile(tail, hits, misses + 1.0)
    };
    let upper = if successes == trials {
        1.0
    } else {
        beta_quantile(1.0 - tail, hits + 1.0, misses)
    };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_close;
    use super::*;

    #[test]
    fn intervals_equal_scipy() {
        // binomtest(k, n).proportion_ci(confidence, 'wilson'); beta.ppf for the exact ones.
        for (k, n, confidence, wilson, exact) in CASES {
            let got = wilson_interval(k, n, confidence);
            assert_close(got.0, wilson.0, 1e-12);
            assert_close(got.1, wilson.1, 1e-12);
            let got = clopper_pearson_interval(k, n, confidence);
            assert_close(got.0, exact.0, 1e-12);
            assert_close(got.1, exact.1, 1e-12);
        }
        assert_eq!(wilson_interval(0, 0, 0.95), (0.0, 1.0));
        assert_eq!(clopper_pearson_interval(0, 0, 0.95), (0.0, 1.0));
    }

    type Case = (u64, u64, f64, (f64, f64), (f64, f64));

    #[rustfmt::skip]
    const CASES: [Case; 5] = [
        (0, 10, 0.95, (0.0, 0.27753279986288926), (0.0, 0.3084971078187607)),
        (7, 10, 0.95, (0.39677814746114526, 0.892208732593699), (0.34754714994000274, 0.9332604888222655)),
        (10, 10, 0.9, (0.787058029916593, 1.0), (0.7411344491069477, 1.0)),
        (950, 1000, 0.99, (0.9290930273094663, 0.9649749242774676), (0.9294956247985419, 0.9660733372897797)),
        (3, 100000, 0.8, (1.4544517064981894e-05, 6.187797194310937e-05), (1.1020702762205823e-05, 6.680660116443268e-05)),
    ];
}
