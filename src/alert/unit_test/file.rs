//! What stands in a test file.

use std::sync::Arc;

use crate::alert::rule_file::Place;
use crate::alert::unit_test::{ExpectedSample, FiringAlert};
use crate::model::Labels;
use crate::promql::Query;
use crate::promql::script::SeriesValue;

/// A file of tests.
#[derive(Debug)]
pub(super) struct UnitTestFile {
    /// Paths and patterns, as written.
    pub(super) rule_files: Vec<String>,
    /// The time between two evaluations, µs.
    pub(super) evaluation_interval: i64,
    /// The names of groups, those first that are evaluated first.
    pub(super) group_eval_order: Vec<String>,
    /// Whether neighbouring numbers are equal.
    pub(super) fuzzy_compare: bool,
    pub(super) tests: Vec<Test>,
}

/// A test: input samples and what the rules make of them.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) name: String,
    pub(super) place: Place,
    /// The time between two samples, µs.
    pub(super) interval: i64,
    /// When it begins, µs.
    pub(super) start: i64,
    pub(super) series: Vec<InputSeries>,
    pub(super) alerts: Vec<AlertTest>,
    pub(super) exprs: Vec<ExprTest>,
    pub(super) external_labels: Labels,
    pub(super) external_url: String,
}

/// A series of the input.
#[derive(Debug)]
pub(super) struct InputSeries {
    pub(super) place: Place,
    pub(super) labels: Arc<Labels>,
    pub(super) values: Vec<SeriesValue>,
}

/// The alerts that fire.
#[derive(Debug)]
pub(super) struct AlertTest {
    pub(super) place: Place,
    /// µs since the test's start.
    pub(super) eval_time: i64,
    pub(super) alertname: String,
    /// Sorted.
    pub(super) expected: Vec<FiringAlert>,
}

/// The result of a query.
#[derive(Debug)]
pub(super) struct ExprTest {
    pub(super) place: Place,
    /// µs since the test's start.
    pub(super) eval_time: i64,
    pub(super) query: Query,
    /// Sorted by labels.
    pub(super) expected: Vec<ExpectedSample>,
    /// A histogram is expected.
    pub(super) histogram: bool,
}
