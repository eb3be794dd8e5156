//! Where the time of traces goes: self time against waiting, critical paths, what would help.
//!
//! The critical path is that of CRISP (Z. Zhang et al., "CRISP: Critical Path Analysis of
//! Large-Scale Microservice Architectures", USENIX ATC 2022): backwards from a span's end, the
//! child that ended last is what the span waited for, then the child that ended last before
//! that one began, and what is between is the span's own. The path's segments add up to
//! the trace's duration.
//!
//! Beyond CRISP: children that their parent does not wait for (consumers, what a producer
//! caused, what begins when the parent has ended) continue the path behind their parent, and
//! the time between is *queued*. Clocks of services differ: a call that lies outside its caller
//! and would fit is moved to its middle (as Jaeger does), with all below it; what does not fit
//! is clipped. Spans of which the parent is missing, repeated identities and circles are
//! counted as [`Oddities`].

mod operation;
mod path;
mod replay;
mod tree;

pub use operation::{CallEdge, Operation, WhatIf};
pub use tree::Oddities;

use std::collections::BTreeMap;

use crate::model::{Span, SpanStatus};
use path::{Doing, critical_path};
use tree::Tree;

/// How far a trace reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// To the end of its first span: what a caller waits for.
    #[default]
    Request,
    /// To the end of the last span that it caused, also of those that nobody waited for.
    Everything,
}

/// What many traces say together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analysis {
    /// How many traces there are.
    pub traces: usize,
    /// How many spans, without repeated ones.
    pub spans: usize,
    /// The mean duration of a trace, ns.
    pub mean_duration_ns: f64,
    /// Operations, those with the most time on critical paths first.
    pub operations: Vec<Operation>,
    /// Who calls whom, by caller and callee.
    pub edges: Vec<CallEdge>,
    /// What was odd about the spans.
    pub oddities: Oddities,
}

/// How many operations are tried shorter.
const TRIED: usize = 20;

/// How much shorter an operation's own work is tried: 20 %.
const FACTOR: f64 = 0.8;

/// Analyses traces; spans in any order.
pub fn analyse(spans: &[Span], extent: Extent) -> Analysis {
    let mut by_trace: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        by_trace.entry(&span.trace_id).or_default().push(span);
    }
    let mut analysis = Analysis::default();
    let trees: Vec<Tree<'_>> = by_trace
        .into_values()
        .filter_map(|spans| Tree::new(spans, &mut analysis.oddities))
        .collect();
    let mut operations: BTreeMap<(&str, &str), Operation> = BTreeMap::new();
    let mut edges: BTreeMap<(&str, &str, bool), CallEdge> = BTreeMap::new();
    let mut total = 0.0;
    for tree in &trees {
        analysis.spans += tree.nodes.len();
        total += tree.duration(extent) as f64;
        account(tree, extent, &mut operations);
        count_calls(tree, &mut edges);
    }
    analysis.traces = trees.len();
    analysis.mean_duration_ns = total / trees.len().max(1) as f64;
    analysis.edges = edges.into_values().collect();
    let mut operations: Vec<Operation> = operations.into_values().collect();
    operations.sort_by(|a, b| {
        let time = |o: &Operation| o.critical_ns.saturating_add(o.critical_queued_ns);
        (time(b).cmp(&time(a))).then_with(|| (&a.service, &a.name).cmp(&(&b.service, &b.name)))
    });
    for operation in operations.iter_mut().take(TRIED) {
        if operation.critical_ns > 0 {
            let (service, name) = (operation.service.as_str(), operation.name.as_str());
            let saved = trees
                .iter()
                .map(|tree| tree.saved_by(extent, service, name, FACTOR))
                .sum::<f64>();
            let count = trees.len() as f64;
            operation.what_if = Some(WhatIf {
                factor: FACTOR,
                saved_ns: saved / count,
                share: if total > 0.0 { saved / total } else { 0.0 },
            });
        }
    }
    analysis.operations = operations;
    analysis
}

/// Adds a trace to its operations.
fn account<'a>(
    tree: &Tree<'a>,
    extent: Extent,
    operations: &mut BTreeMap<(&'a str, &'a str), Operation>,
) {
    for (index, node) in tree.nodes.iter().enumerate() {
        let operation = operations
            .entry(node.operation())
            .or_insert_with(|| Operation::new(node.operation()));
        let duration = node.end.saturating_sub(node.start);
        let own = duration.saturating_sub(tree.covered(index));
        operation.count += 1;
        operation.errors += u64::from(node.span.status == Some(SpanStatus::Error));
        operation.total_ns = operation.total_ns.saturating_add(duration);
        operation.self_ns = operation.self_ns.saturating_add(own);
        operation.queued_ns = operation.queued_ns.saturating_add(tree.queued(index));
    }
    let mut on_path: Vec<(&str, &str)> = Vec::new();
    for segment in critical_path(tree, extent) {
        let key = tree.nodes[segment.node].operation();
        let length = segment.to.saturating_sub(segment.from);
        if let Some(operation) = operations.get_mut(&key) {
            let sum = match segment.doing {
                Doing::Working => &mut operation.critical_ns,
                Doing::Queued => &mut operation.critical_queued_ns,
            };
            *sum = sum.saturating_add(length);
        }
        on_path.push(key);
    }
    on_path.sort_unstable();
    on_path.dedup();
    for key in on_path {
        if let Some(operation) = operations.get_mut(&key) {
            operation.critical_traces += 1;
        }
    }
}

fn count_calls<'a>(tree: &Tree<'a>, edges: &mut BTreeMap<(&'a str, &'a str, bool), CallEdge>) {
    for node in &tree.nodes {
        let Some(parent) = node.parent.map(|parent| &tree.nodes[parent]) else {
            continue;
        };
        let (caller, callee) = (parent.operation().0, node.operation().0);
        if caller == callee {
            continue;
        }
        let edge = edges
            .entry((caller, callee, node.detached))
            .or_insert_with(|| CallEdge {
                caller: caller.to_owned(),
                callee: callee.to_owned(),
                detached: node.detached,
                calls: 0,
                errors: 0,
            });
        edge.calls += 1;
        edge.errors += u64::from(node.span.status == Some(SpanStatus::Error));
    }
}

#[cfg(test)]
mod tests;
