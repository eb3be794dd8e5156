use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::output::OutputArgs;
use crate::query::{FUNCTIONS, Session};
use crate::report::Document;
use crate::store::Store;

/// Run SQL on the store.
///
/// Tables: samples, series, logs, spans, events, job_runs, rejects, ingests, and of saved
/// results alerts, episodes, notifications, forecasts; each metric is a view in
/// schema `metrics` with its labels as columns.
///
/// Several statements are separated by `;`. All are run, and the result of the
/// last is shown; a view that one makes serves those behind it.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast sql 'SELECT * FROM logs LIMIT 5'
  retrocast sql 'SELECT instance, avg(value) FROM metrics.up GROUP BY instance' --format csv
  retrocast sql --functions")]
pub(crate) struct Args {
    /// The statements; without them, `--file` or standard input.
    #[arg(value_name = "SQL")]
    sql: Option<String>,
    /// Read the statements from a file.
    #[arg(short, long, value_name = "FILE", conflicts_with = "sql")]
    file: Option<PathBuf>,
    /// Describe our SQL functions instead.
    #[arg(long)]
    functions: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    if args.functions {
        context.terminal.result(manual().as_bytes())?;
        return Ok(Exit::Fine);
    }
    let text = match (&args.sql, &args.file) {
        (Some(sql), _) => sql.clone(),
        (None, Some(path)) => {
            std::fs::read_to_string(path).map_err(|e| CommandError::file(path, &e))?
        }
        (None, None) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
    };
    let store = Store::open(context.store())?;
    let (result, versions) = context.runtime.block_on(async {
        let session = Session::open(&store).await?;
        let result = session.sql(&text).await?;
        Ok::<_, CommandError>((result, session.versions()))
    })?;
    if result.schema.fields().is_empty() {
        context
            .terminal
            .message("the statement returned no columns");
    }
    let document = Document::from_batches("", result.schema, result.batches);
    let mut document = document.map_err(|e| CommandError::usage(e.to_string()))?;
    document.provenance.store = versions;
    args.output.write(context, &document)?;
    Ok(Exit::Fine)
}

fn manual() -> String {
    let mut text = String::new();
    for function in FUNCTIONS {
        let _ = writeln!(text, "{}\n", function.syntax);
        for line in function.description.trim().lines() {
            let _ = writeln!(text, "    {line}");
        }
        let _ = writeln!(text, "\n    Example: {}\n", function.example.trim());
        for line in function.result.trim().lines() {
            let _ = writeln!(text, "    {line}");
        }
        text.push('\n');
    }
    text
}
