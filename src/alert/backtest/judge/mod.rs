//! Holds a run against incidents, planned work and a calendar.
//!
//! # Definitions
//!
//! * An episode *fires* from its firing to its end, or to the end of the range if it is open.
//! * *Precision*: of the episodes that fired, those that belong to an incident; left out are those
//!   of planned work. Of pages: those that tell of at least one such episode; left out are those
//!   that tell of planned work only. [`Links`] says what belongs to what.
//! * *Recall*: of the incidents judged, those for which an episode fired; of pages: those of which
//!   a page told. An episode belongs to one incident at most, so that one long alert does not
//!   answer for all that happens meanwhile.
//! * *Judged* is an incident that began in the range and of which the range holds the whole or an
//!   hour at least. One that began before could have been told of before; episodes that belong to
//!   it are not false. If no incident at all touches the range, nothing is judged.
//! * Intervals are Wilson's (JASA 22, 1927), at 95 %. Likeness of two rules is Jaccard's (1901),
//!   over the time during which each has an alert that fires.
//! * Weeks begin on Monday in the calendar's zone; of those at the range's ends only a part counts.
//! * The mean of two middle values is the median of an even number.

mod co_firing;
mod conduct;
mod expression;
mod findings;
mod incidents;
mod linker;
mod linking;
mod metadata;
mod missed;
mod pages;
mod rules;
mod sentence;
mod settings;
mod spans;
mod totals;
mod warnings;

#[cfg(test)]
pub(super) mod tests;

pub use settings::Judging;

use super::{Episode, Incident, Proportion, Run, Verdict, Window};
use crate::model::TimeRange;
use crate::stats::distribution::wilson_interval;
use linking::Linking;
use spans::Span;

/// Judges a run.
///
/// [`Verdict::episodes`] and all other indices are those of `run`, `incidents` and `maintenance`
/// as given, which may be in any order.
pub fn judge(
    run: &Run,
    incidents: &[Incident],
    maintenance: &[Window],
    judging: &Judging,
) -> Verdict {
    let linking = Linking::new(run, incidents, maintenance, judging);
    let met = incidents::verdicts(run, incidents, &linking);
    let rules = rules::verdicts(run, incidents, &linking, &met, judging);
    let co_firing = co_firing::pairs(run, judging);
    let totals = totals::totals(run, incidents, &linking, &met, judging);
    let case = Case {
        run,
        incidents,
        judging,
        linking: &linking,
        rules: &rules,
        met: &met,
        co_firing: &co_firing,
    };
    let findings = findings::findings(&case);
    let warnings = warnings::warnings(&case, maintenance);
    Verdict {
        findings,
        warnings,
        episodes: linking.episodes,
        rules,
        totals,
        incidents: met,
        co_firing,
    }
}

/// All that findings and warnings are drawn from.
struct Case<'a> {
    run: &'a Run,
    incidents: &'a [Incident],
    judging: &'a Judging,
    linking: &'a Linking,
    rules: &'a [super::RuleVerdict],
    met: &'a [super::IncidentVerdict],
    co_firing: &'a [super::CoFiring],
}

/// When an episode fired; of an open one, until the end of the range.
fn firing(episode: &Episode, range: TimeRange) -> Option<Span> {
    let from = episode.fired_at?;
    Some((from, episode.ended_at.unwrap_or(range.end).max(from)))
}

fn proportion(hits: usize, trials: usize) -> Proportion {
    let (lower, upper) = match trials {
        0 => (f64::NAN, f64::NAN),
        _ => wilson_interval(hits as u64, trials as u64, 0.95),
    };
    Proportion {
        hits,
        trials,
        lower,
        upper,
    }
}
