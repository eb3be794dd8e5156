//! The job file (`retrocast.toml`) and the nightly run: ingest what is new, run
//! the reports, backtest the alert rules, write what comes out.

pub mod backtest;
mod cause;
mod file;
pub mod forecast;
mod known_keys;
mod range;
mod run;
mod summary;

pub(crate) use cause::without_backtrace;
pub use file::{IngestStep, JobError, JobFile, ReportStep};
pub use range::{RangeError, resolve_range};
pub use run::{JobObserver, JobReport, StepOutcome, StepReport, run};
