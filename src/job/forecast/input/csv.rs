//! Series of a delimited file.

use super::{Input, Raw};
use crate::ingest::{SeriesColumns, SeriesList, SeriesListError, TimeForm, list, read_series};
use crate::job::forecast::{ForecastError, ForecastShell, ForecastSpec};
use crate::job::resolve_range;
use crate::model::Warning;
use crate::report::ForecastTimes;
use crate::series::Statistic;

/// Rejects that are named.
const NAMED: usize = 5;

pub(super) fn read(
    spec: &ForecastSpec,
    path: &str,
    shell: ForecastShell<'_>,
    more: &[String],
) -> Result<Input, ForecastError> {
    let columns = SeriesColumns {
        id: spec.id.clone(),
        time: spec.time.clone(),
        value: spec.value.clone(),
        has_value: true,
        more: more.to_vec(),
        tz: shell.tz,
    };
    let (name, list) = read_list(path, &columns, shell)?;
    let mut warnings = rejects(&name, &list);
    if list.series.is_empty() {
        let error = ForecastError::usage(format!("{name} has no row that could be forecast"));
        return Err(match warnings.pop() {
            Some(warning) => error.hint(warning.message),
            None => error,
        });
    }
    let is_index = list.form == TimeForm::Index;
    let found = list.more.clone();
    let mut series: Vec<Raw> = list
        .series
        .into_iter()
        .map(|one| {
            let mut columns = one.values.into_iter();
            Raw {
                id: one.id,
                labels: Vec::new(),
                times: one.times,
                values: columns.next().unwrap_or_default(),
                more: columns.collect(),
                is_index,
                window: None,
            }
        })
        .collect();
    within(spec, &mut series, shell)?;
    Ok(Input {
        title: name,
        series,
        times: match list.form {
            TimeForm::Index => ForecastTimes::Index,
            TimeForm::Unix(unit) => ForecastTimes::Unix(unit),
            TimeForm::Calendar => ForecastTimes::Calendar,
        },
        unit: None,
        statistic: Statistic::Mean,
        is_thinned: false,
        more: found,
        versions: Vec::new(),
        warnings,
    })
}

/// Reads the series of one file, or of standard input; returns its name too.
pub(in crate::job::forecast) fn read_list(
    path: &str,
    columns: &SeriesColumns,
    shell: ForecastShell<'_>,
) -> Result<(String, SeriesList), ForecastError> {
    let full = match path {
        "-" => path.to_owned(),
        path => shell.folder.join(path).to_string_lossy().into_owned(),
    };
    let sources = list(&[full], &mut std::io::stdin().lock());
    let sources = sources.map_err(|error| {
        let cause = std::error::Error::source(&error);
        let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
        ForecastError::Input(format!("{error}{cause}"))
    })?;
    let [source] = sources.as_slice() else {
        let message = format!("{path} names {} files: one is needed", sources.len());
        return Err(ForecastError::usage(message));
    };
    let list = read_series(source, columns).map_err(|error| wrong(&source.name, error))?;
    Ok((source.name.clone(), list))
}

fn wrong(name: &str, error: SeriesListError) -> ForecastError {
    let message = format!("{name}: {error}");
    match error {
        SeriesListError::Read(_) => ForecastError::Input(message),
        SeriesListError::Empty => ForecastError::usage(message),
        SeriesListError::NoColumn { near, .. } => {
            let error = ForecastError::usage(message);
            match near {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error,
            }
        }
        SeriesListError::NoRole { role, .. } => {
            let option = if role == "times" { "--time" } else { "--value" };
            ForecastError::usage(message).hint(format!("say it with {option} COLUMN"))
        }
    }
}

/// Says which rows could not be read.
pub(in crate::job::forecast) fn rejects(name: &str, list: &SeriesList) -> Vec<Warning> {
    if list.rejected == 0 {
        return Vec::new();
    }
    let rows = match list.rejected {
        1 => "1 row is".to_owned(),
        several => format!("{several} rows are"),
    };
    let mut named: Vec<String> = list
        .rejects
        .iter()
        .take(NAMED)
        .map(|(line, reason)| format!("{name}:{line}: {reason}"))
        .collect();
    let more = list.rejected.saturating_sub(named.len() as u64);
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    let message = format!("{rows} left out: {}", named.join("; "));
    vec![Warning::new("rejected-rows", message)]
}

/// Cuts series to the range that was asked for.
fn within(
    spec: &ForecastSpec,
    series: &mut [Raw],
    shell: ForecastShell<'_>,
) -> Result<(), ForecastError> {
    let (since, until) = (spec.since.as_deref(), spec.until.as_deref());
    if since.is_none() && until.is_none() {
        return Ok(());
    }
    if series.iter().any(|one| one.is_index) {
        let message = "--since and --until are times, and the series have none, only counts";
        return Err(ForecastError::usage(message));
    }
    let firsts = series.iter().filter_map(|one| one.times.first());
    let lasts = series.iter().filter_map(|one| one.times.last());
    let data = firsts
        .min()
        .zip(lasts.max())
        .map(|(start, end)| crate::model::TimeRange {
            start: *start,
            end: end.saturating_add(1),
        });
    let range = resolve_range(since, until, data, shell.now, shell.tz);
    let range = range.map_err(|error| ForecastError::usage(error.to_string()))?;
    for one in series.iter_mut() {
        let first = one.times.partition_point(|t| *t < range.start);
        let end = one.times.partition_point(|t| *t < range.end);
        one.times = one.times[first..end].to_vec();
        one.values = one.values[first..end].to_vec();
        for column in &mut one.more {
            *column = column[first..end].to_vec();
        }
    }
    if series.iter().all(|one| one.times.is_empty()) {
        return Err(ForecastError::usage("no row lies in the range"));
    }
    Ok(())
}
