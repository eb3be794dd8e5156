use crate::query::QueryError;
use crate::store::StoreError;

/// Why nothing can be forecast.
#[derive(Debug, thiserror::Error)]
pub enum ForecastError {
    /// What was asked for is wrong, or there is nothing of it.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// An input cannot be read; the text has the file.
    #[error("{0}")]
    Input(String),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be read, or the statement is wrong.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// History cannot be read.
    #[error("{0}")]
    Source(crate::promql::SourceError),
    /// The result cannot be written.
    #[error(transparent)]
    Output(#[from] std::io::Error),
    /// The result cannot be put into the format.
    #[error(transparent)]
    Render(#[from] crate::render::RenderError),
    /// The rows do not make a table.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
}

impl ForecastError {
    /// Something that the user can mend.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn hint(self, text: impl Into<String>) -> Self {
        match self {
            Self::Usage { message, .. } => Self::Usage {
                message,
                hint: Some(text.into()),
            },
            other => other,
        }
    }
}
