//! Retrocast: batch analytics over historical metrics, logs and traces.
//!
//! The modules stand in the order in which they may import each other: a
//! module imports from those above it and from nothing below.

/// The command line: the only part that prints or reads the clock.
pub mod cli;
/// From export files to records: sources, framing, formats, dead letters.
pub mod ingest;
/// The job file and the nightly run.
pub mod job;
/// The vocabulary: labels, records, time, durations, warnings.
pub mod model;
/// SQL: tables, a view a metric, functions.
pub mod query;
/// From a document to bytes, a file a format.
pub mod render;
/// From results to a neutral document.
pub mod report;
/// Regular grids and joins in time, on polars.
pub mod series;
/// The sample system.
pub mod simulate;
/// Delta tables on Parquet: schema, layout, atomic commits, maintenance.
pub mod store;
