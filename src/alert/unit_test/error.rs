//! Why tests cannot be run.

use crate::alert::rule_file::{Place, RuleFileError, ShapeError};
use crate::promql;
use crate::promql::SourceError;
use crate::promql::script::ScriptErrorKind;

/// Why a file of tests cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum UnitTestError {
    /// The file is not one of tests.
    #[error("the test file has {} error(s)", .0.len())]
    File(Vec<UnitTestFileError>),
    /// A rule file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The path or pattern, as it stands in the test file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Rule files have faults.
    #[error("the rule files have {} error(s)", .0.len())]
    RuleFiles(Vec<RuleFileError>),
    /// The samples could not be read.
    #[error("cannot read samples")]
    Source(#[source] SourceError),
}

/// A fault of a test file.
///
/// It displays as one line; [`UnitTestFileError::render`] adds the line of the
/// file with a caret under the place.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{place}: {kind}")]
pub struct UnitTestFileError {
    /// The file, as the user named it.
    pub path: String,
    /// Where in it.
    pub place: Place,
    /// The cause.
    #[source]
    pub kind: UnitTestFileErrorKind,
    /// The line of the file, and a caret under the place.
    pub excerpt: String,
}

/// The causes of a [`UnitTestFileError`].
#[derive(Debug, thiserror::Error)]
pub enum UnitTestFileErrorKind {
    /// The text is not YAML.
    #[error("not YAML: {0}")]
    Yaml(String),
    /// A part has not the shape that it must have.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A group has two places in the order.
    #[error("group {0:?} is repeated in `group_eval_order`")]
    RepeatedGroup(String),
    /// Not a series, or not its values.
    #[error(transparent)]
    Series(ScriptErrorKind),
    /// The labels of an expected sample.
    #[error("{0:?} is not a metric, such as `name{{label=\"value\"}}`")]
    Metric(String),
    /// The expression is not a query.
    #[error("{0}")]
    Expr(promql::ErrorKind),
    /// An alert test without the alert's name.
    #[error("field `alertname` must be set")]
    NoAlertName,
    /// Not a time.
    #[error("{0:?} is not a time: write RFC 3339 (2026-03-01T08:00:00Z) or a Unix time")]
    Time(String),
}

impl UnitTestFileError {
    /// Writes the fault with the line of the file and a caret under the place.
    pub fn render(&self) -> String {
        format!("{self}\n{}", self.excerpt)
    }
}
