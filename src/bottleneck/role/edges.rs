use std::collections::BTreeSet;

use super::discovery::{Described, SpanCall};
use super::family::FAMILIES;
use crate::bottleneck::topology::{Edge, EdgeKind, StageKind, System};

/// Adds the edges that families, consumer groups, producers and spans tell of.
pub(super) fn add(system: &mut System, series: &[Described], spans: &[SpanCall]) {
    let mut known: BTreeSet<(String, String)> = system
        .edges
        .iter()
        .map(|e| (e.from.clone(), e.to.clone()))
        .collect();
    let mut found: BTreeSet<(String, String, EdgeKind)> = BTreeSet::new();
    for (from, to, kind) in FAMILIES.iter().flat_map(|f| f.edges) {
        found.insert(((*from).to_owned(), (*to).to_owned(), *kind));
    }
    for one in series {
        let labels = &one.labels;
        let (Some(topic), metric) = (labels.get("topic"), labels.metric()) else {
            continue;
        };
        let group = labels.get("group").or_else(|| labels.get("consumergroup"));
        if let Some(group) = group
            && let Some(stage) = named_after(system, group, topic)
        {
            found.insert((topic.to_owned(), stage, EdgeKind::Flow));
        }
        let client = ["client_id", "clientId", "service", "job"];
        if metric.contains("producer")
            && let Some(client) = client.iter().find_map(|name| labels.get(name))
            && let Some(stage) = named_after(system, client, topic)
        {
            found.insert((stage, topic.to_owned(), EdgeKind::Flow));
        }
    }
    for span in spans.iter().filter(|s| s.count > 0) {
        let kind = if span.follows {
            EdgeKind::Flow
        } else {
            EdgeKind::Call
        };
        found.insert((span.from.clone(), span.to.clone(), kind));
    }
    for (from, to, kind) in found {
        let stages = &system.stages;
        if from == to
            || !stages.contains_key(&from)
            || !stages.contains_key(&to)
            || !known.insert((from.clone(), to.clone()))
        {
            continue;
        }
        system.edges.push(Edge {
            from,
            to,
            kind,
            ..Edge::default()
        });
    }
    let by_ends = |a: &Edge, b: &Edge| (&a.from, &a.to, a.kind).cmp(&(&b.from, &b.to, b.kind));
    system.edges.sort_by(by_ends);
}

/// The stage (no queue) that a group or client is named after: the longest name
/// that it holds as whole words.
fn named_after(system: &System, name: &str, topic: &str) -> Option<String> {
    let holds = |stage: &str| {
        name.match_indices(stage).any(|(at, _)| {
            let bytes = name.as_bytes();
            let edge = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
            edge(at.checked_sub(1).and_then(|k| bytes.get(k))) && edge(bytes.get(at + stage.len()))
        })
    };
    system
        .stages
        .iter()
        .filter(|(stage, s)| *stage != topic && s.kind != StageKind::Queue && holds(stage))
        .max_by_key(|(stage, _)| stage.len())
        .map(|(stage, _)| stage.clone())
}
