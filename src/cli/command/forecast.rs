use std::path::Path;

use crate::cli::Context;
use crate::cli::command::report::RangeArgs;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::load_summary::plural;
use crate::cli::output::OutputArgs;
use crate::cli::progress;
use crate::forecast::model::MODELS;
use crate::job::forecast::{Forecast, ForecastError, ForecastShell, ForecastSpec, save};
use crate::render::{Format, RowWriter};
use crate::report::{ForecastResult, ForecastSeries, Layout, forecast_rows};

/// Series from which a progress bar is drawn.
const MANY: usize = 2;

/// Forecast series: of a metric, a PromQL expression, an SQL query or a CSV file.
///
/// A metric or a selector is read as it is stored, and a point each `--step` is made of its
/// samples by `--statistic`; a counter is forecast as its rate. Anything else is evaluated as
/// PromQL at each step.
///
/// Each series is forecast by `--model` (several are shown beside each other, the first is the one
/// that counts), with intervals at `--level`. What a forecast is worth is measured on the last
/// horizon of the history, held out, beside the seasonal naive method; with `--evaluate` from
/// rolling origins. What cannot be forecast as asked is forecast by something simpler, with the
/// reason.
///
/// `table` and `md` show up to six series with a chart each, and more as a row each; `csv`,
/// `ndjson` and `parquet` have rows `unique_id,ds,h,model,mean,lo80,hi80,lo95,hi95` (and, with
/// `--evaluate`, a line on standard error); `json` has everything.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast forecast storage_write_queue_depth --horizon 1d
  retrocast forecast 'sum(rate(collector_messages_received_total[5m]))' --step 1h --season 1d,7d
  retrocast forecast storage_write_queue_depth --model auto-arima,ets,theta --evaluate
  retrocast forecast --sql 'SELECT ts, value FROM metrics.up' --step 1h -o up.csv")]
#[command(after_help = models())]
pub(crate) struct Args {
    /// A metric of the store, a selector, or any PromQL expression.
    #[arg(value_name = "METRIC|EXPR")]
    metric: Option<String>,
    /// Label matchers for the metric: `{service="x"}`.
    #[arg(long, value_name = "MATCHERS")]
    r#match: Option<String>,
    /// A statement whose rows are a time, a value, and labels: `SELECT ts, value, service FROM …`.
    #[arg(long, value_name = "SQL")]
    sql: Option<String>,
    /// A CSV file (gz and zst too; - for standard input) with a column of times, which may be whole
    /// numbers, and one of values.
    #[arg(long, value_name = "FILE")]
    csv: Option<String>,
    /// The file's column that tells series apart [default: unique_id, where there is one].
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The file's column of the times [default: ds, timestamp, time…].
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// The file's column of the values [default: y, value].
    #[arg(long, value_name = "COLUMN")]
    value: Option<String>,
    #[command(flatten)]
    range: RangeArgs,
    /// The distance of two points: 15m, 1h, 1d, 1mo [default: a file's own; of a store 1m, from a
    /// day of history on 5m, from a week on 1h, from 400 days on 1d].
    #[arg(long, value_name = "DURATION")]
    step: Option<String>,
    /// What a point says of the samples of its step: mean, min, max, median, p99, first, last, sum,
    /// count, rate, increase [default: mean; of a counter rate].
    #[arg(long, value_name = "NAME")]
    statistic: Option<String>,

    /// How far ahead: steps, or a duration such as 14d [default: two of the longest --season; else
    /// a tenth of the history, in whole days].
    #[arg(long, value_name = "STEPS|DURATION", help_heading = "Forecast")]
    horizon: Option<String>,
    /// Seasonal periods, in steps or as durations: 24,168 or 1d,7d; auto or none [default: auto].
    #[arg(long, value_name = "LIST", help_heading = "Forecast")]
    season: Option<String>,
    /// Models, separated by commas; may repeat. See below [default: auto].
    #[arg(long, value_name = "LIST", help_heading = "Forecast")]
    model: Vec<String>,
    /// Try all orders rather than search step by step.
    #[arg(long, help_heading = "Forecast")]
    exhaustive: bool,
    /// Levels of the intervals, per cent [default: 80,95].
    #[arg(long, value_name = "LIST", help_heading = "Forecast")]
    level: Option<String>,
    /// What is forecast in place of the values: none, log, box-cox (λ by Guerrero's method),
    /// box-cox(likelihood), box-cox(0.3), logit(0,100) for what lies between two bounds
    /// [default: none].
    #[arg(long, value_name = "NAME", help_heading = "Forecast")]
    transform: Option<String>,
    /// Values that stand out: keep them and do not look, mark them, or remove (take them for
    /// missing) [default: mark].
    #[arg(long, value_name = "WHAT", help_heading = "Forecast")]
    outliers: Option<String>,

    /// Outside variables, separated by commas; may repeat: columns of the --csv file, metrics or
    /// expressions of the store, or FILE.csv:COLUMN. Behind a name :mean(24) takes the mean of so
    /// many steps before, :degrees(18) what lies above and below a base, :squares a curve.
    #[arg(long, value_name = "LIST", help_heading = "Outside variables")]
    regressors: Vec<String>,
    /// Kinds of the store's events, separated by commas: campaign, maintenance, deploy…; a deploy
    /// changes the level, the others last. Otherwise say campaign:step or deploy:pulse.
    #[arg(long, value_name = "LIST", help_heading = "Outside variables")]
    events: Vec<String>,
    /// Countries whose public holidays count, separated by commas: GB, DE-BY.
    #[arg(long, value_name = "LIST", help_heading = "Outside variables")]
    holidays: Vec<String>,
    /// A CSV file with what is known of outside variables over the horizon: a column of times, and
    /// one named as each variable.
    #[arg(long, value_name = "FILE", help_heading = "Outside variables")]
    future: Option<String>,
    /// What is assumed of them otherwise: NAME=last, NAME=season, NAME=season(24) or NAME=3.5;
    /// without a name of all. May repeat.
    #[arg(long, value_name = "NAME=WHAT", help_heading = "Outside variables")]
    assume: Vec<String>,

    /// Forecast from rolling origins, and show the error by step of the horizon (of up to six
    /// series; json has it of all).
    #[arg(long, help_heading = "Evaluation")]
    evaluate: bool,
    /// The most origins [default: 5].
    #[arg(long, value_name = "N", help_heading = "Evaluation")]
    origins: Option<usize>,
    /// Steps, or a duration, from one origin to the next [default: the horizon].
    #[arg(long, value_name = "STEPS|DURATION", help_heading = "Evaluation")]
    stride: Option<String>,
    /// Show the search and the coefficients (of up to six series; json has them of all).
    #[arg(long, help_heading = "Evaluation")]
    explain: bool,

    /// Keep the result in the store under this name: table forecasts.
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The list of models for the help, each description hanging behind its name.
fn models() -> String {
    const NAME: usize = 26;
    const WIDTH: usize = 96;
    let mut text = String::from("Models:");
    for method in MODELS {
        let mut line = format!("  {}{}", method.name, method.arguments);
        line = format!("{line:<indent$}", indent = NAME + 2);
        for word in method.description.split(' ') {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                text.push('\n');
                text.push_str(&line);
                line = " ".repeat(NAME + 2);
            }
            line.push(' ');
            line.push_str(word);
        }
        text.push('\n');
        text.push_str(&line);
    }
    text
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let spec = args.spec();
    let shell = ForecastShell {
        store: context.store(),
        handle: context.runtime.handle(),
        folder: Path::new(""),
        tz: context.tz(),
        now: context.now,
    };
    let format = args.output.format()?;
    let forecast = Forecast::prepare(&spec, shell)?;
    let bar = progress::steps(context.terminal, forecast.len() as u64);
    if forecast.len() < MANY {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    // Rows alone are written as they are made; errors on held-out data are no part of them.
    if matches!(format, Format::Csv | Format::Ndjson) && !spec.evaluate && args.save.is_none() {
        let rows = |series: &[ForecastSeries]| {
            forecast_rows(series, forecast.levels(), forecast.times())
                .map_err(|_| CommandError::bug())
        };
        let out = args.output.open()?;
        let Some(mut writer) = RowWriter::new(out, format, context.tz()) else {
            return Err(CommandError::bug());
        };
        let mut told = forecast.result();
        forecast.run(false, |mut series| {
            writer.write(&rows(std::slice::from_ref(&series))?)?;
            bar.inc(1);
            series.forget();
            told.series.push(series);
            Ok::<(), CommandError>(())
        })?;
        writer.finish()?;
        bar.finish_and_clear();
        for warning in told.all_warnings() {
            context.terminal.warning(&warning.message);
        }
        return Ok(exit(&told));
    }
    let layout = match format {
        Format::Table | Format::Md => Layout::People,
        _ => Layout::Rows,
    };
    let result = forecast.collect(format != Format::Parquet, format == Format::Json, || {
        bar.inc(1)
    });
    bar.finish_and_clear();
    let result = result?;
    if let Some(held_out) = result.held_out().filter(|_| !format.holds_warnings()) {
        context.terminal.message(&held_out);
    }
    let document = result.document(layout);
    let document = document.map_err(|_| CommandError::bug())?;
    args.output.write(context, &document)?;
    if let Some(name) = &args.save {
        let saved = save(&result, name, shell)?;
        let as_before = if saved.is_changed { "" } else { "; as before" };
        let rows = plural(saved.rows, "row");
        let line = format!("saved as {name}: {rows} of forecasts{as_before}");
        context.terminal.message(&line);
    }
    Ok(exit(&result))
}

/// A series whose method panicked has no forecast: a part of what was asked for is missing.
fn exit(result: &ForecastResult) -> Exit {
    if result.has_fault() {
        Exit::Found
    } else {
        Exit::Fine
    }
}

impl Args {
    fn spec(&self) -> ForecastSpec {
        ForecastSpec {
            metric: self.metric.clone(),
            matchers: self.r#match.clone(),
            sql: self.sql.clone(),
            csv: self.csv.clone(),
            id: self.id.clone(),
            time: self.time.clone(),
            value: self.value.clone(),
            since: self.range.since.clone(),
            until: self.range.until.clone(),
            step: self.step.clone(),
            statistic: self.statistic.clone(),
            horizon: self.horizon.clone(),
            season: self.season.clone(),
            model: self.model.clone(),
            exhaustive: self.exhaustive,
            level: self.level.clone(),
            transform: self.transform.clone(),
            outliers: self.outliers.clone(),
            evaluate: self.evaluate,
            origins: self.origins,
            stride: self.stride.clone(),
            explain: self.explain,
            regressors: self.regressors.clone(),
            events: self.events.clone(),
            holidays: self.holidays.clone(),
            future: self.future.clone(),
            assume: self.assume.clone(),
            name: self.save.clone().unwrap_or_default(),
            ..ForecastSpec::default()
        }
    }
}

impl From<ForecastError> for CommandError {
    fn from(error: ForecastError) -> Self {
        match error {
            ForecastError::Usage { message, hint } => {
                let error = Self::usage(message);
                match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            ForecastError::Store(error) => error.into(),
            ForecastError::Query(error) => error.into(),
            ForecastError::Output(error) => error.into(),
            ForecastError::Render(error) => error.into(),
            error @ (ForecastError::Input(_) | ForecastError::Source(_)) => Self::unreadable(error),
            ForecastError::Arrow(_) => Self::bug(),
        }
    }
}
