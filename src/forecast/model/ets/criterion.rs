//! What the models are compared by.

use super::fit::Estimate;
use super::recursion::Step;
use super::specification::Season;

/// What the models are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Criterion {
    /// Akaike's with the correction for small samples: one step ahead, under the likelihood.
    Aicc,
    /// The same penalty on the absolute errors of forecasts up to a season ahead.
    #[default]
    MultiStep,
}

/// How far ahead [`Criterion::MultiStep`] looks where the season is shorter.
const AHEAD: usize = 12;

impl Criterion {
    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aicc => "AICc",
            Self::MultiStep => "AICc of errors to a season ahead",
        }
    }

    /// Computes the criterion; infinite where the history has too few values for the model.
    pub(super) fn of(self, estimate: &Estimate, observed: usize) -> f64 {
        let count = observed as f64;
        // The variance is a parameter too.
        let parameters = estimate.specification.parameters(estimate.period) as f64 + 1.0;
        let freedom = count - parameters - 1.0;
        if freedom <= 0.0 {
            return f64::INFINITY;
        }
        let penalty = 2.0 * parameters * count / freedom;
        let misfit = match self {
            Criterion::Aicc => estimate.deviance,
            Criterion::MultiStep => 2.0 * count * estimate.multi_step.max(EXACT).ln(),
        };
        misfit + penalty
    }
}

/// Below this mean error, in units of the values, a fit is exact but for rounding.
const EXACT: f64 = 1e-14;

/// Averages, over 1 step to a season ahead, the mean absolute errors in the history.
///
/// The seasonal state that a forecast uses is not updated before that place of the season
/// comes again, so the trace of one-step forecasts has all that is needed.
pub(super) fn multi_step(
    values: &[f64],
    trace: &[Step],
    season: Season,
    phi: f64,
    period: usize,
) -> f64 {
    let (mut sum, mut horizons, mut reach) = (0.0, 0, 0.0);
    let mut power = 1.0;
    for ahead in 0..period.max(AHEAD).min(values.len()) {
        power *= phi;
        reach += power;
        // Places already passed in the season come from a cycle before.
        let back = ahead / period * period;
        let (mut errors, mut count) = (0.0, 0_usize);
        for (origin, (y, seasonal)) in trace
            .iter()
            .zip(values[ahead..].iter().zip(&trace[ahead - back..]))
        {
            if y.is_nan() {
                continue;
            }
            let level = origin.expected + origin.slope * (reach - phi);
            let forecast = match season {
                Season::None => level,
                Season::Additive => level + seasonal.season,
                Season::Multiplicative => level * seasonal.season,
            };
            errors += (y - forecast).abs();
            count += 1;
        }
        if count > 0 {
            sum += errors / count as f64;
            horizons += 1;
        }
    }
    sum / f64::from(horizons)
}
