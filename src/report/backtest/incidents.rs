//! How the incidents were met.

use arrow::error::ArrowError;

use super::BacktestResult;
use super::columns::Columns;
use super::words::listed;
use crate::alert::backtest::{Incident, IncidentVerdict};
use crate::report::{Layout, Table};

/// Rules named beside an incident.
const RULES: usize = 4;

impl BacktestResult<'_> {
    /// The incidents, in the order of their begins.
    pub(super) fn incident_table(&self) -> Result<Table, ArrowError> {
        let met: Vec<(&IncidentVerdict, &Incident)> = self
            .verdict
            .incidents
            .iter()
            .filter_map(|met| Some((met, self.incidents.get(met.incident)?)))
            .collect();
        // How long after the incident's begin.
        let delay = |at: fn(&IncidentVerdict) -> Option<i64>| {
            met.iter().map(move |(verdict, incident)| {
                Some(at(verdict)?.saturating_sub(incident.started_at))
            })
        };
        let mut columns = Columns::new(self.layout);
        columns
            .text("incident", met.iter().map(|(_, i)| Some(&i.id)))
            .text("severity", met.iter().map(|(_, i)| i.severity.as_ref()));
        match self.layout {
            Layout::People => {
                columns
                    .time("began", met.iter().map(|(_, i)| Some(i.started_at)))
                    .duration("fired", delay(|verdict| verdict.first_firing_at))
                    .duration("paged", delay(|verdict| verdict.first_page_at))
                    .text("by", met.iter().map(|(verdict, _)| Some(self.by(verdict))))
                    .count("pages", met.iter().map(|(verdict, _)| verdict.pages));
                if self.run.has_routes {
                    columns.duration("notified", delay(|verdict| verdict.first_notification_at));
                }
                columns.table("Incidents, and how long after their beginning the first alert came")
            }
            Layout::Rows => {
                let at = |at: fn(&IncidentVerdict) -> Option<i64>| {
                    met.iter().map(move |(verdict, _)| at(verdict))
                };
                columns
                    .text("title", met.iter().map(|(_, i)| i.title.as_ref()))
                    .time("started_at", met.iter().map(|(_, i)| Some(i.started_at)))
                    .time("ended_at", met.iter().map(|(_, i)| i.ended_at))
                    .flag("met", met.iter().map(|(verdict, _)| is_met(verdict)))
                    .time("first_active_at", at(|verdict| verdict.first_active_at))
                    .time("first_firing_at", at(|verdict| verdict.first_firing_at))
                    .time(
                        "first_notification_at",
                        at(|verdict| verdict.first_notification_at),
                    )
                    .time("first_page_at", at(|verdict| verdict.first_page_at))
                    .duration("firing_delay", delay(|verdict| verdict.first_firing_at))
                    .duration(
                        "notification_delay",
                        delay(|verdict| verdict.first_notification_at),
                    )
                    .duration("page_delay", delay(|verdict| verdict.first_page_at))
                    .count("episodes", met.iter().map(|(v, _)| v.episodes.len()))
                    .count("near_misses", met.iter().map(|(v, _)| v.near_misses.len()))
                    .count("pages", met.iter().map(|(verdict, _)| verdict.pages))
                    .list(
                        "rules",
                        met.iter().map(|(verdict, _)| {
                            let rules = verdict.rules.iter();
                            rules.map(|rule| self.rule_name(*rule)).collect()
                        }),
                    );
                columns.table("incidents")
            }
        }
    }

    /// Which rules met an incident; else, plainly, that none did.
    fn by(&self, verdict: &IncidentVerdict) -> String {
        let names = |rules: &mut dyn Iterator<Item = usize>| {
            let mut names: Vec<String> = rules.map(|rule| self.rule_name(rule)).collect();
            let mut seen = std::collections::HashSet::new();
            names.retain(|name| seen.insert(name.clone()));
            listed(&names, RULES)
        };
        if is_met(verdict) {
            return names(&mut verdict.rules.iter().copied());
        }
        let near = verdict.near_misses.iter();
        let mut pending = near.filter_map(|at| self.run.episodes.get(*at).map(|e| e.rule));
        match names(&mut pending) {
            none if none.is_empty() => "MISSED".to_owned(),
            near => format!("MISSED, only pending: {near}"),
        }
    }
}

/// Whether any alert fired for an incident.
pub(super) fn is_met(verdict: &IncidentVerdict) -> bool {
    verdict.first_firing_at.is_some()
}
