//! The matcher language of Alertmanager's configuration: `foo="bar"`, `foo=~b.*`,
//! `{a="b", c!="d"}`.
//!
//! There are two parsers, as in Alertmanager since 0.27: one for UTF-8 names,
//! whose quoted strings are Go's, and the classic one, to which values it does not
//! understand (`a=b=c`, `{a="\d"}`) fall back. Where both understand a text and
//! disagree, the classic one counts.
//!
//! Source: `matcher/parse/{lexer,parse}.go`, `pkg/labels/parse.go`,
//! `matcher/compat/parse.go`.

mod classic;
mod utf8;

#[cfg(test)]
mod tests;

use crate::promql::{MatchKind, Matcher, PatternError, Version};

/// Why a text is no list of matchers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MatcherError {
    /// Something else should stand at a place.
    #[error("{text:?} is no list of matchers: expected {expected} {}", found(.text, *.at))]
    Expected {
        /// What should be there.
        expected: &'static str,
        /// The text.
        text: String,
        /// The byte at which it should be.
        at: usize,
    },
    /// A quoted string has a wrong escape, or is not closed.
    #[error("{0} is no quoted string")]
    Quoted(String),
    /// A regular expression is wrong.
    #[error("`{pattern}` is not a regular expression: {error}")]
    Pattern {
        /// The text.
        pattern: String,
        /// Why.
        error: PatternError,
    },
}

fn found(text: &str, at: usize) -> String {
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(c) => format!("at {c:?} (byte {})", at + 1),
        None => "at the end".to_owned(),
    }
}

/// A condition as read, before its pattern is compiled.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    name: String,
    kind: MatchKind,
    value: String,
}

/// Reads one condition or more.
pub fn parse_matchers(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let parsed = match (utf8::parse(text), classic::parse(text)) {
        (Ok(new), Some(old)) if new != old => old,
        (Ok(new), _) => new,
        (Err(_), Some(old)) => old,
        (Err(error), None) => return Err(error),
    };
    parsed
        .into_iter()
        .map(|one| {
            // A dot matches no newline: Alertmanager compiles without `(?s)`.
            Matcher::new(one.name, one.kind, one.value.as_str(), Version::V2).map_err(|error| {
                MatcherError::Pattern {
                    pattern: one.value,
                    error,
                }
            })
        })
        .collect()
}
