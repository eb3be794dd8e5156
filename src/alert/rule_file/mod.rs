//! Rule files: groups of recording and alerting rules, each with its place in the file.
//!
//! Read are Prometheus' own rule files (`groups:`) and the Prometheus
//! Operator's `PrometheusRule` resources (`spec.groups`), also several in one
//! text or in a `List`. The checks are those of Prometheus (`model/rulefmt`),
//! and all faults are told, not only the first. What is accepted is a superset
//! over the versions: version 2 reads `query_offset` and a group's `labels`
//! too, which 2.42 does not know. Templates are checked, but kept as text.

mod duplicates;
mod error;
mod locate;
mod name;
mod pairs;
mod parse;
mod reader;
pub(crate) mod yaml;

pub use duplicates::{DuplicateRule, duplicates};
pub use error::{RuleFileError, RuleFileErrorKind};
pub(crate) use error::{excerpt, place_of};
pub(crate) use locate::locate_span;
pub use parse::parse;
pub use reader::ShapeError;
pub(crate) use reader::{Fields, Reader};

use std::fmt;

use crate::promql::Query;

/// A place in a file, both from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A rule file.
#[derive(Debug)]
pub struct RuleFile {
    /// Where it was read from, as the user named it.
    pub path: String,
    /// Its groups, in their order.
    pub groups: Vec<Group>,
}

/// A group: rules that are evaluated one after the other at the same instants.
#[derive(Debug)]
pub struct Group {
    /// Its name, unique in its file.
    pub name: String,
    /// The time between two evaluations, µs; `None` for the global one.
    pub interval: Option<i64>,
    /// How many series or alerts a rule may give; 0 for no limit.
    pub limit: usize,
    /// How far back its queries look, µs; `None` for the global one.
    pub query_offset: Option<i64>,
    /// Its rules, in their order. The group's labels are merged into theirs (a rule's own win).
    pub rules: Vec<Rule>,
    /// Where it begins.
    pub place: Place,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it makes.
    pub kind: RuleKind,
    /// The metric it records, or the alert's name.
    pub name: String,
    /// Its expression.
    pub query: Query,
    /// Its labels (of an alerting rule: templates), sorted by name.
    pub labels: Vec<(String, String)>,
    /// Where it begins.
    pub place: Place,
    /// Where its expression begins.
    pub expr_place: Place,
}

/// What a rule makes.
#[derive(Debug, Clone)]
pub enum RuleKind {
    /// A series.
    Recording,
    /// Alerts.
    Alerting {
        /// How long the condition must hold, µs.
        hold: i64,
        /// How long an alert goes on after it, µs.
        keep_firing_for: i64,
        /// Templates, sorted by name.
        annotations: Vec<(String, String)>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests;
