//! Horizontal bars: a name, a bar in eighths of a column, the value.

use super::MARKERS;
use super::canvas::{Canvas, Ink};
use super::panels::{legend_lines, note};
use super::scale::Display;
use crate::render::text::{distinct, escape, shorten, width as text_width};
use crate::report::Chart;

/// Bars' names beyond so many are left out.
const MAX_NAMES: usize = 40;
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// Draws a row for each name and series.
pub(super) fn draw(out: &mut String, chart: &Chart, names: &[String], width: usize, color: bool) {
    let several = chart.series.len() > 1;
    let shown = names.len().min(MAX_NAMES);
    let value = |series: usize, name: usize| {
        let values = &chart.series[series].values;
        values.get(name).copied().filter(|v| v.is_finite())
    };
    let cells = (0..shown).flat_map(|name| (0..chart.series.len()).map(move |s| (s, name)));
    let known: Vec<f64> = cells.filter_map(|(s, name)| value(s, name)).collect();
    let greatest = known.iter().copied().fold(0.0, f64::max);
    let least = known.iter().copied().fold(0.0, f64::min);
    let display = Display::of(greatest.max(-least), chart.unit.as_ref());
    let labels: Vec<String> = names[..shown]
        .iter()
        .map(|name| escape(name).into_owned())
        .collect();
    // Bars without names of their own say less than shorter bars.
    let labels = match shorten(&labels, width / 3) {
        short if distinct(&short) == distinct(&labels) => short,
        _ => shorten(&labels, width / 2),
    };
    let label_width = labels
        .iter()
        .map(|label| text_width(label))
        .max()
        .unwrap_or(0);
    let value_width = known
        .iter()
        .map(|v| display.value(*v).chars().count())
        .max()
        .unwrap_or(1);
    let start = label_width + if several { 3 } else { 1 };
    // A value stands behind its bar, or before it where the bar goes left.
    let sides = 1 + usize::from(least < 0.0 && greatest > 0.0);
    // One column more, since both the zero and the bar's end are rounded.
    let room = width
        .saturating_sub(start + (value_width + 1) * sides + 1)
        .max(1);
    // Halves, since the difference of two huge numbers is infinite.
    let per_column = (greatest / 2.0 - least / 2.0) / room as f64;
    let columns = |v: f64| {
        if per_column > 0.0 {
            v / 2.0 / per_column
        } else {
            0.0
        }
    };
    let before_zero = if least < 0.0 { value_width + 1 } else { 0 };
    let zero = start + before_zero + columns(-least).round() as usize;

    if several {
        let names: Vec<String> = chart
            .series
            .iter()
            .map(|s| match &s.group {
                Some(group) => escape(&format!("{group} {}", s.name)).into_owned(),
                None => escape(&s.name).into_owned(),
            })
            .collect();
        legend_lines(out, &names, width, color);
    }
    let mut canvas = Canvas::new(width, shown * chart.series.len());
    for (nth, label) in labels.iter().enumerate() {
        for place in 0..chart.series.len() {
            let row = nth * chart.series.len() + place;
            if place == 0 {
                canvas.text(0, row, label, Ink::Plain);
            }
            if several {
                let marker = MARKERS[place % MARKERS.len()];
                canvas.put(label_width + 1, row, marker, Ink::Series(place));
            }
            let Some(value) = value(place, nth) else {
                canvas.text(zero, row, "–", Ink::Dim);
                continue;
            };
            let text = display.value(value);
            let length = columns(value.abs());
            let ink = Ink::Series(place);
            if value < 0.0 {
                let full = length.round().max(1.0) as usize;
                let from = zero.saturating_sub(full);
                for x in from..zero {
                    canvas.put(x, row, '█', ink);
                }
                let at = from.saturating_sub(text.chars().count() + 1);
                canvas.text(at, row, &text, Ink::Plain);
            } else {
                // What is not nothing shows as an eighth at least.
                let least = if value > 0.0 { 1.0 } else { 0.0 };
                let eighths = ((length * 8.0).round().max(least) as usize).min(room * 8);
                for x in 0..eighths / 8 {
                    canvas.put(zero + x, row, '█', ink);
                }
                let mut end = zero + eighths / 8;
                if !eighths.is_multiple_of(8) {
                    canvas.put(end, row, EIGHTHS[eighths % 8], ink);
                    end += 1;
                }
                let gap = usize::from(eighths > 0);
                canvas.text(end + gap, row, &text, Ink::Plain);
            }
        }
    }
    canvas.write(out, color);
    if shown < names.len() {
        note(
            out,
            &format!("{} more are not drawn", names.len() - shown),
            width,
            color,
        );
    }
}
