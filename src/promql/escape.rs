//! The escapes of Go's string literals, which PromQL and Alertmanager's matchers have too.

/// Replaces the escapes of what stands between two quotes; the result need not be UTF-8.
///
/// `None` where an escape is none of Go's.
pub(crate) fn unescape(inner: &str, quote: u8) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let (length, value) = escape(&rest[at + 1..], quote)?;
        match value {
            Escaped::Byte(byte) => bytes.push(byte),
            Escaped::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = &rest[at + 1 + length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

enum Escaped {
    Byte(u8),
    Char(char),
}

/// Reads what follows a backslash; returns its length.
fn escape(rest: &str, quote: u8) -> Option<(usize, Escaped)> {
    let digits = |from: usize, count: usize, radix: u32| {
        let text = rest.get(from..from + count)?;
        let valid = text.chars().all(|c| c.is_digit(radix));
        valid.then(|| u32::from_str_radix(text, radix).ok())?
    };
    let byte = |value: u8| Some((1, Escaped::Byte(value)));
    match *rest.as_bytes().first()? {
        b'a' => byte(7),
        b'b' => byte(8),
        b'f' => byte(12),
        b'n' => byte(b'\n'),
        b'r' => byte(b'\r'),
        b't' => byte(b'\t'),
        b'v' => byte(11),
        b'\\' => byte(b'\\'),
        c if c == quote => byte(quote),
        b'x' => Some((3, Escaped::Byte(u8::try_from(digits(1, 2, 16)?).ok()?))),
        b'u' => Some((5, Escaped::Char(char::from_u32(digits(1, 4, 16)?)?))),
        b'U' => Some((9, Escaped::Char(char::from_u32(digits(1, 8, 16)?)?))),
        b'0'..=b'7' => Some((3, Escaped::Byte(u8::try_from(digits(0, 3, 8)?).ok()?))),
        _ => None,
    }
}
