//! The taxonomy of exponential smoothing: error, trend and season.

use std::fmt;

/// How the error enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorType {
    /// Added to the one-step forecast.
    Additive,
    /// In proportion to the one-step forecast; needs values above zero.
    Multiplicative,
}

/// How the level grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Not at all.
    None,
    /// By a slope.
    Additive,
    /// By a slope that fades.
    Damped,
}

/// How the season enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Season {
    /// Not at all.
    None,
    /// Added to the level.
    Additive,
    /// In proportion to the level; needs values above zero.
    Multiplicative,
}

/// One model of the taxonomy, such as ETS(M,Ad,M).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Specification {
    /// How the error enters.
    pub error: ErrorType,
    /// How the level grows.
    pub trend: Trend,
    /// How the season enters.
    pub season: Season,
}

impl Specification {
    /// Lists every model with this package's trends, the simplest first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let errors = [ErrorType::Additive, ErrorType::Multiplicative];
        let trends = [Trend::None, Trend::Additive, Trend::Damped];
        let seasons = [Season::None, Season::Additive, Season::Multiplicative];
        seasons.into_iter().flat_map(move |season| {
            trends.into_iter().flat_map(move |trend| {
                errors.into_iter().map(move |error| Self {
                    error,
                    trend,
                    season,
                })
            })
        })
    }

    /// Tells whether an additive error meets a multiplicative season: the states are then
    /// divided by ones that may come close to zero, and the forecast variance is infinite.
    pub(super) fn is_unstable(self) -> bool {
        self.error == ErrorType::Additive && self.season == Season::Multiplicative
    }

    /// Tells whether the model is for values above zero only.
    pub(super) fn needs_positive(self) -> bool {
        self.error == ErrorType::Multiplicative || self.season == Season::Multiplicative
    }

    /// Counts the smoothing parameters: α, β, γ and φ as far as the model has them.
    pub(super) fn smoothing_parameters(self) -> usize {
        let trend = match self.trend {
            Trend::None => 0,
            Trend::Additive => 1,
            Trend::Damped => 2,
        };
        1 + trend + usize::from(self.season != Season::None)
    }

    /// Counts what is estimated without the variance: the smoothing parameters and the initial
    /// states, of which the season's sum is known.
    pub(super) fn parameters(self, period: usize) -> usize {
        let season = if self.season == Season::None {
            0
        } else {
            period - 1
        };
        self.smoothing_parameters() + 1 + usize::from(self.trend != Trend::None) + season
    }
}

impl fmt::Display for Specification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self.error {
            ErrorType::Additive => "A",
            ErrorType::Multiplicative => "M",
        };
        let trend = match self.trend {
            Trend::None => "N",
            Trend::Additive => "A",
            Trend::Damped => "Ad",
        };
        let season = match self.season {
            Season::None => "N",
            Season::Additive => "A",
            Season::Multiplicative => "M",
        };
        write!(f, "ETS({error},{trend},{season})")
    }
}
