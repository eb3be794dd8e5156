//! Compares two runs: what a change to rules or routes does to pages and incidents.
//!
//! Rules are matched by name, or by expression where they were renamed
//! ([`RuleChange`]); notifications of something that fires are matched one to one
//! (see [`pages`]); incidents by their index, so that both verdicts must be of the
//! same incidents. Times are µs since the epoch, durations µs.

mod incidents;
mod pages;
mod pairing;
mod rules;

#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::alert::backtest::{Proportion, Run, Totals, Verdict};
use crate::model::{Labels, Warning};

/// What two runs differ in.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Pages that differ, in the order of time.
    pub changes: Vec<ChangedPage>,
    /// Pages that are in both at the same instant.
    pub unchanged: usize,
    /// Notifications of something that fires that are no pages and differ, in the order of time.
    pub other_changes: Vec<ChangedPage>,
    /// Those of them that are in both at the same instant.
    pub other_unchanged: usize,
    /// All rules: those of the new run in their order, then the removed ones.
    pub rules: Vec<RuleChange>,
    /// Incidents that are met differently, in their order.
    pub incidents: Vec<IncidentChange>,
    /// Incidents of which the first page (or notification, or firing) is at the same instant, and
    /// those that neither run met.
    pub incidents_unchanged: usize,
    /// The run that is compared with.
    pub base: Side,
    /// The run that is compared.
    pub new: Side,
    /// What a reader must know.
    pub warnings: Vec<Warning>,
}

/// All rules of one of the runs together.
#[derive(Debug, Clone)]
pub struct Side {
    /// Weeks of its range, as a fraction.
    pub weeks: f64,
    /// Its figures.
    pub totals: Totals,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PageChange {
    /// Only the new run has it.
    New,
    /// Only the base has it.
    Lost,
    /// The new run has it earlier.
    Earlier,
    /// The new run has it later.
    Later,
}

/// A page, or another notification, that is not the same in both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedPage {
    /// What became of it.
    pub change: PageChange,
    /// The base's notification: an index of its [`Run::notifications`].
    pub base: Option<usize>,
    /// The new run's notification.
    pub new: Option<usize>,
    /// When it is in the new run, or was in the base, µs.
    pub at: i64,
    /// By how much it is later, µs; negative where earlier, 0 where one run does not have it.
    pub shift: i64,
    /// Who gets it.
    pub receiver: Arc<str>,
    /// Whether it tells of nothing that fires for the first time: a repetition, or what still
    /// fires after other alerts were resolved.
    pub is_reminder: bool,
    /// The rules that it tells of: indices of [`Comparison::rules`], ascending.
    pub rules: Vec<usize>,
    /// Labels of the alerts that it tells of, in the new run if it is there; sorted.
    pub labels: Vec<Arc<Labels>>,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleChangeKind {
    /// Only the new run has it.
    Added,
    /// Only the base has it.
    Removed,
    /// The same expression has another name.
    Renamed,
    /// Something else of it differs.
    Changed,
    /// It is the same.
    Unchanged,
}

/// A part of a rule's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleField {
    /// The alert's or the metric's name.
    Name,
    /// The group's name.
    Group,
    /// The expression, white space and comments aside.
    Expr,
    /// For how long the condition must hold.
    For,
    /// How long an alert goes on after it.
    KeepFiringFor,
    /// The time between two evaluations.
    Interval,
    /// Labels.
    Labels,
    /// Annotations.
    Annotations,
}

/// A rule in both runs. The file in which it stands is no part of the comparison.
#[derive(Debug, Clone)]
pub struct RuleChange {
    /// What became of it.
    pub change: RuleChangeKind,
    /// The base's rule: an index of its [`Run::rules`].
    pub base: Option<usize>,
    /// The new run's rule.
    pub new: Option<usize>,
    /// Its name in the new run, or else in the base.
    pub name: String,
    /// What differs; none of a rule that only one run has.
    pub fields: Vec<RuleField>,
    /// Its record in the base; `None` of a recording rule and of one that is not there.
    pub base_record: Option<RuleRecord>,
    /// Its record in the new run.
    pub new_record: Option<RuleRecord>,
}

/// What an alerting rule came to in one of the runs; the fields are those of
/// [`super::RuleVerdict`].
#[derive(Debug, Clone, Copy)]
pub struct RuleRecord {
    /// Pages with an alert of this rule that fires.
    pub pages: usize,
    /// Notifications of something that fires.
    pub notifications: usize,
    /// Episodes that fired.
    pub episodes: usize,
    /// Episodes that were pending only.
    pub near_misses: usize,
    /// Share of its episodes that belong to an incident.
    pub precision: Proportion,
}

/// What became of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IncidentChangeKind {
    /// Only the new run meets it.
    Gained,
    /// Only the base meets it.
    Lost,
    /// The new run meets it earlier.
    Earlier,
    /// The new run meets it later.
    Later,
}

/// How people hear of an incident, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Heard {
    /// Somebody is paged.
    Page,
    /// Somebody is notified, paged or not.
    Notification,
    /// An alert fires, whether or not anybody hears of it.
    Firing,
}

/// An incident that the runs meet differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentChange {
    /// The incident: an index of those judged by.
    pub incident: usize,
    /// What became of it.
    pub change: IncidentChangeKind,
    /// By what it is compared: pages if either run has one for it, else notifications, else
    /// firings.
    pub by: Heard,
    /// The first of those in the base, µs.
    pub base: Option<i64>,
    /// The first of those in the new run, µs.
    pub new: Option<i64>,
}

/// Compares a run and its verdict with those of a base.
///
/// Both should be over the same range; a warning says so where they are not.
pub fn compare(base: (&Run, &Verdict), new: (&Run, &Verdict)) -> Comparison {
    let rules = rules::compare(base, new);
    let classes = pages::Classes::new(&rules, base.0, new.0);
    let pages = pages::compare(&classes, base.0, new.0, |notified| notified.is_page);
    let others = pages::compare(&classes, base.0, new.0, |notified| {
        !notified.is_page && !notified.firing.is_empty()
    });
    let incidents = incidents::compare(&base.1.incidents, &new.1.incidents);
    Comparison {
        changes: pages.changes,
        unchanged: pages.unchanged,
        other_changes: others.changes,
        other_unchanged: others.unchanged,
        rules,
        incidents: incidents.changes,
        incidents_unchanged: incidents.unchanged,
        base: Side::new(base),
        new: Side::new(new),
        warnings: warnings(base.0, new.0),
    }
}

fn warnings(base: &Run, new: &Run) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if base.range != new.range {
        warnings.push(Warning::new(
            "ranges-differ",
            "the base was run over another range: pages at its ends look new or lost",
        ));
    }
    if base.has_routes != new.has_routes {
        warnings.push(Warning::new(
            "routes-in-one-run",
            "only one of the runs has an Alertmanager configuration: without one each alert that \
             fires is a page, so that pages are compared whoever gets them",
        ));
    }
    warnings
}

impl Comparison {
    /// How many pages changed so.
    pub fn pages(&self, change: PageChange) -> usize {
        self.changes.iter().filter(|c| c.change == change).count()
    }

    /// Whether no page and no other notification differs.
    pub fn is_same(&self) -> bool {
        self.changes.is_empty() && self.other_changes.is_empty()
    }
}

impl Side {
    fn new((run, verdict): (&Run, &Verdict)) -> Self {
        Self {
            weeks: run.weeks(),
            totals: verdict.totals.clone(),
        }
    }

    /// A count as a rate; 0 for nothing, however short the range.
    pub fn per_week(&self, count: usize) -> f64 {
        per_week(count, self.weeks)
    }

    /// Pages a week.
    pub fn pages_per_week(&self) -> f64 {
        self.per_week(self.totals.pages)
    }
}

/// A count in so many weeks as a rate; 0 for nothing, however short the time.
pub(super) fn per_week(count: usize, weeks: f64) -> f64 {
    match count {
        0 => 0.0,
        _ => count as f64 / weeks,
    }
}

impl PageChange {
    /// Returns the change in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Lost => "lost",
            Self::Earlier => "earlier",
            Self::Later => "later",
        }
    }
}

impl RuleChangeKind {
    /// Returns the change in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Renamed => "renamed",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }
}

impl RuleField {
    /// Returns the field as a rule file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Group => "group",
            Self::Expr => "expr",
            Self::For => "for",
            Self::KeepFiringFor => "keep_firing_for",
            Self::Interval => "interval",
            Self::Labels => "labels",
            Self::Annotations => "annotations",
        }
    }
}

impl IncidentChangeKind {
    /// Returns the change in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Earlier => "earlier",
            Self::Later => "later",
        }
    }
}

impl Heard {
    /// Returns the way in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Notification => "notification",
            Self::Firing => "firing",
        }
    }

    /// When an incident was first heard of in this way, µs.
    pub fn first(self, verdict: &super::IncidentVerdict) -> Option<i64> {
        match self {
            Self::Page => verdict.first_page_at,
            Self::Notification => verdict.first_notification_at,
            Self::Firing => verdict.first_firing_at,
        }
    }
}
