//! Seasonal indices of histories that may have gaps.

use crate::stats::decomposition::{Composition, classical};

/// Returns the index of each place of the season, of the steps 0, 1 … `period` − 1, by the
/// classical decomposition, with gaps bridged by straight lines.
///
/// `None` where the history is too short, or not positive (multiplicative).
pub(super) fn indices(values: &[f64], period: usize, composition: Composition) -> Option<Vec<f64>> {
    let decomposition = classical(&bridge_gaps(values), period, composition).ok()?;
    let mut indices = decomposition.seasonals.into_iter().next()?;
    indices.truncate(period);
    let finite = indices.iter().all(|index| index.is_finite());
    (indices.len() == period && finite).then_some(indices)
}

/// Bridges gaps by straight lines, and ends by the nearest value.
pub(super) fn bridge_gaps(values: &[f64]) -> Vec<f64> {
    let mut filled = values.to_vec();
    let mut before: Option<usize> = None;
    for t in 0..values.len() {
        if values[t].is_nan() {
            continue;
        }
        let start = before.map_or(0, |b| b + 1);
        for (gap, target) in filled.iter_mut().enumerate().take(t).skip(start) {
            *target = before.map_or(values[t], |b| {
                let share = (gap - b) as f64 / (t - b) as f64;
                values[b] + share * (values[t] - values[b])
            });
        }
        before = Some(t);
    }
    if let Some(last) = before {
        filled[last + 1..].fill(values[last]);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_on_a_line_is_found_exactly() {
        let season = [3.0, -1.0, -2.0, 0.0];
        let line = |t: usize| 5.0 + 2.0 * t as f64 + season[t % 4];
        let mut values: Vec<f64> = (0..14).map(line).collect();
        let found = indices(&values, 4, Composition::Additive).unwrap();
        for (f, s) in found.iter().zip(season) {
            assert!((f - s).abs() < 1e-12, "{found:?}");
        }
        values[5] = f64::NAN;
        assert!(indices(&values, 4, Composition::Multiplicative).is_some());
        assert_eq!(indices(&[-1.0; 8], 2, Composition::Multiplicative), None);
        assert_eq!(indices(&[1.0; 7], 4, Composition::Additive), None);
    }

    #[test]
    fn gaps_are_bridged() {
        let n = f64::NAN;
        let bridged = bridge_gaps(&[n, 1.0, n, n, 4.0, n]);
        assert_eq!(bridged, [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
        assert!(bridge_gaps(&[n])[0].is_nan());
    }
}
