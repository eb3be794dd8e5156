//! The periodogram, and which seasons a series has.
//!
//! Series are equally spaced; periods count steps.

mod fourier;
mod search;
mod seasons;

pub use search::search_periods;
pub use seasons::{SeasonalPeriod, seasonal_periods};

use super::scale::power_of_two_scale;

/// The periodogram of a complete series at the frequencies j/n for j = 1, …, ⌊n/2⌋:
/// |Σ xₜ exp(−2πi j t/n)|² / n, the mean taken off before (A. Schuster 1898).
///
/// In O(n log n) for every n. None where a value is missing or infinite.
pub fn periodogram(values: &[f64]) -> Option<Vec<f64>> {
    if !values.iter().all(|x| x.is_finite()) {
        return None;
    }
    let n = values.len() as f64;
    let scale = power_of_two_scale(values);
    let mean = values.iter().map(|x| x * scale).sum::<f64>() / n;
    let centred: Vec<f64> = values.iter().map(|x| x * scale - mean).collect();
    let transform = fourier::transform(&centred);
    let half = transform.into_iter().skip(1).take(values.len() / 2);
    Some(
        half.map(|(re, im)| (re * re + im * im) / n / scale / scale)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference_series::SUNSPOTS;
    use proptest::prelude::*;

    #[test]
    fn equals_numpy() {
        // numpy 2.4.6, `abs(fft.rfft(x - x.mean()))**2 / n`; lengths 309 and 256.
        let ordinates = periodogram(&SUNSPOTS[..309]).unwrap();
        assert_eq!(ordinates.len(), 154);
        for (j, want) in [
            (1, 5976.06061771341),
            (2, 6831.911022052541),
            (28, 67506.45486568272),
            (100, 99.3000634047109),
            (154, 0.312939551899806),
        ] {
            assert!((ordinates[j - 1] / want - 1.0).abs() < 1e-11);
        }
        let ordinates = periodogram(&SUNSPOTS[..256]).unwrap();
        assert_eq!(ordinates.len(), 128);
        for (j, want) in [
            (1, 243.62232566663857),
            (23, 50323.864467715866),
            (64, 61.038203125),
            (128, 41.28062499999997),
        ] {
            assert!((ordinates[j - 1] / want - 1.0).abs() < 1e-11);
        }
    }

    #[test]
    fn edges() {
        assert_eq!(periodogram(&[]), Some(vec![]));
        assert_eq!(periodogram(&[4.0]), Some(vec![]));
        assert_eq!(periodogram(&[1.0, -1.0]), Some(vec![2.0]));
        assert_eq!(periodogram(&[1.0, f64::NAN]), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(
            values in prop_oneof![
                proptest::collection::vec(any::<f64>(), 0..60),
                proptest::collection::vec(prop_oneof![Just(0.0), Just(1.0), Just(f64::NAN)], 0..90),
                proptest::collection::vec(-1e308..1e308_f64, 0..90),
            ],
            candidates in proptest::collection::vec(0_usize..30, 0..4),
        ) {
            let _ = periodogram(&values);
            for season in [seasonal_periods(&values, &candidates), search_periods(&values)].concat() {
                prop_assert!((0.0..=1.0).contains(&season.strength));
                prop_assert!(2 * season.period <= values.len());
            }
        }

        #[test]
        fn the_ordinates_sum_to_the_variation(seed in 0_u64..300, n in 2_usize..80) {
            let mut random = crate::stats::random::Generator::new(seed);
            let values: Vec<f64> = (0..n).map(|_| random.normal()).collect();
            let mean = values.iter().sum::<f64>() / n as f64;
            let variation: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
            let ordinates = periodogram(&values).unwrap();
            // All but the frequency ½ of an even length count twice.
            let last = if n % 2 == 0 { ordinates[n / 2 - 1] } else { 0.0 };
            let sum = 2.0 * ordinates.iter().sum::<f64>() - last;
            prop_assert!((sum - variation).abs() < 1e-11 * variation);
        }
    }
}
