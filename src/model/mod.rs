//! The vocabulary of observability data, shared by every other module.

mod duration;
mod event;
mod job_run;
mod labels;
mod log_record;
mod metadata;
mod span;
mod suggest;
mod time;
mod warning;

pub use duration::{DurationError, format_duration, parse_duration};
pub use event::{Event, EventKind};
pub use job_run::JobRun;
pub use labels::{Labels, LabelsError, METRIC_NAME, TARGET_LABELS};
pub use log_record::{LogRecord, canonical_severity};
pub use metadata::{MetricMetadata, MetricType};
pub use span::{Span, SpanKind, SpanStatus};
pub use suggest::did_you_mean;
pub use time::{
    LocalTime, MICROS_PER_DAY, MICROS_PER_SECOND, TimeError, TimeRange, TimestampUnit, day_of,
    format_day, format_timestamp, guess_unit, parse_local, parse_timestamp,
};
pub use warning::Warning;

/// Bit pattern of Prometheus' stale marker (`model/value/value.go`, `StaleNaN`).
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Returns the NaN by which Prometheus says that a series has ended.
pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

/// Tells whether a value is Prometheus' stale marker (and not another NaN).
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}
