//! The parts of a template, and how Go writes them in its errors.

use std::collections::BTreeMap;
use std::fmt;

use super::literal::Number;
use super::quote::quote;

/// The templates of a text by their names; the text itself is the root.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    /// The text's own nodes.
    pub(super) root: List,
    /// Those that `define` and `block` made.
    pub(super) defined: BTreeMap<String, List>,
}

/// Nodes that follow each other.
#[derive(Debug, Clone, Default)]
pub(super) struct List(pub(super) Vec<Node>);

/// A piece of text or an action.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Its first byte.
    pub(super) pos: usize,
    /// What it is.
    pub(super) kind: NodeKind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum NodeKind {
    Text(String),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(String, Option<Pipe>),
    Break,
    Continue,
}

/// An `if`, `with` or `range`.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) list: List,
    pub(super) otherwise: Option<List>,
}

/// Commands, each of which gets the one before as its last argument.
#[derive(Debug, Clone)]
pub(super) struct Pipe {
    pub(super) pos: usize,
    /// `=` instead of `:=`.
    pub(super) assigns: bool,
    /// The variables that are set, with their dollar signs.
    pub(super) variables: Vec<String>,
    pub(super) commands: Vec<Command>,
}

/// A function or operand with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// Never empty.
    pub(super) args: Vec<Expr>,
}

/// An operand.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub(super) pos: usize,
    pub(super) kind: ExprKind,
}

/// What an operand is.
#[derive(Debug, Clone)]
pub(super) enum ExprKind {
    Bool(bool),
    Dot,
    Nil,
    /// The names without their dots.
    Field(Vec<String>),
    /// The variable with its dollar sign, then its fields.
    Variable(Vec<String>),
    Function(String),
    Number(Number),
    String {
        quoted: String,
        text: String,
    },
    Pipe(Pipe),
    /// Fields of a parenthesised pipeline or of a function's result.
    Chain(Box<Expr>, Vec<String>),
}

impl List {
    /// Whether there is nothing but blanks.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|node| match &node.kind {
            NodeKind::Text(text) => text.trim().is_empty(),
            _ => false,
        })
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|node| node.fmt(f))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            NodeKind::Text(text) => f.write_str(text),
            NodeKind::Action(pipe) => write!(f, "{{{{{pipe}}}}}"),
            NodeKind::If(branch) => branch.write("if", f),
            NodeKind::With(branch) => branch.write("with", f),
            NodeKind::Range(branch) => branch.write("range", f),
            NodeKind::Template(name, None) => write!(f, "{{{{template {}}}}}", quote(name)),
            NodeKind::Template(name, Some(pipe)) => {
                write!(f, "{{{{template {} {pipe}}}}}", quote(name))
            }
            NodeKind::Break => f.write_str("{{break}}"),
            NodeKind::Continue => f.write_str("{{continue}}"),
        }
    }
}

impl Branch {
    fn write(&self, keyword: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{{keyword} {}}}}}{}", self.pipe, self.list)?;
        if let Some(otherwise) = &self.otherwise {
            write!(f, "{{{{else}}}}{otherwise}")?;
        }
        f.write_str("{{end}}")
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.assigns { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (i, command) in self.commands.iter().enumerate() {
            if i > 0 {
                f.write_str(" | ")?;
            }
            command.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arg) in self.args.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            match &arg.kind {
                ExprKind::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => arg.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Bool(value) => value.fmt(f),
            ExprKind::Dot => f.write_str("."),
            ExprKind::Nil => f.write_str("nil"),
            ExprKind::Field(names) => names.iter().try_for_each(|name| write!(f, ".{name}")),
            ExprKind::Variable(names) => f.write_str(&names.join(".")),
            ExprKind::Function(name) => f.write_str(name),
            ExprKind::Number(number) => f.write_str(&number.text),
            ExprKind::String { quoted, .. } => f.write_str(quoted),
            ExprKind::Pipe(pipe) => pipe.fmt(f),
            ExprKind::Chain(of, names) => {
                match &of.kind {
                    ExprKind::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => of.fmt(f)?,
                }
                names.iter().try_for_each(|name| write!(f, ".{name}"))
            }
        }
    }
}
