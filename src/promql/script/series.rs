//! Series descriptions: `metric{label="value"} 1 2+3x4 _ _x5 stale`.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Labels, METRIC_NAME, stale_nan};
use crate::promql::script::parse::ScriptErrorKind;
use crate::promql::script::quoted::unquote;

/// A value at a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    /// `_`: none.
    Omitted,
    /// A number, or a stale marker.
    Float(f64),
    /// A native histogram, which is not kept.
    Histogram,
}

/// The most values of a series in a script; a guard against a mistyped count.
const LONGEST: usize = 1_000_000;

/// Reads a series description: labels, then values.
pub(crate) fn parse_series(text: &str) -> Result<(Labels, Vec<Value>), ScriptErrorKind> {
    let text = text.trim();
    let (labels, length) = parse_metric(text)?;
    let rest = &text[length..];
    if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return Err(ScriptErrorKind::Series(text.to_owned()));
    }
    Ok((labels, parse_values(rest)?))
}

/// Reads the labels at the start of a description and returns how many bytes they took.
pub(crate) fn parse_metric(text: &str) -> Result<(Labels, usize), ScriptErrorKind> {
    let error = || ScriptErrorKind::Series(text.to_owned());
    let name = identifier(text, true);
    let mut pairs = Vec::new();
    if name > 0 {
        pairs.push((METRIC_NAME.to_owned(), text[..name].to_owned()));
    }
    let mut cursor = Cursor { text, at: name };
    if cursor.eat('{') {
        while !cursor.eat('}') {
            let label = match unquote(cursor.rest()) {
                Some((label, length)) => {
                    cursor.at += length;
                    label
                }
                None => {
                    let length = identifier(cursor.rest(), false);
                    if length == 0 {
                        return Err(error());
                    }
                    cursor.at += length;
                    text[cursor.at - length..cursor.at].to_owned()
                }
            };
            cursor.skip_space();
            if cursor.eat('=') {
                cursor.skip_space();
                let (value, length) = unquote(cursor.rest()).ok_or_else(error)?;
                cursor.at += length;
                pairs.push((label, value));
            } else {
                pairs.push((METRIC_NAME.to_owned(), label));
            }
            cursor.skip_space();
            if !cursor.eat(',') && !cursor.rest().starts_with('}') {
                return Err(error());
            }
            cursor.skip_space();
        }
    } else if name == 0 {
        return Err(error());
    }
    let labels = Labels::from_pairs(pairs).map_err(ScriptErrorKind::Labels)?;
    Ok((labels, cursor.at))
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Skips `c` and the space after it.
    fn eat(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
            if c == '{' {
                self.skip_space();
            }
        }
        found
    }
}

/// The length of the identifier at the start of a text.
fn identifier(text: &str, colons: bool) -> usize {
    let length = text
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_' || (colons && *b == b':'))
        .count();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        0
    } else {
        length
    }
}

static FLOATS: LazyLock<Regex> = LazyLock::new(|| {
    let number = r"(?:(?i:inf|nan)|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)";
    Regex::new(&format!(
        r"^(?<first>[+-]?{number})(?:(?<delta>[+-]{number})?x(?<times>[0-9]+))?$"
    ))
    .expect("the pattern is constant")
});

static HISTOGRAMS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\{\{[^{}]*\}\}(?:(?:[+-]\{\{[^{}]*\}\})?x(?<times>[0-9]+))?(?:[ \t]|$)")
        .expect("the pattern is constant")
});

/// Reads values in the expanding notation: `a`, `axN` (N+1 times a), `a+bxN`
/// (N more, each b more), `_`, `_xN` (N times none), `stale`, `{{…}}`.
fn parse_values(text: &str) -> Result<Vec<Value>, ScriptErrorKind> {
    let mut values = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let length = if rest.starts_with("{{") {
            let found = HISTOGRAMS
                .captures(rest)
                .ok_or_else(|| ScriptErrorKind::Value(rest.to_owned()))?;
            let times = count(found.name("times").map_or("0", |m| m.as_str()))?;
            values.extend(std::iter::repeat_n(Value::Histogram, times + 1));
            found[0].len()
        } else {
            let length = rest.find([' ', '\t']).unwrap_or(rest.len());
            expand(&rest[..length], &mut values)?;
            length
        };
        if values.len() > LONGEST {
            return Err(ScriptErrorKind::TooManyValues { limit: LONGEST });
        }
        rest = rest[length..].trim_start();
    }
    Ok(values)
}

fn count(text: &str) -> Result<usize, ScriptErrorKind> {
    text.parse()
        .ok()
        .filter(|times| *times < LONGEST)
        .ok_or(ScriptErrorKind::TooManyValues { limit: LONGEST })
}

fn expand(item: &str, values: &mut Vec<Value>) -> Result<(), ScriptErrorKind> {
    let error = || ScriptErrorKind::Value(item.to_owned());
    if item == "_" {
        values.push(Value::Omitted);
    } else if let Some(times) = item.strip_prefix("_x") {
        if !times.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error());
        }
        values.extend(std::iter::repeat_n(Value::Omitted, count(times)?));
    } else if item == "stale" {
        values.push(Value::Float(stale_nan()));
    } else {
        let found = FLOATS.captures(item).ok_or_else(error)?;
        let number = |name| found.name(name).map(|m| m.as_str().parse::<f64>());
        let mut value = number("first").ok_or_else(error)?.map_err(|_| error())?;
        let delta = number("delta").transpose().map_err(|_| error())?;
        let times = count(found.name("times").map_or("0", |m| m.as_str()))?;
        for _ in 0..=times {
            values.push(Value::Float(value));
            // Without one nothing is added, not even 0: -0 stays -0.
            if let Some(delta) = delta {
                value += delta;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::is_stale;

    fn floats(text: &str) -> Vec<f64> {
        let (_, values) = parse_series(text).unwrap();
        values
            .into_iter()
            .map(|v| match v {
                Value::Float(f) => f,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn labels_in_every_form() {
        for (text, labels) in [
            ("up 1", "up"),
            ("up{} 1", "up"),
            ("a:b{c=\"d\",} 1", "a:b{c=\"d\"}"),
            ("{a=\"b\"}\t1", "{a=\"b\"}"),
            ("{__name__=\"x\", a='b'} 1", "x{a=\"b\"}"),
            (
                "{\"a metric\", \"a label\" = `v`} 1",
                "a metric{a label=\"v\"}",
            ),
            ("x{ a = \"1,}\" , b=\"\" } 1", "x{a=\"1,}\"}"),
            ("{} 1", "{}"),
        ] {
            let (found, values) = parse_series(text).unwrap();
            assert_eq!(found.to_string(), labels, "{text}");
            assert_eq!(values, [Value::Float(1.0)], "{text}");
        }
    }

    #[test]
    fn values_expand() {
        assert_eq!(
            floats("x 1 -2 +3 1e5 .5 2."),
            [1.0, -2.0, 3.0, 1e5, 0.5, 2.0]
        );
        assert_eq!(floats("x 2+3x3"), [2.0, 5.0, 8.0, 11.0]);
        assert_eq!(floats("x 0-5x2 7"), [0.0, -5.0, -10.0, 7.0]);
        assert_eq!(floats("x 0x2"), [0.0; 3]);
        assert_eq!(floats("x 1e-3-1e-3x1"), [1e-3, 0.0]);
        assert_eq!(floats("x Inf -inf"), [f64::INFINITY, f64::NEG_INFINITY]);
        assert!(floats("x NaN")[0].is_nan());
        assert!(is_stale(floats("x stale")[0]));
        let (_, values) =
            parse_series("x _ _x2 1 {{}} {{schema:1 buckets:[1 2]}}x1 {{}}+{{sum:1}}x2").unwrap();
        assert_eq!(
            values[..4],
            [
                Value::Omitted,
                Value::Omitted,
                Value::Omitted,
                Value::Float(1.0)
            ]
        );
        assert_eq!(values[4..], [Value::Histogram; 6]);
        assert_eq!(parse_series("x").unwrap().1, []);
    }

    #[test]
    fn mistakes_are_errors() {
        for bad in [
            "",
            "1",
            "{",
            "{a} 1 {",
            "x{a=b} 1",
            "x{a=\"b\" 1",
            "x{a=\"b\" c=\"d\"} 1",
            "x 1x",
            "x a",
            "x 1+2",
            "x 0x99999999999999999999",
            "x _x9999999999",
            "x {{",
            "x{a=\"1\"}1",
            "x{a=\"1\",a=\"2\"} 1",
            "x 1 # comment",
            "x 0x5x5",
            "x é",
        ] {
            assert!(parse_series(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[ -~é]{0,40}") {
            let _ = parse_series(&text);
            let _ = parse_series(&format!("x{{{text}}} {text}"));
        }
    }
}
