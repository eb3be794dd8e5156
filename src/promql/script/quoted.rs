//! Quoted strings as Go and PromQL write them.

/// Reads the quoted string at the start of `text` and returns it with the number of bytes it took.
///
/// Quotes are `"`, `'` and `` ` `` (the last without escapes). `None` where the
/// string does not end, has a bad escape, or is not UTF-8 once unescaped.
pub(super) fn unquote(text: &str) -> Option<(String, usize)> {
    let quote = text
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    if quote == '`' {
        let length = text[1..].find('`')?;
        return Some((text[1..=length].to_owned(), length + 2));
    }
    let mut bytes = Vec::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((String::from_utf8(bytes).ok()?, at + 1));
        }
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let (_, escape) = chars.next()?;
        let mut number = |first: Option<char>, count: usize, base: u32| {
            let mut value = first.map_or(Some(0), |c| c.to_digit(base))?;
            for _ in 0..count {
                value = value.checked_mul(base)? + chars.next()?.1.to_digit(base)?;
            }
            Some(value)
        };
        match escape {
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(11),
            '\\' => bytes.push(b'\\'),
            c if c == quote => bytes.push(quote as u8),
            'x' => bytes.push(u8::try_from(number(None, 2, 16)?).ok()?),
            '0'..='7' => bytes.push(u8::try_from(number(Some(escape), 2, 8)?).ok()?),
            'u' | 'U' => {
                let digits = if escape == 'u' { 4 } else { 8 };
                let c = char::from_u32(number(None, digits, 16)?)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_does() {
        for (text, value, length) in [
            (r#""a b" rest"#, "a b", 5),
            (r#"'it"s'"#, "it\"s", 6),
            (r"`a\n`,", r"a\n", 5),
            (r#""\n\t\\\"""#, "\n\t\\\"", 10),
            (r#""\u00e9\x41\101""#, "éAA", 16),
            (r#""\xc3\xa9""#, "é", 10),
            (r#""""#, "", 2),
            ("``", "", 2),
        ] {
            assert_eq!(unquote(text), Some((value.to_owned(), length)), "{text}");
        }
        for bad in [
            "",
            "a",
            "\"a",
            "'a\"",
            r#""\q""#,
            r#""\xc5""#,
            r#""\u12""#,
            "`a",
        ] {
            assert_eq!(unquote(bad), None, "{bad}");
        }
    }
}
