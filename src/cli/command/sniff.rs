use std::fmt::Write as _;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::ingest::{self, Head, format::FORMATS};

/// Say which format files have, how sure that is, and why.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast sniff sample-data/metrics
  retrocast sniff --formats")]
pub(crate) struct Args {
    /// Files, folders, globs, or `-`.
    #[arg(required_unless_present = "formats", value_name = "PATH")]
    paths: Vec<String>,
    /// List the formats instead.
    #[arg(long)]
    formats: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let mut text = String::new();
    if args.formats {
        for format in FORMATS {
            let _ = writeln!(text, "{:<16} {}", format.name(), format.description());
        }
        context.terminal.result(text.as_bytes())?;
        return Ok(Exit::Fine);
    }
    let mut exit = Exit::Fine;
    for source in ingest::list(&args.paths, &mut std::io::stdin().lock())? {
        let head = match source.head() {
            Ok(head) => head,
            Err(fault) => {
                exit = Exit::Found;
                let _ = writeln!(text, "{}\n  unreadable: {fault}", source.name);
                continue;
            }
        };
        let head = Head {
            bytes: &head.0,
            truncated: head.1,
            file_name: source.file_name(),
        };
        let found = ingest::sniff(head);
        let _ = writeln!(text, "{}", source.name);
        for (format, sniffed) in found.iter().take(3) {
            let _ = writeln!(
                text,
                "  {:<16} {:>3} %  {}",
                format.name(),
                sniffed.confidence,
                sniffed.why
            );
        }
        if found.is_empty() {
            exit = Exit::Found;
            let _ = writeln!(text, "  unknown: {}", ingest::explain_failure(head));
        }
    }
    context.terminal.result(text.as_bytes())?;
    Ok(exit)
}
