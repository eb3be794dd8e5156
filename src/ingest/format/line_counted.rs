//! A reader that knows on which line it is.

use std::io::{self, BufRead, Read};

const BUFFER: usize = 64 * 1024;

/// Counts the lines that have been handed out.
pub(super) struct LineCounted<'a> {
    input: &'a mut dyn BufRead,
    line: &'a std::cell::Cell<u64>,
    buffer: Vec<u8>,
    at: usize,
}

impl<'a> LineCounted<'a> {
    pub(super) fn new(input: &'a mut dyn BufRead, line: &'a std::cell::Cell<u64>) -> Self {
        Self {
            input,
            line,
            buffer: Vec::new(),
            at: 0,
        }
    }
}

impl Read for LineCounted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() {
            let is_first = self.buffer.is_empty();
            self.buffer.resize(BUFFER, 0);
            let filled = loop {
                match self.input.read(&mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            // After a failure nothing old may be handed out again.
            self.buffer.truncate(*filled.as_ref().unwrap_or(&0));
            self.at = 0;
            filled?;
            if is_first && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.at = 3;
            }
        }
        let count = out.len().min(self.buffer.len() - self.at);
        let handed = &self.buffer[self.at..self.at + count];
        out[..count].copy_from_slice(handed);
        let breaks = handed.iter().filter(|b| **b == b'\n').count() as u64;
        self.line.set(self.line.get() + breaks);
        self.at += count;
        Ok(count)
    }
}
