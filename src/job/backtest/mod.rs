//! Backtests of alert rules: reads what is named, runs it, and makes the document.
//!
//! The judgement itself is in [`crate::alert::backtest`]; here are the files, the
//! store and the order of things, for the command and for `[[backtest]]` alike.

mod error;
mod files;
mod history;
mod inputs;
mod prepare;
mod run;
mod settings;
mod spec;
mod value;

use std::path::Path;

use chrono_tz::Tz;
use tokio::runtime::Handle;

pub use error::BacktestError;
pub(crate) use files::{expand, files_of, read};
pub(in crate::job) use history::events;
pub(crate) use inputs::rule_files;
pub use prepare::Backtest;
pub use run::BacktestResult;
pub use spec::BacktestSpec;

use crate::store::Store;

/// Where a backtest takes place.
#[derive(Debug, Clone, Copy)]
pub struct Shell<'a> {
    /// The store with the history.
    pub store: &'a Store,
    /// The runtime that reads it.
    pub handle: &'a Handle,
    /// The folder of relative paths.
    pub folder: &'a Path,
    /// The zone of times without one, of nights and weeks.
    pub tz: Tz,
    /// The clock, µs.
    pub now: i64,
}
