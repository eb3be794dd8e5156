//! What can be told from the text of an expression.

use crate::promql::{Options, Query, Span, Version};

/// Whether an expression can give nothing, since `unmatched` of its selectors (as it writes them)
/// select nothing.
pub(super) fn is_dead(expr: &str, unmatched: &[(String, String)]) -> bool {
    let selects_nothing = |span: Span| {
        let text = expr.get(span.start..span.end);
        unmatched.iter().any(|(one, _)| text == Some(one))
    };
    // Each version has functions that the other has not.
    let versions = [Version::V3, Version::V2].into_iter();
    let mut queries = versions.filter_map(|version| {
        let options = Options {
            version,
            ..Options::default()
        };
        Query::parse(expr, &options).ok()
    });
    let query = queries.next();
    query.is_some_and(|query| query.is_empty_if(&selects_nothing))
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
    use super::{is_dead, words};

    #[test]
    fn tells_what_can_give_nothing() {
        for (expr, unmatched, dead) in [
            ("gone - here > 1000", &["gone"][..], true),
            ("time() - gone > 86400", &["gone"], true),
            ("gone > 5 and (here or there)", &["gone"], true),
            (
                "gone{a=\"x or y\"} # or absent\n > 1",
                &["gone{a=\"x or y\"}"],
                true,
            ),
            (
                "rate(gone[5m] offset 1h) > 0",
                &["gone[5m] offset 1h"],
                true,
            ),
            ("holt_winters(gone[5m], 0.5, 0.5) > 0", &["gone[5m]"], true),
            ("gone or gone2", &["gone", "gone2"], true),
            ("gone or gone2", &["gone"], false),
            ("absent(gone)", &["gone"], false),
            ("gone > 1", &[], false),
            ("not a query or", &["not"], false),
        ] {
            let why = |text: &&str| ((*text).to_owned(), "nothing".to_owned());
            let unmatched: Vec<_> = unmatched.iter().map(why).collect();
            assert_eq!(is_dead(expr, &unmatched), dead, "{expr}");
        }
    }

    #[test]
    fn words_are_not_those_of_strings_and_comments() {
        let found: Vec<String> = words("Vector(1) # all\n+ x{a=\"b \\\" c\"}").collect();
        assert_eq!(found, ["vector", "1", "x", "a"]);
    }
}
