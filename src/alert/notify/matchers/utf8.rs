//! The parser that takes names of any characters.

use super::{MatcherError, Parsed};
use crate::promql::MatchKind;

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
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\n' {
            return None;
        }
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escape = chars.next()?;
        let mut number = |digits: usize, radix: u32, first: u32| {
            (0..digits).try_fold(first, |number, _| {
                let digit = chars.next()?.to_digit(radix)?;
                number.checked_mul(radix)?.checked_add(digit)
            })
        };
        match escape {
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(11),
            '\\' => bytes.push(b'\\'),
            '"' => bytes.push(b'"'),
            'x' => bytes.push(u8::try_from(number(2, 16, 0)?).ok()?),
            '0'..='7' => bytes.push(u8::try_from(number(2, 8, escape.to_digit(8)?)?).ok()?),
            'u' | 'U' => {
                let digits = if escape == 'u' { 4 } else { 8 };
                let c = char::from_u32(number(digits, 16, 0)?)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}
