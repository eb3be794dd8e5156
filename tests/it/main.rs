//! Black-box tests: each runs the built binary on files, as a user would.

mod command_line;
mod imports;
mod ingest;
mod prometheus;
mod promql;
mod sample;
mod store;
mod support;
