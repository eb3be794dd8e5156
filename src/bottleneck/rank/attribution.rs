use super::graph::{Graph, Node};
use super::severity::{Severity, door_share, flow, is_down};
use crate::bottleneck::classify::between;
use crate::bottleneck::reading::{Change, EdgeReading, Quantity};
use crate::bottleneck::topology::StageKind;

/// What is wrong with a stage, as far as it passes along edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Items stay longer.
    Held,
    /// Items fail.
    Failing,
    /// Fewer items pass.
    Starved,
}

const TROUBLES: [Trouble; 3] = [Trouble::Held, Trouble::Failing, Trouble::Starved];
/// Rounds after which what still goes in circles stays where it is.
const ROUNDS: usize = 64;
/// Weight that is not worth passing on.
const LEAST: f64 = 1e-4;

/// What a stage keeps and what it hands on.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributed {
    /// What starts here.
    pub(super) own: f64,
    /// Of that, what is the way to it rather than the stage itself.
    pub(super) door: f64,
    /// Of that, what fails without being slow.
    pub(super) failing: f64,
    /// To which stages its trouble was handed on, and how much.
    pub(super) to: Vec<(usize, f64)>,
}

/// A share of a stage's trouble that starts elsewhere.
struct Part {
    to: usize,
    trouble: Trouble,
    share: f64,
    /// Of that, what the edge itself adds.
    door: f64,
}

/// Hands weights along the edges until each lies where nothing explains it.
pub(super) fn attribute(
    graph: &Graph<'_>,
    severities: &[Severity],
    start: &[[f64; 3]],
) -> Vec<Attributed> {
    let mut result = vec![Attributed::default(); graph.nodes.len()];
    let mut weights = start.to_vec();
    for (node, severity) in severities.iter().enumerate() {
        // The way to a stage is wrong at its door, whatever its callers say.
        result[node].door += severity.door;
        result[node].own += severity.door;
    }
    for round in 0..=ROUNDS {
        let mut next = vec![[0.0; 3]; weights.len()];
        let mut moving = false;
        for node in 0..graph.nodes.len() {
            for trouble in TROUBLES {
                let weight = weights[node][trouble as usize];
                if weight <= 0.0 {
                    continue;
                }
                let parts = if weight < LEAST || round == ROUNDS {
                    Vec::new()
                } else {
                    explain(graph, severities, node, trouble)
                };
                let mut kept = weight;
                for part in parts {
                    let moved = weight * part.share;
                    kept -= moved;
                    let door = moved * part.door;
                    result[part.to].own += door;
                    result[part.to].door += door;
                    next[part.to][part.trouble as usize] += moved - door;
                    if part.to != node {
                        add(&mut result[node].to, part.to, moved);
                    }
                    moving = true;
                }
                result[node].own += kept.max(0.0);
                if trouble == Trouble::Failing {
                    result[node].failing += kept.max(0.0);
                }
            }
        }
        if !moving {
            break;
        }
        weights = next;
    }
    result
}

fn add(to: &mut Vec<(usize, f64)>, node: usize, weight: f64) {
    match to.iter_mut().find(|entry| entry.0 == node) {
        Some(entry) => entry.1 += weight,
        None => to.push((node, weight)),
    }
}

fn explain(graph: &Graph<'_>, severities: &[Severity], node: usize, trouble: Trouble) -> Vec<Part> {
    let mut parts = match trouble {
        Trouble::Held => held(graph, severities, node),
        Trouble::Failing => failing(graph, severities, node),
        Trouble::Starved => starved(graph, severities, node),
    };
    parts.retain(|p| p.share > 0.0 && p.share.is_finite());
    let total: f64 = parts.iter().map(|p| p.share).sum();
    if total > 1.0 {
        for part in &mut parts {
            part.share /= total;
        }
    }
    parts
}

/// Time in a stage holds the time of those it calls; and who has no room ahead waits.
fn held(graph: &Graph<'_>, severities: &[Severity], node: usize) -> Vec<Part> {
    let this = &graph.nodes[node];
    let mut parts: Vec<Part> = this
        .callees
        .iter()
        .map(|(callee, edge)| {
            let share = slow_share(graph, node, *callee, *edge);
            Part {
                to: *callee,
                trouble: Trouble::Held,
                share,
                door: edge.map_or(0.0, door_share),
            }
        })
        .collect();
    let called: f64 = parts.iter().map(|p| p.share.max(0.0)).sum::<f64>().min(1.0);
    let trouble = |next: usize| {
        let severity = severities[next];
        severity.held.max(severity.full).max(severity.local)
    };
    let worst = this.next.iter().map(|&n| trouble(n)).fold(0.0, f64::max);
    let get = |q| this.reading.and_then(|r| r.get(q));
    let blocked = match get(Quantity::Backpressure) {
        Some(change) => between(change.during, 0.03, 0.3).min(worst * 4.0),
        // A queue only waits for those who take from it.
        None if this.kind == StageKind::Queue => between(worst, 0.05, 0.3),
        // A stage that says how busy it is is not blocked while it works.
        None if get(Quantity::Busy).is_some() => 0.0,
        None => worst,
    };
    let total: f64 = this.next.iter().map(|&n| trouble(n).powi(2)).sum();
    if total > 0.0 {
        parts.extend(this.next.iter().map(|&next| Part {
            to: next,
            trouble: Trouble::Held,
            share: (1.0 - called) * blocked * trouble(next).powi(2) / total,
            door: 0.0,
        }));
    }
    parts
}

/// The share of what a stage takes longer that a callee takes longer.
///
/// By Little's law a stage holds λW items; a callee that holds more for it
/// holds them there, too. Without rates the times are compared alone.
fn slow_share(graph: &Graph<'_>, node: usize, callee: usize, edge: Option<&EdgeReading>) -> f64 {
    let latency = |n: usize| {
        graph.nodes[n].reading.and_then(|r| {
            r.get(Quantity::Latency)
                .or_else(|| r.get(Quantity::TailLatency))
        })
    };
    let seen = edge
        .and_then(|e| {
            e.get(Quantity::ClientLatency)
                .or_else(|| e.get(Quantity::Latency))
        })
        .or_else(|| latency(callee));
    let (Some(seen), Some(own)) = (seen, latency(node)) else {
        return 0.0;
    };
    if seen.z <= 0.0 || own.excess() <= 0.0 {
        return 0.0;
    }
    let calls = calls(graph, node, callee, edge);
    seen.confidence() * (calls * seen.excess() / own.excess()).clamp(0.0, 1.0)
}

/// Calls of a callee an item of the stage; 1 where rates are not known.
fn calls(graph: &Graph<'_>, node: usize, callee: usize, edge: Option<&EdgeReading>) -> f64 {
    let level = |change: Option<&Change>| change.map(|c| c.during).filter(|v| *v > 0.0);
    let Some(own) = level(flow(&graph.nodes[node])) else {
        return 1.0;
    };
    if let Some(rate) = level(edge.and_then(|e| e.get(Quantity::ArrivalRate))) {
        return rate / own;
    }
    let Some(rate) = level(flow(&graph.nodes[callee])) else {
        return 1.0;
    };
    // The callee's calls are shared among its callers by their own rates.
    let all: f64 = graph.nodes[callee]
        .callers
        .iter()
        .filter_map(|(caller, _)| level(flow(&graph.nodes[*caller])))
        .sum();
    if all > 0.0 { rate / all.max(own) } else { 1.0 }
}

/// Failed calls fail their callers; a callee that is only slow may do so, too.
fn failing(graph: &Graph<'_>, severities: &[Severity], node: usize) -> Vec<Part> {
    let this = &graph.nodes[node];
    let mut parts: Vec<Part> = this
        .callees
        .iter()
        .map(|(callee, edge)| Part {
            to: *callee,
            trouble: Trouble::Failing,
            share: failed_share(graph, node, *callee, *edge),
            door: 0.0,
        })
        .collect();
    let explained: f64 = parts.iter().map(|p| p.share).sum::<f64>().min(1.0);
    parts.extend(this.callees.iter().map(|(callee, edge)| {
        let slow = slow_share(graph, node, *callee, *edge) * severities[node].held;
        Part {
            to: *callee,
            trouble: Trouble::Held,
            share: 0.7 * (1.0 - explained) * slow,
            door: edge.map_or(0.0, door_share),
        }
    }));
    parts
}

fn failed_share(graph: &Graph<'_>, node: usize, callee: usize, edge: Option<&EdgeReading>) -> f64 {
    let failed = |n: usize| {
        let reading = graph.nodes[n].reading?;
        reading
            .get(Quantity::ErrorShare)
            .or_else(|| reading.get(Quantity::ErrorRate))
    };
    let (Some(own), Some(theirs)) = (failed(node), failed(callee)) else {
        return 0.0;
    };
    if own.excess() <= 0.0 || theirs.z <= 0.0 {
        return 0.0;
    }
    let share = match (own.quantity, theirs.quantity) {
        (Quantity::ErrorShare, Quantity::ErrorShare) => {
            calls(graph, node, callee, edge) * theirs.excess() / own.excess()
        }
        (a, b) if a == b => theirs.excess() / own.excess(),
        _ => 1.0,
    };
    theirs.confidence() * share.clamp(0.0, 1.0)
}

/// Fewer items pass since fewer come; or since the stage itself holds them.
fn starved(graph: &Graph<'_>, severities: &[Severity], node: usize) -> Vec<Part> {
    let this = &graph.nodes[node];
    let severity = severities[node];
    if severity.held >= 0.3 && !is_down(this) {
        return vec![Part {
            to: node,
            trouble: Trouble::Held,
            share: 1.0,
            door: 0.0,
        }];
    }
    let before = this.previous.iter().copied();
    let sources: Vec<usize> = before.chain(this.callers.iter().map(|c| c.0)).collect();
    let mut lacks: Vec<(usize, f64)> = Vec::new();
    let mut expected = 0.0;
    for &source in &sources {
        let node = &graph.nodes[source];
        if severities[source].starved <= 0.0 && severities[source].held < 0.3 {
            expected += leaving(node).map_or(0.0, |c| c.expected.max(0.0));
            continue;
        }
        match leaving(node).filter(|_| !is_down(node)) {
            Some(change) if change.expected > 0.0 => {
                expected += change.expected;
                lacks.push((source, (-change.excess()).max(0.0)));
            }
            _ => lacks.push((source, f64::NAN)),
        }
    }
    // Who is silent lacks what the others do not make up: all of it, if they are few.
    let own = flow(this).map_or(1.0, |c| 1.0 - c.ratio()).clamp(0.05, 1.0);
    let told: f64 = lacks.iter().map(|l| l.1).filter(|l| l.is_finite()).sum();
    let known = if expected > 0.0 {
        (told / expected / own).min(1.0)
    } else {
        0.0
    };
    let silent = lacks.iter().filter(|l| l.1.is_nan()).count() as f64;
    lacks
        .into_iter()
        .map(|(to, lack)| Part {
            to,
            trouble: Trouble::Starved,
            share: if lack.is_nan() {
                (1.0 - known) / silent
            } else if told > 0.0 {
                known * lack / told
            } else {
                0.0
            },
            door: 0.0,
        })
        .collect()
}

/// Items that leave or, where that is not known, that come.
fn leaving<'a>(node: &Node<'a>) -> Option<&'a Change> {
    let reading = node.reading?;
    reading
        .get(Quantity::CompletionRate)
        .or_else(|| reading.get(Quantity::ArrivalRate))
}
