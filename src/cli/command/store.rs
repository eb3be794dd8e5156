use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray, TimestampMicrosecondArray, UInt64Array};
use arrow::record_batch::RecordBatch;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::load_summary::{bytes, plural};
use crate::cli::output::OutputArgs;
use crate::model::{format_day, parse_duration};
use crate::report::{ColumnSpec, Document, Table, Unit};
use crate::store::{
    self, CompactOptions, Compacted, DEFAULT_GRACE, DroppedDay, ORPHAN_AGE, Store, TableInfo,
    VerifyOptions, VerifyReport,
};

/// Look after the store: what it holds, whether it is sound, compaction, retention.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast store info
  retrocast store verify
  retrocast store compact --dry-run
  retrocast store retain --days 400 --dry-run")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Info(InfoArgs),
    Verify(VerifyArgs),
    Compact(CompactArgs),
    Retain(RetainArgs),
}

/// Say what each table holds: version, rows, files, bytes a row, range.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast store info
  retrocast store info --format json")]
struct InfoArgs {
    #[command(flatten)]
    output: OutputArgs,
}

/// Read every file and check it: checksum, order, duplicates, statistics,
/// references, orphans. Ends with 1 where an answer could be wrong.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast store verify
  retrocast store verify --fix")]
struct VerifyArgs {
    /// Remove orphans: files that a killed run left and no version names.
    #[arg(long)]
    fix: bool,
    /// How old a file must be to count as an orphan.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1h")]
    orphan_age: i64,
    #[command(flatten)]
    output: OutputArgs,
}

/// Rewrite days of many files as one, and delete files removed long ago.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast store compact --dry-run
  retrocast store compact --grace 1d")]
struct CompactArgs {
    /// For how long a removed file stays, for readers of older versions.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "7d")]
    grace: i64,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Drop the samples, logs and spans of whole UTC days. Events, job runs and series
/// are small and stay.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast store retain --days 400 --dry-run
  retrocast store retain --days 400")]
struct RetainArgs {
    /// Keep so many days before now.
    #[arg(long, value_name = "N")]
    days: u32,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArgs,
}

const _: () = assert!(DEFAULT_GRACE == 7 * 86_400_000_000 && ORPHAN_AGE == 3_600_000_000);

fn duration(text: &str) -> Result<i64, String> {
    parse_duration(text).map_err(|e| e.to_string())
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let store = Store::open(context.store())?;
    let handle = context.runtime.handle();
    match &args.command {
        Command::Info(args) => {
            let tables = store::info(&store, handle)?;
            args.output.write(context, &info(&tables)?)?;
            Ok(Exit::Fine)
        }
        Command::Verify(args) => {
            let options = VerifyOptions {
                fix: args.fix,
                orphan_age: args.orphan_age,
            };
            let report = store::verify(&store, options, handle, context.now)?;
            if !report.findings.is_empty() {
                args.output.write(context, &findings(&report)?)?;
            }
            context.terminal.message(&format!(
                "{} with {} ({}) checked, {}",
                plural(report.files, "file"),
                plural(report.rows, "row"),
                bytes(report.bytes),
                plural(report.findings.len() as u64, "finding")
            ));
            Ok(if report.is_sound() {
                Exit::Fine
            } else {
                Exit::Found
            })
        }
        Command::Compact(args) => {
            let options = CompactOptions {
                grace: args.grace,
                dry_run: args.dry_run,
            };
            let tables = store::compact(&store, options, handle, context.now)?;
            if tables.iter().any(|table| table.is_postponed) {
                context
                    .terminal
                    .warning("an ingest is in progress: nothing was deleted");
            }
            args.output.write(context, &compacted(&tables)?)?;
            Ok(Exit::Fine)
        }
        Command::Retain(args) => {
            let days = store::retain(&store, args.days, args.dry_run, handle, context.now)?;
            args.output.write(context, &dropped(&days)?)?;
            let free: u64 = days.iter().map(|day| day.bytes).sum();
            let dropped = if args.dry_run {
                "would be dropped"
            } else {
                "dropped"
            };
            context.terminal.message(&format!(
                "{} {dropped}; `retrocast store compact` frees {} after its grace",
                plural(days.len() as u64, "day"),
                bytes(free)
            ));
            Ok(Exit::Fine)
        }
    }
}

fn info(tables: &[TableInfo]) -> Result<Document, CommandError> {
    let t = || tables.iter();
    let times = |pick: fn(&TableInfo) -> Option<i64>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from_iter(t().map(pick)).with_timezone("UTC"))
    };
    table(
        "Store",
        vec![
            ("table", names(t().map(|x| x.table.name()))),
            (
                "version",
                Arc::new(t().map(|x| x.version).collect::<UInt64Array>()),
            ),
            ("rows", counts(t().map(|x| x.rows))),
            ("files", counts(t().map(|x| x.files as u64))),
            ("bytes", counts(t().map(|x| x.bytes))),
            (
                "bytes_per_row",
                Arc::new(t().map(TableInfo::bytes_per_row).collect::<Float64Array>()),
            ),
            (
                "days",
                Arc::new(
                    t().map(|x| x.days.map(|d| d as u64))
                        .collect::<UInt64Array>(),
                ),
            ),
            ("first", times(|x| Some(x.ts?.0))),
            ("last", times(|x| Some(x.ts?.1))),
            (
                "unreferenced_bytes",
                counts(t().map(|x| x.unreferenced_bytes)),
            ),
        ],
    )
}

fn findings(report: &VerifyReport) -> Result<Document, CommandError> {
    let f = || report.findings.iter();
    table(
        "Findings",
        vec![
            (
                "severity",
                names(f().map(|x| format!("{:?}", x.severity()).to_lowercase())),
            ),
            ("table", names(f().map(|x| x.table.name()))),
            (
                "path",
                names(f().map(|x| x.path.clone().unwrap_or_default())),
            ),
            ("fault", names(f().map(|x| x.fault.to_string()))),
            ("hint", names(f().map(|x| x.hint()))),
        ],
    )
}

fn compacted(tables: &[Compacted]) -> Result<Document, CommandError> {
    let t = || tables.iter();
    table(
        "Compaction",
        vec![
            ("table", names(t().map(|x| x.table.name()))),
            ("days_rewritten", counts(t().map(|x| x.days.len() as u64))),
            ("files_before", counts(t().map(|x| x.files_before as u64))),
            ("files_after", counts(t().map(|x| x.files_after as u64))),
            ("bytes_before", counts(t().map(|x| x.bytes_before))),
            (
                "bytes_after",
                Arc::new(t().map(|x| x.bytes_after).collect::<UInt64Array>()),
            ),
            ("files_deleted", counts(t().map(|x| x.deleted_files as u64))),
            ("bytes_deleted", counts(t().map(|x| x.deleted_bytes))),
            ("files_in_grace", counts(t().map(|x| x.kept_files as u64))),
        ],
    )
}

fn dropped(days: &[DroppedDay]) -> Result<Document, CommandError> {
    let d = || days.iter();
    table(
        "Retention",
        vec![
            ("table", names(d().map(|x| x.table.name()))),
            ("day", names(d().map(|x| format_day(x.day)))),
            ("rows", counts(d().map(|x| x.rows))),
            ("files", counts(d().map(|x| x.files as u64))),
            ("bytes", counts(d().map(|x| x.bytes))),
        ],
    )
}

fn names<S: AsRef<str>>(values: impl Iterator<Item = S>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}

fn counts(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(values))
}

fn table(title: &str, columns: Vec<(&str, ArrayRef)>) -> Result<Document, CommandError> {
    let units: Vec<ColumnSpec> = columns
        .iter()
        .filter(|(name, _)| name.starts_with("bytes") || name.ends_with("bytes"))
        .map(|(name, _)| ColumnSpec {
            name: (*name).to_owned(),
            unit: Some(Unit::parse("bytes")),
            sparkline: false,
        })
        .collect();
    let bug = |e: arrow::error::ArrowError| CommandError::usage(e.to_string());
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .map_err(bug)?;
    let mut document = Document::from_batches(title, batch.schema(), vec![batch]).map_err(bug)?;
    for block in &mut document.blocks {
        if let crate::report::Block::Table(table) = block {
            Table::describe(table, &units);
        }
    }
    Ok(document)
}
