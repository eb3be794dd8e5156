//! Finds the incident or the planned work to which an episode belongs.

use std::collections::HashMap;

use crate::alert::backtest::{Incident, Link, LinkBy, Links, Window};
use crate::model::Labels;

/// Incidents or windows, in the order of their begins, and what they are about.
#[derive(Debug)]
pub(super) struct Linker {
    /// An interval tree (Cormen et al., Introduction to Algorithms, "Augmenting data structures"):
    /// the middle one is the root, those before and after it its subtrees.
    targets: Vec<Target>,
    /// For each target, the latest end in its subtree.
    latest: Vec<i64>,
    longest_lead: i64,
}

/// The names and values by which things are known; shared by all linkers, so that what one of
/// them knows is about something else for another.
#[derive(Debug)]
pub(super) struct Identities {
    /// `None` for time alone.
    names: Option<Vec<String>>,
    values: HashMap<String, u32>,
}

/// What an alert is about.
#[derive(Debug)]
pub(super) struct Subject {
    alert: String,
    /// Its names, and those of its values that an incident has too.
    about: About,
}

/// What belongs to an episode: indices of what the linker was made of.
#[derive(Debug)]
pub(super) struct Found {
    /// The one to which it belongs, and how.
    pub(super) best: Option<(usize, Link)>,
    /// All that labels link to it.
    pub(super) labelled: Vec<usize>,
}

#[derive(Debug)]
struct Target {
    index: usize,
    from: i64,
    started_at: i64,
    until: i64,
    /// The only alerts that belong to it, in lower case.
    alerts: Vec<String>,
    about: About,
    /// Whether it is about everything.
    is_all: bool,
}

#[derive(Debug, Default)]
struct About {
    names: Vec<String>,
    values: Vec<u32>,
}

impl Identities {
    pub(super) fn new(by: &LinkBy) -> Self {
        let names = match by {
            LinkBy::Time => None,
            LinkBy::Names(names) => Some(names.iter().map(|name| canonical(name)).collect()),
        };
        Self {
            names,
            values: HashMap::new(),
        }
    }

    /// What an alert is about; to be asked when all linkers are made.
    pub(super) fn subject(&self, labels: &Labels) -> Subject {
        let mut about = About::default();
        if let Some(names) = &self.names {
            for (name, value) in labels.iter() {
                let name = canonical(name);
                if !names.contains(&name) {
                    continue;
                }
                for value in variants(&name, value) {
                    about.values.extend(self.values.get(&value));
                }
                about.names.push(name);
            }
        }
        Subject {
            alert: labels.get("alertname").unwrap_or("").to_lowercase(),
            about,
        }
    }

    fn target(&mut self, labels: &[(String, String)]) -> (Vec<String>, About) {
        let (mut alerts, mut about) = (Vec::new(), About::default());
        let Some(names) = &self.names else {
            return (alerts, about);
        };
        for (name, value) in labels {
            let name = canonical(name);
            if matches!(name.as_str(), "alertname" | "alert" | "alerts") {
                alerts.extend(items(value).map(|item| item.to_lowercase()));
            }
            if !names.contains(&name) {
                continue;
            }
            let known = about.values.len();
            for value in items(value).flat_map(|item| variants(&name, &item)) {
                let next = self.values.len() as u32;
                about.values.push(*self.values.entry(value).or_insert(next));
            }
            // A column that is empty in this row says nothing.
            if about.values.len() > known {
                about.names.push(name);
            }
        }
        (alerts, about)
    }
}

impl Linker {
    /// Prepares incidents.
    pub(super) fn incidents(
        incidents: &[Incident],
        links: &Links,
        identities: &mut Identities,
    ) -> Self {
        let targets = incidents.iter().enumerate().map(|(index, incident)| {
            let (alerts, about) = identities.target(&incident.labels);
            Target {
                index,
                from: incident.started_at.saturating_sub(links.before),
                started_at: incident.started_at,
                until: incident.end(links).saturating_add(links.after),
                alerts,
                about,
                is_all: false,
            }
        });
        Self::new(targets.collect(), links)
    }

    /// Prepares planned work.
    pub(super) fn windows(windows: &[Window], links: &Links, identities: &mut Identities) -> Self {
        let targets = windows.iter().enumerate().map(|(index, window)| {
            let (alerts, about) = identities.target(&window.labels);
            Target {
                index,
                from: window.started_at,
                started_at: window.started_at,
                until: window
                    .ended_at
                    .max(window.started_at)
                    .saturating_add(links.after),
                alerts,
                about,
                is_all: window
                    .labels
                    .iter()
                    .all(|(_, value)| value.trim().is_empty()),
            }
        });
        Self::new(targets.collect(), links)
    }

    fn new(mut targets: Vec<Target>, links: &Links) -> Self {
        targets.sort_by_key(|target| (target.from, target.started_at, target.index));
        let mut latest: Vec<i64> = targets.iter().map(|target| target.until).collect();
        latest_of_subtrees(&mut latest);
        Self {
            targets,
            latest,
            longest_lead: links.longest_lead,
        }
    }

    /// Looks for what belongs to something that went on from `from` until `until` (both included).
    pub(super) fn find(&self, subject: &Subject, from: i64, until: i64) -> Found {
        let has_begun = |target: &Target| {
            target.from <= until && target.started_at.saturating_sub(self.longest_lead) <= from
        };
        let mut in_time = Vec::new();
        collect(&self.targets, &self.latest, &has_begun, from, &mut in_time);
        let mut best = None;
        let mut labelled = Vec::new();
        for target in in_time {
            let link = target.link(subject);
            if link == Link::Labels {
                labelled.push(target.index);
            }
            // How far its begin is from the episode's: those before it first.
            let distance = (target.started_at > from, target.started_at.abs_diff(from));
            let rank = (link, distance, target.index);
            if best.is_none_or(|best| rank < best) {
                best = Some(rank);
            }
        }
        Found {
            best: best.map(|(link, _, index)| (index, link)),
            labelled,
        }
    }
}

impl Target {
    fn link(&self, subject: &Subject) -> Link {
        let shares = |ours: &[u32]| {
            subject
                .about
                .values
                .iter()
                .any(|value| ours.contains(value))
        };
        if !self.alerts.is_empty() {
            return match self.alerts.contains(&subject.alert) {
                true => Link::Labels,
                false => Link::Elsewhere,
            };
        }
        if self.is_all || shares(&self.about.values) {
            return Link::Labels;
        }
        let names = &self.about.names;
        let is_known = !subject.about.values.is_empty()
            || subject.about.names.iter().any(|name| names.contains(name));
        match is_known && !names.is_empty() {
            true => Link::Elsewhere,
            false => Link::Time,
        }
    }
}

/// Makes of the end of each target the latest end in its subtree; returns that of the root's.
fn latest_of_subtrees(ends: &mut [i64]) -> i64 {
    let (before, rest) = ends.split_at_mut(ends.len() / 2);
    let Some((root, after)) = rest.split_first_mut() else {
        return i64::MIN;
    };
    let latest = latest_of_subtrees(before).max(latest_of_subtrees(after));
    *root = latest.max(*root);
    *root
}

/// Finds the targets that end at `from` or later and have begun, in their order. Those after one
/// that has not begun have not either.
fn collect<'t>(
    targets: &'t [Target],
    latest: &[i64],
    has_begun: &dyn Fn(&Target) -> bool,
    from: i64,
    found: &mut Vec<&'t Target>,
) {
    let root = targets.len() / 2;
    if latest.get(root).is_none_or(|latest| *latest < from) {
        return;
    }
    collect(&targets[..root], &latest[..root], has_begun, from, found);
    let target = &targets[root];
    if has_begun(target) {
        if target.until >= from {
            found.push(target);
        }
        let after = root + 1;
        collect(&targets[after..], &latest[after..], has_begun, from, found);
    }
}

/// A label's name, in the form that stands for all of its kind.
fn canonical(name: &str) -> String {
    let name = name.trim().to_lowercase();
    match name.as_str() {
        "services" | "service_name" | "affected_service" | "affected_services"
        | "impacted_service" | "impacted_services" => "service".to_owned(),
        "components" | "affected_component" | "affected_components" => "component".to_owned(),
        "hostname" | "hosts" => "host".to_owned(),
        _ => name,
    }
}

/// The items of an incident's value.
fn items(value: &str) -> impl Iterator<Item = String> {
    let value = value.trim();
    let list: Option<Vec<String>> = value
        .starts_with('[')
        .then(|| serde_json::from_str(value).ok())
        .flatten();
    let list = list.unwrap_or_else(|| value.split([',', ';']).map(str::to_owned).collect());
    list.into_iter()
        .map(|item| item.trim().to_owned())
        .filter(|item| !item.is_empty())
}

/// The forms in which a value may be known: in lower case, and of a host without its port too.
fn variants(name: &str, value: &str) -> Vec<String> {
    let value = value.trim().to_lowercase();
    let mut variants = Vec::with_capacity(2);
    if matches!(name, "instance" | "host" | "node")
        && let Some((host, port)) = value.rsplit_once(':')
        && !host.is_empty()
        && !port.is_empty()
        && port.bytes().all(|b| b.is_ascii_digit())
    {
        variants.push(host.to_owned());
    }
    if !value.is_empty() {
        variants.push(value);
    }
    variants
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(from: i64, length: i64) -> Window {
        Window {
            id: String::new(),
            started_at: from,
            ended_at: from.saturating_add(length),
            title: None,
            labels: Vec::new(),
        }
    }

    fn linker(windows: &[Window], links: &Links) -> Linker {
        Linker::windows(windows, links, &mut Identities::new(&links.by))
    }

    proptest! {
        #[test]
        fn finds_what_a_search_of_all_finds(
            spans in prop::collection::vec((-100_i64..100, 0_i64..60), 0..20),
            from in -120_i64..180,
            length in 0_i64..40,
            after in 0_i64..10,
            longest_lead in 0_i64..50,
        ) {
            let windows: Vec<Window> = spans.iter().map(|one| window(one.0, one.1)).collect();
            let links = Links { after, longest_lead, ..Links::default() };
            let subject = Identities::new(&links.by).subject(&Labels::default());
            let mut found = linker(&windows, &links).find(&subject, from, from + length).labelled;
            found.sort_unstable();
            let in_time = |one: &Window| {
                one.started_at <= from + length
                    && one.ended_at + after >= from
                    && one.started_at - longest_lead <= from
            };
            let all: Vec<usize> = (0..windows.len()).filter(|i| in_time(&windows[*i])).collect();
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn one_that_never_ends_does_not_make_all_be_searched() {
        let hour = 3_600_000_000;
        let mut windows = vec![window(0, i64::MAX)];
        windows.extend((1..=4096).map(|n| window(n * hour, 1)));
        let links = Links::default();
        let linker = linker(&windows, &links);
        let asked = std::cell::Cell::new(0);
        let has_begun = |target: &Target| {
            asked.set(asked.get() + 1);
            target.from <= 4096 * hour
        };
        let mut found = Vec::new();
        collect(
            &linker.targets,
            &linker.latest,
            &has_begun,
            4096 * hour,
            &mut found,
        );
        let found: Vec<usize> = found.iter().map(|target| target.index).collect();
        assert_eq!(found, [0, 4096]);
        // Two paths through a tree of 13 levels.
        assert!(asked.get() <= 26, "{}", asked.get());
    }
}
