//! Reads a stage's series: each quantity before and during, with its spread and what it was expected to be.
//!
//! A stage's history goes in, some hundred numbers come out, so that a thousand
//! stages can be read one after the other in little memory.
//!
//! - A quantity is a role or is made of several ([`Quantity`]): mean time in
//!   the stage is `latency_sum` over `latency_count`, CPU an item is `cpu` over
//!   `completions`. Counters are read by reset-aware increases.
//! - Values are taken in bins as wide as the coarsest series that the quantity
//!   needs. The level before is the median of its bins; the level during is the
//!   30 % or 70 % quantile, whichever lies further off: what at least three
//!   bins in ten have reached, so that a fault in part of a window shows.
//! - What was expected is the level before times the drift of the same hours on
//!   earlier days (median of at least three days' ratios).
//! - The spread is the largest of: 1.4826 times the median absolute deviation
//!   before (of a reference and of the days' ratios where there are any), and a
//!   floor for each quantity. `z` is the distance in spreads.

mod change;
mod formula;
mod quantity;
mod run;
mod series;

pub use change::Change;
pub use quantity::Quantity;

use super::history::{EdgeHistory, RoleSeries, StageHistory, Window};
use super::topology::{EdgeKind, Role};
use change::Comparison;
use series::Sources;

/// What was read of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageReading {
    /// The stage.
    pub stage: String,
    /// Quantities that could be compared, or at least seen during.
    pub changes: Vec<Change>,
    /// The roles that it has series for.
    pub roles: Vec<Role>,
    /// Whether series that had samples before have none during (`up` apart).
    pub silent: bool,
}

/// What was read of an edge.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeReading {
    /// Who hands over, or who calls.
    pub from: String,
    /// Who takes, or who is called.
    pub to: String,
    /// Which of the two.
    pub kind: EdgeKind,
    /// Quantities that could be compared.
    pub changes: Vec<Change>,
}

impl StageReading {
    /// The change of a quantity over all tags.
    pub fn get(&self, quantity: Quantity) -> Option<&Change> {
        find(&self.changes, quantity)
    }
}

impl EdgeReading {
    /// The change of a quantity over all tags.
    pub fn get(&self, quantity: Quantity) -> Option<&Change> {
        find(&self.changes, quantity)
    }
}

fn find(changes: &[Change], quantity: Quantity) -> Option<&Change> {
    changes.iter().find(|c| {
        c.quantity == quantity && c.tag.is_none() && c.during.is_finite() && c.z.is_finite()
    })
}

/// Reads a stage.
pub fn read(history: &StageHistory, window: &Window) -> StageReading {
    let mut roles: Vec<Role> = history.series.iter().map(|s| s.role).collect();
    roles.sort_unstable();
    roles.dedup();
    let spoke = |s: &&RoleSeries| s.role != Role::Up && s.has_samples(&window.before);
    let mut speaking = history.series.iter().filter(spoke).peekable();
    let silent = speaking.peek().is_some() && speaking.all(|s| !s.has_samples(&window.during));
    StageReading {
        stage: history.name.clone(),
        changes: changes(&history.series, window),
        roles,
        silent,
    }
}

/// Reads an edge.
pub fn read_edge(history: &EdgeHistory, window: &Window) -> EdgeReading {
    EdgeReading {
        from: history.from.clone(),
        to: history.to.clone(),
        kind: history.kind,
        changes: changes(&history.series, window),
    }
}

/// Finds the run of bins in which a quantity was worst against the rest of a
/// range, and returns its times; `None` if fewer than three bins have a value.
///
/// The run [i, j) is the one whose mean differs most, in standard errors, from
/// the mean of the others in the direction `up` or down: an epidemic change
/// (Levin & Kline 1985). A report's time lies somewhere in a fault, seldom at
/// its begin; this tells the time before from the time during.
pub fn worst_run(
    history: &StageHistory,
    quantity: Quantity,
    up: bool,
    range: &std::ops::Range<i64>,
) -> Option<std::ops::Range<i64>> {
    let window = Window {
        reference: None,
        before: range.start..range.start,
        during: range.clone(),
    };
    let sources = Sources::new(&history.series, &window);
    let formula = quantity.formula(&sources)?;
    let width = sources
        .spacing(formula, &window)
        .max(range.end.saturating_sub(range.start) / 300)
        .max(1);
    let values = sources.values(formula, range, width);
    let (from, to) = run::worst(&values, up)?;
    let at = |bin: usize| range.start + bin as i64 * width;
    Some(at(from)..at(to).min(range.end))
}

fn changes(series: &[RoleSeries], window: &Window) -> Vec<Change> {
    let sources = Sources::new(series, window);
    let comparison = Comparison::new(window, &sources);
    let mut changes = Vec::new();
    for quantity in Quantity::ALL {
        let Some(formula) = quantity.formula(&sources) else {
            continue;
        };
        changes.extend(comparison.compare(quantity, None, &formula));
        if quantity == Quantity::ErrorRate {
            for tag in sources.tags(Role::Errors) {
                let one = sources.tagged(Role::Errors, &tag);
                let comparison = Comparison::new(window, &one);
                changes.extend(comparison.compare(quantity, Some(tag), &formula));
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests;
