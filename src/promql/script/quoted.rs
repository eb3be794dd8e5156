//! Quoted strings as Go and PromQL write them.

use crate::promql::escape::unescape;

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
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            let bytes = unescape(&text[1..at], quote as u8)?;
            return Some((String::from_utf8(bytes).ok()?, at + 1));
        }
        if c == '\\' {
            chars.next()?;
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
