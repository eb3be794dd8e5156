//! A row a thing, a column a span of time: what happened when.
//!
//! A cell shows the gravest of what happened in its time. Each kind of mark has
//! a character of its own, so that colour only repeats what is there.

use chrono_tz::Tz;

use super::canvas::{Canvas, Ink};
use super::panels::note;
use super::x_axis::{self, Along, Field};
use crate::model::format_duration;
use crate::render::text::{escape, shorten, width as text_width};
use crate::report::{Mark, MarkKind, Timeline, TimelineRow};

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Nights are drawn where a column is no longer than this, µs: else they are dust.
const NIGHT_COLUMN: i64 = 2 * 3_600_000_000;

/// Draws a timeline in lines of at most `width` columns (at least 20).
pub(in crate::render) fn draw(timeline: &Timeline, width: usize, color: bool, tz: Tz) -> String {
    let width = width.clamp(20, 400);
    let mut text = String::new();
    let mut heading = Canvas::new(width, 1);
    let end = heading.text(0, 0, &escape(&timeline.title), Ink::Bold);
    if timeline.range.end <= timeline.range.start || timeline.rows.is_empty() {
        heading.text(end, 0, ": nothing to draw", Ink::Plain);
        heading.write(&mut text, color);
        return text;
    }
    let names: Vec<String> = (timeline.bands.iter().chain(&timeline.rows))
        .map(|row| escape(&row.name).into_owned())
        .collect();
    let names = shorten(&names, (width / 3).min(40));
    let label_width = names.iter().map(|name| text_width(name)).max().unwrap_or(0);
    let plot = Plot {
        timeline,
        left: label_width + 2,
        columns: width.saturating_sub(label_width + 2).max(1),
    };
    let about = format!(" · {} · a column is {}", tz.name(), plot.column_length());
    heading.text(end, 0, &about, Ink::Dim);
    heading.write(&mut text, color);
    plot.draw(&names, width, tz).write(&mut text, color);
    legend(&mut text, &plot.legend(), width, color);
    if timeline.left_out > 0 {
        let more = format!("{} more are not drawn", timeline.left_out);
        note(&mut text, &more, width, color);
    }
    text
}

/// Where rows and times lie.
struct Plot<'a> {
    timeline: &'a Timeline,
    left: usize,
    columns: usize,
}

impl Plot<'_> {
    fn draw(&self, names: &[String], width: usize, tz: Tz) -> Canvas {
        let bands: Vec<(&String, &TimelineRow)> = names
            .iter()
            .zip(&self.timeline.bands)
            .filter(|(_, band)| self.shows(band))
            .collect();
        let rows = names[self.timeline.bands.len()..]
            .iter()
            .zip(&self.timeline.rows);
        let height = bands.len() + self.timeline.rows.len();
        let mut canvas = Canvas::new(width, height + x_axis::ROWS);
        for (y, (name, band)) in bands.iter().enumerate() {
            self.label(&mut canvas, y, name, '┆', Ink::Dim);
            for mark in &band.marks {
                self.band(&mut canvas, y, *mark);
            }
        }
        let guides = self.guides();
        for (y, (name, row)) in (bands.len()..).zip(rows) {
            self.label(&mut canvas, y, name, '│', Ink::Plain);
            for (x, cell) in self.cells(row).iter().enumerate() {
                let (glyph, ink) = cell.glyph(guides[x]);
                canvas.put(self.left + x, y, glyph, ink);
            }
        }
        let field = Field {
            left: self.left,
            columns: self.columns,
            bottom: height,
        };
        let range = self.timeline.range;
        // The end is not part of the range, and no tick may stand at it.
        let bounds = (range.start, range.end.saturating_sub(1));
        x_axis::draw(
            &mut canvas,
            field,
            bounds,
            |ts| self.column(ts),
            Along::Time(tz),
        );
        canvas
    }

    fn label(&self, canvas: &mut Canvas, y: usize, name: &str, axis: char, ink: Ink) {
        canvas.text(0, y, name, ink);
        canvas.put(self.left - 1, y, axis, Ink::Dim);
    }

    /// Whether a band is worth its row.
    fn shows(&self, band: &TimelineRow) -> bool {
        let is_night = |mark: &Mark| mark.kind == MarkKind::Night;
        !band.marks.is_empty()
            && (!band.marks.iter().all(is_night) || self.column_micros() <= NIGHT_COLUMN)
    }

    fn band(&self, canvas: &mut Canvas, y: usize, mark: Mark) {
        let Some((first, last)) = self.reach(mark) else {
            return;
        };
        let (begin, go_on, ink) = match mark.kind {
            MarkKind::Night => ('░', '░', Ink::Dim),
            MarkKind::Maintenance => ('▒', '▒', Ink::Series(7)),
            MarkKind::MissedIncident => ('▽', '─', Ink::Series(3)),
            _ => ('▼', '━', Ink::Series(3)),
        };
        for x in first..=last {
            let glyph = if x == first { begin } else { go_on };
            canvas.put(self.left + x, y, glyph, ink);
        }
    }

    /// Columns in which an incident begins.
    fn guides(&self) -> Vec<bool> {
        let mut guides = vec![false; self.columns];
        for mark in self.timeline.bands.iter().flat_map(|band| &band.marks) {
            let is_incident = matches!(mark.kind, MarkKind::Incident | MarkKind::MissedIncident);
            if let Some((first, _)) = self.reach(*mark).filter(|_| is_incident) {
                guides[first] = true;
            }
        }
        guides
    }

    fn cells(&self, row: &TimelineRow) -> Vec<CellMarks> {
        let mut cells = vec![CellMarks::default(); self.columns];
        let mut firing: Vec<(i64, i64)> = Vec::new();
        for mark in &row.marks {
            let Some((first, last)) = self.reach(*mark) else {
                continue;
            };
            match mark.kind {
                MarkKind::Page => cells[first].pages += 1,
                MarkKind::Notification => cells[first].notifications += 1,
                MarkKind::Firing => {
                    firing.push((mark.from, mark.until));
                    for cell in &mut cells[first..=last] {
                        cell.fires = true;
                    }
                }
                _ => {
                    for cell in &mut cells[first..=last] {
                        cell.is_pending = true;
                    }
                }
            }
        }
        self.shares(&mut cells, firing);
        cells
    }

    /// Adds which share of each cell's time something fires.
    fn shares(&self, cells: &mut [CellMarks], mut firing: Vec<(i64, i64)>) {
        firing.sort_unstable();
        // Alerts overlap: each instant counts once.
        let mut until = i64::MIN;
        for (from, end) in firing {
            let from = from.max(until);
            if from >= end {
                continue;
            }
            until = end;
            let (mut at, last) = (self.position(from), self.position(end));
            while at < last {
                let column = (at.floor() as usize).min(self.columns - 1);
                let next = (column as f64 + 1.0).min(last);
                cells[column].share += next - at;
                if next <= at {
                    break;
                }
                at = next;
            }
        }
    }

    /// The first and last column of a mark; `None` where it lies outside.
    fn reach(&self, mark: Mark) -> Option<(usize, usize)> {
        let range = self.timeline.range;
        let until = mark.until.saturating_sub(1).max(mark.from);
        if mark.from >= range.end || until < range.start {
            return None;
        }
        Some((self.column(mark.from), self.column(until)))
    }

    /// How much of the range lies before a time, times the columns; and the range.
    fn part(&self, ts: i64) -> (i128, i128) {
        let range = self.timeline.range;
        let ts = ts.clamp(range.start, range.end);
        // Differences of i128, since the whole range of i64 may be asked for.
        let part = i128::from(ts) - i128::from(range.start);
        let span = i128::from(range.end) - i128::from(range.start);
        (part * self.columns as i128, span.max(1))
    }

    /// Where a time lies, in columns.
    fn position(&self, ts: i64) -> f64 {
        let (part, span) = self.part(ts);
        part as f64 / span as f64
    }

    fn column(&self, ts: i64) -> usize {
        let (part, span) = self.part(ts);
        usize::try_from(part / span).map_or(0, |column| column.min(self.columns - 1))
    }

    fn column_micros(&self) -> i64 {
        let range = self.timeline.range;
        range.end.saturating_sub(range.start) / self.columns as i64
    }

    /// `6h`, in whole minutes from an hour on.
    fn column_length(&self) -> String {
        let micros = self.column_micros();
        let unit = match micros {
            ..60_000_000 => 1_000_000,
            60_000_000..86_400_000_000 => 60_000_000,
            _ => 3_600_000_000,
        };
        format_duration((micros + unit / 2) / unit * unit)
    }

    /// What each character means, of those that are there.
    fn legend(&self) -> Vec<(&'static str, Ink, &'static str)> {
        let bands = self
            .timeline
            .bands
            .iter()
            .filter(|band| self.shows(band))
            .flat_map(|band| &band.marks);
        let marks = bands.chain(self.timeline.rows.iter().flat_map(|row| &row.marks));
        let mut kinds: Vec<MarkKind> = marks
            .filter(|mark| self.reach(**mark).is_some())
            .map(|mark| mark.kind)
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.reverse();
        kinds.into_iter().map(entry).collect()
    }
}

fn entry(kind: MarkKind) -> (&'static str, Ink, &'static str) {
    match kind {
        MarkKind::Page => ("◆", PAGE, "page (2–9: so many, +: more)"),
        MarkKind::Notification => ("◇", NOTIFICATION, "notification (◈: several)"),
        MarkKind::Firing => ("▁▄█", FIRING, "fires (height: share of the time)"),
        MarkKind::Pending => ("·", Ink::Dim, "pending"),
        MarkKind::MissedIncident => ("▽─", Ink::Series(3), "incident missed"),
        MarkKind::Incident => ("▼━", Ink::Series(3), "incident met"),
        MarkKind::Maintenance => ("▒", Ink::Series(7), "planned work"),
        MarkKind::Night => ("░", Ink::Dim, "night"),
    }
}

const PAGE: Ink = Ink::Series(5);
const NOTIFICATION: Ink = Ink::Series(6);
const FIRING: Ink = Ink::Series(1);

/// What happened in the time of one cell.
#[derive(Debug, Clone, Default)]
struct CellMarks {
    pages: usize,
    notifications: usize,
    fires: bool,
    share: f64,
    is_pending: bool,
}

impl CellMarks {
    fn glyph(&self, is_guide: bool) -> (char, Ink) {
        match self.pages {
            0 => {}
            1 => return ('◆', PAGE),
            2..=9 => {
                let digit = char::from_digit(self.pages as u32, 10);
                return (digit.unwrap_or('+'), PAGE);
            }
            _ => return ('+', PAGE),
        }
        if self.notifications > 0 {
            let glyph = if self.notifications > 1 { '◈' } else { '◇' };
            (glyph, NOTIFICATION)
        } else if self.fires {
            // What is not nothing shows as an eighth at least.
            let eighths = (self.share * 8.0).round().clamp(1.0, 8.0);
            (EIGHTHS[eighths as usize], FIRING)
        } else if self.is_pending {
            ('·', Ink::Dim)
        } else if is_guide {
            ('┊', Ink::Dim)
        } else {
            (' ', Ink::Plain)
        }
    }
}

/// Writes characters and meanings, in as many lines as they need.
fn legend(out: &mut String, entries: &[(&str, Ink, &str)], width: usize, color: bool) {
    let mut line = Canvas::new(width, 1);
    let mut x = 0;
    for (glyphs, ink, meaning) in entries {
        if x > 0 && x + 1 + text_width(glyphs) + text_width(meaning) > width {
            line.write(out, color);
            line = Canvas::new(width, 1);
            x = 0;
        }
        x = line.text(x, 0, glyphs, *ink) + 1;
        x = line.text(x, 0, meaning, Ink::Dim) + 3;
    }
    if x > 0 {
        line.write(out, color);
    }
}

#[cfg(test)]
mod tests;
