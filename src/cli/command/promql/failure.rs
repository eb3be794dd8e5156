use std::fmt::Write as _;

use chrono_tz::Tz;

use crate::cli::error::CommandError;
use crate::model::format_timestamp;
use crate::promql::{Error, ErrorKind, SourceError, caret};
use crate::query::QueryError;
use crate::store::StoreError;

/// Says why an expression has no value: the cause, the step, the series, and
/// the place in the text.
pub(super) fn failure(error: Error, query: &str, tz: Tz) -> CommandError {
    if let ErrorKind::Source(source) = error.kind {
        return unread(source);
    }
    let mut text = error.kind.to_string();
    if let Some(step) = error.step {
        let _ = write!(text, ", at {}", format_timestamp(step, tz));
    }
    if let ErrorKind::DuplicateLabels { labels } = &error.kind {
        let _ = write!(text, ": {labels}");
    }
    if let Some(span) = error.span {
        let _ = write!(text, "\n{}", caret(query, span));
    }
    CommandError::usage(text)
}

/// A store that cannot be read, in the words of the other commands.
pub(super) fn unread(source: SourceError) -> CommandError {
    let source = match source.downcast::<StoreError>() {
        Ok(error) => return (*error).into(),
        Err(source) => source,
    };
    match source.downcast::<QueryError>() {
        Ok(error) => (*error).into(),
        Err(source) => CommandError::unreadable(source),
    }
}
