use std::collections::{BTreeMap, BTreeSet};

use crate::bottleneck::reading::{Change, EdgeReading, Quantity, StageReading};
use crate::bottleneck::topology::{EdgeKind, StageKind, System};

/// A stage of the graph.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    pub(super) kind: StageKind,
    pub(super) reading: Option<&'a StageReading>,
    /// Whom it calls, with what is known of the edge.
    pub(super) callees: Vec<(usize, Option<&'a EdgeReading>)>,
    /// Who calls it.
    pub(super) callers: Vec<(usize, Option<&'a EdgeReading>)>,
    /// Whom it hands items to.
    pub(super) next: Vec<usize>,
    /// Who hands items to it.
    pub(super) previous: Vec<usize>,
}

/// The system with what was read of it.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node<'a>>,
}

impl<'a> Graph<'a> {
    /// Joins a system and readings; stages and edges that only one of them knows count, too.
    pub(super) fn new(
        system: &'a System,
        readings: &'a [StageReading],
        edges: &'a [EdgeReading],
    ) -> Self {
        let mut names: BTreeSet<&str> = system.stages.keys().map(String::as_str).collect();
        names.extend(readings.iter().map(|r| r.stage.as_str()));
        let mut pairs: BTreeMap<(&str, &str), (EdgeKind, Option<&EdgeReading>)> = BTreeMap::new();
        for edge in &system.edges {
            pairs.insert((&edge.from, &edge.to), (edge.kind, None));
        }
        for edge in edges {
            let known = pairs
                .entry((&edge.from, &edge.to))
                .or_insert((edge.kind, None));
            known.1 = Some(edge);
        }
        for (from, to) in pairs.keys() {
            names.extend([*from, *to]);
        }
        let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(k, n)| (*n, k)).collect();
        let mut nodes: Vec<Node<'_>> = names
            .iter()
            .map(|name| Node {
                name,
                kind: system.stages.get(*name).map(|s| s.kind).unwrap_or_default(),
                reading: None,
                callees: Vec::new(),
                callers: Vec::new(),
                next: Vec::new(),
                previous: Vec::new(),
            })
            .collect();
        for reading in readings {
            nodes[index[reading.stage.as_str()]].reading = Some(reading);
        }
        for ((from, to), (kind, reading)) in pairs {
            let (from, to) = (index[from], index[to]);
            if from == to {
                continue;
            }
            match kind {
                EdgeKind::Call => {
                    nodes[from].callees.push((to, reading));
                    nodes[to].callers.push((from, reading));
                }
                EdgeKind::Flow => {
                    nodes[from].next.push(to);
                    nodes[to].previous.push(from);
                }
            }
        }
        Self { nodes }
    }

    /// What comes to the queues and sources in front of a stage: its demand, which
    /// its own throughput does not tell once it is full.
    pub(super) fn offered(&self, node: &Node<'a>) -> Option<Change> {
        let mut entries = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = node.previous.clone();
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            let before = &self.nodes[at];
            if before.kind == StageKind::Queue || before.previous.is_empty() {
                entries.insert(at);
            } else {
                open.extend(&before.previous);
            }
        }
        let mut changes = entries.into_iter().filter_map(|at| {
            let reading = self.nodes[at].reading?;
            let change = reading.get(Quantity::ArrivalRate)?;
            change.expected.is_finite().then_some(change)
        });
        let mut sum = changes.next()?.clone();
        let mut variance = sum.spread * sum.spread;
        for change in changes {
            sum.before += change.before;
            sum.expected += change.expected;
            sum.during += change.during;
            variance += change.spread * change.spread;
            sum.series.extend(change.series.iter().cloned());
            sum.since = sum.since.into_iter().chain(change.since).min();
        }
        sum.spread = variance.sqrt();
        sum.z = (sum.excess() / sum.spread.max(1e-12)).clamp(-1e3, 1e3);
        Some(sum)
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }
}
