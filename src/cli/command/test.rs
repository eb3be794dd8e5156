use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::output::OutputArgs;
use crate::promql::script;
use crate::report;

/// What the names of PromQL test scripts end in.
const SUFFIX: &str = "test";

/// Run PromQL test scripts, as Prometheus' own are written.
///
/// A script (`*.test`) loads samples and says what expressions give: `load`,
/// `eval instant at`, `eval range from … to … step …`, `clear`. Evals of native
/// histograms and of experimental features are counted, not evaluated.
///
/// Ends with 1 where a stable eval failed, and with 2 where a script is broken; the others
/// are run all the same.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast test tests/promql
  retrocast test tests/promql/ranges.test --format json")]
pub(crate) struct Args {
    /// Scripts, or folders of which all scripts are run.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let mut files = Vec::new();
    for path in &args.paths {
        if path.is_dir() {
            let before = files.len();
            list(path, &mut files)?;
            if files.len() == before {
                let reason = format!("{}: there is no *.{SUFFIX} in it", path.display());
                return Err(CommandError::usage(reason));
            }
        } else if path.extension().is_some_and(|e| e == SUFFIX) {
            files.push(path.clone());
        } else {
            fs::metadata(path).map_err(|e| CommandError::file(path, &e))?;
            let reason = format!("{}: a test script's name ends in .{SUFFIX}", path.display());
            return Err(CommandError::usage(reason));
        }
    }
    let options = script::options();
    let mut reports = Vec::with_capacity(files.len());
    let mut broken = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).map_err(|e| CommandError::file(file, &e))?;
        let name = file.display().to_string();
        match script::run(&name, &text, &options) {
            Ok(report) => reports.push(report),
            Err(error) => broken.push(format!("{name}:{}: {}", error.line, error.kind)),
        }
    }
    if reports.is_empty() {
        return Err(CommandError::usage(broken.join("\n")));
    }
    let document = report::promql_test(&reports);
    let document = document.map_err(|e| CommandError::usage(e.to_string()))?;
    args.output.write(context, &document)?;
    if !broken.is_empty() {
        return Err(CommandError::usage(broken.join("\n")));
    }
    let has_failed = reports
        .iter()
        .any(|report| report.failures().next().is_some());
    Ok(if has_failed { Exit::Found } else { Exit::Fine })
}

/// Lists the scripts of a folder and of those in it, by name.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|e| CommandError::file(folder, &e))?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|e| e == SUFFIX) {
            files.push(path);
        }
    }
    Ok(())
}
