//! Match keys, the labels of results, and label sets as Prometheus' errors write them.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::model::{Labels, METRIC_NAME};
use crate::promql::binary::Operation;
use crate::promql::eval::{is_metadata, without_name};
use crate::promql::expr::{Cardinality, Matching};
use crate::promql::labels::{is_classic_name, push_key, write_quoted};
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
        push_key(&mut key, &series.labels, |name| is_compared(matching, name));
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
        // Writing to a string cannot fail.
        let _ = if is_classic_name(name) {
            text.write_str(name)
        } else {
            write_quoted(&mut text, name)
        };
        text.push('=');
        let _ = write_quoted(&mut text, value);
    }
    text.push('}');
    text
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
