//! Onto which grid each series is put.

use chrono_tz::Tz;

use super::ForecastError;
use super::input::Raw;
use crate::model::{Warning, format_duration, format_timestamp};
use crate::series::{
    Origin, Regular, ResampleError, Resampled, Resampling, Statistic, Step, guess_index_step,
    guess_step, resample,
};

/// Steps that people choose, from the shortest, and the span from which each is taken where
/// nobody named one, in seconds.
const PLEASANT: [(i64, i64); 4] = [
    (60, 0),
    (300, 86_400),
    (3_600, 7 * 86_400),
    (86_400, 400 * 86_400),
];
/// The least part of a bucket that a remark is worth.
const WHOLE: f64 = 0.98;
const MINUTE: i64 = 60_000_000;

/// The grid of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    pub(super) how: Resampling,
    /// About how many values there will be.
    pub(super) length: usize,
}

/// Chooses the grid of a series: the step that was named, or that of its own times, which samples
/// of a store are thinned from.
pub(super) fn choose(
    raw: &Raw,
    step: Option<Step>,
    statistic: Statistic,
    is_thinned: bool,
    tz: Tz,
) -> Result<Grid, ForecastError> {
    let guess = if raw.is_index {
        guess_index_step(&raw.times)
    } else {
        guess_step(&raw.times, tz)
    };
    let span = match (raw.times.first(), raw.times.last()) {
        (Some(first), Some(last)) => last.saturating_sub(*first),
        _ => 0,
    };
    let own = guess.map(|guess| guess.step);
    let step = match (step, own) {
        (Some(step), _) => step,
        (None, Some(own)) if is_thinned => {
            let pleasant = pleasant_step(span, tz);
            if longer(own, pleasant) { own } else { pleasant }
        }
        (None, Some(own)) => own,
        // One point has no step.
        (None, None) if raw.is_index => Step::Index(1),
        (None, None) => Step::of_micros(3_600_000_000, tz),
    };
    if matches!(step, Step::Index(_)) != raw.is_index {
        let message = if raw.is_index {
            "--step is a duration, and the series have no times, only counts"
        } else {
            "--step is a bare number, and the series have times"
        };
        return Err(ForecastError::usage(message).hint(if raw.is_index {
            "leave it out, or write --step 1"
        } else {
            "write 15m, 1h or 1d"
        }));
    }
    // What is regular already keeps its own times.
    let is_even = guess.is_some_and(|guess| guess.is_even && guess.step == step)
        && statistic != Statistic::Rate
        && statistic != Statistic::Increase;
    let length = match step {
        Step::Index(size) => span / size.max(1),
        other => {
            let seconds = other.seconds().unwrap_or(1.0);
            (span as f64 / 1e6 / seconds) as i64
        }
    };
    Ok(Grid {
        how: Resampling {
            step,
            statistic,
            origin: if is_even {
                Origin::First
            } else {
                Origin::Round
            },
            drop_partial: !is_even,
        },
        length: usize::try_from(length).unwrap_or(0) + 1,
    })
}

/// The step of so long a history where nobody named one.
pub(super) fn pleasant_step(span: i64, tz: Tz) -> Step {
    let seconds = span / 1_000_000;
    let found = PLEASANT.iter().rev().find(|(_, from)| seconds >= *from);
    let step = found.map_or(PLEASANT[0].0, |(step, _)| *step);
    Step::of_micros(step * 1_000_000, tz)
}

fn longer(a: Step, b: Step) -> bool {
    a.seconds() > b.seconds()
}

/// Puts a series onto its grid; an empty one where it has no value at all.
pub(super) fn regular(raw: &Raw, grid: &Grid, tz: Tz) -> (Regular, Vec<Warning>) {
    let result = resample(&raw.times, &raw.values, &grid.how);
    match result {
        Ok(resampled) => {
            let warnings = remarks(&resampled, grid, tz);
            (resampled.regular, warnings)
        }
        Err(error) => {
            let last = raw.times.last().copied();
            let empty = Regular {
                start: last.map_or(0, |last| grid.how.step.after(last, 1)),
                step: grid.how.step,
                values: Vec::new(),
            };
            let warning = match error {
                ResampleError::Empty => Warning::new("no-values", "no value is there"),
                other => Warning::new("not-resampled", other.to_string()),
            };
            (empty, vec![warning])
        }
    }
}

/// Says that a series ends long before the last of all does.
pub(super) fn ends_early(raw: &Raw, grid: &Grid, latest: i64, tz: Tz) -> Option<Warning> {
    let last = *raw.times.last()?;
    if raw.is_index || grid.how.step.after(last, 3) >= latest {
        return None;
    }
    let message = format!(
        "its last value is of {}, {} before the last of all: the forecast begins there",
        format_timestamp(last, tz),
        format_duration(latest.saturating_sub(last).div_euclid(MINUTE) * MINUTE)
    );
    Some(Warning::new("ends-early", message))
}

/// What a reader must know of how the grid was made.
fn remarks(made: &Resampled, grid: &Grid, tz: Tz) -> Vec<Warning> {
    let mut said = Vec::new();
    let mut say = |code: &'static str, text: String| said.push(Warning::new(code, text));
    if made.duplicates > 0 {
        let times = made.duplicates;
        say(
            "duplicate-times",
            format!("{times} values were left for a later one of the same time"),
        );
    }
    let is_time = !matches!(grid.how.step, Step::Index(_));
    if grid.how.drop_partial && made.dropped > 0 && is_time {
        let ends = [made.first, made.last].into_iter().flatten();
        let ends = ends.filter(|part| part.covered < WHOLE).map(|part| {
            let at = format_timestamp(part.time, tz);
            format!("{at} ({:.0}% covered)", part.covered * 100.0)
        });
        let ends: Vec<String> = ends.collect();
        if !ends.is_empty() {
            say(
                "partial-steps",
                format!("steps that are not over are left out: {}", ends.join(", ")),
            );
        }
    }
    if made.resets > 0 {
        let resets = made.resets;
        say(
            "counter-resets",
            format!("the counter began anew {resets} times, which the rate allows for"),
        );
    }
    said
}
