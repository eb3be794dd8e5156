//! Random expressions, and how closely two evaluations of them must agree.
//!
//! Left out, since 2.42 answers by chance or by a bug of its own:
//! - `topk` and `bottomk` of anything but a selector: among equal values the order
//!   decides, which elsewhere is that of a Go map;
//! - a range selector with `@` beside a parameter that varies, or in a function that reads
//!   the time: a range query there moves the window with the step;
//! - an aggregation of what `@` pins by a parameter that varies: all steps get the first one's;
//! - names of labels that are no names beside an argument that fails too: it looks at the
//!   argument first, we look at the names, as version 3 does;
//! - `timestamp` of a selector with both `@` and `offset`: it forgets the `offset` and finds nothing.

mod functions;
mod leaves;
mod operators;
mod ranges;

use super::random::Random;
use functions::{clamped, histogram_quantile, of_presence, of_values, relabelled};
use leaves::selector;
use operators::{aggregation, binary};
use ranges::over_range;

/// How closely the two must agree.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Exactness {
    /// To the last bit: integers, choices, comparisons.
    Exact,
    /// To the last bits that the order of a summation allows.
    Rounded,
    /// Differences of large sums: regressions and variances.
    Cancelling,
}

use Exactness::{Cancelling, Exact, Rounded};

pub(super) struct Expression {
    pub(super) text: String,
    pub(super) exactness: Exactness,
    /// About how large its values and those they are made of are, infinities aside.
    magnitude: f64,
    /// How far the two may be apart, whatever is left of the values.
    error: f64,
}

/// The relative rounding of one operation on many values, generously.
const ROUNDING: f64 = 1e-15;

impl Expression {
    fn exact(text: String, magnitude: f64) -> Self {
        Self {
            text,
            exactness: Exact,
            magnitude,
            error: 0.0,
        }
    }

    /// What a function makes of it; the error grows as the magnitude does.
    fn into(self, text: String, exactness: Exactness, magnitude: f64) -> Self {
        let own = if exactness == Exact { 0.0 } else { ROUNDING };
        Self {
            text,
            exactness,
            error: self.error * (magnitude / self.magnitude).max(1.0) + own * magnitude,
            magnitude,
        }
    }

    /// The same values, or some of them.
    fn wrap(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// Tells whether two numbers agree.
    pub(super) fn allows(&self, a: f64, b: f64) -> bool {
        if a == b || (a.is_nan() && b.is_nan()) {
            return true;
        }
        let scale = a.abs().max(b.abs());
        match self.exactness {
            Exact => false,
            Rounded => (a - b).abs() <= 1e-12 * scale,
            Cancelling => (a - b).abs() <= 1e-10 * scale + self.error,
        }
    }
}

/// A random instant vector.
pub(super) fn vector(random: &mut Random, depth: usize) -> Expression {
    if depth == 0 {
        return selector(random, "");
    }
    match random.below(24) {
        0 => selector(random, ""),
        1..=6 => over_range(random, depth),
        7..=10 => aggregation(random, depth),
        11 | 12 => of_values(random, depth),
        13 => clamped(random, depth),
        14 | 15 => relabelled(random, depth),
        16 => of_presence(random, depth),
        17 | 18 => histogram_quantile(random, depth),
        _ => binary(random, depth),
    }
}

/// Rounded values of either sign may cancel in whatever is made of them.
fn compounded(inner: Exactness, own: Exactness) -> Exactness {
    match (inner, own) {
        (Exact, own) => own,
        (inner, Exact) => inner,
        _ => Cancelling,
    }
}
