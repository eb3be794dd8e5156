//! Decompositions of a series into trend, seasons and remainder.
//!
//! Series are equally spaced and complete: missing values must be filled before.

mod classical;
mod loess;
#[cfg(test)]
mod reference;
mod stl;

pub use classical::{Composition, classical};
pub use stl::{Stl, mstl};

/// Why a series cannot be decomposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecompositionError {
    /// There are fewer than two cycles.
    #[error("there are {present} values, and {needed} are needed")]
    TooShort {
        /// How many values there are.
        present: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A period is below two.
    #[error("a period of {period} steps is no season")]
    Period {
        /// The period.
        period: usize,
    },
    /// A value is missing or infinite, or below or at zero in a product.
    #[error("a value is missing, infinite, or not positive in a product")]
    Value,
}

/// The parts of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// The trend with the cycles longer than a season.
    pub trend: Vec<f64>,
    /// A season each, in the order of the periods.
    pub seasonals: Vec<Vec<f64>>,
    /// What is left.
    pub remainder: Vec<f64>,
}

impl Decomposition {
    /// The strength of season `index`: F_S = max(0, 1 − Var(R) / Var(S + R)).
    ///
    /// X. Wang, K. Smith and R. Hyndman, "Characteristic-based clustering for time series data"
    /// (Data Mining and Knowledge Discovery 13, 2006). 0 where nothing varies.
    pub fn seasonal_strength(&self, index: usize) -> f64 {
        self.seasonals
            .get(index)
            .map_or(0.0, |season| self.strength(season))
    }

    /// The strength of the trend: F_T = max(0, 1 − Var(R) / Var(T + R)).
    pub fn trend_strength(&self) -> f64 {
        self.strength(&self.trend)
    }

    /// Of the steps that have a remainder.
    fn strength(&self, part: &[f64]) -> f64 {
        let steps = self.remainder.iter().zip(part).zip(&self.trend);
        let (mut remainder, mut both, mut level) = (vec![], vec![], 0.0_f64);
        for ((r, p), trend) in steps.filter(|((r, _), _)| r.is_finite()) {
            remainder.push(*r);
            both.push(r + p);
            level = level.max(trend.abs());
        }
        let whole = variance(&both);
        // What is left by rounding is not a variation.
        if whole.is_nan() || whole <= both.len() as f64 * (1e-10 * level).powi(2) {
            return 0.0;
        }
        (1.0 - variance(&remainder) / whole).clamp(0.0, 1.0)
    }
}

/// The variance, up to a factor that depends on the length only.
fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|x| (x - mean) * (x - mean)).sum()
}

fn check(values: &[f64], period: usize) -> Result<(), DecompositionError> {
    if period < 2 {
        return Err(DecompositionError::Period { period });
    }
    if values.len() / 2 < period {
        return Err(DecompositionError::TooShort {
            present: values.len(),
            needed: period.saturating_mul(2),
        });
    }
    if values.iter().all(|x| x.is_finite()) {
        Ok(())
    } else {
        Err(DecompositionError::Value)
    }
}

/// Averages of `length` neighbours each, in one pass.
fn moving_average(values: &[f64], length: usize) -> Vec<f64> {
    let mut sum: f64 = values[..length].iter().sum();
    let mut averages = Vec::with_capacity(values.len() + 1 - length);
    averages.push(sum / length as f64);
    for (new, old) in values[length..].iter().zip(values) {
        sum += new - old;
        averages.push(sum / length as f64);
    }
    averages
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn strengths_are_between_nothing_and_all() {
        let season: Vec<f64> = (0..48).map(|t| f64::from(t % 12)).collect();
        let pure = Stl::new(12).decompose(&season).unwrap();
        assert!(pure.seasonal_strength(0) > 0.999);
        assert_eq!(pure.seasonal_strength(1), 0.0);
        let line: Vec<f64> = (0..48).map(f64::from).collect();
        assert!(Stl::new(12).decompose(&line).unwrap().trend_strength() > 0.999);
        let constant = Stl::new(12).decompose(&[3.0; 48]).unwrap();
        assert_eq!(constant.seasonal_strength(0), 0.0);
    }

    #[test]
    fn errors() {
        let needed = DecompositionError::TooShort {
            present: 23,
            needed: 24,
        };
        assert_eq!(Stl::new(12).decompose(&[0.0; 23]), Err(needed));
        let period = DecompositionError::Period { period: 1 };
        assert_eq!(Stl::new(1).decompose(&[0.0; 23]), Err(period));
        let missing = [f64::NAN; 24];
        assert_eq!(mstl(&missing, &[4]), Err(DecompositionError::Value));
        assert_eq!(
            classical(&[0.0; 24], 4, Composition::Multiplicative),
            Err(DecompositionError::Value)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn nothing_panics(
            values in prop_oneof![
                proptest::collection::vec(any::<f64>(), 0..40),
                proptest::collection::vec(-1e308..1e308_f64, 0..60),
                proptest::collection::vec(prop_oneof![Just(0.0), Just(1.0)], 0..60),
            ],
            period in 0_usize..30,
            other in 0_usize..30,
            window in any::<usize>(),
        ) {
            for stl in [
                Stl::new(period).jumping(),
                Stl::new(period).jumping().robust(),
                Stl::new(period).seasonal_window(window),
                Stl::new(period).seasonal_window(window).constant_seasons().robust(),
            ] {
                let _ = stl.decompose(&values);
            }
            let _ = mstl(&values, &[period, other]);
            let _ = classical(&values, period, Composition::Additive);
            let _ = classical(&values, period, Composition::Multiplicative);
        }

        #[test]
        fn the_parts_add_up(seed in 0_u64..500, period in 2_usize..13) {
            let mut random = crate::stats::random::Generator::new(seed);
            let values: Vec<f64> = (0..60).map(|_| random.normal()).collect();
            let parts = mstl(&values, &[period]).unwrap();
            for (t, value) in values.iter().enumerate() {
                let sum = parts.trend[t] + parts.seasonals[0][t] + parts.remainder[t];
                prop_assert!((sum - value).abs() < 1e-12);
            }
        }
    }
}
