//! The season that is taken out of a history and put back on its forecasts.

use crate::forecast::model::seasonal_index;
use crate::stats::correlation::autocorrelations;
use crate::stats::decomposition::Composition;

/// The season that was taken out.
#[derive(Debug, Clone)]
pub(super) struct Seasonal {
    pub(super) composition: Composition,
    /// Of the steps 0, 1 … of the history.
    pub(super) indices: Vec<f64>,
}

impl Seasonal {
    /// Finds the season, multiplicative where values and indices are above zero, additive
    /// otherwise; `None` where there is none.
    pub(super) fn of(values: &[f64], period: usize) -> Option<Self> {
        if period < 2 || !is_significant(values, period) {
            return None;
        }
        let find = |composition| {
            let indices = seasonal_index::indices(values, period, composition)?;
            Some(Self {
                composition,
                indices,
            })
        };
        let positive = |index: &f64| *index > SMALLEST;
        find(Composition::Multiplicative)
            .filter(|season| season.indices.iter().all(positive))
            .or_else(|| find(Composition::Additive))
    }
}

/// The smallest index that values are divided by.
const SMALLEST: f64 = 0.01;

/// Tells whether the autocorrelation at the season is significant at 90 per cent, by Bartlett's
/// standard error from those at the lags before.
fn is_significant(values: &[f64], period: usize) -> bool {
    let correlations = autocorrelations(values, period);
    let Some((at_season, before)) = correlations.split_last() else {
        return false;
    };
    let before: f64 = before.iter().skip(1).map(|r| r * r).sum();
    let count = values.iter().filter(|value| !value.is_nan()).count() as f64;
    // The 95 % quantile of the normal distribution.
    let limit = 1.644_853_626_951_472_2 * ((1.0 + 2.0 * before) / count).sqrt();
    correlations.len() == period + 1 && at_season.abs() > limit
}

/// Takes the season of step `t` out of a value.
pub(super) fn adjust(season: Option<&Seasonal>, t: usize, value: f64) -> f64 {
    match season {
        None => value,
        Some(season) => {
            let index = season.indices[t % season.indices.len()];
            match season.composition {
                Composition::Additive => value - index,
                Composition::Multiplicative => value / index,
            }
        }
    }
}

/// Puts the season of step `t` back on a value.
pub(super) fn restore(season: Option<&Seasonal>, t: usize, value: f64) -> f64 {
    match season {
        None => value,
        Some(season) => {
            let index = season.indices[t % season.indices.len()];
            match season.composition {
                Composition::Additive => value + index,
                Composition::Multiplicative => value * index,
            }
        }
    }
}
