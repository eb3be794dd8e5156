//! Widths, cutting and wrapping of text that others wrote.

use std::borrow::Cow;

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
}
