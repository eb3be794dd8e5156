//! What is wrong with a rule file, and where.

use crate::alert::rule_file::{Place, ShapeError};
use crate::alert::template::TemplateError;
use crate::promql::{self, Span};

/// A fault of a rule file.
///
/// It displays as one line; [`RuleFileError::render`] adds the line of the file
/// with a caret under the place.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{place}: {}{kind}", context(group.as_deref(), rule.as_ref()))]
pub struct RuleFileError {
    /// The file, as the user named it.
    pub path: String,
    /// Where in it.
    pub place: Place,
    /// The group's name, where it is about a group.
    pub group: Option<String>,
    /// The rule's number in its group, from 1, and its name.
    pub rule: Option<(usize, String)>,
    /// The cause.
    #[source]
    pub kind: RuleFileErrorKind,
    /// The line of the file, and a caret under the place.
    pub excerpt: String,
}

/// The causes of a [`RuleFileError`], after Prometheus' `model/rulefmt`.
#[derive(Debug, thiserror::Error)]
pub enum RuleFileErrorKind {
    /// The text is not YAML.
    #[error("not YAML: {0}")]
    Yaml(String),
    /// A part has not the shape that it must have.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The file is a Kubernetes resource, but holds no rules.
    #[error("a {0} holds no rules: expected `groups:` or a PrometheusRule")]
    Resource(String),
    /// A group without a name.
    #[error("a group must have a name")]
    GroupName,
    /// Two groups of one name.
    #[error("the group's name is repeated in the same file")]
    RepeatedGroup,
    /// A rule that is of both kinds.
    #[error("only one of `record` and `alert` must be set")]
    RecordAndAlert,
    /// A rule that is of neither kind.
    #[error("one of `record` and `alert` must be set")]
    NeitherRecordNorAlert,
    /// A rule without an expression.
    #[error("field `expr` must be set")]
    NoExpr,
    /// The expression is not a query.
    #[error("{0}")]
    Expr(promql::ErrorKind),
    /// A field that only alerting rules have.
    #[error("a recording rule has no field {0:?}")]
    AlertingField(&'static str),
    /// Not the name of a metric.
    #[error("{0:?} is not a metric's name")]
    MetricName(String),
    /// A query in the place of a name.
    #[error(
        "{0:?} has braces: a recording rule's name is a metric's name, its labels are under `labels`"
    )]
    Braces(String),
    /// Not the name of a label.
    #[error("{0:?} is not a label's name")]
    LabelName(String),
    /// Not the name of an annotation.
    #[error("{0:?} is not an annotation's name")]
    AnnotationName(String),
    /// Not a template.
    #[error("{field} is not a template: {error}")]
    Template {
        /// The label or annotation.
        field: String,
        /// What is wrong.
        error: TemplateError,
    },
}

impl RuleFileError {
    /// Writes the fault with the line of the file and a caret under the place.
    pub fn render(&self) -> String {
        format!("{self}\n{}", self.excerpt)
    }
}

fn context(group: Option<&str>, rule: Option<&(usize, String)>) -> String {
    match (group, rule) {
        (Some(group), Some((number, name))) if name.is_empty() => {
            format!("group {group:?}, rule {number}: ")
        }
        (Some(group), Some((number, name))) => {
            format!("group {group:?}, rule {number}, {name:?}: ")
        }
        (Some(group), None) => format!("group {group:?}: "),
        (None, _) => String::new(),
    }
}

/// The line and the column, in characters, of a byte.
pub(crate) fn place_of(source: &str, offset: usize) -> Place {
    let before = &source[..source.floor_char_boundary(offset)];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        line,
        column: before[start..].chars().count() + 1,
    }
}

/// Draws the line of a place, and a caret under it.
pub(crate) fn excerpt(source: &str, span: Span) -> String {
    promql::caret(source, span)
}
