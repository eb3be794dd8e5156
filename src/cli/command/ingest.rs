use std::time::Instant;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::load_summary;
use crate::cli::progress;
use crate::cli::read_args::ReadArgs;
use crate::ingest;
use crate::store::{LoadOptions, MaxRejects, Store, load};

/// Load export files into the store.
///
/// Reads files, folders, globs and `-` (standard input), `.gz` and `.zst` as
/// they are. The same content again adds nothing; of overlapping exports the
/// later wins. A bad record goes to the table `rejects` and stops nothing.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast ingest sample-data/metrics sample-data/logs
  retrocast ingest 'sample-data/metrics/*.gz' --max-rejects 20
  retrocast ingest sample-data/events/incidents.csv --from events
  retrocast ingest sample-data/metrics --again")]
pub(crate) struct Args {
    /// Files, folders, globs, or `-`.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    #[command(flatten)]
    read: ReadArgs,
    /// Dead letters that a run may have and still end with 0: a count, or a
    /// share of all records.
    #[arg(long, value_name = "N|P%", default_value = "1%")]
    max_rejects: MaxRejects,
    /// Read files again whose content the store already has, say after `store
    /// retain` has dropped their days.
    #[arg(long)]
    again: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let options = LoadOptions {
        from: args.read.format()?.map(ingest::Format::name),
        read: args.read.options(context)?,
        again: args.again,
    };
    let sources = ingest::list(&args.paths, &mut std::io::stdin().lock())?;
    let store = Store::create(context.store())?;
    let begin = Instant::now();
    let bar = progress::bytes(context.terminal, sources.iter().map(|s| s.size).sum());
    let advanced = |bytes| bar.inc(bytes);
    let handle = context.runtime.handle();
    let report = load(&store, &sources, &options, handle, context.now, &advanced)?;
    bar.finish_and_clear();
    load_summary::show(context.terminal, &report, Some(begin.elapsed()));
    Ok(if report.is_fine(args.max_rejects) {
        Exit::Fine
    } else {
        Exit::Found
    })
}
