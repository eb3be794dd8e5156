//! What happened when, as a timeline.

use std::collections::BTreeMap;

use super::BacktestResult;
use super::incidents::is_met;
use crate::alert::backtest::Episode;
use crate::model::{Labels, MICROS_PER_DAY};
use crate::report::{Mark, MarkKind, Timeline, TimelineRow};

/// Rows of a timeline.
const ROWS: usize = 20;
/// Ranges beyond this have nights narrower than a column, µs.
const NIGHTS: i64 = 30 * MICROS_PER_DAY;
/// From one look at the calendar to the next, µs.
const LOOK: i64 = 5 * 60_000_000;

impl BacktestResult<'_> {
    /// A row for each rule that fired, the most pages first; nothing where none did.
    pub(super) fn timeline(&self) -> Option<Timeline> {
        let fired = self.verdict.rules.iter().filter(|rule| rule.episodes > 0);
        let fired: Vec<usize> = fired.map(|rule| rule.rule).collect();
        let rows: Vec<TimelineRow> = fired
            .iter()
            .take(ROWS)
            .map(|rule| TimelineRow {
                name: self.rule_name(*rule),
                marks: self.marks(&|episode| episode.rule == *rule),
            })
            .collect();
        self.drawn("Alerts over time", rows, fired.len())
    }

    /// A row for each set of labels under which a rule was active, the most often active first.
    pub(super) fn rule_timeline(&self, rule: usize) -> Option<Timeline> {
        let mut sets: BTreeMap<&Labels, usize> = BTreeMap::new();
        let of_rule = |episode: &&Episode| episode.rule == rule;
        for episode in self.run.episodes.iter().filter(of_rule) {
            *sets.entry(&episode.labels).or_default() += 1;
        }
        let telling = self.telling_labels(rule);
        let mut sets: Vec<_> = sets.into_iter().collect();
        sets.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rows = sets
            .iter()
            .take(ROWS)
            .map(|(labels, _)| TimelineRow {
                name: super::episodes::labels_in_words(labels, &telling)
                    .unwrap_or_else(|| self.rule_name(rule)),
                marks: self.marks(&|episode| episode.rule == rule && *episode.labels == **labels),
            })
            .collect();
        self.drawn("The rule over time", rows, sets.len())
    }

    fn drawn(&self, title: &str, rows: Vec<TimelineRow>, of: usize) -> Option<Timeline> {
        (!rows.is_empty()).then(|| Timeline {
            title: title.to_owned(),
            range: self.run.range,
            bands: self.bands(),
            left_out: of - rows.len(),
            rows,
        })
    }

    fn marks(&self, wanted: &dyn Fn(&Episode) -> bool) -> Vec<Mark> {
        let end = self.run.range.end;
        let mut marks = Vec::new();
        for episode in self.run.episodes.iter().filter(|episode| wanted(episode)) {
            let until = episode.ended_at.unwrap_or(end);
            marks.push(Mark {
                kind: MarkKind::Pending,
                from: episode.active_at,
                until: episode.fired_at.unwrap_or(until),
            });
            marks.extend(episode.fired_at.map(|from| Mark {
                kind: MarkKind::Firing,
                from,
                until,
            }));
        }
        // What fires at once was never pending.
        marks.retain(|mark| mark.kind != MarkKind::Pending || mark.from < mark.until);
        let tells = |at: &usize| self.run.episodes.get(*at).is_some_and(wanted);
        for notified in &self.run.notifications {
            if notified.firing.iter().any(tells) {
                let kind = match notified.is_page {
                    true => MarkKind::Page,
                    false => MarkKind::Notification,
                };
                let ts = notified.notification.ts;
                marks.push(Mark {
                    kind,
                    from: ts,
                    until: ts,
                });
            }
        }
        marks
    }

    /// The nights, of a range so short that they can be seen.
    fn nights(&self) -> Vec<Mark> {
        let range = self.run.range;
        let Some(calendar) = self.calendar else {
            return Vec::new();
        };
        if range.end.saturating_sub(range.start) > NIGHTS {
            return Vec::new();
        }
        let mut nights: Vec<Mark> = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let next = (at.div_euclid(LOOK) + 1) * LOOK;
            if calendar.is_night(at) {
                match nights.last_mut().filter(|night| night.until == at) {
                    Some(night) => night.until = next,
                    None => nights.push(Mark {
                        kind: MarkKind::Night,
                        from: at,
                        until: next,
                    }),
                }
            }
            at = next;
        }
        nights
    }

    fn bands(&self) -> Vec<TimelineRow> {
        let incidents = self.verdict.incidents.iter().filter_map(|verdict| {
            let incident = self.incidents.get(verdict.incident)?;
            Some(Mark {
                kind: match is_met(verdict) {
                    true => MarkKind::Incident,
                    false => MarkKind::MissedIncident,
                },
                from: incident.started_at,
                until: incident.ended_at.unwrap_or(incident.started_at),
            })
        });
        let maintenance = self.maintenance.iter().map(|window| Mark {
            kind: MarkKind::Maintenance,
            from: window.started_at,
            until: window.ended_at,
        });
        let bands = [
            ("nights", self.nights()),
            ("planned work", maintenance.collect()),
            ("incidents", incidents.collect()),
        ];
        bands
            .into_iter()
            .filter(|(_, marks)| !marks.is_empty())
            .map(|(name, marks)| TimelineRow {
                name: name.to_owned(),
                marks,
            })
            .collect()
    }
}
