//! What the formats' `sniff` functions share.

use crate::ingest::Head;
use crate::ingest::sniff::top_keys;

/// Iterates over the complete, non-blank lines of a file's beginning.
pub(super) fn complete_lines(head: Head<'_>) -> impl Iterator<Item = &[u8]> {
    let bytes = head
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head.bytes);
    let end = if head.truncated {
        memchr::memrchr(b'\n', bytes).unwrap_or(0)
    } else {
        bytes.len()
    };
    bytes[..end]
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

/// Tells whether a file may be JSON records: it begins as JSON, or at least
/// half of its first lines are objects (a banner or a cut line stands before).
pub(super) fn may_be_json(head: Head<'_>) -> bool {
    const ENOUGH: usize = 20;
    let bytes = head
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head.bytes);
    if matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return true;
    }
    let lines: Vec<_> = complete_lines(head).take(ENOUGH).collect();
    let objects = lines
        .iter()
        .filter(|line| line.starts_with(b"{") && line.ends_with(b"}"))
        .count();
    objects > 0 && objects * 2 >= lines.len()
}

/// Finds the keys of the object with which a file begins, where its first line
/// is longer than the head; no keys otherwise.
pub(super) fn keys_of_long_line(head: Head<'_>) -> Vec<String> {
    let bytes = head
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head.bytes)
        .trim_ascii_start();
    if !head.truncated || !bytes.starts_with(b"{") || memchr::memchr(b'\n', bytes).is_some() {
        return Vec::new();
    }
    top_keys(bytes, usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str, truncated: bool) -> Head<'_> {
        Head {
            bytes: text.as_bytes(),
            truncated,
            file_name: "",
        }
    }

    #[test]
    fn looks_past_a_bad_first_line() {
        for text in ["{", "\u{feff} [1", "banner\n{}\n", "a\":1}\n{}\n{}\n"] {
            assert!(may_be_json(head(text, false)), "{text}");
        }
        for text in ["", "banner\n", "a\nb\n{}\n", "banner\n{\n"] {
            assert!(!may_be_json(head(text, false)), "{text}");
        }
        // The only object is cut off by the head.
        assert!(!may_be_json(head("banner\n{}", true)));
    }

    #[test]
    fn finds_the_keys_of_a_line_without_end() {
        let text = "{\"ts\":1,\"a\":{\"b\":\"}\"},\"message\":\"xxxxx";
        assert_eq!(keys_of_long_line(head(text, true)), ["ts", "a", "message"]);
        assert!(keys_of_long_line(head(text, false)).is_empty());
        assert!(keys_of_long_line(head("{\"ts\":1}\n{", true)).is_empty());
    }
}
