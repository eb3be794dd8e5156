//! Splits a stream into JSON records: one a line, or the objects of an array
//! or of a pretty-printed sequence, without holding more than one.

use std::io::{self, BufRead, ErrorKind};

use memchr::{memchr, memchr2};

use crate::ingest::ReadError;
use crate::ingest::framing::{LONG_LINE, Lines, PARTIAL_LINE};

/// A larger object is given up: it would break the memory bound of an ingest.
const MAX_OBJECT: usize = 64 * 1024 * 1024;

/// What [`JsonRecords::next`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextRecord {
    /// The text of a record, not parsed yet.
    Record,
    /// A text that cannot be a record, and why not.
    Broken(&'static str),
    /// Nothing more.
    End,
}

/// Iterates over records; the current one stays until the next call.
pub(super) struct JsonRecords<'a> {
    source: Source<'a>,
    text: Vec<u8>,
    line: u64,
    failure: Option<io::Error>,
}

enum Source<'a> {
    Lines(Lines<'a>),
    Objects(Objects<'a>),
}

impl<'a> JsonRecords<'a> {
    /// Opens a stream. It has one record a line, unless it begins with `[` or
    /// its first line ends within an object.
    pub(super) fn open(input: &'a mut dyn BufRead) -> Result<Self, ReadError> {
        let head = input.fill_buf()?;
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let head = head.trim_ascii_start();
        let source = if head.starts_with(b"[") || ends_within_object(head) {
            Source::Objects(Objects {
                input,
                line: 1,
                at_start: true,
            })
        } else {
            Source::Lines(Lines::new(input))
        };
        Ok(Self {
            source,
            text: Vec::new(),
            line: 0,
            failure: None,
        })
    }

    /// Goes on to the next record. A source's failure comes after the records
    /// before it and the unfinished one.
    pub(super) fn next(&mut self) -> Result<NextRecord, ReadError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure.into());
        }
        self.text.clear();
        match &mut self.source {
            Source::Objects(objects) => {
                let found = objects.next(&mut self.text, &mut self.line);
                match found {
                    Err(ReadError::Io(error)) if !self.text.is_empty() => {
                        self.failure = Some(error);
                        Ok(NextRecord::Broken(PARTIAL_LINE))
                    }
                    other => other,
                }
            }
            Source::Lines(lines) => loop {
                let line = match lines.next() {
                    Ok(Some(line)) if line.bytes.trim_ascii().is_empty() => continue,
                    Ok(Some(line)) => line,
                    Ok(None) => return Ok(NextRecord::End),
                    Err(error) => {
                        let Some(line) = lines.partial() else {
                            return Err(error.into());
                        };
                        self.line = line.number;
                        self.text.extend_from_slice(line.bytes);
                        self.failure = Some(error);
                        return Ok(NextRecord::Broken(PARTIAL_LINE));
                    }
                };
                self.line = line.number;
                self.text.extend_from_slice(line.bytes);
                return Ok(if line.cut {
                    NextRecord::Broken(LONG_LINE)
                } else {
                    NextRecord::Record
                });
            },
        }
    }

    /// Returns the record's text.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the 1-based line on which the record begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }
}

/// Tells whether the first line begins an object that goes on below: it ends
/// with an open bracket or a comma, and no complete object follows (the first
/// line was cut).
fn ends_within_object(head: &[u8]) -> bool {
    /// A first line that is longer than this is one record: objects that are
    /// written over several lines have short ones.
    const LONG: usize = 4096;
    if memchr(b'\n', head).is_none() && head.len() > LONG {
        return false;
    }
    let mut lines = head.splitn(3, |b| *b == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default();
    let second = lines.next().unwrap_or_default();
    let is_object = |line: &[u8]| {
        line.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
    };
    first.starts_with(b"{")
        && matches!(first.last(), Some(b'{' | b'[' | b','))
        && !(first.ends_with(b",") && is_object(second))
}

/// Finds objects by their braces, whatever stands between them.
struct Objects<'a> {
    input: &'a mut dyn BufRead,
    line: u64,
    at_start: bool,
}

impl Objects<'_> {
    fn next(&mut self, text: &mut Vec<u8>, first_line: &mut u64) -> Result<NextRecord, ReadError> {
        const STRAY: &str = "an object {…} is expected here";
        const OPEN: &str = "the object that begins here is never closed";
        let mut depth = 0_usize;
        let mut in_string = false;
        let mut escaped = false;
        let mut stray = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if chunk.is_empty() {
                return Ok(match text.is_empty() {
                    true => NextRecord::End,
                    false if stray => NextRecord::Broken(STRAY),
                    false => NextRecord::Broken(OPEN),
                });
            }
            let mut at = 0;
            if std::mem::take(&mut self.at_start) && chunk.starts_with(b"\xef\xbb\xbf") {
                at = 3;
            }
            let mut start = at;
            let mut found = None;
            while at < chunk.len() {
                let byte = chunk[at];
                if in_string {
                    if escaped {
                        escaped = false;
                        at += 1;
                        continue;
                    }
                    let Some(skip) = memchr2(b'"', b'\\', &chunk[at..]) else {
                        at = chunk.len();
                        continue;
                    };
                    at += skip + 1;
                    escaped = chunk[at - 1] == b'\\';
                    in_string = escaped;
                    continue;
                }
                if stray && matches!(byte, b',' | b'\n' | b'{' | b'[' | b']') {
                    found = Some(NextRecord::Broken(STRAY));
                    break;
                }
                at += 1;
                if byte == b'\n' {
                    self.line += 1;
                }
                if depth == 0 && !stray {
                    match byte {
                        b',' | b'[' | b']' => start = at,
                        _ if byte.is_ascii_whitespace() => start = at,
                        _ => {
                            *first_line = self.line;
                            start = at - 1;
                            depth = usize::from(byte == b'{');
                            stray = byte != b'{';
                        }
                    }
                    continue;
                }
                match byte {
                    b'"' => in_string = !stray,
                    b'{' => depth += 1,
                    b'}' if depth == 1 => {
                        found = Some(NextRecord::Record);
                        break;
                    }
                    b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            text.extend_from_slice(&chunk[start..at]);
            self.input.consume(at);
            if let Some(found) = found {
                return Ok(found);
            }
            if text.len() > MAX_OBJECT {
                return Err(ReadError::Document {
                    line: *first_line,
                    reason: "the object that begins here is longer than 64 MiB, \
                             or a bracket or quote is missing: write one object a line"
                        .to_owned(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn split(text: &[u8], capacity: usize) -> Vec<(u64, NextRecord, String)> {
        let mut input = BufReader::with_capacity(capacity, text);
        let mut records = JsonRecords::open(&mut input).expect("readable");
        let mut found = Vec::new();
        loop {
            let next = records.next().expect("readable");
            if next == NextRecord::End {
                return found;
            }
            let text = String::from_utf8_lossy(records.text()).into_owned();
            found.push((records.line(), next, text));
        }
    }

    #[test]
    fn splits_lines() {
        let found = split(b"\xef\xbb\xbf{\"a\":1}\r\n\n{\"b\":\n{\"c\":[1]}", 1000);
        let lines: Vec<_> = found
            .iter()
            .map(|(n, _, text)| (*n, text.as_str()))
            .collect();
        assert_eq!(
            lines,
            [(1, "{\"a\":1}"), (3, "{\"b\":"), (4, "{\"c\":[1]}")]
        );
    }

    #[test]
    fn splits_arrays_and_pretty_objects_whatever_the_read_size() {
        for capacity in [1, 2, 7, 1000] {
            let found = split(
                b"[\n {\"a\": \"}\\\"{\"},\n{\"b\":\n {}}, 7, \"x\"\n]\n",
                capacity,
            );
            let texts: Vec<_> = found
                .iter()
                .map(|(n, _, text)| (*n, text.as_str()))
                .collect();
            assert_eq!(
                texts,
                [
                    (2, "{\"a\": \"}\\\"{\"}"),
                    (3, "{\"b\":\n {}}"),
                    (4, "7"),
                    (4, "\"x\"")
                ],
                "{capacity}"
            );
            assert_eq!(found[1].1, NextRecord::Record);
            assert!(matches!(found[2].1, NextRecord::Broken(_)));
            let found = split(b"{\n\"a\": 1\n}\n{\n\"b\": 2\n", capacity);
            assert_eq!(
                found[0],
                (1, NextRecord::Record, "{\n\"a\": 1\n}".to_owned())
            );
            assert_eq!(found[1].0, 4);
            assert!(matches!(found[1].1, NextRecord::Broken(_)));
        }
    }

    proptest::proptest! {
        #[test]
        fn ends_on_any_input(text in "[\\[\\]{},\"\\\\a\n ]{0,60}", capacity in 1_usize..9) {
            split(text.as_bytes(), capacity);
        }
    }
}
