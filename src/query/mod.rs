//! SQL over a store: DataFusion with the store's tables, a view a metric, and
//! functions that know counters and histograms.

#[cfg(test)]
mod backtest_tests;
pub mod functions;
mod metric_views;
mod samples;
mod session;
mod store_table;

pub use functions::{FUNCTIONS, Function, FunctionKind};
pub use samples::{EmptySelector, Staleness, Statistics, StoreSource, StoreSourceSettings};
pub use session::{QueryError, QueryFault, QueryResult, Session};
