//! Tests of residuals: whether they are uncorrelated, normal, and of one variance.
//!
//! Missing values are skipped. A test of too few residuals, or of residuals without
//! variation, has no result.

use super::correlation::autocorrelations;
use super::distribution::chi_squared_survival;
use super::least_squares::LeastSquares;
use super::scale::power_of_two_scale;

/// The result of a test whose statistic is asymptotically chi-squared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquaredTest {
    /// The statistic.
    pub statistic: f64,
    /// Its degrees of freedom.
    pub degrees: usize,
    /// The probability of a larger one under the null hypothesis.
    pub p_value: f64,
}

impl ChiSquaredTest {
    fn new(statistic: f64, degrees: usize) -> Option<Self> {
        let p_value = chi_squared_survival(statistic, degrees as f64);
        (statistic.is_finite() && p_value.is_finite()).then_some(Self {
            statistic,
            degrees,
            p_value,
        })
    }
}

/// Tests that the first `lags` autocorrelations are 0.
///
/// G. Ljung and G. Box (Biometrika 65, 1978). `parameters` is how many ARMA coefficients were
/// estimated: they lower the degrees of freedom, and none may be left.
pub fn ljung_box(residuals: &[f64], lags: usize, parameters: usize) -> Option<ChiSquaredTest> {
    portmanteau(residuals, lags, parameters, |n, lag| {
        n * (n + 2.0) / (n - lag)
    })
}

/// Tests that the first `lags` autocorrelations are 0, without the correction for few residuals.
///
/// G. Box and D. Pierce (JASA 65, 1970); `parameters` as for [`ljung_box`].
pub fn box_pierce(residuals: &[f64], lags: usize, parameters: usize) -> Option<ChiSquaredTest> {
    portmanteau(residuals, lags, parameters, |n, _| n)
}

fn portmanteau(
    residuals: &[f64],
    lags: usize,
    parameters: usize,
    factor: impl Fn(f64, f64) -> f64,
) -> Option<ChiSquaredTest> {
    let count = residuals.iter().filter(|x| x.is_finite()).count();
    if lags >= count || lags <= parameters || !varies(residuals) {
        return None;
    }
    let n = count as f64;
    let correlations = autocorrelations(residuals, lags);
    let terms = correlations.iter().enumerate().skip(1);
    let statistic = terms.map(|(lag, r)| factor(n, lag as f64) * r * r).sum();
    ChiSquaredTest::new(statistic, lags - parameters)
}

fn varies(values: &[f64]) -> bool {
    let mut present = values.iter().filter(|x| x.is_finite());
    let first = present.next();
    present.any(|x| Some(x) != first)
}

/// The shape of a sample, and the test that it is normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JarqueBera {
    /// The test, with two degrees of freedom.
    pub test: ChiSquaredTest,
    /// The third standardised moment; 0 for a normal distribution.
    pub skewness: f64,
    /// The fourth; 3 for a normal distribution.
    pub kurtosis: f64,
}

/// Tests that residuals are normal (C. Jarque and A. Bera, Economics Letters 6, 1980).
pub fn jarque_bera(residuals: &[f64]) -> Option<JarqueBera> {
    let mut sample: Vec<f64> = residuals
        .iter()
        .copied()
        .filter(|x| x.is_finite())
        .collect();
    if sample.len() < 3 || !varies(&sample) {
        return None;
    }
    let n = sample.len() as f64;
    // Centred and scaled twice, against overflow of the fourth powers and underflow.
    let scale = power_of_two_scale(&sample);
    let mean = sample.iter().map(|x| x * scale).sum::<f64>() / n;
    sample.iter_mut().for_each(|x| *x = *x * scale - mean);
    let scale = power_of_two_scale(&sample);
    let moment = |power: i32| sample.iter().map(|x| (x * scale).powi(power)).sum::<f64>() / n;
    let variance = moment(2);
    let skewness = moment(3) / variance.powf(1.5);
    let kurtosis = moment(4) / (variance * variance);
    let statistic = n / 6.0 * (skewness * skewness + 0.25 * (kurtosis - 3.0).powi(2));
    Some(JarqueBera {
        test: ChiSquaredTest::new(statistic, 2)?,
        skewness,
        kurtosis,
    })
}

/// Tests that the squares of residuals do not depend on the `lags` before them.
///
/// R. Engle's Lagrange multiplier test for ARCH (Econometrica 50, 1982): n R² of the regression
/// of the squares on their lags. Steps with a missing value among them are left out.
pub fn arch_lm(residuals: &[f64], lags: usize) -> Option<ChiSquaredTest> {
    let present: Vec<f64> = residuals
        .iter()
        .copied()
        .filter(|x| x.is_finite())
        .collect();
    let scale = power_of_two_scale(&present);
    let squares: Vec<f64> = residuals.iter().map(|x| (x * scale).powi(2)).collect();
    if lags == 0 || !varies(&squares) {
        return None;
    }
    let whole = squares
        .windows(lags.checked_add(1)?)
        .filter(|window| window.iter().all(|x| x.is_finite()));
    let windows: Vec<&[f64]> = whole.collect();
    let mut columns = vec![vec![1.0; windows.len()]];
    columns.extend((0..lags.min(windows.len())).map(|i| windows.iter().map(|w| w[i]).collect()));
    let response: Vec<f64> = windows.iter().map(|w| w[lags]).collect();
    let fit = LeastSquares::fit(&response, &columns).ok()?;
    let n = response.len() as f64;
    let mean = response.iter().sum::<f64>() / n;
    let total: f64 = response.iter().map(|y| (y - mean).powi(2)).sum();
    let explained = (1.0 - fit.residual_sum_of_squares / total).clamp(0.0, 1.0);
    ChiSquaredTest::new(n * explained, lags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference_series::{AIR_PASSENGERS, NILE, SUNSPOTS};
    use proptest::prelude::*;

    #[track_caller]
    fn assert_test(got: Option<ChiSquaredTest>, statistic: f64, degrees: usize, p_value: f64) {
        let got = got.unwrap();
        assert_eq!(got.degrees, degrees);
        assert!((got.statistic / statistic - 1.0).abs() < 1e-10, "{got:?}");
        assert!(
            (got.p_value - p_value).abs() < 1e-10 * p_value.max(1e-300),
            "{got:?} {p_value:e}"
        );
    }

    #[test]
    fn autocorrelation_tests_equal_statsmodels() {
        // statsmodels 0.14.6, `acorr_ljungbox(x, lags=[k], model_df=m, boxpierce=True)`.
        assert_test(
            ljung_box(&NILE, 10, 0),
            88.12687155129981,
            10,
            1.2586327670205875e-14,
        );
        assert_test(
            box_pierce(&NILE, 10, 0),
            83.22911521032213,
            10,
            1.165537939602546e-13,
        );
        assert_test(
            ljung_box(&NILE, 24, 3),
            130.17995749854478,
            21,
            9.39866382159314e-18,
        );
        assert_test(
            box_pierce(&NILE, 24, 3),
            118.2950747505241,
            21,
            1.465734292368266e-15,
        );
        assert_test(
            ljung_box(&SUNSPOTS, 20, 2),
            992.3604833413739,
            18,
            3.0081464110705625e-199,
        );
        assert_test(
            box_pierce(&SUNSPOTS, 20, 2),
            959.8069184526032,
            18,
            2.7012919019768713e-192,
        );
        assert_test(
            ljung_box(&AIR_PASSENGERS, 12, 2),
            1036.4819072166545,
            10,
            2.582782023355899e-216,
        );
        assert_test(
            box_pierce(&AIR_PASSENGERS, 12, 2),
            979.2998949568592,
            10,
            5.37794534683319e-204,
        );
    }

    #[test]
    fn jarque_bera_equals_statsmodels() {
        // statsmodels 0.14.6, `jarque_bera(x)`: statistic, p-value, skewness, kurtosis.
        for (values, statistic, p_value, skewness, kurtosis) in [
            (
                &AIR_PASSENGERS[..],
                8.922525081089006,
                0.011547774546404262,
                0.577068234901525,
                2.6062278290871896,
            ),
            (
                &NILE[..],
                2.119404295495989,
                0.3465590183429913,
                0.3223696817237527,
                2.6950931549795203,
            ),
            (
                &SUNSPOTS[..],
                52.216228076555744,
                4.585536347723405e-12,
                0.9857343925899044,
                3.4110233499827323,
            ),
        ] {
            let got = jarque_bera(values).unwrap();
            assert_test(Some(got.test), statistic, 2, p_value);
            assert!((got.skewness / skewness - 1.0).abs() < 1e-10);
            assert!((got.kurtosis / kurtosis - 1.0).abs() < 1e-10);
            let huge: Vec<f64> = values.iter().map(|x| x * 1e305).collect();
            assert!((jarque_bera(&huge).unwrap().kurtosis / kurtosis - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn arch_test_equals_statsmodels() {
        // statsmodels 0.14.6, `het_arch(x, nlags=k)`.
        assert_test(
            arch_lm(&NILE, 4),
            30.351549330955457,
            4,
            4.1505905465481836e-06,
        );
        assert_test(
            arch_lm(&SUNSPOTS, 10),
            232.3221305080681,
            10,
            2.7990091863186615e-44,
        );
    }

    #[test]
    fn nothing_to_test_has_no_result() {
        assert_eq!(ljung_box(&[1.0; 30], 5, 0), None);
        assert_eq!(ljung_box(&NILE, 2, 2), None);
        assert_eq!(ljung_box(&NILE, 100, 0), None);
        assert_eq!(jarque_bera(&[f64::NAN; 9]), None);
        assert_eq!(arch_lm(&NILE, 60), None);
        assert_eq!(arch_lm(&[2.0; 40], 3), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(
            values in proptest::collection::vec(
                prop_oneof![any::<f64>(), -1.0..1.0, Just(f64::NAN), Just(1e308), Just(1.0)], 0..40),
            lags in prop_oneof![0_usize..60, Just(usize::MAX)],
            parameters in 0_usize..9,
        ) {
            let jarque_bera = jarque_bera(&values).map(|jb| jb.test);
            for test in [
                ljung_box(&values, lags, parameters),
                box_pierce(&values, lags, parameters),
                arch_lm(&values, lags),
                jarque_bera,
            ].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&test.p_value) && test.statistic >= 0.0);
            }
        }
    }
}
