//! The SQL functions that metrics need beside DataFusion's own.
//!
//! One file a function, its documentation and its example beside it; the manual
//! is made from [`FUNCTIONS`], and a test runs every example.
//!
//! What DataFusion has already is not written again: `approx_percentile_cont`,
//! `median`, `first_value`, `last_value`, `date_bin`, `lag`, `labels['x']`, and
//! `RANGE` frames for sliding windows.

mod asof_join;
mod counter_delta;
mod counter_runs;
mod gap_fill;
mod histogram_quantile;
mod hop;
mod increase;
mod percentile;
mod promql;
mod rate;
mod rolling_rise;
mod session_id;
mod single_group;
mod subquery;
mod time_bucket;

use datafusion::prelude::SessionContext;

/// What kind of function it is, and so where it may stand in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// One value in, one value out.
    Scalar,
    /// Many rows in, one value out; also usable with `OVER`.
    Aggregate,
    /// Needs `OVER (…)`.
    Window,
    /// Stands in `FROM`.
    Table,
}

/// One SQL function with its manual page.
pub struct Function {
    /// The name in SQL.
    pub name: &'static str,
    /// What kind of function it is.
    pub kind: FunctionKind,
    /// How it is called.
    pub syntax: &'static str,
    /// What it computes, in Markdown; the first sentence is the summary.
    pub description: &'static str,
    /// A query that runs without any table.
    pub example: &'static str,
    /// What the example gives, as `retrocast sql` prints a table.
    pub result: &'static str,
    register: fn(&SessionContext),
}

/// All functions, in the order of the manual.
pub static FUNCTIONS: &[&Function] = &[
    &increase::FUNCTION,
    &rate::FUNCTION,
    &counter_delta::FUNCTION,
    &histogram_quantile::FUNCTION,
    &percentile::FUNCTION,
    &time_bucket::FUNCTION,
    &hop::FUNCTION,
    &session_id::FUNCTION,
    &gap_fill::FUNCTION,
    &asof_join::FUNCTION,
    &promql::FUNCTION,
];

/// Makes all functions known to a session.
pub(crate) fn register(ctx: &SessionContext) {
    for function in FUNCTIONS {
        (function.register)(ctx);
    }
}

#[cfg(test)]
mod tests;
