use super::RenderOptions;
use super::chart;
use super::column::{Numbers, shown_columns};
use super::number::integer;
use super::table::provenance;
use super::text::escape;
use crate::report::{Block, Document, Table};

/// Significant digits of a number: more than a table has, since Markdown is
/// copied from; fewer than an f64 has, lest `1.1 × 100` show its noise.
const SIGNIFICANT: usize = 10;

/// Columns of what is drawn: a review's comment has room for so many.
const FENCED: usize = 96;

/// Writes a document as Markdown; a chart is left out, since its rows are there
/// and Braille is not in every font for code.
pub(super) fn render(document: &Document, options: &RenderOptions) -> String {
    let mut out = String::new();
    let mut block = |text: String| {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&text);
        out.push('\n');
    };
    if !document.title.is_empty() {
        block(format!("# {}", inline(&document.title)));
    }
    let from = provenance(document, options.tz);
    if !from.is_empty() {
        block(format!("_{}_", inline(&from)));
    }
    for content in &document.blocks {
        match content {
            Block::Heading(text) => block(format!("## {}", inline(text))),
            Block::Paragraph(text) => block(prose(text)),
            Block::Table(rows) => block(table(rows, options)),
            Block::Finding(finding) => block(format!(
                "- **{}**: {}",
                finding.severity.as_str(),
                prose(&finding.sentence)
            )),
            Block::Timeline(timeline) => {
                block(fenced(&chart::draw_timeline(
                    timeline, FENCED, false, options.tz,
                )));
            }
            Block::Scatter(scatter) => block(fenced(&chart::draw_scatter(scatter, FENCED, false))),
            Block::Chart(_) => {}
        }
    }
    for warning in &document.warnings {
        block(format!("> **warning**: {}", prose(&warning.message)));
    }
    out
}

fn table(table: &Table, options: &RenderOptions) -> String {
    let total = table.num_rows();
    let rows = options.max_rows.unwrap_or(total).min(total);
    let columns = shown_columns(table, rows, options.tz, Numbers::Significant(SIGNIFICANT));
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = Vec::with_capacity(rows + 2);
    if let Some(title) = &table.title {
        lines.push(format!("**{}**\n", inline(title)));
    }
    lines.push(line(
        columns
            .iter()
            .map(|column| {
                let name = inline(&column.name);
                if column.unit.is_empty() {
                    name
                } else {
                    format!("{name} ({})", inline(&column.unit))
                }
            })
            .collect(),
    ));
    lines.push(line(
        columns
            .iter()
            .map(|c| if c.right { "---:" } else { "---" }.to_owned())
            .collect(),
    ));
    for row in 0..rows {
        lines.push(line(
            columns
                .iter()
                .map(|c| inline(c.cells[row].trim_end()))
                .collect(),
        ));
    }
    if rows < total {
        lines.push(format!(
            "\nOf {} rows {} are not shown.",
            integer(total as i128),
            integer((total - rows) as i128)
        ));
    }
    lines.join("\n")
}

/// Sets a picture of characters apart; no name in it may end it.
fn fenced(picture: &str) -> String {
    let picture = picture.replace("```", "'''");
    format!("```text\n{}\n```", picture.trim_end())
}

/// Writes sentences: what stands between two backticks is code, and all else is [`inline`].
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, next)) = after.split_once('`').filter(|(code, _)| is_code(code)) else {
            break;
        };
        out += &inline(before);
        out += &format!("`{}`", escape(code));
        rest = next;
    }
    out + &inline(rest)
}

/// Whether a text can stand in a code span, where nothing can be escaped: it neither ends a table's
/// cell nor begins a tag for a reader that knows no code spans.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(['|', '<', '\n'])
}

/// Takes from others' text what Markdown and HTML would make of it.
fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' => safe.extend(['\\', c]),
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            _ => safe.push(c),
        }
    }
    safe
}
