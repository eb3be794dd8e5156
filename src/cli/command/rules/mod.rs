mod check;
mod test;

use std::path::{Path, PathBuf};

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

/// Lists the files that paths and globs name, each once.
fn expand(patterns: &[String]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for pattern in patterns {
        let found = files_of(pattern).map_err(|error| {
            CommandError::unreadable(error).hint(format!("{pattern:?} is a file or a glob"))
        })?;
        if found.is_empty() {
            return Err(CommandError::usage(format!("no file matches {pattern:?}")));
        }
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// The files that a path or a glob names, in the order of their names.
fn files_of(pattern: &str) -> std::io::Result<Vec<PathBuf>> {
    if Path::new(pattern).exists() || !pattern.contains(['*', '?', '[']) {
        return Ok(vec![PathBuf::from(pattern)]);
    }
    let wrong = |error: glob::PatternError| {
        std::io::Error::new(std::io::ErrorKind::InvalidInput, error.to_string())
    };
    glob::glob(pattern)
        .map_err(wrong)?
        .map(|entry| entry.map_err(std::io::Error::from))
        .collect()
}

fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|error| CommandError::file(path, &error))
}
