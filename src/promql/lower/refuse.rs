//! What is PromQL but not done here, recognised by its tokens before the grammar sees it.
//!
//! Source: `promql/parser/functions.go` (its `Experimental` flags),
//! `promql/parser/parse.go` of Prometheus.

use crate::promql::error::{Error, ErrorKind, Span};
use crate::promql::lower::token::{Token, TokenKind};
use crate::promql::options::Version;

const EXPERIMENTAL: &str = "it is experimental in Prometheus";
const NATIVE: &str = "it is about native histograms, and only float samples are kept here";
const RENAMED: &str = "Prometheus 3 has made it experimental, as `double_exponential_smoothing`; \
                       the semantics of version 2 have it";

const EXPERIMENTAL_FUNCTIONS: [&str; 19] = [
    "double_exponential_smoothing",
    "end",
    "first_over_time",
    "histogram_quantiles",
    "info",
    "integral",
    "mad_over_time",
    "max_of",
    "min_of",
    "range",
    "sort_by_label",
    "sort_by_label_desc",
    "start",
    "start_timestamp",
    "step",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
];

const NATIVE_FUNCTIONS: [&str; 5] = [
    "histogram_avg",
    "histogram_count",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
];

/// Refuses the first such thing, with its place.
pub(crate) fn refuse(tokens: &[Token<'_>], version: Version) -> Result<(), Error> {
    let mut context = Context::default();
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| tokens[i]);
        context.track(token, before);
        let after = &tokens[i + 1..];
        let found = if context.braces {
            in_braces(token, before, after)
        } else if context.brackets {
            in_brackets(token)
        } else if context.labels {
            None
        } else {
            outside(token, before, after, version)
        };
        if let Some((feature, reason)) = found {
            return Err(unsupported(feature, reason, token.span));
        }
    }
    Ok(())
}

/// An error that names the feature and why it is refused.
pub(crate) fn unsupported(feature: String, reason: &'static str, span: Span) -> Error {
    ErrorKind::Unsupported { feature, reason }.at(span)
}

#[derive(Default)]
struct Context {
    braces: bool,
    brackets: bool,
    /// In a list of labels: `by (…)`.
    labels: bool,
}

impl Context {
    fn track(&mut self, token: &Token<'_>, before: Option<Token<'_>>) {
        if token.kind != TokenKind::Symbol {
            return;
        }
        match token.text {
            "{" => self.braces = true,
            "}" => self.braces = false,
            "[" => self.brackets = true,
            "]" => self.brackets = false,
            "(" => self.labels = before.is_some_and(|word| opens_labels(&word)),
            ")" => self.labels = false,
            _ => {}
        }
    }
}

fn opens_labels(word: &Token<'_>) -> bool {
    [
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
    ]
    .iter()
    .any(|keyword| word.is_word(keyword))
}

type Refusal = Option<(String, &'static str)>;

fn in_braces(token: &Token<'_>, before: Option<Token<'_>>, after: &[Token<'_>]) -> Refusal {
    // As an operator it stands between two matchers; else it is a label.
    let operator = token.is_word("or")
        && before.is_some_and(|token| token.kind == TokenKind::String)
        && after
            .first()
            .is_some_and(|t| matches!(t.kind, TokenKind::Word | TokenKind::String));
    operator.then(|| {
        let reason = "Prometheus has no such operator: join two selectors by `or`";
        ("`or` between matchers".to_owned(), reason)
    })
}

fn in_brackets(token: &Token<'_>) -> Refusal {
    let expression = match token.kind {
        TokenKind::Word => ["step", "range", "min", "max", "min_of", "max_of"]
            .iter()
            .any(|word| token.is_word(word)),
        TokenKind::Symbol => matches!(token.text, "(" | ")" | "+" | "-" | "*" | "/" | "%" | "^"),
        _ => false,
    };
    expression.then(duration_expression)
}

fn duration_expression() -> (String, &'static str) {
    ("a duration expression".to_owned(), EXPERIMENTAL)
}

fn outside(
    token: &Token<'_>,
    before: Option<Token<'_>>,
    after: &[Token<'_>],
    version: Version,
) -> Refusal {
    if token.is("</") || token.is(">/") {
        return Some((format!("the operator `{}`", token.text), NATIVE));
    }
    if token.kind != TokenKind::Word {
        return None;
    }
    let called = after.first().is_some_and(|token| token.is("("));
    if token.is_word("offset") && before.is_some_and(|before| ends_operand(&before)) {
        return offset(after);
    }
    for name in ["smoothed", "anchored"] {
        if token.is_word(name) && before.is_some_and(|before| ends_operand(&before)) {
            return Some((format!("the modifier `{name}`"), EXPERIMENTAL));
        }
    }
    for name in ["fill", "fill_left", "fill_right"] {
        if token.is_word(name) && called {
            return Some((format!("the modifier `{name}`"), EXPERIMENTAL));
        }
    }
    for name in ["limitk", "limit_ratio"] {
        let grouped = after
            .first()
            .is_some_and(|t| t.is_word("by") || t.is_word("without"));
        if token.is_word(name) && (called || grouped) {
            return Some((format!("the aggregation `{name}`"), EXPERIMENTAL));
        }
    }
    if !called || before.is_some_and(|before| before.is("@")) {
        return None;
    }
    let reason = if EXPERIMENTAL_FUNCTIONS.contains(&token.text) {
        EXPERIMENTAL
    } else if NATIVE_FUNCTIONS.contains(&token.text) {
        NATIVE
    } else if token.text == "holt_winters" && version == Version::V3 {
        RENAMED
    } else {
        return None;
    };
    Some((format!("the function `{}`", token.text), reason))
}

/// What follows `offset`: a literal with a sign at most, or a duration expression.
fn offset(after: &[Token<'_>]) -> Refusal {
    let mut rest = after.iter().skip_while(|t| t.is("+") || t.is("-"));
    let expression = match rest.next() {
        Some(token) if token.is("(") => true,
        Some(token) if token.kind == TokenKind::Word => rest.next().is_some_and(|t| t.is("(")),
        _ => false,
    };
    expression.then(duration_expression)
}

/// Whether a token can be the last of an operand.
fn ends_operand(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::Symbol => matches!(token.text, ")" | "]" | "}"),
        TokenKind::Word => !["and", "or", "unless", "atan2", "bool"]
            .iter()
            .any(|word| token.is_word(word)),
        _ => true,
    }
}
