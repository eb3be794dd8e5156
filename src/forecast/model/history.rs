//! What every method asks of a history before it fits.

use crate::forecast::{FitError, History};
use crate::model::Warning;

/// A history in its own unit.
#[derive(Debug, Clone)]
pub(super) struct Scaled {
    /// A power of two near the largest value.
    pub(super) unit: f64,
    /// The values divided by `unit`; NaN where missing.
    pub(super) values: Vec<f64>,
    /// How many values are not missing.
    pub(super) observed: usize,
    /// How many values at the beginning were left out.
    left_out: usize,
    /// What the reader must know so far.
    pub(super) warnings: Vec<Warning>,
}

impl Scaled {
    /// Takes a history, of which at least one value must be there.
    pub(super) fn new(history: &History<'_>) -> Result<Self, FitError> {
        let finite = || history.values.iter().filter(|value| value.is_finite());
        let observed = finite().count();
        if observed == 0 {
            return Err(FitError::TooShort {
                present: 0,
                needed: 1,
            });
        }
        let largest = finite().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let unit = if largest > 0.0 {
            2.0_f64.powi(largest.log2().floor().clamp(-1000.0, 1000.0) as i32)
        } else {
            1.0
        };
        let scale = |&value: &f64| {
            if value.is_finite() {
                value / unit
            } else {
                f64::NAN
            }
        };
        let values: Vec<f64> = history.values.iter().map(scale).collect();
        let mut warnings = Vec::new();
        let missing = values.len() - observed;
        if missing > 0 {
            warnings.push(Warning::new(
                "missing-values",
                format!("{missing} of {} values are missing", values.len()),
            ));
        }
        if !history.regressors.is_empty() {
            warnings.push(Warning::new(
                "regressors-ignored",
                "this method does not use the outside variables",
            ));
        }
        Ok(Self {
            unit,
            values,
            observed,
            left_out: 0,
            warnings,
        })
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, code: &'static str, message: impl Into<String>) {
        self.warnings.push(Warning::new(code, message));
    }

    /// Leaves out all but the last `longest` values, unless those are too few or all the same.
    pub(super) fn keep_last(&mut self, longest: usize) {
        let Some(left_out) = self.values.len().checked_sub(longest).filter(|n| *n > 0) else {
            return;
        };
        let mut kept = self.clone();
        kept.values.drain(..left_out);
        kept.observed = kept.values.iter().filter(|value| !value.is_nan()).count();
        kept.left_out += left_out;
        if kept.observed > longest / 2 && !kept.is_constant() {
            kept.warn(
                "history-shortened",
                format!(
                    "only the last {longest} of {} values are used",
                    self.values.len()
                ),
            );
            *self = kept;
        }
    }

    /// Makes the one-step forecasts of the values that were kept those of the whole history.
    pub(super) fn whole(&self, fitted: impl Iterator<Item = f64>) -> Vec<f64> {
        std::iter::repeat_n(f64::NAN, self.left_out)
            .chain(fitted.map(|forecast| forecast * self.unit))
            .collect()
    }

    /// Tells whether there are at least two values, and all are the same.
    pub(super) fn is_constant(&self) -> bool {
        let mut present = self.values.iter().filter(|value| !value.is_nan());
        let first = present.next();
        self.observed > 1 && present.all(|value| Some(value) == first)
    }

    /// Returns the season that a method of one season can have: the shortest, in whole steps; 1
    /// for none.
    ///
    /// Warns where that is not what was asked for.
    pub(super) fn period(&mut self, periods: &[f64]) -> usize {
        let Some(&period) = periods.first() else {
            return 1;
        };
        let rounded = period.round();
        if !(2.0..1e9).contains(&rounded) {
            return 1;
        }
        if rounded != period {
            self.warn(
                "season-rounded",
                format!("the season of {period} steps is taken as {rounded}"),
            );
        }
        if periods.len() > 1 {
            self.warn(
                "one-season-only",
                format!(
                    "of {} seasons only the shortest, {rounded} steps, is modelled: harmonic and ensemble \
                     take all of them",
                    periods.len()
                ),
            );
        }
        rounded as usize
    }

    /// As [`Scaled::period`], but 1 and a warning where the history has fewer than two cycles.
    pub(super) fn period_of_two_cycles(&mut self, periods: &[f64]) -> usize {
        let period = self.period(periods);
        if period > 1 && self.observed < 2 * period {
            let cycles = self.observed as f64 / period as f64;
            self.warn(
                "too-short-for-season",
                format!("only {cycles:.1} cycles of the season of {period} steps: it is left out"),
            );
            return 1;
        }
        period
    }
}
