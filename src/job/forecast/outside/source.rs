//! Where an outside variable comes from.

use std::path::Path;

use crate::ingest::SeriesColumns;
use crate::job::forecast::input::{Input, Raw, csv};
use crate::job::forecast::{ForecastError, ForecastShell, ForecastSpec};
use crate::model::Warning;
use crate::query::Session;
use crate::series::Statistic;
use crate::series::regressor::RegressorError;

/// Where a variable's values are.
#[derive(Debug)]
pub(super) enum Source {
    /// In this further column of each series.
    Column(usize),
    /// In series of their own.
    Series(Vec<Raw>),
    /// In counters of their own: what counts is what they grow by.
    Counters(Vec<Raw>),
}

/// Whether a name is that of a file, or of a column of one: `weather.csv:temperature`.
pub(super) fn is_file(name: &str) -> bool {
    let (path, _) = parts(name);
    let lower = path.to_ascii_lowercase();
    let plain = [".gz", ".zst"]
        .iter()
        .find_map(|end| lower.strip_suffix(end));
    let plain = plain.unwrap_or(&lower);
    [".csv", ".tsv", ".txt"]
        .iter()
        .any(|end| plain.ends_with(end))
}

fn parts(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((path, column)) if !column.contains(['/', '\\']) && path.contains('.') => {
            (path, Some(column))
        }
        _ => (name, None),
    }
}

/// What a variable is called: a file's column, or what was written.
pub(super) fn short(name: &str) -> String {
    if !is_file(name) {
        return name.to_owned();
    }
    let (path, column) = parts(name);
    let stem = || {
        let file = Path::new(path).file_name().and_then(|file| file.to_str());
        let file = file.unwrap_or(path);
        file.split('.').next().unwrap_or(file).to_owned()
    };
    column.map_or_else(stem, str::to_owned)
}

/// Reads a file.
pub(super) fn of_file(
    name: &str,
    spec: &ForecastSpec,
    shell: ForecastShell<'_>,
) -> Result<(Vec<Raw>, Vec<Warning>), ForecastError> {
    let (path, column) = parts(name);
    let columns = SeriesColumns {
        id: None,
        time: None,
        value: column.map(str::to_owned),
        has_value: true,
        more: Vec::new(),
        tz: shell.tz,
    };
    // A file of the same shape as the history has its names.
    let alike = SeriesColumns {
        time: spec.time.clone(),
        ..columns.clone()
    };
    let read = csv::read_list(path, &columns, shell).or_else(|error| match spec.time.is_some() {
        true => csv::read_list(path, &alike, shell),
        false => Err(error),
    });
    let (name, list) = read?;
    let warnings = csv::rejects(&name, &list);
    let is_index = list.form == crate::ingest::TimeForm::Index;
    let series = list.series.into_iter().map(|one| Raw {
        id: one.id,
        times: one.times,
        values: one.values.into_iter().next().unwrap_or_default(),
        is_index,
        ..Raw::default()
    });
    Ok((series.collect(), warnings))
}

/// Reads a metric or an expression.
pub(super) fn of_store(
    name: &str,
    spec: &ForecastSpec,
    session: &Session,
    shell: ForecastShell<'_>,
) -> Result<(Source, Vec<Warning>), ForecastError> {
    let own = ForecastSpec {
        metric: Some(name.to_owned()),
        step: spec.step.clone(),
        ..ForecastSpec::default()
    };
    let Input {
        series,
        statistic,
        warnings,
        ..
    } = Input::stored(&own, name, session, shell)?;
    let warnings = warnings.into_iter().map(|Warning { code, message }| {
        let message = match code {
            "counter-as-rate" => "it counts up: its rate per second is taken".to_owned(),
            _ => message,
        };
        Warning::new(code, format!("the outside variable {name}: {message}"))
    });
    let source = match statistic {
        Statistic::Rate => Source::Counters(series),
        _ => Source::Series(series),
    };
    Ok((source, warnings.collect()))
}

/// The series of a variable that belongs to a series: the only one, or the one whose labels do not
/// differ from its own.
pub(super) fn of_series<'a>(
    name: &str,
    series: &'a [Raw],
    raw: &Raw,
) -> Result<&'a Raw, RegressorError> {
    if let [only] = series {
        return Ok(only);
    }
    let by_id = series
        .iter()
        .find(|one| !one.id.is_empty() && one.id == raw.id);
    if let Some(one) = by_id {
        return Ok(one);
    }
    let fits = |one: &&Raw| {
        one.labels
            .iter()
            .any(|(name, _)| name != crate::model::METRIC_NAME)
            && one
                .labels
                .iter()
                .filter(|(name, _)| name != crate::model::METRIC_NAME)
                .all(|(name, value)| {
                    let own = raw.labels.iter().find(|(own, _)| own == name);
                    own.is_none_or(|(_, own)| own == value)
                })
    };
    let found: Vec<&Raw> = series.iter().filter(fits).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(RegressorError::NoneFits {
            name: name.to_owned(),
            series: series.len(),
            history: match raw.id.as_str() {
                "" => "a series without a name".to_owned(),
                id => id.to_owned(),
            },
        }),
        [first, ..] => Err(RegressorError::Ambiguous {
            name: name.to_owned(),
            fitting: found.len(),
            example: first.id.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(instance: &str) -> Raw {
        Raw {
            id: format!("m{{instance=\"{instance}\"}}"),
            labels: vec![("instance".to_owned(), instance.to_owned())],
            ..Raw::default()
        }
    }

    #[test]
    fn several_that_fit_are_named() {
        let all = [of("a"), of("b"), of("c")];
        let bare = Raw::default();
        assert_eq!(
            of_series("m", &all, &bare).map(|one| &one.id),
            Err(RegressorError::Ambiguous {
                name: "m".to_owned(),
                fitting: 3,
                example: all[0].id.clone(),
            })
        );
        let own = Raw {
            id: "x".to_owned(),
            ..of("b")
        };
        assert_eq!(
            of_series("m", &all, &own).map(|one| &one.id),
            Ok(&all[1].id)
        );
        let none = of_series("m", &all, &of("d")).map(|one| &one.id);
        assert!(matches!(
            none,
            Err(RegressorError::NoneFits { series: 3, .. })
        ));
    }
}
