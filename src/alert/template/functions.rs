//! The functions that a template may call: which there are, and what they take.

use super::builtins;
use super::host;
use super::humanize;
use super::value::{Sample, Value};
use super::{Context, QueryFn};

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Any value (`interface {}`).
    Any,
    /// Any value, as the functions of `text/template` itself take it.
    Reflected,
    String,
    Vector,
    Sample,
    Time,
    Duration,
}

impl Type {
    /// The type's name in errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflected => "reflect.Value",
            Self::String => "string",
            Self::Vector => "template.queryResult",
            Self::Sample => "*template.sample",
            Self::Time => "time.Time",
            Self::Duration => "time.Duration",
        }
    }
}

/// What a function takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    /// The parameters that must be given.
    pub(super) fixed: &'static [Type],
    /// The type of those that may follow.
    pub(super) variadic: Option<Type>,
}

/// Returns what a function takes; `None` where there is none of the name.
pub(super) fn signature(name: &str) -> Option<Signature> {
    use Type::{Any, Reflected, Sample, String, Vector};
    let (fixed, variadic): (&'static [Type], _) = match name {
        "and" | "or" | "call" | "index" | "slice" | "eq" => (&[Reflected], Some(Reflected)),
        "len" | "not" => (&[Reflected], None),
        "ne" | "lt" | "le" | "gt" | "ge" => (&[Reflected, Reflected], None),
        "print" | "println" | "html" | "js" | "urlquery" | "args" => (&[], Some(Any)),
        "printf" => (&[String], Some(Any)),
        "first" => (&[Vector], None),
        "value" | "strvalue" => (&[Sample], None),
        "label" => (&[String, Sample], None),
        "sortByLabel" => (&[String, Vector], None),
        "humanize" | "humanize1024" | "humanizeDuration" | "humanizePercentage"
        | "humanizeTimestamp" | "toTime" | "toDuration" => (&[Any], None),
        "query" | "title" | "toUpper" | "toLower" | "stripPort" | "stripDomain" | "graphLink"
        | "tableLink" | "parseDuration" | "parseDurationTime" | "urlQueryEscape" | "safeHtml" => {
            (&[String], None)
        }
        "match" => (&[String, String], None),
        "reReplaceAll" => (&[String, String, String], None),
        "now" | "externalURL" | "pathPrefix" => (&[], None),
        _ => return None,
    };
    Some(Signature { fixed, variadic })
}

/// Whether there is a function of the name.
pub(super) fn is_known(name: &str) -> bool {
    signature(name).is_some()
}

/// What functions see beside their arguments.
pub(super) struct Surroundings<'a, 'q, 'f> {
    pub(super) context: Context<'a>,
    pub(super) query: &'q mut QueryFn<'f>,
    /// The most bytes that a text may have.
    pub(super) most_bytes: usize,
}

/// Calls a function with arguments that fit its signature.
pub(super) fn call<'a>(
    name: &str,
    args: &[Value<'a>],
    surroundings: &mut Surroundings<'a, '_, '_>,
) -> Result<Value<'a>, String> {
    let text = |index: usize| match args.get(index) {
        Some(Value::String(text)) => text.as_ref(),
        _ => "",
    };
    let number = || humanize::to_float(args.first().unwrap_or(&Value::None));
    Ok(match name {
        "query" => {
            let samples = (surroundings.query)(text(0))?;
            Value::Vector(
                samples
                    .into_iter()
                    .map(|(labels, value)| Sample { labels, value }.into())
                    .collect(),
            )
        }
        "first" => match args.first() {
            Some(Value::Vector(samples)) if !samples.is_empty() => {
                Value::Sample(samples[0].clone())
            }
            _ => return Err("first() called on vector with no elements".into()),
        },
        "value" => Value::Float(sample(args.first())?.value),
        "strvalue" => label("__value__", args.first())?,
        "label" => label(text(0), args.get(1))?,
        "sortByLabel" => match args.get(1) {
            Some(Value::Vector(samples)) => {
                let mut sorted = samples.to_vec();
                let key = |sample: &Sample| sample.labels.get(text(0)).unwrap_or("").to_owned();
                sorted.sort_by_cached_key(|sample| key(sample));
                Value::Vector(sorted.into())
            }
            _ => Value::None,
        },
        "args" => Value::Args(
            args.iter()
                .enumerate()
                .map(|(i, arg)| (format!("arg{i}"), arg.clone()))
                .collect::<std::collections::BTreeMap<_, _>>()
                .into(),
        ),
        "humanize" => Value::text(humanize::humanize(number()?)),
        "humanize1024" => Value::text(humanize::humanize1024(number()?)),
        "humanizeDuration" => Value::text(humanize::duration(number()?)),
        "humanizePercentage" => Value::text(humanize::percentage(number()?)),
        "humanizeTimestamp" => Value::text(humanize::timestamp(number()?)?),
        "toTime" => Value::TimePointer(humanize::to_time(number()?)?),
        "toDuration" => Value::DurationPointer((number()? * 1e9) as i64),
        "now" => Value::Float(surroundings.context.now.div_euclid(1_000) as f64 / 1e3),
        "parseDuration" => Value::Float(humanize::parse_duration(text(0))? as f64 / 1e6),
        "parseDurationTime" => Value::Duration(humanize::parse_duration(text(0))? * 1_000),
        "safeHtml" => Value::Html(text(0).to_owned().into()),
        "externalURL" => Value::text(surroundings.context.external_url),
        "pathPrefix" => Value::text(host::path(surroundings.context.external_url)),
        name => match host::call(name, text(0), text(1), text(2))? {
            Some(value) => value,
            None => return builtins::call(name, args, surroundings.most_bytes),
        },
    })
}

fn sample<'v>(value: Option<&'v Value<'_>>) -> Result<&'v Sample, String> {
    match value {
        Some(Value::Sample(sample)) => Ok(sample),
        _ => Err("runtime error: invalid memory address or nil pointer dereference".into()),
    }
}

fn label<'a>(name: &str, value: Option<&Value<'a>>) -> Result<Value<'a>, String> {
    let value = sample(value)?.labels.get(name).unwrap_or("");
    Ok(Value::text(value.to_owned()))
}
