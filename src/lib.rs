//! Retrocast: batch analytics over historical metrics, logs and traces.
//!
//! The modules, in the order in which they may import each other (a module
//! imports from those above it and from nothing below).

/// The vocabulary: labels, samples, records, time, durations, warnings.
pub mod model;
