//! From a place in a scalar's text to the place in the file.

use serde_saphyr::granit_parser::ScalarStyle;

use crate::alert::rule_file::yaml::{Node, NodeKind};
use crate::promql::Span;

/// Where a part of a scalar's text stands in the source; the scalar's start
/// where that cannot be told.
pub(crate) fn locate_span(source: &str, node: &Node, span: Span) -> Span {
    let Some(start) = locate(source, node, span.start) else {
        return Span {
            start: node.span.start,
            end: node.span.start,
        };
    };
    let end = locate(source, node, span.end).filter(|end| *end >= start);
    Span {
        start,
        end: end.unwrap_or(start),
    }
}

/// Finds the byte of the source from which a byte of a scalar's text came;
/// `None` where the two cannot be aligned.
///
/// The text and the source are walked together. A run of white space with a
/// line break in the source (folding, indentation) stands for one run of white
/// space in the text; everything else is the same character, or an escape.
fn locate(source: &str, node: &Node, at: usize) -> Option<usize> {
    let NodeKind::Scalar { text, style } = &node.kind else {
        return None;
    };
    let raw = source.get(node.span.start..node.span.end)?;
    let (mut from, mut to) = match style {
        ScalarStyle::Plain => (0, 0),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (1, 0),
        // Block scalars begin at their first line that is not blank.
        _ => (white_space(raw), white_space(text)),
    };
    while to < at {
        let rest = raw.get(from..)?;
        let run = white_space(rest);
        if rest[..run].contains('\n') {
            let in_text = white_space(text.get(to..)?);
            if to + in_text > at {
                return Some(node.span.start + from);
            }
            from += run;
            to += in_text;
            continue;
        }
        let (taken, character) = match (style, rest.chars().next()?) {
            (ScalarStyle::SingleQuoted, '\'') => (2, '\''),
            (ScalarStyle::DoubleQuoted, '\\') => match escape(rest)? {
                (taken, Some(character)) => (taken, character),
                (taken, None) => {
                    from += taken;
                    continue;
                }
            },
            (_, character) => (character.len_utf8(), character),
        };
        if !text.get(to..)?.starts_with(character) {
            return None;
        }
        from += taken;
        to += character.len_utf8();
    }
    // The character meant stands after the break, if the text is at a break's end.
    let rest = raw.get(from..)?;
    let run = white_space(rest);
    if rest[..run].contains('\n')
        && !text.get(to..)?.starts_with(char::is_whitespace)
        && to < text.len()
    {
        from += run;
    }
    Some(node.span.start + from)
}

fn white_space(text: &str) -> usize {
    text.bytes()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
        .count()
}

/// The length of the escape at the start of a text, and what it stands for;
/// nothing for an escaped line break.
fn escape(text: &str) -> Option<(usize, Option<char>)> {
    let code = text[1..].chars().next()?;
    let digits = match code {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    if digits > 0 {
        let value = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        return Some((2 + digits, Some(char::from_u32(value)?)));
    }
    let character = match code {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        '\n' | '\r' => return Some((1 + white_space(&text[1..]), None)),
        other => other,
    };
    Some((1 + code.len_utf8(), Some(character)))
}
