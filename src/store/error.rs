use std::io;
use std::path::PathBuf;

/// Why the store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store where one was to be read.
    #[error("there is no store at {}", .0.display())]
    Missing(PathBuf),
    /// The Delta log cannot be read or written.
    #[error("table {table}")]
    Delta {
        /// The table.
        table: &'static str,
        /// What Delta says.
        #[source]
        source: Box<deltalake::DeltaTableError>,
    },
    /// A data file cannot be read or written.
    #[error("data file {path}")]
    Parquet {
        /// Its path inside the table.
        path: String,
        /// What Parquet says.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A data file cannot be fetched or put.
    #[error("data file {path}")]
    Object {
        /// Its path inside the table.
        path: String,
        /// What the storage says.
        #[source]
        source: object_store::Error,
    },
    /// Columns do not fit the table's schema.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
    /// A file of the store, other than a data file, cannot be read or written.
    #[error("{}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Two label sets have the same 64-bit hash.
    #[error("series {first} and {second} have the same series_id {series_id}")]
    Collision {
        /// The hash.
        series_id: i64,
        /// The series that has it.
        first: String,
        /// The series that wants it.
        second: String,
    },
    /// A data file names a series that the table `series` does not have.
    #[error("{path} has samples of series_id {series_id}, which table series does not have")]
    UnknownSeries {
        /// The data file.
        path: String,
        /// The series.
        series_id: i64,
    },
    /// A backtest was to be saved without a name.
    #[error("a saved backtest needs a name")]
    NoBacktestName,
    /// A forecast was to be saved without a name.
    #[error("a saved forecast needs a name")]
    NoForecastName,
    /// A data file has a column of another type than the schema says.
    #[error("data file {path}: column {column} is missing or has the wrong type")]
    Schema {
        /// The data file.
        path: String,
        /// The column.
        column: &'static str,
    },
}
