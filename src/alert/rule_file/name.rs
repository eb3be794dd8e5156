//! Which names metrics and labels may have.

use crate::model::METRIC_NAME;
use crate::promql::Version;

/// Whether a recording rule may be called so: since version 3 any text may be a
/// metric's name.
pub(super) fn is_metric_name(name: &str, version: Version) -> bool {
    match version {
        Version::V2 => is_classic(name, true),
        Version::V3 => !name.is_empty(),
    }
}

/// Whether a label may be set under this name.
pub(super) fn is_label_name(name: &str, version: Version) -> bool {
    name != METRIC_NAME && is_annotation_name(name, version)
}

/// Whether an annotation may be called so.
pub(super) fn is_annotation_name(name: &str, version: Version) -> bool {
    match version {
        Version::V2 => is_classic(name, false),
        Version::V3 => !name.is_empty(),
    }
}

fn is_classic(name: &str, colons: bool) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || (colons && b == b':'))
}
