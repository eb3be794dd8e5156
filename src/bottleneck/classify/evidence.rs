use super::text;
use crate::bottleneck::reading::Change;

/// Why a stage is in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Starved: what comes before it is slow, lost or down.
    Upstream,
    /// At its own limit: CPU, garbage collection, skew, slow code.
    Compute,
    /// Blocked: what comes after it stalls, refuses or is full.
    Downstream,
    /// More comes than it can do, at an unchanged time an item.
    Load,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 4] = [Self::Upstream, Self::Compute, Self::Downstream, Self::Load];

    /// Returns the name that incidents have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Compute => "compute",
            Self::Downstream => "downstream",
            Self::Load => "load",
        }
    }
}

/// One line of evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// What it speaks for.
    pub class: Class,
    /// How much, 0 to 1.
    pub weight: f64,
    /// Whether it can only come of the stage itself, not pass to it from a neighbour.
    pub local: bool,
    /// What moved.
    pub change: Change,
    /// The same in words.
    pub sentence: String,
}

/// Collects evidence.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) evidence: Vec<Evidence>,
}

impl Lines {
    /// Adds a line with what the rule makes of it.
    pub(super) fn add(
        &mut self,
        class: Class,
        local: bool,
        weight: f64,
        change: &Change,
        why: &str,
    ) {
        let weight = if weight.is_nan() {
            0.0
        } else {
            weight.clamp(0.0, 0.99)
        };
        self.evidence.push(Evidence {
            class,
            weight,
            local,
            sentence: text::line(change, why),
            change: change.clone(),
        });
    }
}

/// How strongly a level rose, 0 to 1: sure of the rise, times its size against
/// the ratio that counts as a full effect.
pub(crate) fn rise(change: &Change, full_ratio: f64) -> f64 {
    if change.z <= 0.0 {
        return 0.0;
    }
    change.confidence() * ratio_size(change.ratio(), change.expected, full_ratio)
}

/// How strongly a level fell, 0 to 1.
pub(crate) fn fall(change: &Change, full_ratio: f64) -> f64 {
    if change.z >= 0.0 {
        return 0.0;
    }
    let ratio = change.ratio().max(1e-6);
    change.confidence() * ((1.0 / ratio).ln() / full_ratio.ln()).clamp(0.0, 1.0)
}

/// A rise out of nothing is a full one.
fn ratio_size(ratio: f64, expected: f64, full_ratio: f64) -> f64 {
    if expected.abs() <= 1e-12 {
        return 1.0;
    }
    (ratio.max(1e-6).ln() / full_ratio.ln()).clamp(0.0, 1.0)
}

/// How strongly a share rose, 0 to 1, against the points that count as a full
/// effect; with nothing before it, how high it is, less what is usual anywhere.
pub(crate) fn high(change: &Change, full: f64) -> f64 {
    if change.expected.is_finite() {
        points(change, full)
    } else {
        between(change.during, 0.3 * full, 1.3 * full)
    }
}

/// How strongly a share rose, 0 to 1, against the points that count as a full effect.
pub(crate) fn points(change: &Change, full: f64) -> f64 {
    if change.z <= 0.0 {
        return 0.0;
    }
    change.confidence() * (change.excess() / full).clamp(0.0, 1.0)
}

/// Where a level lies between two marks, 0 to 1.
pub(crate) fn between(value: f64, from: f64, to: f64) -> f64 {
    let share = (value - from) / (to - from);
    if share.is_nan() {
        0.0
    } else {
        share.clamp(0.0, 1.0)
    }
}
