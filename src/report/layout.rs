/// Whom a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Formats for people: `table`, `md`.
    People,
    /// Formats for programs, which hold every figure.
    Rows,
}
