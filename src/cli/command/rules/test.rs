use std::path::Path;

use super::options;
use crate::alert::rule_file::RuleFileError;
use crate::alert::unit_test::{self, UnitTestError, UnitTestFileError, UnitTestReport};
use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::output::OutputArgs;
use crate::cli::promql_version::VersionChoice;
use crate::job::backtest::{expand, files_of, read};
use crate::report;

/// Run unit tests of rules, in the format of `promtool test rules`.
///
/// A file names its rule files relative to itself, gives input series, and says which
/// alerts fire and what queries give at which times. A file without tests passes.
///
/// Ends with 1 where a test failed.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast rules test tests/rules/errors_test.yml
  retrocast rules test 'tests/rules/*_test.yml' --promql-version 2 --format md")]
pub(super) struct TestArgs {
    /// Test files, or globs.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Major version of Prometheus whose semantics hold; 2 is 2.42 with closed ranges.
    #[arg(long, value_name = "N", value_enum, default_value = "3")]
    promql_version: VersionChoice,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &TestArgs, context: &Context) -> Result<Exit, CommandError> {
    let options = options(args.promql_version);
    let mut reports = Vec::new();
    for path in expand(&args.files)? {
        let text = read(&path)?;
        let name = path.display().to_string();
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut rule_files = |pattern: &str| {
            files_of(&folder.join(pattern).to_string_lossy())?
                .into_iter()
                .map(|file| {
                    let text = std::fs::read_to_string(&file)?;
                    Ok((file.display().to_string(), text))
                })
                .collect()
        };
        let report = unit_test::run(&name, &text, &mut rule_files, &options);
        reports.push(report.map_err(|error| failure(&name, error))?);
    }
    let document = report::rule_tests(&reports);
    let document = document.map_err(|e| CommandError::usage(e.to_string()))?;
    args.output.write(context, &document)?;
    let passed = reports.iter().all(UnitTestReport::passed);
    Ok(if passed { Exit::Fine } else { Exit::Found })
}

fn failure(name: &str, error: UnitTestError) -> CommandError {
    match error {
        UnitTestError::File(errors) => {
            CommandError::usage(lines(errors.iter().map(UnitTestFileError::render)))
        }
        UnitTestError::RuleFiles(errors) => {
            CommandError::usage(lines(errors.iter().map(RuleFileError::render)))
        }
        UnitTestError::Read { path, source } => {
            CommandError::unreadable(format!("{name}: {path}: {source}"))
        }
        error @ UnitTestError::Source(_) => CommandError::unreadable(error),
    }
}

/// Faults under each other.
fn lines(faults: impl Iterator<Item = String>) -> String {
    faults.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}
