//! What became of each episode.

use super::firing;
use super::linker::{Identities, Linker};
use crate::alert::backtest::{EpisodeEnd, EpisodeVerdict, Incident, Judging, Link, Run, Window};

/// An incident of which the range holds less was hardly there to be met, µs: an hour.
const LEAST_SEEN: i64 = 3_600_000_000;

/// What became of each episode, and which incidents are judged.
#[derive(Debug)]
pub(super) struct Linking {
    /// Of each of the run's episodes.
    pub(super) episodes: Vec<EpisodeVerdict>,
    /// The incident to which each episode belongs that never fired.
    pub(super) near: Vec<Option<usize>>,
    /// The incidents that are judged, in the order of their begins.
    pub(super) judged: Vec<usize>,
    /// How many are not, since they lie outside the range.
    pub(super) outside: usize,
    /// How many are not, since they began before the range or too shortly before its end.
    pub(super) cut: usize,
    /// How many episodes belong to an incident by time alone.
    pub(super) by_time: usize,
    /// For each incident, the first episode that fired when it began and could be about it, but
    /// belongs to another.
    pub(super) beside: Vec<Option<usize>>,
}

impl Linking {
    pub(super) fn new(
        run: &Run,
        incidents: &[Incident],
        maintenance: &[Window],
        judging: &Judging,
    ) -> Self {
        let mut linking = Self {
            episodes: Vec::with_capacity(run.episodes.len()),
            near: vec![None; run.episodes.len()],
            judged: Vec::new(),
            outside: 0,
            cut: 0,
            by_time: 0,
            beside: vec![None; incidents.len()],
        };
        linking.choose(run, incidents, judging);
        let is_known = !linking.judged.is_empty() || linking.cut > 0;
        let links = &judging.links;
        let mut identities = Identities::new(&links.by);
        let known = if is_known { incidents } else { &[] };
        let events = Linker::incidents(known, links, &mut identities);
        let works = Linker::windows(maintenance, links, &mut identities);
        for (index, episode) in run.episodes.iter().enumerate() {
            let subject = identities.subject(&episode.labels);
            let Some((from, until)) = firing(episode, run.range) else {
                linking.episodes.push(match episode.end {
                    EpisodeEnd::Dropped => EpisodeVerdict::NearMiss,
                    _ => EpisodeVerdict::Undecided,
                });
                let until = episode.ended_at.unwrap_or(run.range.end);
                let found = events.find(&subject, episode.active_at, until.max(episode.active_at));
                linking.near[index] = found
                    .best
                    .filter(|(_, link)| *link != Link::Elsewhere)
                    .map(|(incident, _)| incident);
                continue;
            };
            let event = events.find(&subject, from, until);
            for other in event.labelled {
                let at_begin = (from..until).contains(&incidents[other].started_at);
                let is_own = event.best.is_some_and(|(own, _)| own == other);
                let known = linking.beside[other].and_then(|one| run.episodes[one].fired_at);
                if at_begin && !is_own && known.is_none_or(|known| from < known) {
                    linking.beside[other] = Some(index);
                }
            }
            // Planned work explains what begins during it, not what was there before.
            let work = works.find(&subject, from, from).best;
            let verdict = match (event.best, work) {
                (Some((index, Link::Labels)), _) => EpisodeVerdict::Incident(index),
                (_, Some((index, Link::Labels))) => EpisodeVerdict::Maintenance(index),
                (Some((index, Link::Time)), _) => {
                    linking.by_time += 1;
                    EpisodeVerdict::Incident(index)
                }
                (_, Some((index, Link::Time))) => EpisodeVerdict::Maintenance(index),
                _ if !is_known => EpisodeVerdict::Unknown,
                (Some((index, Link::Elsewhere)), _) => EpisodeVerdict::Elsewhere(index),
                _ => EpisodeVerdict::False,
            };
            linking.episodes.push(verdict);
        }
        linking
    }

    /// The incident to which an episode belongs, fired or not.
    pub(super) fn incident_of(&self, episode: usize) -> Option<usize> {
        match self.episodes.get(episode)? {
            EpisodeVerdict::Incident(index) => Some(*index),
            EpisodeVerdict::NearMiss | EpisodeVerdict::Undecided => {
                self.near.get(episode).copied().flatten()
            }
            _ => None,
        }
    }

    /// Chooses the incidents that are judged.
    fn choose(&mut self, run: &Run, incidents: &[Incident], judging: &Judging) {
        let range = run.range;
        for (index, incident) in incidents.iter().enumerate() {
            let end = incident.end(&judging.links);
            if incident.started_at >= range.end || end < range.start {
                self.outside += 1;
                continue;
            }
            let seen = range.end.saturating_sub(incident.started_at);
            if incident.started_at >= range.start && (end <= range.end || seen >= LEAST_SEEN) {
                self.judged.push(index);
            } else {
                self.cut += 1;
            }
        }
        self.judged
            .sort_by_key(|&index| (incidents[index].started_at, index));
    }
}
