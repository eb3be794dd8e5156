use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use super::Context;
use super::error::CommandError;
use crate::render::{self, Format, RenderOptions};
use crate::report::Document;

/// Bytes that a result that is written bit by bit collects before a write.
const BUFFER: usize = 256 << 10;

/// Where a result goes, and as what.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Format of the result; by default that of the output file's name, or a table.
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    format: Option<Format>,
    #[command(flatten)]
    destination: Destination,
}

/// Where a result goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Destination {
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
    /// Returns the format that was said, or that the output file's name asks for, or a table.
    pub(crate) fn format(&self) -> Result<Format, CommandError> {
        self.format.map_or_else(|| self.destination.format(), Ok)
    }

    /// Renders a document and writes it; its warnings go to standard error
    /// where the format does not hold them itself.
    pub(crate) fn write(&self, context: &Context, document: &Document) -> Result<(), CommandError> {
        let format = self.format()?;
        self.destination.write(context, document, format)
    }

    /// Opens the destination for a result that is written bit by bit.
    pub(crate) fn open(&self) -> Result<Box<dyn Write>, CommandError> {
        self.destination.open()
    }
}

impl Destination {
    /// Returns the format that the output file's name asks for, or a table.
    pub(crate) fn format(&self) -> Result<Format, CommandError> {
        let Some(path) = &self.output else {
            return Ok(Format::Table);
        };
        Format::from_path(path).ok_or_else(|| {
            CommandError::usage(format!("no format for {}", path.display()))
                .hint("say it with --format")
        })
    }

    /// Renders a document and writes it, as [`OutputArgs::write`] does.
    pub(crate) fn write(
        &self,
        context: &Context,
        document: &Document,
        format: Format,
    ) -> Result<(), CommandError> {
        let options = RenderOptions {
            width: context.terminal.width,
            color: context.terminal.color && self.output.is_none(),
            tz: context.tz(),
            max_rows: (self.max_rows > 0).then_some(self.max_rows),
        };
        let bytes = render::render(document, format, &options)?;
        match &self.output {
            Some(path) => std::fs::write(path, bytes).map_err(|e| CommandError::file(path, &e))?,
            None => context.terminal.result(&bytes)?,
        }
        if !format.holds_warnings() {
            for warning in &document.warnings {
                context.terminal.warning(&warning.message);
            }
        }
        Ok(())
    }

    /// Opens the destination for a result that is written bit by bit.
    pub(crate) fn open(&self) -> Result<Box<dyn Write>, CommandError> {
        Ok(match &self.output {
            Some(path) => {
                let file = File::create(path).map_err(|e| CommandError::file(path, &e))?;
                Box::new(BufWriter::with_capacity(BUFFER, file))
            }
            None => {
                let out = std::io::stdout().lock();
                Box::new(BufWriter::with_capacity(BUFFER, out))
            }
        })
    }
}
