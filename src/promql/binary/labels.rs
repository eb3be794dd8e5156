//! Match keys, the labels of results, and label sets as Prometheus' errors write them.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::model::{Labels, METRIC_NAME};
use crate::promql::binary::Operation;
use crate::promql::eval::{is_metadata, without_name};
use crate::promql::expr::{Cardinality, Matching};
use crate::promql::options::Options;
use crate::promql::vector::Series;

/// Copies a label set only where a label goes.
fn filtered(labels: &Arc<Labels>, keep: impl Fn(&str) -> bool) -> Arc<Labels> {
    if labels.iter().all(|(name, _)| keep(name)) {
        labels.clone()
    } else {
        Arc::new(labels.filtered(keep))
    }
}

fn names(matching: &Matching, name: &str) -> bool {
    matching.labels.iter().any(|label| label == name)
}

/// Whether a label is compared by `on` or `ignoring`.
fn is_compared(matching: &Matching, name: &str) -> bool {
    if matching.on {
        names(matching, name)
    } else {
        name != METRIC_NAME && !names(matching, name)
    }
}

/// The ordinals of both sides' match keys, and how many keys there are.
pub(super) struct Keys {
    /// For each series of the left side.
    pub lhs: Vec<usize>,
    /// For each series of the right side.
    pub rhs: Vec<usize>,
    /// The number of different keys.
    pub count: usize,
}

/// Numbers the match keys of two vectors.
pub(super) fn match_keys(matching: &Matching, lhs: &[Series], rhs: &[Series]) -> Keys {
    let mut ordinals: HashMap<Box<[u8]>, usize> = HashMap::with_capacity(rhs.len());
    let mut key = Vec::with_capacity(128);
    let mut number = |series: &Series| {
        key.clear();
        for (name, value) in series.labels.iter() {
            if is_compared(matching, name) {
                key.extend_from_slice(name.as_bytes());
                key.push(0xff);
                key.extend_from_slice(value.as_bytes());
                key.push(0xff);
            }
        }
        if let Some(ordinal) = ordinals.get(key.as_slice()) {
            return *ordinal;
        }
        let ordinal = ordinals.len();
        ordinals.insert(key.as_slice().into(), ordinal);
        ordinal
    };
    let lhs = lhs.iter().map(&mut number).collect();
    let rhs = rhs.iter().map(&mut number).collect();
    Keys {
        lhs,
        rhs,
        count: ordinals.len(),
    }
}

/// The labels of what two matched series give; `many` is the side whose labels are kept.
pub(super) fn result_labels(
    operation: &Operation<'_>,
    many: &Arc<Labels>,
    one: &Labels,
    options: &Options,
) -> Arc<Labels> {
    let matching = operation.matching;
    let version = options.version;
    // With delayed removal, arithmetic still drops the name at once; only `bool` waits.
    let mut labels = filtered(many, |name| {
        !(operation.changes_quantity(version) && is_metadata(name, version))
            && match matching.cardinality {
                Cardinality::OneToOne => names(matching, name) == matching.on,
                _ => true,
            }
    });
    for name in &matching.include {
        let value = one.get(name).unwrap_or("");
        if labels.get(name).unwrap_or("") != value {
            labels = Arc::new(labels.with(name, value));
        }
    }
    if operation.return_bool && !options.delayed_name_removal {
        labels = without_name(&labels, version);
    }
    labels
}

/// Writes the part of a label set that is compared.
pub(super) fn match_group(labels: &Labels, matching: &Matching) -> String {
    in_braces(&labels.filtered(|name| is_compared(matching, name)))
}

/// Writes a label set as Prometheus' errors do: the name is a label like any other.
pub(super) fn in_braces(labels: &Labels) -> String {
    let mut text = String::from("{");
    for (name, value) in labels.iter() {
        if text.len() > 1 {
            text.push_str(", ");
        }
        let legacy = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if legacy {
            text.push_str(name);
        } else {
            quote(name, &mut text);
        }
        text.push('=');
        quote(value, &mut text);
    }
    text.push('}');
    text
}

/// Quotes text as Go's `strconv.Quote`.
fn quote(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\x07' => text.push_str("\\a"),
            '\x08' => text.push_str("\\b"),
            '\x0b' => text.push_str("\\v"),
            '\x0c' => text.push_str("\\f"),
            ' '..='~' => text.push(c),
            // Writing to a string cannot fail.
            '\0'..='\x7f' => drop(write!(text, "\\x{:02x}", u32::from(c))),
            c if c.escape_debug().len() == 1 => text.push(c),
            c if u32::from(c) > 0xffff => drop(write!(text, "\\U{:08x}", u32::from(c))),
            c => drop(write!(text, "\\u{:04x}", u32::from(c))),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_sets_are_written_as_go_does() {
        let labels = Labels::from_pairs([
            ("__name__", "up"),
            ("a.b", "x\"\\\n\u{1}"),
            ("é", "é\u{200b}"),
        ])
        .unwrap();
        assert_eq!(
            in_braces(&labels),
            r#"{__name__="up", "a.b"="x\"\\\n\x01", "é"="é\u200b"}"#
        );
        assert_eq!(in_braces(&Labels::default()), "{}");
    }
}
