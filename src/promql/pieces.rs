//! Long ranges in pieces: bounded memory, linear time.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Labels, MICROS_PER_DAY};
use crate::promql::column::{ABSENT, Steps};
use crate::promql::error::{Annotations, Error, ErrorKind};
use crate::promql::eval::{Evaluated, evaluate_part};
use crate::promql::lower::Query;
use crate::promql::options::Options;
use crate::promql::source::{SampleSource, SourceError};
use crate::promql::vector::{Series, Value};

/// How many values a piece's columns may hold, for each node of the query: 2 MB, which stay
/// in the cache and which the allocator hands on from piece to piece.
const PIECE_VALUES: usize = 1 << 18;
/// A piece is at least so many times as long as the windows, which each piece fills anew.
const PIECE_WINDOWS: i64 = 4;

/// Evaluates a range in pieces of consecutive steps and gives each piece's value to `sink`.
///
/// The same as evaluating all steps at once, since no function looks at other
/// steps than its own. The pieces end at UTC midnights where they can (samples
/// are filed by day), and are longer than the longest window, so that the time
/// is linear in the range.
pub fn evaluate_pieces(
    query: &Query,
    steps: Steps,
    source: &mut dyn SampleSource,
    options: &Options,
    sink: &mut dyn FnMut(Steps, Value) -> Result<(), SourceError>,
) -> Result<Annotations, Error> {
    let mut series = 1;
    for selector in query.selectors() {
        series += source
            .count_series(&selector.matchers)
            .map_err(|error| ErrorKind::Source(error).at(selector.span))?;
    }
    let (back, ahead) = query.lookback(options);
    let bounds = (steps.start, steps.end());
    let mut annotations = Annotations::default();
    let window = back.saturating_add(ahead).saturating_mul(PIECE_WINDOWS);
    for piece in cut(steps, PIECE_VALUES / series, window) {
        let evaluated = evaluate_part(query, piece, bounds, source, options)?;
        annotations.merge(evaluated.annotations);
        sink(piece, evaluated.value).map_err(|error| Error {
            kind: ErrorKind::Source(error),
            span: None,
            step: None,
        })?;
    }
    Ok(annotations)
}

/// Evaluates a range in pieces and puts them together again.
pub fn evaluate_range(
    query: &Query,
    steps: Steps,
    source: &mut dyn SampleSource,
    options: &Options,
) -> Result<Evaluated, Error> {
    let mut whole = Whole::new(steps);
    let annotations = evaluate_pieces(query, steps, source, options, &mut |piece, value| {
        whole.add(piece, value);
        Ok(())
    })?;
    Ok(Evaluated {
        value: whole.value,
        annotations,
    })
}

/// Cuts steps into pieces of at most `wanted` steps, or as many as span `window` µs.
fn cut(steps: Steps, wanted: usize, window: i64) -> Vec<Steps> {
    let mut pieces = Vec::new();
    let spanning = match steps.step {
        0 => 1,
        step => (window / step) as usize,
    };
    let wanted = wanted.max(spanning).max(1);
    let mut done = 0;
    while done < steps.len {
        let first = steps.at(done);
        let mut len = wanted.min(steps.len - done);
        // The last midnight that the piece reaches, if any, is where it ends.
        let midnight = steps.at(done + len - 1).div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY;
        if done + len < steps.len && midnight > first {
            let before = (midnight - first - 1) / steps.step + 1;
            len = before as usize;
        }
        pieces.push(Steps {
            start: first,
            step: steps.step,
            len,
        });
        done += len;
    }
    pieces
}

/// A value that grows by pieces.
struct Whole {
    steps: Steps,
    value: Value,
    places: HashMap<Arc<Labels>, usize>,
}

impl Whole {
    fn new(steps: Steps) -> Self {
        Self {
            steps,
            value: Value::Vector(Vec::new()),
            places: HashMap::new(),
        }
    }

    fn add(&mut self, piece: Steps, value: Value) {
        if piece.len == self.steps.len {
            self.value = value;
            return;
        }
        let offset = ((piece.start - self.steps.start) / self.steps.step.max(1)) as usize;
        let part = offset..offset + piece.len;
        match value {
            Value::Vector(series) => {
                let Value::Vector(all) = &mut self.value else {
                    return;
                };
                for one in series {
                    let place = *self
                        .places
                        .entry(one.labels.clone())
                        .or_insert_with(|| all.len());
                    if place == all.len() {
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
                    self.value = Value::Scalar(vec![ABSENT; self.steps.len]);
                }
                if let Value::Scalar(all) = &mut self.value {
                    all[part].copy_from_slice(&column);
                }
            }
            Value::String(_) | Value::Matrix(_) => self.value = value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_all_steps_and_end_at_midnight() {
        let minute = 60_000_000;
        let steps = Steps::range(12 * 60 * minute, 4 * 1440 * minute, minute);
        for (wanted, window) in [(1, 0), (100, 0), (2000, 0), (3000, 0), (10, 2000 * minute)] {
            let pieces = cut(steps, wanted, window);
            let mut next = 0;
            for piece in &pieces {
                assert_eq!(piece.start, steps.at(next));
                assert!(piece.len >= 1 && piece.len <= wanted.max((window / minute) as usize));
                next += piece.len;
            }
            assert_eq!(next, steps.len);
        }
        let days = cut(steps, 2000, 0);
        assert_eq!(days[0].len, 720);
        assert_eq!(days[1].start, 1440 * minute);
        assert_eq!(days[1].len, 1440);
    }
}
