//! What the residuals of a fitted model say of it.

use crate::stats::diagnostic::{ChiSquaredTest, JarqueBera, jarque_bera, ljung_box};

/// Below this p-value a test speaks against the model.
const SIGNIFICANT: f64 = 0.05;

/// How many degrees of freedom the test of autocorrelation keeps at least.
const FEWEST_DEGREES: usize = 3;

/// Tests of the residuals; none where there are too few.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Diagnosis {
    /// Whether they are uncorrelated, with the degrees of freedom lowered by the ARMA
    /// coefficients.
    pub ljung_box: Option<ChiSquaredTest>,
    /// Whether they are normal.
    pub jarque_bera: Option<JarqueBera>,
}

impl Diagnosis {
    /// Tests the residuals (NaN where there is none) over two seasons, or ten lags without a
    /// season, but at most a fifth of their number (Hyndman and Athanasopoulos 2021, section 5.4).
    ///
    /// `coefficients` is how many of an ARMA model were estimated; 0 for other models.
    #[must_use]
    pub fn of(residuals: &[f64], coefficients: usize, period: usize) -> Self {
        let count = residuals.iter().filter(|x| !x.is_nan()).count();
        let wanted = if period > 1 { 2 * period } else { 10 };
        let lags = wanted.min(count / 5).max(coefficients + FEWEST_DEGREES);
        Self {
            ljung_box: ljung_box(residuals, lags, coefficients),
            jarque_bera: jarque_bera(residuals),
        }
    }

    /// The verdicts, a sentence each.
    #[must_use]
    pub fn verdicts(&self) -> Vec<String> {
        let correlation = self.ljung_box.map(|test| {
            let verdict = if test.p_value < SIGNIFICANT {
                "the residuals are still correlated: there is something the model does not capture, and intervals may be wrong"
            } else {
                "no correlation is left in the residuals"
            };
            format!(
                "{verdict} (Ljung-Box {:.2} on {} degrees of freedom, p = {})",
                test.statistic,
                test.degrees,
                p_value(test.p_value)
            )
        });
        let shape = self.jarque_bera.map(|shape| {
            let verdict = if shape.test.p_value >= SIGNIFICANT {
                "the residuals look normal"
            } else if shape.kurtosis > 3.0 {
                "the residuals have heavier tails than the normal distribution: values outside the intervals will lie farther out"
            } else {
                "the residuals are not normal: the intervals' coverage is approximate"
            };
            format!(
                "{verdict} (Jarque-Bera {:.2}, p = {}; skewness {:.2}, kurtosis {:.2})",
                shape.test.statistic,
                p_value(shape.test.p_value),
                shape.skewness,
                shape.kurtosis
            )
        });
        correlation.into_iter().chain(shape).collect()
    }
}

fn p_value(value: f64) -> String {
    if value < 1e-4 {
        "below 0.0001".into()
    } else {
        format!("{value:.4}")
    }
}
