use std::collections::{BTreeMap, BTreeSet};

use super::discovery::{Described, Discovery, Reason, SpanCall};
use super::edges;
use super::family::FAMILIES;
use super::matches::{bind, is_counter};
use super::pattern::{Family, Pattern, SERVICE, Scope, fits};
use crate::bottleneck::topology::{Binding, Edge, EdgeKind, Role, StageKind};
use crate::model::Labels;

/// A pattern that fits a series.
#[derive(Clone, Copy)]
struct Hit<'a> {
    family: &'static Family,
    pattern: &'static Pattern,
    /// Where the two stand in the tables.
    place: (usize, usize),
    series: &'a Described,
}

/// Guesses stages, roles and edges.
pub fn discover(series: &[Described], spans: &[SpanCall]) -> Discovery {
    let mut discovery = Discovery::default();
    let hits = hits(series, &mut discovery);
    let mut residents = Residents::default();
    for hit in &hits {
        if hit.pattern.scope == Scope::Stage
            && let Some((_, stage)) = stage_label(hit)
        {
            residents.add(&hit.series.labels, stage);
        }
    }
    for hit in &hits {
        match hit.pattern.scope {
            Scope::Stage => {
                if let Some((label, stage)) = stage_label(hit) {
                    let kind = hit.family.kind;
                    take(
                        &mut discovery,
                        hit,
                        stage,
                        kind,
                        &[label],
                        "its own labels name it",
                    );
                }
            }
            Scope::Process => process(&mut discovery, hit, &residents),
            Scope::Edge(from, to) => edge(&mut discovery, hit, from, to),
        }
    }
    // A stage of which only `up` is known says nothing, unless an edge needs it.
    let ends: BTreeSet<String> = discovery
        .system
        .edges
        .iter()
        .flat_map(|edge| [edge.from.clone(), edge.to.clone()])
        .collect();
    discovery.system.stages.retain(|name, stage| {
        ends.contains(name) || stage.roles.keys().any(|role| *role != Role::Up)
    });
    discovery
        .reasons
        .retain(|(stage, _), _| discovery.system.stages.contains_key(stage));
    edges::add(&mut discovery.system, series, spans);
    discovery
}

fn hits<'a>(series: &'a [Described], discovery: &mut Discovery) -> Vec<Hit<'a>> {
    let mut by_metric: BTreeMap<&str, Vec<&Described>> = BTreeMap::new();
    for one in series {
        by_metric.entry(one.labels.metric()).or_default().push(one);
    }
    let mut hits = Vec::new();
    for (metric, mut series) in by_metric {
        let found = hits.len();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        for (f, family) in FAMILIES.iter().enumerate() {
            for (p, pattern) in family.patterns.iter().enumerate() {
                if !fits(pattern.metric, metric) {
                    continue;
                }
                let with = |s: &&&Described| has_labels(pattern, &s.labels);
                let of_series = |series| Hit {
                    family,
                    pattern,
                    place: (f, p),
                    series,
                };
                hits.extend(series.iter().filter(with).copied().map(of_series));
            }
            if hits.len() > found {
                break;
            }
        }
        if hits.len() == found && !metric.is_empty() {
            discovery.unknown.push(metric.to_owned());
        }
    }
    // The order of the tables decides which metric has a role.
    hits.sort_by_key(|hit| hit.place);
    hits
}

fn has_labels(pattern: &Pattern, labels: &Labels) -> bool {
    pattern.with.iter().all(|(name, values)| {
        let value = labels.get(name).unwrap_or("");
        let fits = |wanted| (wanted == "+" && !value.is_empty()) || fits(wanted, value);
        values.split('|').any(fits)
    })
}

fn stage_label<'a>(hit: &Hit<'a>) -> Option<(&'static str, &'a str)> {
    let names = hit.pattern.named.iter().chain(hit.family.stage);
    names
        .copied()
        .find_map(|name| Some((name, hit.series.labels.get(name)?)))
}

/// Which stages run in which process.
#[derive(Default)]
struct Residents<'a>(BTreeMap<String, BTreeSet<&'a str>>);

impl<'a> Residents<'a> {
    fn add(&mut self, labels: &'a Labels, stage: &'a str) {
        for place in places(labels) {
            self.0.entry(place).or_default().insert(stage);
        }
    }

    /// The stage that alone runs where a series comes from.
    fn alone(&self, labels: &Labels) -> Option<&'a str> {
        let place = places(labels).next()?;
        let stages = self.0.get(&place)?;
        let mut stages = stages.iter();
        stages.next().copied().filter(|_| stages.next().is_none())
    }
}

/// Where a series comes from: its instance without the port, or its pod.
fn places(labels: &Labels) -> impl Iterator<Item = String> {
    ["instance", "pod", "host", "hostname"]
        .into_iter()
        .filter_map(|name| labels.get(name))
        .map(|value| {
            let (host, port) = value.rsplit_once(':').unwrap_or((value, ""));
            let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            if is_port { host } else { value }.to_owned()
        })
}

fn process(discovery: &mut Discovery, hit: &Hit<'_>, residents: &Residents<'_>) {
    let labels = &hit.series.labels;
    if let Some(stage) = residents.alone(labels) {
        let name = ["instance", "pod", "host", "hostname"]
            .into_iter()
            .find(|n| labels.get(n).is_some());
        let names: Vec<&str> = name.into_iter().collect();
        let kind = hit.family.kind;
        take(
            discovery,
            hit,
            stage,
            kind,
            &names,
            "it is the only stage that runs there",
        );
        return;
    }
    let names = hit
        .pattern
        .named
        .iter()
        .chain(hit.family.stage)
        .chain(SERVICE);
    let named = names
        .copied()
        .find_map(|name| Some((name, labels.get(name)?)));
    if let Some((label, stage)) = named {
        let kind = hit.family.kind;
        take(
            discovery,
            hit,
            stage,
            kind,
            &[label],
            "the process is named so",
        );
    }
}

fn take(
    discovery: &mut Discovery,
    hit: &Hit<'_>,
    stage: &str,
    kind: StageKind,
    by: &[&str],
    why: &str,
) {
    let known = discovery.system.stages.contains_key(stage);
    let entry = discovery.system.stages.entry(stage.to_owned()).or_default();
    if !known || entry.kind == StageKind::Worker && hit.pattern.scope == Scope::Stage {
        entry.kind = kind;
    }
    let role = hit.pattern.role;
    let metric = hit.series.labels.metric();
    let family = hit.family.name;
    // One metric plays a role; another of the same unit would be counted twice.
    let others = entry.roles.get(&role);
    if others.is_some_and(|b| b.iter().any(|b| b.metric.as_deref() != Some(metric))) {
        return;
    }
    let typed = is_counter(metric, hit.series.metric_type);
    let disagrees = hit.series.metric_type.is_some() && typed != hit.pattern.counter;
    bind(&mut entry.roles, role, binding(hit, by, typed));
    let confidence = match (
        hit.pattern.metric.contains('*'),
        disagrees,
        hit.pattern.scope,
    ) {
        (_, true, _) => "unsure",
        (true, ..) | (_, _, Scope::Process) => "likely",
        _ => "sure",
    };
    let kind = if disagrees {
        ", though its type says otherwise"
    } else {
        ""
    };
    let reason = Reason {
        family,
        confidence,
        why: format!("{family} calls it {metric}; {why}{kind}"),
    };
    discovery
        .reasons
        .entry((stage.to_owned(), role))
        .or_insert(reason);
}

fn binding(hit: &Hit<'_>, by: &[&str], typed: bool) -> Binding {
    let labels = &hit.series.labels;
    let with = hit.pattern.with.iter().map(|(name, _)| *name);
    let names = by.iter().copied().chain(with);
    let pattern = hit.pattern;
    Binding {
        metric: Some(labels.metric().to_owned()),
        labels: names
            .filter_map(|name| Some((name.to_owned(), labels.get(name)?.to_owned())))
            .collect(),
        counter: (typed != pattern.counter).then_some(pattern.counter),
        scale: (pattern.scale.total_cmp(&1.0).is_ne()).then_some(pattern.scale),
        ..Binding::default()
    }
}

fn edge(discovery: &mut Discovery, hit: &Hit<'_>, from: &str, to: &str) {
    let labels = &hit.series.labels;
    let (Some(caller), Some(called)) = (labels.get(from), labels.get(to)) else {
        return;
    };
    if caller == called || [caller, called].contains(&"unknown") {
        return;
    }
    for stage in [caller, called] {
        discovery.system.stages.entry(stage.to_owned()).or_default();
    }
    let edges = &mut discovery.system.edges;
    let at = edges
        .iter()
        .position(|e| e.from == caller && e.to == called);
    let at = at.unwrap_or_else(|| {
        edges.push(Edge {
            from: caller.to_owned(),
            to: called.to_owned(),
            kind: EdgeKind::Call,
            ..Edge::default()
        });
        edges.len() - 1
    });
    let typed = is_counter(labels.metric(), hit.series.metric_type);
    bind(
        &mut edges[at].roles,
        hit.pattern.role,
        binding(hit, &[from, to], typed),
    );
}
