//! The words of a query, with their places.

use crate::promql::error::{Error, ErrorKind, Span};
use crate::promql::labels::starts_word;

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A number, `Inf` and `NaN` among them.
    Number,
    /// A duration: `5m`.
    Duration,
    /// An identifier or a keyword.
    Word,
    /// A quoted string, with its quotes.
    String,
    /// An operator or a bracket.
    Symbol,
}

/// A token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// As written.
    pub text: &'a str,
    /// Where.
    pub span: Span,
}

impl Token<'_> {
    /// Whether it is this symbol.
    pub(crate) fn is(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// Whether it is this keyword, in any case.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

const SYMBOLS: [&str; 27] = [
    "==", "!=", "=~", "!~", "<=", ">=", "</", ">/", "=", "<", ">", "+", "-", "*", "/", "%", "^",
    "@", ",", "(", ")", "{", "}", "[", "]", ":", "!",
];

/// Splits a query into tokens, comments and blanks left out.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Error> {
    let mut lexer = Lexer {
        text,
        at: 0,
        braces: false,
        brackets: false,
    };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Inside `{…}`, where every word is a label.
    braces: bool,
    /// Inside `[…]`, where a colon stands alone.
    brackets: bool,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, Error> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return Ok(None);
        };
        let number_ahead = first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let (kind, length) = if matches!(first, '"' | '\'' | '`') {
            (TokenKind::String, self.string(first)?)
        } else if number_ahead {
            number(rest)
        } else if starts_word(first) || first == ':' && !self.brackets && !self.braces {
            self.word(rest)
        } else {
            (TokenKind::Symbol, self.symbol(rest, first)?)
        };
        let span = Span {
            start: self.at,
            end: self.at + length,
        };
        self.at = span.end;
        Ok(Some(Token {
            kind,
            text: &self.text[span.start..span.end],
            span,
        }))
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn string(&self, quote: char) -> Result<usize, Error> {
        let rest = &self.text[self.at..];
        let mut escaped = false;
        for (i, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' if quote != '`' => escaped = true,
                '\n' if quote != '`' => {
                    return Err(self.error(i, "the quoted string is not closed"));
                }
                c if c == quote => return Ok(i + 1),
                _ => {}
            }
        }
        Err(self.error(rest.len(), "the quoted string is not closed"))
    }

    fn word(&self, rest: &str) -> (TokenKind, usize) {
        let colons = !self.braces && !self.brackets;
        let length = rest
            .find(|c| !(starts_word(c) || char::is_ascii_digit(&c) || colons && c == ':'))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let number = word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("nan");
        let kind = if number && !self.braces {
            TokenKind::Number
        } else {
            TokenKind::Word
        };
        (kind, length)
    }

    fn symbol(&mut self, rest: &str, first: char) -> Result<usize, Error> {
        let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) else {
            return Err(self.error(first.len_utf8(), &format!("unexpected character {first:?}")));
        };
        match *symbol {
            "{" => self.braces = true,
            "}" => self.braces = false,
            "[" => self.brackets = true,
            "]" => self.brackets = false,
            _ => {}
        }
        Ok(symbol.len())
    }

    fn error(&self, length: usize, message: &str) -> Error {
        ErrorKind::Parse(message.to_owned()).at(Span {
            start: self.at,
            end: self.at + length,
        })
    }
}

/// The kind and the length of a number or a duration at the start of a text.
fn number(rest: &str) -> (TokenKind, usize) {
    let bytes = rest.as_bytes();
    let hexadecimal = bytes[0] == b'0' && matches!(bytes.get(1), Some(b'x' | b'X'));
    let run = |from: usize, hexadecimal: bool| {
        from + bytes[from..]
            .iter()
            .take_while(|b| {
                **b == b'_' || b.is_ascii_digit() || hexadecimal && b.is_ascii_hexdigit()
            })
            .count()
    };
    let mut end = run(if hexadecimal { 2 } else { 0 }, hexadecimal);
    if !hexadecimal {
        if bytes.get(end) == Some(&b'.') {
            end = run(end + 1, false);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                end = run(end + 1 + sign, false);
            }
        }
    }
    let word = |b: &u8| *b == b'_' || b.is_ascii_alphanumeric() || *b == b'.';
    if !bytes.get(end).is_some_and(word) {
        return (TokenKind::Number, end);
    }
    let length = end + bytes[end..].iter().take_while(|b| word(b)).count();
    (TokenKind::Duration, length)
}
