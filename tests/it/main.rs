//! Black-box tests: each runs the built binary on files, as a user would.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a comparison with a real server says its seed, or why it was skipped"
)]

mod alertmanager;
mod backtest;
mod command_line;
mod forecast;
mod imports;
mod ingest;
mod prometheus;
mod promql;
mod promtool;
mod rules;
mod sample;
mod store;
mod support;
