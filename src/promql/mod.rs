//! PromQL over columns: parse, plan, and evaluate all steps of a range at once.
//!
//! A query is parsed by `promql-parser`, lowered to our own tree ([`expr`])
//! whose nodes carry their place in the text, and evaluated over a grid of
//! [`Steps`]: a vector is a list of series, each with one `f64` a step, where
//! [`ABSENT`] stands for "no sample". Range functions slide over a series'
//! samples, so that their cost does not grow with the length of the window.
//!
//! The reference is Prometheus: `promql/engine.go`, `promql/functions.go`,
//! `promql/quantile.go`; deviations are named where they are made. Times and
//! durations are µs, where Prometheus counts ms: quotients by 10⁶ and 10³ of
//! the same span are the same `f64`.

mod aggregate;
mod api;
mod binary;
mod caret;
mod column;
mod error;
pub(crate) mod escape;
mod eval;
mod expr;
mod functions;
mod kahan;
mod labels;
mod lower;
mod matcher;
mod merge;
mod number;
mod options;
mod pieces;
pub(crate) mod re2;
pub mod script;
mod source;
mod span;
mod staleness;
mod threshold;
mod vector;
mod window;

pub use api::write_data;
pub use caret::caret;
pub use column::{ABSENT, Steps, is_absent};
pub use error::{Annotation, Annotations, Error, ErrorKind, Level, Span};
pub(crate) use eval::Evaluator;
pub use eval::{Evaluated, evaluate, evaluate_part};
pub use lower::{Query, QuerySelector};
pub use matcher::{MatchKind, MatchOp, Matcher};
pub use options::{Options, Version};
pub use pieces::{evaluate_pieces, evaluate_range};
pub use re2::PatternError;
pub use source::{MemorySource, SampleSlice, SampleSource, Selection, SourceError};
pub use staleness::{InferredStaleness, infer_staleness};
pub use threshold::Threshold;
pub use vector::{RawSeries, Series, Value};
