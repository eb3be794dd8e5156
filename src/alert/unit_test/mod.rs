//! Runs rule unit tests in the format of `promtool test rules`.
//!
//! The reference is `cmd/promtool/unittest.go` in prometheus/prometheus:
//!
//! * All groups are evaluated at every multiple of `evaluation_interval` from
//!   the test's start to its last `eval_time`, whatever their own `interval`,
//!   one after the other in the order of `group_eval_order`. Promtool leaves open
//!   where groups that are not named there stand; here they stand with the first,
//!   and groups of equal rank keep the order of their files.
//! * Input samples are there from their own instant on, and none after the last
//!   evaluation.
//! * An `alert_rule_test` compares the firing alerts of all rules of that name
//!   after the last evaluation at or before its `eval_time`: labels and rendered
//!   annotations, empty ones too.
//! * A `promql_expr_test` is evaluated at its own `eval_time` after all
//!   evaluations. Values must be equal to the bit, with `fuzzy_compare` up to the
//!   neighbouring number; NaN equals nothing.
//! * A rule that fails ends its test.
//!
//! Deviations: queries and series that cannot be parsed are errors of the file
//! with their place instead of failed tests. Native histograms are not
//! evaluated: a test that has one fails and says so. Where input and a rule have
//! samples of one series at one instant, that of the input stays; promtool fails. `interval` is
//! `evaluation_interval` where it is missing, as in version 3 (2.42 puts all
//! samples at the start). 2.42's limit of 10,000 samples a query is not kept.

mod error;
mod file;
mod input;
mod parse;
mod report;
mod run;

pub use error::{UnitTestError, UnitTestFileError, UnitTestFileErrorKind};
pub use report::{
    Difference, ExpectedSample, FiringAlert, TestReport, UnitTestReport, UnitTestWarning,
};
pub use run::{ReadRuleFiles, run};

#[cfg(test)]
mod tests;
