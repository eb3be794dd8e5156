//! The job file (`retrocast.toml`) and the nightly run: ingest what is new, run
//! the reports, write them.

mod file;
mod range;
mod run;
mod summary;

pub use file::{IngestStep, JobError, JobFile, ReportStep};
pub use range::{RangeError, resolve_range};
pub use run::{JobObserver, JobReport, StepOutcome, StepReport, run};
