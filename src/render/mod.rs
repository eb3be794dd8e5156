//! From a [`Document`] to bytes, one file a format; nothing here prints.
//!
//! `table` and `md` are for people and may change; `csv`, `json`, `ndjson` and
//! `parquet` are interfaces. Formats that hold one table take the document's
//! first. An empty result is a valid document: a header row, or `[]`.

mod chart;
mod column;
mod csv;
mod export_lines;
mod json;
mod md;
mod ndjson;
mod number;
mod parquet;
mod row_writer;
mod table;
mod text;

use std::path::Path;

use arrow::error::ArrowError;
use chrono_tz::Tz;

use crate::report::Document;

pub use export_lines::write_export_lines;
pub use row_writer::RowWriter;

/// How a document is shown; machine formats heed only `tz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether escape sequences may colour the text.
    pub color: bool,
    /// The zone in which times are written.
    pub tz: Tz,
    /// Rows that a table shows at most, in formats for people; all where `None`.
    pub max_rows: Option<usize>,
}

/// Why a document cannot be written in a format.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A document without a table, in a format that holds nothing else.
    #[error("the result has no table, and {0} holds nothing else: take table, md or json")]
    NoTable(&'static str),
    /// Parquet has no such type.
    #[error("the rows do not fit Parquet")]
    Parquet(#[from] ::parquet::errors::ParquetError),
    /// A type that cannot be converted.
    #[error("the rows cannot be converted")]
    Arrow(#[from] ArrowError),
}

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text for a terminal.
    Table,
    /// RFC 4180.
    Csv,
    /// One JSON object, schema `retrocast.report/v1`.
    Json,
    /// One JSON object a row.
    Ndjson,
    /// Markdown as GitHub reads it.
    Md,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// All formats, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::Table,
        Self::Csv,
        Self::Json,
        Self::Ndjson,
        Self::Md,
        Self::Parquet,
    ];

    /// Returns the name for `--format`; it is the file suffix too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Md => "md",
            Self::Parquet => "parquet",
        }
    }

    /// Finds a format by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.name() == name)
    }

    /// Infers a format from a file's suffix.
    pub fn from_path(path: &Path) -> Option<Self> {
        let suffix = path.extension()?.to_str()?.to_ascii_lowercase();
        match suffix.as_str() {
            "txt" => Some(Self::Table),
            "jsonl" => Some(Self::Ndjson),
            "markdown" => Some(Self::Md),
            other => Self::from_name(other),
        }
    }

    /// Tells whether the bytes hold the document's warnings.
    pub fn holds_warnings(self) -> bool {
        matches!(self, Self::Table | Self::Json | Self::Md)
    }
}

/// Writes a document in a format.
pub fn render(
    document: &Document,
    format: Format,
    options: &RenderOptions,
) -> Result<Vec<u8>, RenderError> {
    let rows = || {
        let first = document.tables().next();
        first.ok_or(RenderError::NoTable(format.name()))
    };
    Ok(match format {
        Format::Table => table::render(document, options).into_bytes(),
        Format::Csv => csv::render(rows()?, options.tz),
        Format::Json => json::render(document, options.tz),
        Format::Ndjson => ndjson::render(rows()?, options.tz),
        Format::Md => md::render(document, options).into_bytes(),
        Format::Parquet => parquet::render(rows()?, &document.title)?,
    })
}

#[cfg(test)]
mod tests;
