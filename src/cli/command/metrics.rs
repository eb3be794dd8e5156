use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::output::OutputArgs;
use crate::report;

/// List what the store has: metrics, types, labels, cardinality, range, gaps.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast metrics
  retrocast metrics 'storage_.*'
  retrocast metrics --series up")]
pub(crate) struct Args {
    /// Metrics to list, as a regular expression on the whole name.
    #[arg(value_name = "PATTERN", default_value = ".*")]
    pattern: String,
    /// List each series instead: its labels, range, usual interval and gaps.
    #[arg(long)]
    series: bool,
    #[command(flatten)]
    range: super::report::RangeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let name = if args.series { "series" } else { "metrics" };
    let report = report::built_in(name)
        .ok_or_else(|| CommandError::usage(format!("there is no report {name:?}")))??;
    let values = [("metric".to_owned(), args.pattern.clone())];
    let document = super::report::document(context, &report, &values, &args.range)?;
    args.output.write(context, &document)?;
    Ok(Exit::Fine)
}
