//! The series that are to be forecast, as they are.

pub(super) mod csv;
mod expression;
mod metric;
mod sql;

use crate::model::{Labels, Warning};
use crate::promql::{ErrorKind, Options, Query, caret};
use crate::query::Session;
use crate::report::{ForecastTimes, Unit};
use crate::series::Statistic;
use crate::store::Store;

use super::{ForecastError, ForecastShell, ForecastSpec};

/// A series as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Raw {
    /// What tells it apart.
    pub(super) id: String,
    /// Its labels, where it has any.
    pub(super) labels: Vec<(String, String)>,
    /// µs or counts, ascending.
    pub(super) times: Vec<i64>,
    /// The values; NaN where one is missing.
    pub(super) values: Vec<f64>,
    /// Further columns of the file, by the names of [`Input::more`].
    pub(super) more: Vec<Vec<f64>>,
    /// Whether times are counts.
    pub(super) is_index: bool,
    /// µs before each time that its value speaks of, where an expression was evaluated at the
    /// times; a sample or a row stands for the step that begins with it.
    pub(super) window: Option<i64>,
}

/// What is to be forecast.
#[derive(Debug)]
pub(super) struct Input {
    /// A metric, an expression, a file.
    pub(super) title: String,
    /// The series in the order in which they come.
    pub(super) series: Vec<Raw>,
    /// How times are written.
    pub(super) times: ForecastTimes,
    /// What the values count.
    pub(super) unit: Option<Unit>,
    /// What is taken of the samples of a step, where nobody said.
    pub(super) statistic: Statistic,
    /// Whether samples come oftener than anybody forecasts.
    pub(super) is_thinned: bool,
    /// Names of further columns.
    pub(super) more: Vec<String>,
    /// The tables that were read, and their versions.
    pub(super) versions: Vec<(String, i64)>,
    /// What a reader must know.
    pub(super) warnings: Vec<Warning>,
}

impl Input {
    /// Reads what the specification names.
    pub(super) fn read(
        spec: &ForecastSpec,
        shell: ForecastShell<'_>,
        more: &[String],
    ) -> Result<Self, ForecastError> {
        let given = [
            (spec.metric.is_some(), "a metric"),
            (spec.sql.is_some(), "--sql"),
            (spec.csv.is_some(), "--csv"),
        ];
        let mut named = given.iter().filter(|one| one.0).map(|one| one.1);
        match (named.next(), named.next()) {
            (None, _) => {
                let message = "nothing is named that could be forecast";
                return Err(ForecastError::usage(message)
                    .hint("name a metric, a PromQL expression, --sql 'SELECT …' or --csv FILE"));
            }
            (Some(one), Some(other)) => {
                let message = format!("{one} and {other} are both named: only one can be forecast");
                return Err(ForecastError::usage(message));
            }
            _ => {}
        }
        if spec.csv.is_none() {
            let columns = [
                (&spec.id, "--id"),
                (&spec.time, "--time"),
                (&spec.value, "--value"),
            ];
            if let Some((_, name)) = columns.iter().find(|(column, _)| column.is_some()) {
                let message = format!("{name} names a column of a file: there is no --csv");
                return Err(ForecastError::usage(message));
            }
        }
        if spec.matchers.is_some() && spec.metric.is_none() {
            let message = "--match chooses among a metric's series, and no metric is named";
            return Err(ForecastError::usage(message));
        }
        if let Some(path) = &spec.csv {
            return csv::read(spec, path, shell, more);
        }
        let store = Store::open(shell.store)?;
        let session = shell.handle.block_on(Session::open(&store))?;
        let mut input = match (&spec.sql, &spec.metric) {
            (Some(statement), _) => sql::read(spec, statement, &session, shell)?,
            (None, metric) => {
                let metric = metric.as_deref().unwrap_or_default();
                Self::stored(spec, metric, &session, shell)?
            }
        };
        input.versions = session.versions();
        Ok(input)
    }

    /// Reads a metric or an expression.
    pub(super) fn stored(
        spec: &ForecastSpec,
        metric: &str,
        session: &Session,
        shell: ForecastShell<'_>,
    ) -> Result<Self, ForecastError> {
        let text = match &spec.matchers {
            None => metric.to_owned(),
            Some(matchers) => format!("{metric}{}", braced(matchers)),
        };
        let query = Query::parse(&text, &Options::default()).map_err(|error| {
            let place = error.span.map(|span| format!("\n{}", caret(&text, span)));
            ForecastError::usage(format!("{}{}", error.kind, place.unwrap_or_default()))
        })?;
        match query.as_selector() {
            Some(selector) => metric::read(spec, &text, &selector, session, shell),
            None => expression::read(spec, &query, session, shell),
        }
    }
}

/// Matchers with or without braces.
fn braced(matchers: &str) -> String {
    let bare = matchers.trim();
    if bare.starts_with('{') {
        bare.to_owned()
    } else {
        format!("{{{bare}}}")
    }
}

/// The name of a series, and its labels without the metric's name.
fn named(labels: &Labels) -> (String, Vec<(String, String)>) {
    let pairs = labels
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    (labels.to_string(), pairs.collect())
}

/// A store's error, in the words of the other commands.
fn unread(source: crate::promql::SourceError) -> ForecastError {
    let source = match source.downcast::<crate::store::StoreError>() {
        Ok(error) => return (*error).into(),
        Err(source) => source,
    };
    match source.downcast::<crate::query::QueryError>() {
        Ok(error) => (*error).into(),
        Err(source) => ForecastError::Source(source),
    }
}

/// Why an expression has no value.
fn failed(error: crate::promql::Error, text: &str) -> ForecastError {
    if let ErrorKind::Source(source) = error.kind {
        return unread(source);
    }
    let place = error.span.map(|span| format!("\n{}", caret(text, span)));
    ForecastError::usage(format!("{}{}", error.kind, place.unwrap_or_default()))
}
