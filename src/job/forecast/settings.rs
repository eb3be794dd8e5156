//! What the user says, read.

use chrono_tz::Tz;

use super::{ForecastError, ForecastSpec};
use crate::forecast::model::{ModelSpec, SpecErrorKind};
use crate::forecast::pipeline::{OutlierChoice, Seasons, TransformChoice};
use crate::model::Warning;
use crate::series::Step;

/// The levels that nobody named.
const LEVELS: [f64; 2] = [80.0, 95.0];
/// Origins of `--evaluate` that nobody counted.
const ORIGINS: usize = 5;
/// The farthest that is forecast, steps.
const MOST_STEPS: usize = 100_000;
/// Steps ahead where nobody said how many: a tenth of the history, at most so many.
const TENTH: usize = 10;
pub(super) const MOST_DEFAULT: usize = 1_000;

/// A number of steps, or a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Span {
    Steps(usize),
    /// A season of steps that are not whole: a year of 365.25 days.
    Fraction(f64),
    /// As a step so long.
    Time(Step),
}

/// What is to be done with each series.
#[derive(Debug, Clone)]
pub(super) struct Choices {
    pub(super) models: Vec<ModelSpec>,
    pub(super) levels: Vec<f64>,
    pub(super) horizon: Option<Span>,
    /// `None`: what the periodogram shows.
    pub(super) seasons: Option<Vec<Span>>,
    pub(super) transform: TransformChoice,
    pub(super) outliers: OutlierChoice,
    pub(super) stride: Option<Span>,
    pub(super) origins: usize,
    pub(super) is_evaluated: bool,
    pub(super) is_exhaustive: bool,
}

impl Choices {
    pub(super) fn read(spec: &ForecastSpec, tz: Tz) -> Result<Self, ForecastError> {
        let models = models(&spec.model)?;
        if spec.exhaustive && !models.iter().any(|model| model.method().searches) {
            let message = "--exhaustive changes nothing: none of the models searches";
            return Err(ForecastError::usage(message).hint("take --model auto-arima"));
        }
        let horizon = spec.horizon.as_deref();
        let horizon = horizon
            .map(|text| span("--horizon", text, tz))
            .transpose()?;
        let stride = spec.stride.as_deref();
        let stride = stride.map(|text| span("--stride", text, tz)).transpose()?;
        if !spec.evaluate && (spec.origins.is_some() || stride.is_some()) {
            let message = "--origins and --stride say how to evaluate: add --evaluate";
            return Err(ForecastError::usage(message));
        }
        if spec.origins == Some(0) {
            return Err(ForecastError::usage("--origins: at least 1 is needed"));
        }
        Ok(Self {
            models,
            levels: levels(spec.level.as_deref())?,
            horizon,
            seasons: seasons(spec.season.as_deref(), tz)?,
            transform: transform(spec.transform.as_deref())?,
            outliers: outliers(spec.outliers.as_deref())?,
            stride,
            origins: spec.origins.unwrap_or(ORIGINS),
            is_evaluated: spec.evaluate,
            is_exhaustive: spec.exhaustive,
        })
    }

    /// What is asked of a series of this step.
    ///
    /// `longest` is the length of the longest history of the same step.
    pub(super) fn plan(&self, step: Step, longest: usize) -> Plan {
        let mut plan = Plan {
            horizon: 1,
            is_capped: false,
            seasons: Seasons::Auto,
            stride: None,
            faults: Vec::new(),
        };
        let mut longest_season = None;
        if let Some(seasons) = &self.seasons {
            let mut periods = Vec::with_capacity(seasons.len());
            for span in seasons {
                match span.season(step) {
                    Ok(period) => periods.push(period),
                    Err(error) => plan.faults.push(Fault {
                        error,
                        instead: "the season is left out",
                    }),
                }
            }
            periods.sort_by(f64::total_cmp);
            periods.dedup();
            longest_season = periods.last().copied();
            plan.seasons = Seasons::Given(periods);
        }
        match self.horizon {
            Some(span) => {
                let steps = span.steps("--horizon", step, f64::ceil);
                plan.horizon = plan.taken(steps);
            }
            None => {
                let wanted = match longest_season {
                    // Two of the longest season that was named.
                    Some(season) => 2 * (season + 1e-9) as usize,
                    None => longest / TENTH,
                };
                plan.is_capped = wanted > MOST_DEFAULT;
                let steps = wanted.clamp(1, MOST_DEFAULT);
                plan.horizon = match longest_season {
                    Some(_) => steps,
                    None => whole_days(steps, step),
                };
            }
        }
        if let Some(span) = self.stride.filter(|_| self.is_evaluated) {
            let steps = span.steps("--stride", step, f64::floor);
            plan.stride = Some(plan.taken(steps));
        }
        plan
    }
}

/// What is asked of a series, in its steps.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) horizon: usize,
    /// Whether the horizon is as long as one that nobody named may be, and would be longer.
    pub(super) is_capped: bool,
    pub(super) seasons: Seasons,
    /// Steps from one origin to the next.
    pub(super) stride: Option<usize>,
    /// What does not fit the step of the series.
    pub(super) faults: Vec<Fault>,
}

/// Something that does not fit a series, and what is done instead.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) error: SpanError,
    instead: &'static str,
}

impl Plan {
    fn taken(&mut self, steps: Result<usize, SpanError>) -> usize {
        let (steps, instead, error) = match steps {
            Ok(steps) => return steps,
            Err(error @ SpanError::TooMany { .. }) => {
                (MOST_STEPS, "as many as there may be are taken", error)
            }
            Err(error) => (1, "one step is taken", error),
        };
        self.faults.push(Fault { error, instead });
        steps
    }

    /// What a reader must know of the series.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        self.faults.iter().map(|fault| {
            let message = format!("{}: {}", fault.error, fault.instead);
            Warning::new("does-not-fit", message)
        })
    }
}

/// Why a time does not fit a step.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum SpanError {
    #[error("{option}: the series have no times, only counts")]
    NoTime { option: &'static str },
    #[error("{option} is shorter than a step of {step}")]
    Short { option: &'static str, step: Step },
    #[error("--season: a season needs two steps, and a step is {step}")]
    Season { step: Step },
    #[error("{option}: {steps} steps of {step} are too many")]
    TooMany {
        option: &'static str,
        steps: f64,
        step: Step,
    },
}

impl From<SpanError> for ForecastError {
    fn from(error: SpanError) -> Self {
        let hint = match error {
            SpanError::NoTime { .. } => "say it in steps",
            SpanError::Short { .. } | SpanError::Season { .. } => "take a shorter --step",
            SpanError::TooMany { .. } => "take a longer --step",
        };
        Self::usage(error.to_string()).hint(hint)
    }
}

/// Cuts a number of steps to whole days, where it is more than one.
fn whole_days(steps: usize, step: Step) -> usize {
    let (Step::Fixed(micros) | Step::Wall { micros, .. }) = step else {
        return steps;
    };
    let a_day = 86_400_000_000 / micros.max(1);
    match usize::try_from(a_day) {
        Ok(a_day) if a_day > 1 && steps > a_day => steps / a_day * a_day,
        _ => steps,
    }
}

impl Span {
    /// How many steps it is; not whole where it is a time.
    fn periods(self, step: Step) -> Option<f64> {
        match self {
            Self::Steps(steps) => Some(steps as f64),
            Self::Fraction(steps) => Some(steps),
            Self::Time(span) => {
                let ratio = span.seconds()? / step.seconds()?;
                // A year of months has twelve, whatever the mean length of each.
                let whole = ratio.round();
                Some(if (ratio - whole).abs() < 1e-9 * whole {
                    whole
                } else {
                    ratio
                })
            }
        }
    }

    /// How many steps a season has.
    fn season(self, step: Step) -> Result<f64, SpanError> {
        let period = self.periods(step);
        let period = period.ok_or(SpanError::NoTime { option: "--season" })?;
        if period < 2.0 {
            return Err(SpanError::Season { step });
        }
        Ok(period)
    }

    /// How many whole steps it is, rounded so where it is a time.
    fn steps(
        self,
        option: &'static str,
        step: Step,
        round: fn(f64) -> f64,
    ) -> Result<usize, SpanError> {
        let steps = self.periods(step).ok_or(SpanError::NoTime { option })?;
        if steps < 1.0 - 1e-9 {
            return Err(SpanError::Short { option, step });
        }
        // What is whole but for its last digits is whole.
        let near = steps.round();
        let whole = match (steps - near).abs() < 1e-9 * near.max(1.0) {
            true => near,
            false => round(steps),
        };
        if whole > MOST_STEPS as f64 {
            return Err(SpanError::TooMany {
                option,
                steps: whole,
                step,
            });
        }
        Ok(whole as usize)
    }
}

fn span(option: &str, text: &str, tz: Tz) -> Result<Span, ForecastError> {
    let text = text.trim();
    if let Ok(steps) = text.parse::<usize>() {
        return match steps {
            0 => Err(ForecastError::usage(format!(
                "{option} 0: at least one step is needed"
            ))),
            steps if steps > MOST_STEPS => {
                let message = format!("{option}: {steps} steps are too many");
                Err(ForecastError::usage(message))
            }
            steps => Ok(Span::Steps(steps)),
        };
    }
    Step::parse(text, tz).map(Span::Time).map_err(|_| {
        let message = format!("{option} {text}: neither a number of steps nor a duration");
        ForecastError::usage(message).hint("write 48, or 14d")
    })
}

fn seasons(text: Option<&str>, tz: Tz) -> Result<Option<Vec<Span>>, ForecastError> {
    match text.map(str::trim) {
        None | Some("auto") => Ok(None),
        Some("none") => Ok(Some(Vec::new())),
        Some(list) => {
            let mut seasons = Vec::new();
            for text in list.split(',') {
                let fraction = text.trim().parse::<f64>();
                if let Ok(steps) = fraction
                    && steps.fract() != 0.0
                    && (2.0..MOST_STEPS as f64).contains(&steps)
                {
                    seasons.push(Span::Fraction(steps));
                    continue;
                }
                let season = span("--season", text, tz)
                    .map_err(|error| error.hint("write 24,168 (steps), 1d,7d, auto or none"))?;
                match season {
                    Span::Steps(1) => {
                        let message = "--season 1: a season needs two steps";
                        return Err(ForecastError::usage(message).hint("write none for no season"));
                    }
                    season => seasons.push(season),
                }
            }
            Ok(Some(seasons))
        }
    }
}

fn models(texts: &[String]) -> Result<Vec<ModelSpec>, ForecastError> {
    let mut models: Vec<ModelSpec> = Vec::new();
    for text in texts {
        let list = ModelSpec::list(text).map_err(|error| {
            let hint = match error.kind {
                SpecErrorKind::Unknown { near: Some(near) } => format!("did you mean {near}?"),
                _ => "`retrocast forecast --help` lists the models".to_owned(),
            };
            ForecastError::usage(format!("--model: {error}")).hint(hint)
        })?;
        for model in list {
            if !models.contains(&model) {
                models.push(model);
            }
        }
    }
    if models.is_empty() {
        models.push(ModelSpec::default());
    }
    Ok(models)
}

fn levels(text: Option<&str>) -> Result<Vec<f64>, ForecastError> {
    let Some(text) = text else {
        return Ok(LEVELS.to_vec());
    };
    let mut levels = Vec::new();
    for one in text.split(',') {
        let level: Option<f64> = one.trim().trim_end_matches('%').parse().ok();
        match level.filter(|level| *level > 0.0 && *level < 100.0) {
            Some(level) => levels.push(level),
            None => {
                let message = format!("--level: {one:?} is not between 0 and 100 per cent");
                return Err(ForecastError::usage(message).hint("write 80,95"));
            }
        }
    }
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    Ok(levels)
}

fn transform(text: Option<&str>) -> Result<TransformChoice, ForecastError> {
    let Some(text) = text else {
        return Ok(TransformChoice::None);
    };
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (name, rest) = compact.split_at(compact.find('(').unwrap_or(compact.len()));
    let inside = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let numbers = |inside: &str| -> Option<Vec<f64>> {
        let numbers = inside.split(',').map(|n| n.parse::<f64>().ok());
        numbers
            .collect::<Option<Vec<f64>>>()
            .filter(|n| n.iter().all(|x| x.is_finite()))
    };
    let choice = match (name, rest.is_empty(), inside) {
        ("none", true, _) => Some(TransformChoice::None),
        ("log", true, _) => Some(TransformChoice::Log),
        ("box-cox", true, _) => Some(TransformChoice::Guerrero),
        ("box-cox", _, Some("guerrero")) => Some(TransformChoice::Guerrero),
        ("box-cox", _, Some("likelihood")) => Some(TransformChoice::Likelihood),
        ("box-cox", _, Some(inside)) => match numbers(inside).as_deref() {
            Some([lambda]) => Some(TransformChoice::BoxCox(*lambda)),
            _ => None,
        },
        ("logit", true, _) => Some(TransformChoice::Logit {
            lower: 0.0,
            upper: 1.0,
        }),
        ("logit", _, Some(inside)) => match numbers(inside).as_deref() {
            Some([lower, upper]) if lower < upper => Some(TransformChoice::Logit {
                lower: *lower,
                upper: *upper,
            }),
            _ => None,
        },
        _ => None,
    };
    choice.ok_or_else(|| {
        ForecastError::usage(format!("--transform {text}: there is no such transform"))
            .hint("there are none, log, box-cox, box-cox(0.3), box-cox(likelihood), logit(0,100)")
    })
}

fn outliers(text: Option<&str>) -> Result<OutlierChoice, ForecastError> {
    match text {
        None | Some("mark") => Ok(OutlierChoice::Mark),
        Some("keep") => Ok(OutlierChoice::Keep),
        Some("remove") => Ok(OutlierChoice::Remove),
        Some(other) => {
            let message = format!("--outliers is keep, mark or remove, not {other:?}");
            Err(ForecastError::usage(message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Step = Step::Fixed(3_600_000_000);

    fn read(change: impl FnOnce(&mut ForecastSpec)) -> Result<Choices, ForecastError> {
        let mut spec = ForecastSpec::default();
        change(&mut spec);
        Choices::read(&spec, Tz::UTC)
    }

    #[test]
    fn spans_are_steps_or_times() {
        let horizon = |text: &str, step| {
            let choices = read(|spec| spec.horizon = Some(text.to_owned()))?;
            let plan = choices.plan(step, 0);
            match plan.faults.first() {
                Some(fault) => Err(fault.error.clone().into()),
                None => Ok::<usize, ForecastError>(plan.horizon),
            }
        };
        assert_eq!(horizon("48", HOUR).expect("steps"), 48);
        assert_eq!(horizon("14d", HOUR).expect("a time"), 336);
        // The time that was asked for is covered.
        assert_eq!(horizon("90m", HOUR).expect("a time"), 2);
        assert_eq!(horizon("2h", HOUR).expect("a time"), 2);
        let month = Step::parse("1mo", Tz::UTC).expect("a step");
        assert_eq!(horizon("1y", month).expect("a time"), 12);
        for (text, step) in [
            ("0", HOUR),
            ("30m", HOUR),
            ("soon", HOUR),
            ("2d", Step::Index(1)),
        ] {
            assert!(horizon(text, step).is_err(), "{text}");
        }
    }

    #[test]
    fn seasons_are_sorted_steps() {
        let seasons = |text: &str| {
            let choices = read(|spec| spec.season = Some(text.to_owned()))?;
            let plan = choices.plan(HOUR, 0);
            match plan.faults.first() {
                Some(fault) => Err(fault.error.clone().into()),
                None => Ok::<Seasons, ForecastError>(plan.seasons),
            }
        };
        assert_eq!(
            seasons("7d,24").expect("two"),
            Seasons::Given(vec![24.0, 168.0])
        );
        assert_eq!(
            seasons("365.25,7").expect("a year of days"),
            Seasons::Given(vec![7.0, 365.25])
        );
        assert_eq!(seasons("none").expect("none"), Seasons::Given(vec![]));
        assert_eq!(seasons("auto").expect("auto"), Seasons::Auto);
        for text in ["1", "1h", "24;168", ""] {
            assert!(seasons(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_a_step_is_left_out() {
        let choices = read(|spec| {
            spec.season = Some("1d,7d".into());
            spec.horizon = Some("12h".into());
            spec.stride = Some("6h".into());
            spec.evaluate = true;
        })
        .expect("choices");
        let plan = choices.plan(HOUR, 100);
        assert_eq!((plan.horizon, plan.stride), (12, Some(6)));
        assert_eq!(plan.warnings().count(), 0);
        let plan = choices.plan(Step::parse("1d", Tz::UTC).expect("a step"), 100);
        assert_eq!((plan.horizon, plan.stride), (1, Some(1)));
        assert_eq!(plan.seasons, Seasons::Given(vec![7.0]));
        assert_eq!(plan.warnings().count(), 3);
    }

    #[test]
    fn a_horizon_that_nobody_named() {
        let choices = read(|_| ()).expect("choices");
        let plan = choices.plan(HOUR, 1_000);
        assert_eq!((plan.horizon, plan.is_capped), (96, false));
        let plan = choices.plan(HOUR, 100_000);
        assert_eq!((plan.horizon, plan.is_capped), (984, true));
    }

    #[test]
    fn models_levels_and_transforms() {
        let choices = read(|spec| {
            spec.model = vec!["sarimax(1,1,1)(0,1,1)[12],ets".into(), "ets".into()];
            spec.level = Some("95,80".into());
            spec.transform = Some("box-cox(0.3)".into());
        })
        .expect("choices");
        assert_eq!(choices.models.len(), 2);
        assert_eq!(choices.levels, [80.0, 95.0]);
        assert_eq!(choices.transform, TransformChoice::BoxCox(0.3));
        let error = read(|spec| spec.model = vec!["thta".into()]).expect_err("a typo");
        assert!(
            matches!(&error, ForecastError::Usage { hint: Some(hint), .. } if hint.contains("theta")),
            "{error:?}"
        );
        assert!(read(|spec| spec.level = Some("100".into())).is_err());
        assert!(read(|spec| spec.transform = Some("logit(1,0)".into())).is_err());
        assert!(read(|spec| spec.stride = Some("3".into())).is_err());
    }
}
