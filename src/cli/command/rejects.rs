use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::load_summary::thousands;
use crate::cli::output::OutputArgs;
use crate::cli::read_args::ReadArgs;
use crate::ingest::Format;
use crate::query::Session;
use crate::report::Document;
use crate::store::{LoadOptions, Store, drop_rejects, replay};

/// List the records that could not be read, or read them again.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast rejects list
  retrocast rejects list --by-reason
  retrocast rejects replay --map when=ts")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(ListArgs),
    Replay(ReplayArgs),
    Drop(DropArgs),
}

/// List dead letters: file, line, reason, raw text.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast rejects list
  retrocast rejects list --by-reason --format json")]
struct ListArgs {
    /// Only those of this file.
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// Count them by file, format and reason instead.
    #[arg(long)]
    by_reason: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Read dead letters again with other options; those that can be read now are
/// added to the store and are no dead letters any more.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast rejects replay --map when=ts
  retrocast rejects replay --time-format '%d/%m/%Y %H:%M'")]
struct ReplayArgs {
    /// Only those of this file.
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    #[command(flatten)]
    read: ReadArgs,
}

/// Remove dead letters that are settled otherwise: a file that has been
/// ingested again, or that is of no use.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast rejects drop --file exports/metrics/broken.csv
  retrocast rejects drop --all")]
struct DropArgs {
    /// Those of this file, as `rejects list` names it.
    #[arg(long, value_name = "FILE", required_unless_present = "all")]
    file: Option<String>,
    /// Those of all files.
    #[arg(long, conflicts_with = "file")]
    all: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    match &args.command {
        Command::List(args) => list(args, context),
        Command::Replay(args) => again(args, context),
        Command::Drop(args) => drop_letters(args, context),
    }
}

fn list(args: &ListArgs, context: &Context) -> Result<Exit, CommandError> {
    let filter = match &args.file {
        Some(file) => format!("WHERE file = '{}'", file.replace('\'', "''")),
        None => String::new(),
    };
    let sql = if args.by_reason {
        format!(
            "SELECT file, format, reason, count(*) AS rejects, min(line) AS first_line
             FROM rejects {filter} GROUP BY file, format, reason
             ORDER BY rejects DESC, file, reason"
        )
    } else {
        format!(
            "SELECT ingested_at, file, line, format, reason, raw
             FROM rejects {filter} ORDER BY ingested_at, file, line, reason"
        )
    };
    let store = Store::open(context.store())?;
    let result = context.runtime.block_on(async {
        let session = Session::open(&store).await?;
        session.sql(&sql).await
    })?;
    let document = Document::from_batches("Dead letters", result.schema, result.batches);
    args.output.write(
        context,
        &document.map_err(|e| CommandError::usage(e.to_string()))?,
    )?;
    Ok(Exit::Fine)
}

fn drop_letters(args: &DropArgs, context: &Context) -> Result<Exit, CommandError> {
    let store = Store::open(context.store())?;
    let handle = context.runtime.handle();
    let dropped = drop_rejects(&store, args.file.as_deref(), handle, context.now)?;
    context
        .terminal
        .message(&format!("{} dead letters are dropped", thousands(dropped)));
    Ok(Exit::Fine)
}

fn again(args: &ReplayArgs, context: &Context) -> Result<Exit, CommandError> {
    let store = Store::open(context.store())?;
    let options = LoadOptions {
        from: args.read.format()?.map(Format::name),
        read: args.read.options(context)?,
        again: false,
    };
    let handle = context.runtime.handle();
    let report = replay(&store, args.file.as_deref(), &options, handle, context.now)?;
    let remaining = report.tried - report.healed;
    context.terminal.message(&format!(
        "{} of {} dead letters can be read now ({} samples, {} log records, {} spans, {} events, {} job runs); {} remain",
        thousands(report.healed),
        thousands(report.tried),
        thousands(report.counts.samples),
        thousands(report.counts.logs),
        thousands(report.counts.spans),
        thousands(report.counts.events),
        thousands(report.counts.job_runs),
        thousands(remaining + report.skipped),
    ));
    if report.skipped > 0 {
        context.terminal.message(&format!(
            "{} stand for a whole file or lack part of their text: ingest those files again",
            thousands(report.skipped)
        ));
    }
    Ok(if remaining + report.skipped == 0 {
        Exit::Fine
    } else {
        Exit::Found
    })
}
