//! The steps from a history to its outcome.

use super::attempt::{self, Attempt};
use super::transformed::{self, Transformed};
use super::{
    Fallback, ModelOutcome, Outcome, OutlierChoice, Regressor, Settings, Task, TransformChoice,
};
use super::{holdout, season, verdict};
use crate::forecast::cross_validation::{Evaluation, Plan};
use crate::forecast::model::{Context, Mean, ModelSpec, Naive, SeasonalNaive};
use crate::forecast::{Details, Diagnosis, Forecast, History, Interval, Model};
use crate::model::Warning;
use crate::series::{Outlier, TransformError, outliers};

/// Forecasts a series; never fails.
pub fn forecast(task: &Task<'_>, settings: &Settings) -> Outcome {
    let mut warnings = Vec::new();
    let mut values = cleaned(task.values, &mut warnings);
    let missing = values.iter().filter(|value| value.is_nan()).count();
    let levels = usable_levels(&settings.levels, &mut warnings);
    let (periods, seasons) =
        season::seasons(&values, task.step_seconds, &settings.seasons, &mut warnings);
    let outliers = match settings.outliers {
        OutlierChoice::Keep => Vec::new(),
        choice => standing_out(&mut values, &periods, choice, &mut warnings),
    };
    let regressors = usable_regressors(task, settings.horizon, &mut warnings);
    let past: Vec<Vec<f64>> = regressors.iter().map(|r| r.past.clone()).collect();
    let future: Vec<Vec<f64>> = regressors
        .iter()
        .map(|r| r.future[..settings.horizon].to_vec())
        .collect();
    let history = History {
        values: &values,
        periods: &periods,
        regressors: &past,
    };
    let choice = match transformed::choose(settings.transform, &history) {
        Ok(_) => settings.transform,
        Err(TransformError::Empty) => TransformChoice::None,
        Err(error) => {
            warnings.push(Warning::new(
                "no-transform",
                format!("the values are not transformed: {error}"),
            ));
            TransformChoice::None
        }
    };
    let transform = transformed::choose(choice, &history).ok().flatten();
    let context = Context {
        step_seconds: task.step_seconds,
        horizon: Some(settings.horizon),
        exhaustive: settings.exhaustive,
    };
    let names: Vec<&str> = regressors.iter().map(|r| r.name.as_str()).collect();
    let ending = trailing_gap(&values);
    let evaluated_past: Vec<Vec<f64>> = past.iter().map(|c| c[..ending].to_vec()).collect();
    let evaluated = History {
        values: &values[..ending],
        periods: &periods,
        regressors: &evaluated_past,
    };
    let plan = if ending == 0 {
        None
    } else {
        holdout::plan(
            settings.holdout,
            settings.horizon,
            &levels,
            &evaluated,
            &mut warnings,
        )
    };
    let baseline = plan.as_ref().map(|plan| {
        let attempts = simpler(&periods, TransformChoice::None);
        holdout::evaluate(&attempts, plan, &evaluated).0
    });
    let series = Series {
        history,
        evaluated,
        future: &future,
        names: &names,
        levels: &levels,
        horizon: settings.horizon,
        choice,
        context,
        plan: plan.as_ref(),
        baseline: baseline.as_ref(),
    };
    let default = [ModelSpec::default()];
    let specs = if settings.models.is_empty() {
        &default[..]
    } else {
        &settings.models
    };
    if plan.is_some() {
        if !names.is_empty() {
            warnings.push(Warning::new(
                "ex-post-regressors",
                "held-out errors know the values that the outside variables really had, whatever is \
                 assumed of the future",
            ));
        }
        if settings.outliers == OutlierChoice::Remove && !outliers.is_empty() {
            warnings.push(Warning::new(
                "outliers-not-scored",
                "values that were removed do not count in held-out errors either",
            ));
        }
    }
    if transform.is_some() {
        warnings.push(Warning::new(
            "median-forecast",
            "the forecasts of transformed values are medians: means would lie higher where the \
             distribution is skewed upwards",
        ));
    }
    let mut models: Vec<ModelOutcome> = specs.iter().map(|spec| series.model(spec)).collect();
    for model in &mut models {
        model
            .warnings
            .retain(|own| own.code != "missing-values" && !warnings.contains(own));
    }
    let tests = if settings.tests {
        verdict::verdicts(&values, &periods)
    } else {
        Vec::new()
    };
    Outcome {
        periods,
        seasons,
        missing,
        outliers,
        transform,
        tests,
        models,
        baseline,
        warnings,
    }
}

/// The values with infinities as missing ones.
fn cleaned(values: &[f64], warnings: &mut Vec<Warning>) -> Vec<f64> {
    let finite = |value: &f64| if value.is_finite() { *value } else { f64::NAN };
    let infinite = values.iter().filter(|value| value.is_infinite()).count();
    if infinite > 0 {
        warnings.push(Warning::new(
            "infinite-values",
            format!(
                "{infinite} of {} values are infinite: they are taken for missing",
                values.len()
            ),
        ));
    }
    let missing = values.iter().filter(|value| value.is_nan()).count();
    if missing > 0 {
        warnings.push(Warning::new(
            "missing-values",
            format!("{missing} of {} values are missing", values.len()),
        ));
    }
    values.iter().map(finite).collect()
}

/// The values that stand out, which become missing where they are to be removed.
fn standing_out(
    values: &mut [f64],
    periods: &[f64],
    choice: OutlierChoice,
    warnings: &mut Vec<Warning>,
) -> Vec<Outlier> {
    let whole: Vec<usize> = periods
        .iter()
        .map(|period| period.round() as usize)
        .collect();
    let found = outliers(values, &whole);
    if found.is_empty() {
        return found;
    }
    let removed = choice == OutlierChoice::Remove;
    if removed {
        for outlier in &found {
            values[outlier.index] = f64::NAN;
        }
    }
    let what = if removed {
        ": they are taken for missing"
    } else {
        ", and widen the intervals: remove them if they will not come again"
    };
    warnings.push(Warning::new(
        "outliers",
        format!(
            "{} of {} values stand out of their neighbours and season{what}",
            found.len(),
            values.len()
        ),
    ));
    found
}

/// How many values there are up to the last that is not missing.
fn trailing_gap(values: &[f64]) -> usize {
    values
        .iter()
        .rposition(|value| !value.is_nan())
        .map_or(0, |last| last + 1)
}

fn usable_levels(levels: &[f64], warnings: &mut Vec<Warning>) -> Vec<f64> {
    let possible = |level: &f64| 0.0 < *level && *level < 100.0;
    for level in levels.iter().filter(|level| !possible(level)) {
        warnings.push(Warning::new(
            "no-such-level",
            format!("an interval at {level} % is none: a level lies between 0 and 100"),
        ));
    }
    levels.iter().copied().filter(possible).collect()
}

/// Those outside variables that have a number wherever one is needed.
fn usable_regressors<'a>(
    task: &Task<'a>,
    horizon: usize,
    warnings: &mut Vec<Warning>,
) -> Vec<&'a Regressor> {
    let mut usable = Vec::with_capacity(task.regressors.len());
    for regressor in task.regressors {
        let Regressor { name, past, future } = regressor;
        let finite = |column: &[f64]| column.iter().all(|x| x.is_finite());
        let fault = if past.len() != task.values.len() {
            Some(format!(
                "it has {} values and the history {}",
                past.len(),
                task.values.len()
            ))
        } else if !finite(past) {
            Some("a value of its past is missing or infinite".to_owned())
        } else if future.len() < horizon {
            Some(format!(
                "it has {} future values and the horizon {horizon}",
                future.len()
            ))
        } else if !finite(&future[..horizon]) {
            Some("a value of its future is missing or infinite".to_owned())
        } else {
            None
        };
        match fault {
            None => usable.push(regressor),
            Some(fault) => warnings.push(Warning::new(
                "regressor-left-out",
                format!("the outside variable {name} is left out: {fault}"),
            )),
        }
    }
    usable
}

/// The methods that stand in, the best first.
fn simpler(periods: &[f64], choice: TransformChoice) -> Vec<Attempt> {
    let attempt = |name: &str, model: Box<dyn Model>| Attempt {
        name: name.to_owned(),
        model: Box::new(Transformed { model, choice }),
        regressors: false,
        last: false,
    };
    let mut attempts = Vec::with_capacity(3);
    if !periods.is_empty() {
        attempts.push(attempt("seasonal-naive", Box::new(SeasonalNaive)));
    }
    attempts.push(attempt("naive", Box::new(Naive)));
    attempts.push(Attempt {
        last: true,
        ..attempt("mean", Box::new(Mean))
    });
    attempts
}

/// A series with all that its models need.
struct Series<'a> {
    history: History<'a>,
    /// The same up to its last value that is there.
    evaluated: History<'a>,
    future: &'a [Vec<f64>],
    names: &'a [&'a str],
    levels: &'a [f64],
    horizon: usize,
    choice: TransformChoice,
    context: Context,
    plan: Option<&'a Plan>,
    baseline: Option<&'a Evaluation>,
}

impl Series<'_> {
    fn model(&self, spec: &ModelSpec) -> ModelOutcome {
        let mut warnings = Vec::new();
        let attempts = self.attempts(spec, &mut warnings);
        let made = attempt::first_that_can(
            &attempts,
            &self.history,
            self.horizon,
            self.levels,
            self.future,
        );
        let mut outcome = match made {
            Ok(made) => {
                warnings.extend(made.warnings);
                let fitted = made.fitted.fitted().to_vec();
                let mut details = made.fitted.details();
                let diagnose = || {
                    let values = self.history.values.iter().zip(&fitted);
                    let residuals: Vec<f64> = values.map(|(y, f)| y - f).collect();
                    Diagnosis::of(&residuals, 0, transformed::shortest(&self.history))
                };
                details.diagnosis.get_or_insert_with(diagnose);
                ModelOutcome {
                    model: spec.to_string(),
                    description: made.fitted.description(),
                    forecast: made.forecast,
                    fitted,
                    evaluation: None,
                    fallback: made.fallback,
                    details,
                    warnings,
                }
            }
            Err(reason) => self.nothing(spec, reason, warnings),
        };
        if let Some(plan) = self.plan {
            let (evaluation, more) = holdout::evaluate(&attempts, plan, &self.evaluated);
            outcome.warnings.extend(more);
            outcome
                .warnings
                .extend(holdout::judge(&evaluation, self.baseline));
            outcome.evaluation = Some(evaluation);
        }
        if let Some(fallback) = &outcome.fallback {
            outcome
                .warnings
                .insert(0, replaced(&outcome.model, fallback));
        }
        self.name_regressors(&mut outcome);
        outcome
    }

    /// The model as asked for, then what stands in for it.
    fn attempts(&self, spec: &ModelSpec, warnings: &mut Vec<Warning>) -> Vec<Attempt> {
        let method = spec.method();
        let given = !self.history.regressors.is_empty();
        let attempt = |regressors: bool, choice: TransformChoice| {
            let mut name = spec.to_string();
            if given && method.regressors && !regressors {
                name += " without outside variables";
            }
            if choice != self.choice {
                name += " without transform";
            }
            Attempt {
                name,
                model: Box::new(Transformed {
                    model: spec.make(&self.context),
                    choice,
                }),
                regressors,
                last: false,
            }
        };
        if given && !method.regressors {
            warnings.push(Warning::new(
                "regressors-ignored",
                format!("{} does not use outside variables", method.name),
            ));
        }
        // What must stay in its bounds has nothing else to stand in for it.
        let plain = match self.choice {
            TransformChoice::Logit { .. } => self.choice,
            _ => TransformChoice::None,
        };
        let uses = given && method.regressors;
        let mut attempts = vec![attempt(uses, self.choice)];
        if plain != self.choice {
            attempts.push(attempt(uses, plain));
        }
        if uses {
            attempts.push(attempt(false, plain));
        }
        attempts.extend(simpler(self.history.periods, plain));
        attempts
    }

    /// What is left to say where no method has a value to go on from.
    fn nothing(&self, spec: &ModelSpec, reason: String, warnings: Vec<Warning>) -> ModelOutcome {
        let none = vec![f64::NAN; self.horizon];
        let interval = |level: &f64| Interval {
            level: *level,
            lower: none.clone(),
            upper: none.clone(),
        };
        let values = self.history.values;
        let reason = match values.len() {
            0 => "the history is empty".to_owned(),
            _ if values.iter().all(|value| value.is_nan()) => {
                "every value of the history is missing".to_owned()
            }
            _ => reason,
        };
        ModelOutcome {
            model: spec.to_string(),
            description: "none".to_owned(),
            forecast: Forecast {
                mean: none.clone(),
                intervals: self.levels.iter().map(interval).collect(),
            },
            fitted: vec![f64::NAN; values.len()],
            evaluation: None,
            fallback: Some(Fallback {
                used: "none".to_owned(),
                reason,
            }),
            details: Details::default(),
            warnings,
        }
    }

    /// Writes the outside variables' own names for their numbers.
    fn name_regressors(&self, outcome: &mut ModelOutcome) {
        for (i, name) in self.names.iter().enumerate() {
            let (short, long) = (
                format!("xreg{}", i + 1),
                format!("outside variable {} ", i + 1),
            );
            for coefficient in &mut outcome.details.coefficients {
                if coefficient.name == short {
                    coefficient.name = (*name).to_owned();
                }
            }
            for warning in &mut outcome.warnings {
                if warning.message.starts_with(&long) {
                    let rest = &warning.message[long.len()..];
                    warning.message = format!("the outside variable {name} {rest}");
                }
            }
        }
    }
}

fn replaced(model: &str, fallback: &Fallback) -> Warning {
    let Fallback { used, reason } = fallback;
    let message = if used == "none" {
        format!("there is no forecast: {reason}")
    } else {
        format!("{model} gives way to {used}: {reason}")
    };
    Warning::new("fallback", message)
}
