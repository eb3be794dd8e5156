use std::fmt::Write as _;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::output::OutputArgs;
use crate::job::resolve_range;
use crate::model::did_you_mean;
use crate::query::Session;
use crate::report::{self, Document, ReportFile, ReportRunError};
use crate::store::Store;

/// Run a report: an SQL file with a header that names its parameters and chart.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast report --list
  retrocast report golden-signals --since 7d
  retrocast report log-volume --param bucket=1d --format md")]
pub(crate) struct Args {
    /// A built-in report's name, or an SQL file of your own.
    #[arg(required_unless_present = "list", value_name = "NAME")]
    name: Option<String>,
    /// List the built-in reports and their parameters instead.
    #[arg(long)]
    list: bool,
    /// A parameter: `--param bucket=5m`; may repeat.
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The time range of a report.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct RangeArgs {
    /// Begin: a time, or a duration back from the end; by default where the data begins.
    #[arg(long, value_name = "TIME|DURATION")]
    pub(crate) since: Option<String>,
    /// End: a time, or `now`; by default where the data ends.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let Some(name) = args.name.as_deref().filter(|_| !args.list) else {
        context.terminal.result(list()?.as_bytes())?;
        return Ok(Exit::Fine);
    };
    let values = args
        .param
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(CommandError::usage(format!(
                "--param {text}: write NAME=VALUE"
            ))),
        })
        .collect::<Result<Vec<_>, CommandError>>()?;
    let document = document(context, &find(name)?, &values, &args.range)?;
    args.output.write(context, &document)?;
    Ok(Exit::Fine)
}

/// Runs a report on the store.
pub(crate) fn document(
    context: &Context,
    report: &ReportFile,
    values: &[(String, String)],
    range: &RangeArgs,
) -> Result<Document, CommandError> {
    let store = Store::open(context.store())?;
    let tz = context.tz();
    context.runtime.block_on(async {
        let session = Session::open(&store).await?;
        let (since, until) = (range.since.as_deref(), range.until.as_deref());
        let range = resolve_range(since, until, session.data_range(), context.now, tz)
            .map_err(CommandError::usage)?;
        let document = report::run(&session, report, values, range, tz).await;
        document.map_err(|error| match error {
            ReportRunError::Report(error) => error.into(),
            ReportRunError::Query { source, .. } => source.into(),
        })
    })
}

/// Finds a report by name, or reads an SQL file.
fn find(name: &str) -> Result<ReportFile, CommandError> {
    if name.ends_with(".sql") {
        let text = std::fs::read_to_string(name)
            .map_err(|e| CommandError::unreadable(format!("{name}: {e}")))?;
        return Ok(ReportFile::parse(name, &text)?);
    }
    if let Some(report) = report::built_in(name) {
        return Ok(report?);
    }
    let known = report::built_in_reports()?;
    let names: Vec<&str> = known.iter().map(|r| r.name.as_str()).collect();
    let error = CommandError::usage(format!("there is no report {name:?}"));
    Err(match did_you_mean(name, names.iter().copied()) {
        Some(similar) => error.hint(format!("did you mean {similar}?")),
        None => error.hint("`retrocast report --list` lists them"),
    })
}

fn list() -> Result<String, CommandError> {
    let mut text = String::new();
    let mut area = String::new();
    for report in report::built_in_reports()? {
        if report.area != area {
            let _ = writeln!(
                text,
                "{}{}",
                if area.is_empty() { "" } else { "\n" },
                report.area
            );
            area.clone_from(&report.area);
        }
        let _ = writeln!(text, "  {:<22} {}", report.name, report.title);
        for param in &report.params {
            let default = param.default.as_deref().unwrap_or("(required)");
            let _ = writeln!(text, "  {:<24}{}={default}  {}", "", param.name, param.help);
        }
    }
    Ok(text)
}
