//! Text for a terminal: title, blocks and warnings within a width.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use chrono_tz::Tz;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, TableComponent, Width};

use super::RenderOptions;
use super::chart;
use super::column::{Numbers, ShownColumn, shown_columns};
use super::number::integer;
use super::text::{break_cell, width, wrap};
use crate::model::format_timestamp;
use crate::report::{Block, Document, Severity, Table};

/// Columns between two columns.
const GAP: usize = 2;
/// Lines that one long text may take.
const MAX_LINES: usize = 4;
/// Narrowest column that a text is broken into.
const NARROW: usize = 16;

/// Writes a document; no line is wider than the given width (at least 20).
pub(super) fn render(document: &Document, options: &RenderOptions) -> String {
    let mut page = Page {
        text: String::new(),
        width: options.width.max(20),
        color: options.color,
    };
    page.wrapped("", &document.title, Style::new().bold());
    page.wrapped("", &provenance(document, options.tz), Style::new().dimmed());
    let mut after_finding = false;
    for block in &document.blocks {
        let is_finding = matches!(block, Block::Finding(_));
        if !(is_finding && after_finding) {
            page.blank();
        }
        after_finding = is_finding;
        match block {
            Block::Heading(text) => page.wrapped("", text, Style::new().bold()),
            Block::Paragraph(text) => page.wrapped("", text, Style::new()),
            Block::Table(table) => page.table(table, options),
            Block::Chart(chart) => {
                let drawn = chart::draw(chart, page.width, page.color, options.tz);
                page.text.push_str(&drawn);
            }
            Block::Timeline(timeline) => {
                let drawn = chart::draw_timeline(timeline, page.width, page.color, options.tz);
                page.text.push_str(&drawn);
            }
            Block::Scatter(scatter) => {
                let drawn = chart::draw_scatter(scatter, page.width, page.color);
                page.text.push_str(&drawn);
            }
            Block::Finding(finding) => {
                let color = match finding.severity {
                    Severity::Info => AnsiColor::Cyan,
                    Severity::Warning => AnsiColor::Yellow,
                    Severity::Critical => AnsiColor::Red,
                };
                let style = Style::new().bold().fg_color(Some(color.into()));
                let label = format!("{}: ", finding.severity.as_str());
                page.labelled(&label, &finding.sentence, style);
            }
        }
    }
    if !document.warnings.is_empty() {
        page.blank();
    }
    for warning in &document.warnings {
        let style = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
        page.labelled("warning: ", &warning.message, style);
    }
    page.text
}

/// Says where the numbers come from, in one line; empty where nobody said.
pub(super) fn provenance(document: &Document, tz: Tz) -> String {
    let from = &document.provenance;
    let mut parts = Vec::new();
    if !from.name.is_empty() {
        parts.push(from.name.clone());
    }
    if let Some(range) = from.range {
        parts.push(format!(
            "{} to {}",
            format_timestamp(range.start, tz),
            // A range may end a µs after the last sample.
            format_timestamp(range.end.div_euclid(1_000) * 1_000, tz)
        ));
    }
    parts.extend(
        from.parameters
            .iter()
            .filter(|(name, _)| !from.defaults.contains(name))
            .map(|(name, value)| format!("{name}={value}")),
    );
    parts.join(" · ")
}

struct Page {
    text: String,
    width: usize,
    color: bool,
}

impl Page {
    fn blank(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn styled(&mut self, text: &str, style: Style) {
        if self.color && !style.is_plain() {
            let _ = write!(self.text, "{style}{text}{style:#}");
        } else {
            self.text.push_str(text);
        }
    }

    fn wrapped(&mut self, indent: &str, text: &str, style: Style) {
        for line in wrap(text, self.width - indent.len()) {
            self.text.push_str(indent);
            self.styled(&line, style);
            self.text.push('\n');
        }
    }

    /// A coloured label, and the text hanging behind it.
    fn labelled(&mut self, label: &str, text: &str, style: Style) {
        let indent = " ".repeat(label.len());
        let start = self.text.len();
        self.wrapped(&indent, text, Style::new());
        let rest = self.text.split_off(start);
        self.styled(label.trim_end(), style);
        self.text.push(' ');
        self.text
            .push_str(rest.strip_prefix(&indent).unwrap_or("\n"));
    }

    fn table(&mut self, table: &Table, options: &RenderOptions) {
        if let Some(title) = &table.title {
            self.wrapped("", title, Style::new().bold());
        }
        let total = table.num_rows();
        let rows = options.max_rows.unwrap_or(total).min(total);
        let mut columns = shown_columns(table, rows, options.tz, Numbers::Aligned);
        let hidden = columns.split_off(fitting(&columns, self.width));
        if columns.is_empty() {
            self.text.push_str("(no columns)\n");
            return;
        }
        let mut is_header = true;
        for line in lay_out(&columns, rows, self.width).lines() {
            // comfy-table fills every line up to its width.
            let line = line.trim_end();
            let is_rule = is_header && line.starts_with('─');
            let style = match (is_header, is_rule) {
                (true, false) => Style::new().bold(),
                (true, true) => Style::new().dimmed(),
                _ => Style::new(),
            };
            self.styled(line, style);
            self.text.push('\n');
            is_header &= !is_rule;
        }
        let dim = Style::new().dimmed();
        if total == 0 {
            self.wrapped("", "(no rows)", dim);
        }
        if rows < total {
            let (more, all) = (integer((total - rows) as i128), integer(total as i128));
            self.wrapped("", &format!("… {more} more of {all} rows"), dim);
        }
        if !hidden.is_empty() {
            let names: Vec<&str> = hidden.iter().map(|column| column.name.as_str()).collect();
            let plural = if names.len() == 1 {
                "column does"
            } else {
                "columns do"
            };
            let names = names.join(", ");
            self.wrapped(
                "",
                &format!(
                    "… {} {plural} not fit: {names}; see them with --format md or a wider terminal",
                    hidden.len()
                ),
                dim,
            );
        }
    }
}

/// Counts the columns that stand side by side within a width, long texts broken.
fn fitting(columns: &[ShownColumn], available: usize) -> usize {
    let mut used = 0;
    let fits = |column: &&ShownColumn| {
        used += narrowest(column) + GAP;
        used <= available + GAP
    };
    columns
        .iter()
        .take_while(fits)
        .count()
        .max(1)
        .min(columns.len())
}

fn narrowest(column: &ShownColumn) -> usize {
    let natural = natural(column);
    if column.wraps {
        natural.min(NARROW)
    } else {
        natural
    }
}

fn natural(column: &ShownColumn) -> usize {
    let cells = column
        .cells
        .iter()
        .map(|cell| width(cell))
        .max()
        .unwrap_or(0);
    cells
        .max(width(&column.name))
        .max(width(&column.unit))
        .max(1)
}

/// The width of the longest piece of a column's texts that has no place to break.
fn unbroken(column: &ShownColumn) -> usize {
    let pieces = |text: &str| {
        let pieces = text.split_inclusive([' ', '_', '/', '-', ',', '.']);
        pieces.map(|piece| width(piece.trim_end())).max()
    };
    let cells = column.cells.iter().filter_map(|cell| pieces(cell));
    cells.max().unwrap_or(0)
}

/// Shares a width among columns: each has its narrowest; what is left goes first to the columns,
/// from the left, whose words would else be broken inside, then evenly to those whose texts are
/// longer.
fn widths(columns: &[ShownColumn], available: usize) -> Vec<usize> {
    let available = available.saturating_sub(GAP * columns.len().saturating_sub(1));
    if let [only] = columns {
        return vec![natural(only).min(available)];
    }
    let wanted: Vec<usize> = columns.iter().map(natural).collect();
    let mut widths: Vec<usize> = columns.iter().map(narrowest).collect();
    let mut left = available.saturating_sub(widths.iter().sum());
    for (at, column) in columns.iter().enumerate() {
        let more = unbroken(column).min(wanted[at]).saturating_sub(widths[at]);
        // A word for which there is no room is broken all the same.
        if more <= left {
            widths[at] += more;
            left -= more;
        }
    }
    loop {
        let short = |at: &usize| widths[*at] < wanted[*at];
        let growing: Vec<usize> = (0..columns.len()).filter(short).collect();
        if left == 0 || growing.is_empty() {
            return widths;
        }
        let share = (left / growing.len()).max(1);
        for at in growing {
            let more = share.min(left).min(wanted[at] - widths[at]);
            widths[at] += more;
            left -= more;
        }
    }
}

fn lay_out(columns: &[ShownColumn], rows: usize, available: usize) -> String {
    let mut table = comfy_table::Table::new();
    table
        .force_no_tty()
        .load_preset(comfy_table::presets::NOTHING)
        .set_style(TableComponent::HeaderLines, '─')
        .set_content_arrangement(ContentArrangement::Dynamic);
    let widths = widths(columns, available);
    let broken =
        |text: &str, at: usize, lines: usize| break_cell(text, widths[at], lines).join("\n");
    let units = columns.iter().any(|column| !column.unit.is_empty());
    table.set_header(columns.iter().enumerate().map(|(at, column)| {
        let name = broken(&column.name, at, usize::MAX);
        if units {
            format!("{name}\n{}", broken(&column.unit, at, usize::MAX))
        } else {
            name
        }
    }));
    for row in 0..rows {
        let columns = columns.iter().enumerate();
        table.add_row(columns.map(|(at, column)| broken(&column.cells[row], at, MAX_LINES)));
    }
    for (at, width) in widths.iter().enumerate() {
        let Some(laid_out) = table.column_mut(at) else {
            continue;
        };
        let padding = if at + 1 == columns.len() { 0 } else { GAP };
        laid_out.set_padding((0, padding as u16));
        if columns[at].right {
            laid_out.set_cell_alignment(CellAlignment::Right);
        }
        // comfy-table counts the padding into a constraint.
        let fixed = u16::try_from(width + padding).unwrap_or(u16::MAX);
        laid_out.set_constraint(ColumnConstraint::Absolute(Width::Fixed(fixed)));
    }
    table.to_string()
}
