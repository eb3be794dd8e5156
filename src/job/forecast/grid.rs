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
/// More points of one series would not fit into memory.
const MOST_POINTS: i64 = 5_000_000;

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
    let span = span(raw).map_or(0, |(first, last)| last.saturating_sub(first));
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
    if length > MOST_POINTS {
        let message =
            format!("--step {step} makes {length} points of one series: that is too many");
        return Err(ForecastError::usage(message).hint("take a longer --step, or a later --since"));
    }
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
            let empty = nothing(raw, grid);
            let warning = match error {
                ResampleError::Empty => Warning::new("no-values", "no value is there"),
                other => Warning::new("not-resampled", other.to_string()),
            };
            (empty, vec![warning])
        }
    }
}

/// The times of the first and the last value; none of rows without one.
pub(super) fn span(raw: &Raw) -> Option<(i64, i64)> {
    let first = raw.values.iter().position(|value| value.is_finite())?;
    let last = raw.values.iter().rposition(|value| value.is_finite())?;
    Some((*raw.times.get(first)?, *raw.times.get(last)?))
}

/// A history without values, which ends where that of the series does.
pub(super) fn nothing(raw: &Raw, grid: &Grid) -> Regular {
    let last = span(raw).map(|(_, last)| last);
    let last = last.or_else(|| raw.times.last().copied());
    Regular {
        start: last.map_or(0, |last| grid.how.step.after(last, 1)),
        cut: 0,
        step: grid.how.step,
        values: Vec::new(),
    }
}

/// Says that the values of a series end long before its rows or the last of all do.
pub(super) fn ends_early(raw: &Raw, grid: &Grid, latest: i64, tz: Tz) -> Option<Warning> {
    let (_, last) = span(raw)?;
    let soon = grid.how.step.after(last, 3);
    if raw.is_index || soon >= latest {
        // Rows with outside variables alone are what is known of the horizon.
        let rows = raw.times.iter().rev().take_while(|time| **time > last);
        let rows = rows.count();
        if !raw.more.is_empty() || raw.times.last().is_none_or(|end| *end <= soon) {
            return None;
        }
        let message = format!(
            "its last {rows} rows have no value: the forecast begins after {}",
            written(last, raw.is_index, tz)
        );
        return Some(Warning::new("ends-early", message));
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
            format!(
                "{times} values were left for a later one of the same time: if they belong to \
                 several series, say which column tells these apart"
            ),
        );
    }
    if grid.how.drop_partial && made.dropped > 0 {
        let is_index = matches!(grid.how.step, Step::Index(_));
        let of = |part: crate::series::Partial| {
            let at = written(part.time, is_index, tz);
            format!("{at} ({:.0}% covered)", part.covered * 100.0)
        };
        // The first is dropped before the last is.
        let first = made.first;
        let last = made
            .last
            .filter(|_| made.dropped > usize::from(first.is_some()));
        let mut said = Vec::new();
        if let Some(part) = first.filter(|part| part.covered < WHOLE) {
            said.push(format!(
                "the first, which the history begins within, {}",
                of(part)
            ));
        }
        if let Some(part) = last.filter(|part| part.covered < WHOLE) {
            said.push(format!("the last, which is not over, {}", of(part)));
        }
        if !said.is_empty() {
            say(
                "partial-steps",
                format!("steps are left out: {}", said.join("; ")),
            );
        }
    }
    if made.doubled > 0 {
        let steps = counted(made.doubled, "step holds", "steps hold");
        let text = format!("{steps} an hour twice: the clock was set back");
        say("doubled-steps", text);
    }
    if made.skipped > 0 {
        let steps = counted(made.skipped, "step has", "steps have");
        let text = format!("{steps} no time: the clock was set forward");
        say("skipped-steps", text);
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

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn written(time: i64, is_index: bool, tz: Tz) -> String {
    if is_index {
        time.to_string()
    } else {
        format_timestamp(time, tz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(times: &[i64], values: &[f64]) -> Raw {
        Raw {
            times: times.to_vec(),
            values: values.to_vec(),
            is_index: true,
            ..Raw::default()
        }
    }

    #[test]
    fn rows_without_a_value_are_no_history() {
        let times: Vec<i64> = (0..110).collect();
        let mut values = vec![1.0; 10];
        values.resize(110, f64::NAN);
        let mut raw = raw(&times, &values);
        let grid = choose(&raw, None, Statistic::Mean, false, Tz::UTC).expect("a grid");
        assert_eq!((span(&raw), grid.length), (Some((0, 9)), 10));
        let said = ends_early(&raw, &grid, 9, Tz::UTC).expect("a warning");
        assert!(said.message.contains("last 100 rows"), "{}", said.message);
        // They tell of the horizon.
        raw.more = vec![vec![0.0; 110]];
        assert_eq!(ends_early(&raw, &grid, 9, Tz::UTC), None);
    }

    #[test]
    fn partial_steps_of_counts_are_told() {
        let times: Vec<i64> = (4..96).collect();
        let raw = raw(&times, &[1.0; 92]);
        let step = Some(Step::Index(10));
        let grid = choose(&raw, step, Statistic::Sum, false, Tz::UTC).expect("a grid");
        let (history, said) = regular(&raw, &grid, Tz::UTC);
        assert_eq!((history.time(0), history.values.len()), (10, 8));
        assert_eq!(
            said[0].message,
            "steps are left out: the first, which the history begins within, 0 (60% covered); \
             the last, which is not over, 90 (60% covered)"
        );
    }
}
