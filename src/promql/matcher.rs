//! Label matchers with the regular expressions of RE2, fully anchored.
//!
//! Values are compared as stored. Prometheus 3 writes the values of `le` and
//! `quantile` as floats when it scrapes (`1` becomes `1.0`); a matcher on an
//! older history says what that history has.

use std::fmt;

use regex::{Regex, RegexBuilder};

use crate::model::Labels;
use crate::promql::labels::{is_classic_name, write_quoted};
use crate::promql::options::Version;
use crate::promql::re2::{self, PatternError};

/// A condition on one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label's name.
    pub name: String,
    /// The text as written.
    pub value: String,
    /// The comparison.
    pub op: MatchOp,
}

/// How a label is compared; an absent label is `""`.
#[derive(Debug, Clone)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex(Regex),
    /// `!~`
    NotRegex(Regex),
}

/// The comparisons by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchKind {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

impl Matcher {
    /// Makes a condition; a regular expression is compiled.
    pub fn new(
        name: impl Into<String>,
        kind: MatchKind,
        value: impl Into<String>,
        version: Version,
    ) -> Result<Self, PatternError> {
        let value = value.into();
        let op = match kind {
            MatchKind::Equal => MatchOp::Equal,
            MatchKind::NotEqual => MatchOp::NotEqual,
            MatchKind::Regex => MatchOp::Regex(compile(&value, version)?),
            MatchKind::NotRegex => MatchOp::NotRegex(compile(&value, version)?),
        };
        Ok(Self {
            name: name.into(),
            value,
            op,
        })
    }

    /// Whether a label's value meets the condition.
    pub fn matches(&self, value: &str) -> bool {
        match &self.op {
            MatchOp::Equal => self.value == value,
            MatchOp::NotEqual => self.value != value,
            MatchOp::Regex(regex) => regex.is_match(value),
            MatchOp::NotRegex(regex) => !regex.is_match(value),
        }
    }

    /// Whether a label set meets the condition.
    pub fn matches_in(&self, labels: &Labels) -> bool {
        self.matches(labels.get(&self.name).unwrap_or(""))
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_classic_name(&self.name) {
            f.write_str(&self.name)?;
        } else {
            write_quoted(f, &self.name)?;
        }
        f.write_str(match self.op {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex(_) => "=~",
            MatchOp::NotRegex(_) => "!~",
        })?;
        write_quoted(f, &self.value)
    }
}

/// How much memory a compiled regular expression may take. Ten times the crate's
/// default: RE2, which Prometheus compiles with, counts repetitions, not memory.
const MOST_MEMORY: usize = 100 << 20;

/// Compiles a regular expression in RE2's syntax, anchored at both ends.
pub(crate) fn compile(pattern: &str, version: Version) -> Result<Regex, PatternError> {
    let flags = match version {
        Version::V2 => "",
        Version::V3 => "(?s)",
    };
    let pattern = re2::translate(pattern)?;
    let mut builder = RegexBuilder::new(&format!("^{flags}(?:{pattern})$"));
    Ok(builder.size_limit(MOST_MEMORY).build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(pattern: &str, version: Version) -> Matcher {
        Matcher::new("x", MatchKind::Regex, pattern, version).expect(pattern)
    }

    #[test]
    fn patterns_are_anchored() {
        let matcher = regex("a|b", Version::V3);
        assert!(matcher.matches("a") && matcher.matches("b"));
        assert!(!matcher.matches("ab") && !matcher.matches("xb") && !matcher.matches(""));
        // A multi-line flag inside does not loosen the ends.
        assert!(!regex("(?m)a", Version::V3).matches("a\nb"));
    }

    #[test]
    fn a_dot_matches_a_newline_since_3() {
        assert!(regex("a.b", Version::V3).matches("a\nb"));
        assert!(!regex("a.b", Version::V2).matches("a\nb"));
    }

    #[test]
    fn a_large_pattern_is_compiled() {
        let matcher = regex(r"(\pL{100}){10}|api", Version::V3);
        assert!(matcher.matches("api") && matcher.matches(&"é".repeat(1000)));
        assert!(!matcher.matches(&"é".repeat(999)));
    }

    #[test]
    fn an_absent_label_is_empty() {
        let labels = Labels::default();
        assert!(regex(".*", Version::V3).matches_in(&labels));
        assert!(!regex(".+", Version::V3).matches_in(&labels));
        let not = Matcher::new("x", MatchKind::NotEqual, "a", Version::V3).expect("plain");
        assert!(not.matches_in(&labels));
    }

    #[test]
    fn is_written_as_in_a_query() {
        assert_eq!(regex("a.*", Version::V3).to_string(), "x=~\"a.*\"");
        let odd = Matcher::new("a b", MatchKind::NotEqual, "q\"\\\n", Version::V3).expect("plain");
        assert_eq!(odd.to_string(), r#""a b"!="q\"\\\n""#);
    }

    #[test]
    fn says_what_is_wrong() {
        let error = compile("a(", Version::V3).expect_err("unclosed");
        assert_eq!(error.to_string(), "a `(` is not closed");
        let error = compile("a**", Version::V3).expect_err("stacked");
        assert_eq!(error.to_string(), "a repetition cannot be repeated");
    }
}
