//! Dynamic harmonic regression: Fourier terms for the seasons, and ARIMA errors.
//!
//! P. C. Young, D. J. Pedregal and W. Tych, "Dynamic harmonic regression", Journal of
//! Forecasting 18 (1999); R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and
//! practice", 3rd ed. (2021), sections 10.5 and 12.1. For seasons that are long, that are not
//! whole numbers of steps, or of which there are several. The number of terms of each season is
//! chosen by AICc, the errors' order as [`AutoArima`] does without a season.
//!
//! A short history is estimated jointly: terms, outside variables and errors. In a long one
//! (more than [`MOST_JOINT`] values in the columns) the terms and outside variables are
//! estimated first, by generalised least squares, and the errors' model from the last of what
//! they leave; a warning says so.

mod fourier;
mod normal;
mod seasonal;

use self::seasonal::Seasonal;
use super::auto_arima::{AutoArima, Selection, check};
use super::history::Scaled;
use crate::forecast::{Coefficient, Details, FitError, Fitted, Forecast, History, Model};
use crate::model::Warning;

/// How many values the columns may have together for a joint estimate.
pub const MOST_JOINT: usize = 30_000;

/// How many seasons the history must have at least, of each period.
const FEWEST_CYCLES: f64 = 2.0;

/// The most seasons.
const MOST_PERIODS: usize = 4;

/// Seasons by Fourier terms with ARIMA errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Harmonic {
    /// Whether to try every order of the errors instead of searching stepwise.
    pub exhaustive: bool,
}

/// A fitted harmonic regression.
#[derive(Debug)]
pub struct FittedHarmonic {
    periods: Vec<f64>,
    seasonal: Seasonal,
    /// What the seasonal part is multiplied by; none where the terms are columns of the errors'
    /// model.
    unit: Option<f64>,
    errors: Selection,
    fitted: Vec<f64>,
    warnings: Vec<Warning>,
}

impl Harmonic {
    /// Fits the model and keeps the result's own type.
    pub fn regress(&self, history: &History<'_>) -> Result<FittedHarmonic, FitError> {
        check(history)?;
        let mut scaled = Scaled::new(&History {
            regressors: &[],
            ..*history
        })?;
        let periods = usable(&mut scaled, history.periods);
        let errors = AutoArima {
            exhaustive: self.exhaustive,
        };
        let regressors = history.regressors;
        let seasonal = if periods.is_empty() || scaled.is_constant() {
            Seasonal::default()
        } else {
            Seasonal::fit(&scaled.values, &periods, regressors)
        };
        let terms = seasonal.terms() + regressors.len();
        let short = terms * history.values.len() <= MOST_JOINT;
        let mut result = if short || seasonal.terms() == 0 {
            joint(errors, history, seasonal)?
        } else {
            in_turn(errors, history, seasonal, scaled.unit)?
        };
        let mut warnings = std::mem::take(&mut scaled.warnings);
        for warning in result.errors.warnings() {
            let mut warning = warning.clone();
            if result.unit.is_some() && warning.code == "history-shortened" {
                warning.message = format!("of the errors' model: {}", warning.message);
            }
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        result.warnings.splice(0..0, warnings);
        result.periods = periods;
        Ok(result)
    }
}

/// The periods that the history has enough cycles of, ascending.
fn usable(scaled: &mut Scaled, periods: &[f64]) -> Vec<f64> {
    let mut usable: Vec<f64> = Vec::with_capacity(periods.len());
    for &period in periods {
        let cycles = scaled.observed as f64 / period;
        if !(period >= 2.0 && period.is_finite()) || usable.contains(&period) {
            continue;
        }
        if cycles < FEWEST_CYCLES {
            scaled.warn(
                "too-short-for-season",
                format!("only {cycles:.1} cycles of the season of {period} steps: it is left out"),
            );
        } else {
            usable.push(period);
        }
    }
    usable.sort_by(f64::total_cmp);
    if usable.len() > MOST_PERIODS {
        usable.truncate(MOST_PERIODS);
        scaled.warn(
            "too-many-seasons",
            format!("only the {MOST_PERIODS} shortest seasons are modelled"),
        );
    }
    if usable.is_empty() {
        scaled.warn("no-season", "without a season this is a plain ARIMA model");
    }
    usable
}

fn joint(
    errors: AutoArima,
    history: &History<'_>,
    seasonal: Seasonal,
) -> Result<FittedHarmonic, FitError> {
    let mut columns = history.regressors.to_vec();
    columns.extend(seasonal.columns(0, history.values.len()));
    let errors = errors.select(&History {
        periods: &[],
        regressors: &columns,
        ..*history
    })?;
    Ok(FittedHarmonic {
        periods: Vec::new(),
        seasonal,
        unit: None,
        fitted: errors.fitted().to_vec(),
        warnings: Vec::new(),
        errors,
    })
}

fn in_turn(
    errors: AutoArima,
    history: &History<'_>,
    seasonal: Seasonal,
    unit: f64,
) -> Result<FittedHarmonic, FitError> {
    let explained = explained(&seasonal, unit, 0, history.values.len(), history.regressors);
    let values = history.values.iter().zip(&explained);
    let rest: Vec<f64> = values.map(|(y, x)| y - x).collect();
    let errors = errors.select(&History {
        values: &rest,
        periods: &[],
        regressors: &[],
    })?;
    let fitted = errors.fitted().iter().zip(&explained);
    let fitted = fitted.map(|(e, x)| e + x).collect();
    let warning = Warning::new(
        "harmonic-in-turn",
        "the history is long: its seasons and outside variables are estimated first, and the errors' model from what they leave",
    );
    Ok(FittedHarmonic {
        periods: Vec::new(),
        seasonal,
        unit: Some(unit),
        fitted,
        warnings: vec![warning],
        errors,
    })
}

/// What the seasons and the outside variables explain, from a step on.
fn explained(
    seasonal: &Seasonal,
    unit: f64,
    first: usize,
    steps: usize,
    regressors: &[Vec<f64>],
) -> Vec<f64> {
    let mut explained = seasonal.seasons(first, steps);
    for (column, coefficient) in regressors.iter().zip(&seasonal.regressors) {
        for (sum, x) in explained.iter_mut().zip(column) {
            *sum += coefficient * x;
        }
    }
    explained.iter_mut().for_each(|x| *x *= unit);
    explained
}

impl FittedHarmonic {
    /// The model of the errors, with its search and diagnosis.
    #[must_use]
    pub fn errors(&self) -> &Selection {
        &self.errors
    }

    /// Each period with the number of its harmonics.
    pub fn harmonics(&self) -> impl Iterator<Item = (f64, usize)> {
        let counts = self.seasonal.counts.iter().copied();
        self.periods.iter().copied().zip(counts)
    }

    /// The Fourier terms' names as the field writes them: `S2-24` is the second sine of the
    /// season of 24 steps.
    fn term_names(&self) -> Vec<String> {
        let numbered = self
            .harmonics()
            .flat_map(|(period, count)| (1..=count).map(move |k| (k, period)));
        let terms = numbered.zip(&self.seasonal.harmonics);
        terms
            .flat_map(|((k, period), (harmonic, _, _))| {
                let names = ["C", "S"].into_iter().take(harmonic.terms());
                names.map(move |kind| format!("{kind}{k}-{period}"))
            })
            .collect()
    }

    /// The future columns that the errors' model has, and what is added to its forecasts.
    fn future(
        &self,
        horizon: usize,
        future: &[Vec<f64>],
    ) -> Result<(Vec<Vec<f64>>, Vec<f64>), FitError> {
        let first = self.fitted.len();
        match self.unit {
            None => {
                let mut columns = future.to_vec();
                columns.extend(self.seasonal.columns(first, horizon));
                Ok((columns, vec![0.0; horizon]))
            }
            Some(unit) => {
                let wanted = self.seasonal.regressors.len();
                if future.len() != wanted {
                    return Err(FitError::Regressors(format!(
                        "{} columns of future values were given, the model has {wanted}",
                        future.len()
                    )));
                }
                let fits =
                    |c: &Vec<f64>| c.len() >= horizon && c[..horizon].iter().all(|x| x.is_finite());
                if let Some(i) = future.iter().position(|column| !fits(column)) {
                    return Err(FitError::Regressors(format!(
                        "column {} of the future does not have {horizon} finite values",
                        i + 1
                    )));
                }
                let added = explained(&self.seasonal, unit, first, horizon, future);
                Ok((Vec::new(), added))
            }
        }
    }
}

impl Model for Harmonic {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        Ok(Box::new(self.regress(history)?))
    }
}

impl Fitted for FittedHarmonic {
    fn description(&self) -> String {
        let errors = match self.errors.arima() {
            Some(arima) => arima.estimate.order.to_string(),
            None => return self.errors.description(),
        };
        let counts: Vec<String> = self
            .harmonics()
            .map(|(period, count)| format!("K={count}[{period}]"))
            .collect();
        if counts.is_empty() {
            return self.errors.description();
        }
        format!("Fourier {} with {errors} errors", counts.join(" "))
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        let regression = self.seasonal.terms() + self.seasonal.regressors.len();
        self.errors.parameters() + self.unit.map_or(0, |_| regression)
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        let (columns, added) = self.future(horizon, future)?;
        let mut forecast = self.errors.forecast(horizon, levels, &columns)?;
        let bounds = forecast.intervals.iter_mut();
        let bounds = bounds.flat_map(|interval| [&mut interval.lower, &mut interval.upper]);
        for series in bounds.chain([&mut forecast.mean]) {
            for (value, x) in series.iter_mut().zip(&added) {
                *value += x;
            }
        }
        Ok(forecast)
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let (columns, added) = self.future(horizon, future)?;
        let mut drawn = self.errors.simulate(horizon, paths, seed, &columns)?;
        for path in &mut drawn {
            for (value, x) in path.iter_mut().zip(&added) {
                *value += x;
            }
        }
        Ok(drawn)
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        let mut details = self.errors.details();
        let names = self.term_names();
        let outside = self.seasonal.regressors.len();
        let Some(unit) = self.unit else {
            // The terms are the errors' model's last outside variables.
            for (i, name) in names.into_iter().enumerate() {
                let number = format!("xreg{}", outside + i + 1);
                let mut coefficients = details.coefficients.iter_mut();
                if let Some(coefficient) = coefficients.find(|c| c.name == number) {
                    coefficient.name = name;
                }
            }
            return details;
        };
        let regressors = self.seasonal.regressors.iter().enumerate();
        let regressors = regressors.map(|(i, x)| (format!("xreg{}", i + 1), *x));
        let terms = self.seasonal.harmonics.iter();
        let terms = terms.flat_map(|(h, a, b)| [*a, *b].into_iter().take(h.terms()));
        let all = regressors.chain(names.into_iter().zip(terms));
        let all = all.map(|(name, x)| Coefficient::new(name, x * unit, f64::NAN));
        let last = details.coefficients.pop();
        details.coefficients.extend(all);
        details.coefficients.extend(last);
        details
    }
}

#[cfg(test)]
mod tests;
