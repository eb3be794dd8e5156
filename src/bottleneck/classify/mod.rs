//! Classifies a stage's trouble: starved by what is upstream, at its own limit, blocked by what is downstream, or loaded beyond capacity.
//!
//! Every rule looks at one or two quantities and gives an [`Evidence`] line with
//! a weight from 0 to 1: how sure it is that the quantity moved, times how far
//! it moved against a full effect, times how much such a move says. A class'
//! score is 1 − Π(1 − weight): lines add up, none counts twice.
//!
//! The classes are those of Flink's three times (idle: upstream; busy: compute;
//! backpressured: downstream), with *load* told from *compute* by the
//! utilisation law: work an item = busy time / completions stays what it was
//! when only more items come.

mod compute;
mod downstream;
mod error_cause;
mod evidence;
pub(super) mod load;
mod missing;
mod otherwise;
mod text;
mod upstream;

pub(crate) use error_cause::ErrorCause;
pub use evidence::{Class, Evidence};
pub(crate) use evidence::{between, fall, high, points, rise};
pub use text::{amount, sentence};

use super::reading::{Quantity, StageReading};
use super::topology::StageKind;
use evidence::Lines;

/// What a stage's readings say.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// The class with the highest score; none where no rule saw anything.
    pub class: Option<Class>,
    /// Scores, 0 to 1, in the order of [`Class::ALL`].
    pub scores: [f64; 4],
    /// Evidence of all classes, the heaviest first.
    pub evidence: Vec<Evidence>,
    /// What would have been seen, were it one of the other classes.
    pub otherwise: Vec<String>,
    /// What could not be looked at, for lack of which series.
    pub missing: Vec<String>,
}

impl Classification {
    /// The score of a class.
    pub fn score(&self, class: Class) -> f64 {
        self.scores[class as usize]
    }

    /// The heaviest evidence that only the stage itself can give, 0 where there is none.
    pub(super) fn local(&self) -> f64 {
        let weights = self.evidence.iter().filter(|e| e.local).map(|e| e.weight);
        weights.fold(0.0, f64::max)
    }

    /// Evidence for a class, the heaviest first.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(move |e| e.class == class)
    }
}

/// Classifies a stage.
pub fn classify(reading: &StageReading, kind: StageKind) -> Classification {
    let mut lines = Lines::default();
    upstream::look(reading, kind, &mut lines);
    compute::look(reading, kind, &mut lines);
    downstream::look(reading, kind, &mut lines);
    load::look(reading, &mut lines);
    finish(reading, lines.evidence)
}

/// Scores evidence and puts it in order.
pub(super) fn finish(reading: &StageReading, mut evidence: Vec<Evidence>) -> Classification {
    evidence.retain(|e| e.weight > 0.02);
    evidence.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let mut scores = [0.0; 4];
    for line in &evidence {
        let score = &mut scores[line.class as usize];
        *score = 1.0 - (1.0 - *score) * (1.0 - line.weight);
    }
    let class = Class::ALL
        .into_iter()
        .rev()
        .max_by(|a, b| scores[*a as usize].total_cmp(&scores[*b as usize]))
        .filter(|class| scores[*class as usize] > 0.1);
    Classification {
        class,
        scores,
        otherwise: class.map_or_else(Vec::new, |class| otherwise::tell(reading, class)),
        missing: missing::tell(reading),
        evidence,
    }
}

/// Items that come or, where that is not known, that leave.
pub(super) fn throughput(reading: &StageReading) -> Option<&super::reading::Change> {
    reading
        .get(Quantity::ArrivalRate)
        .or_else(|| reading.get(Quantity::CompletionRate))
}

/// Whether a rate of failures matters beside what passes: nothing below two in a
/// thousand, fully from two in a hundred on. As much as it can where nothing is known to pass.
pub(crate) fn material(reading: &StageReading, failures: &super::reading::Change) -> f64 {
    let passes = |change: &super::reading::Change| {
        let expected = if change.expected.is_finite() {
            change.expected
        } else {
            0.0
        };
        change.during.max(expected)
    };
    match throughput(reading).map(passes) {
        Some(flow) if flow > 0.0 => between(failures.excess() / flow, 0.002, 0.02),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests;
