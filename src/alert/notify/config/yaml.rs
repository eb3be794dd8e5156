//! YAML as a tree in which every node knows its place.
//!
//! Scalars keep the text of the file (`5m`, `0.10`, `yes`), as Go's decoder gives
//! it to a string field.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::error::{ConfigError, ConfigErrorKind};
use crate::alert::rule_file::Place;
use crate::model::did_you_mean;
use crate::promql::{Span, caret};

/// A node of the tree.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) content: Content,
    pub(crate) at: At,
}

/// Where a node begins, and its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct At {
    pub(crate) place: Place,
    span: Span,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Content {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: At,
    pub(crate) value: Node,
}

/// A file's text, of which errors show a line.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a>(pub(crate) &'a str);

impl Source<'_> {
    /// Reads the text as one document.
    pub(crate) fn read(self) -> Result<Node, ConfigError> {
        match serde_saphyr::from_str::<Spanned<Raw>>(self.0) {
            Ok(raw) => Ok(self.node(raw)),
            Err(error) => {
                let at = error.location().map(|l| self.at(l)).unwrap_or_default();
                let text = error.without_snippet().to_string();
                // The place stands beside the message already.
                let text = text.split(" at line ").next().unwrap_or_default();
                Err(self.error(at, ConfigErrorKind::Yaml(text.to_owned())))
            }
        }
    }

    pub(crate) fn error(self, at: At, kind: ConfigErrorKind) -> ConfigError {
        ConfigError {
            kind,
            place: at.place,
            excerpt: caret(self.0, at.span),
        }
    }

    fn at(self, location: Location) -> At {
        let start = location.span().byte_offset().unwrap_or(0) as usize;
        let length = location.span().byte_len().unwrap_or(0) as usize;
        At {
            place: Place {
                line: location.line() as usize,
                column: location.column() as usize,
            },
            span: Span {
                start,
                end: start.saturating_add(length),
            },
        }
    }

    fn node(self, raw: Spanned<Raw>) -> Node {
        let at = self.at(raw.referenced);
        let content = match raw.value {
            Raw::Null => Content::Null,
            Raw::Text(text) => Content::Text(text),
            Raw::Typed(text) => {
                // `0.10` was read as a number: take what is written.
                let defined = self.at(raw.defined).span;
                let written = self.0.get(defined.start..defined.end).map(str::trim);
                Content::Text(match written {
                    Some(written) if !written.is_empty() => written.to_owned(),
                    _ => text,
                })
            }
            Raw::List(items) => {
                Content::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            Raw::Map(entries) => Content::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry {
                        key_at: self.at(key.referenced),
                        key: key.value,
                        value: self.node(value),
                    })
                    .collect(),
            ),
        };
        Node { content, at }
    }

    /// The entries of a mapping; none where there is nothing.
    pub(crate) fn map<'n>(
        self,
        node: &'n Node,
        field: &'static str,
    ) -> Result<&'n [Entry], ConfigError> {
        match &node.content {
            Content::Map(entries) => Ok(entries),
            Content::Null => Ok(&[]),
            _ => Err(self.wrong(node, field, "a mapping")),
        }
    }

    /// The items of a list; none where there is nothing.
    pub(crate) fn list<'n>(
        self,
        node: &'n Node,
        field: &'static str,
    ) -> Result<&'n [Node], ConfigError> {
        match &node.content {
            Content::List(items) => Ok(items),
            Content::Null => Ok(&[]),
            _ => Err(self.wrong(node, field, "a list")),
        }
    }

    /// A scalar's text; `""` where there is nothing.
    pub(crate) fn text<'n>(
        self,
        node: &'n Node,
        field: &'static str,
    ) -> Result<&'n str, ConfigError> {
        match &node.content {
            Content::Text(text) => Ok(text),
            Content::Null => Ok(""),
            _ => Err(self.wrong(node, field, "a text")),
        }
    }

    /// A boolean, as YAML 1.1 spells it.
    pub(crate) fn bool(self, node: &Node, field: &'static str) -> Result<bool, ConfigError> {
        match self.text(node, field)?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Ok(true),
            "" | "false" | "no" | "off" | "n" => Ok(false),
            _ => Err(self.wrong(node, field, "true or false")),
        }
    }

    /// A list of texts; one text by itself counts as a list of one, as in Go's decoder.
    pub(crate) fn texts<'n>(
        self,
        node: &'n Node,
        field: &'static str,
    ) -> Result<Vec<(&'n str, At)>, ConfigError> {
        if let Content::Text(text) = &node.content {
            return Ok(vec![(text, node.at)]);
        }
        self.list(node, field)?
            .iter()
            .map(|item| Ok((self.text(item, field)?, item.at)))
            .collect()
    }

    /// The error about a field that a section does not have.
    pub(crate) fn unknown(
        self,
        entry: &Entry,
        section: &'static str,
        fields: &[&'static str],
    ) -> ConfigError {
        let kind = ConfigErrorKind::UnknownField {
            field: entry.key.clone(),
            section,
            suggestion: did_you_mean(&entry.key, fields.iter().copied()).map(str::to_owned),
        };
        self.error(entry.key_at, kind)
    }

    pub(crate) fn wrong(
        self,
        node: &Node,
        field: &'static str,
        expected: &'static str,
    ) -> ConfigError {
        let found = match node.content {
            Content::Null => "nothing",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        };
        let mut at = node.at;
        if !matches!(node.content, Content::Text(_)) {
            at.span.end = at.span.start;
        }
        let kind = ConfigErrorKind::WrongType {
            field,
            expected,
            found,
        };
        self.error(at, kind)
    }
}

enum Raw {
    Null,
    Text(String),
    /// A scalar that YAML takes for a number or a boolean.
    Typed(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Raw, E> {
        Ok(Raw::Text(String::from_utf8_lossy(value).into_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
