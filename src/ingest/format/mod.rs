//! The formats, one file each. A new one is a file and a line in [`FORMATS`].

use super::Format;

/// Every format that `ingest` knows, in the order in which a draw of `sniff` is settled.
pub static FORMATS: &[&dyn Format] = &[];
