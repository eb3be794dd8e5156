//! Which series share a panel, and how panels share the width.

use super::MARKERS;
use super::canvas::{Canvas, Ink};
use super::line::{MARK, Panel, Texture};
use super::scale::Scale;
use super::x_axis::Along;
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
    along: Along,
) {
    let all: Vec<&ChartSeries> = chart.series.iter().collect();
    // What lies behind the lines belongs to all of them.
    let mut panels = match (chart.bands.is_empty(), &chart.mark) {
        (true, None) => arrange(&all),
        _ => vec![(String::new(), all.clone())],
    };
    if let [(_, series)] = &panels[..] {
        let legend = legend(series, true);
        if series.len() > 1 || !chart.bands.is_empty() {
            let behind = behind(chart);
            legend_lines_with(out, &legend, &behind, width, color);
        }
        let rows = (width / 8).clamp(8, 16);
        let bands = bounds(chart, series);
        let scale = Scale::new(
            values(series).chain(bands),
            chart.unit.as_ref(),
            rows / 3 + 1,
        );
        let panel = Panel {
            times,
            series: series.iter().copied().enumerate().collect(),
            bands: &chart.bands,
            mark: chart.mark.as_ref(),
            label_width: scale.label_width(),
            has_times: true,
            scale,
        };
        panel.draw(width, rows, along).write(out, color);
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
            bands: &[],
            mark: None,
            scale,
            label_width,
            // All panels share their times: the lowest of each column says them.
            has_times: at + across >= panels.len(),
        };
        let body = panel.draw(panel_width, 6, along);
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
    legend_lines_with(out, names, &[], width, color);
}

/// Writes markers and names, then other signs and names.
fn legend_lines_with(
    out: &mut String,
    names: &[String],
    others: &[(String, Ink, String)],
    width: usize,
    color: bool,
) {
    let lines = names.iter().enumerate().map(|(place, name)| {
        let marker = MARKERS[place % MARKERS.len()].to_string();
        (marker, Ink::Series(place), name.clone())
    });
    let mut line = Canvas::new(width, 1);
    let mut x = 0;
    for (sign, ink, name) in lines.chain(others.iter().cloned()) {
        let sign_width = text_width(&sign) + 1;
        if x > 0 && x + sign_width + text_width(&name) > width {
            line.write(out, color);
            line = Canvas::new(width, 1);
            x = 0;
        }
        line.text(x, 0, &sign, ink);
        x = line.text(x + sign_width, 0, &name, Ink::Plain) + 3;
    }
    line.write(out, color);
}

/// What the legend says of what lies behind the lines.
fn behind(chart: &Chart) -> Vec<(String, Ink, String)> {
    let bands = chart.bands.iter().enumerate().map(|(nth, band)| {
        let sample = Texture::of(nth, chart.bands.len()).sample().to_owned();
        (sample, Ink::Band, escape(&band.name).into_owned())
    });
    let mark = chart.mark.iter();
    let mark = mark.map(|mark| (MARK.to_string(), Ink::Dim, escape(&mark.name).into_owned()));
    bands.chain(mark).collect()
}

/// The bounds of all bands, as far as they do not make flat lines of the lines: what lies farther
/// away than twice their height is cut.
fn bounds<'a>(chart: &'a Chart, series: &'a [&ChartSeries]) -> impl Iterator<Item = f64> + 'a {
    let finite = values(series).filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let room = if high > low {
        (high - low) * 2.0
    } else {
        f64::INFINITY
    };
    let bounds = chart
        .bands
        .iter()
        .flat_map(|band| band.lower.iter().chain(&band.upper));
    let finite = bounds.filter(|value| value.is_finite());
    finite.map(move |value| value.max(low - room).min(high + room))
}

pub(super) fn note(out: &mut String, text: &str, width: usize, color: bool) {
    let mut line = Canvas::new(width, 1);
    line.text(0, 0, text, Ink::Dim);
    line.write(out, color);
}
