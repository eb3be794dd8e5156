//! Reads a series as Prometheus writes it: `name{label="value",…}`.
//!
//! Also `{__name__="name",…}` (`promtool tsdb dump`) and the quoted names of
//! Prometheus 3, `{"my.metric","my.label"="value"}`. Source: prometheus
//! `model/textparse/promlex.l`, `model/labels/labels_common.go`; OpenMetrics 1.0.

use std::borrow::Cow;

use crate::model::METRIC_NAME;

/// How the values of labels are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `\\`, `\"` and `\n`; another backslash stands for itself.
    Exposition,
    /// As Go writes strings (`strconv.Quote`).
    Go,
}

type Pairs = Vec<(Box<str>, Box<str>)>;

/// Returns where the series at the start of a line ends; `None` where quotes or
/// braces stay open.
pub(super) fn series_end(line: &[u8]) -> Option<usize> {
    let name_end = line
        .iter()
        .position(|b| matches!(b, b'{' | b' ' | b'\t'))
        .unwrap_or(line.len());
    let blanks = line[name_end..]
        .iter()
        .take_while(|b| is_blank(**b))
        .count();
    if line.get(name_end + blanks) != Some(&b'{') {
        return Some(name_end);
    }
    let mut at = name_end + blanks + 1;
    loop {
        match line.get(at)? {
            b'}' => return Some(at + 1),
            b'"' => at += quoted_length(&line[at..])?,
            _ => at += 1,
        }
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Returns the length of the quoted string at the start of a text.
fn quoted_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Reads the text of a series into labels, `__name__` among them; an error is
/// a sentence.
pub(super) fn parse_series(text: &[u8], escapes: Escapes) -> Result<Pairs, String> {
    let text = std::str::from_utf8(text).map_err(|_| "the series is not UTF-8")?;
    let (name, labels) = match text.find('{') {
        Some(brace) => (text[..brace].trim_end(), Some(&text[brace + 1..])),
        None => (text, None),
    };
    let mut pairs = Vec::with_capacity(8);
    if !name.is_empty() {
        if !is_name(name, true) {
            return Err(format!(
                "{name:?} is not a metric's name: letters, digits, _ and : (others in quotes, {{{name:?}}})"
            ));
        }
        pairs.push((METRIC_NAME.into(), name.into()));
    }
    if let Some(labels) = labels {
        parse_labels(labels, escapes, &mut pairs)?;
    }
    if pairs.iter().all(|(name, _)| &**name != METRIC_NAME) {
        return Err("the series has no name".into());
    }
    Ok(pairs)
}

/// Reads `a="b", "c.d"="e"}`, a trailing comma allowed.
fn parse_labels(text: &str, escapes: Escapes, pairs: &mut Pairs) -> Result<(), String> {
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return if after.is_empty() {
                Ok(())
            } else {
                Err("text after the closing brace".into())
            };
        }
        let name = if rest.starts_with('"') {
            let (name, after) = quoted(rest, escapes)?;
            rest = after.trim_start();
            if rest.starts_with([',', '}']) {
                pairs.push((METRIC_NAME.into(), name.into()));
                rest = next_label(rest)?;
                continue;
            }
            name
        } else {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':')
                .unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if !is_name(name, false) {
                return Err(format!("expected a label's name at {:?}", beginning(rest)));
            }
            rest = after.trim_start();
            Cow::Borrowed(name)
        };
        rest = rest
            .strip_prefix('=')
            .ok_or_else(|| format!("expected = after the label {name:?}"))?
            .trim_start();
        if !rest.starts_with('"') {
            return Err(format!("the value of the label {name:?} is not in quotes"));
        }
        let (value, after) = quoted(rest, escapes)?;
        pairs.push((name.into(), value.into()));
        rest = next_label(after.trim_start())?;
    }
}

fn next_label(rest: &str) -> Result<&str, String> {
    match rest.strip_prefix(',') {
        Some(after) => Ok(after.trim_start()),
        None if rest.starts_with('}') => Ok(rest),
        None => Err(format!(
            "expected a comma or a closing brace at {:?}",
            beginning(rest)
        )),
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(20).collect()
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`; in metrics' names `:` too.
fn is_name(name: &str, colon: bool) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || colon && b == b':';
    name.bytes().all(fits) && !name.is_empty() && !name.as_bytes()[0].is_ascii_digit()
}

/// Takes the quoted string at the start of a text, and returns the rest too.
fn quoted(text: &str, escapes: Escapes) -> Result<(Cow<'_, str>, &str), String> {
    let length = quoted_length(text.as_bytes()).ok_or("a quote stays open")?;
    let (raw, rest) = text.split_at(length);
    let inner = &raw[1..length - 1];
    if !inner.contains('\\') {
        return Ok((Cow::Borrowed(inner), rest));
    }
    let value = match escapes {
        Escapes::Exposition => unescape(inner),
        Escapes::Go => unescape_go(inner).ok_or_else(|| format!("unknown escape in {raw}"))?,
    };
    Ok((Cow::Owned(value), rest))
}

/// Resolves `\\`, `\"` and `\n`, and leaves other backslashes alone.
pub(super) fn unescape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => value.push('\n'),
            Some(c @ ('\\' | '"')) => value.push(c),
            Some(c) => value.extend(['\\', c]),
            None => value.push('\\'),
        }
    }
    value
}

/// Resolves the escapes of Go's interpreted strings; bytes that are not UTF-8
/// (`\xff`) become U+FFFD.
fn unescape_go(text: &str) -> Option<String> {
    let mut value = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        value.extend_from_slice(&rest.as_bytes()[..at]);
        let kind = rest[at + 1..].chars().next()?;
        rest = &rest[at + 1 + kind.len_utf8()..];
        let mut number = |digits: usize, radix: u32| {
            let number = u32::from_str_radix(rest.get(..digits)?, radix).ok()?;
            rest = &rest[digits..];
            Some(number)
        };
        let byte = match kind {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' | '"' => kind as u8,
            'x' => u8::try_from(number(2, 16)?).ok()?,
            'u' | 'U' => {
                let c = char::from_u32(number(if kind == 'u' { 4 } else { 8 }, 16)?)?;
                value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return None,
        };
        value.push(byte);
    }
    value.extend_from_slice(rest.as_bytes());
    Some(String::from_utf8_lossy(&value).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Labels;

    fn parse(text: &str, escapes: Escapes) -> Result<String, String> {
        assert_eq!(series_end(text.as_bytes()), Some(text.len()), "{text}");
        let labels = Labels::from_pairs(parse_series(text.as_bytes(), escapes)?);
        labels.map(|l| l.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_every_form() {
        for (text, expected) in [
            ("up", "up"),
            ("job:x:rate5m", "job:x:rate5m"),
            ("m{}", "m"),
            ("m {a=\"b\"}", "m{a=\"b\"}"),
            (r#"m{ a = "1" , b="2", }"#, r#"m{a="1", b="2"}"#),
            (r#"m{a="} , = \" \\ x"}"#, r#"m{a="} , = \" \\ x"}"#),
            (r#"m{a="\d\n"}"#, r#"m{a="\\d\n"}"#),
            (r#"{"my.metric","a.b"="c"}"#, r#"my.metric{a.b="c"}"#),
            (r#"{a="b", "my.metric"}"#, r#"my.metric{a="b"}"#),
            (r#"{__name__="m", foo="bar"}"#, r#"m{foo="bar"}"#),
            ("m{a=\"é\"}", "m{a=\"é\"}"),
        ] {
            assert_eq!(
                parse(text, Escapes::Exposition).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
        assert_eq!(
            parse(
                r#"{__name__="m", a="\t\x41\u00e9\\\U0001F600\xff"}"#,
                Escapes::Go
            ),
            Ok("m{a=\"\\tAé\\\\😀\u{fffd}\"}".into())
        );
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, reason) in [
            (
                "a.b",
                r#""a.b" is not a metric's name: letters, digits, _ and : (others in quotes, {"a.b"})"#,
            ),
            ("{}", "the series has no name"),
            ("m{a}", "expected = after the label \"a\""),
            ("m{a=b}", "the value of the label \"a\" is not in quotes"),
            ("m{=\"b\"}", "expected a label's name at \"=\\\"b\\\"}\""),
            (
                "m{a=\"b\" c=\"d\"}",
                "expected a comma or a closing brace at \"c=\\\"d\\\"}\"",
            ),
            ("m{a=\"b\",a=\"c\"}", "label \"a\" is given twice"),
            ("m{__name__=\"n\"}", "label \"__name__\" is given twice"),
        ] {
            assert_eq!(
                parse(text, Escapes::Exposition),
                Err(reason.into()),
                "{text}"
            );
        }
        assert_eq!(
            parse_series(b"m{a=\"\xff\"}", Escapes::Go),
            Err("the series is not UTF-8".into())
        );
        assert_eq!(series_end(b"m{a=\"b\\\"} 1"), None);
        assert_eq!(series_end(b"m{a=\"b\" 1"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"([{}",=\\ nuUx019é]|m|a=|"b"){0,30}"#) {
            if let Some(end) = series_end(text.as_bytes()) {
                for escapes in [Escapes::Exposition, Escapes::Go] {
                    let _ = parse_series(&text.as_bytes()[..end], escapes);
                    let _ = parse_series(text.as_bytes(), escapes);
                }
            }
        }

        #[test]
        fn reads_back_any_value(value in r#"[a-z{}",=\\\n é]{1,20}"#) {
            let escaped = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n");
            let text = format!("m{{a=\"{escaped}\"}}");
            for escapes in [Escapes::Exposition, Escapes::Go] {
                let pairs = parse_series(text.as_bytes(), escapes).expect("well formed");
                prop_assert_eq!(&*pairs[1].1, &value);
            }
        }
    }
}
