//! First guesses of the initial states.
//!
//! R. J. Hyndman, A. B. Koehler, R. D. Snyder and S. Grose, "A state space framework for
//! automatic forecasting using exponential smoothing methods", IJF 18 (2002): seasonal
//! indices by the classical decomposition, here of the whole history; level and slope by a line
//! through the first ten deseasonalised values, or the first two seasons if they are longer.

use super::recursion::States;
use super::specification::{Season, Trend};
use crate::forecast::model::seasonal_index;
use crate::stats::decomposition::Composition;

/// Guesses the states before the first step; `None` where the season has no indices.
pub(super) fn guess(values: &[f64], trend: Trend, season: Season, period: usize) -> Option<States> {
    let indices = match season {
        Season::None => Vec::new(),
        Season::Additive => seasonal_index::indices(values, period, Composition::Additive)?,
        Season::Multiplicative => {
            seasonal_index::indices(values, period, Composition::Multiplicative)?
                .into_iter()
                .map(|index| index.max(0.01))
                .collect()
        }
    };
    let adjusted = |(t, y): (usize, &f64)| {
        let y = match season {
            Season::None => *y,
            Season::Additive => y - indices[t % period],
            Season::Multiplicative => y / indices[t % period],
        };
        (t as f64 + 1.0, y)
    };
    let span = if season == Season::None {
        10
    } else {
        10.max(2 * period)
    };
    let present = values.iter().enumerate().map(adjusted);
    let first: Vec<(f64, f64)> = present.filter(|(_, y)| !y.is_nan()).take(span).collect();
    let count = first.len() as f64;
    let mean_t = first.iter().map(|(t, _)| t).sum::<f64>() / count;
    let mean_y = first.iter().map(|(_, y)| y).sum::<f64>() / count;
    let (mut level, mut slope) = (mean_y, 0.0);
    if trend != Trend::None {
        let squares: f64 = first.iter().map(|(t, _)| (t - mean_t).powi(2)).sum();
        let products: f64 = first.iter().map(|(t, y)| (t - mean_t) * (y - mean_y)).sum();
        if squares > 0.0 {
            slope = products / squares;
            level = mean_y - slope * mean_t;
        }
    }
    if season == Season::Multiplicative {
        level = level.max(1e-3);
    }
    Some(States {
        level,
        slope,
        season: indices,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_season_is_guessed_exactly() {
        let season = [0.3, -0.1, -0.2, 0.0];
        let values: Vec<f64> = (0..16)
            .map(|t| 5.0 + 0.1 * f64::from(t + 1) + season[t as usize % 4])
            .collect();
        let states = guess(&values, Trend::Additive, Season::Additive, 4).unwrap();
        assert!((states.level - 5.0).abs() < 1e-12);
        assert!((states.slope - 0.1).abs() < 1e-12);
        for (guess, index) in states.season.iter().zip(season) {
            assert!((guess - index).abs() < 1e-12);
        }
        assert_eq!(guess(&values[..5], Trend::None, Season::Additive, 4), None);
    }
}
