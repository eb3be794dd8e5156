//! The parser that takes names of any characters.

use super::{MatcherError, Parsed};
use crate::promql::MatchKind;
use crate::promql::escape::unescape;

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Comma,
    Operator(MatchKind),
    Text(String),
}

pub(super) fn parse(text: &str) -> Result<Vec<Parsed>, MatcherError> {
    Parser {
        text,
        at: 0,
        peeked: None,
    }
    .matchers()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// The next token, if it was read already, and where it begins.
    peeked: Option<(Option<Token>, usize)>,
}

impl Parser<'_> {
    fn matchers(&mut self) -> Result<Vec<Parsed>, MatcherError> {
        let mut matchers = Vec::new();
        let braces = self.take(&Token::Open)?;
        loop {
            match self.peek()? {
                None | Some(Token::Close) => break,
                Some(_) => matchers.push(self.matcher()?),
            }
            if !self.take(&Token::Comma)? {
                break;
            }
        }
        if braces && !self.take(&Token::Close)? {
            return Err(self.expected("`,` or `}`"));
        }
        if self.peek()?.is_some() {
            return Err(self.expected(if braces { "nothing more" } else { "`,`" }));
        }
        Ok(matchers)
    }

    fn matcher(&mut self) -> Result<Parsed, MatcherError> {
        let name = self.word("a label name")?;
        let kind = match self.peek()? {
            Some(Token::Operator(kind)) => *kind,
            _ => return Err(self.expected("`=`, `!=`, `=~` or `!~`")),
        };
        self.peeked = None;
        let value = self.word("a label value")?;
        Ok(Parsed { name, kind, value })
    }

    fn word(&mut self, expected: &'static str) -> Result<String, MatcherError> {
        self.peek()?;
        match self.peeked.take() {
            Some((Some(Token::Text(word)), _)) => Ok(word),
            other => {
                self.peeked = other;
                Err(self.expected(expected))
            }
        }
    }

    fn take(&mut self, token: &Token) -> Result<bool, MatcherError> {
        let there = self.peek()? == Some(token);
        if there {
            self.peeked = None;
        }
        Ok(there)
    }

    /// The error that something else should stand at the next token.
    fn expected(&self, expected: &'static str) -> MatcherError {
        MatcherError::Expected {
            expected,
            text: self.text.to_owned(),
            at: self.peeked.as_ref().map_or(self.at, |(_, at)| *at),
        }
    }

    fn peek(&mut self) -> Result<Option<&Token>, MatcherError> {
        if self.peeked.is_none() {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            let start = self.at;
            let token = self.scan()?;
            self.peeked = Some((token, start));
        }
        Ok(self.peeked.as_ref().and_then(|(token, _)| token.as_ref()))
    }

    fn scan(&mut self) -> Result<Option<Token>, MatcherError> {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return Ok(None);
        };
        let (token, length) = match first {
            '{' => (Token::Open, 1),
            '}' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '=' if rest.starts_with("=~") => (Token::Operator(MatchKind::Regex), 2),
            '=' => (Token::Operator(MatchKind::Equal), 1),
            '!' if rest.starts_with("!=") => (Token::Operator(MatchKind::NotEqual), 2),
            '!' if rest.starts_with("!~") => (Token::Operator(MatchKind::NotRegex), 2),
            '"' => {
                let length =
                    quoted_length(rest).ok_or_else(|| MatcherError::Quoted(rest.to_owned()))?;
                let quoted = &rest[..length];
                let word = unquote(&quoted[1..length - 1])
                    .ok_or_else(|| MatcherError::Quoted(quoted.to_owned()))?;
                (Token::Text(word), length)
            }
            c if is_reserved(c) => {
                return Err(self.expected("a matcher"));
            }
            _ => {
                let length = rest.find(is_reserved).unwrap_or(rest.len());
                (Token::Text(rest[..length].to_owned()), length)
            }
        };
        self.at += length;
        Ok(Some(token))
    }
}

fn is_reserved(c: char) -> bool {
    c.is_whitespace() || "{}!=~,\\\"'`".contains(c)
}

/// The length of the quoted string with which a text begins, quotes included.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Reads the escapes of Go's string literals.
fn unquote(text: &str) -> Option<String> {
    if text.contains('\n') {
        return None;
    }
    String::from_utf8(unescape(text, b'"')?).ok()
}
