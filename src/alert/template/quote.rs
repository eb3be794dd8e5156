//! Go's quoted strings: `strconv.Quote`, `strconv.Unquote`.

/// Quotes a text as `%q` does.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        push_escaped(&mut quoted, c, '"', false);
    }
    quoted.push('"');
    quoted
}

/// Quotes a text as `%+q` does: in ASCII only.
pub(super) fn quote_ascii(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        push_escaped(&mut quoted, c, '"', true);
    }
    quoted.push('"');
    quoted
}

/// Quotes a character as `%q` does.
pub(super) fn quote_char(c: char, ascii: bool) -> String {
    let mut quoted = String::from('\'');
    push_escaped(&mut quoted, c, '\'', ascii);
    quoted.push('\'');
    quoted
}

fn push_escaped(text: &mut String, c: char, mark: char, ascii: bool) {
    let short = match c {
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{b}' => 'v',
        '\\' => '\\',
        c if c == mark => c,
        c if c.is_ascii_graphic() || c == ' ' || (!ascii && is_print(c)) => {
            text.push(c);
            return;
        }
        c => {
            let code = u32::from(c);
            text.push_str(&match code {
                0..0x80 => format!("\\x{code:02x}"),
                0x80..0x1_0000 => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            });
            return;
        }
    };
    text.push('\\');
    text.push(short);
}

/// Whether Go prints a character as it is (`unicode.IsPrint`), nearly.
pub(super) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic() || c == ' ';
    }
    // The standard library escapes combining marks, which Go prints.
    c.is_alphanumeric() || (0x300..0x370).contains(&u32::from(c)) || c.escape_debug().len() == 1
}

/// Writes a character as `%#U` does: `U+0040 '@'`.
pub(super) fn code_point(c: char) -> String {
    let code = u32::from(c);
    if is_print(c) {
        format!("U+{code:04X} '{c}'")
    } else {
        format!("U+{code:04X}")
    }
}

/// Reads a quoted string: `"…"` or a raw one.
///
/// Bytes that are no UTF-8 (`"\xff"`) become U+FFFD.
pub(super) fn unquote(text: &str) -> Option<String> {
    if let Some(raw) = text.strip_prefix('`').and_then(|t| t.strip_suffix('`')) {
        return Some(raw.replace('\r', ""));
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((unit, tail)) = unquote_unit(rest, '"') {
        match unit {
            Unit::Byte(byte) => bytes.push(byte),
            Unit::Char(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
        rest = tail;
    }
    rest.is_empty()
        .then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a character constant: `'…'`.
pub(super) fn unquote_char(text: &str) -> Result<char, String> {
    let inner = text.strip_prefix('\'').ok_or("invalid syntax")?;
    let (unit, tail) = unquote_unit(inner, '\'').ok_or("invalid syntax")?;
    if tail != "'" {
        return Err(format!("malformed character constant: {text}"));
    }
    Ok(match unit {
        Unit::Byte(byte) => char::from(byte),
        Unit::Char(c) => c,
    })
}

enum Unit {
    Byte(u8),
    Char(char),
}

/// Reads the first character or escape.
fn unquote_unit(text: &str, mark: char) -> Option<(Unit, &str)> {
    let mut chars = text.chars();
    let c = chars.next()?;
    if c == mark || c == '\n' {
        return None;
    }
    if c != '\\' {
        return Some((Unit::Char(c), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = match escape {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        c @ ('"' | '\'') if c == mark => c,
        'x' => return digits(rest, 2, 16).map(|(code, tail)| (Unit::Byte(code as u8), tail)),
        'u' | 'U' => {
            let (code, tail) = digits(rest, if escape == 'u' { 4 } else { 8 }, 16)?;
            return Some((Unit::Char(char::from_u32(code)?), tail));
        }
        '0'..='7' => {
            let (code, tail) = digits(&text[1..], 3, 8)?;
            return Some((Unit::Byte(u8::try_from(code).ok()?), tail));
        }
        _ => return None,
    };
    Some((Unit::Char(simple), rest))
}

fn digits(text: &str, len: usize, radix: u32) -> Option<(u32, &str)> {
    let head = text.get(..len)?;
    if !head.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some((u32::from_str_radix(head, radix).ok()?, &text[len..]))
}
