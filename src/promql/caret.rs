//! The part of a query that an error is about, underlined.

use crate::promql::error::Span;

/// Draws the line of the query in which a span starts, and `^~~~` under the
/// part of the span that lies on it:
///
/// ```text
///   | sum(foo) / on (job) bar
///   |            ^~~~~~~~
/// ```
pub fn caret(text: &str, span: Span) -> String {
    let start = boundary(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = boundary(text, span.end).clamp(start, line_end);
    let line: String = text[line_start..line_end]
        .trim_end()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let padding = " ".repeat(width(&text[line_start..start]));
    let tildes = "~".repeat(width(&text[start..end]).saturating_sub(1));
    format!("  | {line}\n  | {padding}^{tildes}")
}

/// The last boundary of a character at or before an offset.
fn boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The columns that a text takes in a terminal; control characters are drawn as a blank.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            // Combining marks and joiners.
            0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
            // East Asian wide and full-width forms, emoji.
            0x1100..=0x115f
            | 0x2e80..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f
            | 0xff00..=0xff60
            | 0xffe0..=0xffe6
            | 0x1f300..=0x1faff
            | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str, start: usize, end: usize) -> String {
        caret(text, Span { start, end })
    }

    #[test]
    fn underlines_the_span() {
        assert_eq!(at("foo + bar", 6, 9), "  | foo + bar\n  |       ^~~");
        assert_eq!(at("foo", 0, 1), "  | foo\n  | ^");
    }

    #[test]
    fn marks_the_end() {
        assert_eq!(at("foo +", 5, 5), "  | foo +\n  |      ^");
        assert_eq!(at("", 0, 0), "  | \n  | ^");
    }

    #[test]
    fn draws_the_first_line_of_a_span() {
        assert_eq!(at("a +\n\tb *\nc", 5, 10), "  |  b *\n  |  ^~~");
    }

    #[test]
    fn counts_columns() {
        assert_eq!(
            at("{a=\"数据\"} + b", 15, 16),
            "  | {a=\"数据\"} + b\n  |              ^"
        );
        assert_eq!(at("é + b", 5, 6), "  | é + b\n  |     ^");
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ -~\\n\\té数]{0,20}", start in 0_usize..70, end in 0_usize..70) {
            prop_assert_eq!(at(&text, start, end).lines().count(), 2);
        }
    }
}
