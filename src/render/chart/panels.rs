//! Which series share a panel, and how panels share the width.

use chrono_tz::Tz;

use super::MARKERS;
use super::canvas::{Canvas, Ink};
use super::line::Panel;
use super::scale::Scale;
use crate::render::text::{escape, shorten, truncate, width as text_width};
use crate::report::{Chart, ChartSeries};

/// Series that one panel shows without confusion.
const TOGETHER: usize = 4;
/// Beyond this ratio of their peaks the smaller series would be a flat line.
const SAME_SCALE: f64 = 50.0;
/// Panels of one chart.
const MAX_PANELS: usize = 12;
/// Columns under which panels do not stand side by side.
const NARROWEST: usize = 56;
/// Columns between panels.
const GUTTER: usize = 2;
/// Columns of a name in a legend.
const NAME: usize = 40;

/// Draws the series in one panel, or in several.
pub(super) fn draw(
    out: &mut String,
    chart: &Chart,
    times: &[i64],
    width: usize,
    color: bool,
    tz: Tz,
) {
    let all: Vec<&ChartSeries> = chart.series.iter().collect();
    let mut panels = arrange(&all);
    if let [(_, series)] = &panels[..] {
        let legend = legend(series, true);
        if series.len() > 1 {
            legend_lines(out, &legend, width, color);
        }
        let rows = (width / 8).clamp(8, 16);
        let scale = Scale::new(values(series), chart.unit.as_ref(), rows / 3 + 1);
        let panel = Panel {
            times,
            series: series.iter().copied().enumerate().collect(),
            label_width: scale.label_width(),
            has_times: true,
            scale,
        };
        panel.draw(width, rows, tz).write(out, color);
        return;
    }

    let left_out = panels.split_off(panels.len().min(MAX_PANELS));
    let shared = same_scale(&all).then(|| Scale::new(values(&all), chart.unit.as_ref(), 3));
    let scales: Vec<Scale> = panels
        .iter()
        .map(|(_, series)| match &shared {
            Some(scale) => scale.clone(),
            None => Scale::new(values(series), chart.unit.as_ref(), 3),
        })
        .collect();
    let label_width = scales.iter().map(Scale::label_width).max().unwrap_or(0);
    let across = (width / NARROWEST).clamp(1, 3).min(panels.len());
    let panel_width = (width + GUTTER) / across - GUTTER;
    let has_legend = panels.iter().any(|(_, series)| series.len() > 1);
    if has_legend && let Some((_, series)) = panels.iter().max_by_key(|(_, s)| s.len()) {
        legend_lines(out, &legend(series, false), width, color);
    }
    let names: Vec<String> = panels
        .iter()
        .map(|(name, _)| escape(name).into_owned())
        .collect();
    let names = shorten(&names, panel_width.saturating_sub(label_width + 2).max(1));
    let mut drawn = Vec::new();
    for (at, ((_, series), scale)) in panels.iter().zip(scales).enumerate() {
        let panel = Panel {
            times,
            series: series.iter().copied().enumerate().collect(),
            scale,
            label_width,
            // All panels share their times: the lowest of each column says them.
            has_times: at + across >= panels.len(),
        };
        let body = panel.draw(panel_width, 6, tz);
        let mut canvas = Canvas::new(panel_width, body.height() + 1);
        canvas.text(label_width + 2, 0, &names[at], Ink::Bold);
        canvas.paste(0, 1, &body);
        drawn.push(canvas);
    }
    for row in drawn.chunks(across) {
        let height = row.iter().map(Canvas::height).max().unwrap_or(0);
        let mut line = Canvas::new(width, height);
        for (at, panel) in row.iter().enumerate() {
            line.paste(at * (panel_width + GUTTER), 0, panel);
        }
        line.write(out, color);
    }
    if shared.is_none() {
        note(out, "each panel has a y axis of its own", width, color);
    }
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|(name, _)| name.as_str()).collect();
        let text = format!("{} more are not drawn: {}", names.len(), names.join(", "));
        note(out, &truncate(&escape(&text), width), width, color);
    }
}

/// Puts series into named panels: all in one where they are few and of like
/// size, else those of one group in one, else each in its own.
fn arrange<'a>(all: &[&'a ChartSeries]) -> Vec<(String, Vec<&'a ChartSeries>)> {
    if all.len() <= TOGETHER && same_scale(all) {
        return vec![(String::new(), all.to_vec())];
    }
    let mut groups: Vec<(String, Vec<&ChartSeries>)> = Vec::new();
    for series in all {
        let name = series.group.as_ref().unwrap_or(&series.name);
        match groups.iter_mut().find(|(group, _)| group == name) {
            Some((_, members)) if series.group.is_some() => members.push(series),
            _ => groups.push((name.clone(), vec![series])),
        }
    }
    if groups
        .iter()
        .all(|(_, members)| members.len() <= MARKERS.len() && same_scale(members))
    {
        return groups;
    }
    let alone = |series: &&'a ChartSeries| (full_name(series), vec![*series]);
    all.iter().map(alone).collect()
}

fn same_scale(series: &[&ChartSeries]) -> bool {
    let peaks = series.iter().filter_map(|series| {
        let finite = series.values.iter().filter(|v| v.is_finite());
        let peak = finite.fold(0.0_f64, |peak, v| peak.max(v.abs()));
        (peak > 0.0).then_some(peak)
    });
    let (least, greatest) = peaks.fold((f64::INFINITY, 0.0_f64), |(least, greatest), peak| {
        (least.min(peak), greatest.max(peak))
    });
    least > greatest || greatest / least <= SAME_SCALE
}

fn values<'a>(series: &'a [&ChartSeries]) -> impl Iterator<Item = f64> + 'a {
    series
        .iter()
        .flat_map(|series| series.values.iter().copied())
}

fn full_name(series: &ChartSeries) -> String {
    match &series.group {
        Some(group) => format!("{group} {}", series.name),
        None => series.name.clone(),
    }
}

fn legend(series: &[&ChartSeries], full: bool) -> Vec<String> {
    let names = series.iter().map(|series| {
        if full {
            full_name(series)
        } else {
            series.name.clone()
        }
    });
    let names: Vec<String> = names.map(|name| escape(&name).into_owned()).collect();
    shorten(&names, NAME)
}

/// Writes markers and names, in as many lines as they need.
pub(super) fn legend_lines(out: &mut String, names: &[String], width: usize, color: bool) {
    let mut line = Canvas::new(width, 1);
    let mut x = 0;
    for (place, name) in names.iter().enumerate() {
        if x > 0 && x + 2 + text_width(name) > width {
            line.write(out, color);
            line = Canvas::new(width, 1);
            x = 0;
        }
        line.put(x, 0, MARKERS[place % MARKERS.len()], Ink::Series(place));
        x = line.text(x + 2, 0, name, Ink::Plain) + 3;
    }
    line.write(out, color);
}

pub(super) fn note(out: &mut String, text: &str, width: usize, color: bool) {
    let mut line = Canvas::new(width, 1);
    line.text(0, 0, text, Ink::Dim);
    line.write(out, color);
}
