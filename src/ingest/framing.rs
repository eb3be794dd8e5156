//! Splits a stream into lines without copying each.
//!
//! A line ends with `\n` or `\r\n`, the last one also with the stream. A UTF-8
//! byte order mark at the start is not part of the first line. Where the source
//! fails (a truncated gzip), every complete line before is handed out first.

use std::io::{self, BufRead, ErrorKind};

use memchr::memchr;

const BUFFER: usize = 256 * 1024;
/// A longer line would break the memory bound of an ingest; its beginning is
/// handed out, marked as cut.
const MAX_LINE: usize = 128 * 1024 * 1024;
const KEPT_OF_LONG_LINE: usize = 64 * 1024;

/// The reason for rejecting what [`Lines::partial`] returns.
pub(crate) const PARTIAL_LINE: &str = "the file ends in the middle of this line (truncated?)";
/// The reason for rejecting a line that is cut.
pub(crate) const LONG_LINE: &str = "the line is longer than 128 MiB";

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'b> {
    /// 1-based.
    pub(crate) number: u64,
    /// The line without its end.
    pub(crate) bytes: &'b [u8],
    /// Whether it was longer than 128 MiB, and `bytes` is only its beginning.
    pub(crate) cut: bool,
}

/// Iterates over the lines of a stream.
pub(crate) struct Lines<'a> {
    input: &'a mut dyn BufRead,
    buffer: Vec<u8>,
    /// The bytes not yet handed out are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Up to here there is no newline.
    scanned: usize,
    number: u64,
    /// The stream has ended.
    ended: bool,
    failed: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(input: &'a mut dyn BufRead) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            scanned: 0,
            number: 0,
            ended: false,
            failed: false,
        }
    }

    /// Returns the next line, or `None` after the last. After an error
    /// [`partial`](Self::partial) has the line in which the source failed.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[self.scanned..self.end]) {
                let newline = self.scanned + at;
                let range = self.start..newline;
                self.start = newline + 1;
                self.scanned = self.start;
                return Ok(Some(self.line(range, false)));
            }
            self.scanned = self.end;
            if self.ended {
                if self.failed || self.start == self.end {
                    return Ok(None);
                }
                let range = self.start..self.end;
                self.start = self.end;
                return Ok(Some(self.line(range, false)));
            }
            if self.end - self.start > MAX_LINE {
                self.skip_rest_of_line()?;
                return Ok(Some(self.line(0..KEPT_OF_LONG_LINE, true)));
            }
            self.fill()?;
        }
    }

    /// Returns the unfinished line that stands before the place where the
    /// source failed.
    pub(crate) fn partial(&self) -> Option<Line<'_>> {
        (self.failed && self.start < self.end).then(|| Line {
            number: self.number + 1,
            bytes: &self.buffer[self.start..self.end],
            cut: false,
        })
    }

    fn line(&mut self, range: std::ops::Range<usize>, cut: bool) -> Line<'_> {
        self.number += 1;
        let mut bytes = &self.buffer[range];
        if !cut && let [head @ .., b'\r'] = bytes {
            bytes = head;
        }
        Line {
            number: self.number,
            bytes,
            cut,
        }
    }

    /// Reads more behind `end`, after moving the unfinished line to the front
    /// or, if it fills the buffer, doubling the buffer.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.scanned -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let at_start = self.end == 0 && self.number == 0;
        self.read()?;
        if at_start {
            while self.end < 3 && !self.ended {
                self.read()?;
            }
            if self.buffer[..self.end].starts_with(b"\xef\xbb\xbf") {
                self.start = 3;
                self.scanned = 3;
            }
        }
        Ok(())
    }

    fn read(&mut self) -> io::Result<()> {
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    self.failed = true;
                    return Err(error);
                }
            }
            return Ok(());
        }
    }

    /// Drops a too long line but for its first bytes, which stand at the
    /// buffer's start afterwards.
    fn skip_rest_of_line(&mut self) -> io::Result<()> {
        self.buffer
            .copy_within(self.start..self.start + KEPT_OF_LONG_LINE, 0);
        self.buffer.truncate(BUFFER);
        self.buffer.shrink_to_fit();
        loop {
            self.start = KEPT_OF_LONG_LINE;
            self.end = KEPT_OF_LONG_LINE;
            self.scanned = KEPT_OF_LONG_LINE;
            if let Err(error) = self.read() {
                self.start = 0;
                return Err(error);
            }
            if self.ended {
                return Ok(());
            }
            if let Some(at) = memchr(b'\n', &self.buffer[self.start..self.end]) {
                self.start += at + 1;
                self.scanned = self.start;
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    /// Hands out `step` bytes a call, then fails if it is told to.
    struct Trickle<'a> {
        bytes: &'a [u8],
        step: usize,
        fails: bool,
    }

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.step.min(self.bytes.len()).min(buffer.len());
            if count == 0 && self.fails {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            buffer[..count].copy_from_slice(&self.bytes[..count]);
            self.bytes = &self.bytes[count..];
            Ok(count)
        }
    }

    fn split(bytes: &[u8], step: usize, fails: bool) -> (Vec<(u64, String)>, Option<String>) {
        let mut input = BufReader::with_capacity(1, Trickle { bytes, step, fails });
        let mut lines = Lines::new(&mut input);
        let mut found = Vec::new();
        loop {
            match lines.next() {
                Ok(Some(line)) => found.push((
                    line.number,
                    String::from_utf8_lossy(line.bytes).into_owned(),
                )),
                Ok(None) => return (found, None),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                    let partial = lines
                        .partial()
                        .map(|l| format!("{}:{}", l.number, String::from_utf8_lossy(l.bytes)));
                    assert!(matches!(lines.next(), Ok(None)));
                    return (found, Some(partial.unwrap_or_default()));
                }
            }
        }
    }

    #[test]
    fn splits_whatever_the_ends_and_the_read_size() {
        for step in [1, 2, 3, 100] {
            let (lines, _) = split(b"\xef\xbb\xbfa\r\n\nbc\n\rd", step, false);
            let expected = [(1, "a"), (2, ""), (3, "bc"), (4, "\rd")];
            assert_eq!(lines, expected.map(|(n, l)| (n, l.to_owned())), "{step}");
            assert_eq!(split(b"", step, false).0, []);
            assert_eq!(split(b"\n", step, false).0, [(1, String::new())]);
        }
    }

    #[test]
    fn keeps_what_came_before_a_failure() {
        for step in [1, 2, 100] {
            let (lines, partial) = split(b"one\ntwo\nthr", step, true);
            assert_eq!(lines, [(1, "one".to_owned()), (2, "two".to_owned())]);
            assert_eq!(partial.as_deref(), Some("3:thr"));
            assert_eq!(split(b"one\n", step, true).1.as_deref(), Some(""));
        }
    }

    #[test]
    fn grows_for_long_lines() {
        let long = "x".repeat(3 * BUFFER + 7);
        let (lines, _) = split(format!("a\n{long}\nb").as_bytes(), 10_000, false);
        assert_eq!(
            lines.iter().map(|l| l.1.len()).collect::<Vec<_>>(),
            [1, long.len(), 1]
        );
    }

    #[test]
    fn cuts_a_line_that_would_fill_the_memory() {
        let mut input = BufReader::new(io::repeat(b'x').take(300 << 20).chain(&b"\nafter"[..]));
        let mut lines = Lines::new(&mut input);
        let first = lines.next().expect("readable").expect("a line");
        assert!(first.cut && first.bytes.len() == KEPT_OF_LONG_LINE);
        let second = lines.next().expect("readable").expect("a line");
        assert_eq!(
            (second.number, second.bytes, second.cut),
            (2, &b"after"[..], false)
        );
    }
}
