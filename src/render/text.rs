//! Widths, cutting and wrapping of text that others wrote.

use std::borrow::Cow;
use std::collections::BTreeSet;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Counts the terminal columns of a text without control characters.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Counts the terminal columns of a character; 0 where it joins the one before.
pub(super) fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Makes a text safe for a terminal: control characters and the marks that
/// reverse the writing direction are written as Rust escapes (a log line must
/// not move the cursor), and what only changes a neighbour's width is left out.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let joins = |c: char| matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.chars().any(|c| hostile(c) || joins(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if hostile(c) {
            safe.extend(c.escape_default());
        } else if !joins(c) {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Cuts a text to a width; `…` says that it was cut.
pub(super) fn truncate(text: &str, columns: usize) -> Cow<'_, str> {
    if text.chars().map(char_width).sum::<usize>() <= columns {
        return Cow::Borrowed(text);
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += char_width(c);
        if used + 1 > columns {
            break;
        }
        cut.push(c);
    }
    if columns > 0 {
        cut.push('…');
    }
    Cow::Owned(cut)
}

/// Cuts a text to a width in its middle, since names often begin alike.
fn truncate_middle(text: &str, columns: usize, head: usize) -> Cow<'_, str> {
    if text.chars().map(char_width).sum::<usize>() <= columns {
        return Cow::Borrowed(text);
    }
    let head = truncate(text, head.min(columns).max(1));
    let mut used = head.chars().map(char_width).sum::<usize>();
    let mut tail = text.len();
    for (at, c) in text.char_indices().rev() {
        used += char_width(c);
        if used > columns {
            break;
        }
        tail = at;
    }
    Cow::Owned(format!("{head}{}", &text[tail..]))
}

/// Counts the names that differ.
pub(super) fn distinct(names: &[String]) -> usize {
    names.iter().collect::<BTreeSet<_>>().len()
}

/// Cuts names to a width so that they stay apart as far as that can be: more of
/// their ends is kept where they have long beginnings in common.
pub(super) fn shorten(names: &[String], columns: usize) -> Vec<String> {
    let cut = |head: usize| -> Vec<String> {
        let names = names.iter();
        names
            .map(|name| truncate_middle(name, columns, head).into_owned())
            .collect()
    };
    let heads = [columns / 2, columns / 4, 1, columns];
    let mut best = cut(heads[0]);
    for head in &heads[1..] {
        if distinct(&best) == distinct(names) {
            break;
        }
        let other = cut(*head);
        if distinct(&other) > distinct(&best) {
            best = other;
        }
    }
    best
}

/// Breaks a table's cell into at most so many lines of a width: at spaces, else
/// behind `_`, `/`, `-`, `,` or `.`, else anywhere; `…` says that lines are missing.
pub(super) fn break_cell(text: &str, columns: usize, lines: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut broken = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = line_end(rest, columns);
        if end < rest.len() && broken.len() + 1 >= lines {
            let last = format!("{}…", truncate(rest, columns).trim_end_matches('…'));
            broken.push(last);
            break;
        }
        let (line, behind) = rest.split_at(end);
        let is_last = behind.is_empty();
        broken.push(if is_last { line } else { line.trim_end() }.to_owned());
        rest = if is_last { "" } else { behind.trim_start() };
    }
    if broken.is_empty() {
        broken.push(String::new());
    }
    broken
}

/// Finds where a line of a width ends: not before a third of it, lest short
/// words take a line each.
fn line_end(text: &str, columns: usize) -> usize {
    let (mut used, mut space, mut mark) = (0, None, None);
    for (at, c) in text.char_indices() {
        used += char_width(c);
        if used > columns && at > 0 {
            return if c == ' ' {
                at
            } else {
                space.or(mark).unwrap_or(at)
            };
        }
        if used * 3 >= columns {
            match c {
                ' ' => space = Some(at + 1),
                '_' | '/' | '-' | ',' | '.' => mark = Some(at + 1),
                _ => {}
            }
        }
    }
    text.len()
}

/// Breaks a text into lines of a width at spaces, and inside a word only where
/// the word alone is wider.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in escape(text).split_whitespace() {
        let needed: usize = word.chars().map(char_width).sum();
        if used > 0 && used + 1 + needed > columns {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            if used + char_width(c) > columns {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            used += char_width(c);
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_cursor_where_it_is() {
        assert_eq!(escape("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(escape("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(escape("né 日本"), "né 日本");
    }

    #[test]
    fn cuts_and_wraps_by_columns() {
        assert_eq!(truncate("checkout", 8), "checkout");
        assert_eq!(truncate("checkout", 5), "chec…");
        assert_eq!(truncate("日本語", 5), "日本…");
        assert_eq!(truncate("日本語", 4), "日…");
        assert_eq!(truncate("x", 0), "");
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert!(wrap("  ", 10).is_empty());
    }

    #[test]
    fn shortened_names_stay_apart() {
        let shorten = |names: &[&str], columns| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            shorten(&names, columns)
        };
        assert_eq!(
            shorten(
                &["collector collector-0", "collector collector-1", "api"],
                12
            ),
            ["colle…ctor-0", "colle…ctor-1", "api"]
        );
        // Half of each end does not tell them apart.
        assert_eq!(
            shorten(
                &[
                    "storage-router-a/query-range",
                    "storage-router-b/query-range"
                ],
                16
            ),
            ["…r-a/query-range", "…r-b/query-range"]
        );
        assert_eq!(shorten(&["日本語日本語"], 5), ["…本語"]);
        assert_eq!(shorten(&["ab"], 1), ["…"]);
    }

    #[test]
    fn breaks_cells_where_words_end() {
        for (text, columns, lines) in [
            ("storage_router", 16, &["storage_router"][..]),
            (
                "storage_router_queries_total",
                16,
                &["storage_router_", "queries_total"],
            ),
            ("upstream timed_out", 16, &["upstream", "timed_out"]),
            ("abcdefgh", 3, &["abc", "def", "gh"]),
            ("a-bcdefghijklmnop", 12, &["a-bcdefghijk", "lmnop"]),
            ("one two three four", 5, &["one", "two", "thre…"]),
            ("日本語", 1, &["日", "本", "語"]),
            ("", 4, &[""]),
        ] {
            assert_eq!(break_cell(text, columns, 3), lines, "{text}");
        }
    }
}
