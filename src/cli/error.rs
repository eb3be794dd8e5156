use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use super::exit_code::Exit;
use crate::ingest::SourceError;
use crate::job::{JobError, without_backtrace};
use crate::query::{QueryError, QueryFault};
use crate::render::RenderError;
use crate::report::ReportError;
use crate::simulate::SimulateError;
use crate::store::StoreError;

/// Why a command cannot do what was asked, and what the user can do about it.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) exit: Exit,
    pub(crate) source: Box<dyn Error + Send + Sync>,
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    /// A wrong command line or configuration.
    pub(crate) fn usage(message: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            exit: Exit::Usage,
            source: message.into(),
            hints: Vec::new(),
        }
    }

    /// An input or an output that cannot be read or written.
    pub(crate) fn unreadable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            exit: Exit::Unreadable,
            source: source.into(),
            hints: Vec::new(),
        }
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::unreadable(format!("{}: {error}", path.display()))
    }

    /// A panic, which the standard library has already told of.
    pub(crate) fn bug() -> Self {
        Self {
            exit: Exit::Bug,
            source: "this is a fault of retrocast".into(),
            hints: vec!["please report it, with the command and the text above".to_owned()],
        }
    }

    /// Adds what the user can do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Tells whether the reader of our output has gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.source
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// Writes `error:`, each `caused by:` and each `hint:` on a line.
    pub(crate) fn text(&self, style: &super::terminal::Styles) -> String {
        let sentence = |error: &dyn Error| without_backtrace(&error.to_string()).to_owned();
        let mut last = sentence(self.source.as_ref());
        let mut text = format!("{}error:{} {last}\n", style.error, style.reset);
        let mut cause = self.source.source();
        while let Some(next) = cause {
            let sentence = sentence(next);
            // Wrappers often repeat what they wrap.
            if !last.contains(&sentence) {
                let _ = writeln!(text, "{}caused by:{} {sentence}", style.dim, style.reset);
            }
            last = sentence;
            cause = next.source();
        }
        for hint in &self.hints {
            let _ = writeln!(text, "{}hint:{} {hint}", style.hint, style.reset);
        }
        text
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let missing = matches!(error, StoreError::Missing(_));
        let error = Self::unreadable(error);
        if missing {
            return error
                .hint("make one with `retrocast ingest PATH…`, or name another with --store");
        }
        error
    }
}

impl From<QueryError> for CommandError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Store(error) => error.into(),
            QueryError::NoTable { ref similar, .. } => {
                let hint = match similar {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => "`retrocast metrics` lists the metrics".to_owned(),
                };
                Self::usage(error).hint(hint)
            }
            QueryError::DataFusion(ref inner) => Self {
                exit: match error.fault() {
                    QueryFault::Query => Exit::Usage,
                    QueryFault::Resource => Exit::Unreadable,
                    QueryFault::Internal => Exit::Bug,
                },
                source: inner.strip_backtrace().into(),
                hints: Vec::new(),
            },
        }
    }
}

impl From<SourceError> for CommandError {
    fn from(error: SourceError) -> Self {
        Self::unreadable(error)
    }
}

impl From<ReportError> for CommandError {
    fn from(error: ReportError) -> Self {
        Self::usage(error)
    }
}

impl From<RenderError> for CommandError {
    fn from(error: RenderError) -> Self {
        Self::usage(error)
    }
}

impl From<SimulateError> for CommandError {
    fn from(error: SimulateError) -> Self {
        Self::unreadable(error)
    }
}

impl From<JobError> for CommandError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Store(error) => error.into(),
            JobError::Io { .. } => Self::unreadable(error),
            JobError::Typo { near, .. } => {
                let hint = format!("did you mean {near}?");
                Self::usage(error).hint(hint)
            }
            JobError::Syntax { .. } | JobError::Twice { .. } => Self::usage(error),
        }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::unreadable(error)
    }
}
