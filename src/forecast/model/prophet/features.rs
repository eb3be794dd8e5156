//! The columns of the seasons and of the outside variables.

use std::f64::consts::TAU;

use super::Prophet;
use crate::forecast::History;
use crate::forecast::model::history::Scaled;

/// The most Fourier terms of a season.
const MOST_TERMS: usize = 10;

/// A season's Fourier terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Season {
    /// In steps.
    pub(super) period: f64,
    /// How many pairs of a sine and a cosine.
    pub(super) terms: usize,
}

/// What is taken away from an outside variable, and what it is divided by then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standard {
    mean: f64,
    pub(super) deviation: f64,
}

/// The columns.
#[derive(Debug)]
pub(super) struct Features {
    pub(super) seasons: Vec<Season>,
    pub(super) regressors: Vec<Standard>,
}

impl Features {
    pub(super) fn new(
        model: &Prophet,
        scaled: &mut Scaled,
        history: &History<'_>,
        steps: &[usize],
    ) -> Self {
        let elapsed = (steps[steps.len() - 1] - steps[0]) as f64;
        let mut seasons: Vec<Season> = Vec::with_capacity(history.periods.len());
        for &period in history.periods {
            let known = seasons.iter().any(|season| season.period == period);
            if !(period >= 2.0 && period.is_finite()) || known {
                continue;
            }
            // Prophet wants 730 days for a year of 365.25.
            if elapsed < 2.0 * period.floor() {
                let cycles = elapsed / period;
                scaled.warn(
                    "too-short-for-season",
                    format!(
                        "only {cycles:.1} cycles of the season of {period} steps: it is left out"
                    ),
                );
                continue;
            }
            seasons.push(Season {
                period,
                terms: terms(period, model.step_days),
            });
        }
        let regressors = history.regressors.iter();
        Self {
            seasons,
            regressors: regressors
                .map(|column| Standard::new(column, steps))
                .collect(),
        }
    }

    /// How many columns there are.
    pub(super) fn count(&self) -> usize {
        let terms: usize = self.seasons.iter().map(|season| 2 * season.terms).sum();
        terms + self.regressors.len()
    }

    /// Adds the columns' values at a step.
    pub(super) fn push_row(
        &self,
        step: usize,
        regressors: impl Iterator<Item = f64>,
        row: &mut Vec<f64>,
    ) {
        for season in &self.seasons {
            let turns = step as f64 / season.period;
            for k in 1..=season.terms {
                let (sin, cos) = (TAU * (turns * k as f64).fract()).sin_cos();
                row.extend([sin, cos]);
            }
        }
        let standards = self.regressors.iter().zip(regressors);
        row.extend(standards.map(|(standard, x)| (x - standard.mean) / standard.deviation));
    }
}

/// Prophet's numbers of terms for a year, a week and a day.
fn terms(period: f64, step_days: Option<f64>) -> usize {
    let days = step_days.map(|step| period * step);
    match days {
        Some(days) if (364.0..=366.5).contains(&days) => 10,
        Some(days) if (days - 7.0).abs() < 0.01 => 3,
        Some(days) if (days - 1.0).abs() < 0.01 => 4,
        _ => ((period / 2.0) as usize).clamp(1, MOST_TERMS),
    }
}

impl Standard {
    /// As Prophet: columns of zeros and ones, and columns of one value, are left as they are.
    fn new(column: &[f64], steps: &[usize]) -> Self {
        let values = || steps.iter().map(|t| column[*t]);
        let first = column[steps[0]];
        let largest = values().fold(0.0_f64, |most, x| most.max(x.abs()));
        let plain = Self {
            mean: 0.0,
            deviation: 1.0,
        };
        if values().all(|x| x == first) || values().all(|x| x == 0.0 || x == 1.0) {
            return plain;
        }
        // By the largest first, so that no sum overflows.
        let count = steps.len() as f64;
        let mean = values().map(|x| x / largest).sum::<f64>() / count;
        let squares: f64 = values().map(|x| (x / largest - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0)).sqrt() * largest;
        if !(deviation > 0.0 && deviation.is_finite()) {
            return plain;
        }
        Self {
            mean: mean * largest,
            deviation,
        }
    }
}
