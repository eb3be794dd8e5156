//! The optimised theta models.
//!
//! J. A. Fiorucci, T. R. Pellegrini, F. Louzada, F. Petropoulos and A. B. Koehler, "Models for
//! optimising the theta method and their relationship to state space models", IJF 32 (2016);
//! the test for a season and the classical decomposition as there: the history is seasonally
//! adjusted (multiplicatively where all values and indices are above zero, additively
//! otherwise) where its autocorrelation at the season is significant at 90 per cent.
//!
//! Deviations: ℓ₀ and θ are solved for exactly at each α; the intervals of the dynamic models
//! are exact instead of sampled. Without a wish the variant is taken that has the least
//! absolute errors 1 to 12 steps ahead in the history, with Akaike's penalty; the least squared
//! error one step ahead always prefers more parameters. Gaps are bridged by straight lines on
//! the adjusted history, and the errors there are left out. The season is the shortest one.

mod fit;
mod fitted;
mod line;
mod seasonal;

use std::fmt;

use self::fit::Estimate;
use self::fitted::FittedTheta;
use self::seasonal::Seasonal;
use super::history::Scaled;
use super::naive;
use super::seasonal_index;
use crate::forecast::{FitError, Fitted, History, Model, Tried};

/// One of the four models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// STM: θ = 2 and one line through the whole history.
    Standard,
    /// OTM: θ is estimated.
    Optimised,
    /// DSTM: θ = 2 and a line that moves with every value.
    DynamicStandard,
    /// DOTM: both.
    DynamicOptimised,
}

impl Variant {
    const ALL: [Self; 4] = [
        Self::Standard,
        Self::Optimised,
        Self::DynamicStandard,
        Self::DynamicOptimised,
    ];

    fn is_dynamic(self) -> bool {
        matches!(self, Self::DynamicStandard | Self::DynamicOptimised)
    }

    fn is_optimised(self) -> bool {
        matches!(self, Self::Optimised | Self::DynamicOptimised)
    }

    /// Counts α, ℓ₀, and θ where it is estimated.
    fn parameters(self) -> usize {
        2 + usize::from(self.is_optimised())
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "standard theta",
            Self::Optimised => "optimised theta",
            Self::DynamicStandard => "dynamic standard theta",
            Self::DynamicOptimised => "dynamic optimised theta",
        })
    }
}

/// Fewer values than this are forecast by the naive method.
const FEWEST: usize = 5;
/// How far ahead the variants are compared.
const AHEAD: usize = 12;
/// How many errors count as one in that, since those of forecasts that overlap are alike.
const OVERLAP: f64 = 3.0;

/// A theta model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Theta {
    /// Which one; if none, the best by its errors in the history.
    pub variant: Option<Variant>,
}

impl Theta {
    /// Fits the model, and tells which was chosen; none where the naive method had to do.
    pub fn select(
        &self,
        history: &History<'_>,
    ) -> Result<(Option<Variant>, Box<dyn Fitted>), FitError> {
        let mut scaled = Scaled::new(history)?;
        if scaled.observed < FEWEST || scaled.is_constant() {
            return Ok((None, naive::fallback(scaled)));
        }
        let period = scaled.period_of_two_cycles(history.periods);
        let present = |value: &f64| !value.is_nan();
        let start = scaled.values.iter().position(present).unwrap_or(0);
        let end = scaled.values.iter().rposition(present).unwrap_or(0) + 1;
        let season = Seasonal::of(&scaled.values, period);
        let adjusted: Vec<f64> = (start..end)
            .map(|t| seasonal::adjust(season.as_ref(), t, scaled.values[t]))
            .collect();
        let there: Vec<bool> = adjusted.iter().map(present).collect();
        let adjusted = seasonal_index::bridge_gaps(&adjusted);
        let variants = match &self.variant {
            Some(variant) => std::slice::from_ref(variant),
            None => &Variant::ALL,
        };
        let estimates = variants
            .iter()
            .map(|variant| fit::fit(&adjusted, &there, *variant));
        let score = |estimate: &Estimate| {
            if self.variant.is_some() {
                return 0.0;
            }
            let misfit = fit::multi_step(&adjusted, &there, estimate, AHEAD).ln();
            2.0 * scaled.observed as f64 / OVERLAP * misfit
                + 2.0 * estimate.variant.parameters() as f64
        };
        let scored: Vec<(f64, Estimate)> = estimates.map(|e| (score(&e), e)).collect();
        let best = scored.iter().min_by(|a, b| a.0.total_cmp(&b.0));
        let Some(&(_, best)) = best else {
            return Err(FitError::NotConverged("no theta model was fitted".into()));
        };
        let mut search = Vec::new();
        if self.variant.is_none() {
            search.extend(scored.iter().map(|(score, estimate)| Tried {
                model: estimate.variant.to_string(),
                criterion: Some(*score).filter(|score| score.is_finite()),
                note: String::new(),
            }));
        }
        let fitted = FittedTheta::new(scaled, best, season, &adjusted, start, search);
        Ok((Some(best.variant), Box::new(fitted)))
    }
}

impl Model for Theta {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        self.select(history).map(|(_, fitted)| fitted)
    }
}

#[cfg(test)]
mod tests;
