//! In which order rules are evaluated, and which of them one slot at a time.
//!
//! A rule may be evaluated for many slots at once where all that it reads has
//! been written for all of them before, and where reading by timestamp shows it
//! nothing that it would not have seen at its slot. Rules that read what rules
//! after them write (in their group; or in a group that looks further back),
//! that read themselves, or that look ahead are evaluated slot by slot, together
//! with all that lies on the circle.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::Ties;
use super::observe::RuleId;
use super::overlay::names;
use crate::alert::rule_file::{Rule, RuleKind};
use crate::promql::Matcher;

/// The metric of alerts' states.
pub(super) const ALERTS: &str = "ALERTS";
/// The metric of alerts' beginnings.
pub(super) const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";

/// A rule, as planning sees it.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) id: RuleId,
    pub(super) rule: &'a Rule,
    pub(super) query_offset: i64,
    /// Whether it may look past its slot.
    pub(super) looks_ahead: bool,
    /// Whether it may read any series, by a query in a label's template.
    pub(super) reads_all: bool,
}

/// Rules that are evaluated together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The rules, in the order of groups and files.
    pub(super) rules: Vec<RuleId>,
    /// Whether they are evaluated one slot at a time.
    pub(super) step_by_step: bool,
}

/// What planning found.
#[derive(Debug)]
pub(super) struct Plan {
    /// The parts, in the order of their evaluation.
    pub(super) parts: Vec<Part>,
    /// For each rule whether another reads what it writes.
    pub(super) is_read: Vec<bool>,
    /// For each rule those that write what it reads.
    pub(super) reads: Vec<Vec<usize>>,
    /// For each rule how far before its slot it reads what others write (itself among them), µs,
    /// without the lookback, with its query offset; `i64::MAX` where `@` pins an instant.
    pub(super) links: Vec<Vec<(usize, i64)>>,
    /// For each rule whether another one may write the same series.
    pub(super) collides: Vec<bool>,
}

/// Orders rules; they are given in the order of groups and files.
pub(super) fn plan(nodes: &[Node<'_>], ties: Ties) -> Plan {
    let mut writers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, node) in nodes.iter().enumerate() {
        for output in outputs(node.rule) {
            writers.entry(output).or_default().push(i);
        }
    }
    let mut edges: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut is_read = vec![false; nodes.len()];
    let mut reads: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut links: Vec<Vec<(usize, i64)>> = vec![Vec::new(); nodes.len()];
    let mut alone_by_step: Vec<bool> = nodes
        .iter()
        .map(|node| node.looks_ahead || node.reads_all)
        .collect();
    for (reader, node) in nodes.iter().enumerate() {
        let mut read = |writer: usize| {
            is_read[writer] = true;
            reads[reader].push(writer);
            edges[writer].push(reader);
            if shows_too_much(&nodes[writer], node, writer >= reader, ties) {
                edges[reader].push(writer);
                alone_by_step[reader] |= writer == reader;
            }
        };
        if node.reads_all {
            (0..nodes.len()).for_each(&mut read);
            continue;
        }
        for selector in node.rule.query.selectors() {
            let matchers = &selector.matchers;
            let candidates: Vec<(&str, usize)> = match &selector.metric {
                Some(metric) => writers
                    .get_key_value(metric.as_str())
                    .into_iter()
                    .flat_map(|(name, all)| all.iter().map(|i| (*name, *i)))
                    .collect(),
                None => writers
                    .iter()
                    .flat_map(|(name, all)| all.iter().map(|i| (*name, *i)))
                    .collect(),
            };
            for (name, writer) in candidates {
                if may_match(matchers, name, nodes[writer].rule) {
                    read(writer);
                    let back = selector.back.unwrap_or(i64::MAX);
                    let back = back.saturating_add(node.query_offset).max(0);
                    links[reader].push((writer, back));
                }
            }
        }
    }
    // Rules that may write the same series do so in their order, since the first sample at an
    // instant stays; slot by slot, where a later slot may write an earlier instant.
    let mut same: BTreeMap<(bool, &str), Vec<usize>> = BTreeMap::new();
    for (i, node) in nodes.iter().enumerate() {
        let is_alert = matches!(node.rule.kind, RuleKind::Alerting { .. });
        let writers = same.entry((is_alert, &node.rule.name)).or_default();
        writers.push(i);
    }
    let mut collides = vec![false; nodes.len()];
    for writers in same.values() {
        for (i, one) in writers.iter().enumerate() {
            for other in &writers[i + 1..] {
                if may_collide(nodes[*one].rule, nodes[*other].rule) {
                    (collides[*one], collides[*other]) = (true, true);
                }
            }
        }
        let offset = |writer: &usize| nodes[*writer].query_offset;
        let is_mixed = writers.iter().any(|one| offset(one) != offset(&writers[0]));
        for pair in writers.windows(2) {
            edges[pair[0]].push(pair[1]);
            if is_mixed {
                edges[pair[1]].push(pair[0]);
            }
        }
    }
    Plan {
        parts: parts(nodes, &edges, &alone_by_step),
        is_read,
        reads,
        links,
        collides,
    }
}

/// The metrics that a rule writes.
pub(super) fn outputs(rule: &Rule) -> Vec<&str> {
    match rule.kind {
        RuleKind::Recording => vec![rule.name.as_str()],
        RuleKind::Alerting { .. } => vec![ALERTS, ALERTS_FOR_STATE],
    }
}

/// Whether a reader would see samples of a writer that are not written yet at its slot, if the
/// writer had been evaluated for all slots before.
fn shows_too_much(writer: &Node<'_>, reader: &Node<'_>, is_later: bool, ties: Ties) -> bool {
    if reader.looks_ahead || reader.reads_all {
        return true;
    }
    if writer.id.group == reader.id.group {
        return is_later;
    }
    // The writer's sample of the slot `t` lies at `t - offset`.
    writer.query_offset > reader.query_offset
        || (ties == Ties::InOrder && is_later && writer.query_offset == reader.query_offset)
}

/// Whether a rule may write a series of that name which meets the matchers.
fn may_match(matchers: &[Matcher], name: &str, rule: &Rule) -> bool {
    let is_alert = matches!(rule.kind, RuleKind::Alerting { .. });
    names(matchers, name)
        && matchers.iter().all(|matcher| {
            if is_alert && matcher.name == "alertname" {
                return matcher.matches(&rule.name);
            }
            if is_alert && matcher.name == "alertstate" && name == ALERTS {
                return matcher.matches("pending") || matcher.matches("firing");
            }
            match rule.labels.iter().find(|(label, _)| *label == matcher.name) {
                Some((_, value)) if !(is_alert && value.contains("{{")) => matcher.matches(value),
                _ => true,
            }
        })
}

/// Whether two rules of one kind and name may write the same series: no label that both set to a
/// fixed value tells them apart.
fn may_collide(a: &Rule, b: &Rule) -> bool {
    let fixed = |rule: &Rule, value: &str| {
        matches!(rule.kind, RuleKind::Recording) || !value.contains("{{")
    };
    a.labels.iter().all(|(name, value)| {
        let other = b.labels.iter().find(|(other, _)| other == name);
        other.is_none_or(|(_, other)| value == other || !fixed(a, value) || !fixed(b, other))
    })
}

/// Finds the circles, and an order of them in which writers come before readers.
fn parts(nodes: &[Node<'_>], edges: &[Vec<usize>], alone_by_step: &[bool]) -> Vec<Part> {
    let part_of = circles(edges);
    let count = part_of.iter().max().map_or(0, |last| last + 1);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, part) in part_of.iter().enumerate() {
        members[*part].push(node);
    }
    let mut waits_for = vec![0_usize; count];
    for (from, to) in edges.iter().enumerate() {
        for to in to {
            if part_of[from] != part_of[*to] {
                waits_for[part_of[*to]] += 1;
            }
        }
    }
    let mut ready: BinaryHeap<Reverse<(usize, usize)>> = (0..count)
        .filter(|part| waits_for[*part] == 0)
        .map(|part| Reverse((members[part][0], part)))
        .collect();
    let mut ordered = Vec::with_capacity(count);
    while let Some(Reverse((_, part))) = ready.pop() {
        for node in &members[part] {
            for to in &edges[*node] {
                let next = part_of[*to];
                if next == part {
                    continue;
                }
                waits_for[next] -= 1;
                if waits_for[next] == 0 {
                    ready.push(Reverse((members[next][0], next)));
                }
            }
        }
        ordered.push(Part {
            step_by_step: members[part].len() > 1 || alone_by_step[members[part][0]],
            rules: members[part].iter().map(|node| nodes[*node].id).collect(),
        });
    }
    ordered
}

/// Numbers the strongly connected components (Tarjan's algorithm, without recursion).
fn circles(edges: &[Vec<usize>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let len = edges.len();
    let (mut index, mut low, mut part_of) = (vec![NEW; len], vec![0; len], vec![NEW; len]);
    let (mut next, mut parts) = (0, 0);
    let mut open = Vec::new();
    for root in 0..len {
        if index[root] != NEW {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((node, edge)) = path.pop() {
            if edge == 0 {
                index[node] = next;
                low[node] = next;
                next += 1;
                open.push(node);
            }
            if let Some(to) = edges[node].get(edge) {
                path.push((node, edge + 1));
                if index[*to] == NEW {
                    path.push((*to, 0));
                } else if part_of[*to] == NEW {
                    low[node] = low[node].min(index[*to]);
                }
                continue;
            }
            if low[node] == index[node] {
                while let Some(member) = open.pop() {
                    part_of[member] = parts;
                    if member == node {
                        break;
                    }
                }
                parts += 1;
            }
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
        }
    }
    part_of
}
