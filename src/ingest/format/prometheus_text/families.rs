//! What comment lines say of metric families, and which names their samples have.

use std::collections::{BTreeMap, HashSet};

use super::super::series_text::unescape;
use crate::ingest::RecordSink;
use crate::model::{METRIC_NAME, MetricMetadata, MetricType};

/// A line that begins with `#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comment<'l> {
    /// `# TYPE name type`.
    Type(&'l [u8], &'l [u8]),
    /// `# HELP name text`, the text still escaped.
    Help(&'l [u8], &'l [u8]),
    /// `# UNIT name unit`.
    Unit(&'l [u8], &'l [u8]),
    /// `# EOF`.
    Eof,
    /// Anything else: a remark.
    Other,
}

impl<'l> Comment<'l> {
    pub(super) fn parse(line: &'l [u8]) -> Self {
        let Some(rest) = line.strip_prefix(b"#") else {
            return Self::Other;
        };
        let (keyword, rest) = super::token(rest);
        if keyword == b"EOF" && rest.trim_ascii().is_empty() {
            return Self::Eof;
        }
        let (mut name, text) = super::token(rest);
        // Prometheus 3 quotes names that were not allowed before.
        if let [b'"', inner @ .., b'"'] = name {
            name = inner;
        }
        let text = text.trim_ascii();
        match keyword {
            _ if name.is_empty() => Self::Other,
            b"TYPE" => Self::Type(name, text),
            b"HELP" => Self::Help(name, text),
            b"UNIT" => Self::Unit(name, text),
            _ => Self::Other,
        }
    }

    /// Whether exposition text has no such line.
    pub(super) fn is_open_metrics(self) -> bool {
        match self {
            Self::Unit(..) | Self::Eof => true,
            Self::Type(_, kind) => {
                matches!(kind, b"unknown" | b"info" | b"stateset" | b"gaugehistogram")
            }
            Self::Help(..) | Self::Other => false,
        }
    }
}

/// The metadata of the families, and the names of the samples.
#[derive(Debug, Default)]
pub(super) struct Families {
    families: BTreeMap<String, MetricMetadata>,
    names: HashSet<Box<str>>,
}

impl Families {
    /// Takes a comment; an error is the reason for rejecting it.
    pub(super) fn note(&mut self, comment: Comment<'_>) -> Result<(), String> {
        let (name, text) = match comment {
            Comment::Type(name, text) | Comment::Help(name, text) | Comment::Unit(name, text) => {
                (name, text)
            }
            Comment::Eof | Comment::Other => return Ok(()),
        };
        let utf8 = |bytes| std::str::from_utf8(bytes).map_err(|_| "the comment is not UTF-8");
        let (name, text) = (utf8(name)?, utf8(text)?);
        // One copy of what each scrape repeats.
        if !self.families.contains_key(name) {
            self.families
                .insert(name.to_owned(), MetricMetadata::default());
        }
        let Some(family) = self.families.get_mut(name) else {
            return Ok(());
        };
        match comment {
            Comment::Type(..) => family.metric_type = MetricType::parse(text),
            Comment::Unit(..) => family.unit = (!text.is_empty()).then(|| text.to_owned()),
            _ => family.help = (!text.is_empty()).then(|| unescape(text)),
        }
        Ok(())
    }

    /// Takes the labels of a new series.
    pub(super) fn saw(&mut self, pairs: &[(Box<str>, Box<str>)]) {
        let name = pairs.iter().find(|(name, _)| &**name == METRIC_NAME);
        if let Some((_, name)) = name
            && !self.names.contains(name)
        {
            self.names.insert(name.clone());
        }
    }

    /// Hands over the metadata. An OpenMetrics counter `requests` has samples
    /// called `requests_total`: that is the metric that its metadata is of.
    pub(super) fn hand_over(&mut self, sink: &mut dyn RecordSink) {
        for (family, metadata) in std::mem::take(&mut self.families) {
            if metadata == MetricMetadata::default() {
                continue;
            }
            if metadata.metric_type == Some(MetricType::Counter) {
                let total = format!("{family}_total");
                let has_total = self.names.contains(total.as_str());
                if has_total && self.names.contains(family.as_str()) {
                    sink.metadata(&family, metadata.clone());
                }
                sink.metadata(if has_total { &total } else { &family }, metadata);
            } else {
                sink.metadata(&family, metadata);
            }
        }
    }
}
