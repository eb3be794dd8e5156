//! Reads everything before anything is forecast: what is wrong is told at once.

use super::grid::{self, Grid};
use super::input::Input;
use super::outside::{Named, Outside};
use super::settings::{Choices, Span};
use super::{ForecastError, ForecastShell, ForecastSpec};
use crate::forecast::model::ModelSpec;
use crate::forecast::pipeline::{Regressor, Seasons, Settings};
use crate::model::Warning;
use crate::series::regressor::RegressorError;
use crate::series::{Regular, Statistic, Step};

/// Steps ahead where nobody said how many: a tenth of the longest history, at most so many.
const TENTH: usize = 10;
const MOST_DEFAULT: usize = 1_000;

/// A forecast that is ready to run.
#[derive(Debug)]
pub struct Forecast<'a> {
    pub(super) spec: &'a ForecastSpec,
    pub(super) shell: ForecastShell<'a>,
    pub(super) input: Input,
    pub(super) grids: Vec<Grid>,
    pub(super) choices: Choices,
    pub(super) statistic: Statistic,
    /// Steps ahead, of each series.
    pub(super) horizons: Vec<usize>,
    pub(super) outside: Outside,
}

impl<'a> Forecast<'a> {
    /// Reads what the specification names.
    pub fn prepare(
        spec: &'a ForecastSpec,
        shell: ForecastShell<'a>,
    ) -> Result<Self, ForecastError> {
        let choices = Choices::read(spec, shell.tz)?;
        let statistic = spec.statistic.as_deref().map(str::parse::<Statistic>);
        let statistic = statistic
            .transpose()
            .map_err(|error| ForecastError::usage(format!("--statistic: {error}")))?;
        let step = spec.step.as_deref().map(|text| Step::parse(text, shell.tz));
        let step = step
            .transpose()
            .map_err(|error| ForecastError::usage(format!("--step: {error}")))?;
        let named = Named::read(&spec.regressors)?;
        let names: Vec<String> = named.iter().map(|one| one.name.clone()).collect();
        let mut input = Input::read(spec, shell, &names)?;
        let outside = Outside::read(spec, named, &input, shell)?;
        input.warnings.extend(outside.warnings.iter().cloned());
        let statistic = statistic.unwrap_or(input.statistic);
        let grids = input
            .series
            .iter()
            .map(|raw| grid::choose(raw, step, statistic, input.is_thinned, shell.tz))
            .collect::<Result<Vec<Grid>, ForecastError>>()?;
        let longest = grids.iter().map(|grid| grid.length).max().unwrap_or(0);
        if let (Some(text), true) = (&spec.step, longest < 2) {
            let message = format!("--step {text} is longer than the history");
            return Err(ForecastError::usage(message).hint("take a shorter --step"));
        }
        let horizons = horizons(&choices, &grids, longest)?;
        let made = Self {
            spec,
            shell,
            input,
            grids,
            choices,
            statistic,
            horizons,
            outside,
        };
        // What fits no series must not be said ten thousand times.
        if let Some(grid) = made.grids.first() {
            made.choices.seasons(grid.how.step)?;
            made.choices.holdout(grid.how.step, true)?;
        }
        made.check_outside()?;
        Ok(made)
    }

    /// Outside variables that do not fit the first series fit none.
    fn check_outside(&self) -> Result<(), ForecastError> {
        let uses = |model: &ModelSpec| model.method().regressors;
        if self.outside.is_empty() {
            let given = [
                (self.spec.future.is_some(), "--future"),
                (!self.spec.assume.is_empty(), "--assume"),
            ];
            return match given.iter().find(|one| one.0) {
                Some((_, name)) => Err(ForecastError::usage(format!(
                    "{name} is about outside variables, and --regressors names none"
                ))),
                None => Ok(()),
            };
        }
        if !self.choices.models.iter().any(uses) {
            let message = "none of the models uses outside variables";
            return Err(ForecastError::usage(message).hint("take --model auto-arima"));
        }
        let Some(raw) = self.input.series.first() else {
            return Ok(());
        };
        let (history, _) = grid::regular(raw, &self.grids[0], self.shell.tz);
        if history.values.is_empty() {
            return Ok(());
        }
        let made = self.regressors(0, &history);
        made.map(|_| ()).map_err(|error| {
            let is_future = matches!(error, RegressorError::MissingFuture { .. });
            let error = ForecastError::usage(error.to_string());
            if !is_future {
                return error;
            }
            error.hint("--future FILE, or --assume NAME=last (or season, or a number)")
        })
    }

    /// The outside variables of a series.
    pub(super) fn regressors(
        &self,
        place: usize,
        history: &Regular,
    ) -> Result<(Vec<Regressor>, Vec<Warning>), RegressorError> {
        let seasons = match self.choices.seasons(history.step) {
            Ok(Seasons::Given(periods)) => periods,
            _ => Vec::new(),
        };
        let (raw, horizon) = (&self.input.series[place], self.horizons[place]);
        self.outside
            .columns(raw, history, horizon, &seasons, self.shell)
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.input.series.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.input.series.is_empty()
    }

    /// The settings of a series.
    pub(super) fn settings(
        &self,
        place: usize,
        is_judged: bool,
    ) -> Result<Settings, ForecastError> {
        let step = self.grids[place].how.step;
        Ok(Settings {
            horizon: self.horizons[place],
            levels: self.choices.levels.clone(),
            models: self.choices.models.clone(),
            seasons: self.choices.seasons(step)?,
            transform: self.choices.transform,
            outliers: self.choices.outliers,
            holdout: self.choices.holdout(step, is_judged)?,
            exhaustive: self.choices.is_exhaustive,
            tests: is_judged,
        })
    }
}

/// The steps ahead of each series.
fn horizons(
    choices: &Choices,
    grids: &[Grid],
    longest: usize,
) -> Result<Vec<usize>, ForecastError> {
    let Some(span) = choices.horizon else {
        let seasons = choices.seasons.iter().flatten();
        return grids
            .iter()
            .map(|grid| {
                let step = grid.how.step;
                // Two of the longest season that was named.
                let named = seasons.clone().map(|season| season.steps("--season", step));
                let named = named.collect::<Result<Vec<usize>, _>>()?;
                Ok(match named.into_iter().max() {
                    Some(season) => (2 * season).min(MOST_DEFAULT),
                    None => whole_days(longest / TENTH, step),
                })
            })
            .collect();
    };
    let horizons = grids.iter().map(|grid| match span {
        Span::Steps(steps) => Ok(steps),
        time => time.steps("--horizon", grid.how.step),
    });
    horizons.collect()
}

/// Cuts a number of steps to whole days, where it is more than one.
fn whole_days(steps: usize, step: Step) -> usize {
    let steps = steps.clamp(1, MOST_DEFAULT);
    let (Step::Fixed(micros) | Step::Wall { micros, .. }) = step else {
        return steps;
    };
    let a_day = 86_400_000_000 / micros.max(1);
    match usize::try_from(a_day) {
        Ok(a_day) if a_day > 1 && steps > a_day => steps / a_day * a_day,
        _ => steps,
    }
}
