//! Charts for a terminal: braille lines, block bars, sparklines, timelines, points.
//!
//! Colours are Okabe and Ito's, as far as the 256 of a terminal have them; a
//! marker on each line (`●▲■◆`) says the same without colour. Lines that would
//! hide each other stand in panels of their own.

mod bar;
mod braille;
mod canvas;
mod line;
mod panels;
mod scale;
mod scatter;
mod sparkline;
mod time_axis;
mod timeline;
mod x_axis;

pub(super) use scatter::draw as draw_scatter;
pub(super) use sparkline::sparkline;
pub(super) use timeline::draw as draw_timeline;

use chrono_tz::Tz;

use super::text::escape;
use crate::report::{Chart, ChartKind, ChartX, Unit};
use canvas::{Canvas, Ink};
use x_axis::Along;

/// What marks a series beside its colour; the colours repeat with the markers.
const MARKERS: [char; 8] = ['●', '▲', '■', '◆', '○', '△', '□', '◇'];
/// Bars over time become a line beyond so many.
const MAX_TIME_BARS: usize = 24;

/// Draws a chart in lines of at most `width` columns (at least 20).
pub(super) fn draw(chart: &Chart, width: usize, color: bool, tz: Tz) -> String {
    let width = width.clamp(20, 400);
    let finite = |values: &[f64]| values.iter().any(|value| value.is_finite());
    let mut heading = Canvas::new(width, 1);
    let end = heading.text(0, 0, &title(chart), Ink::Bold);
    let mut text = String::new();
    if !chart.series.iter().any(|series| finite(&series.values)) {
        heading.text(end, 0, ": no values to draw", Ink::Plain);
        heading.write(&mut text, color);
        return text;
    }
    match (&chart.x, chart.kind) {
        (ChartX::Time(times), kind) if kind == ChartKind::Line || times.len() > MAX_TIME_BARS => {
            heading.text(end, 0, &format!(" · {}", tz.name()), Ink::Dim);
            heading.write(&mut text, color);
            panels::draw(&mut text, chart, times, width, color, Along::Time(tz));
        }
        (ChartX::Index(counts), _) => {
            heading.write(&mut text, color);
            panels::draw(&mut text, chart, counts, width, color, Along::Index);
        }
        (ChartX::Time(times), _) => {
            heading.text(end, 0, &format!(" · {}", tz.name()), Ink::Dim);
            heading.write(&mut text, color);
            let names: Vec<String> = time_axis::names(times, tz);
            bar::draw(&mut text, chart, &names, width, color);
        }
        (ChartX::Category(names), _) => {
            heading.write(&mut text, color);
            bar::draw(&mut text, chart, names, width, color);
        }
    }
    text
}

/// `p50, p99 by service (messages/s)`.
fn title(chart: &Chart) -> String {
    let title = chart.title.as_deref().unwrap_or(&chart.y_title);
    let unit = match &chart.unit {
        Some(Unit::Other(unit)) => format!(" ({unit})"),
        _ => String::new(),
    };
    escape(&format!("{title}{unit}")).into_owned()
}
