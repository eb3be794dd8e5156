//! The place of each node in the text, found by walking the tokens beside the tree.
//!
//! `promql-parser` gives no positions. Its tree says which node comes next and
//! the tokens say where that lies; should the two ever disagree, the cursor is
//! lost and every later span is the whole text.

use crate::promql::error::Span;
use crate::promql::lower::token::{Token, TokenKind};

/// A place between two tokens.
pub(crate) struct Cursor<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    whole: Span,
    lost: bool,
}

impl<'a> Cursor<'a> {
    /// Starts before the first token of a text of that many bytes.
    pub(crate) fn new(tokens: &'a [Token<'a>], length: usize) -> Self {
        Self {
            tokens,
            at: 0,
            whole: Span {
                start: 0,
                end: length,
            },
            lost: false,
        }
    }

    /// The next token.
    pub(crate) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    /// Where the next token starts.
    pub(crate) fn start(&self) -> usize {
        self.peek().map_or(self.whole.end, |token| token.span.start)
    }

    /// The span from an earlier start to the end of the last token taken.
    pub(crate) fn since(&self, start: usize) -> Span {
        let end = match self.at.checked_sub(1) {
            Some(last) => self.tokens[last].span.end,
            None => start,
        };
        if self.lost || end < start {
            return self.whole;
        }
        Span { start, end }
    }

    /// Takes the next token, whatever it is.
    pub(crate) fn bump(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// Takes the next token if it is that symbol.
    pub(crate) fn take(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(symbol));
        self.at += usize::from(found);
        found
    }

    /// Takes the next token if it is that keyword.
    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_word(word));
        self.at += usize::from(found);
        found
    }

    /// Takes a symbol that must come next.
    pub(crate) fn expect(&mut self, symbol: &str) {
        if !self.take(symbol) {
            self.lost = true;
        }
    }

    /// Takes a token that must be of that kind.
    pub(crate) fn expect_kind(&mut self, kind: TokenKind) -> Option<Token<'a>> {
        let token = self.peek().filter(|token| token.kind == kind);
        match token {
            Some(_) => self.at += 1,
            None => self.lost = true,
        }
        token
    }
}
