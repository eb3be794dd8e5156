//! Forecasts each series on all cores.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::in_order::in_order;
use super::{Forecast, ForecastError, grid};
use crate::forecast::pipeline::{
    Fallback, ModelOutcome, Outcome, OutlierChoice, Settings, Task, forecast,
};
use crate::forecast::{Details, Interval};
use crate::model::{TimeRange, Warning};
use crate::report::{ForecastResult, ForecastSeries, ForecastTimes, Provenance};
use crate::series::Step;

impl Forecast<'_> {
    /// Forecasts all series, and hands each to `each` in the order of the input.
    ///
    /// `is_judged` says whether errors on held-out data are wanted where nobody asked for them:
    /// they take as long as the forecast itself.
    pub fn run<E: From<ForecastError>>(
        &self,
        is_judged: bool,
        each: impl FnMut(ForecastSeries) -> Result<(), E>,
    ) -> Result<(), E> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let ends = self.input.series.iter().filter_map(grid::span);
        let latest = ends.map(|(_, last)| last).max().unwrap_or(i64::MIN);
        let one = |place: usize| self.one(place, &self.settings(place, is_judged), latest);
        in_order(self.len(), threads, one, each)
    }

    /// Forecasts all series and keeps them: few as they are, of many what a row in a list needs.
    pub fn collect(
        &self,
        is_judged: bool,
        keep_all: bool,
        mut done: impl FnMut(),
    ) -> Result<ForecastResult, ForecastError> {
        let mut result = self.result();
        let is_many = self.len() > crate::report::FEW && !keep_all;
        self.run(is_judged, |mut series| {
            if is_many {
                series.shorten(2 * self.horizon());
            }
            result.series.push(series);
            done();
            Ok::<(), ForecastError>(())
        })?;
        let times = self.input.times;
        result.provenance.range = range(&self.input.series, times);
        Ok(result)
    }

    /// What the forecasts were asked for, without any of them.
    pub fn result(&self) -> ForecastResult {
        let (parameters, defaults) = self.parameters();
        ForecastResult {
            title: self.input.title.clone(),
            series: Vec::new(),
            horizon: self.horizon(),
            levels: self.choices.levels.clone(),
            times: self.input.times,
            unit: self.input.unit.clone(),
            is_evaluated: self.choices.is_evaluated,
            is_explained: self.spec.explain,
            tz: self.shell.tz,
            provenance: Provenance {
                name: "forecast".to_owned(),
                parameters,
                defaults,
                range: None,
                store: self.input.versions.clone(),
            },
            warnings: self.input.warnings.clone(),
        }
    }

    /// The levels of the intervals.
    pub fn levels(&self) -> &[f64] {
        &self.choices.levels
    }

    /// How times are written for programs.
    pub fn times(&self) -> ForecastTimes {
        self.input.times
    }

    /// Forecasts one series; a fault in it stops no other.
    fn one(&self, place: usize, settings: &Settings, latest: i64) -> ForecastSeries {
        let made = catch_unwind(AssertUnwindSafe(|| self.forecast(place, settings, latest)));
        made.unwrap_or_else(|_| {
            let raw = &self.input.series[place];
            ForecastSeries {
                id: raw.id.clone(),
                labels: raw.labels.clone(),
                history: grid::nothing(raw, &self.grids[place]),
                length: 0,
                outcome: nothing(settings),
                warnings: Vec::new(),
            }
        })
    }

    fn forecast(&self, place: usize, settings: &Settings, latest: i64) -> ForecastSeries {
        let raw = &self.input.series[place];
        let (history, mut warnings) = grid::regular(raw, &self.grids[place], self.shell.tz);
        let early = grid::ends_early(raw, &self.grids[place], latest, self.shell.tz);
        warnings.extend(early);
        warnings.extend(self.plans[place].warnings());
        let mut regressors = Vec::new();
        if !self.outside.is_empty() && !history.values.is_empty() {
            match self.regressors(place, &history) {
                Ok((columns, said)) => {
                    regressors = columns;
                    warnings.extend(said);
                }
                Err(error) => warnings.push(Warning::new(
                    "regressors-left-out",
                    format!("without outside variables: {error}"),
                )),
            }
        }
        let task = Task {
            values: &history.values,
            step_seconds: history.step.seconds(),
            regressors: &regressors,
        };
        let outcome = forecast(&task, settings);
        ForecastSeries {
            id: raw.id.clone(),
            labels: raw.labels.clone(),
            length: history.values.len(),
            history,
            outcome,
            warnings,
        }
    }

    /// The parameters as the command line would say them, and which of them nobody said.
    fn parameters(&self) -> (Vec<(String, String)>, Vec<String>) {
        let spec = self.spec;
        let steps: Vec<Step> = self.grids.iter().map(|grid| grid.how.step).collect();
        let step = match steps.first() {
            Some(first) if steps.iter().all(|step| step == first) => first.to_string(),
            Some(_) => "each its own".to_owned(),
            None => String::new(),
        };
        let horizon = self.plans.first().map_or(0, |plan| plan.horizon);
        let horizon = spec.horizon.clone().unwrap_or_else(|| horizon.to_string());
        let names: Vec<String> = self
            .choices
            .models
            .iter()
            .map(ToString::to_string)
            .collect();
        let levels: Vec<String> = self.choices.levels.iter().map(f64::to_string).collect();
        let text =
            |text: &Option<String>, usual: &str| text.clone().unwrap_or_else(|| usual.to_owned());
        let outliers = match self.choices.outliers {
            OutlierChoice::Keep => "keep",
            OutlierChoice::Mark => "mark",
            OutlierChoice::Remove => "remove",
        };
        let mut all = vec![
            ("step", step, spec.step.is_none()),
            (
                "statistic",
                self.statistic.to_string(),
                spec.statistic.is_none(),
            ),
            ("horizon", horizon, spec.horizon.is_none()),
            ("season", text(&spec.season, "auto"), spec.season.is_none()),
            ("model", names.join(","), spec.model.is_empty()),
            ("level", levels.join(","), spec.level.is_none()),
            (
                "transform",
                text(&spec.transform, "none"),
                spec.transform.is_none(),
            ),
            ("outliers", outliers.to_owned(), spec.outliers.is_none()),
        ];
        if let Some(plan) = self.plans.first().filter(|_| spec.evaluate) {
            let origins = self.choices.origins.to_string();
            all.push(("origins", origins, spec.origins.is_none()));
            let stride = plan.stride;
            let stride = stride.map_or_else(|| "horizon".to_owned(), |step| step.to_string());
            all.push(("stride", stride, spec.stride.is_none()));
        }
        for (name, texts) in [
            ("regressors", &spec.regressors),
            ("events", &spec.events),
            ("holidays", &spec.holidays),
            ("assume", &spec.assume),
        ] {
            if !texts.is_empty() {
                all.push((name, texts.join(","), false));
            }
        }
        all.extend(
            spec.future
                .iter()
                .map(|path| ("future", path.clone(), false)),
        );
        if spec.exhaustive {
            all.push(("exhaustive", "true".to_owned(), false));
        }
        let usual = all
            .iter()
            .filter(|one| one.2)
            .map(|one| one.0.to_owned())
            .collect();
        let all = all
            .into_iter()
            .map(|(name, value, _)| (name.to_owned(), value));
        (all.collect(), usual)
    }
}

/// The time from the first value to just after the last; none of counts.
fn range(series: &[super::input::Raw], times: ForecastTimes) -> Option<TimeRange> {
    if times == ForecastTimes::Index {
        return None;
    }
    let spans = || series.iter().filter_map(grid::span);
    Some(TimeRange {
        start: spans().map(|(first, _)| first).min()?,
        end: spans().map(|(_, last)| last).max()?.saturating_add(1),
    })
}

/// What is left where a method has a fault: the other series go on.
fn nothing(settings: &Settings) -> Outcome {
    let none = vec![f64::NAN; settings.horizon];
    let models = settings.models.iter().map(|model| ModelOutcome {
        model: model.to_string(),
        description: "none".to_owned(),
        forecast: crate::forecast::Forecast {
            mean: none.clone(),
            intervals: settings
                .levels
                .iter()
                .map(|level| Interval {
                    level: *level,
                    lower: none.clone(),
                    upper: none.clone(),
                })
                .collect(),
        },
        fitted: Vec::new(),
        evaluation: None,
        fallback: Some(Fallback {
            used: "none".to_owned(),
            reason: "a fault of retrocast, please report it".to_owned(),
        }),
        details: Details::default(),
        warnings: Vec::new(),
    });
    Outcome {
        periods: Vec::new(),
        seasons: Vec::new(),
        missing: 0,
        outliers: Vec::new(),
        transform: None,
        tests: Vec::new(),
        models: models.collect(),
        baseline: None,
        warnings: vec![Warning::new(
            ForecastResult::FAULT,
            "a method ended with a fault of retrocast",
        )],
    }
}
