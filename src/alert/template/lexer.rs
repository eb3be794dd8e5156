//! Splits a template into tokens, as Go's `text/template/parse` does.
//!
//! The tokens' order, their texts and what is said of a wrong one are Go's, so
//! that the errors are. Positions are bytes in the text.

use super::quote::{code_point, quote};

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What is wrong is the token's text.
    Error,
    Bool,
    /// Any other printable ASCII character, such as a comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Dot,
    Nil,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

impl Kind {
    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "." => Self::Dot,
            "nil" => Self::Nil,
            "block" => Self::Block,
            "break" => Self::Break,
            "continue" => Self::Continue,
            "define" => Self::Define,
            "else" => Self::Else,
            "end" => Self::End,
            "if" => Self::If,
            "range" => Self::Range,
            "template" => Self::Template,
            "with" => Self::With,
            _ => return None,
        })
    }

    fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Dot
                | Self::Nil
                | Self::Block
                | Self::Break
                | Self::Continue
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

/// A token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Its kind.
    pub(super) kind: Kind,
    /// Where it begins.
    pub(super) pos: usize,
    /// Its text.
    pub(super) text: String,
    /// The line in which it begins, from 1.
    pub(super) line: usize,
}

impl Token {
    /// Writes the token as errors name it.
    pub(super) fn describe(&self) -> String {
        match self.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.text.clone(),
            kind if kind.is_keyword() => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                let short: String = self.text.chars().take(10).collect();
                format!("{}...", quote(&short))
            }
            _ => quote(&self.text),
        }
    }
}

/// Splits a text; the last token is `Eof` or `Error`.
pub(super) fn lex(input: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        input,
        pos: 0,
        start: 0,
        line: 1,
        tokens: Vec::new(),
        parens: 0,
    };
    if let Err(message) = lexer.run() {
        let line = lexer.line;
        lexer.tokens.push(Token {
            kind: Kind::Error,
            pos: lexer.start,
            text: message,
            line,
        });
    }
    lexer.tokens
}

struct Lexer<'a> {
    input: &'a str,
    pos: usize,
    start: usize,
    /// The line in which `start` lies.
    line: usize,
    tokens: Vec<Token>,
    parens: usize,
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
/// A trim marker is a minus and a space.
const MARKER: usize = 2;

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.input.get(self.pos..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    /// Drops what lies between `start` and `pos`.
    fn ignore(&mut self) {
        self.line += newlines(&self.input[self.start..self.pos]);
        self.start = self.pos;
    }

    fn emit(&mut self, kind: Kind) {
        self.tokens.push(Token {
            kind,
            pos: self.start,
            text: self.input[self.start..self.pos].to_owned(),
            line: self.line,
        });
        self.ignore();
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(at) = self.rest().find(LEFT) {
            self.text(at);
            self.left_delim()?;
        }
        self.pos = self.input.len();
        if self.pos > self.start {
            self.emit(Kind::Text);
        }
        self.emit(Kind::Eof);
        Ok(())
    }

    /// Emits the text before an action, without the blanks that its marker trims.
    fn text(&mut self, len: usize) {
        let end = self.pos + len;
        let text = &self.input[self.start..end];
        let kept = if has_left_marker(&self.input[end + LEFT.len()..]) {
            text.trim_end_matches(is_space)
        } else {
            text
        };
        self.pos = self.start + kept.len();
        if self.pos > self.start {
            self.emit(Kind::Text);
        }
        self.pos = end;
        self.ignore();
    }

    fn left_delim(&mut self) -> Result<(), String> {
        self.pos += LEFT.len();
        let marker = if has_left_marker(self.rest()) {
            MARKER
        } else {
            0
        };
        if self.rest()[marker..].starts_with("/*") {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        self.emit(Kind::LeftDelim);
        self.pos += marker;
        self.ignore();
        self.parens = 0;
        while !self.right_delim()? {
            self.inside_action()?;
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), String> {
        self.pos += 2;
        let Some(len) = self.rest().find("*/") else {
            return Err("unclosed comment".into());
        };
        self.pos += len + 2;
        match self.at_right_delim() {
            None => return Err("comment ends before closing delimiter".into()),
            Some(false) => self.pos += RIGHT.len(),
            Some(true) => {
                self.pos += MARKER + RIGHT.len();
                self.skip_space();
            }
        }
        self.ignore();
        Ok(())
    }

    /// Whether the action ends here, and whether it trims what follows.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_marker(rest) && rest[MARKER..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    /// Emits the action's end if it is here.
    fn right_delim(&mut self) -> Result<bool, String> {
        let Some(trims) = self.at_right_delim() else {
            return Ok(false);
        };
        if self.parens > 0 {
            return Err("unclosed left paren".into());
        }
        if trims {
            self.pos += MARKER;
            self.ignore();
        }
        self.pos += RIGHT.len();
        self.emit(Kind::RightDelim);
        if trims {
            self.skip_space();
            self.ignore();
        }
        Ok(true)
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.pos += rest.len() - rest.trim_start_matches(is_space).len();
    }

    fn inside_action(&mut self) -> Result<(), String> {
        let Some(c) = self.next() else {
            return Err("unclosed action".into());
        };
        match c {
            c if is_space(c) => {
                self.space();
                Ok(())
            }
            '=' => self.emitted(Kind::Assign),
            ':' => match self.next() {
                Some('=') => self.emitted(Kind::Declare),
                _ => Err("expected :=".into()),
            },
            '|' => self.emitted(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => match self.rest().find('`') {
                Some(len) => {
                    self.pos += len + 1;
                    self.emitted(Kind::RawString)
                }
                None => {
                    self.pos = self.input.len();
                    Err("unterminated raw quoted string".into())
                }
            },
            '$' => self.field_or_variable(Kind::Variable),
            '.' if self.peek().is_some_and(|c| !c.is_ascii_digit()) => {
                self.field_or_variable(Kind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = self.start;
                self.number()
            }
            c if is_alphanumeric(c) => self.identifier(),
            '(' => {
                self.parens += 1;
                self.emitted(Kind::LeftParen)
            }
            ')' => {
                self.emit(Kind::RightParen);
                match self.parens.checked_sub(1) {
                    Some(parens) => self.parens = parens,
                    None => return Err(format!("unexpected right paren {}", code_point(c))),
                }
                Ok(())
            }
            ' '..='~' => self.emitted(Kind::Char),
            c => Err(format!(
                "unrecognized character in action: {}",
                code_point(c)
            )),
        }
    }

    fn emitted(&mut self, kind: Kind) -> Result<(), String> {
        self.emit(kind);
        Ok(())
    }

    /// Emits a run of blanks, of which the first has been read. The last one
    /// may belong to a trim marker.
    fn space(&mut self) {
        self.skip_space();
        let before = self.pos - 1;
        let tail = &self.input[before..];
        if has_right_marker(tail) && tail[MARKER..].starts_with(RIGHT) {
            self.pos = before;
            if self.pos == self.start {
                return;
            }
        }
        self.emit(Kind::Space);
    }

    fn quoted(&mut self, end: char, kind: Kind, unterminated: &str) -> Result<(), String> {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return Err(unterminated.to_owned());
                    }
                }
                None | Some('\n') => return Err(unterminated.to_owned()),
                Some(c) if c == end => return self.emitted(kind),
                Some(_) => {}
            }
        }
    }

    fn skip_word(&mut self) {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
    }

    fn terminated(&mut self) -> Result<(), String> {
        if self.at_terminator() {
            return Ok(());
        }
        let c = self.next().unwrap_or_default();
        Err(format!("bad character {}", code_point(c)))
    }

    fn identifier(&mut self) -> Result<(), String> {
        self.skip_word();
        let word = &self.input[self.start..self.pos];
        self.terminated()?;
        self.emitted(match Kind::of_word(word) {
            Some(kind) => kind,
            None if matches!(word, "true" | "false") => Kind::Bool,
            None => Kind::Identifier,
        })
    }

    fn field_or_variable(&mut self, kind: Kind) -> Result<(), String> {
        if self.at_terminator() {
            return self.emitted(if kind == Kind::Variable {
                kind
            } else {
                Kind::Dot
            });
        }
        self.skip_word();
        self.terminated()?;
        self.emitted(kind)
    }

    /// Whether an identifier may end here.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) => is_space(c) || self.rest().starts_with(RIGHT),
        }
    }

    fn number(&mut self) -> Result<(), String> {
        let ok = self.scan_number();
        if ok && matches!(self.peek(), Some('+' | '-')) {
            if self.scan_number() && self.input[..self.pos].ends_with('i') {
                return self.emitted(Kind::Complex);
            }
        } else if ok {
            return self.emitted(Kind::Number);
        }
        Err(format!(
            "bad number syntax: {}",
            quote(&self.input[self.start..self.pos])
        ))
    }

    fn accept(&mut self, valid: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| valid.contains(c));
        if accepted {
            self.next();
        }
        accepted
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || (c.is_numeric() && c.is_alphanumeric())
}

fn has_left_marker(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn has_right_marker(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}
