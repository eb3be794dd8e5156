//! `promql-parser` on a query whose literals are hidden from it.

use promql_parser::parser::{Expr, parse as parse_promql};

use crate::model::did_you_mean;
use crate::promql::error::{Error, ErrorKind, Span};
use crate::promql::functions;
use crate::promql::lower::token::{Token, TokenKind};
use crate::promql::lower::{literal, syntax};

/// How deep operators, calls and parentheses may lie in each other: the
/// evaluator's stack is as deep.
const DEEPEST: usize = 500;

/// Parses a query and checks its types.
pub(crate) fn parse(text: &str, tokens: &[Token<'_>]) -> Result<Expr, Error> {
    check_depth(tokens)?;
    let plain = plain(text, tokens)?;
    grammar(&plain).map_err(|message| explain(&plain, tokens, message))
}

/// `promql-parser` has the function of version 2 under its new name only; its arguments
/// are the same.
fn grammar(plain: &str) -> Result<Expr, String> {
    const OLD: &str = "holt_winters";
    const NEW: &str = "double_exponential_smoothing";
    if !plain.contains(OLD) {
        return parse_promql(plain);
    }
    parse_promql(&plain.replace(OLD, NEW)).map_err(|message| message.replace(NEW, OLD))
}

/// The query with comments blanked and its literals replaced by harmless ones of equal length.
fn plain(text: &str, tokens: &[Token<'_>]) -> Result<String, Error> {
    let mut plain = String::with_capacity(text.len());
    let mut operator = None;
    let mut braces = false;
    for (i, token) in tokens.iter().enumerate() {
        plain.extend(std::iter::repeat_n(' ', token.span.start - plain.len()));
        match token.kind {
            TokenKind::Number => {
                literal::number(*token)?;
                plain.push('1');
            }
            TokenKind::Duration => {
                literal::micros(*token)?;
                plain.push_str("1s");
            }
            TokenKind::String => {
                literal::string(*token)?;
                let inner = token.text.len() - 2;
                // Whether all matchers may be empty is checked on the real ones.
                if let Some(at) = operator.filter(|_| inner > 0) {
                    plain.replace_range(at..at + 2, "=~");
                }
                plain.push('"');
                plain.extend(std::iter::repeat_n('x', inner));
                plain.push('"');
            }
            // It takes some labels and metrics for keywords, and checks `__name__` too early.
            TokenKind::Word if braces && is_label(tokens, i) || is_modifier(token) => {
                plain.extend(std::iter::repeat_n('x', token.text.len()));
            }
            TokenKind::Word => plain.push_str(token.text),
            TokenKind::Symbol => {
                plain.push_str(token.text);
                braces = token.is("{") || braces && !token.is("}");
            }
        }
        plain.extend(std::iter::repeat_n(' ', token.span.end - plain.len()));
        operator = (token.is("!=") || token.is("!~")).then_some(token.span.start);
    }
    plain.extend(std::iter::repeat_n(' ', text.len() - plain.len()));
    Ok(plain)
}

/// Whether a word stands before a matcher's operator.
fn is_label(tokens: &[Token<'_>], i: usize) -> bool {
    tokens
        .get(i + 1)
        .is_some_and(|next| matches!(next.text, "=" | "!=" | "=~" | "!~"))
}

fn is_modifier(token: &Token<'_>) -> bool {
    token.is_word("smoothed") || token.is_word("anchored")
}

/// Refuses what would overflow the stack.
fn check_depth(tokens: &[Token<'_>]) -> Result<(), Error> {
    /// The operators of one pair of parentheses, and the depth of the pairs in it.
    type Level = (usize, usize);
    let mut levels: Vec<Level> = vec![(0, 0)];
    for token in tokens {
        let nests = match token.kind {
            TokenKind::Symbol => !matches!(token.text, "," | "{" | "}" | "]" | ":" | "=" | ")"),
            TokenKind::Word => ["and", "or", "unless", "atan2"]
                .iter()
                .any(|w| token.is_word(w)),
            _ => false,
        };
        if token.is("(") {
            levels.push((1, 0));
        } else if token.is(")") && levels.len() > 1 {
            let (own, inner) = levels.pop().unwrap_or_default();
            if let Some(outer) = levels.last_mut() {
                outer.1 = outer.1.max(own + inner);
            }
        } else if nests && let Some(level) = levels.last_mut() {
            level.0 += 1;
        }
        let depth = levels.last().map_or(0, |level| level.0 + level.1);
        if levels.len() + depth > DEEPEST {
            let message = format!("operators and parentheses nest deeper than {DEEPEST}");
            return Err(ErrorKind::Parse(message).at(token.span));
        }
    }
    Ok(())
}

/// Says where and why a query is refused.
fn explain(plain: &str, tokens: &[Token<'_>], message: String) -> Error {
    let spans = match syntax::check(tokens, plain.len()) {
        Ok(spans) => spans,
        Err(error) => return error,
    };
    if let Some(error) = unknown_function(tokens, &message) {
        return error;
    }
    // The smallest part that is refused in the same words.
    let mut parts = spans;
    parts.sort_by_key(|span| span.end - span.start);
    let part = parts
        .into_iter()
        .find(|span| grammar(&plain[span.start..span.end]).is_err_and(|e| e == message));
    let whole = Span {
        start: 0,
        end: plain.len(),
    };
    ErrorKind::Parse(documented(&message)).at(part.unwrap_or(whole))
}

fn unknown_function(tokens: &[Token<'_>], message: &str) -> Option<Error> {
    let name = message
        .strip_prefix("unknown function with name '")?
        .strip_suffix('\'')?;
    let call = tokens
        .windows(2)
        .find(|pair| pair[0].text == name && pair[1].is("("))?[0];
    let mut message = format!("unknown function `{name}`");
    let known = functions::names().chain(syntax::AGGREGATIONS);
    if let Some(near) = did_you_mean(name, known) {
        message += &format!(": did you mean `{near}`?");
    }
    Some(ErrorKind::Parse(message).at(call.span))
}

/// The message with the types named as Prometheus' documentation does.
fn documented(message: &str) -> String {
    // Where it quotes a string, that is the hidden one.
    let mut text = match message.split_once(" twice: ") {
        Some((before, _)) => format!("{before} twice"),
        None => message.to_owned(),
    };
    for before in ["expected type ", "got ", "got: ", "on "] {
        text = text
            .replace(&format!("{before}matrix"), &format!("{before}range vector"))
            .replace(
                &format!("{before}vector"),
                &format!("{before}instant vector"),
            );
    }
    text
}
