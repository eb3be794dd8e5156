//! Measures of a forecast's error against what happened.
//!
//! Steps whose actual value is missing (NaN) are skipped, and [`scored`] counts the others. A
//! measure is `None` where it is undefined: nothing to score, a forecast that is not finite, or a
//! scale of zero (a history without change). Percentages run from 0 to 200 (sMAPE) and 0 to
//! 100 (coverage); levels are per cent.
//!
//! Sources: R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast accuracy", IJF
//! 22 (2006), for MASE and RMSSE; S. Makridakis, E. Spiliotis and V. Assimakopoulos, "The M4
//! Competition", IJF 36 (2020), for sMAPE and MSIS, and "The M5 competition: background", IJF 38
//! (2022), for the weighted sums; T. Gneiting and A. E. Raftery, "Strictly proper scoring rules,
//! prediction, and estimation", JASA 102 (2007), for the interval score; R. Koenker and G.
//! Bassett, "Regression quantiles", Econometrica 46 (1978), for the pinball loss.

/// Counts the steps that can be scored: those whose actual value is not missing.
pub fn scored(actual: &[f64]) -> usize {
    actual.iter().filter(|value| !value.is_nan()).count()
}

/// Computes the mean absolute error: mean |y − ŷ|, in the values' unit.
pub fn mae(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    mean(actual, forecast, |y, f| (y - f).abs())
}

/// Computes the root of the mean squared error, in the values' unit.
pub fn rmse(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    mean(actual, forecast, |y, f| (y - f) * (y - f)).map(f64::sqrt)
}

/// Computes the symmetric mean absolute percentage error, 0 to 200: mean 200 |y − ŷ| / (|y| + |ŷ|).
///
/// A step where both are zero is forecast perfectly, and counts as 0.
pub fn smape(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    mean(actual, forecast, |y, f| {
        if y == f {
            0.0
        } else {
            // Halves, so that huge numbers do not overflow.
            let (y, f) = (y / 2.0, f / 2.0);
            200.0 * ((y - f).abs() / (y.abs() + f.abs()))
        }
    })
}

/// Computes the mean absolute scaled error: [`mae`] over the [`absolute_scale`] of the history.
pub fn mase(actual: &[f64], forecast: &[f64], history: &[f64], period: usize) -> Option<f64> {
    ratio(mae(actual, forecast), absolute_scale(history, period))
}

/// Computes the root mean squared scaled error: [`rmse`] over the root of the [`squared_scale`].
pub fn rmsse(actual: &[f64], forecast: &[f64], history: &[f64], period: usize) -> Option<f64> {
    ratio(
        rmse(actual, forecast),
        squared_scale(history, period).map(f64::sqrt),
    )
}

/// Computes the history's mean |y(t) − y(t−m)|: the seasonal naive method's error in-sample.
///
/// `period` is m in steps (1: the naive method). Pairs with a missing value are skipped; `None`
/// where no pair is left or nothing ever changes.
pub fn absolute_scale(history: &[f64], period: usize) -> Option<f64> {
    scale(history, period, f64::abs)
}

/// Computes the history's mean (y(t) − y(t−m))², as [`absolute_scale`].
pub fn squared_scale(history: &[f64], period: usize) -> Option<f64> {
    scale(history, period, |change| change * change)
}

/// Computes the mean pinball loss of forecasts of one quantile (0 < `quantile` < 1).
///
/// `quantile` · (y − q) where the actual value lies above the forecast, (1 − `quantile`) · (q − y)
/// where below; of the median it is half the absolute error.
pub fn pinball(actual: &[f64], forecast: &[f64], quantile: f64) -> Option<f64> {
    mean(actual, forecast, |y, f| {
        if y >= f {
            quantile * (y - f)
        } else {
            (1.0 - quantile) * (f - y)
        }
    })
}

/// Computes the share of the actual values that lie in their interval, bounds included, per cent.
pub fn coverage(actual: &[f64], lower: &[f64], upper: &[f64]) -> Option<f64> {
    mean_of_interval(actual, lower, upper, |y, low, high| {
        if low <= y && y <= high { 100.0 } else { 0.0 }
    })
}

/// Computes the mean interval score (Winkler's loss) of intervals at `level`.
///
/// The width, and 2/α times the distance by which the actual value lies outside, where
/// α = 1 − level/100. `None` too where the level is 100 or more.
pub fn winkler(actual: &[f64], lower: &[f64], upper: &[f64], level: f64) -> Option<f64> {
    let alpha = 1.0 - level / 100.0;
    if alpha.is_nan() || alpha <= 0.0 {
        return None;
    }
    mean_of_interval(actual, lower, upper, |y, low, high| {
        (high - low) + 2.0 / alpha * ((low - y).max(0.0) + (y - high).max(0.0))
    })
}

/// Computes the mean scaled interval score of M4: [`winkler`] over the [`absolute_scale`].
pub fn msis(
    actual: &[f64],
    lower: &[f64],
    upper: &[f64],
    level: f64,
    history: &[f64],
    period: usize,
) -> Option<f64> {
    ratio(
        winkler(actual, lower, upper, level),
        absolute_scale(history, period),
    )
}

/// Sums scores by their weights, as M5 does for its WRMSSE, the weights made to sum to 1.
///
/// Undefined scores and weights that are not positive are left out together; `None` where
/// nothing is left.
pub fn weighted(scores: impl IntoIterator<Item = (Option<f64>, f64)>) -> Option<f64> {
    let (sum, weights) = scores
        .into_iter()
        .filter_map(|(score, weight)| score.map(|score| (score, weight)))
        .filter(|(score, weight)| score.is_finite() && weight.is_finite() && *weight > 0.0)
        .fold((0.0, 0.0), |(sum, weights), (score, weight)| {
            (sum + weight * score, weights + weight)
        });
    (weights > 0.0).then(|| sum / weights)
}

fn mean(actual: &[f64], forecast: &[f64], loss: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let pairs = actual.iter().zip(forecast);
    mean_of(pairs.map(|(&y, &f)| (y, loss(y, f))))
}

fn mean_of_interval(
    actual: &[f64],
    lower: &[f64],
    upper: &[f64],
    loss: impl Fn(f64, f64, f64) -> f64,
) -> Option<f64> {
    let steps = actual.iter().zip(lower).zip(upper);
    mean_of(steps.map(|((&y, &low), &high)| {
        let known = !low.is_nan() && !high.is_nan();
        (y, if known { loss(y, low, high) } else { f64::NAN })
    }))
}

/// Averages the losses of the steps whose actual value is there.
fn mean_of(losses: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_usize);
    for (_, loss) in losses.filter(|(y, _)| !y.is_nan()) {
        sum += loss;
        count += 1;
    }
    let mean = sum / count as f64;
    (count > 0 && mean.is_finite()).then_some(mean)
}

fn scale(history: &[f64], period: usize, size: impl Fn(f64) -> f64) -> Option<f64> {
    let later = history.get(period.max(1)..)?;
    let changes = later.iter().zip(history).map(|(y, before)| y - before);
    mean_of(changes.map(|change| (change, size(change)))).filter(|scale| *scale > 0.0)
}

fn ratio(score: Option<f64>, scale: Option<f64>) -> Option<f64> {
    let ratio = score? / scale?;
    ratio.is_finite().then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAN: f64 = f64::NAN;

    fn near(got: Option<f64>, want: f64) {
        let got = got.expect("defined");
        assert!((got - want).abs() < 1e-12, "{got} instead of {want}");
    }

    #[test]
    fn point_measures_by_hand() {
        let (y, f) = ([1.0, 3.0, NAN, 10.0], [2.0, 1.0, 7.0, 10.0]);
        assert_eq!(scored(&y), 3);
        near(mae(&y, &f), 1.0);
        near(rmse(&y, &f), (5.0_f64 / 3.0).sqrt());
        near(smape(&y, &f), (200.0 / 3.0 + 100.0) / 3.0);
        // The changes of the history at lag 1: 2, 2 (one pair is incomplete), 6 in all by 3.
        let history = [1.0, 3.0, 1.0, NAN, 5.0, 7.0];
        near(absolute_scale(&history, 1), 2.0);
        near(squared_scale(&history, 1), 4.0);
        near(mase(&y, &f, &history, 1), 0.5);
        near(rmsse(&y, &f, &history, 1), (5.0_f64 / 12.0).sqrt());
        // At lag 3, 1 → NaN and 3 → 5 and 1 → 7.
        near(absolute_scale(&history, 3), 4.0);
    }

    #[test]
    fn interval_measures_by_hand() {
        let y = [0.0, 5.0, 12.0, NAN];
        let (low, high) = ([1.0, 4.0, 9.0, 0.0], [3.0, 5.0, 11.0, 1.0]);
        near(coverage(&y, &low, &high), 100.0 / 3.0);
        // Widths 2, 1, 2; one below by 1 and one above by 1, each 2/0.05 = 40.
        near(winkler(&y, &low, &high, 95.0), 85.0 / 3.0);
        near(msis(&y, &low, &high, 95.0, &[1.0, 3.0, 1.0], 1), 85.0 / 6.0);
        assert_eq!(winkler(&y, &low, &high, 100.0), None);
        near(pinball(&[2.0, 2.0], &[1.0, 4.0], 0.9), (0.9 + 0.2) / 2.0);
    }

    #[test]
    fn undefined_is_none() {
        assert_eq!(mae(&[], &[]), None);
        assert_eq!(mae(&[NAN], &[1.0]), None);
        assert_eq!(mae(&[1.0], &[NAN]), None);
        assert_eq!(mase(&[1.0], &[2.0], &[4.0, 4.0, 4.0], 1), None);
        assert_eq!(mase(&[1.0], &[2.0], &[4.0, 5.0], 2), None);
        assert_eq!(coverage(&[1.0], &[NAN], &[2.0]), None);
        near(smape(&[0.0, 1.0], &[0.0, -1.0]), 100.0);
        near(smape(&[f64::MAX], &[-f64::MAX / 4.0]), 200.0);
        assert_eq!(weighted([(None, 1.0)]), None);
        near(
            weighted([(Some(1.0), 3.0), (None, 9.0), (Some(5.0), 1.0)]),
            2.0,
        );
    }

    proptest! {
        #[test]
        fn laws(
            pairs in prop::collection::vec((-1e6..1e6_f64, -1e6..1e6_f64), 1..20),
            history in prop::collection::vec(-1e6..1e6_f64, 5..30),
            factor in 1e-3..1e3_f64,
        ) {
            let (y, f): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let times = |values: &[f64]| values.iter().map(|v| v * factor).collect::<Vec<_>>();
            // Scaled measures do not depend on the unit.
            if let Some(score) = mase(&y, &f, &history, 2) {
                let scaled = mase(&times(&y), &times(&f), &times(&history), 2).unwrap();
                prop_assert!((score - scaled).abs() <= 1e-9 * score.max(1.0));
            }
            // The interval score is a sum of two pinball losses (Gneiting and Raftery, eq. 43).
            let high: Vec<f64> = f.iter().map(|v| v + 10.0).collect();
            let (below, above) = (pinball(&y, &f, 0.1).unwrap(), pinball(&y, &high, 0.9).unwrap());
            let score = winkler(&y, &f, &high, 80.0).unwrap();
            prop_assert!((score - 10.0 * (below + above)).abs() <= 1e-9 * score.abs());
            prop_assert!(smape(&y, &f).unwrap() <= 200.0 + 1e-9);
            prop_assert!(mae(&y, &f).unwrap() <= rmse(&y, &f).unwrap() * (1.0 + 1e-12));
        }
    }
}
