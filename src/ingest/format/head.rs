//! What the formats' `sniff` functions share.

use crate::ingest::Head;

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
