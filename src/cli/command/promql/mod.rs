mod failure;
mod grid;
mod usage;

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use clap::ValueEnum;

use self::failure::failure;
use self::grid::{Grid, GridArgs, positive_duration};
use self::usage::Usage;
use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::load_summary::{bytes, plural, thousands};
use crate::cli::output::Destination;
use crate::cli::promql_version::VersionChoice;
use crate::model::{
    MICROS_PER_DAY, TimeRange, Warning, day_of, format_day, format_duration, format_timestamp,
};
use crate::promql::{
    Annotations, Error, Evaluated, Level, Options, Query, QuerySelector, SampleSource, Selection,
    SourceError, Steps, Value, evaluate, evaluate_pieces, evaluate_range, is_absent, write_data,
};
use crate::query::{EmptySelector, Session, Staleness, StoreSource, StoreSourceSettings};
use crate::render::{Format, write_export_lines};
use crate::report::{Layout, PromqlResult};
use crate::store::{Snapshot, Store, TableKind};

/// Steps of a range that a format may hold which keeps all of the result.
const MOST_STEPS: usize = 2_000_000;

/// Evaluate a PromQL expression on the samples of the store.
///
/// At one instant, or over a range where `--since`, `--until` or `--step` is
/// given. As in PromQL the end of a range is one of its instants.
///
/// `table` and `md` sum a range up, a row a series; the other formats have
/// every point. `ndjson` is VictoriaMetrics' export format, which `ingest`
/// reads; it is written while the range is evaluated, so that memory stays
/// bounded. `prometheus` is the `data` of Prometheus' HTTP API.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast promql 'sum by (service) (rate(collector_messages_received_total[5m]))'
  retrocast promql 'avg_over_time(storage_write_queue_depth[1h])' --since 7d
  retrocast promql 'up == 0' --since 2026-05-07 --step 1m --format csv
  retrocast promql 'rate(http_requests_total[5m])' --step 1m -o rates.jsonl")]
pub(crate) struct Args {
    /// The expression.
    #[arg(value_name = "EXPR")]
    expression: String,
    #[command(flatten)]
    grid: GridArgs,
    /// For how long a sample stands for its series.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = positive_duration)]
    lookback_delta: i64,
    /// How a series ends that has no stale markers: exports lose them.
    #[arg(long, value_name = "HOW", value_enum, default_value = "inferred")]
    staleness: StalenessChoice,
    /// Step of subqueries that name none.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = positive_duration)]
    subquery_step: i64,
    /// Major version of Prometheus whose semantics hold.
    #[arg(long, value_name = "N", value_enum, default_value = "3")]
    promql_version: VersionChoice,
    /// Say on standard error what the evaluation read, made and cost.
    #[arg(long)]
    stats: bool,
    /// Format of the result: table, csv, json, ndjson, md, parquet, prometheus; by
    /// default that of the output file's name, or a table.
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    format: Option<ResultFormat>,
    #[command(flatten)]
    destination: Destination,
}

/// How series end that have no stale markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StalenessChoice {
    /// Where it is silent for longer than four of its usual intervals.
    Inferred,
    /// A lookback delta after its last sample.
    None,
}

/// A format of every command, or Prometheus' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResultFormat {
    /// The `data` of the HTTP API.
    Prometheus,
    /// As of every command; but `ndjson` is VictoriaMetrics' lines.
    Common(Format),
}

fn parse_format(text: &str) -> Result<ResultFormat, String> {
    if text == "prometheus" {
        return Ok(ResultFormat::Prometheus);
    }
    Format::from_name(text)
        .map(ResultFormat::Common)
        .ok_or_else(|| {
            let names: Vec<&str> = Format::ALL.iter().map(|f| f.name()).collect();
            format!("formats are {}, prometheus", names.join(", "))
        })
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let format = args.format()?;
    let options = args.options();
    let failed = |error| failure(error, &args.expression, context.tz());
    let query = Query::parse(&args.expression, &options).map_err(failed)?;
    let begin = Instant::now();
    let store = Store::open(context.store())?;
    let (session, samples) = context.runtime.block_on(async {
        let session = Session::open(&store).await?;
        let samples = store.snapshot(TableKind::Samples).await?;
        Ok::<_, CommandError>((session, samples))
    })?;
    let mut stored = time_range(&samples);
    if !args.grid.has_end() {
        stored = context
            .runtime
            .block_on(until_selected(&session, &query, stored))?;
    }
    let grid = args.grid.resolve(stored, context)?;
    if grid.steps.len > MOST_STEPS && format != ResultFormat::Common(Format::Ndjson) {
        let steps = thousands(grid.steps.len as u64);
        let reason = format!("{steps} steps are more than fit into memory in this format");
        return Err(CommandError::usage(reason)
            .hint("take a longer --step, or --format ndjson, which is written as it is made"));
    }
    let settings = StoreSourceSettings {
        staleness: args.staleness(),
        lookback: args.lookback_delta,
    };
    let handle = context.runtime.handle().clone();
    let mut source = StoreSource::open(&session, handle, settings)?;
    let mut run = Run {
        args,
        context,
        query: &query,
        grid,
        options,
        versions: session.versions(),
        points: Points::default(),
    };
    match format {
        ResultFormat::Common(Format::Ndjson) => run.stream(&mut source)?,
        ResultFormat::Prometheus => run.prometheus(&mut source)?,
        ResultFormat::Common(format) => run.document(&mut source, format)?,
    }
    if args.stats {
        run.tell(&source, begin.elapsed());
    }
    Ok(Exit::Fine)
}

impl Args {
    fn format(&self) -> Result<ResultFormat, CommandError> {
        let by_name = || self.destination.format().map(ResultFormat::Common);
        self.format.map_or_else(by_name, Ok)
    }

    fn options(&self) -> Options {
        Options {
            version: self.promql_version.into(),
            lookback: self.lookback_delta,
            subquery_step: self.subquery_step,
            ..Options::default()
        }
    }

    fn staleness(&self) -> Staleness {
        match self.staleness {
            StalenessChoice::Inferred => Staleness::Inferred,
            StalenessChoice::None => Staleness::None,
        }
    }
}

/// One evaluation on its way to its destination.
struct Run<'a> {
    args: &'a Args,
    context: &'a Context<'a>,
    query: &'a Query,
    grid: Grid,
    options: Options,
    versions: Vec<(String, i64)>,
    points: Points,
}

impl Run<'_> {
    /// Evaluates all of it at once.
    fn evaluate(&mut self, source: &mut StoreSource) -> Result<Evaluated, CommandError> {
        let (query, steps, options) = (self.query, self.grid.steps, &self.options);
        let evaluated = if self.grid.is_instant {
            evaluate(query, steps, source, options)
        } else {
            evaluate_range(query, steps, source, options)
        };
        let evaluated = evaluated.map_err(|e| self.failed(e))?;
        self.points.count(&evaluated.value);
        Ok(evaluated)
    }

    fn failed(&self, error: Error) -> CommandError {
        failure(error, &self.query.text, self.context.tz())
    }

    /// Writes a document in a format of every command.
    fn document(&mut self, source: &mut StoreSource, format: Format) -> Result<(), CommandError> {
        let Evaluated { value, annotations } = self.evaluate(source)?;
        let result = PromqlResult {
            query: &self.query.text,
            value: &value,
            steps: self.grid.steps,
            is_instant: self.grid.is_instant,
        };
        let layout = match format {
            Format::Table | Format::Md => Layout::People,
            _ => Layout::Rows,
        };
        let document = result.document(layout);
        let mut document = document.map_err(|e| CommandError::usage(e.to_string()))?;
        drop(value);
        document.provenance.parameters = self.parameters();
        document.provenance.defaults = self.defaults();
        document.provenance.store = std::mem::take(&mut self.versions);
        document.warnings = self.warnings(source, &annotations)?;
        if !format.holds_warnings() {
            self.tell_step();
        }
        let destination = &self.args.destination;
        destination.write(self.context, &document, format)
    }

    /// Writes the `data` of Prometheus' HTTP API.
    fn prometheus(&mut self, source: &mut StoreSource) -> Result<(), CommandError> {
        let Evaluated { value, annotations } = self.evaluate(source)?;
        let mut out = self.args.destination.open()?;
        write_data(&mut out, &value, self.grid.steps, self.grid.is_instant)?;
        out.write_all(b"\n")?;
        out.flush()?;
        self.tell_step();
        self.warn(source, &annotations)
    }

    /// Writes VictoriaMetrics' lines, piece by piece.
    fn stream(&mut self, source: &mut StoreSource) -> Result<(), CommandError> {
        if self.grid.is_instant {
            let Evaluated { value, annotations } = self.evaluate(source)?;
            if matches!(value, Value::String(_)) {
                let reason = "a string has no samples, and ndjson holds nothing else";
                return Err(CommandError::usage(reason).hint("take another --format"));
            }
            let mut out = self.args.destination.open()?;
            write_export_lines(&mut out, &value, self.grid.steps)?;
            out.flush()?;
            return self.warn(source, &annotations);
        }
        let mut out = self.args.destination.open()?;
        let (points, mut stopped) = (&mut self.points, None);
        let mut write = |steps: Steps, value: Value| -> Result<(), SourceError> {
            points.count(&value);
            write_export_lines(&mut out, &value, steps).map_err(|error| {
                stopped = Some(error);
                "the result cannot be written".into()
            })
        };
        let (steps, options) = (self.grid.steps, &self.options);
        let outcome = evaluate_pieces(self.query, steps, source, options, &mut write);
        if let Some(error) = stopped {
            return Err(error.into());
        }
        let annotations = outcome.map_err(|e| self.failed(e))?;
        out.flush()?;
        self.tell_step();
        self.warn(source, &annotations)
    }

    /// What may make a value wrong, and why there may be none.
    fn warnings(
        &self,
        source: &mut StoreSource,
        annotations: &Annotations,
    ) -> Result<Vec<Warning>, CommandError> {
        let mut warnings: Vec<Warning> = annotations
            .iter()
            .map(|annotation| {
                let text = annotation.render(&self.query.text);
                match annotation.level {
                    Level::Info => Warning::new("promql-info", text),
                    // A warning says of itself that it is one.
                    Level::Warning => {
                        let bare = text.strip_prefix("PromQL warning: ");
                        Warning::new("promql-warning", bare.unwrap_or(&text))
                    }
                }
            })
            .collect();
        for selector in self.query.selectors() {
            let Some(reason) = source.explain_empty(&selector.matchers) else {
                continue;
            };
            if matches!(reason, EmptySelector::NoSamples { .. })
                && !self.has_no_samples(source, &selector)?
            {
                continue;
            }
            let text = &self.query.text;
            let text = text.get(selector.span.start..selector.span.end);
            let why = reason.sentence(self.context.tz());
            let message = format!("{} has nothing: {why}", text.unwrap_or_default());
            let warning = Warning::new("empty-selector", message);
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        warnings.extend(source.warnings());
        Ok(warnings)
    }

    /// Tells whether an empty result comes from a selector that has series, but
    /// no samples in time.
    fn has_no_samples(
        &self,
        source: &mut StoreSource,
        selector: &QuerySelector,
    ) -> Result<bool, CommandError> {
        // `@` takes a selector elsewhere.
        if self.points.points > 0 || self.query.text.contains('@') {
            return Ok(false);
        }
        let (back, ahead) = self.query.lookback(&self.options);
        let selected = source.select(Selection {
            matchers: &selector.matchers,
            // The first instant of a window or a lookback is not part of it.
            from: self.grid.steps.start.saturating_sub(back).saturating_add(1),
            to: self.grid.steps.end().saturating_add(ahead),
        });
        let selected = selected.map_err(failure::unread)?;
        Ok(selected.iter().all(|series| series.timestamps.is_empty()))
    }

    /// Writes the warnings to standard error.
    fn warn(
        &self,
        source: &mut StoreSource,
        annotations: &Annotations,
    ) -> Result<(), CommandError> {
        for warning in self.warnings(source, annotations)? {
            self.context.terminal.warning(&warning.message);
        }
        Ok(())
    }

    /// Says the step that nobody named, where the format does not.
    fn tell_step(&self) {
        if self.grid.is_default_step {
            let step = format_duration(self.grid.steps.step);
            self.context.terminal.message(&format!("step: {step}"));
        }
    }

    /// The parameters of the document, as the command line would say them.
    fn parameters(&self) -> Vec<(String, String)> {
        let steps = self.grid.steps;
        let when = if self.grid.is_instant {
            ("at", format_timestamp(steps.start, self.context.tz()))
        } else {
            ("step", format_duration(steps.step))
        };
        let name = |choice: &dyn ToString| choice.to_string();
        let parameters = [
            when,
            ("lookback-delta", format_duration(self.options.lookback)),
            ("staleness", name(&value_name(self.args.staleness))),
            ("subquery-step", format_duration(self.options.subquery_step)),
            (
                "promql-version",
                name(&value_name(self.args.promql_version)),
            ),
        ];
        let owned = parameters.map(|(name, value)| (name.to_owned(), value));
        owned.into()
    }

    /// The parameters that are as nobody said otherwise.
    fn defaults(&self) -> Vec<String> {
        let (usual, here) = (Options::default(), &self.options);
        let all = [
            ("lookback-delta", usual.lookback == here.lookback),
            (
                "staleness",
                self.args.staleness == StalenessChoice::Inferred,
            ),
            ("subquery-step", usual.subquery_step == here.subquery_step),
            ("promql-version", usual.version == here.version),
        ];
        let usual = all.into_iter().filter(|(_, is_usual)| *is_usual);
        usual.map(|(name, _)| name.to_owned()).collect()
    }

    /// Says what the evaluation read, made and cost.
    fn tell(&self, source: &StoreSource, elapsed: Duration) {
        let terminal = self.context.terminal;
        let series = |count: usize| format!("{} series", thousands(count as u64));
        let read = source.statistics();
        terminal.message(&format!(
            "read: {} and {} in {:.2} s",
            series(read.series),
            plural(read.samples, "sample"),
            read.elapsed.as_secs_f64(),
        ));
        terminal.message(&format!(
            "made: {} and {} at {}, evaluated in {:.2} s",
            series(self.points.series),
            plural(self.points.points, "point"),
            plural(self.grid.steps.len as u64, "step"),
            elapsed.saturating_sub(read.elapsed).as_secs_f64(),
        ));
        if let Some(usage) = Usage::read() {
            terminal.message(&format!(
                "cost: {:.2} s of the processor, {} of memory at most",
                usage.cpu,
                bytes(usage.peak)
            ));
        }
    }
}

/// Ends a range where the first of the selected metrics ends, so that none has
/// gone at an instant that nobody chose.
///
/// Only metrics that a selector names count, and of these the ones with samples
/// in the last day of the range.
async fn until_selected(
    session: &Session,
    query: &Query,
    range: Option<TimeRange>,
) -> Result<Option<TimeRange>, CommandError> {
    let selectors = query.selectors();
    let names: BTreeSet<&str> = selectors
        .iter()
        .filter_map(|s| s.metric.as_deref())
        .collect();
    let (Some(range), false) = (range, names.is_empty()) else {
        return Ok(range);
    };
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("'{}'", name.replace('\'', "''")))
        .collect();
    let since = format_day(day_of(range.end.saturating_sub(MICROS_PER_DAY)));
    let sql = format!(
        "SELECT min(last) FROM (SELECT max(ts) AS last FROM samples \
         WHERE metric IN ({}) AND date >= DATE '{since}' GROUP BY metric)",
        names.join(", ")
    );
    let result = session.sql(&sql).await?;
    let last = result.batches.first().and_then(|batch| {
        let times = batch
            .column(0)
            .as_primitive_opt::<TimestampMicrosecondType>()?;
        times.iter().next().flatten()
    });
    Ok(Some(TimeRange {
        start: range.start,
        end: last.map_or(range.end, |last| last.saturating_add(1).max(range.start)),
    }))
}

/// Returns the time from the first sample to just after the last, to the
/// millisecond.
fn time_range(samples: &Snapshot) -> Option<TimeRange> {
    let ranges = samples.files.iter().filter_map(|file| file.stats.ts);
    let (start, end) = ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    Some(TimeRange {
        start,
        end: end.saturating_add(1),
    })
}

fn value_name(choice: impl ValueEnum) -> String {
    let value = choice.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// What a result holds.
#[derive(Debug, Default)]
struct Points {
    series: usize,
    points: u64,
}

impl Points {
    fn count(&mut self, value: &Value) {
        let (series, points) = match value {
            Value::String(_) => (0, 1),
            Value::Scalar(values) => (1, values.len()),
            Value::Vector(series) => {
                let values = series.iter().flat_map(|s| &s.values);
                let points = values.filter(|value| !is_absent(**value)).count();
                (series.len(), points)
            }
            Value::Matrix(series) => (series.len(), series.iter().map(|s| s.values.len()).sum()),
        };
        // Pieces of a range have mostly the same series.
        self.series = self.series.max(series);
        self.points += points as u64;
    }
}
