//! Functions over texts: hosts, links, patterns and letters.

use std::net::IpAddr;

use regex::Regex;

use super::quote::quote;
use super::value::Value;
use crate::promql::re2;

/// Calls a function that takes one to three texts; `None` if it is no such one.
pub(super) fn call<'a>(
    name: &str,
    first: &str,
    second: &str,
    third: &str,
) -> Result<Option<Value<'a>>, String> {
    Ok(Some(Value::text(match name {
        "title" => title(first),
        "toUpper" => first.chars().map(upper).collect(),
        "toLower" => first.chars().map(lower).collect(),
        "stripPort" => split_host_port(first)
            .map_or(first, |(host, _)| host)
            .to_owned(),
        "stripDomain" => strip_domain(first),
        "graphLink" => format!("/graph?g0.expr={}&g0.tab=0", query_escape(first)),
        "tableLink" => format!("/graph?g0.expr={}&g0.tab=1", query_escape(first)),
        "urlQueryEscape" => query_escape(first),
        "match" => return Ok(Some(Value::Bool(pattern(first)?.is_match(second)))),
        "reReplaceAll" => {
            let pattern = pattern(first).map_err(|error| {
                let quoted = if first.contains('`') {
                    quote(first)
                } else {
                    format!("`{first}`")
                };
                format!("regexp: Compile({quoted}): {error}")
            })?;
            pattern.replace_all(third, second).into_owned()
        }
        _ => return Ok(None),
    })))
}

/// Compiles a pattern that may match anywhere. What is said of a wrong one is
/// not in Go's words.
fn pattern(pattern: &str) -> Result<Regex, String> {
    re2::translate(pattern)
        .and_then(|translated: String| Ok(Regex::new(&translated)?))
        .map_err(|error| format!("error parsing regexp: {error}: `{pattern}`"))
}

/// The upper-case letter, where there is a single one.
fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Begins each word with a capital, as Go's `strings.Title` does.
fn title(text: &str) -> String {
    let mut before = ' ';
    text.chars()
        .map(|c| {
            let starts = is_separator(before);
            before = c;
            if starts { upper(c) } else { c }
        })
        .collect()
}

fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        return !(c.is_ascii_alphanumeric() || c == '_');
    }
    !c.is_alphanumeric() && c.is_whitespace()
}

/// Splits `host:port`, `[host]:port`.
fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let colon = text.rfind(':')?;
    let (host, before, after) = if let Some(rest) = text.strip_prefix('[') {
        let end = rest.find(']')? + 1;
        if end + 1 != colon {
            return None;
        }
        (&text[1..end], &text[1..], &text[end + 1..])
    } else {
        if text[..colon].contains(':') {
            return None;
        }
        (&text[..colon], text, text)
    };
    if before.contains('[') || after.contains(']') {
        return None;
    }
    Some((host, &text[colon + 1..]))
}

/// Leaves the first part of a host's name, and its port.
fn strip_domain(text: &str) -> String {
    let (host, port) = split_host_port(text).unwrap_or((text, ""));
    if host.parse::<IpAddr>().is_ok() {
        return text.to_owned();
    }
    let name = host.split('.').next().unwrap_or(host);
    match port {
        "" => name.to_owned(),
        port if name.contains(':') => format!("[{name}]:{port}"),
        port => format!("{name}:{port}"),
    }
}

/// Escapes a text for a URL's query.
pub(super) fn query_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => escaped.push('+'),
            b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// The path of a URL, as it is written there.
pub(super) fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    rest.find('/').map_or("", |at| &rest[at..])
}
