use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::{Chart, Scatter, Table, Timeline};
use crate::model::{TimeRange, Warning};

/// What every verb produces: a titled list of blocks, with the warnings that
/// a reader must know. A chart only shows what a table of the document holds.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The title.
    pub title: String,
    /// Where the numbers come from.
    pub provenance: Provenance,
    /// The content, in reading order.
    pub blocks: Vec<Block>,
    /// What may make a number wrong.
    pub warnings: Vec<Warning>,
}

/// By which question, over which time and data, a document was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// The report or verb; empty where it has no name.
    pub name: String,
    /// Parameters and their values as the user would write them.
    pub parameters: Vec<(String, String)>,
    /// Those of them that have the value they have when nobody says anything;
    /// formats for people leave them out.
    pub defaults: Vec<String>,
    /// The time range asked for.
    pub range: Option<TimeRange>,
    /// The tables read and their versions (each Delta table counts its own).
    pub store: Vec<(String, i64)>,
}

/// One piece of a document.
#[derive(Debug, Clone)]
pub enum Block {
    /// The head of a section.
    Heading(String),
    /// Running text.
    Paragraph(String),
    /// Rows.
    Table(Table),
    /// A picture of rows.
    Chart(Chart),
    /// What happened when.
    Timeline(Timeline),
    /// Points in a plane.
    Scatter(Scatter),
    /// A conclusion.
    Finding(Finding),
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Needs somebody now.
    Critical,
}

impl Severity {
    /// Returns the name in all formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A conclusion drawn from the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The conclusion, as one sentence.
    pub sentence: String,
    /// What programs read of it beside the sentence.
    pub subject: Subject,
}

/// What kind a finding is of, and what it is about; nothing where that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// The kind, a name that does not change: `never-fires`.
    pub code: Option<&'static str>,
    /// The rules that it names.
    pub rules: Vec<String>,
    /// The incident that it is about.
    pub incident: Option<String>,
    /// The file in which it is to be mended, and the line there.
    pub place: Option<(String, usize)>,
}

impl Finding {
    /// Makes a finding of which programs get only the sentence.
    pub fn new(severity: Severity, sentence: impl Into<String>) -> Self {
        Self {
            severity,
            sentence: sentence.into(),
            subject: Subject::default(),
        }
    }
}

impl Document {
    /// Makes a document of one table.
    pub fn from_batches(
        title: impl Into<String>,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<Self, ArrowError> {
        Ok(Self {
            title: title.into(),
            blocks: vec![Block::Table(Table::new(schema, batches)?)],
            ..Self::default()
        })
    }

    /// Iterates over the tables.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }

    /// Iterates over the findings.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Finding(finding) => Some(finding),
            _ => None,
        })
    }
}
