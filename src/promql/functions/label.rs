//! `label_replace`, `label_join`, `absent`, `absent_over_time`: functions of labels.
//!
//! Reference: `evalLabelReplace`, `evalLabelJoin` and
//! `createLabelsForAbsentFunction` in `promql/functions.go`.

use std::collections::HashSet;
use std::sync::Arc;

use regex::{Captures, Regex};

use crate::model::{Labels, METRIC_NAME};
use crate::promql::Evaluator;
use crate::promql::column::{ABSENT, is_absent};
use crate::promql::error::{Error, ErrorKind, Span};
use crate::promql::expr::{Expr, Kind};
use crate::promql::functions::{Call, Function, special};
use crate::promql::labels::is_label_name;
use crate::promql::matcher::{MatchOp, Matcher, compile};
use crate::promql::merge::merge_equal;
use crate::promql::vector::{Series, Value};

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        keeps_name: true,
        ..special("label_replace", label_replace)
    },
    Function {
        keeps_name: true,
        ..special("label_join", label_join)
    },
    special("absent", absent),
    special("absent_over_time", absent_over_time),
];

/// `label_replace(v, dst, replacement, src, regex)`.
fn label_replace(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    let steps = call.steps;
    let destination = evaluator.string(&call.args[1], steps)?;
    let template = Template::new(&evaluator.string(&call.args[2], steps)?);
    let source = evaluator.string(&call.args[3], steps)?;
    let pattern = evaluator.string(&call.args[4], steps)?;
    let regex = compile(&pattern, evaluator.options.version).map_err(|_| {
        let text = format!("invalid regular expression in label_replace(): {pattern}");
        ErrorKind::Execution(text).at(call.args[4].span)
    })?;
    check_name(
        evaluator,
        call,
        &destination,
        "destination",
        call.args[1].span,
    )?;
    let mut series = evaluator.vector(&call.args[0], steps)?;
    for one in &mut series {
        replace(one, &destination, &template, &source, &regex);
    }
    merge_equal(series, steps, call.span).map(Value::Vector)
}

fn replace(
    series: &mut Series,
    destination: &str,
    template: &Template,
    source: &str,
    regex: &Regex,
) {
    let Some(captures) = regex.captures(series.labels.get(source).unwrap_or("")) else {
        return;
    };
    let value = template.expand(&captures);
    set(series, destination, &value);
}

/// `label_join(v, dst, separator, src…)`.
fn label_join(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    let steps = call.steps;
    let destination = evaluator.string(&call.args[1], steps)?;
    let separator = evaluator.string(&call.args[2], steps)?;
    let mut sources = Vec::with_capacity(call.args.len().saturating_sub(3));
    for arg in call.args.iter().skip(3) {
        let source = evaluator.string(arg, steps)?;
        check_name(evaluator, call, &source, "source", arg.span)?;
        sources.push(source);
    }
    check_name(
        evaluator,
        call,
        &destination,
        "destination",
        call.args[1].span,
    )?;
    let mut series = evaluator.vector(&call.args[0], steps)?;
    for one in &mut series {
        let values: Vec<&str> = sources
            .iter()
            .map(|source| one.labels.get(source).unwrap_or(""))
            .collect();
        let value = values.join(&separator);
        set(one, &destination, &value);
    }
    merge_equal(series, steps, call.span).map(Value::Vector)
}

/// Sets a label; a name that is set stays to the end of the query.
fn set(series: &mut Series, name: &str, value: &str) {
    if series.labels.get(name).unwrap_or("") != value {
        series.labels = Arc::new(series.labels.with(name, value));
    }
    if name == METRIC_NAME {
        series.drop_name = false;
    }
}

fn check_name(
    evaluator: &Evaluator<'_>,
    call: &Call<'_>,
    name: &str,
    role: &str,
    span: Span,
) -> Result<(), Error> {
    if is_label_name(name, evaluator.options.version) {
        return Ok(());
    }
    let text = format!("invalid {role} label name in {}(): {name}", call.name);
    Err(ErrorKind::Execution(text).at(span))
}

/// A replacement in the syntax of Go's `regexp.Expand`.
struct Template(Vec<Part>);

/// A piece of a replacement.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Text as it is.
    Text(String),
    /// The group of that number, if there is one.
    Number(usize),
    /// The group of that name, if there is one.
    Name(String),
}

impl Template {
    /// Reads a replacement: `$1`, `$name`, `${name}`, `$$`; a `$` that begins none of these is text.
    fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            plain += &rest[..dollar];
            rest = &rest[dollar + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                plain.push('$');
                rest = after;
            } else if let Some((name, after)) = group_name(rest) {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(group(name));
                rest = after;
            } else {
                plain.push('$');
            }
        }
        plain += rest;
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Self(parts)
    }

    /// Fills in the groups of a match; one that took no part is empty.
    fn expand(&self, captures: &Captures<'_>) -> String {
        let mut value = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => value += text,
                Part::Number(number) => {
                    value += captures.get(*number).map_or("", |m| m.as_str());
                }
                Part::Name(name) => value += captures.name(name).map_or("", |m| m.as_str()),
            }
        }
        value
    }
}

/// Splits a group's name off the text behind a `$`.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (inner, braced) = match text.strip_prefix('{') {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let len = inner
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(inner.len());
    if len == 0 {
        return None;
    }
    let (name, after) = inner.split_at(len);
    match braced {
        true => after.strip_prefix('}').map(|after| (name, after)),
        false => Some((name, after)),
    }
}

/// Digits without a leading zero number a group, anything else names one.
fn group(name: &str) -> Part {
    match name.parse::<usize>() {
        Ok(number) if name == "0" || !name.starts_with('0') => Part::Number(number),
        _ => Part::Name(name.to_owned()),
    }
}

/// `absent(v)`: 1 where the vector is empty.
fn absent(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    let input = evaluator.vector(&call.args[0], call.steps)?;
    let mut values = vec![1.0; call.steps.len];
    for series in &input {
        for (value, sample) in values.iter_mut().zip(&series.values) {
            *value = if is_absent(*sample) { *value } else { ABSENT };
        }
    }
    Ok(Value::Vector(vec![Series {
        labels: Arc::new(absent_labels(&call.args[0])),
        drop_name: false,
        values,
    }]))
}

/// `absent_over_time(v)`: 1 where no series has a sample in its window.
fn absent_over_time(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    let mut values = vec![1.0; call.steps.len];
    evaluator.for_each_window(&call.args[0], call.steps, &mut |_, _, windows| {
        for (value, (first, end)) in values.iter_mut().zip(windows.bounds) {
            *value = if first < end { ABSENT } else { *value };
        }
    })?;
    Ok(Value::Vector(vec![Series {
        labels: Arc::new(absent_labels(&call.args[0])),
        drop_name: true,
        values,
    }]))
}

/// The labels that a selector asks for by equality, none for any other expression.
fn absent_labels(expr: &Expr) -> Labels {
    match &expr.kind {
        Kind::Selector(selector) | Kind::Range { selector, .. } => {
            matched_labels(&selector.matchers)
        }
        Kind::Paren(inner) => absent_labels(inner),
        _ => Labels::default(),
    }
}

/// The labels fixed by equality matchers. A second matcher of any kind after
/// that removes its label again, even if it says the same.
fn matched_labels(matchers: &[Matcher]) -> Labels {
    let mut fixed = HashSet::new();
    let mut labels = Labels::default();
    for matcher in matchers.iter().filter(|m| m.name != METRIC_NAME) {
        let first = matches!(matcher.op, MatchOp::Equal) && fixed.insert(matcher.name.as_str());
        labels = labels.with(&matcher.name, if first { &matcher.value } else { "" });
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::options::Version;

    fn series(pairs: &[(&str, &str)], drop_name: bool) -> Series {
        Series {
            labels: Arc::new(Labels::from_pairs(pairs.iter().copied()).unwrap()),
            drop_name,
            values: vec![1.0],
        }
    }

    fn replaced(from: &[(&str, &str)], [dst, repl, src, regex]: [&str; 4]) -> Series {
        let mut one = series(from, true);
        let regex = compile(regex, Version::V3).unwrap();
        replace(&mut one, dst, &Template::new(repl), src, &regex);
        one
    }

    #[test]
    fn replaces_as_the_script_of_prometheus_says() {
        // functions.test, "Tests for label_replace".
        let from = [("src", "source-value-10"), ("dst", "original")];
        for (args, dst) in [
            (
                ["dst", "destination-value-$1", "src", "source-value-(.*)"],
                Some("destination-value-10"),
            ),
            (
                ["dst", "destination-value-$1", "src", "value-(.*)"],
                Some("original"),
            ),
            (
                ["dst", "$1-value-$2", "src", "(.*)-value-(.*)"],
                Some("source-value-10"),
            ),
            (
                ["dst", "value-$1", "nonexistent", "source-value-(.*)"],
                Some("original"),
            ),
            (["dst", "value-$1", "nonexistent", "(.*)"], Some("value-")),
            (["dst", "", "dst", ".*"], None),
        ] {
            assert_eq!(replaced(&from, args).labels.get("dst"), dst, "{args:?}");
        }
    }

    #[test]
    fn a_name_that_is_set_stays() {
        let from = [(METRIC_NAME, "x"), ("a", "1")];
        let one = replaced(&from, ["__name__", "rate_$1", "__name__", "(.+)"]);
        assert_eq!((one.labels.metric(), one.drop_name), ("rate_x", false));
        let one = replaced(&from, ["my_name", "$1", "__name__", "(.+)"]);
        assert_eq!(
            (one.labels.get("my_name"), one.drop_name),
            (Some("x"), true)
        );
        let one = replaced(&from, ["__name__", "y", "a", "2"]);
        assert_eq!((one.labels.metric(), one.drop_name), ("x", true));
    }

    #[test]
    fn expands_as_go_does() {
        // The first from Prometheus 2.42, the rest from the documentation of Go's Regexp.Expand.
        for (template, expected) in [
            ("[$1x][${1}x][$$][$a][$]", "[][1x][$][][$]"),
            ("$1é${1}", "1"),
            ("${1", "${1"),
            ("${}$-", "${}$-"),
            ("$n$nn${n}", "22"),
            ("$0 $9 $01 $99999999999999999999", "12   "),
            ("$$$1$$", "$1$"),
            ("", ""),
        ] {
            let mut one = series(&[("a", "12")], false);
            let regex = compile("(.)(?P<n>.)", Version::V3).unwrap();
            replace(&mut one, "b", &Template::new(template), "a", &regex);
            assert_eq!(one.labels.get("b").unwrap_or(""), expected, "{template}");
        }
    }

    #[test]
    fn absent_has_the_labels_matched_once() {
        let matcher = |name: &str, op: MatchOp, value: &str| Matcher {
            name: name.into(),
            value: value.into(),
            op,
        };
        // functions.test, "Test for absent()", and Prometheus 2.42 for the last.
        for (matchers, expected) in [
            (vec![matcher(METRIC_NAME, MatchOp::Equal, "x")], "{}"),
            (
                vec![
                    matcher("job", MatchOp::Equal, "testjob"),
                    matcher("method", MatchOp::Regex(Regex::new(".x").unwrap()), ".x"),
                ],
                r#"{job="testjob"}"#,
            ),
            (
                vec![
                    matcher("job", MatchOp::Equal, "a"),
                    matcher("job", MatchOp::Equal, "b"),
                    matcher("job", MatchOp::Equal, "c"),
                    matcher("foo", MatchOp::Equal, "bar"),
                ],
                r#"{foo="bar"}"#,
            ),
            (
                vec![
                    matcher("a", MatchOp::NotEqual, "1"),
                    matcher("a", MatchOp::Equal, "1"),
                    matcher("b", MatchOp::Equal, ""),
                ],
                r#"{a="1"}"#,
            ),
        ] {
            assert_eq!(matched_labels(&matchers).to_string(), expected);
        }
    }
}
