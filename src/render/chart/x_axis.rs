//! The axis below a plot: a line, ticks, their labels and what they are within.

use chrono_tz::Tz;

use super::canvas::{Canvas, Ink};
use super::scale::round_step;
use super::time_axis::{Tick, ticks};
use crate::render::number::integer;

/// What lies along an axis.
#[derive(Debug, Clone, Copy)]
pub(super) enum Along {
    /// µs since the epoch, written in a zone.
    Time(Tz),
    /// Counts.
    Index,
}

/// Rows of an axis with its labels.
pub(super) const ROWS: usize = 3;

/// A plot's place on a canvas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// The first column right of the y axis.
    pub(super) left: usize,
    /// How many columns there are.
    pub(super) columns: usize,
    /// The row below the plot.
    pub(super) bottom: usize,
}

/// Draws the axis between two times (µs, ends included) or counts; `column` says
/// where in the field one lies.
pub(super) fn draw(
    canvas: &mut Canvas,
    field: Field,
    (start, end): (i64, i64),
    column: impl Fn(i64) -> usize,
    along: Along,
) {
    let Field {
        left,
        columns,
        bottom,
    } = field;
    canvas.put(left - 1, bottom, '└', Ink::Dim);
    for x in 0..columns {
        canvas.put(left + x, bottom, '─', Ink::Dim);
    }
    let right = left + columns;
    let mut free = 0;
    let mut contexts: Vec<(usize, String)> = Vec::new();
    let ticks = match along {
        Along::Time(tz) => ticks(start, end, columns, tz),
        Along::Index => counts(start, end, columns),
    };
    for tick in ticks {
        let x = left + column(tick.ts);
        canvas.put(x, bottom, '┬', Ink::Dim);
        let width = tick.label.chars().count();
        let from = x.saturating_sub(width / 2).min(right.saturating_sub(width));
        if from < free {
            continue;
        }
        canvas.text(from, bottom + 1, &tick.label, Ink::Dim);
        free = from + width + 2;
        if contexts
            .last()
            .is_none_or(|(_, last)| *last != tick.context)
        {
            contexts.push((from, tick.context));
        }
    }
    for (at, (x, context)) in contexts.iter().enumerate() {
        let width = context.chars().count();
        let x = (*x).min(right.saturating_sub(width));
        let next = contexts.get(at + 1).map_or(right + 2, |(next, _)| *next);
        if x + width + 2 <= next {
            canvas.text(x, bottom + 2, context, Ink::Dim);
        }
    }
}

/// Chooses ticks between two counts, at 1, 2 or 5 times a power of ten.
fn counts(start: i64, end: i64, columns: usize) -> Vec<Tick> {
    let width = integer(end.into()).chars().count().max(3) + 6;
    let most = (columns / width).max(1);
    let span = i128::from(end) - i128::from(start);
    // Below 2^127: no step overflows.
    let step = (round_step(span as f64, most).ceil() as i128).max(1);
    let first = (i128::from(start) + step - 1).div_euclid(step) * step;
    (0..=most as i128)
        .filter_map(|nth| i64::try_from(first + nth * step).ok())
        .filter(|at| *at <= end)
        .map(|at| Tick {
            ts: at,
            label: integer(at.into()),
            context: String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stand_at_round_numbers() {
        let labels = |start, end, columns| -> Vec<String> {
            let ticks = counts(start, end, columns);
            ticks.into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(labels(557, 748, 60), ["600", "650", "700"]);
        assert_eq!(labels(3, 3, 40), ["3"]);
        assert_eq!(labels(-3, 3, 90), ["-3", "-2", "-1", "0", "1", "2", "3"]);
        assert!(labels(i64::MIN, i64::MAX, 80).len() < 12);
        assert!(labels(1, 0, 10).len() < 3);
    }
}
