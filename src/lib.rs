//! Retrocast: batch analytics over historical metrics, logs, events and job runs.
//!
//! The modules stand in the order in which they may import each other: a
//! module imports from those above it and from nothing below. The empty lines
//! keep the formatter from sorting them.

/// The vocabulary: labels, records, time, durations, warnings.
pub mod model;

/// Kernels of statistics: distributions, least squares, optimisers, tests, decomposition.
pub mod stats;

/// Regular grids and joins in time, on polars.
pub mod series;

/// PromQL over columns.
pub mod promql;

/// Forecasts: ARIMA with outside variables, ETS, Theta, baselines, accuracy.
pub mod forecast;

/// Where the time goes: laws, change points, causes, critical paths; pure, without a command yet.
pub mod bottleneck;

/// Alert rules and notifications.
pub mod alert;

/// From export files to records: sources, framing, formats, dead letters.
pub mod ingest;

/// Delta tables on Parquet: schema, layout, atomic commits, maintenance.
pub mod store;

/// SQL: tables, a view a metric, functions.
pub mod query;

/// From results to a neutral document.
pub mod report;

/// From a document to bytes, a file a format.
pub mod render;

/// The sample system.
pub mod simulate;

/// The job file and the nightly run.
pub mod job;

/// The command line: the only part that prints or reads the clock.
pub mod cli;
