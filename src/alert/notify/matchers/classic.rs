//! The parser of old: tolerant, but only for classic label names.

use super::Parsed;
use crate::promql::MatchKind;

pub(super) fn parse(text: &str) -> Option<Vec<Parsed>> {
    let text = text.strip_prefix('{').unwrap_or(text);
    let text = text.strip_suffix('}').unwrap_or(text);
    let mut parts = Vec::new();
    let (mut inside, mut escaped, mut start) = (false, false, 0);
    for (at, c) in text.char_indices() {
        match c {
            ',' if !inside => {
                parts.push(&text[start..at]);
                start = at + 1;
                // As written there: the escape flag outlives a comma.
                continue;
            }
            '"' if escaped => escaped = false,
            '"' => inside = !inside,
            '\\' => escaped = !escaped,
            ',' => {}
            _ => escaped = false,
        }
    }
    let last = &text[start..];
    if !last.trim().is_empty() {
        parts.push(last.trim());
    }
    parts.into_iter().map(matcher).collect()
}

fn matcher(text: &str) -> Option<Parsed> {
    let text = text.trim_matches(is_space);
    let end = text
        .find(|c: char| !(c == '_' || c == ':' || c.is_ascii_alphanumeric()))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let rest = rest.trim_start_matches(is_space);
    let operators = [
        ("=~", MatchKind::Regex),
        ("=", MatchKind::Equal),
        ("!=", MatchKind::NotEqual),
        ("!~", MatchKind::NotRegex),
    ];
    let (rest, kind) = operators
        .iter()
        .find_map(|(sign, kind)| Some((rest.strip_prefix(sign)?, *kind)))?;
    let raw = rest.trim_start_matches(is_space);
    Some(Parsed {
        name: name.to_owned(),
        kind,
        value: value(raw)?,
    })
}

fn value(raw: &str) -> Option<String> {
    let (raw, mut open) = match raw.strip_prefix('"') {
        Some(rest) => (rest, true),
        None => (raw, false),
    };
    let mut value = String::with_capacity(raw.len());
    let mut escaped = false;
    for (at, c) in raw.char_indices() {
        let last = at + 1 >= raw.len();
        match c {
            'n' if escaped => value.push('\n'),
            '"' | '\\' if escaped => value.push(c),
            _ if escaped => {
                value.push('\\');
                value.push(c);
            }
            '\\' if last => value.push('\\'),
            '\\' => {
                escaped = true;
                continue;
            }
            '"' if !open || !last => return None,
            '"' => open = false,
            _ => value.push(c),
        }
        escaped = false;
    }
    (!open).then_some(value)
}

/// What `\s` is in Go.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}
