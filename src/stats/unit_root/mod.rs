//! Tests for unit roots, and how often to difference a series.
//!
//! Series are equally spaced and complete; a test of a series with missing values is an
//! error, while [`ndiffs`] and [`nsdiffs`] leave them out or fill them.

mod adf;
mod differencing;
mod kpss;

pub use adf::{Adf, Lags, Trend};
pub use differencing::{ndiffs, nsdiffs, seasonal_strength};
pub use kpss::{Bandwidth, Kpss, Null, PValueBound};

use super::scale::power_of_two_scale;

/// Why a test has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitRootError {
    /// There are fewer values than the regression needs.
    #[error("there are {present} values, and {needed} are needed")]
    TooShort {
        /// How many values there are.
        present: usize,
        /// How many the test needs.
        needed: usize,
    },
    /// A value is missing or infinite.
    #[error("a value is missing or infinite")]
    NotFinite,
    /// The series is constant, or the regression leaves no residuals.
    #[error("the series is constant or fits the regression exactly")]
    Degenerate,
}

/// Scales a series so that squares do not overflow: the tests do not depend on the scale.
fn scaled(values: &[f64]) -> Result<Vec<f64>, UnitRootError> {
    if !values.iter().all(|x| x.is_finite()) {
        return Err(UnitRootError::NotFinite);
    }
    if is_constant(values) {
        return Err(UnitRootError::Degenerate);
    }
    let scale = power_of_two_scale(values);
    Ok(values.iter().map(|x| x * scale).collect())
}

fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_series_that_cannot_be_tested_is_an_error() {
        for test in [
            |x: &[f64]| Adf::test(x, Trend::Constant, Lags::Aic).map(|_| ()),
            |x: &[f64]| Kpss::test(x, Null::Trend, Bandwidth::Automatic).map(|_| ()),
        ] {
            assert_eq!(test(&[]), Err(UnitRootError::Degenerate));
            assert_eq!(test(&[4.0; 50]), Err(UnitRootError::Degenerate));
            let line: Vec<f64> = (0..50).map(f64::from).collect();
            assert_eq!(test(&line), Err(UnitRootError::Degenerate));
            assert_eq!(test(&[1.0, f64::NAN, 3.0]), Err(UnitRootError::NotFinite));
            assert!(matches!(
                test(&[1.0, 2.0]),
                Err(UnitRootError::TooShort { .. })
            ));
        }
    }

    #[test]
    fn the_scale_does_not_count() {
        let nile = crate::stats::reference_series::NILE;
        let huge = nile.map(|x| x * 2.0_f64.powi(1000));
        let adf = |x: &[f64]| Adf::test(x, Trend::Constant, Lags::Aic);
        let kpss = |x: &[f64]| Kpss::test(x, Null::Level, Bandwidth::Legacy);
        assert_eq!(adf(&huge), adf(&nile));
        assert_eq!(kpss(&huge), kpss(&nile));
    }

    proptest! {
        #[test]
        fn nothing_panics(
            values in prop_oneof![
                proptest::collection::vec(any::<f64>(), 0..40),
                proptest::collection::vec(
                    prop_oneof![Just(f64::NAN), Just(0.0), Just(1.0), Just(1e308), -1.0..1.0],
                    0..60,
                ),
                proptest::collection::vec(-1e300..1e300_f64, 0..60),
            ],
            lags in 0_usize..30,
            period in 0_usize..40,
        ) {
            for trend in [Trend::None, Trend::Constant, Trend::Trend] {
                for choice in [Lags::Aic, Lags::Bic, Lags::TStatistic, Lags::Fixed(lags)] {
                    if let Ok(adf) = Adf::test(&values, trend, choice) {
                        prop_assert!(!adf.statistic.is_nan());
                        prop_assert!((0.0..=1.0).contains(&adf.p_value));
                    }
                }
            }
            for null in [Null::Level, Null::Trend] {
                for choice in [Bandwidth::Legacy, Bandwidth::Automatic, Bandwidth::Fixed(lags)] {
                    if let Ok(kpss) = Kpss::test(&values, null, choice) {
                        prop_assert!(kpss.statistic >= 0.0);
                        prop_assert!((0.01..=0.1).contains(&kpss.p_value));
                    }
                }
            }
            prop_assert!(ndiffs(&values, 2) <= 2);
            prop_assert!(nsdiffs(&values, period, 1) <= 1);
        }
    }
}
