//! What may name a label.

use crate::promql::options::Version;

/// Whether a text may name a label: any that is UTF-8 and not empty, in version 2
/// letters, digits (not first) and `_` only.
///
/// Strings of a query have U+FFFD where they were not UTF-8, which is how this is seen.
pub(crate) fn is_label_name(text: &str, version: Version) -> bool {
    let classic = |(i, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_alphabetic() || (i > 0 && byte.is_ascii_digit())
    };
    match version {
        Version::V2 => !text.is_empty() && text.bytes().enumerate().all(classic),
        Version::V3 => !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER),
    }
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
}
