//! Classical decomposition by moving averages (Persons 1919; Kendall and Stuart 1983, 46).

use super::{Decomposition, DecompositionError, check, moving_average};

/// How the parts make up a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Composition {
    /// By their sum.
    Additive,
    /// By their product; the values must be positive.
    Multiplicative,
}

/// Decomposes a series of at least two cycles.
///
/// The trend is the centred moving average of a cycle, NaN in the half cycle at both ends,
/// where the remainder is NaN too; the season is the same in every cycle.
pub fn classical(
    values: &[f64],
    period: usize,
    composition: Composition,
) -> Result<Decomposition, DecompositionError> {
    check(values, period)?;
    let additive = composition == Composition::Additive;
    if !additive && values.iter().any(|&x| x <= 0.0) {
        return Err(DecompositionError::Value);
    }
    let without = |x: f64, part: f64| if additive { x - part } else { x / part };
    let mut averages = moving_average(values, period);
    if period.is_multiple_of(2) {
        averages = moving_average(&averages, 2);
    }
    let half = period / 2;
    let mut trend = vec![f64::NAN; values.len()];
    trend[half..half + averages.len()].copy_from_slice(&averages);

    let mut season = vec![0.0; period];
    let mut counts = vec![0.0; period];
    for (t, (y, trend)) in values.iter().zip(&trend).enumerate() {
        if !trend.is_nan() {
            season[t % period] += without(*y, *trend);
            counts[t % period] += 1.0;
        }
    }
    for (sum, count) in season.iter_mut().zip(counts) {
        *sum /= count;
    }
    let mean = season.iter().sum::<f64>() / period as f64;
    let season: Vec<f64> = season.into_iter().map(|s| without(s, mean)).collect();
    let seasonal: Vec<f64> = season.iter().copied().cycle().take(values.len()).collect();
    let remainder = values
        .iter()
        .zip(&trend)
        .zip(&seasonal)
        .map(|((y, t), s)| without(without(*y, *t), *s))
        .collect();
    Ok(Decomposition {
        trend,
        seasonals: vec![seasonal],
        remainder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference_series::{AIR_PASSENGERS, NILE};

    #[test]
    fn equals_statsmodels() {
        // statsmodels 0.14.6, `seasonal_decompose(x, model, period=12)`; Nile: period=5.
        let air = classical(&AIR_PASSENGERS, 12, Composition::Additive).unwrap();
        assert!((air.seasonals[0][1] - -36.18813131313132).abs() < 1e-10);
        assert!((air.seasonals[0][143] - -28.619949494949505).abs() < 1e-10);
        assert!(air.trend[5].is_nan() && air.trend[138].is_nan());
        assert!((air.trend[6] - 126.79166666666666).abs() < 1e-10);
        assert!((air.trend[137] - 475.04166666666663).abs() < 1e-10);
        assert!((air.remainder[50] - 17.324494949494984).abs() < 1e-10);
        let air = classical(&AIR_PASSENGERS, 12, Composition::Multiplicative).unwrap();
        assert!((air.seasonals[0][6] - 1.2265555429312012).abs() < 1e-12);
        assert!((air.remainder[50] - 1.0604644361877407).abs() < 1e-12);
        let nile = classical(&NILE, 5, Composition::Additive).unwrap();
        assert!((nile.seasonals[0][3] - 46.67473684210527).abs() < 1e-10);
        assert!(nile.trend[1].is_nan());
        assert!((nile.trend[2] - 1122.6).abs() < 1e-10);
        assert!((nile.remainder[50] - -55.295789473684295).abs() < 1e-10);
    }
}
