//! What a template's text depends on.

use super::syntax::{Branch, Expr, ExprKind, List, NodeKind, Pipe, Templates};

/// What a text depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dependencies {
    /// The alert's value.
    pub(super) value: bool,
    /// The results of queries.
    pub(super) query: bool,
}

/// Finds what the nodes behind `start` depend on. A `.Value` counts whatever it
/// is a field of.
pub(super) fn dependencies(text: &str, templates: &Templates, start: usize) -> Dependencies {
    let mut found = Dependencies::default();
    let nodes = templates.root.0.iter();
    // The beginning sets `$value`, which does not count as its use.
    for node in nodes.filter(|node| node.pos >= start.min(text.len())) {
        found.node(&node.kind, true);
    }
    for list in templates.defined.values() {
        found.list(list, false);
    }
    found
}

impl Dependencies {
    /// `at_root`: dot is what the template began with.
    fn list(&mut self, list: &List, at_root: bool) {
        for node in &list.0 {
            self.node(&node.kind, at_root);
        }
    }

    fn node(&mut self, node: &NodeKind, at_root: bool) {
        match node {
            NodeKind::Text(_) | NodeKind::Break | NodeKind::Continue => {}
            NodeKind::Action(pipe) => self.pipe(pipe, at_root),
            NodeKind::If(branch) => self.branch(branch, at_root, at_root),
            NodeKind::With(branch) | NodeKind::Range(branch) => {
                self.branch(branch, false, at_root);
            }
            // What is done with dot is seen in the template that gets it.
            NodeKind::Template(_, pipe) => {
                if let Some(pipe) = pipe {
                    self.pipe(pipe, false);
                }
            }
        }
    }

    fn branch(&mut self, branch: &Branch, inner: bool, at_root: bool) {
        self.pipe(&branch.pipe, at_root);
        self.list(&branch.list, inner);
        if let Some(otherwise) = &branch.otherwise {
            self.list(otherwise, at_root);
        }
    }

    fn pipe(&mut self, pipe: &Pipe, at_root: bool) {
        for arg in pipe.commands.iter().flat_map(|command| &command.args) {
            self.expr(arg, at_root);
        }
    }

    fn expr(&mut self, expr: &Expr, at_root: bool) {
        let is_value = |names: &[String]| names.iter().any(|name| name == "Value");
        match &expr.kind {
            ExprKind::Dot => self.value |= at_root,
            ExprKind::Field(names) => self.value |= is_value(names),
            ExprKind::Variable(names) => {
                let is_whole = names.len() == 1 && names[0] == "$";
                self.value |= names[0] == "$value" || is_whole || is_value(names);
            }
            ExprKind::Function(name) => self.query |= name == "query",
            ExprKind::Pipe(pipe) => self.pipe(pipe, at_root),
            ExprKind::Chain(of, names) => {
                self.value |= is_value(names);
                self.expr(of, at_root);
            }
            ExprKind::Bool(_) | ExprKind::Nil | ExprKind::Number(_) | ExprKind::String { .. } => {}
        }
    }
}
