//! Runs Prometheus' test scripts: loads samples, evaluates queries, checks their results.
//!
//! The language is that of `promql/promqltest` in prometheus/prometheus (its
//! README is the reference, `test.go` settles the rest):
//!
//! ```text
//! load 1m
//!     requests_total{job="api"} 0+60x10 _ stale
//! eval instant at 5m rate(requests_total[5m])
//!     {job="api"} 1
//! eval range from 0 to 2m step 1m requests_total
//!     requests_total{job="api"} 0 60 120
//! clear
//! ```
//!
//! An `eval instant` is evaluated a second time as the middle step of a range
//! query of three steps, 1 m apart, as the reference does. Its third check,
//! with `@` put into every selector, is left out: it needs the query printed
//! from its tree. Numbers are equal where they differ by less than 10⁻⁶ of the
//! sum of their magnitudes; NaN equals NaN.
//!
//! # What an eval needs
//!
//! Each eval has exactly one [`Class`]:
//!
//! 1. [`Class::Experimental`] where the query's text holds a function, an
//!    aggregator, a modifier or a duration expression behind a feature flag of
//!    Prometheus, where one of its selectors reads a series with a `__type__` or
//!    `__unit__` label, or where `rate`, `increase`, `irate` or `resets` reads
//!    samples that have a start timestamp;
//! 2. otherwise [`Class::NativeHistogram`] where the text holds a function or an
//!    operator that only native histograms have, where an expected value is a
//!    histogram, or where a selector reads a histogram sample at any step of the
//!    query;
//! 3. otherwise [`Class::Stable`].
//!
//! What a selector reads is found with the query's own matchers, offsets, `@`
//! and subquery steps on the samples loaded so far: an instant selector reads
//! the newest sample of its lookback window, a range selector all samples of
//! its window. A query that cannot be parsed reads nothing.
//!
//! Only stable evals are evaluated. The others are [`Verdict::Unsupported`],
//! those with `expect fail` among them: they are never counted as passed.
//!
//! Histogram samples are not kept by value; their series and times are, for
//! the classification, and the evaluator does not see them.

mod classify;
mod command;
mod compare;
mod data;
mod parse;
mod quoted;
mod reads;
mod report;
mod run;
mod series;
mod tokens;

pub use parse::{ScriptError, ScriptErrorKind};
pub use report::{Class, EvalReport, FileReport, Tally, Verdict};
pub use run::{options, run};
pub(crate) use series::{Value as SeriesValue, parse_metric, parse_series};

#[cfg(test)]
mod tests;
