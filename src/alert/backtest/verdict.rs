//! What a backtest's judgement holds.

use crate::alert::evaluate::RuleErrors;
use crate::alert::notify::Cause;
use crate::model::Warning;

/// A share with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// How many of them.
    pub hits: usize,
    /// How many there are.
    pub trials: usize,
    /// The lower bound of the 95 % interval (Wilson 1927), 0 to 1; NaN without trials.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
}

/// What became of one episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpisodeVerdict {
    /// It was never more than pending, and was dropped.
    NearMiss,
    /// It was pending when the range ended or its state was wiped: whether it would have fired,
    /// nobody knows.
    Undecided,
    /// It fired for an incident of its own: an index of the incidents.
    Incident(usize),
    /// It fired during an incident, but its labels say that it is about something else.
    Elsewhere(usize),
    /// It fired during planned work: an index of the maintenance windows.
    Maintenance(usize),
    /// It fired, and there was no incident.
    False,
    /// There are no incidents to judge by.
    Unknown,
}

/// Why nobody heard of an episode that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unheard {
    /// Another alert inhibited it.
    Inhibition,
    /// A silence.
    Silence,
    /// The route was muted, or not active.
    TimeInterval,
    /// It was over before its group was due.
    GroupWait,
    /// The range ended before its group was due.
    RangeEnd,
    /// Nothing kept it back: its receiver tells nobody.
    NoReceiver,
}

impl Unheard {
    /// All causes, in their order.
    pub const ALL: [Self; 6] = [
        Self::Inhibition,
        Self::Silence,
        Self::TimeInterval,
        Self::GroupWait,
        Self::RangeEnd,
        Self::NoReceiver,
    ];

    /// Returns the cause in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inhibition => "inhibition",
            Self::Silence => "silence",
            Self::TimeInterval => "time interval",
            Self::GroupWait => "shorter than group_wait",
            Self::RangeEnd => "end of the range",
            Self::NoReceiver => "receiver that tells nobody",
        }
    }
}

impl From<&Cause> for Unheard {
    fn from(cause: &Cause) -> Self {
        match cause {
            Cause::Inhibited { .. } => Self::Inhibition,
            Cause::Silenced { .. } => Self::Silence,
            Cause::Inactive | Cause::Muted { .. } => Self::TimeInterval,
        }
    }
}

/// One alerting rule's record.
#[derive(Debug, Clone)]
pub struct RuleVerdict {
    /// The rule: an index of the run's rules.
    pub rule: usize,
    /// Its severity: the label `severity` where it is no template.
    pub severity: Option<String>,
    /// Whose it is: the label or annotation `team`, `owner`, `squad` or `service_owner`.
    pub owner: Option<String>,
    /// Its annotation `runbook_url`, `runbook` or `runbook_link`, as written.
    pub runbook: Option<String>,
    /// Pages with an alert of this rule that fires; one with alerts of several rules counts for each.
    pub pages: usize,
    /// Pages in the worst week (of the calendar's zone, from Monday).
    pub pages_worst_week: usize,
    /// Pages at night.
    pub pages_night: usize,
    /// Pages on a Saturday or Sunday.
    pub pages_weekend: usize,
    /// Notifications of something that fires, pages among them, to all receivers.
    pub notifications: usize,
    /// Notifications by reason, in the order of
    /// [`Reason::ALL`](crate::alert::notify::Reason::ALL).
    pub by_reason: [usize; 5],
    /// Episodes that fired.
    pub episodes: usize,
    /// Episodes that were pending only, and were dropped.
    pub near_misses: usize,
    /// Episodes whose condition came back within the flap time after one of the same labels was
    /// resolved.
    pub flaps: usize,
    /// Episodes that were resolved within minutes (see [`super::Judging::self_resolved`]).
    pub self_resolved: usize,
    /// Time during which at least one alert fired, µs.
    pub firing_time: i64,
    /// The most alerts that fired at once.
    pub most_at_once: usize,
    /// The median time that an episode fired, µs.
    pub median_duration: Option<i64>,
    /// The longest time that an episode fired, µs.
    pub longest: Option<i64>,
    /// The longest time without an alert that fires, µs.
    pub longest_quiet: i64,
    /// Episodes that fired and of which nobody heard, by why, the most frequent first.
    pub unheard: Vec<(Unheard, usize)>,
    /// Share of its episodes, maintenance aside, that belong to an incident.
    pub precision: Proportion,
    /// Episodes that fired during planned work.
    pub in_maintenance: usize,
    /// Episodes that fired during an incident of something else.
    pub elsewhere: usize,
    /// Incidents that it met: indices, ascending.
    pub incidents: Vec<usize>,
    /// Incidents that no other rule met.
    pub alone: Vec<usize>,
    /// Median time from an incident's begin to the first that people heard (without routes: to
    /// the firing), µs; negative where it came before.
    pub median_delay: Option<i64>,
    /// Failed evaluations.
    pub errors: RuleErrors,
}

/// How one incident was met.
#[derive(Debug, Clone)]
pub struct IncidentVerdict {
    /// The incident: an index of those judged by.
    pub incident: usize,
    /// Episodes that fired for it, in the order of their firing.
    pub episodes: Vec<usize>,
    /// The first to be active, whether or not it ever fired: how early it could have been.
    pub first_active_at: Option<i64>,
    /// When the first alert fired.
    pub first_firing_at: Option<i64>,
    /// The first notification to anybody, be it before the range.
    pub first_notification_at: Option<i64>,
    /// The first page, be it before the range.
    pub first_page_at: Option<i64>,
    /// Rules that met it: indices of the run's rules, in the order of their first firing.
    pub rules: Vec<usize>,
    /// Near misses during it that belong to it: episodes that stayed pending.
    pub near_misses: Vec<usize>,
    /// Pages about it in the range.
    pub pages: usize,
}

/// All rules together.
#[derive(Debug, Clone)]
pub struct Totals {
    /// Distinct pages.
    pub pages: usize,
    /// Pages in the worst week.
    pub pages_worst_week: usize,
    /// Pages at night.
    pub pages_night: usize,
    /// Pages on a Saturday or Sunday.
    pub pages_weekend: usize,
    /// Distinct notifications of something that fires.
    pub notifications: usize,
    /// Firing alerts a notification, on average.
    pub alerts_per_notification: f64,
    /// Episodes that fired.
    pub episodes: usize,
    /// Share of episodes that belong to an incident.
    pub precision: Proportion,
    /// Share of pages that tell of an episode that belongs to an incident.
    pub page_precision: Proportion,
    /// Share of incidents for which an alert fired.
    pub recall: Proportion,
    /// Share of incidents for which somebody was paged.
    pub page_recall: Proportion,
    /// Share of the range that lies in an incident: what precision a rule that fires at random
    /// would have.
    pub incident_time: f64,
    /// Median delay from an incident's begin to the first page, µs, over those that were paged.
    pub median_delay: Option<i64>,
    /// The delay within which at least half of all incidents judged were paged, µs; `None` where
    /// fewer were, or none is judged.
    ///
    /// It is the lower median with an incident that was not paged as infinitely late: unlike
    /// [`Totals::median_delay`], which is over another set for each choice of rules, it does not
    /// get better by missing incidents. Without routes each firing is a page.
    pub delay_of_all: Option<i64>,
}

/// Two rules that fire together.
#[derive(Debug, Clone, PartialEq)]
pub struct CoFiring {
    /// One: an index of the run's rules, the lower.
    pub first: usize,
    /// The other.
    pub second: usize,
    /// Time that both fire over the time that either does.
    pub jaccard: f64,
    /// Median time from the first's firing to the second's, µs; negative where the second leads.
    pub lag: i64,
}

/// What a finding is about; the names are those of `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// A selector matches nothing, so that the rule can never fire.
    NeverFires,
    /// Evaluations fail.
    RuleErrors,
    /// It fires nearly all the time.
    AlwaysFiring,
    /// It pages or notifies much, and hardly ever for an incident.
    Noisy,
    /// It fires with incidents of something else.
    Symptom,
    /// It resolves and fires again.
    Flapping,
    /// Two rules fire together.
    CoFiring,
    /// It did not fire in this range, though nothing shows that it can't; or a part of it can't.
    Silent,
    /// An incident that nothing met.
    MissedIncident,
    /// No runbook.
    NoRunbook,
    /// No severity.
    NoSeverity,
    /// No owner.
    NoOwner,
    /// A label template uses the value.
    UnstableLabel,
}

impl FindingKind {
    /// All kinds, in their order.
    pub const ALL: [Self; 13] = [
        Self::NeverFires,
        Self::RuleErrors,
        Self::AlwaysFiring,
        Self::Noisy,
        Self::Symptom,
        Self::Flapping,
        Self::CoFiring,
        Self::Silent,
        Self::MissedIncident,
        Self::NoRunbook,
        Self::NoSeverity,
        Self::NoOwner,
        Self::UnstableLabel,
    ];

    /// Returns the kind in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverFires => "never-fires",
            Self::RuleErrors => "rule-errors",
            Self::AlwaysFiring => "always-firing",
            Self::Noisy => "noisy",
            Self::Symptom => "symptom",
            Self::Flapping => "flapping",
            Self::CoFiring => "co-firing",
            Self::Silent => "silent",
            Self::MissedIncident => "missed-incident",
            Self::NoRunbook => "no-runbook",
            Self::NoSeverity => "no-severity",
            Self::NoOwner => "no-owner",
            Self::UnstableLabel => "unstable-label",
        }
    }
}

/// A conclusion about the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it is about.
    pub kind: FindingKind,
    /// The rule, if it is about one: an index of the run's rules.
    pub rule: Option<usize>,
    /// The incident, if it is about one.
    pub incident: Option<usize>,
    /// The conclusion, as one sentence with its figures and what to do.
    pub sentence: String,
}

/// A run, judged.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// A record for each alerting rule: the most pages first, then notifications, episodes, name.
    pub rules: Vec<RuleVerdict>,
    /// All rules together.
    pub totals: Totals,
    /// What became of each of the run's episodes.
    pub episodes: Vec<EpisodeVerdict>,
    /// How each incident of the range was met, in the order of their begins.
    pub incidents: Vec<IncidentVerdict>,
    /// Rules that fire together, the most alike first.
    pub co_firing: Vec<CoFiring>,
    /// What follows, the gravest first.
    pub findings: Vec<Finding>,
    /// What a reader must know.
    pub warnings: Vec<Warning>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_back_has_one_name() {
        let causes = [
            Cause::Inhibited {
                rule: 0,
                source: Default::default(),
            },
            Cause::Silenced { silence: 0 },
            Cause::Inactive,
            Cause::Muted {
                interval: "nights".into(),
            },
        ];
        for cause in &causes {
            assert_eq!(Unheard::from(cause).as_str(), cause.as_str());
        }
    }
}
