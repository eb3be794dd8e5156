use super::attribution::Attributed;
use super::graph::Graph;
use super::next_check;
use super::severity::Severity;
use super::{LEAST_SCORE, LEAST_SYMPTOM, LEAST_WEIGHT};
use crate::bottleneck::classify::{Class, Classification, amount};
use crate::bottleneck::reading::{Change, Quantity};
use crate::bottleneck::topology::{StageKind, System};

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// Whether the first of the stages is where it starts; else nothing stands out.
    pub found: bool,
    /// Stages in the order of suspicion; those with neither weight nor evidence are left out.
    pub stages: Vec<StageVerdict>,
    /// What a plain walk along the worst anomaly suspects, in order.
    pub walk: Vec<String>,
    /// What it does to those who use the system.
    pub impact: Vec<Impact>,
    /// What makes the answer a part of one.
    pub missing: Vec<String>,
}

impl Diagnosis {
    /// The stage where it starts.
    pub fn cause(&self) -> Option<&StageVerdict> {
        self.stages.first().filter(|_| self.found)
    }
}

/// What is said of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageVerdict {
    /// The stage.
    pub stage: String,
    /// What it is.
    pub kind: StageKind,
    /// Its share in what is wrong, 0 to 1.
    pub share: f64,
    /// The weight behind the share; around 1 for a clear fault.
    pub weight: f64,
    /// How bad its symptoms are, 0 to 1, whatever their cause.
    pub severity: f64,
    /// Whether its symptoms start mostly elsewhere.
    pub is_symptom: bool,
    /// The stages that explain its symptoms, the most first, with their share of them.
    pub explained_by: Vec<(String, f64)>,
    /// Why it is in trouble.
    pub classification: Classification,
    /// Since when, µs: the earliest begin of its heavier evidence.
    pub since: Option<i64>,
    /// What to look at next.
    pub next_check: String,
}

impl StageVerdict {
    /// The class with the highest score.
    pub fn class(&self) -> Option<Class> {
        self.classification.class
    }

    /// The heaviest evidence of its class.
    pub fn headline(&self) -> Option<&str> {
        let class = self.class()?;
        let first = self.classification.of(class).next();
        first.map(|e| e.sentence.as_str())
    }
}

/// What it does to those who use the system, at a stage where work enters or ends, or that has an objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Impact {
    /// The stage.
    pub stage: String,
    /// What moved.
    pub change: Change,
    /// What it should be at most (latency) or at least (availability, as a share of failures at most).
    pub objective: Option<f64>,
    /// The same in words.
    pub sentence: String,
}

impl Impact {
    /// Whether the objective is missed; `None` without one.
    pub fn is_missed(&self) -> Option<bool> {
        self.objective
            .map(|objective| self.change.during > objective)
    }
}

pub(super) struct Parts<'a> {
    pub(super) system: &'a System,
    pub(super) graph: &'a Graph<'a>,
    pub(super) severities: &'a [Severity],
    pub(super) attributed: &'a [Attributed],
    pub(super) classified: Vec<Option<Classification>>,
    pub(super) weights: &'a [f64],
    pub(super) walked: &'a [usize],
}

pub(super) fn assemble(parts: Parts<'_>) -> Diagnosis {
    let graph = parts.graph;
    let name = |node: usize| graph.nodes[node].name.to_owned();
    let total: f64 = parts.weights.iter().sum();
    let mut stages: Vec<StageVerdict> = Vec::new();
    for (node, classification) in parts.classified.into_iter().enumerate() {
        let weight = parts.weights[node];
        let severity = parts.severities[node].worst();
        let Some(classification) = classification else {
            continue;
        };
        if weight < 1e-3 && severity < 0.05 && classification.class.is_none() {
            continue;
        }
        let attributed = &parts.attributed[node];
        let handed: f64 = attributed.to.iter().map(|t| t.1).sum();
        let mut explained_by: Vec<(String, f64)> = attributed
            .to
            .iter()
            .map(|(to, moved)| (name(*to), moved / (handed + attributed.own).max(1e-9)))
            .collect();
        explained_by.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let since = since(&classification);
        stages.push(StageVerdict {
            stage: name(node),
            kind: graph.nodes[node].kind,
            share: if total > 0.0 { weight / total } else { 0.0 },
            weight,
            severity,
            is_symptom: handed > attributed.own,
            explained_by,
            next_check: next_check::after(&classification),
            classification,
            since,
        });
    }
    stages.sort_by(|a, b| {
        let by_weight = b.weight.total_cmp(&a.weight);
        by_weight.then_with(|| a.stage.cmp(&b.stage))
    });
    // Without a symptom anywhere a busy stage is no fault.
    let worst = parts
        .severities
        .iter()
        .map(|s| s.worst())
        .fold(0.0, f64::max);
    let found = stages.first().is_some_and(|first| {
        let class = first.class();
        let score = class.map_or(0.0, |class| first.classification.score(class));
        worst >= LEAST_SYMPTOM && first.weight >= LEAST_WEIGHT && score >= LEAST_SCORE
    });
    Diagnosis {
        found,
        missing: missing(graph),
        impact: impact(parts.system, graph),
        walk: parts.walked.iter().map(|&node| name(node)).collect(),
        stages,
    }
}

fn since(classification: &Classification) -> Option<i64> {
    let class = classification.class?;
    let heaviest = classification.of(class).next()?.weight;
    classification
        .of(class)
        .filter(|e| e.weight >= 0.5 * heaviest)
        .filter_map(|e| e.change.since)
        .min()
}

fn missing(graph: &Graph<'_>) -> Vec<String> {
    let mut missing = Vec::new();
    let edges = graph
        .nodes
        .iter()
        .any(|n| !n.callees.is_empty() || !n.next.is_empty());
    if graph.nodes.len() > 1 && !edges {
        missing.push("no edges: symptoms cannot be told from causes".to_owned());
    }
    for node in &graph.nodes {
        if node
            .reading
            .is_none_or(|r| r.changes.is_empty() && !r.silent)
        {
            missing.push(format!("{}: no values in the window", node.name));
        }
    }
    missing
}

/// Stages with an objective; without any, those where work enters (services) and ends (flows).
fn impact(system: &System, graph: &Graph<'_>) -> Vec<Impact> {
    let objectives = system.stages.values().any(|s| s.objective.is_some());
    let mut impact = Vec::new();
    for node in &graph.nodes {
        let Some(reading) = node.reading else {
            continue;
        };
        let objective = system.stages.get(node.name).and_then(|s| s.objective);
        let is_edge =
            (node.callers.is_empty() && node.previous.is_empty() && !node.callees.is_empty())
                || (node.next.is_empty() && !node.previous.is_empty());
        if objective.is_none() && (objectives || !is_edge) {
            continue;
        }
        let latency = objective.and_then(|o| o.latency);
        let failures = objective.and_then(|o| o.availability).map(|a| 1.0 - a);
        let mut add = |quantities: &[Quantity], limit: Option<f64>| {
            let Some(change) = quantities.iter().find_map(|q| reading.get(*q)) else {
                return;
            };
            if limit.is_none() && (change.z <= 0.0 || change.confidence() == 0.0) {
                return;
            }
            let against = limit.map_or_else(String::new, |limit| {
                let limit = amount(change.quantity, limit);
                format!(", objective at most {limit}")
            });
            impact.push(Impact {
                stage: node.name.to_owned(),
                sentence: format!(
                    "{}: {}{against}",
                    node.name,
                    crate::bottleneck::classify::sentence(change)
                ),
                change: change.clone(),
                objective: limit,
            });
        };
        add(&[Quantity::TailLatency, Quantity::Latency], latency);
        add(&[Quantity::ErrorShare, Quantity::ErrorRate], failures);
    }
    impact
}
