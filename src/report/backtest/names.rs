use std::collections::HashMap;

use super::BacktestResult;
use super::totals::{Rate, per_week};
use crate::alert::backtest::{EpisodeVerdict, Run};

/// Names the run's rules so that each differs from the others: by group, else by
/// place, where several have one name.
pub(super) fn rule_names(run: &Run) -> Vec<String> {
    let infos = || run.rules.iter().map(|rule| &rule.info);
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut in_groups: HashMap<(&str, &str), usize> = HashMap::new();
    for info in infos().filter(|info| info.is_alert) {
        *names.entry(&info.name).or_default() += 1;
        *in_groups.entry((&info.name, &info.group)).or_default() += 1;
    }
    infos()
        .map(|info| {
            let alike = names.get(info.name.as_str()).copied().unwrap_or(0);
            let in_group = in_groups.get(&(info.name.as_str(), info.group.as_str()));
            match (alike, in_group.copied().unwrap_or(0)) {
                (..2, _) => info.name.clone(),
                (_, ..2) => format!("{} ({})", info.name, info.group),
                _ => format!("{} ({}:{})", info.name, info.file, info.place.line),
            }
        })
        .collect()
}

impl BacktestResult<'_> {
    /// The name of a rule, an index of the run's.
    pub(super) fn rule_name(&self, rule: usize) -> String {
        self.names.get(rule).cloned().unwrap_or_default()
    }

    /// The names of incidents.
    pub(super) fn incident_ids(&self, incidents: &[usize]) -> Vec<String> {
        incidents.iter().map(|at| self.incident_id(*at)).collect()
    }

    /// The name of an incident.
    pub(super) fn incident_id(&self, incident: usize) -> String {
        let incident = self.incidents.get(incident);
        incident.map_or_else(String::new, |incident| incident.id.clone())
    }

    /// What became of an episode: a word, and the incident or maintenance.
    pub(super) fn outcome(&self, episode: usize) -> (&'static str, Option<String>) {
        let window = |at: usize| self.maintenance.get(at).map(|window| window.id.clone());
        let incident = |at: usize| Some(self.incident_id(at));
        match self.verdict.episodes.get(episode) {
            Some(EpisodeVerdict::NearMiss) => ("near-miss", None),
            Some(EpisodeVerdict::Undecided) => ("undecided", None),
            Some(EpisodeVerdict::Incident(at)) => ("incident", incident(*at)),
            Some(EpisodeVerdict::Elsewhere(at)) => ("elsewhere", incident(*at)),
            Some(EpisodeVerdict::Maintenance(at)) => ("maintenance", window(*at)),
            Some(EpisodeVerdict::False) => ("false", None),
            Some(EpisodeVerdict::Unknown) | None => ("unknown", None),
        }
    }

    /// What became of an episode, in words.
    pub(super) fn outcome_in_words(&self, episode: usize) -> String {
        match self.outcome(episode) {
            ("near-miss", _) => "near miss".to_owned(),
            ("undecided", _) => "undecided".to_owned(),
            ("incident", Some(id)) => id,
            ("elsewhere", Some(id)) => format!("not about {id}"),
            ("maintenance", Some(id)) => format!("planned work {id}"),
            ("false", _) => "no incident".to_owned(),
            _ => "–".to_owned(),
        }
    }

    /// A count by the week; NaN for an empty range.
    pub(super) fn per_week(&self, count: usize) -> f64 {
        per_week(count, self.run.range)
    }

    /// How counts are told to people.
    pub(super) fn rate(&self) -> Rate {
        Rate::new(self.run.range)
    }

    /// A length of time as a share of the range; NaN for an empty one.
    pub(super) fn share_of_range(&self, micros: i64) -> f64 {
        let range = self.run.range;
        let length = range.end.saturating_sub(range.start);
        if length > 0 {
            micros as f64 / length as f64
        } else {
            f64::NAN
        }
    }
}
