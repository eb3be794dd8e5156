//! Decides whether a delimited file writes its decimals with a comma or a point.
//!
//! One decision holds for the whole file, since `1.234` alone may be either. A
//! comma is possible in a file parted by `;` only, and there it is what
//! spreadsheets write, unless the first cell that leaves no doubt says otherwise.

use memchr::memchr2;

use crate::ingest::RecordSink;
use crate::model::Warning;

use super::csv_unit::parse_quantity;

/// What a cell shows about the decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    Comma,
    Point,
    /// One separator before three digits.
    Either,
}

/// The decimal mark of one file.
pub(super) struct Decimals {
    may_be_comma: bool,
    /// `None` as long as no cell had a separator.
    comma: Option<bool>,
    /// The first cell that could be read both ways.
    doubtful: Option<String>,
}

impl Decimals {
    /// Begins a file with this delimiter.
    pub(super) fn new(delimiter: u8) -> Self {
        Self {
            may_be_comma: delimiter == b';',
            comma: None,
            doubtful: None,
        }
    }

    /// Looks at a cell ahead of reading; the first one without doubt decides.
    pub(super) fn look_at(&mut self, cell: &[u8]) {
        if self.may_be_comma && self.comma.is_none() {
            match evidence(cell) {
                Some(Evidence::Comma) => self.comma = Some(true),
                Some(Evidence::Point) => self.comma = Some(false),
                Some(Evidence::Either) | None => {}
            }
        }
    }

    /// Tells whether a cell is to be read with a decimal comma.
    pub(super) fn is_comma(&mut self, cell: &[u8]) -> bool {
        if !self.may_be_comma {
            return false;
        }
        if memchr2(b',', b'.', cell).is_some() && (self.comma.is_none() || self.doubtful.is_none())
        {
            self.look_at(cell);
            if evidence(cell) == Some(Evidence::Either) {
                self.comma.get_or_insert(true);
                self.doubtful
                    .get_or_insert_with(|| String::from_utf8_lossy(cell).trim().to_owned());
            }
        }
        self.comma.unwrap_or(true)
    }

    /// Says of a cell that could not be read that it has the other mark.
    pub(super) fn contradiction(&self, cell: &[u8]) -> Option<String> {
        let comma = self.comma.filter(|_| self.may_be_comma)?;
        parse_quantity(cell, !comma).ok()?;
        let (other, mark) = names(!comma);
        Some(format!(
            "{:?} has a decimal {other}, but the decimal mark of this file is a {mark}",
            String::from_utf8_lossy(cell.trim_ascii())
        ))
    }

    /// Warns where cells could have been read both ways.
    pub(super) fn finish(&self, sink: &mut dyn RecordSink) {
        if let (Some(cell), Some(comma)) = (&self.doubtful, self.comma) {
            let message = if comma {
                "comma: where a decimal point is meant, part the columns by a comma or a tab"
            } else {
                "point, as the other numbers of the file show"
            };
            sink.warn(Warning::new(
                "decimal-separator",
                format!("numbers such as {cell:?} are read with a decimal {message}"),
            ));
        }
    }
}

/// The names of this mark and of the other.
fn names(comma: bool) -> (&'static str, &'static str) {
    if comma {
        ("comma", "point")
    } else {
        ("point", "comma")
    }
}

fn evidence(cell: &[u8]) -> Option<Evidence> {
    let text = std::str::from_utf8(cell).ok()?;
    let start = text.find(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.'))?;
    let is_part =
        |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | ' ' | '\'' | '\u{a0}' | '\u{202f}');
    let text = &text[start..];
    let (number, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    let number = number.trim_end();
    let count = |mark: char| number.matches(mark).count();
    let is_comma = match (count(','), count('.')) {
        (0, 0) => return None,
        (1, 0) | (0, 1) => {
            let at = number.find([',', '.'])?;
            let (whole, fraction) = (&number[..at], &number[at + 1..]);
            let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
            let is_group = (1..=3).contains(&whole.len())
                && digits(whole)
                && !whole.starts_with('0')
                && fraction.len() == 3
                && digits(fraction)
                && !rest.starts_with(['e', 'E']);
            if is_group {
                return Some(Evidence::Either);
            }
            number[at..].starts_with(',')
        }
        // Groups come several times, the decimal mark once.
        (_, 0) => false,
        (0, _) => true,
        _ => number.rfind(',') > number.rfind('.'),
    };
    // A version or an address shows nothing.
    parse_quantity(cell, is_comma).ok()?;
    Some(if is_comma {
        Evidence::Comma
    } else {
        Evidence::Point
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::test_sink::TestSink;

    #[test]
    fn judges_single_cells() {
        for (text, expected) in [
            ("1,5", Some(Evidence::Comma)),
            ("-1.5", Some(Evidence::Point)),
            ("1.234.567", Some(Evidence::Comma)),
            ("1,234,567", Some(Evidence::Point)),
            ("1.234,5", Some(Evidence::Comma)),
            ("1,234.5", Some(Evidence::Point)),
            ("1 234,567", Some(Evidence::Comma)),
            ("0.123", Some(Evidence::Point)),
            ("1234.567", Some(Evidence::Point)),
            ("1.234e5", Some(Evidence::Point)),
            ("1,5 GiB", Some(Evidence::Comma)),
            ("1.234", Some(Evidence::Either)),
            ("-12,345", Some(Evidence::Either)),
            ("1.234 ms", Some(Evidence::Either)),
            ("12", None),
            ("10.0.0.1", None),
            ("1.2.3", None),
            ("a, b", None),
            ("", None),
            ("é,", None),
        ] {
            assert_eq!(evidence(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn decides_once() {
        let mut decimals = Decimals::new(b';');
        for cell in ["12", "1.234", "2.5", "3,5"] {
            decimals.look_at(cell.as_bytes());
        }
        assert!(!decimals.is_comma(b"3,5"));
        let reason = decimals.contradiction(b"3,5").expect("the other mark");
        assert_eq!(
            reason,
            "\"3,5\" has a decimal comma, but the decimal mark of this file is a point"
        );
        assert_eq!(decimals.contradiction(b"abc"), None);
        let mut sink = TestSink::default();
        decimals.finish(&mut sink);
        assert!(sink.warnings.is_empty());
        assert!(!decimals.is_comma(b"1.234"));
        decimals.finish(&mut sink);
        assert_eq!(sink.warnings[0].code, "decimal-separator");

        let mut decimals = Decimals::new(b';');
        assert!(decimals.is_comma(b"1.234") && decimals.is_comma(b"2.5"));
        assert!(!Decimals::new(b',').is_comma(b"1,5"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[-0-9.,' eE\u{a0}é%]{0,12}") {
            let mut decimals = Decimals::new(b';');
            decimals.is_comma(text.as_bytes());
            decimals.contradiction(text.as_bytes());
        }
    }
}
