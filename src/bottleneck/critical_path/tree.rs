use std::collections::HashMap;

use super::Extent;
use crate::model::{Span, SpanKind};

/// What was odd about spans, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oddities {
    /// Spans of which the parent is not there.
    pub orphans: usize,
    /// Spans with an identity that another of the trace has; they do not count.
    pub duplicates: usize,
    /// Circles of parents; each was cut at its first span.
    pub cycles: usize,
    /// Spans without a parent beside the first of a trace.
    pub further_roots: usize,
    /// Spans outside their parent that were moved into it: clocks differ.
    pub moved: usize,
    /// Spans outside their parent that were clipped.
    pub clipped: usize,
    /// Durations below 0, taken as 0.
    pub negative: usize,
}

/// A span in its tree; times are ns from the begin of the trace's first span.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) span: &'a Span,
    pub(super) parent: Option<usize>,
    pub(super) start: i64,
    pub(super) end: i64,
    /// Whether its parent did not wait for it.
    pub(super) detached: bool,
    /// Children, by begin, then by end.
    pub(super) children: Vec<usize>,
}

impl<'a> Node<'a> {
    /// The service and the name.
    pub(super) fn operation(&self) -> (&'a str, &'a str) {
        (self.span.service.as_deref().unwrap_or(""), &self.span.name)
    }
}

/// The spans of a trace.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: usize,
    /// All nodes, parents before their children.
    pub(super) order: Vec<usize>,
}

/// Begins are whole µs, durations ns: so much beyond its parent a span may be.
const ROUNDING: i64 = 1000;

impl<'a> Tree<'a> {
    /// Builds the tree of a trace's spans; none of none.
    pub(super) fn new(mut spans: Vec<&'a Span>, oddities: &mut Oddities) -> Option<Self> {
        // The order of the input must not matter.
        spans.sort_by(|a, b| {
            let key = |s: &'a Span| (s.ts, -s.duration_ns.max(0), s.span_id.as_str());
            key(a).cmp(&key(b))
        });
        let begin = spans.first()?.ts;
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(spans.len());
        let mut nodes: Vec<Node<'a>> = Vec::with_capacity(spans.len());
        for span in spans {
            if places.contains_key(span.span_id.as_str()) {
                oddities.duplicates += 1;
                continue;
            }
            places.insert(&span.span_id, nodes.len());
            oddities.negative += usize::from(span.duration_ns < 0);
            let start = span.ts.saturating_sub(begin).saturating_mul(1000);
            nodes.push(Node {
                span,
                parent: None,
                start,
                end: start.saturating_add(span.duration_ns.max(0)),
                detached: false,
                children: Vec::new(),
            });
        }
        let mut roots = Vec::new();
        let mut orphans = Vec::new();
        for index in 0..nodes.len() {
            match nodes[index].span.parent_span_id.as_deref() {
                None | Some("") => roots.push(index),
                Some(id) => match places.get(id) {
                    Some(&parent) => {
                        nodes[index].parent = Some(parent);
                        nodes[parent].children.push(index);
                    }
                    None => orphans.push(index),
                },
            }
        }
        oddities.orphans += orphans.len();
        oddities.further_roots += roots.len().saturating_sub(1);
        roots.extend(orphans);
        let mut tree = Self {
            root: roots.first().copied().unwrap_or(0),
            order: Vec::with_capacity(nodes.len()),
            nodes,
        };
        let mut seen = vec![false; tree.nodes.len()];
        for root in roots {
            tree.visit(root, &mut seen);
        }
        // What no root reaches hangs on a circle.
        for index in 0..tree.nodes.len() {
            if !seen[index] {
                oddities.cycles += 1;
                let first = tree.on_circle(index);
                if let Some(parent) = tree.nodes[first].parent.take() {
                    tree.nodes[parent].children.retain(|&c| c != first);
                }
                tree.visit(first, &mut seen);
            }
        }
        tree.settle(oddities);
        Some(tree)
    }

    /// Puts a node and all below it into the order.
    fn visit(&mut self, root: usize, seen: &mut [bool]) {
        let mut open = vec![root];
        while let Some(index) = open.pop() {
            seen[index] = true;
            self.order.push(index);
            open.extend(self.nodes[index].children.iter().rev());
        }
    }

    /// The earliest node of the circle that a node's parents end in.
    fn on_circle(&self, from: usize) -> usize {
        let parent = |index: usize| self.nodes[index].parent.unwrap_or(index);
        // So many steps lead onto the circle.
        let mut at = from;
        for _ in 0..self.nodes.len() {
            at = parent(at);
        }
        let (mut first, mut next) = (at, parent(at));
        while next != at {
            first = first.min(next);
            next = parent(next);
        }
        first
    }

    /// Decides who waits for whom, and brings children into their parents.
    fn settle(&mut self, oddities: &mut Oddities) {
        let mut shifts = vec![0_i64; self.nodes.len()];
        for k in 0..self.order.len() {
            let index = self.order[k];
            let Some(parent) = self.nodes[index].parent else {
                continue;
            };
            let shift = shifts[parent];
            let (from, to) = (self.nodes[parent].start, self.nodes[parent].end);
            let caller = self.nodes[parent].span;
            let node = &mut self.nodes[index];
            node.start = node.start.saturating_add(shift);
            node.end = node.end.saturating_add(shift);
            shifts[index] = shift;
            let (kind, called_by) = (node.span.kind, caller.kind);
            let is_call = called_by == Some(SpanKind::Client) && kind == Some(SpanKind::Server);
            node.detached = kind == Some(SpanKind::Consumer)
                || called_by == Some(SpanKind::Producer)
                || (node.start >= to && node.end > to && !is_call);
            let duration = node.end.saturating_sub(node.start);
            let move_by = if node.detached {
                if node.start >= from {
                    continue;
                }
                from.saturating_sub(node.start)
            } else {
                let early = from.saturating_sub(node.start);
                let late = node.end.saturating_sub(to);
                let spare = to.saturating_sub(from).saturating_sub(duration);
                if early <= ROUNDING && late <= ROUNDING {
                    0
                } else if caller.service != node.span.service && spare >= 0 {
                    from.saturating_add(spare / 2).saturating_sub(node.start)
                } else {
                    oddities.clipped += 1;
                    0
                }
            };
            if move_by != 0 {
                oddities.moved += 1;
                node.start = node.start.saturating_add(move_by);
                node.end = node.end.saturating_add(move_by);
                shifts[index] = shift.saturating_add(move_by);
            }
            if !node.detached {
                node.start = node.start.clamp(from, to);
                node.end = node.end.clamp(node.start, to);
            }
        }
        let times: Vec<(i64, i64)> = self.nodes.iter().map(|n| (n.start, n.end)).collect();
        for node in &mut self.nodes {
            node.children.sort_by_key(|&c| (times[c], c));
        }
    }

    /// The children that a node waits for, by begin.
    pub(super) fn awaited(&self, index: usize) -> impl DoubleEndedIterator<Item = usize> + '_ {
        let children = self.nodes[index].children.iter().copied();
        children.filter(|&child| !self.nodes[child].detached)
    }

    /// How much of a node's time children that it waits for cover.
    pub(super) fn covered(&self, index: usize) -> i64 {
        let mut covered = 0_i64;
        let mut until = self.nodes[index].start;
        for child in self.awaited(index) {
            let (start, end) = (self.nodes[child].start.max(until), self.nodes[child].end);
            if end > start {
                covered = covered.saturating_add(end.saturating_sub(start));
                until = end;
            }
        }
        covered
    }

    /// When a node that nobody waits for was handed over: at its parent's end, at the latest
    /// when it began.
    pub(super) fn handed_over(&self, index: usize) -> i64 {
        let node = &self.nodes[index];
        let parent = node.parent.map(|parent| self.nodes[parent].end);
        parent.map_or(node.start, |end| end.min(node.start))
    }

    /// How long a node stood in a queue.
    pub(super) fn queued(&self, index: usize) -> i64 {
        let node = &self.nodes[index];
        if node.detached {
            node.start.saturating_sub(self.handed_over(index))
        } else {
            0
        }
    }

    /// The node whose end is the trace's end.
    pub(super) fn last(&self, extent: Extent) -> usize {
        let mut last = self.root;
        if extent == Extent::Everything {
            // Only what the root caused: in the order from the root on, up to the next root.
            for &index in &self.order {
                let node = &self.nodes[index];
                if node.parent.is_none() && index != self.root {
                    break;
                }
                if node.detached && node.end > self.nodes[last].end {
                    last = index;
                }
            }
        }
        last
    }

    /// From the root's begin to the trace's end, ns.
    pub(super) fn duration(&self, extent: Extent) -> i64 {
        let end = self.nodes[self.last(extent)].end;
        end.saturating_sub(self.nodes[self.root].start)
    }
}
