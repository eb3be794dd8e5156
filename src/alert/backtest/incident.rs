//! Incidents, maintenance, and which alerts belong to them.

/// An incident, as people recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its identity: `INC-12`.
    pub id: String,
    /// When it began, µs.
    pub started_at: i64,
    /// When it ended, µs; `None` where that is not recorded.
    pub ended_at: Option<i64>,
    /// Severity as the source writes it.
    pub severity: Option<String>,
    /// What people call it.
    pub title: Option<String>,
    /// Everything else (`service`, `stage`, `cause`…), sorted by name.
    pub labels: Vec<(String, String)>,
}

/// A span of planned work, during which alerts are nobody's fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Its identity: `MNT-3`.
    pub id: String,
    /// First instant, µs.
    pub started_at: i64,
    /// First instant after it, µs.
    pub ended_at: i64,
    /// What people call it.
    pub title: Option<String>,
    /// What it concerns (`service`…); none for everything.
    pub labels: Vec<(String, String)>,
}

/// Which alerts belong to an incident or to planned work.
///
/// *In time* for an incident is an episode that fires between [`Links::before`] its begin and
/// [`Links::after`] its end, and that did not begin to fire more than [`Links::longest_lead`]
/// before it: what fires for days tells nobody of what is new. In time for planned work is one
/// that begins to fire between its begin and [`Links::after`] its end. Of a near miss, the time
/// during which it was pending counts.
///
/// What is in time is decided by labels (see [`LinkBy`]). Of several incidents, one linked by
/// labels goes before one linked by time; then the one that began last before the episode fired;
/// then, if all began later, the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    /// What else than time must agree.
    pub by: LinkBy,
    /// How long before an incident's recorded begin an alert may end and still be for it, µs:
    /// 5 minutes; one that is over before that told of something else.
    pub before: i64,
    /// How long after the recorded end an alert may fire and still be for it, µs: 15 minutes,
    /// since `for` and the ranges of rates let rules lag.
    pub after: i64,
    /// How long before an incident's begin an alert for it may have begun to fire, µs: a day.
    pub longest_lead: i64,
    /// How long an incident lasts whose end is not recorded, µs: an hour.
    pub assumed_duration: i64,
}

/// By what an alert that is in time is linked.
///
/// By names, in this order:
/// 1. An incident with a label `alertname`, `alert` or `alerts` is that of these alerts and of no
///    others.
/// 2. An alert that has a value in common with the incident, each under any of the names, belongs
///    to it. Case does not matter; an incident's value may be a list (split at `,` and `;`, or a
///    JSON array); the port of an `instance` or a host may be missing.
/// 3. Where both have one of the names, or the alert has a value that another incident of the list
///    has, the alert is about something else. (An incident that has none of the names is about
///    anything.)
/// 4. Otherwise nothing is known: time decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkBy {
    /// By the values of labels with these names; `services`, `service_name` and their kind are
    /// the same as `service`.
    Names(Vec<String>),
    /// By time alone.
    Time,
}

/// How an alert and an incident that happen at one time hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// Labels say that they do.
    Labels,
    /// Nothing is known but that they coincide.
    Time,
    /// Labels say that they do not.
    Elsewhere,
}

/// Names of labels that say what an alert or an incident is about.
const IDENTITY_NAMES: &[&str] = &[
    "service",
    "component",
    "app",
    "application",
    "job",
    "system",
    "stage",
    "backend",
    "host",
    "node",
    "instance",
    "pod",
    "database",
    "queue",
    "topic",
];

const MINUTE: i64 = 60_000_000;

impl Default for Links {
    fn default() -> Self {
        Self {
            by: LinkBy::default(),
            before: 5 * MINUTE,
            after: 15 * MINUTE,
            longest_lead: 24 * 60 * MINUTE,
            assumed_duration: 60 * MINUTE,
        }
    }
}

impl Default for LinkBy {
    /// By services, components, applications, jobs, systems, stages, backends, hosts, nodes,
    /// instances, pods, databases, queues and topics.
    fn default() -> Self {
        Self::Names(
            IDENTITY_NAMES
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
        )
    }
}

impl LinkBy {
    /// Reads `time`, or names: `service,stage`. Without any name it is the default.
    pub fn parse(text: &str) -> Self {
        let names: Vec<String> = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        match names.as_slice() {
            [] => Self::default(),
            [only] if only == "time" => Self::Time,
            _ => Self::Names(names),
        }
    }
}

impl Incident {
    /// When it ended, or is taken to have.
    pub(super) fn end(&self, links: &Links) -> i64 {
        let assumed = || self.started_at.saturating_add(links.assumed_duration);
        self.ended_at.unwrap_or_else(assumed).max(self.started_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_by_what_to_link() {
        assert_eq!(LinkBy::parse("time"), LinkBy::Time);
        assert_eq!(
            LinkBy::parse(" service, stage,"),
            LinkBy::Names(vec!["service".into(), "stage".into()])
        );
        assert_eq!(LinkBy::parse(" ,"), LinkBy::default());
        let names = LinkBy::Names(vec!["time".into(), "service".into()]);
        assert_eq!(LinkBy::parse("time,service"), names);
    }
}
