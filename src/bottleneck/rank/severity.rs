use super::graph::{Graph, Node};
use crate::bottleneck::classify::{Classification, between, fall, high, material, points, rise};
use crate::bottleneck::reading::{Change, EdgeReading, Quantity};
use crate::bottleneck::topology::StageKind;

/// How bad a stage's symptoms are, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Severity {
    /// Slow, backlogged or blocked: items stay longer.
    pub(super) held: f64,
    /// Items fail.
    pub(super) failing: f64,
    /// Fewer items pass.
    pub(super) starved: f64,
    /// Callers wait longer than the stage takes: the way to it is slow.
    pub(super) door: f64,
    /// It is as busy as it can be.
    pub(super) full: f64,
    /// The heaviest evidence that only the stage itself can give.
    pub(super) local: f64,
}

impl Severity {
    pub(super) fn worst(self) -> f64 {
        self.held.max(self.failing).max(self.starved).max(self.door)
    }
}

/// Judges every stage, given what is to be seen of it alone.
pub(super) fn severities(graph: &Graph<'_>, alone: &[Option<Classification>]) -> Vec<Severity> {
    graph
        .nodes
        .iter()
        .zip(alone)
        .map(|(node, seen)| Severity {
            local: seen.as_ref().map_or(0.0, Classification::local),
            ..severity(graph, node)
        })
        .collect()
}

fn severity(graph: &Graph<'_>, node: &Node<'_>) -> Severity {
    let mut severity = Severity {
        door: node
            .callers
            .iter()
            .filter_map(|(caller, edge)| Some(door(&graph.nodes[*caller], (*edge)?)))
            .fold(0.0, f64::max),
        ..Severity::default()
    };
    let Some(reading) = node.reading else {
        return severity;
    };
    let get = |quantity| reading.get(quantity);
    // Items that wait in a queue for one that seldom comes are not held.
    let slow = match node.kind {
        StageKind::Queue if get(Quantity::Queue).is_some() => Vec::new(),
        StageKind::Store => vec![
            Quantity::Latency,
            Quantity::TailLatency,
            Quantity::WriteLatency,
        ],
        _ => vec![Quantity::Latency, Quantity::TailLatency],
    };
    let slow = slow.into_iter().filter_map(get).map(|c| {
        // The slowest times of a few items stray most.
        let part = if c.quantity == Quantity::TailLatency {
            0.5
        } else {
            1.0
        };
        part * rise(c, 3.0)
    });
    let backlog = [Quantity::Queue, Quantity::InFlight, Quantity::PoolWaiting];
    let backlog = backlog.into_iter().filter_map(get).map(|c| rise(c, 5.0));
    let blocked = get(Quantity::Backpressure).map_or(0.0, |c| high(c, 0.3));
    severity.held = slow.chain(backlog).fold(blocked, f64::max);
    severity.failing = failing(node);
    severity.starved = if reading.silent || is_down(node) {
        1.0
    } else {
        flow(node).map_or(0.0, |c| fall(c, 2.0))
    };
    severity.full = get(Quantity::Busy).map_or(0.0, |c| between(c.during, 0.8, 0.95));
    if get(Quantity::Busy).is_some_and(|c| c.expected.is_nan()) {
        // With nothing before it, being full is the symptom.
        severity.held = severity.held.max(between(severity.full, 0.3, 1.0));
    }
    severity
}

/// Tells whether it was up before and is not during.
pub(super) fn is_down(node: &Node<'_>) -> bool {
    node.reading
        .and_then(|r| r.get(Quantity::Up))
        .is_some_and(|up| up.during < 0.5 && (up.expected.is_nan() || up.expected >= 0.5))
}

/// Items that pass: what comes or, where that is not known, what leaves.
pub(super) fn flow<'a>(node: &Node<'a>) -> Option<&'a Change> {
    let reading = node.reading?;
    reading
        .get(Quantity::ArrivalRate)
        .or_else(|| reading.get(Quantity::CompletionRate))
}

fn failing(node: &Node<'_>) -> f64 {
    let Some(reading) = node.reading else {
        return 0.0;
    };
    if let Some(share) = reading.get(Quantity::ErrorShare) {
        return points(share, 0.05);
    }
    reading
        .get(Quantity::ErrorRate)
        .map_or(0.0, |rate| rise(rate, 4.0) * material(reading, rate))
}

/// How much longer than the callee takes its caller waits, 0 to 1; what is
/// below a tenth of the caller's own time counts in part.
pub(super) fn door(caller: &Node<'_>, edge: &EdgeReading) -> f64 {
    let Some(client) = edge.get(Quantity::ClientLatency) else {
        return 0.0;
    };
    let own = caller.reading.and_then(|r| r.get(Quantity::Latency));
    let matters = own.filter(|c| c.expected > 0.0).map_or(1.0, |own| {
        (client.excess() / (0.1 * own.expected)).clamp(0.0, 1.0)
    });
    rise(client, 3.0) * door_share(edge) * matters
}

/// The part of what a caller waits longer that the callee's own time does not explain.
pub(super) fn door_share(edge: &EdgeReading) -> f64 {
    let Some(client) = edge.get(Quantity::ClientLatency) else {
        return 0.0;
    };
    let Some(server) = edge.get(Quantity::Latency) else {
        return 0.0;
    };
    if client.excess() <= 0.0 {
        return 0.0;
    }
    (1.0 - server.excess().max(0.0) / client.excess()).clamp(0.0, 1.0)
}
