//! Values in a template, as Go's reflection sees them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::model::Labels;

use super::Context;

/// An element of a query's result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) labels: Labels,
    pub(super) value: f64,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// No value: of an untyped nil or a template that got none.
    None,
    Bool(bool),
    Int(i64),
    /// An element of a string (`uint8`).
    Byte(u8),
    Float(f64),
    String(Cow<'a, str>),
    /// Text that `safeHtml` marked.
    Html(Cow<'a, str>),
    /// What the template begins with.
    Root(Context<'a>),
    Labels(&'a Labels),
    /// The labels of an element of a query's result.
    SampleLabels(Rc<Sample>),
    /// What `args` made.
    Args(Rc<BTreeMap<String, Self>>),
    Vector(Rc<[Rc<Sample>]>),
    Sample(Rc<Sample>),
    /// A nil pointer to an element.
    NilSample,
    /// Nanoseconds since 1970, UTC.
    Time(i128),
    Month(u8),
    Weekday(u8),
    /// Nanoseconds.
    Duration(i64),
    /// A pointer to one, as `toDuration` gives.
    DurationPointer(i64),
    /// A pointer to one, as `toTime` gives.
    TimePointer(i128),
}

impl<'a> Value<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(text.into())
    }

    /// The name of the value's type in errors.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::None => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::String(_) => "string",
            Self::Html(_) => "template.HTML",
            Self::Root(_) => {
                "struct { Labels map[string]string; ExternalLabels map[string]string; \
                 ExternalURL string; Value float64 }"
            }
            Self::Labels(_) | Self::SampleLabels(_) => "map[string]string",
            Self::Args(_) => "map[string]interface {}",
            Self::Vector(_) => "template.queryResult",
            Self::Sample(_) | Self::NilSample => "*template.sample",
            Self::Time(_) => "time.Time",
            Self::TimePointer(_) => "*time.Time",
            Self::Month(_) => "time.Month",
            Self::Weekday(_) => "time.Weekday",
            Self::Duration(_) => "time.Duration",
            Self::DurationPointer(_) => "*time.Duration",
        }
    }

    /// Whether `if` takes the value as true: it is not its type's zero value.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::None | Self::NilSample => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Byte(value) | Self::Month(value) | Self::Weekday(value) => *value != 0,
            Self::Duration(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Sample(_)
            | Self::Root(_)
            | Self::Time(_)
            | Self::TimePointer(_)
            | Self::DurationPointer(_) => true,
            _ => self.len().is_some_and(|len| len > 0),
        }
    }

    /// The length of a string, map or list.
    pub(super) fn len(&self) -> Option<usize> {
        Some(match self {
            Self::String(text) | Self::Html(text) => text.len(),
            Self::Labels(_) | Self::SampleLabels(_) => self.labels()?.iter().count(),
            Self::Args(args) => args.len(),
            Self::Vector(samples) => samples.len(),
            _ => return None,
        })
    }

    /// The labels, if the value is a map of them.
    pub(super) fn labels(&self) -> Option<&Labels> {
        match self {
            Self::Labels(labels) => Some(labels),
            Self::SampleLabels(sample) => Some(&sample.labels),
            _ => None,
        }
    }

    /// A label's value, which is empty if there is none.
    pub(super) fn label(&self, name: &str) -> Option<Value<'a>> {
        Some(match self {
            Self::Labels(labels) => Value::text(labels.get(name).unwrap_or("")),
            Self::SampleLabels(sample) => {
                Value::text(sample.labels.get(name).unwrap_or("").to_owned())
            }
            _ => return None,
        })
    }

    /// What a pointer points at, if the value is one.
    pub(super) fn indirect(&self) -> Value<'a> {
        match self {
            Self::TimePointer(time) => Self::Time(*time),
            Self::DurationPointer(duration) => Self::Duration(*duration),
            other => other.clone(),
        }
    }

    /// The kind of comparison that the value allows.
    pub(super) fn as_int(&self) -> Option<i64> {
        Some(match self {
            Self::Int(value) | Self::Duration(value) => *value,
            Self::Month(value) | Self::Weekday(value) | Self::Byte(value) => i64::from(*value),
            _ => return None,
        })
    }
}
