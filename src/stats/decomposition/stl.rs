//! STL: seasonal and trend decomposition by loess, for one season or several.
//!
//! R. Cleveland, W. Cleveland, J. McRae and I. Terpenning, "STL: a seasonal-trend
//! decomposition procedure based on loess" (Journal of Official Statistics 6, 1990); several
//! seasons by K. Bandara, R. Hyndman and C. Bergmeir, "MSTL" (arXiv:2107.13462, 2021).
//! [`Stl`] smooths seasons by lines, as statsmodels does; [`mstl`] by constants, as R and
//! statsforecast do.

use super::loess::Loess;
use super::{Decomposition, DecompositionError, check, moving_average};
use crate::stats::scale::power_of_two_scale;

/// Above which period jumps pay.
const LONG: usize = 60;

/// The decomposition with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stl {
    period: usize,
    seasonal_window: usize,
    constant_seasons: bool,
    jumping: bool,
    robust: bool,
}

impl Stl {
    /// Makes a decomposition with a seasonal window of 7 cycles, a fit at every point.
    pub fn new(period: usize) -> Self {
        Self {
            period,
            seasonal_window: 7,
            constant_seasons: false,
            jumping: false,
            robust: false,
        }
    }

    /// Sets over how many cycles a season is smoothed; made odd, at least 3.
    pub fn seasonal_window(mut self, cycles: usize) -> Self {
        self.seasonal_window = cycles.clamp(3, 1 << 30) | 1;
        self
    }

    /// Weights outliers down, in fifteen passes.
    pub fn robust(mut self) -> Self {
        self.robust = true;
        self
    }

    /// Smooths seasons by local constants instead of lines: they follow the data less.
    pub fn constant_seasons(mut self) -> Self {
        self.constant_seasons = true;
        self
    }

    /// Fits only at every tenth part of a window, with lines between: quicker for long windows.
    pub fn jumping(mut self) -> Self {
        self.jumping = true;
        self
    }

    /// Decomposes a series of at least two cycles.
    pub fn decompose(&self, values: &[f64]) -> Result<Decomposition, DecompositionError> {
        check(values, self.period)?;
        let scale = power_of_two_scale(values);
        let values: Vec<f64> = values.iter().map(|x| x * scale).collect();
        let passes = if self.robust { 15 } else { 0 };
        let inner = if self.robust { 2 } else { 5 };
        let smoothers = Smoothers::new(self, values.len());
        let mut state = State {
            seasonal: vec![0.0; values.len()],
            trend: vec![0.0; values.len()],
        };
        let mut weights = None;
        for pass in 0..=passes {
            for _ in 0..inner {
                smoothers.step(&values, weights.as_deref(), &mut state);
            }
            if pass < passes {
                weights = Some(robustness(&values, &state));
            }
        }
        let State { seasonal, trend } = state;
        let remainder = values
            .iter()
            .zip(&seasonal)
            .zip(&trend)
            .map(|((y, s), t)| (y - s - t) / scale)
            .collect();
        let unscaled = |part: Vec<f64>| part.into_iter().map(|x| x / scale).collect();
        Ok(Decomposition {
            trend: unscaled(trend),
            seasonals: vec![unscaled(seasonal)],
            remainder,
        })
    }
}

struct State {
    seasonal: Vec<f64>,
    trend: Vec<f64>,
}

struct Smoothers {
    period: usize,
    seasonal: Loess,
    low_pass: Loess,
    trend: Loess,
}

impl Smoothers {
    fn new(stl: &Stl, points: usize) -> Self {
        let period = stl.period as f64;
        // The paper's 1.5 n_p / (1 − 1.5 / n_s).
        let trend = (1.5 * period / (1.0 - 1.5 / stl.seasonal_window as f64)).ceil() as usize;
        let loess = |window: usize, points: usize| {
            let window = window | 1;
            let jump = if stl.jumping { window.div_ceil(10) } else { 1 };
            Loess::new(window, jump, points)
        };
        Self {
            period: stl.period,
            seasonal: loess(stl.seasonal_window, points.div_ceil(stl.period))
                .constant(stl.constant_seasons),
            low_pass: loess(stl.period + 1, points),
            trend: loess(trend, points),
        }
    }

    /// The inner loop of the paper, once.
    fn step(&self, values: &[f64], weights: Option<&[f64]>, state: &mut State) {
        let n = values.len();
        let mut rest: Vec<f64> = values
            .iter()
            .zip(&state.trend)
            .map(|(y, t)| y - t)
            .collect();
        let cycles = self.smooth_cycles(&rest, weights);
        // What of the smoothed cycles is not a season.
        let mut low = moving_average(&cycles, self.period);
        low = moving_average(&low, self.period);
        low = moving_average(&low, 3);
        let mut low_smooth = vec![0.0; n];
        self.low_pass.smooth(&low, None, &mut low_smooth);
        for (t, season) in state.seasonal.iter_mut().enumerate() {
            *season = cycles[self.period + t] - low_smooth[t];
            rest[t] = values[t] - *season;
        }
        self.trend.smooth(&rest, weights, &mut state.trend);
    }

    /// Smooths every phase's values and extends them by a cycle at both ends.
    fn smooth_cycles(&self, rest: &[f64], weights: Option<&[f64]>) -> Vec<f64> {
        let mut cycles = vec![0.0; rest.len() + 2 * self.period];
        let (mut of_phase, mut weights_of_phase, mut smooth) = (vec![], vec![], vec![]);
        for phase in 0..self.period {
            of_phase.clear();
            of_phase.extend(rest[phase..].iter().step_by(self.period));
            if let Some(weights) = weights {
                weights_of_phase.clear();
                weights_of_phase.extend(weights[phase..].iter().step_by(self.period));
            }
            let weights = weights.map(|_| weights_of_phase.as_slice());
            let count = of_phase.len();
            smooth.clear();
            smooth.resize(count, 0.0);
            self.seasonal.smooth(&of_phase, weights, &mut smooth);
            let before = self.seasonal.outside(true, &of_phase, weights);
            let after = self.seasonal.outside(false, &of_phase, weights);
            let first = before.unwrap_or(smooth[0]);
            let last = after.unwrap_or(smooth[count - 1]);
            let extended = std::iter::once(first)
                .chain(smooth.iter().copied())
                .chain([last]);
            for (slot, value) in cycles[phase..]
                .iter_mut()
                .step_by(self.period)
                .zip(extended)
            {
                *slot = value;
            }
        }
        cycles
    }
}

/// The bisquare weights of the remainders.
fn robustness(values: &[f64], state: &State) -> Vec<f64> {
    let parts = values.iter().zip(&state.seasonal).zip(&state.trend);
    let sizes: Vec<f64> = parts.map(|((y, s), t)| (y - s - t).abs()).collect();
    let mut sorted = sizes.clone();
    sorted.sort_by(f64::total_cmp);
    let n = sizes.len();
    let bound = 3.0 * (sorted[n / 2] + sorted[n - 1 - n / 2]);
    sizes
        .into_iter()
        .map(|size| {
            if size <= 0.001 * bound {
                1.0
            } else if size <= 0.999 * bound {
                (1.0 - (size / bound).powi(2)).powi(2)
            } else {
                0.0
            }
        })
        .collect()
}

/// Decomposes a series by several seasons, twice over; the periods must ascend.
///
/// The seasonal windows are 11, 15, 19, … cycles, as the paper has them. For periods above 60
/// fits are made at every tenth part of a window only.
pub fn mstl(values: &[f64], periods: &[usize]) -> Result<Decomposition, DecompositionError> {
    if periods.is_empty() {
        return Err(DecompositionError::Period { period: 0 });
    }
    for &period in periods {
        check(values, period)?;
    }
    // The sums of parts that the scale leaves near 1 do not overflow.
    let scale = power_of_two_scale(values);
    let mut rest: Vec<f64> = values.iter().map(|x| x * scale).collect();
    let mut seasonals = vec![vec![0.0; values.len()]; periods.len()];
    let mut trend = vec![0.0; values.len()];
    for _ in 0..if periods.len() == 1 { 1 } else { 2 } {
        for (i, &period) in periods.iter().enumerate() {
            rest.iter_mut()
                .zip(&seasonals[i])
                .for_each(|(r, s)| *r += s);
            let mut stl = Stl::new(period)
                .seasonal_window(11 + 4 * i)
                .constant_seasons();
            stl.jumping = period > LONG;
            let mut parts = stl.decompose(&rest)?;
            seasonals[i] = parts.seasonals.swap_remove(0);
            trend = parts.trend;
            rest.iter_mut()
                .zip(&seasonals[i])
                .for_each(|(r, s)| *r -= s);
        }
    }
    let unscaled = |part: Vec<f64>| part.into_iter().map(|x| x / scale).collect();
    let remainder = rest
        .iter()
        .zip(&trend)
        .map(|(r, t)| (r - t) / scale)
        .collect();
    Ok(Decomposition {
        trend: unscaled(trend),
        seasonals: seasonals.into_iter().map(unscaled).collect(),
        remainder,
    })
}
