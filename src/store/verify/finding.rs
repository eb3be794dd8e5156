use crate::model::format_day;
use crate::store::schema::TableKind;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is wrong with what is read.
    Warning,
    /// Queries fail, or their answers cannot be trusted.
    Error,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The table's log cannot be read.
    #[error("its log cannot be read: {0}")]
    Log(String),
    /// The log names a file that is not there.
    #[error("the file is not there")]
    Missing,
    /// The file cannot be fetched.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// The file is shorter or longer than the log says.
    #[error("{actual} bytes, but the log says {logged}")]
    Size {
        /// What the log says.
        logged: u64,
        /// What is there.
        actual: u64,
    },
    /// The file's bytes have another hash than its name says.
    #[error("damaged: the bytes are not those that were written (checksum {actual})")]
    Checksum {
        /// Their hash.
        actual: String,
    },
    /// The file's name is none of ours, so its bytes cannot be checked.
    #[error("written by another program: its name is not the checksum of its bytes")]
    Foreign,
    /// The file is not Parquet that can be decoded.
    #[error("its rows cannot be decoded: {0}")]
    Undecodable(String),
    /// A column is missing or has another type.
    #[error("column {0} is missing or has the wrong type")]
    Column(String),
    /// The row count differs from the log's.
    #[error("{actual} rows, but the log says {logged}")]
    Rows {
        /// What the log says.
        logged: u64,
        /// What is there.
        actual: u64,
    },
    /// A value lies outside the range that the log says.
    #[error("column {0} has values outside the range in the log")]
    Range(&'static str),
    /// The rows are not sorted as declared.
    #[error("row {row} is out of order")]
    Order {
        /// The first such row, from 0.
        row: u64,
    },
    /// The file belongs to no day.
    #[error("the log names no day for it")]
    NoDay,
    /// Rows lie outside the file's day.
    #[error("{rows} rows are not of {}", format_day(*day))]
    Day {
        /// The file's day.
        day: i32,
        /// How many.
        rows: u64,
    },
    /// Samples name a series that `series` does not have, or not with this
    /// metric and target.
    #[error("{series} series are not in table series as they stand here (series_id {first})")]
    UnknownSeries {
        /// How many.
        series: u64,
        /// The first.
        first: i64,
    },
    /// The same row is there more than once: a sample of the same series and
    /// time, a row of the same `record_id`, a series of the same `series_id`.
    #[error("{rows} rows are there twice")]
    Duplicate {
        /// How many too many.
        rows: u64,
    },
    /// A row of `series` whose id is not the hash of its labels.
    #[error("a series_id is not the hash of the labels")]
    SeriesId,
    /// A file that no version in the log names.
    #[error("orphan of {bytes} bytes: no version of the table names it")]
    Orphan {
        /// Its bytes.
        bytes: u64,
    },
}

/// Something that `verify` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The table.
    pub table: TableKind,
    /// The file inside the table's folder, where it is about one; of a day's
    /// files together, the day's folder.
    pub path: Option<String>,
    /// What is wrong.
    pub fault: Fault,
    /// Whether it has been put right.
    pub is_fixed: bool,
}

impl Finding {
    /// Returns how bad it is.
    pub fn severity(&self) -> Severity {
        match self.fault {
            Fault::Orphan { .. } | Fault::Foreign => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match self.fault {
            Fault::Orphan { .. } if self.is_fixed => "it has been removed",
            Fault::Orphan { .. } => {
                "it only takes space: remove it with --fix, once no ingest is in progress"
            }
            Fault::Foreign => "nothing, where you wrote it on purpose",
            Fault::Log(_) => "restore the table's _delta_log folder from a backup",
            Fault::Missing
            | Fault::Size { .. }
            | Fault::Checksum { .. }
            | Fault::Undecodable(_)
            | Fault::Unreadable(_) => {
                "restore the file from a backup, or ingest its exports into a new store"
            }
            _ => {
                "the file was not written by this program's ingest: ingest its exports into a new store"
            }
        }
    }
}
