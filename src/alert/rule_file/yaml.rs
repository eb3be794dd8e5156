//! A YAML text as a tree whose nodes know where they stand.
//!
//! The parser's events are kept with the text of each scalar as written, since
//! Prometheus takes `severity: 1` as the string `1`. Aliases are replaced by
//! what they stand for, merge keys (`<<`) by the fields that they add.

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, Span as ParserSpan};

use crate::alert::rule_file::Place;
use crate::promql::Span;

/// Why a text is not YAML.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    /// What the parser says.
    pub(crate) message: String,
    /// Where.
    pub(crate) place: Place,
    /// The byte at which it happened.
    pub(crate) offset: usize,
}

/// A node.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    /// Where it begins.
    pub(crate) place: Place,
    /// Its bytes; of a block scalar from its first character on that is not blank.
    pub(crate) span: Span,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    Scalar { text: String, style: ScalarStyle },
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// Whether it is an empty value.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, style: ScalarStyle::Plain }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// A scalar's text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// More nodes than any rule file has; a guard against aliases of aliases.
const MAX_NODES: usize = 2_000_000;
/// Deeper than any rule file is.
const MAX_DEPTH: usize = 64;

/// Reads all documents of a text; empty ones are left out.
pub(crate) fn documents(source: &str) -> Result<Vec<Node>, SyntaxError> {
    let mut builder = Builder {
        source,
        documents: Vec::new(),
        open: Vec::new(),
        anchors: Vec::new(),
        nodes: 0,
    };
    for event in Parser::new_from_str(source) {
        let (event, span) = event.map_err(|error| {
            let marker = *error.marker();
            builder.error(error.kind().to_string(), &marker)
        })?;
        builder.event(event, &span)?;
    }
    let mut documents = builder.documents;
    documents.retain(|document| !document.is_null());
    Ok(documents)
}

/// A sequence or a mapping whose end is not yet seen.
struct Open {
    kind: OpenKind,
    anchor: usize,
    place: Place,
    start: usize,
}

enum OpenKind {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<(Node, Node)>,
        key: Option<Node>,
    },
}

struct Builder<'a> {
    source: &'a str,
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: Vec<(usize, Node)>,
    nodes: usize,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: &ParserSpan) -> Result<(), SyntaxError> {
        let place = place(&span.start);
        let start = self.offset(&span.start);
        let end = self.offset(&span.end).max(start);
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, _) => {
                let node = Node {
                    kind: NodeKind::Scalar {
                        text: text.into_owned(),
                        style,
                    },
                    place,
                    span: Span { start, end },
                };
                self.close(node, anchor, &span.start)?;
            }
            Event::Alias(id) => {
                let found = self.anchors.iter().rev().find(|(anchor, _)| *anchor == id);
                let Some((_, node)) = found else {
                    return Err(self.error("an alias of itself".to_owned(), &span.start));
                };
                let node = node.clone();
                self.nodes += count(&node);
                self.close(node, 0, &span.start)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                let kind = OpenKind::Sequence(Vec::new());
                self.start(kind, anchor, place, start, &span.start)?;
            }
            Event::MappingStart(_, anchor, _) => {
                let kind = OpenKind::Mapping {
                    entries: Vec::new(),
                    key: None,
                };
                self.start(kind, anchor, place, start, &span.start)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let kind = match open.kind {
                        OpenKind::Sequence(items) => NodeKind::Sequence(items),
                        OpenKind::Mapping { entries, .. } => NodeKind::Mapping(merge(entries)),
                    };
                    let node = Node {
                        kind,
                        place: open.place,
                        span: Span {
                            start: open.start,
                            end: end.max(open.start),
                        },
                    };
                    self.close(node, open.anchor, &span.start)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn start(
        &mut self,
        kind: OpenKind,
        anchor: usize,
        place: Place,
        start: usize,
        marker: &Marker,
    ) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH}"), marker));
        }
        self.open.push(Open {
            kind,
            anchor,
            place,
            start,
        });
        Ok(())
    }

    /// Puts a whole node where it belongs.
    fn close(&mut self, node: Node, anchor: usize, marker: &Marker) -> Result<(), SyntaxError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.error(format!("more than {MAX_NODES} nodes"), marker));
        }
        if anchor != 0 {
            self.nodes += count(&node);
            self.anchors.push((anchor, node.clone()));
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.documents.push(node),
            Some(OpenKind::Sequence(items)) => items.push(node),
            Some(OpenKind::Mapping { entries, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
        Ok(())
    }

    fn error(&self, message: String, marker: &Marker) -> SyntaxError {
        SyntaxError {
            message,
            place: place(marker),
            offset: self.offset(marker),
        }
    }

    fn offset(&self, marker: &Marker) -> usize {
        let offset = marker.byte_offset().unwrap_or(0).min(self.source.len());
        self.source.floor_char_boundary(offset)
    }
}

fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

fn count(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Scalar { .. } => 1,
        NodeKind::Sequence(items) => 1 + items.iter().map(count).sum::<usize>(),
        NodeKind::Mapping(entries) => {
            1 + entries
                .iter()
                .map(|(key, value)| count(key) + count(value))
                .sum::<usize>()
        }
    }
}

/// Replaces merge keys by the fields that they add.
fn merge(entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let is_merge = |key: &Node| matches!(&key.kind, NodeKind::Scalar { text, style: ScalarStyle::Plain } if text == "<<");
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| is_merge(key));
    for (key, value) in merges {
        let maps = match value.kind {
            NodeKind::Mapping(fields) => vec![fields],
            NodeKind::Sequence(items)
                if items.iter().all(|i| matches!(i.kind, NodeKind::Mapping(_))) =>
            {
                let fields = |item: Node| match item.kind {
                    NodeKind::Mapping(fields) => fields,
                    _ => Vec::new(),
                };
                items.into_iter().map(fields).collect()
            }
            _ => {
                // Not a mapping to merge: left as a field, which the reader refuses.
                own.push((key, value));
                continue;
            }
        };
        for (name, value) in maps.into_iter().flatten() {
            if !own.iter().any(|(have, _)| have.text() == name.text()) {
                own.push((name, value));
            }
        }
    }
    own
}
