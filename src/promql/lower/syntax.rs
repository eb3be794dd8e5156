//! Where a query that is not PromQL goes wrong, and what was expected there.
//!
//! The grammar without precedence: enough to tell the first wrong token. Only
//! asked once `promql-parser` has refused a query, so that it decides nothing.

use crate::promql::error::{Error, ErrorKind, Span};
use crate::promql::lower::token::{Token, TokenKind};
use crate::promql::span::Cursor;

/// Finds the first wrong token; without one, lists the spans of all
/// subexpressions, inner ones before those around them.
pub(crate) fn check(tokens: &[Token<'_>], length: usize) -> Result<Vec<Span>, Error> {
    let mut checker = Checker {
        cursor: Cursor::new(tokens, length),
        length,
        spans: Vec::new(),
    };
    if tokens.is_empty() {
        let span = Span {
            start: 0,
            end: length,
        };
        return Err(ErrorKind::Parse("there is no expression".into()).at(span));
    }
    checker.expr()?;
    match checker.cursor.peek() {
        None => Ok(checker.spans),
        Some(token) if token.is(")") => {
            Err(ErrorKind::Parse("no `(` belongs to this `)`".into()).at(token.span))
        }
        Some(_) => Err(checker.unexpected("an operator")),
    }
}

pub(super) const AGGREGATIONS: [&str; 12] = [
    "avg",
    "bottomk",
    "count",
    "count_values",
    "group",
    "max",
    "min",
    "quantile",
    "stddev",
    "stdvar",
    "sum",
    "topk",
];

/// Words that no metric's name can be.
const RESERVED: [&str; 6] = [
    "atan2",
    "bool",
    "group_left",
    "group_right",
    "ignoring",
    "on",
];

struct Checker<'a> {
    cursor: Cursor<'a>,
    length: usize,
    spans: Vec<Span>,
}

impl Checker<'_> {
    fn unexpected(&self, expected: &str) -> Error {
        match self.cursor.peek() {
            Some(token) => {
                let found = token.text.lines().next().unwrap_or_default();
                let message = format!("expected {expected}, found `{found}`");
                ErrorKind::Parse(message).at(token.span)
            }
            None => {
                let message = format!("expected {expected}, but the query ends here");
                let span = Span {
                    start: self.length,
                    end: self.length,
                };
                ErrorKind::Parse(message).at(span)
            }
        }
    }

    /// Takes the closing bracket of an opening one.
    fn close(&mut self, open: Token<'_>, closing: &str, expected: &str) -> Result<(), Error> {
        if self.cursor.take(closing) {
            return Ok(());
        }
        if self.cursor.peek().is_none() {
            let message = format!("this `{}` is not closed", open.text);
            return Err(ErrorKind::Parse(message).at(open.span));
        }
        Err(self.unexpected(expected))
    }

    fn open(&mut self, symbol: &str) -> Result<Token<'static>, Error> {
        let span = self.cursor.peek().map(|token| token.span);
        match span {
            Some(span) if self.cursor.take(symbol) => Ok(Token {
                kind: TokenKind::Symbol,
                text: match symbol {
                    "(" => "(",
                    "[" => "[",
                    _ => "{",
                },
                span,
            }),
            _ => Err(self.unexpected(&format!("`{symbol}`"))),
        }
    }

    fn expr(&mut self) -> Result<(), Error> {
        let start = self.cursor.start();
        self.operand()?;
        while self.operator() {
            self.modifiers()?;
            self.operand()?;
        }
        self.spans.push(self.cursor.since(start));
        Ok(())
    }

    fn operator(&mut self) -> bool {
        let found = self.cursor.peek().is_some_and(|token| match token.kind {
            TokenKind::Symbol => matches!(
                token.text,
                "+" | "-" | "*" | "/" | "%" | "^" | "==" | "!=" | "<" | ">" | "<=" | ">="
            ),
            TokenKind::Word => ["and", "or", "unless", "atan2"]
                .iter()
                .any(|word| token.is_word(word)),
            _ => false,
        });
        if found {
            self.cursor.bump();
        }
        found
    }

    fn modifiers(&mut self) -> Result<(), Error> {
        self.cursor.take_word("bool");
        let matching = self.cursor.take_word("on") || self.cursor.take_word("ignoring");
        if matching {
            self.labels()?;
        }
        let at = self.cursor.peek();
        if self.cursor.take_word("group_left") || self.cursor.take_word("group_right") {
            if let Some(token) = at.filter(|_| !matching) {
                let message = format!(
                    "`{0}` needs `on (…)` or `ignoring (…)` before it",
                    token.text
                );
                return Err(ErrorKind::Parse(message).at(token.span));
            }
            if self.cursor.peek().is_some_and(|token| token.is("(")) {
                self.labels()?;
            }
        }
        Ok(())
    }

    fn labels(&mut self) -> Result<(), Error> {
        let open = self.open("(")?;
        loop {
            if self.cursor.take(")") {
                return Ok(());
            }
            match self.cursor.peek() {
                Some(token) if matches!(token.kind, TokenKind::Word | TokenKind::String) => {
                    self.cursor.bump();
                    if token.kind == TokenKind::Word && token.text.contains(':') {
                        let message = format!("`{}` is not a label's name", token.text);
                        return Err(ErrorKind::Parse(message).at(token.span));
                    }
                }
                _ => return self.close(open, ")", "a label's name or `)`"),
            }
            if !self.cursor.take(",") {
                return self.close(open, ")", "`,` or `)`");
            }
        }
    }

    fn operand(&mut self) -> Result<(), Error> {
        let start = self.cursor.start();
        let mut signed = false;
        while self.cursor.take("+") || self.cursor.take("-") {
            signed = true;
        }
        let unsigned = self.cursor.start();
        self.primary()?;
        self.spans.push(self.cursor.since(unsigned));
        self.suffixes(unsigned)?;
        if signed {
            self.spans.push(self.cursor.since(start));
        }
        Ok(())
    }

    fn primary(&mut self) -> Result<(), Error> {
        let Some(token) = self.cursor.peek() else {
            return Err(self.unexpected("an expression"));
        };
        match token.kind {
            TokenKind::Number | TokenKind::Duration | TokenKind::String => {
                self.cursor.bump();
                Ok(())
            }
            TokenKind::Word => self.word(token),
            TokenKind::Symbol if token.is("(") => {
                let open = self.open("(")?;
                self.expr()?;
                self.close(open, ")", "an operator or `)`")
            }
            TokenKind::Symbol if token.is("{") => self.matchers(),
            TokenKind::Symbol => Err(self.unexpected("an expression")),
        }
    }

    fn word(&mut self, word: Token<'_>) -> Result<(), Error> {
        if RESERVED.iter().any(|keyword| word.is_word(keyword)) {
            return Err(self.unexpected("an expression"));
        }
        self.cursor.bump();
        let next = self.cursor.peek();
        let called = next.is_some_and(|token| token.is("("));
        let grouped = next.is_some_and(|token| token.is_word("by") || token.is_word("without"));
        if AGGREGATIONS.iter().any(|name| word.is_word(name)) && (called || grouped) {
            let before = self.grouping()?;
            self.arguments()?;
            if !before {
                self.grouping()?;
            }
            Ok(())
        } else if called {
            self.arguments()
        } else if next.is_some_and(|token| token.is("{")) {
            self.matchers()
        } else {
            Ok(())
        }
    }

    fn grouping(&mut self) -> Result<bool, Error> {
        let found = self.cursor.take_word("by") || self.cursor.take_word("without");
        if found {
            self.labels()?;
        }
        Ok(found)
    }

    fn arguments(&mut self) -> Result<(), Error> {
        let open = self.open("(")?;
        if self.cursor.take(")") {
            return Ok(());
        }
        loop {
            if self.cursor.peek().is_none() {
                return self.close(open, ")", "");
            }
            self.expr()?;
            if !self.cursor.take(",") {
                return self.close(open, ")", "an operator, `,` or `)`");
            }
        }
    }

    fn matchers(&mut self) -> Result<(), Error> {
        let open = self.open("{")?;
        loop {
            if self.cursor.take("}") {
                return Ok(());
            }
            let Some(name) = self
                .cursor
                .peek()
                .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::String))
            else {
                return self.close(open, "}", "a label's name or `}`");
            };
            self.cursor.bump();
            let operator = self.cursor.peek().is_some_and(|token| {
                token.kind == TokenKind::Symbol && matches!(token.text, "=" | "!=" | "=~" | "!~")
            });
            if operator {
                self.cursor.bump();
                if self
                    .cursor
                    .peek()
                    .is_none_or(|t| t.kind != TokenKind::String)
                {
                    return Err(self.unexpected("a quoted string"));
                }
                self.cursor.bump();
            } else if name.kind == TokenKind::Word {
                if self.cursor.peek().is_none() {
                    return self.close(open, "}", "");
                }
                return Err(self.unexpected("`=`, `!=`, `=~` or `!~`"));
            }
            if !self.cursor.take(",") {
                return self.close(open, "}", "`,` or `}`");
            }
        }
    }

    fn suffixes(&mut self, start: usize) -> Result<(), Error> {
        loop {
            let Some(token) = self.cursor.peek() else {
                return Ok(());
            };
            if token.is("[") {
                let open = self.open("[")?;
                self.duration(open)?;
                if self.cursor.take(":") && !self.cursor.peek().is_some_and(|t| t.is("]")) {
                    self.duration(open)?;
                }
                self.close(open, "]", "`:` or `]`")?;
            } else if token.is_word("offset") {
                self.cursor.bump();
                let _sign = self.cursor.take("-") || self.cursor.take("+");
                self.literal("a duration such as `5m`")?;
            } else if token.is("@") {
                self.cursor.bump();
                self.instant()?;
            } else {
                return Ok(());
            }
            self.spans.push(self.cursor.since(start));
        }
    }

    fn duration(&mut self, open: Token<'_>) -> Result<(), Error> {
        if self.cursor.peek().is_none() {
            return self.close(open, "]", "");
        }
        self.literal("a duration such as `5m`")
    }

    fn literal(&mut self, expected: &str) -> Result<(), Error> {
        match self.cursor.peek().map(|token| token.kind) {
            Some(TokenKind::Number | TokenKind::Duration) => {
                self.cursor.bump();
                Ok(())
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn instant(&mut self) -> Result<(), Error> {
        if self.cursor.take_word("start") || self.cursor.take_word("end") {
            let open = self.open("(")?;
            return self.close(open, ")", "`)`");
        }
        let _sign = self.cursor.take("-") || self.cursor.take("+");
        self.literal("a Unix time in seconds, `start()` or `end()`")
    }
}
