use super::Extent;
use super::tree::Tree;

/// What the trace's time was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// The span's own work.
    Working,
    /// The span had been handed over and had not begun.
    Queued,
}

/// A stretch of a critical path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) node: usize,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) doing: Doing,
}

/// The critical path, from its end to its begin; without a gap.
pub(super) fn critical_path(tree: &Tree<'_>, extent: Extent) -> Vec<Segment> {
    let mut path = Vec::new();
    let mut at = tree.last(extent);
    let mut until = tree.nodes[at].end;
    loop {
        walk(tree, at, until, &mut path);
        let node = &tree.nodes[at];
        let Some(parent) = node.parent else {
            return path;
        };
        until = node.start;
        if node.detached {
            until = tree.handed_over(at);
            push(&mut path, at, until, node.start, Doing::Queued);
        }
        at = parent;
    }
}

/// The path within a span up to a time, through the children that it waited for.
fn walk(tree: &Tree<'_>, root: usize, until: i64, path: &mut Vec<Segment>) {
    /// A span, the time down to which it is told, and the children that may come next.
    struct Open {
        node: usize,
        until: i64,
        children: Vec<usize>,
    }
    let open = |node: usize, until: i64| {
        let mut children: Vec<usize> = tree.awaited(node).collect();
        children.sort_by_key(|&child| tree.nodes[child].end);
        Open {
            node,
            until,
            children,
        }
    };
    let mut stack = vec![open(root, until)];
    while let Some(top) = stack.last_mut() {
        let next = loop {
            match top.children.pop() {
                Some(child) if tree.nodes[child].end > top.until => {}
                other => break other,
            }
        };
        match next {
            Some(child) => {
                let (start, end) = (tree.nodes[child].start, tree.nodes[child].end);
                push(path, top.node, end, top.until, Doing::Working);
                top.until = start;
                stack.push(open(child, end));
            }
            None => {
                let start = tree.nodes[top.node].start;
                push(path, top.node, start, top.until, Doing::Working);
                stack.pop();
            }
        }
    }
}

fn push(path: &mut Vec<Segment>, node: usize, from: i64, to: i64, doing: Doing) {
    if to > from {
        path.push(Segment {
            node,
            from,
            to,
            doing,
        });
    }
}
