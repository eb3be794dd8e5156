//! Splits delimited text into rows and fields (RFC 4180), with line and raw text.
//!
//! The `csv` crate skips blank lines, which part the frames of a Grafana
//! export, and does not keep a row's raw text, which a dead letter needs; so
//! rows come from [`Lines`] and are split here. A quoted field may hold line
//! breaks; a quote that is never closed costs its own line and no other.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use memchr::{memchr, memchr_iter};

use crate::ingest::ReadError;
use crate::ingest::framing::{LONG_LINE, Lines, PARTIAL_LINE};

/// The delimiters that are tried, in the order in which a draw is settled.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// A quoted field with more line breaks is taken for a stray quote.
const MAX_LINES_OF_A_ROW: usize = 200;
/// [`Rows::peek`] stops behind so many bytes.
const MOST_PEEKED: usize = 1024 * 1024;

/// What [`Rows::next`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest) enum Next {
    /// A row; its fields can be asked for.
    Row,
    /// An empty line.
    Blank,
    /// A line that is no row, and why not.
    Broken(&'static str),
    /// Nothing more.
    End,
}

/// Iterates over rows; the current one stays until the next call.
pub(in crate::ingest) struct Rows<'a> {
    lines: Lines<'a>,
    delimiter: u8,
    /// Lines that were read ahead.
    ahead: VecDeque<Ahead>,
    line: u64,
    raw: Vec<u8>,
    /// The row's fields without quotes, where it has quotes.
    unquoted: Vec<u8>,
    has_quotes: bool,
    /// Where each field begins and ends, in `raw` or `unquoted`.
    fields: Vec<(usize, usize)>,
    failure: Option<io::Error>,
}

/// A line that was read ahead.
struct Ahead {
    line: u64,
    raw: Vec<u8>,
    /// Why it is no row, where that is known.
    broken: Option<&'static str>,
}

impl<'a> Rows<'a> {
    /// Opens a text and finds its delimiter: what a first line `sep=;` says,
    /// or else the one that the first row has most of. Lines before the header
    /// (a banner, a damaged one) are broken.
    pub(in crate::ingest) fn open(input: &'a mut dyn BufRead) -> Result<Self, ReadError> {
        let mut rows = Self {
            lines: Lines::new(input),
            delimiter: b',',
            ahead: VecDeque::new(),
            line: 0,
            raw: Vec::new(),
            unquoted: Vec::new(),
            has_quotes: false,
            fields: Vec::new(),
            failure: None,
        };
        while let Some(line) = rows.lines.next()? {
            if line.bytes.trim_ascii().is_empty() {
                continue;
            }
            if let Some(delimiter) = stated_delimiter(line.bytes) {
                rows.delimiter = delimiter;
            } else {
                rows.delimiter = likely_delimiter(line.bytes);
                rows.ahead.push_back(Ahead {
                    line: line.number,
                    raw: line.bytes.to_vec(),
                    broken: line.cut.then_some(LONG_LINE),
                });
                rows.skip_banner();
            }
            break;
        }
        Ok(rows)
    }

    /// Goes on to the next line. A source's failure comes after the rows
    /// before it and the unfinished one.
    pub(in crate::ingest) fn next(&mut self) -> Result<Next, ReadError> {
        match self.next_line()? {
            Some(None) => {}
            Some(Some(reason)) => return Ok(Next::Broken(reason)),
            None => return Ok(Next::End),
        }
        self.fields.clear();
        self.has_quotes = memchr(b'"', &self.raw).is_some();
        if !self.has_quotes {
            if self.raw.trim_ascii().is_empty() {
                return Ok(Next::Blank);
            }
            let mut start = 0;
            for end in memchr_iter(self.delimiter, &self.raw) {
                self.fields.push((start, end));
                start = end + 1;
            }
            self.fields.push((start, self.raw.len()));
            return Ok(Next::Row);
        }
        self.next_quoted()
    }

    /// Returns how many fields the row has.
    pub(in crate::ingest) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns a field, or nothing where the row is shorter.
    pub(in crate::ingest) fn field(&self, index: usize) -> &[u8] {
        let text = if self.has_quotes {
            &self.unquoted
        } else {
            &self.raw
        };
        self.fields
            .get(index)
            .map_or(&[], |&(start, end)| &text[start..end])
    }

    /// Returns all fields as text.
    pub(in crate::ingest) fn texts(&self) -> Vec<String> {
        (0..self.len())
            .map(|i| String::from_utf8_lossy(self.field(i).trim_ascii()).into_owned())
            .collect()
    }

    /// Returns the 1-based line on which the row begins.
    pub(in crate::ingest) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the row as it stands in the file.
    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Returns the delimiter.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Puts the current row back, so that it comes again.
    pub(super) fn put_back(&mut self) {
        self.ahead.push_front(Ahead {
            line: self.line,
            raw: self.raw.clone(),
            broken: None,
        });
    }

    /// Returns the fields of the rows that come next, up to a blank line; they
    /// will come again.
    pub(super) fn peek(&mut self, at_most: usize) -> Result<Vec<Vec<String>>, ReadError> {
        let mut found = Vec::new();
        let mut seen = Vec::new();
        let mut bytes = 0;
        while found.len() < at_most && bytes < MOST_PEEKED {
            let next = match self.next() {
                Ok(next) => next,
                Err(ReadError::Io(error)) => {
                    self.failure = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            };
            let broken = match next {
                Next::Row => {
                    found.push(self.texts());
                    None
                }
                Next::Blank => None,
                Next::Broken(reason) => Some(reason),
                Next::End => break,
            };
            bytes += self.raw.len();
            seen.push(Ahead {
                line: self.line,
                raw: self.raw.clone(),
                broken,
            });
            if next == Next::Blank {
                break;
            }
        }
        for line in seen.into_iter().rev() {
            self.ahead.push_front(line);
        }
        Ok(found)
    }

    /// Looks below a first line without any delimiter, or with control
    /// characters, for the header: a line with as many as the next.
    fn skip_banner(&mut self) {
        const BANNER: &str = "this line stands before the header";
        const MOST_LINES: usize = 8;
        let is_control = |b: &u8| *b < b' ' && !matches!(b, b'\t' | b'\r');
        let can_be_header = |line: &Ahead| {
            line.broken.is_none()
                && most_of_a_delimiter(&line.raw).1 > 0
                && !line.raw.iter().any(is_control)
        };
        if self.ahead.front().is_none_or(can_be_header) {
            return;
        }
        while self.ahead.len() < MOST_LINES {
            match self.lines.next() {
                Ok(Some(line)) => self.ahead.push_back(Ahead {
                    line: line.number,
                    raw: line.bytes.to_vec(),
                    broken: line.cut.then_some(LONG_LINE),
                }),
                Ok(None) => break,
                Err(error) => {
                    if let Some(line) = self.lines.partial() {
                        self.ahead.push_back(Ahead {
                            line: line.number,
                            raw: line.bytes.to_vec(),
                            broken: Some(PARTIAL_LINE),
                        });
                    }
                    self.failure = Some(error);
                    break;
                }
            }
        }
        let header = (1..self.ahead.len().saturating_sub(1)).find(|at| {
            let (line, below) = (&self.ahead[*at], &self.ahead[at + 1]);
            can_be_header(line) && most_of_a_delimiter(&line.raw) == most_of_a_delimiter(&below.raw)
        });
        if let Some(at) = header {
            self.delimiter = most_of_a_delimiter(&self.ahead[at].raw).0;
            for line in self.ahead.iter_mut().take(at) {
                if !line.raw.trim_ascii().is_empty() {
                    line.broken.get_or_insert(BANNER);
                }
            }
        }
    }

    /// Reads a line into `raw`; `Some(Some(_))` is one that cannot be a row.
    fn next_line(&mut self) -> Result<Option<Option<&'static str>>, ReadError> {
        if let Some(ahead) = self.ahead.pop_front() {
            self.line = ahead.line;
            self.raw = ahead.raw;
            return Ok(Some(ahead.broken));
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure.into());
        }
        match self.lines.next() {
            Ok(Some(line)) => {
                self.line = line.number;
                self.raw.clear();
                self.raw.extend_from_slice(line.bytes);
                Ok(Some(line.cut.then_some(LONG_LINE)))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                let Some(line) = self.lines.partial() else {
                    return Err(error.into());
                };
                self.line = line.number;
                self.raw.clear();
                self.raw.extend_from_slice(line.bytes);
                self.failure = Some(error);
                Ok(Some(Some(PARTIAL_LINE)))
            }
        }
    }

    fn next_quoted(&mut self) -> Result<Next, ReadError> {
        const OPEN: &str = "a quote is opened and never closed: double a quote inside a field, \
                            and put one at the field's end";
        let first_line = self.line;
        let mut first = None;
        let mut more = Vec::new();
        while !self.split_quoted() {
            let first = &*first.get_or_insert_with(|| self.raw.clone());
            let joined = std::mem::take(&mut self.raw);
            let next = if more.len() < MAX_LINES_OF_A_ROW {
                self.next_line()
            } else {
                Ok(None)
            };
            if !matches!(next, Ok(Some(None))) {
                if let Err(ReadError::Io(error)) = next {
                    self.failure = Some(error);
                } else if let Ok(Some(broken)) = next {
                    more.push(Ahead {
                        line: self.line,
                        raw: std::mem::take(&mut self.raw),
                        broken,
                    });
                }
                for line in more.into_iter().rev() {
                    self.ahead.push_front(line);
                }
                self.line = first_line;
                self.raw.clone_from(first);
                return Ok(Next::Broken(OPEN));
            }
            more.push(Ahead {
                line: self.line,
                raw: self.raw.clone(),
                broken: None,
            });
            let added = std::mem::replace(&mut self.raw, joined);
            self.raw.push(b'\n');
            self.raw.extend_from_slice(&added);
        }
        self.line = first_line;
        Ok(Next::Row)
    }

    /// Splits `raw` into `unquoted`; `false` where a quote is still open.
    fn split_quoted(&mut self) -> bool {
        self.fields.clear();
        self.unquoted.clear();
        let mut rest = &self.raw[..];
        loop {
            let start = self.unquoted.len();
            let unspaced = rest.trim_ascii_start();
            if let [b'"', inside @ ..] = unspaced {
                rest = inside;
                loop {
                    let Some(at) = memchr(b'"', rest) else {
                        return false;
                    };
                    self.unquoted.extend_from_slice(&rest[..at]);
                    rest = &rest[at + 1..];
                    if let [b'"', after @ ..] = rest {
                        self.unquoted.push(b'"');
                        rest = after;
                    } else {
                        break;
                    }
                }
            }
            // What stands between the closing quote and the delimiter belongs
            // to the field, as in every lenient reader.
            let end = memchr(self.delimiter, rest).unwrap_or(rest.len());
            self.unquoted.extend_from_slice(&rest[..end]);
            self.fields.push((start, self.unquoted.len()));
            if end == rest.len() {
                return true;
            }
            rest = &rest[end + 1..];
        }
    }
}

/// Reads Excel's `sep=;`.
fn stated_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end();
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (keyword, delimiter) = line.split_at_checked(4)?;
    match delimiter {
        &[delimiter] if keyword.eq_ignore_ascii_case(b"sep=") => Some(delimiter),
        // The tab of `sep=\t` is trimmed away as white space.
        [] if keyword.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        _ => None,
    }
}

fn likely_delimiter(line: &[u8]) -> u8 {
    most_of_a_delimiter(line).0
}

/// Returns the delimiter that a line has most of, and how many.
fn most_of_a_delimiter(line: &[u8]) -> (u8, usize) {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    let mut braces = 0_usize;
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            // `up{a="b", c="d"}`, unquoted.
            b'{' if !quoted => braces += 1,
            b'}' if !quoted => braces = braces.saturating_sub(1),
            _ if !quoted && braces == 0 => {
                if let Some(at) = DELIMITERS.iter().position(|d| d == byte) {
                    counts[at] += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let at = counts.iter().position(|c| *c == most).unwrap_or(0);
    (DELIMITERS[at], most)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    fn split(text: &[u8]) -> Vec<(u64, Result<Vec<String>, &'static str>)> {
        let mut input = text;
        let mut rows = Rows::open(&mut input).expect("readable");
        let mut found = Vec::new();
        loop {
            match rows.next().expect("readable") {
                Next::Row => found.push((rows.line(), Ok(rows.texts()))),
                Next::Blank => found.push((rows.line(), Ok(vec![]))),
                Next::Broken(reason) => found.push((rows.line(), Err(reason))),
                Next::End => return found,
            }
        }
    }

    fn fields(row: &[&str]) -> Result<Vec<String>, &'static str> {
        Ok(row.iter().map(|f| (*f).to_owned()).collect())
    }

    #[test]
    fn splits_quotes_breaks_and_blank_lines() {
        let found = split(b"a,\"b \"\"x\"\", y\"\r\n\r\n\"two\nlines\",3\nlast,");
        assert_eq!(found[0], (1, fields(&["a", "b \"x\", y"])));
        assert_eq!(found[1], (2, Ok(vec![])));
        assert_eq!(found[2], (3, fields(&["two\nlines", "3"])));
        assert_eq!(found[3], (5, fields(&["last", ""])));
    }

    #[test]
    fn a_stray_quote_costs_one_line() {
        let found = split(b"a,b\n\"1,2\n3,4\n5,6\n");
        assert_eq!(found[1].0, 2);
        assert!(found[1].1.is_err());
        assert_eq!(found[2], (3, fields(&["3", "4"])));
        assert_eq!(found[3], (4, fields(&["5", "6"])));
    }

    #[test]
    fn finds_the_delimiter() {
        assert_eq!(split(b"sep=;\na;b,c\n")[0], (2, fields(&["a", "b,c"])));
        assert_eq!(split(b"sep=\t\na\tb\n")[0], (2, fields(&["a", "b"])));
        assert_eq!(split(b"a\tb\n")[0].1, fields(&["a", "b"]));
        assert_eq!(split(b"a|b|c,d\n")[0].1, fields(&["a", "b", "c,d"]));
        let legend = b"\"Time\";\"{a=\"\"b\"\", c=\"\"d\"\", e=\"\"f\"\"}\"";
        assert_eq!(
            split(legend)[0].1,
            fields(&["Time", "{a=\"b\", c=\"d\", e=\"f\"}"])
        );
    }

    #[test]
    fn skips_what_stands_before_the_header() {
        let found = split(b"Report of today\n\na;b\n1;2\n");
        assert_eq!(found[0], (1, Err("this line stands before the header")));
        assert_eq!(found[1], (2, Ok(vec![])));
        assert_eq!(found[2], (3, fields(&["a", "b"])));
        let found = split(b"\0\x01,x\na,b\n1,2\n");
        assert!(found[0].1.is_err());
        assert_eq!(found[1], (2, fields(&["a", "b"])));
        // Nothing below is a header.
        let found = split(b"name\nx\ny,z\n");
        assert_eq!(found[0], (1, fields(&["name"])));
    }

    #[test]
    fn peeked_rows_come_again() {
        let text = b"a,b\n1,\"x\ny\"\n\"open,2\n\n3,4\n";
        let expected = split(text);
        let mut input = &text[..];
        let mut rows = Rows::open(&mut input).expect("readable");
        assert_eq!(rows.next().expect("row"), Next::Row);
        assert_eq!(rows.peek(9).expect("rows"), [["1", "x\ny"]]);
        let mut found = Vec::new();
        loop {
            match rows.next().expect("readable") {
                Next::Row => found.push((rows.line(), Ok(rows.texts()))),
                Next::Blank => found.push((rows.line(), Ok(vec![]))),
                Next::Broken(reason) => found.push((rows.line(), Err(reason))),
                Next::End => break,
            }
        }
        assert_eq!(found, expected[1..]);
    }

    #[test]
    fn rows_before_a_failure_come_first() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
        let mut input = BufReader::new((&b"a,b\n1,2\n3,"[..]).chain(Fails));
        let mut rows = Rows::open(&mut input).expect("the first line is there");
        assert_eq!(rows.next().expect("row"), Next::Row);
        assert_eq!(rows.next().expect("row"), Next::Row);
        assert_eq!(rows.next().expect("row"), Next::Broken(PARTIAL_LINE));
        assert!(rows.next().is_err());
    }
}
