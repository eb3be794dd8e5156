use std::sync::Arc;

/// A dead letter: a record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// When the run was, µs.
    pub ingested_at: i64,
    /// The file, as given.
    pub file: Arc<str>,
    /// The line, 1-based; 0 where there is none.
    pub line: i64,
    /// The format by which it was read.
    pub format: &'static str,
    /// Why it could not be read.
    pub reason: String,
    /// Its text, the first 16 MiB.
    pub raw: String,
    /// What must stand before it so that it can be read again (a CSV header).
    pub context: Option<Arc<str>>,
    /// Its identity.
    pub record_id: i64,
}
