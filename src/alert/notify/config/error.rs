//! Why a file is refused, and where.

use crate::alert::notify::matchers::MatcherError;
use crate::alert::rule_file::Place;
use crate::model::{DurationError, TimeError};
use crate::promql::PatternError;

/// Why a configuration or a file of silences is refused, and where in it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct ConfigError {
    /// The cause.
    #[source]
    pub kind: ConfigErrorKind,
    /// The place, both from 1; 0 where there is none.
    pub place: Place,
    /// The line of the file and `^~~~` under the part that is meant.
    pub excerpt: String,
}

impl ConfigError {
    /// What was probably meant.
    pub fn hint(&self) -> Option<String> {
        use ConfigErrorKind::{UndefinedInterval, UndefinedReceiver, UnknownField};
        let suggestion = match &self.kind {
            UnknownField { suggestion, .. }
            | UndefinedReceiver { suggestion, .. }
            | UndefinedInterval { suggestion, .. } => suggestion.as_ref()?,
            _ => return None,
        };
        Some(format!("did you mean `{suggestion}`?"))
    }
}

/// The causes for which a file is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigErrorKind {
    /// The text is not YAML.
    #[error("{0}")]
    Yaml(String),
    /// A section does not have such a field.
    #[error("unknown field `{field}` in {section}")]
    UnknownField {
        /// The name as written.
        field: String,
        /// The section.
        section: &'static str,
        /// The nearest field that it has.
        suggestion: Option<String>,
    },
    /// A value is of another kind.
    #[error("`{field}` must be {expected}, not {found}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A field that must be there is not.
    #[error("`{field}` is missing in {section}")]
    Missing {
        /// The field.
        field: &'static str,
        /// The section.
        section: &'static str,
    },
    /// A value is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// A value is no time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A value is no list of matchers.
    #[error(transparent)]
    Matcher(#[from] MatcherError),
    /// A value is no regular expression.
    #[error("`{pattern}` is not a regular expression: {error}")]
    Pattern {
        /// The text.
        pattern: String,
        /// Why.
        error: PatternError,
    },
    /// A name cannot be a label's.
    #[error("{0:?} is not a label name")]
    LabelName(String),
    /// There is no routing tree.
    #[error("there is no `route`")]
    NoRoute,
    /// The root route has something that only the others may have.
    #[error("the root route cannot have `{0}`: it takes every alert")]
    RootRoute(&'static str),
    /// A route names a receiver that is not there.
    #[error("receiver {name:?} is not defined")]
    UndefinedReceiver {
        /// The name.
        name: String,
        /// The nearest that is.
        suggestion: Option<String>,
    },
    /// A route names a time interval that is not there.
    #[error("time interval {name:?} is not defined")]
    UndefinedInterval {
        /// The name.
        name: String,
        /// The nearest that is.
        suggestion: Option<String>,
    },
    /// Two receivers or two time intervals have the same name.
    #[error("{what} {name:?} is defined twice")]
    Duplicate {
        /// What they are.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// `...` and labels.
    #[error("`group_by` cannot have `...` and other labels")]
    GroupByAll,
    /// A label stands twice.
    #[error("label {0:?} is twice in `group_by`")]
    GroupByTwice(String),
    /// A timer is zero.
    #[error("`{0}` cannot be zero")]
    Zero(&'static str),
    /// A time of day is not `HH:MM`.
    #[error("{0:?} is not a time of day: write 00:00 to 24:00")]
    TimeOfDay(String),
    /// A range's element is unknown or outside.
    #[error("{text:?} is not {expected}")]
    Element {
        /// The text.
        text: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A range ends before it begins.
    #[error("{0:?} ends before it begins")]
    Backwards(String),
    /// A range begins at the month's end and ends at its start.
    #[error("{0:?}: a range that begins with a negative day must end with one")]
    MixedDays(String),
    /// A time zone is unknown.
    #[error("{0:?} is not a time zone of the IANA database")]
    Location(String),
}
