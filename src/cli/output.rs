use std::path::PathBuf;

use super::Context;
use super::error::CommandError;
use crate::render::{self, Format, RenderOptions};
use crate::report::Document;

/// Where a result goes, and as what.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Format of the result; by default that of the output file's name, or a table.
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    format: Option<Format>,
    /// Write the result to a file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Rows that a table shows at most (0 for all); other formats show all.
    #[arg(long, value_name = "N", default_value_t = 40)]
    max_rows: usize,
}

fn parse_format(text: &str) -> Result<Format, String> {
    Format::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|f| f.name()).collect();
        format!("formats are {}", names.join(", "))
    })
}

impl OutputArgs {
    /// Renders a document and writes it; its warnings go to standard error
    /// where the format does not hold them itself.
    pub(crate) fn write(&self, context: &Context, document: &Document) -> Result<(), CommandError> {
        let format = match (&self.format, &self.output) {
            (Some(format), _) => *format,
            (None, Some(path)) => Format::from_path(path).ok_or_else(|| {
                CommandError::usage(format!("no format for {}", path.display()))
                    .hint("say it with --format")
            })?,
            (None, None) => Format::Table,
        };
        let options = RenderOptions {
            width: context.terminal.width,
            color: context.terminal.color && self.output.is_none(),
            tz: context.tz(),
            max_rows: (self.max_rows > 0).then_some(self.max_rows),
        };
        let bytes = render::render(document, format, &options)?;
        match &self.output {
            Some(path) => std::fs::write(path, bytes)
                .map_err(|e| CommandError::unreadable(format!("{}: {e}", path.display())))?,
            None => context.terminal.result(&bytes)?,
        }
        if !format.holds_warnings() {
            for warning in &document.warnings {
                context.terminal.warning(&warning.message);
            }
        }
        Ok(())
    }
}
