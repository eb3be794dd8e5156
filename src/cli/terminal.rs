//! Standard output and error: colour, width, the clock and the environment.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use crate::job::without_backtrace;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The two ends of the program that people see.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Whether results are coloured.
    pub(crate) color: bool,
    /// Columns for results.
    pub(crate) width: usize,
    /// Whether progress may be drawn on standard error.
    pub(crate) is_interactive: bool,
    /// How messages on standard error are coloured.
    pub(crate) styles: Styles,
}

/// Escape sequences for messages; empty without colour.
#[derive(Debug, Clone, Default)]
pub(crate) struct Styles {
    pub(crate) error: String,
    pub(crate) warning: String,
    pub(crate) hint: String,
    pub(crate) dim: String,
    pub(crate) reset: String,
}

impl Styles {
    fn colored() -> Self {
        let color = |color: AnsiColor| Style::new().bold().fg_color(Some(color.into()));
        Self {
            error: color(AnsiColor::Red).render().to_string(),
            warning: color(AnsiColor::Yellow).render().to_string(),
            hint: color(AnsiColor::Cyan).render().to_string(),
            dim: Style::new().dimmed().render().to_string(),
            reset: anstyle::Reset.render().to_string(),
        }
    }
}

impl Terminal {
    /// Looks at the streams and the environment.
    pub(crate) fn new(choice: ColorChoice) -> Self {
        let (stdout, stderr) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let color = |is_terminal| match choice {
            ColorChoice::Auto => is_terminal && !no_color,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        let measured = stdout
            .then(|| comfy_table::Table::new().width())
            .flatten()
            .map(usize::from);
        Self {
            color: color(stdout),
            width: columns.or(measured).unwrap_or(120).max(40),
            is_interactive: stderr,
            styles: if color(stderr) {
                Styles::colored()
            } else {
                Styles::default()
            },
        }
    }

    /// Writes a result to standard output.
    pub(crate) fn result(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Writes a message to standard error; that it cannot be written is no error.
    pub(crate) fn message(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
    }

    /// Writes a warning to standard error.
    pub(crate) fn warning(&self, text: &str) {
        let Styles { warning, reset, .. } = &self.styles;
        let text = without_backtrace(text);
        self.message(&format!("{warning}warning:{reset} {text}"));
    }
}
