//! Which loaded samples a query reads.

use crate::promql::expr::{At, Expr, Kind, Place, Selector};
use crate::promql::script::data::{Data, Mark};
use crate::promql::{Options, Steps, Version};

/// Functions to which a sample's start timestamp matters.
const START_FUNCTIONS: &[&str] = &["rate", "increase", "irate", "resets"];

/// What is special about the samples that a query reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// A native histogram.
    pub histogram: bool,
    /// A start timestamp, where it matters.
    pub start_timestamp: bool,
    /// A series with a `__type__` or `__unit__` label.
    pub type_or_unit: bool,
}

/// Finds what a query reads at all of its steps.
pub(super) fn reads(expr: &Expr, steps: Steps, data: &Data, options: &Options) -> Reads {
    let mut reader = Reader {
        data,
        options,
        bounds: (steps.start, steps.end()),
        found: Reads::default(),
    };
    reader.walk(expr, &steps.iter().collect::<Vec<_>>());
    reader.found
}

struct Reader<'a> {
    data: &'a Data,
    options: &'a Options,
    bounds: (i64, i64),
    found: Reads,
}

impl Reader<'_> {
    fn walk(&mut self, expr: &Expr, times: &[i64]) {
        match &expr.kind {
            Kind::Number(_) | Kind::String(_) => {}
            Kind::Selector(selector) => self.select(selector, None, times, false),
            Kind::Range { selector, range } => self.select(selector, Some(*range), times, false),
            Kind::Subquery {
                expr,
                range,
                step,
                place,
            } => {
                let step = step.unwrap_or(self.options.subquery_step).max(1);
                let mut inner = Vec::new();
                for end in self.places(*place, times) {
                    let first = self.first(end, *range);
                    let mut ts = first.div_euclid(step) * step;
                    if ts < first {
                        ts += step;
                    }
                    while ts <= end {
                        inner.push(ts);
                        ts += step;
                    }
                }
                inner.sort_unstable();
                inner.dedup();
                self.walk(expr, &inner);
            }
            Kind::Call { function, args } => {
                let starts = START_FUNCTIONS.contains(&function.name);
                for arg in args {
                    match &without_parens(arg).kind {
                        Kind::Range { selector, range } => {
                            self.select(selector, Some(*range), times, starts);
                        }
                        _ => self.walk(arg, times),
                    }
                }
            }
            Kind::Aggregate { param, expr, .. } => {
                for part in param.iter().chain([expr]) {
                    self.walk(part, times);
                }
            }
            Kind::Negate(expr) | Kind::Paren(expr) => self.walk(expr, times),
            Kind::Binary { lhs, rhs, .. } => {
                self.walk(lhs, times);
                self.walk(rhs, times);
            }
        }
    }

    fn select(&mut self, selector: &Selector, range: Option<i64>, times: &[i64], starts: bool) {
        let ends = self.places(selector.place, times);
        let length = range.unwrap_or(self.options.lookback);
        for (labels, marks) in self.data.select(&selector.matchers) {
            let named = labels.get("__type__").or(labels.get("__unit__")).is_some();
            for end in &ends {
                let window = window(marks, self.first(*end, length), *end);
                let read = match range {
                    Some(_) => window,
                    // A stale marker hides the samples before it.
                    None => match window.last() {
                        Some(mark) if !mark.stale => &window[window.len() - 1..],
                        _ => &[],
                    },
                };
                self.found.histogram |= read.iter().any(|mark| mark.histogram);
                self.found.start_timestamp |= starts && read.iter().any(|mark| mark.started);
                self.found.type_or_unit |= named && !read.is_empty();
            }
        }
    }

    /// The first instant of a window.
    fn first(&self, end: i64, range: i64) -> i64 {
        match self.options.version {
            Version::V2 => end.saturating_sub(range),
            Version::V3 => end.saturating_sub(range).saturating_add(1),
        }
    }

    /// The instants that selectors look at, sorted.
    fn places(&self, place: Place, times: &[i64]) -> Vec<i64> {
        let pinned = place.at.map(|at| match at {
            At::Time(ts) => ts,
            At::Start => self.bounds.0,
            At::End => self.bounds.1,
        });
        let mut places: Vec<i64> = times
            .iter()
            .map(|ts| pinned.unwrap_or(*ts).saturating_sub(place.offset))
            .collect();
        places.dedup();
        places
    }
}

fn without_parens(mut expr: &Expr) -> &Expr {
    while let Kind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

fn window(marks: &[Mark], from: i64, to: i64) -> &[Mark] {
    let start = marks.partition_point(|mark| mark.ts < from);
    let end = marks.partition_point(|mark| mark.ts <= to);
    &marks[start..end.max(start)]
}
