//! Finds the one stage where it starts, apart from those that only suffer, and ranks the rest.
//!
//! Each stage's symptoms get a weight (how sure, times how large). A weight is
//! handed along the edges to whoever explains it, and lies in the end where
//! nothing else does:
//!
//! - *slow* goes to callees by their part in the time that is spent longer
//!   (Little: a stage holds λW items, and those that a callee holds longer it
//!   holds longer, too), and from a blocked stage to the next one that is in
//!   trouble;
//! - what callers wait longer than the callee works stays at the callee's door;
//! - *failing* goes to callees by failed calls;
//! - *fewer items* goes to those who hand over fewer, unless the stage itself
//!   holds them.
//!
//! Evidence that only a stage itself can give (CPU, garbage collection, an
//! exhausted pool, …) is added where it is seen. The share of the sum is the
//! stage's share in what is wrong.

mod attribution;
mod diagnosis;
mod graph;
mod next_check;
mod severity;
mod walk;

pub use diagnosis::{Diagnosis, Impact, StageVerdict};

use super::classify::{Class, Classification, Evidence, classify, finish, load, sentence};
use super::reading::{Change, EdgeReading, Quantity, StageReading};
use super::topology::{StageKind, System};
use attribution::{Attributed, attribute};
use graph::Graph;
use severity::{Severity, door, severities};

/// The least weight at which a stage is called the cause.
const LEAST_WEIGHT: f64 = 0.45;
/// The least severity of the worst symptom.
const LEAST_SYMPTOM: f64 = 0.25;
/// The least score of its class.
const LEAST_SCORE: f64 = 0.35;

/// Where a symptom was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// The stage.
    pub stage: String,
    /// What was seen: a latency quantity, an error quantity, or a rate.
    pub quantity: Quantity,
}

/// Diagnoses a system from what was read of its stages and edges.
///
/// With a symptom its weight alone is traced; without one every stage's symptoms are.
pub fn diagnose(
    system: &System,
    stages: &[StageReading],
    edges: &[EdgeReading],
    symptom: Option<&Symptom>,
) -> Diagnosis {
    let graph = Graph::new(system, stages, edges);
    let alone: Vec<Option<Classification>> = graph
        .nodes
        .iter()
        .map(|node| Some(classify(node.reading?, node.kind)))
        .collect();
    let severities = severities(&graph, &alone);
    let from = symptom.and_then(|s| graph.find(&s.stage).map(|node| (node, s.quantity)));
    let attributed = attribute(&graph, &severities, &start(&severities, from));
    let classified: Vec<Option<Classification>> = graph
        .nodes
        .iter()
        .zip(alone)
        .zip(&attributed)
        .map(|((node, alone), attributed)| {
            Some(extend(&graph, node.reading?, node, alone?, attributed))
        })
        .collect();
    let weights: Vec<f64> = attributed
        .iter()
        .zip(&classified)
        .map(|(attributed, classified)| {
            let local = classified.as_ref().filter(|_| from.is_none());
            attributed.own + local.map_or(0.0, Classification::local)
        })
        .collect();
    let worst = (0..graph.nodes.len()).max_by(|&a, &b| {
        let by = |n: usize| severities[n].worst();
        by(a).total_cmp(&by(b)).then(b.cmp(&a))
    });
    let walked = from
        .map(|f| f.0)
        .or(worst)
        .map_or_else(Vec::new, |node| walk::walk(&graph, node, from.map(|f| f.1)));
    diagnosis::assemble(diagnosis::Parts {
        system,
        graph: &graph,
        severities: &severities,
        attributed: &attributed,
        classified,
        weights: &weights,
        walked: &walked,
    })
}

fn start(severities: &[Severity], from: Option<(usize, Quantity)>) -> Vec<[f64; 3]> {
    if let Some((node, quantity)) = from {
        let mut start = vec![[0.0; 3]; severities.len()];
        start[node] = match quantity {
            Quantity::ErrorRate | Quantity::ErrorShare | Quantity::RetryRate => [0.0, 1.0, 0.0],
            Quantity::ArrivalRate | Quantity::CompletionRate => [0.0, 0.0, 1.0],
            _ => [1.0, 0.0, 0.0],
        };
        return start;
    }
    severities
        .iter()
        .map(|s| [s.held, s.failing, s.starved])
        .collect()
}

/// Adds what only the edges tell: the way to a stage, whom it waits for, and
/// that it fails by itself.
fn extend(
    graph: &Graph<'_>,
    reading: &StageReading,
    node: &graph::Node<'_>,
    classification: Classification,
    attributed: &Attributed,
) -> Classification {
    let mut evidence = classification.evidence;
    let mut add = |class, local, weight: f64, change: &Change, why: String| {
        evidence.push(Evidence {
            class,
            weight: weight.clamp(0.0, 0.99),
            local,
            sentence: format!("{}: {why}", sentence(change)),
            change: change.clone(),
        });
    };
    for (caller, edge) in &node.callers {
        if let Some(edge) = edge
            && let Some(client) = edge.get(Quantity::ClientLatency)
        {
            let weight = 0.9 * door(&graph.nodes[*caller], edge);
            let caller = graph.nodes[*caller].name;
            let why = format!("{caller} waits longer than the stage takes: the way to it is slow");
            add(Class::Upstream, true, weight, client, why);
        }
    }
    if let Some(offered) = graph.offered(node) {
        let weight = load::weight(reading, &offered);
        add(Class::Load, false, weight, &offered, load::WHY.to_owned());
    }
    let slow = reading
        .get(Quantity::Latency)
        .or_else(|| reading.get(Quantity::TailLatency));
    for (callee, weight) in &attributed.to {
        let handed = weight / (attributed.own + weight).max(1e-9);
        if node.callees.iter().any(|c| c.0 == *callee)
            && let Some(slow) = slow
        {
            let why = format!("it waits for {}", graph.nodes[*callee].name);
            let weight = 0.8 * handed * super::classify::rise(slow, 3.0);
            add(Class::Downstream, false, weight, slow, why);
        }
    }
    let failed = reading
        .get(Quantity::ErrorShare)
        .or_else(|| reading.get(Quantity::ErrorRate));
    if let Some(failed) = failed
        && attributed.failing > 0.0
    {
        let weight = 0.4 * failed.confidence() * attributed.failing.min(1.0);
        let why = "it fails by itself: those it calls do not".to_owned();
        let class = match node.kind {
            StageKind::Source => Class::Upstream,
            StageKind::Store => Class::Downstream,
            _ => Class::Compute,
        };
        add(class, false, weight, failed, why);
    }
    finish(reading, evidence)
}

#[cfg(test)]
mod tests;
