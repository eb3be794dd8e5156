//! The commands of a script.

use std::sync::Arc;

use regex::Regex;

use crate::model::Labels;
use crate::promql::script::series::Value;

/// A command.
#[derive(Debug)]
pub(super) enum Command {
    /// Adds samples.
    Load(Load),
    /// Forgets all samples.
    Clear,
    /// Evaluates a query and checks its result.
    Eval(Box<Eval>),
}

/// `load`.
#[derive(Debug)]
pub(super) struct Load {
    /// The distance of two samples, µs.
    pub gap: i64,
    /// `load_with_nhcb`: classic histograms are loaded a second time as native ones.
    pub with_nhcb: bool,
    /// The series in the order of the script.
    pub series: Vec<LoadSeries>,
}

/// A series of `load`.
#[derive(Debug)]
pub(super) struct LoadSeries {
    /// Its labels.
    pub labels: Arc<Labels>,
    /// Its samples.
    pub values: Vec<Value>,
    /// For each sample whether it has a start timestamp.
    pub started: Vec<bool>,
}

/// `eval`.
#[derive(Debug)]
pub(super) struct Eval {
    /// The line of the command, from 1.
    pub line: usize,
    /// The query.
    pub expression: String,
    /// When it is evaluated.
    pub time: EvalTime,
    /// What must come out.
    pub expected: Expected,
    /// The query must fail.
    pub fail: Option<Pattern>,
    /// The result's order matters.
    pub ordered: bool,
    /// What is said about warnings.
    pub warnings: AnnotationRule,
    /// What is said about infos.
    pub infos: AnnotationRule,
}

/// When a query is evaluated, µs.
#[derive(Debug, Clone, Copy)]
pub(super) enum EvalTime {
    /// At one instant.
    Instant(i64),
    /// At several.
    Range { start: i64, end: i64, step: i64 },
}

/// What a query must return.
#[derive(Debug)]
pub(super) enum Expected {
    /// One number.
    Scalar(f64),
    /// A string.
    String(String),
    /// Series: one value each at an instant, one a step over a range.
    Series(Vec<ExpectedSeries>),
    /// Raw samples on a grid (`expect range vector`), µs.
    RangeVector {
        start: i64,
        end: i64,
        step: i64,
        series: Vec<ExpectedSeries>,
    },
}

/// A series that a query must return.
#[derive(Debug)]
pub(super) struct ExpectedSeries {
    /// Its labels.
    pub labels: Labels,
    /// Its values.
    pub values: Vec<Value>,
}

impl Expected {
    /// The series that are expected.
    pub(super) fn series(&self) -> &[ExpectedSeries] {
        match self {
            Self::Series(series) | Self::RangeVector { series, .. } => series,
            Self::Scalar(_) | Self::String(_) => &[],
        }
    }
}

/// What is said about the annotations of one level.
#[derive(Debug, Default)]
pub(super) struct AnnotationRule {
    /// There must be one, whatever it says (`eval_warn`, `eval_info`).
    pub any: bool,
    /// There must be none.
    pub none: bool,
    /// Each must match one, and each annotation must be matched.
    pub patterns: Vec<Pattern>,
}

/// What a message must be.
#[derive(Debug)]
pub(super) enum Pattern {
    /// Anything.
    Any,
    /// Exactly this.
    Message(String),
    /// Something that this matches anywhere.
    Regex(Regex),
}

impl Pattern {
    /// Whether a message meets the pattern.
    pub(super) fn matches(&self, message: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Message(expected) => expected == message,
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any message"),
            Self::Message(message) => write!(f, "{message}"),
            Self::Regex(regex) => write!(f, "/{regex}/"),
        }
    }
}
