//! Where evaluation begins, so that nothing seems to begin with the range.
//!
//! An hour and twice the longest `for` before the range what is pending or
//! fires at its begin is known. What rules record is there only from where
//! evaluation begins, since it hides the metric of that name in history; a rule
//! that reads `my:rec[1d]` makes it begin that much earlier, within 31 days and
//! the history. A window that is cut all the same is warned of.

use chrono_tz::Tz;

use crate::alert::evaluate::Engine;
use crate::model::{MICROS_PER_DAY, TimeRange, Warning, format_duration, format_timestamp};
use crate::promql::SampleSource;

/// The least time before the range from which rules are evaluated, µs.
const LEAST: i64 = 3_600_000_000;

/// How much more at most what rules record is worth, µs.
const MOST: i64 = 31 * MICROS_PER_DAY;

/// How many rules a warning names.
const NAMED: usize = 5;

/// Where the evaluation of a range begins.
pub(super) fn begin(engine: &Engine<'_>, source: &dyn SampleSource, range: TimeRange) -> i64 {
    let reaches = engine.reaches();
    let longest = reaches.iter().map(|(_, reach)| reach.own).max();
    let least = longest.unwrap_or(0).saturating_add(LEAST);
    let reads = reaches.iter().filter(|(_, reach)| reach.derived > 0);
    let wanted = reads
        .map(|(_, reach)| reach.own.saturating_add(reach.derived.min(MOST)))
        .max();
    let wanted = wanted.unwrap_or(0).saturating_add(LEAST);
    let wanted = range.start.saturating_sub(wanted);
    let known = source.starts_at().map_or(wanted, |first| wanted.max(first));
    range.start.saturating_sub(least).min(known)
}

/// Warns of rules whose windows over what rules record reach back further than evaluation does.
pub(super) fn cut_windows(engine: &Engine<'_>, from: i64, range: TimeRange) -> Option<Warning> {
    let before = range.start.saturating_sub(from);
    let reaches = engine.reaches();
    let is_cut = |rule| {
        let reach = reaches.iter().find(|(id, _)| *id == rule);
        reach.is_some_and(|(_, reach)| reach.derived > before)
    };
    let mut names: Vec<&str> = engine
        .rules()
        .filter(|(id, _)| is_cut(*id))
        .map(|(_, rule)| rule.name.as_str())
        .collect();
    names.dedup();
    let all = names.len();
    let others = match all.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (verb, what) = match all {
        0 => return None,
        1 => ("reads", "its windows are"),
        _ => ("read", "their windows are"),
    };
    Some(Warning::new(
        "cut-window",
        format!(
            "{}{others} {verb} what rules record further back than evaluation does, which begins at {}, \
             {} before the range: {what} cut until they have filled",
            names[..all.min(NAMED)].join(", "),
            format_timestamp(from, Tz::UTC),
            format_duration(before),
        ),
    ))
}

#[cfg(test)]
mod tests;
