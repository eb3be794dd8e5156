//! What the user says, read.

use chrono_tz::Tz;

use super::{ForecastError, ForecastSpec};
use crate::forecast::model::{ModelSpec, SpecErrorKind};
use crate::forecast::pipeline::{Holdout, OutlierChoice, Seasons, TransformChoice};
use crate::series::Step;

/// The levels that nobody named.
const LEVELS: [f64; 2] = [80.0, 95.0];
/// Origins of `--evaluate` that nobody counted.
const ORIGINS: usize = 5;
/// The farthest that is forecast, steps.
const MOST_STEPS: usize = 100_000;

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

    /// What is held out of a series of this step.
    pub(super) fn holdout(&self, step: Step, is_judged: bool) -> Result<Holdout, ForecastError> {
        if self.is_evaluated {
            let stride = self.stride.map(|span| span.steps("--stride", step));
            return Ok(Holdout::Rolling {
                origins: self.origins,
                step: stride.transpose()?,
                initial: None,
            });
        }
        Ok(if is_judged {
            Holdout::Last
        } else {
            Holdout::None
        })
    }

    /// The seasons of a series of this step.
    pub(super) fn seasons(&self, step: Step) -> Result<Seasons, ForecastError> {
        let Some(seasons) = &self.seasons else {
            return Ok(Seasons::Auto);
        };
        let mut periods = Vec::with_capacity(seasons.len());
        for span in seasons {
            let period = span.periods(step).ok_or_else(|| no_time("--season"))?;
            if period < 2.0 {
                let message = format!("--season: a season needs two steps, and a step is {step}");
                return Err(ForecastError::usage(message).hint("take a shorter --step"));
            }
            periods.push(period);
        }
        periods.sort_by(f64::total_cmp);
        periods.dedup();
        Ok(Seasons::Given(periods))
    }
}

fn no_time(option: &str) -> ForecastError {
    let message = format!("{option}: the series have no times, only counts");
    ForecastError::usage(message).hint("say it in steps")
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

    /// How many whole steps it is.
    pub(super) fn steps(self, option: &str, step: Step) -> Result<usize, ForecastError> {
        let steps = self.periods(step).ok_or_else(|| no_time(option))?;
        let whole = (steps + 1e-9).floor();
        if whole < 1.0 {
            let message = format!("{option} is shorter than a step of {step}");
            return Err(ForecastError::usage(message).hint("take a shorter --step"));
        }
        if whole > MOST_STEPS as f64 {
            let message = format!("{option}: {whole} steps of {step} are too many");
            return Err(ForecastError::usage(message).hint("take a longer --step"));
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
            choices.horizon.expect("a horizon").steps("--horizon", step)
        };
        assert_eq!(horizon("48", HOUR).expect("steps"), 48);
        assert_eq!(horizon("14d", HOUR).expect("a time"), 336);
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
            choices.seasons(HOUR)
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
