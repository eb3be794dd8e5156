use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Instant;

use indicatif::ProgressBar;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::load_summary::{self, plural};
use crate::cli::progress;
use crate::job::{self, JobFile, JobObserver, StepOutcome, StepReport};
use crate::render::{self, Format, RenderOptions};
use crate::report::Document;

/// Run a job file: ingest what is new, run its reports and backtests, write them.
///
/// A step that fails does not stop the others. Ends with 0 where every step is
/// fine, with 1 where one is not; `summary.json` says which.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast run sample-data/retrocast.toml
  retrocast run sample-data/retrocast.toml --quiet")]
pub(crate) struct Args {
    /// The job file.
    #[arg(value_name = "FILE", default_value = "retrocast.toml")]
    file: PathBuf,
    /// Show only the summary, not the reports.
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let begin = Instant::now();
    let (job, warnings) = JobFile::read(&args.file)?;
    for warning in warnings {
        context.terminal.warning(&warning.message);
    }
    let store = match (&context.global.store, &job.store) {
        (None, Some(store)) => job.path(store),
        _ => context.store().to_owned(),
    };
    let watcher = Watcher {
        context,
        tz: context.global.tz.or(job.tz).unwrap_or_else(|| context.tz()),
        is_quiet: args.quiet,
        bar: RefCell::new(ProgressBar::hidden()),
    };
    let handle = context.runtime.handle();
    let report = job::run(&job, &store, watcher.tz, handle, context.now, &watcher)?;
    let done = report
        .steps
        .iter()
        .filter(|step| step.outcome == StepOutcome::Done)
        .count();
    context.terminal.message(&format!(
        "{done} of {} steps are fine, in {:.1} s; {} has the whole account",
        report.steps.len(),
        begin.elapsed().as_secs_f64(),
        report.summary.display(),
    ));
    for step in &report.steps {
        if let StepOutcome::Found(reason) | StepOutcome::Failed(reason) = &step.outcome {
            let line = format!("{} {}: {reason}", step.kind, step.name);
            context.terminal.warning(&line);
        }
    }
    Ok(if report.is_fine() {
        Exit::Fine
    } else {
        Exit::Found
    })
}

struct Watcher<'a> {
    context: &'a Context<'a>,
    tz: chrono_tz::Tz,
    is_quiet: bool,
    bar: RefCell<ProgressBar>,
}

impl Watcher<'_> {
    fn show(&self, document: &Document, rows: usize) {
        let options = RenderOptions {
            width: self.context.terminal.width,
            color: self.context.terminal.color,
            tz: self.tz,
            max_rows: Some(rows),
        };
        if let Ok(bytes) = render::render(document, Format::Table, &options) {
            let _ = self.context.terminal.result(&bytes);
            let _ = self.context.terminal.result(b"\n");
        }
    }
}

impl JobObserver for Watcher<'_> {
    fn began(&self, kind: &str, name: &str, bytes: u64) {
        if kind == "ingest" {
            self.context.terminal.message(&format!("== ingest {name}"));
            self.bar
                .replace(progress::bytes(self.context.terminal, bytes));
        }
    }

    fn advanced(&self, bytes: u64) {
        self.bar.borrow().inc(bytes);
    }

    fn ended(&self, step: &StepReport, document: Option<(&Document, usize)>) {
        self.bar.borrow().finish_and_clear();
        if let Some(loaded) = &step.loaded {
            load_summary::show(self.context.terminal, loaded, None);
        }
        let Some((document, rows)) = document else {
            return;
        };
        if self.is_quiet || rows == 0 {
            let rows = plural(step.rows.unwrap_or(0) as u64, "row");
            let line = format!("== {} {}: {rows}", step.kind, step.name);
            self.context.terminal.message(&line);
        } else {
            self.show(document, rows);
        }
    }
}
