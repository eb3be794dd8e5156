//! Outside variables: what is named, read once; and their columns for each series.

mod form;
mod source;
mod steps;

use std::collections::BTreeSet;

use self::form::Form;
use self::source::{Source, of_series};
use super::input::{Input, Raw, csv};
use super::{ForecastError, ForecastShell, ForecastSpec};
use crate::forecast::pipeline::Regressor;
use crate::ingest::{SeriesColumns, SeriesList, TimeForm};
use crate::job::backtest::events;
use crate::model::{Event, EventKind, Warning, did_you_mean, format_duration};
use crate::query::Session;
use crate::series::holiday::Country;
use crate::series::regressor::{
    Column, Columns, EventSettings, EventShape, Observed, RegressorError, Scenario, Timeline,
    estimable, event_columns, holiday_columns, observed_column,
};
use crate::series::{Regular, Step};
use crate::store::Store;

/// The outside variables of a forecast, before they are laid onto any series' steps.
#[derive(Debug, Default)]
pub(super) struct Outside {
    variables: Vec<Variable>,
    events: Vec<(EventSettings, Vec<Event>)>,
    holidays: Vec<Country>,
    future: Option<SeriesList>,
    assumed: Vec<(Option<String>, Assumed)>,
    /// What a reader must know.
    pub(super) warnings: Vec<Warning>,
}

/// Another series.
#[derive(Debug)]
struct Variable {
    name: String,
    source: Source,
    forms: Vec<Form>,
}

/// What is assumed of what is not known.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Assumed {
    Last,
    /// The season; `None` is the longest that there is.
    Season(Option<usize>),
    Value(f64),
}

/// What is named before anything is read.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    forms: Vec<Form>,
}

impl Named {
    /// Reads the list of outside variables.
    pub(super) fn read(texts: &[String]) -> Result<Vec<Self>, ForecastError> {
        let mut all = Vec::new();
        for text in texts.iter().flat_map(|text| form::split(text)) {
            let (name, forms) = Form::read(text)?;
            if name.is_empty() {
                return Err(ForecastError::usage("--regressors: nothing is named"));
            }
            all.push(Self { name, forms });
        }
        Ok(all)
    }
}

impl Outside {
    /// Reads what the specification names; the columns of the file are in `input` already.
    pub(super) fn read(
        spec: &ForecastSpec,
        named: Vec<Named>,
        input: &Input,
        shell: ForecastShell<'_>,
    ) -> Result<Self, ForecastError> {
        let mut made = Self {
            assumed: assumptions(&spec.assume)?,
            ..Self::default()
        };
        for text in &spec.holidays {
            for code in text.split(',').filter(|code| !code.trim().is_empty()) {
                let country = Country::parse(code.trim());
                let country = country
                    .map_err(|error| ForecastError::usage(format!("--holidays: {error}")))?;
                made.holidays.push(country);
            }
        }
        let mut session = None;
        let open = || -> Result<Session, ForecastError> {
            let store = Store::open(shell.store)?;
            Ok(shell.handle.block_on(Session::open(&store))?)
        };
        for text in spec.events.iter().flat_map(|text| text.split(',')) {
            let (kind, settings) = event_kind(text)?;
            if session.is_none() {
                session = Some(open()?);
            }
            let Some(session) = &session else { continue };
            let found = events(session, shell.handle, kind).map_err(|error| match error {
                crate::job::backtest::BacktestError::Query(error) => error.into(),
                other => ForecastError::Input(other.to_string()),
            })?;
            if found.is_empty() {
                let message = format!("--events: the store has none of the kind {}", kind.as_str());
                return Err(ForecastError::usage(message)
                    .hint("`retrocast sql 'SELECT kind, count(*) FROM events GROUP BY kind'`"));
            }
            made.events.push((settings, found));
        }
        for Named { name, forms } in named {
            let column = input.more.iter().position(|one| *one == name);
            let source = match column {
                Some(place) => Source::Column(place),
                None if source::is_file(&name) => {
                    let (series, warnings) = source::of_file(&name, spec, shell)?;
                    made.warnings.extend(warnings);
                    Source::Series(series)
                }
                None if spec.csv.is_some() && !shell.store.exists() => {
                    return Err(no_column(&name, spec, input, shell));
                }
                None => {
                    if session.is_none() {
                        session = Some(open()?);
                    }
                    let Some(session) = &session else { continue };
                    let read = source::of_store(&name, spec, session, shell);
                    let (found, warnings) =
                        read.map_err(|error| beside_columns(error, &name, spec, shell))?;
                    made.warnings.extend(warnings);
                    found
                }
            };
            made.variables.push(Variable {
                name: source::short(&name),
                source,
                forms,
            });
        }
        if let Some(path) = &spec.future {
            let (list, warnings) = made.known_future(path, spec, input, shell)?;
            made.future = Some(list);
            made.warnings.extend(warnings);
        }
        let names: BTreeSet<&str> = made.variables.iter().map(|one| one.name.as_str()).collect();
        for (name, _) in &made.assumed {
            if let Some(name) = name.as_deref().filter(|name| !names.contains(name)) {
                let error = ForecastError::usage(format!(
                    "--assume {name}: there is no such outside variable"
                ));
                return Err(match did_you_mean(name, names.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error.hint(match names.len() {
                        0 => "name it with --regressors".to_owned(),
                        _ => format!("there are {}", Vec::from_iter(names).join(", ")),
                    }),
                });
            }
        }
        Ok(made)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.variables.is_empty() && self.events.is_empty() && self.holidays.is_empty()
    }

    /// The file with what is known of the horizon.
    fn known_future(
        &self,
        path: &str,
        spec: &ForecastSpec,
        input: &Input,
        shell: ForecastShell<'_>,
    ) -> Result<(SeriesList, Vec<Warning>), ForecastError> {
        if self.variables.is_empty() {
            let message = "--future has values of outside variables, and --regressors names none";
            return Err(ForecastError::usage(message));
        }
        let columns = SeriesColumns {
            id: None,
            time: spec.time.clone(),
            value: None,
            has_value: false,
            more: self.variables.iter().map(|one| one.name.clone()).collect(),
            tz: shell.tz,
        };
        let (name, list) = csv::read_list(path, &columns, shell)?;
        if list.more.is_empty() {
            let message = format!(
                "{name} has no column of an outside variable: there are {}",
                list.header.join(", ")
            );
            return Err(ForecastError::usage(message));
        }
        let is_index = input.series.first().is_some_and(|one| one.is_index);
        if !list.series.is_empty() && (list.form == TimeForm::Index) != is_index {
            let message = format!("{name} has not the same kind of times as the history");
            return Err(ForecastError::usage(message));
        }
        let warnings = csv::rejects(&name, &list);
        Ok((list, warnings))
    }

    /// The columns of a series; what may be wrong with them as warnings.
    pub(super) fn columns(
        &self,
        raw: &Raw,
        history: &Regular,
        horizon: usize,
        seasons: &[f64],
        shell: ForecastShell<'_>,
    ) -> Result<(Vec<Regressor>, Vec<Warning>), RegressorError> {
        let timeline = Timeline::new(history, horizon, shell.tz);
        let mut all = Columns::default();
        // What happens is of the time that the values speak of.
        let lived = Timeline::new(&spoken_of(raw, history), horizon, shell.tz);
        all.warnings.extend(long_window(raw, history));
        for country in &self.holidays {
            all.append(holiday_columns(&lived, *country)?);
        }
        for (settings, events) in &self.events {
            let own: Vec<Event> = events
                .iter()
                .filter(|e| concerns(e, raw))
                .cloned()
                .collect();
            all.append(event_columns(&lived, &own, *settings)?);
        }
        let length = history.values.len();
        for variable in &self.variables {
            let (values, held) = self.values(variable, raw, history, horizon)?;
            all.warnings.extend(held);
            let (past, future) = values.split_at(length);
            let observed = Observed {
                name: &variable.name,
                past,
                future,
            };
            let scenario = self.scenario(&variable.name, history.step, seasons);
            let (column, warnings) = observed_column(&timeline, observed, scenario)?;
            all.warnings.extend(warnings);
            let mut columns = vec![column];
            for form in &variable.forms {
                columns = form.apply(columns);
            }
            all.append(Columns {
                columns,
                warnings: Vec::new(),
            });
        }
        let kept = estimable(all, &history.values);
        let regressors = kept.columns.into_iter().map(|column| {
            let Column { name, past, future } = column;
            Regressor { name, past, future }
        });
        Ok((regressors.collect(), kept.warnings))
    }

    /// The values of a variable at the steps of a history and its horizon; NaN where unknown.
    ///
    /// The rows of the file with the future bear the times of the steps that they stand for.
    fn values(
        &self,
        variable: &Variable,
        raw: &Raw,
        history: &Regular,
        horizon: usize,
    ) -> Result<(Vec<f64>, Option<Warning>), RegressorError> {
        let length = history.values.len();
        let count = (length + horizon) as i64;
        let edges_of = |of: &Regular| -> Vec<i64> { (0..=count).map(|at| of.time(at)).collect() };
        let edges = edges_of(history);
        let lived = edges_of(&spoken_of(raw, history));
        let name = &variable.name;
        let (mut values, warning) = match &variable.source {
            Source::Column(place) => {
                let values = raw.more.get(*place).map_or(&[][..], Vec::as_slice);
                laid(name, &raw.times, values, &edges)
            }
            Source::Counters(series) => {
                let found = of_series(name, series, raw)?;
                (steps::growth(&found.times, &found.values, &lived), None)
            }
            Source::Series(series) => {
                let found = of_series(name, series, raw)?;
                match found.window {
                    None => laid(name, &found.times, &found.values, &lived),
                    Some(window) => {
                        let is_evaluated = raw.window.is_some();
                        let (times, is_coarse) = spans(found, window, is_evaluated, history);
                        // Two expressions meet where they are evaluated at the same time.
                        let edges = if is_coarse { &lived } else { &edges };
                        laid(name, &times, &found.values, edges)
                    }
                }
            }
        };
        if let Some(list) = &self.future
            && let Some(column) = list.more.iter().position(|one| one == name)
        {
            let own = list
                .series
                .iter()
                .find(|one| one.id == raw.id || one.id.is_empty());
            if let Some(own) = own {
                let column = own.values.get(column).map_or(&[][..], Vec::as_slice);
                let (known, _) = laid(name, &own.times, column, &edges);
                for (at, (value, known)) in values.iter_mut().zip(known).enumerate() {
                    // What was is known better by the source, what will be by the file.
                    if known.is_finite() && (at >= length || !value.is_finite()) {
                        *value = known;
                    }
                }
            }
        }
        Ok((values, warning))
    }

    /// What is assumed of a variable.
    fn scenario(&self, name: &str, step: Step, seasons: &[f64]) -> Option<Scenario> {
        let own = self
            .assumed
            .iter()
            .find(|(one, _)| one.as_deref() == Some(name));
        let any = || self.assumed.iter().find(|(one, _)| one.is_none());
        Some(match own.or_else(any)?.1 {
            Assumed::Last => Scenario::HoldLast,
            Assumed::Value(value) => Scenario::Value(value),
            Assumed::Season(Some(steps)) => Scenario::RepeatSeason(steps),
            Assumed::Season(None) => {
                let named = seasons.last().map(|period| period.round() as usize);
                Scenario::RepeatSeason(named.unwrap_or_else(|| usual_season(step)))
            }
        })
    }
}

/// The season of a step where none is named: a day, a week, a year.
fn usual_season(step: Step) -> usize {
    const DAY: f64 = 86_400.0;
    match step.seconds() {
        Some(seconds) if seconds < DAY => (DAY / seconds).round() as usize,
        Some(seconds) if seconds < 7.0 * DAY => (7.0 * DAY / seconds).round() as usize,
        Some(seconds) => (365.2425 * DAY / seconds).round().max(1.0) as usize,
        None => 1,
    }
}

/// Whether an event is about a series: no label of both differs.
fn concerns(event: &Event, raw: &Raw) -> bool {
    event.labels.iter().all(|(name, value)| {
        let own = raw.labels.iter().find(|(one, _)| one == name);
        own.is_none_or(|(_, own)| own == value)
    })
}

fn event_kind(text: &str) -> Result<(EventKind, EventSettings), ForecastError> {
    let (name, shape) = match text.trim().split_once(':') {
        None => (text.trim(), None),
        Some((name, "pulse")) => (name, Some(EventShape::Pulse)),
        Some((name, "step")) => (name, Some(EventShape::Step)),
        Some((_, other)) => {
            let message = format!("--events: the shape is pulse or step, not {other:?}");
            return Err(ForecastError::usage(message));
        }
    };
    let settings = EventSettings { shape };
    EventKind::parse(name)
        .map(|kind| (kind, settings))
        .ok_or_else(|| {
            let kinds: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
            let message = format!("--events: there is no kind {name:?}");
            ForecastError::usage(message).hint(format!("there are {}", kinds.join(", ")))
        })
}

fn assumptions(texts: &[String]) -> Result<Vec<(Option<String>, Assumed)>, ForecastError> {
    let mut all = Vec::new();
    for text in texts {
        let (name, what) = match text.rsplit_once('=') {
            Some((name, what)) => (Some(name.trim().to_owned()), what.trim()),
            None => (None, text.trim()),
        };
        let season = what
            .strip_prefix("season(")
            .and_then(|rest| rest.strip_suffix(')')?.trim().parse::<usize>().ok());
        let assumed = match what {
            "last" => Some(Assumed::Last),
            "season" => Some(Assumed::Season(None)),
            _ => season
                .filter(|steps| *steps > 0)
                .map(|steps| Assumed::Season(Some(steps))),
        };
        let number = || {
            let value: f64 = what.parse().ok()?;
            value.is_finite().then_some(Assumed::Value(value))
        };
        let assumed = assumed.or_else(number).ok_or_else(|| {
            ForecastError::usage(format!("--assume {text}: {what:?} is no assumption"))
                .hint("write NAME=last, NAME=season, NAME=season(24) or NAME=3.5")
        })?;
        all.push((name, assumed));
    }
    Ok(all)
}

/// The steps that the values of a history speak of: those of a range in an expression speak of the
/// step before their time.
fn spoken_of(raw: &Raw, history: &Regular) -> Regular {
    let mut lived = history.clone();
    if raw.window.is_some_and(|window| window > 0) {
        lived.cut = lived.cut.saturating_sub(1);
    }
    lived
}

/// Says that the values of an expression speak of more than a step.
fn long_window(raw: &Raw, history: &Regular) -> Option<Warning> {
    let (window, step) = (raw.window?, history.step.seconds()?);
    (window as f64 / 1e6 > step).then(|| {
        let message = format!(
            "the expression looks back {} at each step of {}: outside variables are those of the \
             last step only",
            format_duration(window),
            history.step
        );
        Warning::new("window-longer-than-step", message)
    })
}

/// When what an expression says was so, and whether it says so more seldom than there are steps.
fn spans(found: &Raw, window: i64, is_evaluated: bool, history: &Regular) -> (Vec<i64>, bool) {
    let step = history.time(1).saturating_sub(history.time(0));
    let usual = steps::usual_distance(&found.times, &found.values);
    let coarse = usual.filter(|usual| *usual > step);
    let back = match coarse {
        Some(usual) => window.min(usual),
        None if is_evaluated => 0,
        // The middle of what it looks at lies in the step that it tells of.
        None => window.min(step) / 2,
    };
    let times = found.times.iter().map(|time| time.saturating_sub(back));
    (times.collect(), coarse.is_some())
}

/// Lays values onto steps; those that come more seldom are held until the next.
fn laid(name: &str, times: &[i64], values: &[f64], edges: &[i64]) -> (Vec<f64>, Option<Warning>) {
    let mut means = steps::gather(times, values, edges);
    let length = match edges {
        [first, second, ..] => second.saturating_sub(*first),
        _ => return (means, None),
    };
    let usual = steps::usual_distance(times, values).filter(|usual| *usual > length);
    let Some(usual) = usual else {
        return (means, None);
    };
    let held = steps::hold(times, values, edges, usual, &mut means);
    let warning = (held > 0).then(|| {
        let message = format!(
            "{name} has values more seldom than the history has steps: each is held until the \
             next, at {held} of {} steps",
            means.len()
        );
        Warning::new("regressor-held", message)
    });
    (means, warning)
}

fn no_column(
    name: &str,
    spec: &ForecastSpec,
    input: &Input,
    shell: ForecastShell<'_>,
) -> ForecastError {
    let message = format!(
        "--regressors {name}: {} has no such column, and there is no such file",
        input.title
    );
    beside_columns(ForecastError::usage(message), name, spec, shell)
}

/// Adds the columns of the history's file to an error: one of them may have been meant.
fn beside_columns(
    error: ForecastError,
    name: &str,
    spec: &ForecastSpec,
    shell: ForecastShell<'_>,
) -> ForecastError {
    let ForecastError::Usage { message, hint } = error else {
        return error;
    };
    // Standard input cannot be read again.
    let path = spec.csv.as_deref().filter(|path| *path != "-");
    let columns = SeriesColumns {
        id: spec.id.clone(),
        time: spec.time.clone(),
        value: spec.value.clone(),
        has_value: true,
        more: Vec::new(),
        tz: shell.tz,
    };
    let Some(Ok((file, list))) = path.map(|path| csv::read_list(path, &columns, shell)) else {
        return ForecastError::Usage { message, hint };
    };
    let header = list.header.iter().map(String::as_str);
    let hint = match did_you_mean(name, header) {
        Some(near) => format!("did you mean {near}, a column of {file}?"),
        None => format!("the columns of {file} are {}", list.header.join(", ")),
    };
    ForecastError::Usage {
        message,
        hint: Some(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn history(count: usize) -> Regular {
        Regular {
            start: 10 * HOUR,
            cut: 0,
            step: Step::Fixed(HOUR),
            values: vec![1.0; count],
        }
    }

    fn evaluated(window: i64, values: &[f64]) -> Raw {
        Raw {
            times: (10..).take(values.len()).map(|hour| hour * HOUR).collect(),
            values: values.to_vec(),
            window: Some(window),
            ..Raw::default()
        }
    }

    fn values(raw: &Raw, source: Raw) -> Vec<f64> {
        let variable = Variable {
            name: "x".to_owned(),
            source: Source::Series(vec![source]),
            forms: Vec::new(),
        };
        let made = Outside::default().values(&variable, raw, &history(3), 0);
        made.expect("values").0
    }

    #[test]
    fn ranges_tell_of_the_step_before_their_time() {
        let samples = |values: &[f64]| Raw {
            window: None,
            ..evaluated(0, values)
        };
        let bucketed = samples(&[1.0; 3]);
        let ranged = evaluated(HOUR, &[1.0; 3]);
        let own = [5.0, 6.0, 7.0];
        assert_eq!(values(&bucketed, samples(&own)), own);
        assert_eq!(values(&bucketed, evaluated(0, &own)), own);
        assert_eq!(values(&ranged, evaluated(HOUR, &own)), own);
        assert_eq!(values(&ranged, evaluated(0, &own)), own);
        assert_eq!(values(&bucketed, evaluated(HOUR, &own))[..2], [6.0, 7.0]);
        assert_eq!(values(&ranged, samples(&own))[1..], [5.0, 6.0]);
    }
}
