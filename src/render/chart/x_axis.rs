//! The time axis below a plot: a line, ticks, their labels and what they are within.

use chrono_tz::Tz;

use super::canvas::{Canvas, Ink};
use super::time_axis::ticks;

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

/// Draws the axis between two times (µs, ends included); `column` says where in
/// the field a time lies.
pub(super) fn draw(
    canvas: &mut Canvas,
    field: Field,
    (start, end): (i64, i64),
    column: impl Fn(i64) -> usize,
    tz: Tz,
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
    for tick in ticks(start, end, columns, tz) {
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
