//! All rules together.

use super::linking::Linking;
use super::pages::Pages;
use super::{Judging, proportion, spans};
use crate::alert::backtest::{EpisodeVerdict, Incident, IncidentVerdict, Proportion, Run, Totals};

pub(super) fn totals(
    run: &Run,
    incidents: &[Incident],
    linking: &Linking,
    met: &[IncidentVerdict],
    judging: &Judging,
) -> Totals {
    let mut pages = Pages::default();
    let mut page_precision = Tally::default();
    let (mut notifications, mut alerts) = (0, 0);
    for notified in run
        .notifications
        .iter()
        .filter(|one| !one.firing.is_empty())
    {
        notifications += 1;
        alerts += notified.firing.len();
        if notified.is_page {
            pages.add(notified.notification.ts, &judging.calendar);
            page_precision.add(
                notified
                    .firing
                    .iter()
                    .filter_map(|&one| linking.episodes.get(one)),
            );
        }
    }
    let mut precision = Tally::default();
    for verdict in &linking.episodes {
        precision.add([verdict].into_iter());
    }
    let is_heard = |one: &&IncidentVerdict| one.first_page_at.is_some();
    let fired = met.iter().filter(|one| !one.episodes.is_empty()).count();
    let delays = met.iter().filter_map(|one| {
        Some(
            one.first_page_at?
                .saturating_sub(incidents[one.incident].started_at),
        )
    });
    let delays: Vec<i64> = delays.collect();
    Totals {
        pages: pages.count,
        pages_worst_week: pages.worst_week(),
        pages_night: pages.night,
        pages_weekend: pages.weekend,
        notifications,
        alerts_per_notification: alerts as f64 / (notifications as f64).max(1.0),
        episodes: run.episodes.iter().filter(|one| one.fired()).count(),
        precision: precision.proportion(),
        page_precision: page_precision.proportion(),
        recall: proportion(fired, met.len()),
        page_recall: proportion(met.iter().filter(is_heard).count(), met.len()),
        incident_time: incident_time(run, incidents, judging),
        delay_of_all: delay_of_all(delays.clone(), met.len()),
        median_delay: spans::median(delays),
    }
}

/// The delay within which half of the incidents were paged: the lower median of those that were,
/// with the others as infinitely late.
fn delay_of_all(mut delays: Vec<i64>, incidents: usize) -> Option<i64> {
    delays.sort_unstable();
    let half = incidents.div_ceil(2);
    delays.get(half.checked_sub(1)?).copied()
}

/// The share of the range during which there is an incident, without the slack that links have.
fn incident_time(run: &Run, incidents: &[Incident], judging: &Judging) -> f64 {
    let range = (run.range.start, run.range.end);
    let spans = incidents
        .iter()
        .map(|one| (one.started_at, one.end(&judging.links)));
    let covered = spans::total(&spans::clip(&spans::union(spans.collect()), range));
    match spans::length(range) {
        0 => 0.0,
        length => covered as f64 / length as f64,
    }
}

/// Counts what belongs to an incident, and what could.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    hits: usize,
    trials: usize,
}

impl Tally {
    /// Adds something that is about one or several episodes: it is a hit if one of them is, and
    /// counts unless all are planned, unknown or did not fire.
    pub(super) fn add<'v>(&mut self, verdicts: impl Iterator<Item = &'v EpisodeVerdict>) {
        let (mut is_hit, mut counts) = (false, false);
        for verdict in verdicts {
            match verdict {
                EpisodeVerdict::Incident(_) => (is_hit, counts) = (true, true),
                EpisodeVerdict::Elsewhere(_) | EpisodeVerdict::False => counts = true,
                EpisodeVerdict::NearMiss
                | EpisodeVerdict::Undecided
                | EpisodeVerdict::Maintenance(_)
                | EpisodeVerdict::Unknown => {}
            }
        }
        self.hits += usize::from(is_hit);
        self.trials += usize::from(counts);
    }

    pub(super) fn proportion(self) -> Proportion {
        proportion(self.hits, self.trials)
    }
}
