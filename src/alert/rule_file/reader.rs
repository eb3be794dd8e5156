//! Reads fields out of a YAML tree, strictly, and goes on after a fault.

use crate::alert::rule_file::yaml::{Node, NodeKind};
use crate::model::{did_you_mean, parse_duration};
use crate::promql::Span;

/// Why a part of a file has not the shape that it must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// A field that there is not.
    #[error("{owner} has no field {field:?}{}", hint(*suggestion, known))]
    UnknownField {
        /// What the field stands in, with its article.
        owner: &'static str,
        /// Its name.
        field: String,
        /// The field that was probably meant.
        suggestion: Option<&'static str>,
        /// All fields that there are.
        known: &'static [&'static str],
    },
    /// A field stands twice.
    #[error("field {0:?} is given twice")]
    Duplicate(String),
    /// Something else is expected there.
    #[error("expected {0}")]
    Expected(&'static str),
    /// Not a duration.
    #[error("{0:?} is not a duration: write it as Prometheus does, `5m`, `1h30m`, `7d`")]
    Duration(String),
    /// Not a number.
    #[error("{0:?} is not a number")]
    Number(String),
}

fn hint(suggestion: Option<&str>, known: &[&str]) -> String {
    match suggestion {
        Some(name) => format!("; did you mean {name:?}?"),
        None => format!("; it has {}", known.join(", ")),
    }
}

/// A part of a file and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) span: Span,
    pub(crate) error: ShapeError,
}

/// Reads nodes and collects what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) faults: Vec<Fault>,
}

/// A name and the text that it stands for.
#[derive(Debug)]
pub(crate) struct NamedText<'n> {
    pub(crate) key: &'n Node,
    pub(crate) value: &'n Node,
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The fields of a mapping.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Fields<'n>(&'n [(Node, Node)]);

impl<'n> Fields<'n> {
    /// A field's name and its value; `None` for an empty value too.
    pub(crate) fn entry(&self, name: &str) -> Option<(&'n Node, &'n Node)> {
        self.0
            .iter()
            .find(|(key, value)| key.text() == Some(name) && !value.is_null())
            .map(|(key, value)| (key, value))
    }

    /// A field's value.
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The node of a field's name, also where it has no value.
    pub(crate) fn key(&self, name: &str) -> Option<&'n Node> {
        self.0
            .iter()
            .map(|(key, _)| key)
            .find(|key| key.text() == Some(name))
    }
}

impl Reader {
    pub(crate) fn fault(&mut self, node: &Node, error: ShapeError) {
        // Of a list or a mapping the caret stands at its beginning.
        let end = match node.kind {
            NodeKind::Scalar { .. } => node.span.end,
            _ => node.span.start,
        };
        self.faults.push(Fault {
            span: Span {
                start: node.span.start,
                end,
            },
            error,
        });
    }

    /// The fields of a mapping, whatever they are called.
    pub(crate) fn any_fields<'n>(&mut self, node: &'n Node, what: &'static str) -> Fields<'n> {
        let NodeKind::Mapping(entries) = &node.kind else {
            if !node.is_null() {
                self.fault(node, ShapeError::Expected(what));
            }
            return Fields::default();
        };
        for (at, (key, _)) in entries.iter().enumerate() {
            let Some(name) = key.text() else {
                self.fault(key, ShapeError::Expected("a name"));
                continue;
            };
            if entries[..at].iter().any(|(k, _)| k.text() == Some(name)) {
                self.fault(key, ShapeError::Duplicate(name.to_owned()));
            }
        }
        Fields(entries)
    }

    /// The fields of a mapping, of which no others than the known may be there.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        owner: &'static str,
        known: &'static [&'static str],
    ) -> Fields<'n> {
        let fields = self.any_fields(node, owner);
        for (key, _) in fields.0 {
            if let Some(name) = key.text()
                && !known.contains(&name)
            {
                let error = ShapeError::UnknownField {
                    owner,
                    field: name.to_owned(),
                    suggestion: did_you_mean(name, known.iter().copied()),
                    known,
                };
                self.fault(key, error);
            }
        }
        fields
    }

    /// The items of a list; none where there is no node.
    pub(crate) fn list<'n>(&mut self, node: Option<&'n Node>, what: &'static str) -> &'n [Node] {
        match node.map(|node| (node, &node.kind)) {
            None => &[],
            Some((_, NodeKind::Sequence(items))) => items,
            Some((node, _)) => {
                self.fault(node, ShapeError::Expected(what));
                &[]
            }
        }
    }

    /// A scalar's text; empty where there is none.
    pub(crate) fn text(&mut self, node: Option<&Node>) -> String {
        let Some(node) = node else {
            return String::new();
        };
        match node.text() {
            Some(text) if !node.is_null() => text.to_owned(),
            Some(_) => String::new(),
            None => {
                self.fault(node, ShapeError::Expected("a text"));
                String::new()
            }
        }
    }

    /// A duration, µs.
    pub(crate) fn duration(&mut self, node: Option<&Node>) -> Option<i64> {
        let node = node?;
        let Some(text) = node.text() else {
            self.fault(node, ShapeError::Expected("a duration"));
            return None;
        };
        match parse_duration(text) {
            Ok(duration) => Some(duration),
            Err(_) => {
                self.fault(node, ShapeError::Duration(text.to_owned()));
                None
            }
        }
    }

    /// Any text that can be read as a number.
    pub(crate) fn number<T: std::str::FromStr>(&mut self, node: Option<&Node>) -> Option<T> {
        let node = node?;
        let Some(text) = node.text() else {
            self.fault(node, ShapeError::Expected("a number"));
            return None;
        };
        let number = text.parse().ok();
        if number.is_none() {
            self.fault(node, ShapeError::Number(text.to_owned()));
        }
        number
    }

    /// Names and texts, in their order.
    pub(crate) fn texts<'n>(
        &mut self,
        node: Option<&'n Node>,
        what: &'static str,
    ) -> Vec<NamedText<'n>> {
        let Some(node) = node else {
            return Vec::new();
        };
        let fields = self.any_fields(node, what);
        fields
            .0
            .iter()
            .filter_map(|(key, value)| {
                let name = key.text()?.to_owned();
                let text = self.text(Some(value));
                Some(NamedText {
                    key,
                    value,
                    name,
                    text,
                })
            })
            .collect()
    }
}
