use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use tokio::runtime::Handle;

use super::backtest::{Backtest, BacktestSpec, Shell};
use super::cause::chain;
use super::file::{IngestStep, JobError, JobFile, ReportStep, default_formats};
use super::forecast::{self, Forecast, ForecastShell, ForecastSpec};
use super::{resolve_range, summary};
use crate::ingest::{self, ReadOptions};
use crate::query::Session;
use crate::render::{self, Format, RenderOptions};
use crate::report::{self, Document, Layout, ReportFile};
use crate::store::{LoadOptions, LoadReport, MaxRejects, Store, load};

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// Done.
    Done,
    /// Done, and more dead letters than allowed, or an unreadable file.
    Found(String),
    /// Not done.
    Failed(String),
}

/// One step of a job.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// `ingest`, `report`, `backtest` or `forecast`.
    pub kind: &'static str,
    /// The step's name.
    pub name: String,
    /// What it came to.
    pub outcome: StepOutcome,
    /// What an ingest step loaded.
    pub loaded: Option<LoadReport>,
    /// Rows of a report.
    pub rows: Option<usize>,
    /// Files that it wrote.
    pub outputs: Vec<PathBuf>,
}

/// What a job came to.
#[derive(Debug, Clone, Default)]
pub struct JobReport {
    /// Its steps, in order.
    pub steps: Vec<StepReport>,
    /// The file that says the same for machines.
    pub summary: PathBuf,
}

impl JobReport {
    /// Tells whether every step is done and fine.
    pub fn is_fine(&self) -> bool {
        self.steps.iter().all(|s| s.outcome == StepOutcome::Done)
    }
}

/// Who watches a job while it runs.
pub trait JobObserver {
    /// A step begins; `bytes` are those it will read.
    fn began(&self, kind: &str, name: &str, bytes: u64);
    /// Bytes have been read.
    fn advanced(&self, bytes: u64);
    /// A step has ended; a report has a document.
    fn ended(&self, step: &StepReport, document: Option<(&Document, usize)>);
}

/// Runs a job: every ingest step, every report, backtest and forecast, then the summary. A step
/// that fails stops no other.
pub fn run(
    job: &JobFile,
    store_folder: &Path,
    tz: Tz,
    runtime: &Handle,
    now: i64,
    observer: &dyn JobObserver,
) -> Result<JobReport, JobError> {
    let store = Store::create(store_folder)?;
    let mut steps = Vec::new();
    for step in &job.ingest {
        let report = ingest_step(job, step, &store, tz, runtime, now, observer);
        observer.ended(&report, None);
        steps.push(report);
    }
    let output = job.path(&job.output);
    let session = runtime.block_on(Session::open(&store));
    for step in &job.report {
        observer.began("report", &step.name, 0);
        let result = match &session {
            Ok(session) => report_step(job, step, session, &output, tz, runtime, now),
            Err(error) => Err(chain(error)),
        };
        let (report, document) = match result {
            Ok((report, document)) => (report, Some(document)),
            Err(reason) => (failed("report", &step.name, reason), None),
        };
        observer.ended(&report, document.as_ref().map(|d| (d, step.show)));
        steps.push(report);
    }
    for spec in &job.backtest {
        observer.began("backtest", spec.name(), 0);
        let (report, document) = match backtest_step(job, spec, &store, &output, tz, runtime, now) {
            Ok((report, document)) => (report, Some(document)),
            Err(reason) => (failed("backtest", spec.name(), reason), None),
        };
        let shown = document.as_ref().map(|d| (d, spec.show.unwrap_or(8)));
        observer.ended(&report, shown);
        steps.push(report);
    }
    for spec in &job.forecast {
        observer.began("forecast", spec.name(), 0);
        let (report, document) = match forecast_step(job, spec, &store, &output, tz, runtime, now) {
            Ok((report, document)) => (report, Some(document)),
            Err(reason) => (failed("forecast", spec.name(), reason), None),
        };
        let shown = document.as_ref().map(|d| (d, spec.show.unwrap_or(8)));
        observer.ended(&report, shown);
        steps.push(report);
    }
    let summary = output.join("summary.json");
    let report = JobReport { steps, summary };
    let text = summary::json(&report, now);
    write(&report.summary, text.as_bytes()).map_err(|source| JobError::Io {
        path: report.summary.clone(),
        source,
    })?;
    Ok(report)
}

fn failed(kind: &'static str, name: &str, reason: String) -> StepReport {
    StepReport {
        kind,
        name: name.to_owned(),
        outcome: StepOutcome::Failed(reason),
        loaded: None,
        rows: None,
        outputs: Vec::new(),
    }
}

fn ingest_step(
    job: &JobFile,
    step: &IngestStep,
    store: &Store,
    tz: Tz,
    runtime: &Handle,
    now: i64,
    observer: &dyn JobObserver,
) -> StepReport {
    let name = match (&step.name[..], step.paths.first()) {
        ("", Some(path)) => path,
        (name, _) => name,
    };
    match load_step(job, step, store, tz, runtime, now, observer, name) {
        Ok((loaded, max_rejects)) => {
            let outcome = if loaded.is_fine(max_rejects) {
                StepOutcome::Done
            } else {
                StepOutcome::Found("too many dead letters, or a file that cannot be read".into())
            };
            StepReport {
                kind: "ingest",
                name: name.to_owned(),
                outcome,
                loaded: Some(loaded),
                rows: None,
                outputs: Vec::new(),
            }
        }
        Err(reason) => failed("ingest", name, reason),
    }
}

#[expect(clippy::too_many_arguments, reason = "one caller, which has them all")]
fn load_step(
    job: &JobFile,
    step: &IngestStep,
    store: &Store,
    tz: Tz,
    runtime: &Handle,
    now: i64,
    observer: &dyn JobObserver,
    name: &str,
) -> Result<(LoadReport, MaxRejects), String> {
    let max_rejects = match &step.max_rejects {
        Some(text) => text.parse()?,
        None => MaxRejects::default(),
    };
    let from = step
        .from
        .as_deref()
        .map(ingest::format::by_name)
        .transpose()?;
    let paths: Vec<String> = step
        .paths
        .iter()
        .map(|path| job.path(path).to_string_lossy().into_owned())
        .collect();
    let sources = ingest::list(&paths, &mut std::io::empty()).map_err(|e| chain(&e))?;
    observer.began("ingest", name, sources.iter().map(|s| s.size).sum());
    let options = LoadOptions {
        from: from.map(|f| f.name()),
        again: false,
        read: ReadOptions {
            tz: step.tz.unwrap_or(tz),
            time_format: step.time_format.clone(),
            map: step.map.clone().into_iter().collect(),
            time_column: step.time.clone(),
            value_column: step.value.clone(),
            label_columns: step.labels.clone(),
            metric: step.metric.clone(),
            ..ReadOptions::default()
        },
    };
    let advanced = |bytes| observer.advanced(bytes);
    let loaded = load(store, &sources, &options, runtime, now, &advanced).map_err(|e| chain(&e))?;
    Ok((loaded, max_rejects))
}

fn report_step(
    job: &JobFile,
    step: &ReportStep,
    session: &Session,
    output: &Path,
    tz: Tz,
    runtime: &Handle,
    now: i64,
) -> Result<(StepReport, Document), String> {
    let report = if step.name.ends_with(".sql") {
        let path = job.path(&step.name);
        let name = path.to_string_lossy();
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{name}: {e}"))?;
        ReportFile::parse(&name, &text).map_err(|e| chain(&e))?
    } else {
        report::built_in(&step.name)
            .ok_or_else(|| format!("there is no report {:?}", step.name))?
            .map_err(|e| chain(&e))?
    };
    let formats = formats(&step.formats)?;
    let since = step.since.as_deref().or(job.since.as_deref());
    let until = step.until.as_deref().or(job.until.as_deref());
    let range =
        resolve_range(since, until, session.data_range(), now, tz).map_err(|e| chain(&e))?;
    let values = step
        .params
        .iter()
        .map(|(name, value)| Ok((name.clone(), param_text(name, value)?)))
        .collect::<Result<Vec<(String, String)>, String>>()?;
    let document = runtime
        .block_on(report::run(session, &report, &values, range, tz))
        .map_err(|e| chain(&e))?;
    let outputs = write_all(&document, &formats, output, step.output_name(), tz)?;
    let rows = document.tables().map(report::Table::num_rows).sum();
    let done = StepReport {
        kind: "report",
        name: step.name.clone(),
        outcome: StepOutcome::Done,
        loaded: None,
        rows: Some(rows),
        outputs,
    };
    Ok((done, document))
}

/// Writes a result in each format, in the layout of those who read it.
fn write_layouts(
    people: &Document,
    rows: &Document,
    formats: &[Format],
    output: &Path,
    name: &str,
    tz: Tz,
) -> Result<Vec<PathBuf>, String> {
    let mut outputs = Vec::new();
    for format in formats {
        let document = match format {
            Format::Table | Format::Md => people,
            _ => rows,
        };
        outputs.extend(write_all(document, &[*format], output, name, tz)?);
    }
    Ok(outputs)
}

fn backtest_step(
    job: &JobFile,
    spec: &BacktestSpec,
    store: &Store,
    output: &Path,
    tz: Tz,
    runtime: &Handle,
    now: i64,
) -> Result<(StepReport, Document), String> {
    let formats = match &spec.formats {
        Some(names) => formats(names)?,
        None => formats(&default_formats())?,
    };
    let mut spec = spec.clone();
    spec.since = spec.since.or_else(|| job.since.clone());
    spec.until = spec.until.or_else(|| job.until.clone());
    spec.save = spec.save.or(Some(true));
    let shell = Shell {
        store,
        handle: runtime,
        folder: &job.folder,
        tz,
        now,
    };
    let result = Backtest::prepare(&spec, shell).and_then(Backtest::run);
    let result = result.map_err(|e| chain(&e))?;
    let document = |layout: Layout| result.document(layout).map_err(|e| e.to_string());
    let people = document(Layout::People)?;
    let rows = document(Layout::Rows)?;
    let outputs = write_layouts(&people, &rows, &formats, output, spec.output_name(), tz)?;
    let rows = rows.tables().next().map_or(0, report::Table::num_rows);
    let done = StepReport {
        kind: "backtest",
        name: spec.name().to_owned(),
        outcome: match result.reasons.as_slice() {
            [] => StepOutcome::Done,
            reasons => StepOutcome::Found(reasons.join("; ")),
        },
        loaded: None,
        rows: Some(rows),
        outputs,
    };
    Ok((done, people))
}

fn forecast_step(
    job: &JobFile,
    spec: &ForecastSpec,
    store: &Store,
    output: &Path,
    tz: Tz,
    runtime: &Handle,
    now: i64,
) -> Result<(StepReport, Document), String> {
    let formats = match &spec.formats {
        Some(names) => formats(names)?,
        None => formats(&default_formats())?,
    };
    let mut spec = spec.clone();
    // A file has its own range.
    if spec.csv.is_none() && spec.sql.is_none() {
        spec.until = spec.until.or_else(|| job.until.clone());
    }
    let shell = ForecastShell {
        store: store.root(),
        handle: runtime,
        folder: &job.folder,
        tz,
        now,
    };
    let forecast = Forecast::prepare(&spec, shell).map_err(|e| chain(&e))?;
    let result = forecast.collect(true, true, || ()).map_err(|e| chain(&e))?;
    if spec.save != Some(false) {
        forecast::save(&result, spec.name(), shell).map_err(|e| chain(&e))?;
    }
    let document = |layout: Layout| result.document(layout).map_err(|e| e.to_string());
    let people = document(Layout::People)?;
    let rows = document(Layout::Rows)?;
    let outputs = write_layouts(&people, &rows, &formats, output, spec.output_name(), tz)?;
    let rows = rows.tables().next().map_or(0, report::Table::num_rows);
    let done = StepReport {
        kind: "forecast",
        name: spec.name().to_owned(),
        outcome: StepOutcome::Done,
        loaded: None,
        rows: Some(rows),
        outputs,
    };
    Ok((done, people))
}

fn formats(names: &[String]) -> Result<Vec<Format>, String> {
    let format = |name: &String| {
        Format::from_name(name).ok_or_else(|| format!("there is no format {name:?}"))
    };
    names.iter().map(format).collect()
}

/// Writes a document in each format.
fn write_all(
    document: &Document,
    formats: &[Format],
    output: &Path,
    name: &str,
    tz: Tz,
) -> Result<Vec<PathBuf>, String> {
    let mut outputs = Vec::new();
    for &format in formats {
        let options = RenderOptions {
            width: 120,
            color: false,
            tz,
            max_rows: None,
        };
        let bytes = render::render(document, format, &options).map_err(|e| chain(&e))?;
        let path = output.join(format!("{name}.{}", suffix(format)));
        write(&path, &bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        outputs.push(path);
    }
    Ok(outputs)
}

fn suffix(format: Format) -> &'static str {
    match format {
        Format::Table => "txt",
        other => other.name(),
    }
}

fn param_text(name: &str, value: &toml::Value) -> Result<String, String> {
    use toml::Value;
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(time) => time.to_string(),
        Value::Array(_) | Value::Table(_) => return Err(format!("{name} is not a plain value")),
    })
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Readers see the old file or the new one, never half of it.
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    std::io::Write::write_all(&mut file, bytes)?;
    let file = file.into_temp_path();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path).map_err(|e| e.error)
}
