//! The command line: arguments, terminal, progress, errors, exit codes.

mod command;
mod error;
mod exit_code;
mod load_summary;
mod output;
mod progress;
mod promql_version;
mod read_args;
mod terminal;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::{CommandFactory, FromArgMatches, Parser};
use tokio::runtime::Runtime;

pub use exit_code::Exit;

use command::Command;
use error::CommandError;
use terminal::{ColorChoice, Terminal};

/// Batch analytics over historical metrics, logs, events and job runs.
#[derive(Debug, Parser)]
#[command(name = "retrocast", version, max_term_width = 100)]
#[command(before_help = "Examples:
  retrocast ingest exports/            load what monitoring systems exported
  retrocast metrics                    list what the store has
  retrocast report golden-signals      run a report
  retrocast run retrocast.toml         the whole nightly job")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
struct Global {
    /// The folder of the store [default: the job file's, or retrocast-store].
    #[arg(long, global = true, value_name = "DIR", env = "RETROCAST_STORE")]
    #[arg(help_heading = "Global options")]
    store: Option<PathBuf>,
    /// Time zone for display, and for input times without one [default: the job
    /// file's, or UTC].
    #[arg(long, global = true, value_name = "ZONE", env = "RETROCAST_TZ")]
    #[arg(help_heading = "Global options")]
    tz: Option<Tz>,
    /// When to colour.
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    #[arg(default_value = "auto", help_heading = "Global options")]
    color: ColorChoice,
}

/// What every command works with.
struct Context<'a> {
    global: Global,
    terminal: &'a Terminal,
    runtime: Runtime,
    /// The clock, read once; `RETROCAST_NOW` pins it.
    now: i64,
}

impl Context<'_> {
    /// Returns the folder of the store.
    fn store(&self) -> &Path {
        let store = self.global.store.as_deref();
        store.unwrap_or(Path::new("retrocast-store"))
    }

    /// Returns the time zone for display and for input times without one.
    fn tz(&self) -> Tz {
        self.global.tz.unwrap_or(Tz::UTC)
    }
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Fine
            };
            return ExitCode::from(exit.code());
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(Exit::Usage.code());
        }
    };
    let terminal = Terminal::new(cli.global.color);
    let run = catch_unwind(AssertUnwindSafe(|| run(cli, &terminal)));
    let exit = match run.unwrap_or_else(|_| Err(CommandError::bug())) {
        Ok(exit) => exit,
        Err(error) if error.is_broken_pipe() => Exit::Fine,
        Err(error) => {
            terminal.message(&error.text(&terminal.styles));
            error.exit
        }
    };
    ExitCode::from(exit.code())
}

fn run(cli: Cli, terminal: &Terminal) -> Result<Exit, CommandError> {
    let context = Context {
        global: cli.global,
        terminal,
        runtime: runtime()?,
        now: now()?,
    };
    cli.command.run(&context)
}

fn runtime() -> Result<Runtime, CommandError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.enable_all().build()?)
}

/// Reads the clock, or `RETROCAST_NOW`.
fn now() -> Result<i64, CommandError> {
    match std::env::var("RETROCAST_NOW") {
        Ok(text) => crate::model::parse_timestamp(&text, Tz::UTC)
            .map_err(|e| CommandError::usage(format!("RETROCAST_NOW: {e}"))),
        Err(_) => Ok(chrono::Utc::now().timestamp_micros()),
    }
}

/// The command line as clap knows it, for the reference and the tests.
pub fn command_line() -> clap::Command {
    Cli::command()
}
