//! Columns of other series on the same grid.

use super::{Column, RegressorError, Timeline};
use crate::model::Warning;

/// Another series over the history, and over as much of the horizon as is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed<'a> {
    /// Its name.
    pub name: &'a str,
    /// A value for each step of the history; NaN or infinite where one is missing.
    pub past: &'a [f64],
    /// The values over the horizon, where any are known; the same when missing.
    pub future: &'a [f64],
}

/// What is assumed of the steps that are not known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scenario {
    /// The last value that is known stays.
    HoldLast,
    /// The last so many steps come again and again.
    RepeatSeason(usize),
    /// This value.
    Value(f64),
}

/// Makes a column of another series, with warnings of what was filled in and assumed.
///
/// Gaps between known values are interpolated, before the first and after the last of the
/// history they take its value. What is missing after the last known value of the horizon is by
/// the scenario; an error says which steps these are where there is none.
pub fn observed_column(
    timeline: &Timeline,
    series: Observed<'_>,
    scenario: Option<Scenario>,
) -> Result<(Column, Vec<Warning>), RegressorError> {
    let Observed { name, past, future } = series;
    let (steps, horizon) = (timeline.past, timeline.horizon());
    if past.len() != steps {
        return Err(RegressorError::Lengths {
            name: name.into(),
            got: past.len(),
            want: steps,
        });
    }
    let present = past.iter().filter(|x| x.is_finite()).count();
    if present == 0 || present * 2 < steps {
        return Err(RegressorError::MissingPast {
            name: name.into(),
            present,
            steps,
        });
    }
    let future = &future[..horizon.min(future.len())];
    let known = future.iter().rposition(|x| x.is_finite());
    let known = known.map_or(0, |last| last + 1);
    let mut values = past.to_vec();
    // Where the horizon is not known, the history's end is not interpolated but held.
    values.extend(&future[..known]);
    let mut warnings = Vec::new();
    warn_of_gaps(timeline, name, &values, &mut warnings);
    fill(&mut values);
    if known < horizon {
        let first = steps + known;
        let Some(scenario) = scenario else {
            return Err(RegressorError::MissingFuture {
                name: name.into(),
                from: timeline.format(first),
                to: timeline.format(steps + horizon - 1),
                missing: horizon - known,
                horizon,
            });
        };
        let assumed = extend(name, &mut values, steps + horizon, scenario)?;
        warnings.push(Warning::new(
            "scenario",
            format!(
                "assumed: {name} {assumed} from {} to {}",
                timeline.format(first),
                timeline.format(steps + horizon - 1)
            ),
        ));
    }
    Ok((timeline.column(name, values), warnings))
}

fn warn_of_gaps(timeline: &Timeline, name: &str, values: &[f64], warnings: &mut Vec<Warning>) {
    let mut missing = (0..values.len()).filter(|t| !values[*t].is_finite());
    let Some(first) = missing.next() else { return };
    let (count, last) = missing.fold((1, first), |(count, _), t| (count + 1, t));
    warnings.push(Warning::new(
        "regressor-gaps",
        format!(
            "{name} lacks {count} of {} values between {} and {}: they are interpolated",
            values.len(),
            timeline.format(first),
            timeline.format(last)
        ),
    ));
}

/// Interpolates between the finite values, and holds the first and last of them.
fn fill(values: &mut [f64]) {
    let known: Vec<usize> = (0..values.len())
        .filter(|t| values[*t].is_finite())
        .collect();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else {
        return;
    };
    let (before, after) = (values[first], values[last]);
    values[..first].fill(before);
    values[last..].fill(after);
    for pair in known.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (left, right) = (values[from], values[to]);
        for (t, value) in values.iter_mut().enumerate().take(to).skip(from + 1) {
            let share = (t - from) as f64 / (to - from) as f64;
            *value = left * (1.0 - share) + right * share;
        }
    }
}

/// Extends the values to `length` and says how.
fn extend(
    name: &str,
    values: &mut Vec<f64>,
    length: usize,
    scenario: Scenario,
) -> Result<String, RegressorError> {
    match scenario {
        Scenario::HoldLast => {
            let last = values.last().copied().unwrap_or(0.0);
            values.resize(length, last);
            Ok(format!("stays at {last}"))
        }
        Scenario::Value(value) if value.is_finite() => {
            values.resize(length, value);
            Ok(format!("is {value}"))
        }
        Scenario::Value(value) => Err(RegressorError::NotFinite {
            name: name.into(),
            value: value.to_string(),
        }),
        Scenario::RepeatSeason(season) => {
            if season == 0 || season > values.len() {
                return Err(RegressorError::ShortSeason {
                    name: name.into(),
                    season,
                    steps: values.len(),
                });
            }
            for t in values.len()..length {
                values.push(values[t - season]);
            }
            Ok(format!("repeats its last {season} steps"))
        }
    }
}
