mod check;
mod test;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::promql_version::VersionChoice;
use crate::promql::Options;

/// Look after rule files: check them, run their unit tests.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast rules check sample-data/rules.yml
  retrocast rules test tests/rules/errors_test.yml")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Test(test::TestArgs),
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    match &args.command {
        Command::Check(args) => check::run(args, context),
        Command::Test(args) => test::run(args, context),
    }
}

fn options(version: VersionChoice) -> Options {
    Options {
        version: version.into(),
        ..Options::default()
    }
}
