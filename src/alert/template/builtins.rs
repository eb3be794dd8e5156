//! The functions of `text/template` itself, but for `and` and `or`, which need
//! not evaluate all of their arguments.

use std::cmp::Ordering;

use super::format::{sprint, sprintf, sprintln};
use super::host::query_escape;
use super::printer::Printer;
use super::quote::is_print;
use super::value::Value;

/// Calls a function with arguments that fit its signature.
pub(super) fn call<'a>(
    name: &str,
    args: &[Value<'a>],
    most_bytes: usize,
) -> Result<Value<'a>, String> {
    let first = args.first().unwrap_or(&Value::None);
    let second = args.get(1).unwrap_or(&Value::None);
    let less = |a, b| Ok::<_, String>(compare(a, b)? == Some(Ordering::Less));
    Ok(match name {
        "print" => Value::text(sprint(args)),
        "println" => Value::text(sprintln(args)),
        "printf" => match first {
            Value::String(format) => Value::text(sprintf(format, &args[1..], most_bytes)),
            _ => Value::None,
        },
        "html" => Value::text(html(&joined(args))),
        "js" => Value::text(javascript(&joined(args))),
        "urlquery" => Value::text(query_escape(&joined(args))),
        "not" => Value::Bool(!first.is_true()),
        "len" => match first {
            Value::NilSample => return Err("len of nil pointer".into()),
            Value::None => {
                return Err("reflect: call of reflect.Value.Type on zero Value".into());
            }
            value => match value.len() {
                Some(len) => Value::Int(i64::try_from(len).unwrap_or(i64::MAX)),
                None => return Err(format!("len of type {}", target(value))),
            },
        },
        "index" => index(first, &args[1..])?,
        "slice" => slice(first, &args[1..])?,
        "call" => {
            return Err(match first {
                Value::None => "call of nil".into(),
                value => format!("non-function of type {}", value.type_name()),
            });
        }
        "eq" => Value::Bool(equal_any(first, &args[1..])?),
        "ne" => Value::Bool(!equal_any(first, &args[1..])?),
        "lt" => Value::Bool(less(first, second)?),
        "le" => Value::Bool(less(first, second)? || equal_any(first, &args[1..])?),
        "gt" => Value::Bool(!(less(first, second)? || equal_any(first, &args[1..])?)),
        "ge" => Value::Bool(!less(first, second)?),
        name => return Err(format!("{name} is not a function")),
    })
}

/// The name of the type that a pointer points at.
fn target(value: &Value<'_>) -> &'static str {
    let name = value.indirect().type_name();
    name.strip_prefix('*').unwrap_or(name)
}

/// What a comparison is made of.
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Float(f64),
    String(&'v str),
    None,
    Other,
}

fn basic<'v>(value: &'v Value<'_>) -> Basic<'v> {
    match value {
        Value::None => Basic::None,
        Value::Bool(value) => Basic::Bool(*value),
        Value::Float(value) => Basic::Float(*value),
        Value::String(text) | Value::Html(text) => Basic::String(text),
        value => value.as_int().map_or(Basic::Other, Basic::Int),
    }
}

const INCOMPATIBLE: &str = "incompatible types for comparison";
const INVALID: &str = "invalid type for comparison";

fn equal_any(value: &Value<'_>, others: &[Value<'_>]) -> Result<bool, String> {
    comparable(value)?;
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        let is_equal = match (basic(value), basic(other)) {
            (Basic::Bool(a), Basic::Bool(b)) => a == b,
            (Basic::Int(a), Basic::Int(b)) => a == b,
            (Basic::Float(a), Basic::Float(b)) => a == b,
            (Basic::String(a), Basic::String(b)) => a == b,
            (Basic::None, Basic::None) => true,
            (Basic::None, _) | (_, Basic::None) => false,
            (Basic::Other, Basic::Other) => {
                comparable(other)?;
                same(value, other)
            }
            _ => return Err(INCOMPATIBLE.into()),
        };
        if is_equal {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether two values of types without an order are one.
fn same(value: &Value<'_>, other: &Value<'_>) -> bool {
    match (value, other) {
        (Value::Sample(a), Value::Sample(b)) => std::rc::Rc::ptr_eq(a, b),
        (Value::NilSample, Value::NilSample) => true,
        (Value::Time(a), Value::Time(b)) => a == b,
        _ => false,
    }
}

fn comparable(value: &Value<'_>) -> Result<(), String> {
    match value {
        Value::Labels(_)
        | Value::SampleLabels(_)
        | Value::Args(_)
        | Value::Vector(_)
        | Value::Root(_) => {
            let text = sprint(std::slice::from_ref(value));
            Err(format!("non-comparable type {text}: {}", value.type_name()))
        }
        _ => Ok(()),
    }
}

fn compare(value: &Value<'_>, other: &Value<'_>) -> Result<Option<Ordering>, String> {
    Ok(match (basic(value), basic(other)) {
        (Basic::Other | Basic::None, _) | (_, Basic::Other | Basic::None) => {
            return Err(INVALID.into());
        }
        (Basic::Int(a), Basic::Int(b)) => Some(a.cmp(&b)),
        (Basic::Float(a), Basic::Float(b)) => a.partial_cmp(&b),
        (Basic::String(a), Basic::String(b)) => Some(a.cmp(b)),
        (Basic::Bool(_), Basic::Bool(_)) => return Err(INVALID.into()),
        _ => return Err(INCOMPATIBLE.into()),
    })
}

/// Reads an index up to `most`.
fn position(index: &Value<'_>, most: usize) -> Result<usize, String> {
    let Some(number) = index.as_int() else {
        return Err(match index {
            Value::None => "cannot index slice/array with nil".to_owned(),
            other => format!("cannot index slice/array with type {}", other.type_name()),
        });
    };
    usize::try_from(number)
        .ok()
        .filter(|number| *number <= most)
        .ok_or_else(|| format!("index out of range: {number}"))
}

fn index<'a>(item: &Value<'a>, indices: &[Value<'a>]) -> Result<Value<'a>, String> {
    if matches!(item, Value::None) {
        return Err("index of untyped nil".into());
    }
    let mut item = item.clone();
    for index in indices {
        item = match &item {
            Value::NilSample => return Err("index of nil pointer".into()),
            Value::None => return Err("index of nil pointer".into()),
            Value::String(text) | Value::Html(text) => {
                match text.as_bytes().get(position(index, text.len())?) {
                    Some(byte) => Value::Byte(*byte),
                    None => return Err("reflect: string index out of range".into()),
                }
            }
            Value::Vector(samples) => match samples.get(position(index, samples.len())?) {
                Some(sample) => Value::Sample(sample.clone()),
                None => return Err("reflect: slice index out of range".into()),
            },
            Value::Labels(_) | Value::SampleLabels(_) | Value::Args(_) => {
                let name = match index {
                    Value::String(name) => name.as_ref(),
                    Value::None => return Err("value is nil; should be of type string".into()),
                    other => {
                        let given = other.type_name();
                        return Err(format!("value has type {given}; should be string"));
                    }
                };
                match &item {
                    Value::Args(args) => args.get(name).cloned().unwrap_or(Value::None),
                    labels => labels.label(name).unwrap_or(Value::None),
                }
            }
            other => return Err(format!("can't index item of type {}", target(other))),
        };
    }
    Ok(item)
}

fn slice<'a>(item: &Value<'a>, indices: &[Value<'a>]) -> Result<Value<'a>, String> {
    if indices.len() > 3 {
        return Err(format!("too many slice indexes: {}", indices.len()));
    }
    let len = match item {
        Value::None => return Err("slice of untyped nil".into()),
        Value::String(_) | Value::Html(_) if indices.len() == 3 => {
            return Err("cannot 3-index slice a string".into());
        }
        Value::String(text) | Value::Html(text) => text.len(),
        Value::Vector(samples) => samples.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let mut bounds = [0, len, len];
    for (bound, index) in bounds.iter_mut().zip(indices) {
        *bound = position(index, len)?;
    }
    let [start, end, most] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    if end > most {
        return Err(format!("invalid slice index: {end} > {most}"));
    }
    // A cut within a character leaves U+FFFD.
    let cut = |text: &str| String::from_utf8_lossy(&text.as_bytes()[start..end]).into_owned();
    Ok(match item {
        Value::String(text) => Value::String(cut(text).into()),
        Value::Html(text) => Value::Html(cut(text).into()),
        Value::Vector(samples) => Value::Vector(samples[start..end].into()),
        _ => Value::None,
    })
}

/// Joins arguments as printing an action does.
fn joined(args: &[Value<'_>]) -> String {
    if let [Value::String(text)] = args {
        return text.clone().into_owned();
    }
    if let [value] = args {
        return printed(value);
    }
    let args: Vec<_> = args
        .iter()
        .map(|arg| match arg {
            Value::None => Value::text("<no value>"),
            other => other.clone(),
        })
        .collect();
    sprint(&args)
}

/// Writes a value as an action does: what a pointer points at, and
/// `<no value>` for none.
pub(super) fn printed(value: &Value<'_>) -> String {
    match value {
        Value::None => "<no value>".to_owned(),
        Value::String(text) | Value::Html(text) => text.clone().into_owned(),
        Value::Sample(sample) => {
            let mut printer = Printer::default();
            printer.sample(sample, 'v');
            printer.out
        }
        value => sprint(std::slice::from_ref(value)),
    }
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => escaped.push(char::REPLACEMENT_CHARACTER),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn javascript(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\'' => escaped.push_str("\\'"),
            '"' => escaped.push_str("\\\""),
            '<' | '>' | '&' | '=' => {
                escaped.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c if c < ' ' || (!c.is_ascii() && !is_print(c)) => {
                escaped.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => escaped.push(c),
        }
    }
    escaped
}
