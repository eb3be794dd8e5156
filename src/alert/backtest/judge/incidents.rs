//! How each incident was met.

use super::linking::Linking;
use crate::alert::backtest::{EpisodeEnd, Incident, IncidentVerdict, Run};

/// How each incident that is judged was met, in the order of their begins.
pub(super) fn verdicts(
    run: &Run,
    incidents: &[Incident],
    linking: &Linking,
) -> Vec<IncidentVerdict> {
    let mut verdicts: Vec<IncidentVerdict> = linking
        .judged
        .iter()
        .map(|&incident| IncidentVerdict {
            incident,
            episodes: Vec::new(),
            first_active_at: None,
            first_firing_at: None,
            first_notification_at: None,
            first_page_at: None,
            rules: Vec::new(),
            near_misses: Vec::new(),
            pages: 0,
        })
        .collect();
    let mut place = vec![None; incidents.len()];
    for (at, verdict) in verdicts.iter().enumerate() {
        place[verdict.incident] = Some(at);
    }
    let place_of = |episode: usize| place.get(linking.incident_of(episode)?).copied().flatten();

    for (index, episode) in run.episodes.iter().enumerate() {
        let Some(at) = place_of(index) else { continue };
        let verdict = &mut verdicts[at];
        earlier(&mut verdict.first_active_at, Some(episode.active_at));
        if episode.fired() {
            verdict.episodes.push(index);
            earlier(&mut verdict.first_firing_at, episode.fired_at);
            earlier(
                &mut verdict.first_notification_at,
                episode.first_notification_at,
            );
            earlier(&mut verdict.first_page_at, episode.first_page_at);
        } else if episode.end == EpisodeEnd::Dropped {
            verdict.near_misses.push(index);
        }
    }
    for verdict in &mut verdicts {
        let fired_at = |episode: &usize| (run.episodes[*episode].fired_at, *episode);
        verdict.episodes.sort_by_key(fired_at);
        for &episode in &verdict.episodes {
            let rule = run.episodes[episode].rule;
            if !verdict.rules.contains(&rule) {
                verdict.rules.push(rule);
            }
        }
    }
    for page in run.notifications.iter().filter(|one| one.is_page) {
        let mut about: Vec<usize> = page
            .firing
            .iter()
            .filter_map(|&one| place_of(one))
            .collect();
        about.sort_unstable();
        about.dedup();
        for at in about {
            verdicts[at].pages += 1;
        }
    }
    verdicts
}

fn earlier(first: &mut Option<i64>, other: Option<i64>) {
    *first = match (*first, other) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
}
