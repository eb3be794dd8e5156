//! What can be told from the text of an expression.

use crate::promql::{Options, Query};

/// Whether an expression gives nothing if `unmatched` of its selectors do.
///
/// It does not say so where a part may stand in for another (`or`, `unless`) and not all selectors
/// match nothing, or where a function makes something of nothing.
pub(super) fn needs_all(expr: &str, unmatched: usize) -> bool {
    let words: Vec<String> = words(expr).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    if has(&["absent", "absent_over_time", "vector", "scalar", "time"]) {
        return false;
    }
    let selectors =
        || Query::parse(expr, &Options::default()).map_or(usize::MAX, |q| q.selectors().len());
    !has(&["or", "unless"]) || unmatched >= selectors()
}

/// The words and numbers of an expression in lower case, without its strings and comments.
pub(super) fn words(expr: &str) -> impl Iterator<Item = String> {
    let mut plain = String::with_capacity(expr.len());
    let mut rest = expr.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\'' | '`' => {
                while let Some(inner) = rest.next() {
                    match inner {
                        '\\' if c != '`' => drop(rest.next()),
                        _ if inner == c => break,
                        _ => {}
                    }
                }
                plain.push(' ');
            }
            '#' => {
                rest.by_ref().find(|inner| *inner == '\n');
                plain.push(' ');
            }
            _ => plain.push(c.to_ascii_lowercase()),
        }
    }
    let words: Vec<String> = plain
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':')))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::needs_all;

    #[test]
    fn tells_what_needs_all_its_selectors() {
        for (expr, unmatched, needs) in [
            ("missing - here > 1000", 1, true),
            ("here or missing", 1, false),
            ("missing or missing2", 2, true),
            ("here unless missing", 1, false),
            ("absent(missing)", 1, false),
            ("missing or vector(0)", 1, false),
            // Words in strings, comments and longer names do not count.
            ("missing{a=\"x or y\\\" or\"} # or absent\n > 1", 1, true),
            ("missing_or_absent > 1", 1, true),
            ("not a query or", 1, false),
        ] {
            assert_eq!(needs_all(expr, unmatched), needs, "{expr}");
        }
    }
}
