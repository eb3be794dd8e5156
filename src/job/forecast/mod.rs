//! Forecasts of a store's series, of a query's and of files: reads what is named, forecasts each
//! series on all cores, and hands them on in the order of the input.
//!
//! The methods are in [`crate::forecast`]; here are the files, the store and the order of things,
//! for the command and for `[[forecast]]` alike.

mod error;
mod grid;
mod in_order;
mod input;
mod outside;
mod prepare;
mod run;
mod save;
mod settings;
mod spec;

use std::path::Path;

use chrono_tz::Tz;
use tokio::runtime::Handle;

pub use error::ForecastError;
pub use prepare::Forecast;
pub use save::save;
pub use spec::ForecastSpec;

/// Where a forecast takes place.
#[derive(Debug, Clone, Copy)]
pub struct ForecastShell<'a> {
    /// The folder of the store, which files need not have.
    pub store: &'a Path,
    /// The runtime that reads it.
    pub handle: &'a Handle,
    /// The folder of relative paths.
    pub folder: &'a Path,
    /// The zone of times without one, of days and of months.
    pub tz: Tz,
    /// The clock, µs.
    pub now: i64,
}
