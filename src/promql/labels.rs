//! What may name a label, how label sets are compared, and how Go quotes text.

use std::fmt;

use crate::model::Labels;
use crate::promql::options::Version;

/// Whether a character may begin a word: a metric, a label, a function, a keyword.
pub(crate) fn starts_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic()
}

/// Whether a text is a label's name by the rules of version 2: letters, digits
/// (not first) and `_`. Anything else needs quotes in a query.
pub(crate) fn is_classic_name(text: &str) -> bool {
    text.starts_with(starts_word)
        && text
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// Whether a text may name a label: any that is UTF-8 and not empty, in version 2
/// classic names only.
///
/// Strings of a query have U+FFFD where they were not UTF-8, which is how this is seen.
pub(crate) fn is_label_name(text: &str, version: Version) -> bool {
    match version {
        Version::V2 => is_classic_name(text),
        Version::V3 => !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER),
    }
}

/// Appends some of a label set to a key: two keys are equal if those labels are.
pub(crate) fn push_key(key: &mut Vec<u8>, labels: &Labels, keep: impl Fn(&str) -> bool) {
    for (name, value) in labels.iter() {
        if keep(name) {
            // No byte of UTF-8 is 0xff.
            key.extend_from_slice(name.as_bytes());
            key.push(0xff);
            key.extend_from_slice(value.as_bytes());
            key.push(0xff);
        }
    }
}

/// Writes text in quotes as Go's `strconv.Quote`, which PromQL reads back.
pub(crate) fn write_quoted(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\x07' => out.write_str("\\a")?,
            '\x08' => out.write_str("\\b")?,
            '\x0b' => out.write_str("\\v")?,
            '\x0c' => out.write_str("\\f")?,
            ' '..='~' => out.write_char(c)?,
            '\0'..='\x7f' => write!(out, "\\x{:02x}", u32::from(c))?,
            c if c.escape_debug().len() == 1 => out.write_char(c)?,
            c if u32::from(c) > 0xffff => write!(out, "\\U{:08x}", u32::from(c))?,
            c => write!(out, "\\u{:04x}", u32::from(c))?,
        }
    }
    out.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_3_allows_any_text() {
        for (text, v2, v3) in [
            ("", false, false),
            ("a", true, true),
            ("_1", true, true),
            ("1a", false, true),
            ("a-b", false, true),
            ("é", false, true),
            ("a\u{fffd}z", false, false),
        ] {
            assert_eq!(is_label_name(text, Version::V2), v2, "{text}");
            assert_eq!(is_label_name(text, Version::V3), v3, "{text}");
        }
    }

    #[test]
    fn keys_tell_names_from_values() {
        let key = |pairs: &[(&str, &str)]| {
            let labels = Labels::from_pairs(pairs.iter().copied()).unwrap();
            let mut key = Vec::new();
            push_key(&mut key, &labels, |name| name != "z");
            key
        };
        assert_eq!(key(&[("a", "b"), ("z", "1")]), key(&[("a", "b")]));
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", "b"), ("c", "d")]), key(&[("a", "bcd")]));
    }

    #[test]
    fn quotes_as_go_does() {
        for (text, quoted) in [
            ("x\"\\\n\u{1}\u{7f}", r#""x\"\\\n\x01\x7f""#),
            ("\u{7}\u{8}\t\u{b}\u{c}\r", r#""\a\b\t\v\f\r""#),
            ("é\u{200b}\u{e0001}", r#""é\u200b\U000e0001""#),
        ] {
            let mut out = String::new();
            write_quoted(&mut out, text).unwrap();
            assert_eq!(out, quoted);
        }
    }
}
