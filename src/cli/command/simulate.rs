use std::path::PathBuf;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::load_summary::thousands;
use crate::cli::progress;
use crate::model::{parse_duration, parse_timestamp};
use crate::simulate::{SimulationOptions, simulate};

/// Write the exports of a small simulated system whose truth is known.
///
/// Three collectors, a broker, a pipeline, three storage backends and a query
/// API, as a network of queues, with seasons, campaigns, deploys and incidents
/// of known cause; each part exports in a format of its own. The same seed
/// writes the same bytes.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast simulate exports --days 1
  retrocast simulate exports --days 2 --step 5m --seed 7")]
pub(crate) struct Args {
    /// The folder to write into.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Days that are simulated.
    #[arg(long, value_name = "N", default_value_t = 21)]
    days: u32,
    /// Days by the hour that are written for forecasts; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 365)]
    long_days: u32,
    /// Time between two samples.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = duration)]
    step: i64,
    /// Size of the system: traffic and instances.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    scale: f64,
    /// Begin.
    #[arg(long, value_name = "TIME", default_value = "2026-04-20")]
    start: String,
    /// Seed of chance.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

fn duration(text: &str) -> Result<i64, String> {
    parse_duration(text).map_err(|e| e.to_string())
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let start = parse_timestamp(&args.start, context.tz());
    let options = SimulationOptions {
        start: start.map_err(|e| CommandError::usage(format!("--start: {e}")))?,
        days: args.days,
        step: args.step,
        scale: args.scale,
        seed: args.seed,
        long_days: args.long_days,
    };
    let bar = progress::steps(context.terminal, 1);
    let mut advanced = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let summary = simulate(&options, &args.folder, &mut advanced)?;
    bar.finish_and_clear();
    context.terminal.message(&format!(
        "{} samples, {} log records, {} files in {}",
        thousands(summary.samples),
        thousands(summary.log_records),
        summary.files.len(),
        args.folder.display()
    ));
    context.terminal.message(&format!(
        "next: retrocast ingest {}",
        args.folder.join("metrics").display()
    ));
    Ok(Exit::Fine)
}
