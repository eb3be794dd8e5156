use chrono_tz::Tz;

use super::{Document, ReportError, ReportFile};
use crate::model::{TimeRange, Warning};
use crate::query::{QueryError, Session};

/// Why a report has no result.
#[derive(Debug, thiserror::Error)]
pub enum ReportRunError {
    /// Its file, or a value for a parameter, is wrong.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Its query is wrong, or fails.
    #[error("report {name}")]
    Query {
        /// The report.
        name: String,
        /// Why.
        #[source]
        source: QueryError,
    },
}

/// Runs a report on a session and returns its document. Rows of a report whose
/// `needs` the store does not have are still rows; a warning says so.
pub async fn run(
    session: &Session,
    report: &ReportFile,
    values: &[(String, String)],
    range: TimeRange,
    tz: Tz,
) -> Result<Document, ReportRunError> {
    let bound = report
        .bind(values, range, tz)
        .map_err(|problem| ReportError {
            path: report.path.clone(),
            line: 1,
            problem: Box::new(problem),
        })?;
    let missing: Vec<&str> = report
        .needs
        .iter()
        .map(String::as_str)
        .filter(|need| !session.has(need))
        .collect();
    let failed = |source| ReportRunError::Query {
        name: report.name.clone(),
        source,
    };
    let result = session.sql(&bound.sql).await.map_err(failed)?;
    let mut document = report
        .document(&bound, result.schema, result.batches)
        .map_err(|e| failed(e.into()))?;
    document.provenance.store = session.versions();
    if !missing.is_empty() {
        let message = format!(
            "the report needs {}, of which the store has nothing",
            missing.join(" and ")
        );
        document
            .warnings
            .push(Warning::new("missing-input", message));
    }
    Ok(document)
}
