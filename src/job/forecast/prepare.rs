//! Reads everything before anything is forecast: what is wrong is told at once.

use super::grid::{self, Grid};
use super::input::Input;
use super::outside::{Named, Outside};
use super::settings::{Choices, MOST_DEFAULT, Plan};
use super::{ForecastError, ForecastShell, ForecastSpec};
use crate::forecast::model::ModelSpec;
use crate::forecast::pipeline::{Holdout, Regressor, Seasons, Settings};
use crate::model::Warning;
use crate::series::regressor::RegressorError;
use crate::series::{Regular, Statistic, Step};

/// A forecast that is ready to run.
#[derive(Debug)]
pub struct Forecast<'a> {
    pub(super) spec: &'a ForecastSpec,
    pub(super) shell: ForecastShell<'a>,
    pub(super) input: Input,
    pub(super) grids: Vec<Grid>,
    pub(super) choices: Choices,
    pub(super) statistic: Statistic,
    /// What is asked of each series, in its steps.
    pub(super) plans: Vec<Plan>,
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
        let plans = plans(&choices, &grids)?;
        if plans.iter().any(|plan| plan.is_capped) {
            let message = format!(
                "the horizon is at most {MOST_DEFAULT} steps where --horizon does not say more"
            );
            input.warnings.push(Warning::new("horizon-capped", message));
        }
        let made = Self {
            spec,
            shell,
            input,
            grids,
            choices,
            statistic,
            plans,
            outside,
        };
        made.check_outside()?;
        Ok(made)
    }

    /// Outside variables that fit no series are an error; where they fit some, the others are
    /// forecast without them.
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
        // What fits none must not be said ten thousand times; mostly the first tells.
        let mut first = None;
        for (place, raw) in self.input.series.iter().enumerate() {
            let (history, _) = grid::regular(raw, &self.grids[place], self.shell.tz);
            if history.values.is_empty() {
                continue;
            }
            match self.regressors(place, &history) {
                Ok(_) => return Ok(()),
                Err(error) => _ = first.get_or_insert(error),
            }
        }
        let Some(error) = first else {
            return Ok(());
        };
        let is_future = matches!(error, RegressorError::MissingFuture { .. });
        let error = ForecastError::usage(error.to_string());
        Err(match is_future {
            true => error.hint("--future FILE, or --assume NAME=last (or season, or a number)"),
            false => error,
        })
    }

    /// The outside variables of a series.
    pub(super) fn regressors(
        &self,
        place: usize,
        history: &Regular,
    ) -> Result<(Vec<Regressor>, Vec<Warning>), RegressorError> {
        let plan = &self.plans[place];
        let seasons = match &plan.seasons {
            Seasons::Given(periods) => periods.as_slice(),
            _ => &[],
        };
        let (raw, horizon) = (&self.input.series[place], plan.horizon);
        self.outside
            .columns(raw, history, horizon, seasons, self.shell)
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
    pub(super) fn settings(&self, place: usize, is_judged: bool) -> Settings {
        let plan = &self.plans[place];
        let holdout = if self.choices.is_evaluated {
            Holdout::Rolling {
                origins: self.choices.origins,
                step: plan.stride,
                initial: None,
            }
        } else if is_judged {
            Holdout::Last
        } else {
            Holdout::None
        };
        Settings {
            horizon: plan.horizon,
            levels: self.choices.levels.clone(),
            models: self.choices.models.clone(),
            seasons: plan.seasons.clone(),
            transform: self.choices.transform,
            outliers: self.choices.outliers,
            holdout,
            exhaustive: self.choices.is_exhaustive,
            tests: is_judged,
        }
    }

    /// The longest horizon of all.
    pub(super) fn horizon(&self) -> usize {
        self.plans
            .iter()
            .map(|plan| plan.horizon)
            .max()
            .unwrap_or(0)
    }
}

/// What is asked of each series; an error where it fits none.
fn plans(choices: &Choices, grids: &[Grid]) -> Result<Vec<Plan>, ForecastError> {
    // Series of one step are forecast equally far.
    let mut longest: Vec<(Step, usize)> = Vec::new();
    for grid in grids {
        match longest.iter_mut().find(|(step, _)| *step == grid.how.step) {
            Some((_, length)) => *length = grid.length.max(*length),
            None => longest.push((grid.how.step, grid.length)),
        }
    }
    let plan = |grid: &Grid| {
        let length = longest.iter().find(|(step, _)| *step == grid.how.step);
        choices.plan(grid.how.step, length.map_or(0, |(_, length)| *length))
    };
    let plans: Vec<Plan> = grids.iter().map(plan).collect();
    let fault = plans.first().and_then(|plan| plan.faults.first());
    match fault {
        Some(fault) if plans.iter().all(|plan| !plan.faults.is_empty()) => {
            Err(fault.error.clone().into())
        }
        _ => Ok(plans),
    }
}
