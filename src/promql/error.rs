//! Errors with their place in the query, and annotations (warnings and infos).

use crate::model::Labels;
use crate::promql::SourceError;
use crate::promql::number::format_g;

/// A place in the query's text: bytes `start..end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The first byte after it.
    pub end: usize,
}

/// Why a query has no answer, and where in its text.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct Error {
    /// The cause.
    #[source]
    pub kind: ErrorKind,
    /// The part of the text that it is about.
    pub span: Option<Span>,
    /// The step at which it happened, µs.
    pub step: Option<i64>,
}

/// The causes of an error.
#[derive(Debug, thiserror::Error)]
pub enum ErrorKind {
    /// The text is not PromQL.
    #[error("parse error: {0}")]
    Parse(String),
    /// The text is PromQL that this evaluator does not do.
    #[error("{feature} is not supported: {reason}")]
    Unsupported {
        /// What was asked for, in the singular.
        feature: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// Prometheus refuses it too, in these words.
    #[error("{0}")]
    Execution(String),
    /// Two series of a result have the same labels at one step.
    #[error("vector cannot contain metrics with the same labelset")]
    DuplicateLabels {
        /// The labels that both have.
        labels: Labels,
    },
    /// The columns of one operation would fill the memory.
    #[error(
        "{series} series over {steps} steps are more than fit into memory: \
         ask for a shorter range, a longer step or fewer series"
    )]
    TooLarge {
        /// How many series.
        series: usize,
        /// Over how many steps.
        steps: usize,
    },
    /// History could not be read.
    #[error("cannot read samples")]
    Source(#[source] SourceError),
}

impl ErrorKind {
    /// An error about a part of the text.
    pub(crate) fn at(self, span: Span) -> Error {
        Error {
            kind: self,
            span: Some(span),
            step: None,
        }
    }

    /// An error about a part of the text, at one step.
    pub(crate) fn at_step(self, span: Span, step: i64) -> Error {
        Error {
            kind: self,
            span: Some(span),
            step: Some(step),
        }
    }
}

/// How much an annotation matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The result is probably not what was meant.
    Warning,
    /// Something worth knowing.
    Info,
}

/// What Prometheus says beside a result, in its words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Annotation {
    /// Warning or info.
    pub level: Level,
    /// The text without its prefix (`PromQL warning: `) and its position.
    pub message: String,
    /// The part of the query that it is about.
    pub span: Span,
}

/// The annotations of a query, each kept once.
#[derive(Debug, Clone, Default)]
pub struct Annotations(std::collections::BTreeSet<Annotation>);

impl Annotations {
    /// Adds a warning.
    pub(crate) fn warn(&mut self, span: Span, message: impl Into<String>) {
        self.add(Level::Warning, span, message.into());
    }

    /// Adds an info.
    pub(crate) fn info(&mut self, span: Span, message: impl Into<String>) {
        self.add(Level::Info, span, message.into());
    }

    /// Adds the warning of a quantile outside 0..=1.
    pub(crate) fn invalid_quantile(&mut self, span: Span, phi: f64) {
        let phi = format_g(phi);
        self.warn(
            span,
            format!("quantile value should be between 0 and 1, got {phi}"),
        );
    }

    fn add(&mut self, level: Level, span: Span, message: String) {
        self.0.insert(Annotation {
            level,
            message,
            span,
        });
    }

    /// Iterates over warnings, then infos.
    pub fn iter(&self) -> impl Iterator<Item = &Annotation> {
        self.0.iter()
    }
}

impl Annotation {
    /// Writes the annotation as Prometheus' API does, its line and column last.
    pub fn render(&self, query: &str) -> String {
        let prefix = match self.level {
            Level::Warning => "PromQL warning: ",
            Level::Info => "PromQL info: ",
        };
        let (line, column) = line_and_column(query, self.span.start);
        format!("{prefix}{} ({line}:{column})", self.message)
    }
}

/// Turns a byte offset into a line and a column, both from 1; columns count bytes, as Prometheus' do.
pub(crate) fn line_and_column(query: &str, offset: usize) -> (usize, usize) {
    let before = &query.as_bytes()[..offset.min(query.len())];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    (line, column)
}
