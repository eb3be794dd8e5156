//! What a specification's texts mean.

use std::path::Path;

use chrono_tz::Tz;

use super::{BacktestError, BacktestSpec};
use crate::alert::evaluate::{Phase, Restart, Settings};
use crate::alert::notify::{Options as NotifyOptions, RepeatRace};
use crate::alert::rule_file::RuleFile;
use crate::model::{Labels, parse_duration, parse_timestamp};
use crate::promql::{Options, Version};
use crate::query::{Staleness, StoreSourceSettings};

/// How many phases a sweep takes where nobody says.
const PHASES: u32 = 6;
/// How many it may take.
const MOST_PHASES: u32 = 100;

/// When groups are evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PhaseChoice {
    /// At multiples of their interval.
    Zero,
    /// So many µs later.
    Offset(i64),
    /// Where Prometheus puts them, for the rule files as they are named here.
    Named,
    /// Where Prometheus puts them, for a rule file at this path, or for files in this folder
    /// (with `/` at its end).
    At(String),
    /// At so many offsets, evenly over the interval.
    Sweep(u32),
}

impl PhaseChoice {
    pub(super) fn parse(text: Option<&str>) -> Result<Self, BacktestError> {
        let text = text.unwrap_or("zero");
        let wrong = || {
            BacktestError::usage(format!(
                "the phase {text:?} is none of zero, a duration (15s), file, file=PATH, sweep, sweep:N"
            ))
            .hint(
                "Prometheus hashes the path of a rule file into the phase of its groups: \
                 --phase file=/etc/prometheus/rules.yml",
            )
        };
        match text {
            "zero" => return Ok(Self::Zero),
            "file" => return Ok(Self::Named),
            "sweep" => return Ok(Self::Sweep(PHASES)),
            _ => {}
        }
        if let Some(path) = text.strip_prefix("file=") {
            return Ok(Self::At(path.to_owned()));
        }
        if let Some(count) = text.strip_prefix("sweep:") {
            return match count.parse() {
                Ok(count @ 2..=MOST_PHASES) => Ok(Self::Sweep(count)),
                _ => Err(BacktestError::usage(format!(
                    "a sweep takes 2 to {MOST_PHASES} phases, not {count:?}"
                ))),
            };
        }
        parse_duration(text).map(Self::Offset).map_err(|_| wrong())
    }

    /// The path of each file as Prometheus sees it; empty where that does not matter.
    pub(super) fn paths(&self, files: &[RuleFile]) -> Result<Vec<String>, BacktestError> {
        match self {
            Self::Named => Ok(files.iter().map(|file| file.path.clone()).collect()),
            Self::At(path) if path.ends_with('/') => {
                let name = |file: &RuleFile| {
                    let name = Path::new(&file.path).file_name();
                    format!("{path}{}", name.unwrap_or_default().to_string_lossy())
                };
                Ok(files.iter().map(name).collect())
            }
            Self::At(path) if files.len() == 1 => Ok(vec![path.clone()]),
            Self::At(path) => Err(BacktestError::usage(format!(
                "one path for {} rule files",
                files.len()
            ))
            .hint(format!("name their folder: --phase file={path}/"))),
            Self::Zero | Self::Offset(_) | Self::Sweep(_) => Ok(Vec::new()),
        }
    }

    /// The phase of each file.
    pub(super) fn phases<'p>(&self, paths: &'p [String], files: &[RuleFile]) -> Vec<Phase<'p>> {
        match self {
            Self::Zero | Self::Sweep(_) => vec![Phase::Zero; files.len()],
            Self::Offset(offset) => vec![Phase::Offset(*offset); files.len()],
            Self::Named | Self::At(_) => paths.iter().map(|path| Phase::File(path)).collect(),
        }
    }
}

fn duration(name: &str, text: Option<&str>, default: i64) -> Result<i64, BacktestError> {
    match text {
        None => Ok(default),
        Some(text) => {
            parse_duration(text).map_err(|error| BacktestError::usage(format!("{name}: {error}")))
        }
    }
}

/// How queries are evaluated.
pub(super) fn options(spec: &BacktestSpec) -> Result<Options, BacktestError> {
    let version = match spec.promql_version.as_deref() {
        None | Some("3") => Version::V3,
        Some("2") => Version::V2,
        Some(other) => {
            let message = format!("the version of PromQL is 2 or 3, not {other:?}");
            return Err(BacktestError::usage(message));
        }
    };
    let defaults = Options::default();
    let interval = spec.evaluation_interval.as_deref();
    Ok(Options {
        version,
        lookback: duration(
            "lookback-delta",
            spec.lookback_delta.as_deref(),
            defaults.lookback,
        )?,
        subquery_step: duration("evaluation-interval", interval, defaults.subquery_step)?,
        ..defaults
    })
}

/// How groups are evaluated.
pub(super) fn evaluation(spec: &BacktestSpec, tz: Tz) -> Result<Settings, BacktestError> {
    let defaults = Settings::default();
    let (interval, offset) = (&spec.evaluation_interval, &spec.query_offset);
    let interval = duration(
        "evaluation-interval",
        interval.as_deref(),
        defaults.interval,
    )?;
    if interval == 0 {
        return Err(BacktestError::usage("evaluation-interval: it cannot be 0"));
    }
    Ok(Settings {
        options: options(spec)?,
        interval,
        query_offset: duration("query-offset", offset.as_deref(), defaults.query_offset)?,
        annotations: true,
        external_labels: external_labels(spec)?,
        restarts: restarts(spec, tz)?,
        ..defaults
    })
}

/// Restarts of Prometheus: `TIME`, or `TIME+DURATION`.
pub(super) fn restarts(spec: &BacktestSpec, tz: Tz) -> Result<Vec<Restart>, BacktestError> {
    let restart = |text: &String| -> Result<Restart, BacktestError> {
        // A zone's offset has a `+` too.
        let parts = text.rsplit_once('+').and_then(|(at, down)| {
            let at = parse_timestamp(at, tz).ok()?;
            Some((at, parse_duration(down).ok()?))
        });
        let (at, down) = match parts {
            Some(parts) => parts,
            None => match parse_timestamp(text, tz) {
                Ok(at) => (at, 0),
                Err(error) => {
                    return Err(BacktestError::usage(format!("restart-at: {error}")).hint(
                        "2026-03-01T08:00:00Z, or 2026-03-01T08:00:00Z+5m if it is down for 5m",
                    ));
                }
            },
        };
        Ok(Restart { at, down })
    };
    let mut restarts = spec
        .restart_at
        .iter()
        .map(restart)
        .collect::<Result<Vec<_>, _>>()?;
    restarts.sort_by_key(|one| one.at);
    Ok(restarts)
}

/// `global.external_labels`.
pub(super) fn external_labels(spec: &BacktestSpec) -> Result<Labels, BacktestError> {
    let pairs = spec.external_labels.iter();
    Labels::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str())))
        .map_err(|error| BacktestError::usage(format!("external labels: {error}")))
}

/// How notifications are simulated.
pub(super) fn notify(spec: &BacktestSpec) -> Result<NotifyOptions, BacktestError> {
    let repeat_race = match spec.repeat_race.as_deref() {
        None | Some("late") => RepeatRace::Late,
        Some("early") => RepeatRace::Early,
        Some(other) => {
            let message = format!("the race of repetitions is late or early, not {other:?}");
            return Err(BacktestError::usage(message));
        }
    };
    Ok(NotifyOptions {
        repeat_race,
        ..NotifyOptions::default()
    })
}

/// How the store is read.
pub(super) fn source(spec: &BacktestSpec) -> Result<StoreSourceSettings, BacktestError> {
    let staleness = match spec.staleness.as_deref() {
        None | Some("inferred") => Staleness::Inferred,
        Some("none") => Staleness::None,
        Some(other) => {
            let message = format!("staleness is inferred or none, not {other:?}");
            return Err(BacktestError::usage(message));
        }
    };
    Ok(StoreSourceSettings {
        staleness,
        lookback: options(spec)?.lookback,
    })
}
