//! Long ranges in pieces: bounded memory, linear time.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Labels, MICROS_PER_DAY};
use crate::promql::column::{ABSENT, Steps};
use crate::promql::error::{Annotations, Error, ErrorKind, Span};
use crate::promql::eval::{Evaluated, Evaluator, check_size, sort_by_labels};
use crate::promql::lower::Query;
use crate::promql::options::Options;
use crate::promql::source::{SampleSource, SourceError};
use crate::promql::vector::{Series, Value};

/// How many values a piece's columns may hold, for each node of the query: 2 MB, which stay
/// in the cache and which the allocator hands on from piece to piece.
const PIECE_VALUES: usize = 1 << 18;
/// A piece is so many times as long as the windows, which each piece fills anew,
const PIECE_WINDOWS: i64 = 4;
/// where that is no more values than these: 256 MB.
const WINDOW_VALUES: usize = 1 << 25;

/// Evaluates a range in pieces of consecutive steps and gives each piece's value to `sink`.
///
/// The same as evaluating all steps at once, since no function looks at other
/// steps than its own; only what a subquery's inside says at instants that lie
/// in no window is not said for those between two pieces. What `@` pins is
/// evaluated once. The pieces end at UTC midnights where they can (samples are
/// filed by day). Where memory allows they are some times longer than the
/// longest window, so that the time is linear in the range; a piece that turns
/// out too large is tried again by halves, down to one step.
pub fn evaluate_pieces(
    query: &Query,
    steps: Steps,
    source: &mut dyn SampleSource,
    options: &Options,
    sink: &mut dyn FnMut(Steps, Value) -> Result<(), SourceError>,
) -> Result<Annotations, Error> {
    each_piece(query, steps, source, options, &mut |piece, value| {
        sink(piece, value).map_err(|error| Error {
            kind: ErrorKind::Source(error),
            span: None,
            step: None,
        })
    })
}

/// Evaluates a range in pieces and puts them together again, the series in the
/// order of their labels.
pub fn evaluate_range(
    query: &Query,
    steps: Steps,
    source: &mut dyn SampleSource,
    options: &Options,
) -> Result<Evaluated, Error> {
    let mut whole = Whole::new(steps, query.expr.span);
    let annotations = each_piece(query, steps, source, options, &mut |piece, value| {
        whole.add(piece, value)
    })?;
    Ok(Evaluated {
        value: whole.finish(),
        annotations,
    })
}

fn each_piece(
    query: &Query,
    steps: Steps,
    source: &mut dyn SampleSource,
    options: &Options,
    sink: &mut dyn FnMut(Steps, Value) -> Result<(), Error>,
) -> Result<Annotations, Error> {
    let mut series = 1;
    for selector in query.selectors() {
        series += source
            .count_series(&selector.matchers)
            .map_err(|error| ErrorKind::Source(error).at(selector.span))?;
    }
    let wanted = wanted(steps.step, series, query.longest_window(options));
    pieces_of(wanted, query, steps, source, options, sink)
}

/// Evaluates a range in pieces of at most `wanted` steps.
fn pieces_of(
    mut wanted: usize,
    query: &Query,
    steps: Steps,
    source: &mut dyn SampleSource,
    options: &Options,
    sink: &mut dyn FnMut(Steps, Value) -> Result<(), Error>,
) -> Result<Annotations, Error> {
    let mut evaluator = Evaluator::new(source, options, (steps.start, steps.end()));
    let mut done = 0;
    while done < steps.len {
        let piece = next_piece(steps, done, wanted);
        let said = evaluator.said.clone();
        match evaluator.run(query, piece) {
            Ok(value) => sink(piece, value)?,
            Err(Error {
                kind: ErrorKind::TooLarge { .. },
                ..
            }) if piece.len > 1 => {
                evaluator.said = said;
                wanted = piece.len / 2;
                continue;
            }
            Err(error) => return Err(error),
        }
        done += piece.len;
    }
    Ok(evaluator.into_annotations())
}

/// How many steps a piece is to have, for so many series and windows of `window` µs.
fn wanted(step: i64, series: usize, window: i64) -> usize {
    let spanning = match step {
        0 => 1,
        step => (window.saturating_mul(PIECE_WINDOWS) / step) as usize,
    };
    (PIECE_VALUES / series)
        .max(spanning.min(WINDOW_VALUES / series))
        .max(1)
}

/// The next piece after `done` steps, of at most `wanted` steps.
fn next_piece(steps: Steps, done: usize, wanted: usize) -> Steps {
    let first = steps.at(done);
    let mut len = wanted.min(steps.len - done);
    // The last midnight that the piece reaches, if any, is where it ends.
    let days = steps.at(done + len - 1).div_euclid(MICROS_PER_DAY);
    let midnight = days.saturating_mul(MICROS_PER_DAY);
    if done + len < steps.len && midnight > first {
        len = midnight.abs_diff(first).div_ceil(steps.step.unsigned_abs()) as usize;
    }
    Steps {
        start: first,
        step: steps.step,
        len,
    }
}

/// A value that grows by pieces.
struct Whole {
    steps: Steps,
    span: Span,
    value: Value,
    places: HashMap<Arc<Labels>, usize>,
}

impl Whole {
    fn new(steps: Steps, span: Span) -> Self {
        Self {
            steps,
            span,
            value: Value::Vector(Vec::new()),
            places: HashMap::new(),
        }
    }

    fn add(&mut self, piece: Steps, value: Value) -> Result<(), Error> {
        if piece.len == self.steps.len {
            self.value = value;
            return Ok(());
        }
        // There are several pieces, hence a step.
        let offset = (piece.start.abs_diff(self.steps.start) / piece.step.unsigned_abs()) as usize;
        let part = offset..offset + piece.len;
        match value {
            Value::Vector(series) => {
                let Value::Vector(all) = &mut self.value else {
                    return Ok(());
                };
                for one in series {
                    let place = *self
                        .places
                        .entry(one.labels.clone())
                        .or_insert_with(|| all.len());
                    if place == all.len() {
                        check_size(place + 1, self.steps, self.span)?;
                        all.push(Series {
                            labels: one.labels,
                            drop_name: one.drop_name,
                            values: vec![ABSENT; self.steps.len],
                        });
                    }
                    all[place].values[part.clone()].copy_from_slice(&one.values);
                }
            }
            Value::Scalar(column) => {
                if !matches!(self.value, Value::Scalar(_)) {
                    check_size(1, self.steps, self.span)?;
                    self.value = Value::Scalar(vec![ABSENT; self.steps.len]);
                }
                if let Value::Scalar(all) = &mut self.value {
                    all[part].copy_from_slice(&column);
                }
            }
            Value::String(_) | Value::Matrix(_) => self.value = value,
        }
        Ok(())
    }

    fn finish(mut self) -> Value {
        if let Value::Vector(series) = &mut self.value
            && self.steps.step != 0
        {
            sort_by_labels(series);
        }
        self.value
    }
}

#[cfg(test)]
mod tests;
