//! Autocorrelations and partial autocorrelations.
//!
//! Series are equally spaced; NaN and infinite values are missing and are skipped pair by
//! pair. Of the estimators of the autocovariance the biased one is taken (G. Box, G. Jenkins,
//! *Time Series Analysis*, 1976, 2.1): the sum of products over the number of values.

use super::inner_product::inner_product;
use super::scale::power_of_two_scale;

/// The autocorrelations at the lags 0, 1, …, `lags`, at most n − 1, in O(n · lags).
///
/// 1 at lag 0; with missing values a lag's mean product of the pairs there are counts as if
/// none were missing. Lags that no pair has are 0. All but the first are 0 for a series
/// without variation; none for a series without values.
pub fn autocorrelations(values: &[f64], lags: usize) -> Vec<f64> {
    let finite = |x: &f64| x.is_finite();
    let present: Vec<f64> = values.iter().copied().filter(finite).collect();
    if present.is_empty() {
        return Vec::new();
    }
    let scale = power_of_two_scale(&present);
    let count = present.len() as f64;
    let mean = present.iter().map(|x| x * scale).sum::<f64>() / count;
    let variance = present
        .iter()
        .map(|x| (x * scale - mean).powi(2))
        .sum::<f64>()
        / count;
    let mut correlations = vec![0.0; lags.saturating_add(1).min(values.len())];
    correlations[0] = 1.0;
    let varies = present.iter().any(|x| *x != present[0]);
    if varies && variance > 0.0 {
        let complete = present.len() == values.len();
        let centred: Vec<f64> = values.iter().map(|x| x * scale - mean).collect();
        for (lag, correlation) in correlations.iter_mut().enumerate().skip(1) {
            let all = (values.len() - lag) as f64;
            let (sum, present) = if complete {
                (inner_product(&centred[lag..], &centred), all)
            } else {
                let pairs = centred[lag..].iter().zip(&centred);
                pairs
                    .map(|(a, b)| a * b)
                    .filter(finite)
                    .fold((0.0, 0.0), |(sum, n), product| (sum + product, n + 1.0))
            };
            if present > 0.0 {
                let share = all / values.len() as f64;
                *correlation = (sum / present * share / variance).clamp(-1.0, 1.0);
            }
        }
    }
    correlations
}

/// The partial autocorrelations at the lags 0, 1, …, `lags`, at most n − 1; 1 at lag 0.
///
/// Where missing values leave autocorrelations that no process has, what follows is 0.
pub fn partial_autocorrelations(values: &[f64], lags: usize) -> Vec<f64> {
    durbin_levinson(&autocorrelations(values, lags))
}

/// The partial autocorrelations that belong to autocorrelations from lag 0 on.
///
/// By the recursion of N. Levinson (Journal of Mathematics and Physics 25, 1946) and J. Durbin
/// (Revue de l'Institut International de Statistique 28, 1960).
pub fn durbin_levinson(correlations: &[f64]) -> Vec<f64> {
    let mut partial = vec![0.0; correlations.len()];
    if let Some(first) = partial.first_mut() {
        *first = 1.0;
    }
    // The coefficients of the autoregression of the order before.
    let mut coefficients: Vec<f64> = Vec::with_capacity(correlations.len());
    let mut variance = 1.0;
    for k in 1..correlations.len() {
        let known = correlations[1..k].iter().rev();
        let predicted: f64 = coefficients.iter().zip(known).map(|(c, r)| c * r).sum();
        let next = (correlations[k] - predicted) / variance;
        if next.is_nan() || next.abs() > 1.0 {
            break;
        }
        partial[k] = next;
        let before = coefficients.clone();
        for (c, mirrored) in coefficients.iter_mut().zip(before.iter().rev()) {
            *c -= next * mirrored;
        }
        coefficients.push(next);
        variance *= 1.0 - next * next;
    }
    partial
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference_series::{AIR_PASSENGERS, NILE};
    use proptest::prelude::*;

    #[track_caller]
    fn assert_equal(got: &[f64], want: &[f64]) {
        for (a, b) in got.iter().zip(want) {
            assert!((a - b).abs() < 1e-12, "{got:?} {want:?}");
        }
    }

    #[test]
    fn equals_statsmodels() {
        // statsmodels 0.14.6, `acf(x, nlags)` and `pacf(x, nlags, method="ldb")`.
        assert_equal(
            &autocorrelations(&AIR_PASSENGERS, 13),
            &[
                1.0,
                0.9480473407524915,
                0.8755748351253506,
                0.8066811554965001,
                0.7526254173883075,
                0.7137699726519645,
                0.6817336033310041,
                0.6629043863684488,
                0.6556104843250861,
                0.6709483279245043,
                0.7027199209090718,
                0.7432401890069326,
                0.7603950422625557,
                0.7126608704038239,
            ],
        );
        assert_equal(
            &partial_autocorrelations(&AIR_PASSENGERS, 13),
            &[
                1.0,
                0.9480473407524915,
                -0.22942187411717388,
                0.03814778050398641,
                0.09378543815174332,
                0.07360669789416323,
                0.00772760259049507,
                0.12559713017612362,
                0.08995134316426052,
                0.23248854220856086,
                0.16605125980436364,
                0.17127441974304491,
                -0.1354311022780103,
                -0.5396912419071149,
            ],
        );
        assert_equal(
            &autocorrelations(&NILE, 13),
            &[
                1.0,
                0.4984081841330289,
                0.38457690390487237,
                0.3278604375225461,
                0.23919116994148562,
                0.22842198672084002,
                0.22730098256472064,
                0.22204611526329182,
                0.29996118204046385,
                0.1417396577808264,
                0.08979141100399475,
                0.21547831614601204,
                0.21292222378886108,
                0.2369812559746476,
            ],
        );
        assert_equal(
            &partial_autocorrelations(&NILE, 13),
            &[
                1.0,
                0.49840818413302884,
                0.1811710054375719,
                0.1108969931164898,
                0.006175636079215705,
                0.06502492783813414,
                0.0706442794720289,
                0.060333068812880815,
                0.16289078715208857,
                -0.14800441850744883,
                -0.0645817677171999,
                0.19044471252559977,
                0.08714989405981204,
                0.06486571691972719,
            ],
        );
        assert_eq!(autocorrelations(&NILE, 6).len(), 7);
    }

    #[test]
    fn missing_pairs_are_skipped() {
        // Every second value missing: no pair at odd lags.
        let half: Vec<f64> = (0..40)
            .map(|t| {
                if t % 2 == 0 {
                    f64::from(t / 2 % 2)
                } else {
                    f64::NAN
                }
            })
            .collect();
        let got = autocorrelations(&half, 4);
        assert_equal(&got, &[1.0, 0.0, -0.95, 0.0, 0.9]);
    }

    #[test]
    fn without_variation_there_is_no_correlation() {
        assert_eq!(autocorrelations(&[3.3; 9], 3), [1.0, 0.0, 0.0, 0.0]);
        // The mean of many tenths is no tenth.
        assert_eq!(autocorrelations(&[0.1; 9999], 1), [1.0, 0.0]);
        assert!(autocorrelations(&[], 3).is_empty());
        assert_eq!(autocorrelations(&[1.0, 2.0], 3), [1.0, -0.5]);
        assert!(partial_autocorrelations(&[f64::NAN; 4], 2).is_empty());
        assert_eq!(durbin_levinson(&[1.0, 1.0, 1.0]), [1.0, 1.0, 0.0]);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_all_is_bounded(
            values in proptest::collection::vec(
                prop_oneof![any::<f64>(), -1.0..1.0, Just(f64::NAN), Just(1e308)], 0..40),
            lags in 0_usize..60,
        ) {
            for value in [autocorrelations(&values, lags), partial_autocorrelations(&values, lags)].concat() {
                prop_assert!(value.abs() <= 1.0);
            }
        }
    }
}
