//! A forgiving, allocation-free walk over JSON that is in memory.
//!
//! It checks only as much syntax as is needed to find where a value ends; whoever
//! wants to know what is wrong asks `serde_json`.

use std::borrow::Cow;

use memchr::memchr2;

/// A place in a JSON text.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) at: usize,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Skips white space and returns the byte after it, without taking it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Skips white space and takes the byte after it, if it is this one.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes a string with its quotes, still escaped.
    pub(super) fn raw_string(&mut self) -> Option<&'b [u8]> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at;
        let mut at = start + 1;
        loop {
            at += memchr2(b'"', b'\\', self.bytes.get(at..)?)?;
            if self.bytes[at] == b'"' {
                self.at = at + 1;
                return Some(&self.bytes[start..=at]);
            }
            at += 2;
        }
    }

    /// Takes a string and decodes it.
    pub(super) fn string(&mut self) -> Option<Cow<'b, str>> {
        let raw = self.raw_string()?;
        let inner = &raw[1..raw.len() - 1];
        if inner.contains(&b'\\') {
            return serde_json::from_slice::<String>(raw).ok().map(Cow::Owned);
        }
        std::str::from_utf8(inner).ok().map(Cow::Borrowed)
    }

    /// Takes any value and returns its text. A word that is not JSON ends at
    /// the next comma or bracket.
    pub(super) fn value(&mut self) -> Option<&'b [u8]> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => return self.raw_string(),
            b'{' | b'[' => {
                let mut depth = 0_usize;
                loop {
                    match self.bytes.get(self.at)? {
                        b'"' => {
                            self.raw_string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => {
                let rest = &self.bytes[start..];
                let length = rest
                    .iter()
                    .position(|b| matches!(b, b',' | b']' | b'}'))
                    .unwrap_or(rest.len());
                self.at += length;
                let text = rest[..length].trim_ascii_end();
                return (!text.is_empty()).then_some(text);
            }
        }
        Some(&self.bytes[start..self.at])
    }

    /// Takes an object whose values are strings, as label sets are; `None` if
    /// it is anything else.
    pub(super) fn labels(&mut self) -> Option<Vec<(Box<str>, Box<str>)>> {
        let mut pairs = Vec::with_capacity(8);
        if !self.eat(b'{') {
            return None;
        }
        if self.eat(b'}') {
            return Some(pairs);
        }
        loop {
            let name = self.string()?;
            if !self.eat(b':') {
                return None;
            }
            let value = self.string()?;
            pairs.push((name.into(), value.into()));
            if self.eat(b'}') {
                return Some(pairs);
            }
            if !self.eat(b',') {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_where_values_end() {
        let mut cursor = Cursor::new(br#" {"a":["]\"",{}]} , bad word] "x" "#);
        assert_eq!(cursor.value(), Some(&br#"{"a":["]\"",{}]}"#[..]));
        assert!(cursor.eat(b','));
        assert_eq!(cursor.value(), Some(&b"bad word"[..]));
        assert!(cursor.eat(b']'));
        assert_eq!(cursor.value(), Some(&br#""x""#[..]));
        assert_eq!(cursor.value(), None);
    }

    #[test]
    fn reads_labels() {
        let pairs = Cursor::new(br#"{ "a" : "b\u00e9\n", "c":"" }"#).labels();
        let expected = [("a", "bé\n"), ("c", "")];
        assert_eq!(
            pairs,
            Some(expected.map(|(n, v)| (n.into(), v.into())).to_vec())
        );
        for bad in [
            r#"{"a":1}"#,
            r#"{"a":"b""#,
            r#"{"a" "b"}"#,
            "[]",
            r#"{"a":"\q"}"#,
        ] {
            assert_eq!(Cursor::new(bad.as_bytes()).labels(), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"[\[\]{}",:\\a0 é-]{0,30}"#) {
            let mut cursor = Cursor::new(text.as_bytes());
            while cursor.value().is_some() {
                let _ = cursor.eat(b',');
            }
            let _ = Cursor::new(text.as_bytes()).labels();
        }
    }
}
