//! Reads what a specification names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use super::files::{expand, read};
use super::{BacktestError, BacktestSpec};
use crate::alert::backtest::{Budget, Rotation};
use crate::alert::notify::{Config, ConfigError, Silence, parse_silences};
use crate::alert::rule_file::{self, RuleFile, RuleFileError};
use crate::ingest::{self, ReadOptions, read_events};
use crate::model::{Event, EventKind, Warning};
use crate::promql::Options;

/// Reads rule files; all faults of all files are told.
pub(crate) fn rule_files(
    patterns: &[String],
    folder: &Path,
    options: &Options,
) -> Result<Vec<RuleFile>, BacktestError> {
    let patterns: Vec<String> = patterns.iter().map(|one| under(folder, one)).collect();
    let mut files = Vec::new();
    let mut faults: Vec<RuleFileError> = Vec::new();
    for path in expand(&patterns)? {
        match rule_file::parse(&path.display().to_string(), &read(&path)?, options) {
            Ok(file) => files.push(file),
            Err(errors) => faults.extend(errors),
        }
    }
    if faults.is_empty() {
        return Ok(files);
    }
    let faults: Vec<String> = faults.iter().map(RuleFileError::render).collect();
    Err(BacktestError::usage(faults.join("\n").trim_end()))
}

/// Reads Alertmanager's configuration.
pub(super) fn config(path: &str, folder: &Path) -> Result<Config, BacktestError> {
    let path = folder.join(path);
    Config::parse(&read(&path)?).map_err(|error| fault(&path, &error))
}

/// Reads silences.
pub(super) fn silences(spec: &BacktestSpec, folder: &Path) -> Result<Vec<Silence>, BacktestError> {
    let Some(path) = &spec.silences else {
        return Ok(Vec::new());
    };
    let path = folder.join(path);
    parse_silences(&read(&path)?).map_err(|error| fault(&path, &error))
}

/// Reads limits.
pub(super) fn budget(spec: &BacktestSpec, folder: &Path) -> Result<Option<Budget>, BacktestError> {
    let Some(path) = &spec.budget else {
        return Ok(None);
    };
    let path = folder.join(path);
    let budget = Budget::parse(&path.display().to_string(), &read(&path)?);
    budget
        .map(Some)
        .map_err(|error| BacktestError::usage(error.render().trim_end()))
}

/// Reads an on-call rotation.
pub(super) fn rotation(
    spec: &BacktestSpec,
    folder: &Path,
) -> Result<Option<Rotation>, BacktestError> {
    let Some(path) = &spec.rotation else {
        return Ok(None);
    };
    let path = folder.join(path);
    Rotation::parse(&read(&path)?).map(Some).map_err(|error| {
        let message = format!(
            "{}:{}: {error}\n{}",
            path.display(),
            error.place,
            error.excerpt
        );
        BacktestError::usage(message.trim_end())
    })
}

/// Reads events of a kind from files; what cannot be read of them becomes warnings.
pub(super) fn events(
    paths: &[String],
    kind: EventKind,
    folder: &Path,
    tz: Tz,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Event>, BacktestError> {
    let paths: Vec<String> = paths.iter().map(|one| under(folder, one)).collect();
    let unreadable = |path: &str, error: &dyn std::error::Error| {
        BacktestError::Input(format!("{path}: {error}"))
    };
    let sources = ingest::list(&paths, &mut std::io::empty());
    let sources = sources.map_err(|error| BacktestError::Input(error.to_string()))?;
    let options = ReadOptions {
        tz,
        event_kind: Some(kind),
        ..ReadOptions::default()
    };
    let mut events: Vec<Event> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for source in &sources {
        let name = source.name.clone();
        let list = read_events(source, &options).map_err(|error| unreadable(&name, &error))?;
        match list.rejects.first() {
            Some(first) if list.events.is_empty() => {
                let (line, reason) = (first.line, &first.reason);
                let message = format!("{name}:{line}: no record can be read: {reason}");
                return Err(BacktestError::usage(message).hint(
                    "`retrocast ingest` takes --map and --time-format, and the store's incidents \
                     are those that are used where no file is named",
                ));
            }
            None if list.events.is_empty() => {
                let message = format!("{name} has no records");
                warnings.push(Warning::new("no-events", message));
            }
            _ => {}
        }
        if let Some(first) = list.rejects.first() {
            let message = format!(
                "{name}: {} of {} records cannot be read; the first, at line {}: {}",
                list.rejects.len(),
                list.rejects.len() + list.events.len(),
                first.line,
                first.reason
            );
            warnings.push(Warning::new("unreadable-events", message));
        }
        warnings.extend(list.warnings);
        let others = list
            .events
            .iter()
            .filter(|event| event.kind != kind)
            .count();
        if others > 0 {
            let message = format!(
                "{name}: {others} events are of another kind than {}",
                kind.as_str()
            );
            warnings.push(Warning::new("other-events", message));
        }
        for event in list.events.into_iter().filter(|event| event.kind == kind) {
            // As in the store: of one identity the last counts.
            match known.get(&event.id) {
                Some(&at) => events[at] = event,
                None => {
                    known.insert(event.id.clone(), events.len());
                    events.push(event);
                }
            }
        }
    }
    Ok(events)
}

/// Says what is wrong in a file, and where.
fn fault(path: &Path, error: &ConfigError) -> BacktestError {
    let place = error.place;
    let message = format!("{}:{place}: {error}\n{}", path.display(), error.excerpt);
    let fault = BacktestError::usage(message.trim_end());
    match error.hint() {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

fn under(folder: &Path, pattern: &str) -> String {
    let path: PathBuf = folder.join(pattern);
    path.to_string_lossy().into_owned()
}
