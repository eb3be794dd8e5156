//! Pulls JSON from a stream with a buffer of fixed size.

use std::io::{self, BufRead, ErrorKind};

use crate::ingest::ReadError;

const BUFFER: usize = 256 * 1024;

/// A place in a stream of JSON.
pub(super) struct JsonStream<'a> {
    input: &'a mut dyn BufRead,
    buffer: Vec<u8>,
    /// The bytes not yet taken are `buffer[at..end]`.
    at: usize,
    end: usize,
    line: u64,
    ended: bool,
    failure: Option<io::Error>,
}

impl<'a> JsonStream<'a> {
    pub(super) fn new(input: &'a mut dyn BufRead) -> Self {
        let mut stream = Self {
            input,
            buffer: vec![0; BUFFER],
            at: 0,
            end: 0,
            line: 1,
            ended: false,
            failure: None,
        };
        let mut mark = [0; 3];
        let mut length = 0;
        while length < 3
            && let Some(byte) = stream.byte()
        {
            mark[length] = byte;
            length += 1;
            stream.at += 1;
        }
        if &mark[..length] != b"\xef\xbb\xbf" {
            // Less than the buffer has been read: the bytes are still there.
            stream.unread(&mark[..length]);
        }
        stream
    }

    /// Returns the 1-based line of the place.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Returns what is in the buffer, and fills it first if nothing is.
    pub(super) fn window(&mut self) -> &[u8] {
        if self.at == self.end {
            self.fill();
        }
        &self.buffer[self.at..self.end]
    }

    /// Takes bytes of the window, none of which is a newline.
    pub(super) fn advance(&mut self, count: usize) {
        self.at = (self.at + count).min(self.end);
    }

    /// Skips white space and returns the byte after it; `None` at the end.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte()? {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                byte => return Some(byte),
            }
            self.at += 1;
        }
    }

    /// Takes a byte after white space, if it is this one.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes a byte that must be there.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), ReadError> {
        if self.eat(byte) {
            return Ok(());
        }
        Err(self.broken(&format!("expected {:?}", char::from(byte))))
    }

    /// Takes the next comma (true) or the bracket that closes (false).
    pub(super) fn more(&mut self, close: u8) -> Result<bool, ReadError> {
        if self.eat(b',') {
            return Ok(true);
        }
        self.expect(close).map(|()| false)
    }

    /// Makes the error for a document that is not what was expected here.
    pub(super) fn broken(&mut self, expected: &str) -> ReadError {
        let found = self.peek();
        if let Some(failure) = self.failure.take() {
            return failure.into();
        }
        let reason = match found {
            None => "the document ends in the middle (truncated?)".into(),
            Some(byte) => format!("{expected}, found {:?}", char::from(byte)),
        };
        ReadError::Document {
            line: self.line,
            reason,
        }
    }

    /// Returns the source's failure, if it is what ended the stream.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Takes a value of any kind and appends its text, up to `limit` bytes.
    pub(super) fn value(&mut self, text: &mut Vec<u8>, limit: usize) -> Result<(), ReadError> {
        let keep = |text: &mut Vec<u8>, byte| {
            if text.len() < limit {
                text.push(byte);
            }
        };
        let mut depth = 0_usize;
        match self.peek() {
            None | Some(b',' | b':' | b']' | b'}') => return Err(self.broken("expected a value")),
            Some(_) => {}
        }
        loop {
            let Some(byte) = self.byte() else {
                return Err(self.broken("expected more"));
            };
            match byte {
                b'"' => {
                    self.string_text(|byte| keep(text, byte))?;
                    if depth == 0 {
                        return Ok(());
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        keep(text, byte);
                        return Ok(());
                    }
                }
                b'\n' => self.line += 1,
                _ => {}
            }
            self.at += 1;
            keep(text, byte);
            if depth == 0 {
                return self.word(|byte| keep(text, byte));
            }
        }
    }

    /// Takes a string and decodes it.
    pub(super) fn string(&mut self) -> Result<String, ReadError> {
        if self.peek() != Some(b'"') {
            return Err(self.broken("expected a string"));
        }
        let mut text = Vec::new();
        self.string_text(|byte| text.push(byte))?;
        serde_json::from_slice(&text).map_err(|error| ReadError::Document {
            line: self.line,
            reason: format!("a string is broken: {error}"),
        })
    }

    /// Takes the rest of a number or word.
    fn word(&mut self, mut keep: impl FnMut(u8)) -> Result<(), ReadError> {
        while let Some(byte) = self.byte()
            && !matches!(
                byte,
                b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\r' | b'\n'
            )
        {
            keep(byte);
            self.at += 1;
        }
        Ok(())
    }

    fn string_text(&mut self, mut keep: impl FnMut(u8)) -> Result<(), ReadError> {
        let mut escaped = true; // the opening quote does not close
        loop {
            let Some(byte) = self.byte() else {
                return Err(self.broken("expected more"));
            };
            keep(byte);
            self.at += 1;
            self.line += u64::from(byte == b'\n');
            match byte {
                _ if escaped => escaped = false,
                b'"' => return Ok(()),
                b'\\' => escaped = true,
                _ => {}
            }
        }
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        if self.at == self.end {
            self.fill();
        }
        (self.at < self.end).then(|| self.buffer[self.at])
    }

    fn unread(&mut self, bytes: &[u8]) {
        let rest = self.end - self.at;
        self.buffer.copy_within(self.at..self.end, bytes.len());
        self.buffer[..bytes.len()].copy_from_slice(bytes);
        self.at = 0;
        self.end = bytes.len() + rest;
    }

    #[cold]
    fn fill(&mut self) {
        self.at = 0;
        self.end = 0;
        while !self.ended && self.end == 0 {
            match self.input.read(&mut self.buffer) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end = count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.failure = Some(error);
                }
            }
        }
    }
}
