//! Loads export files into the store: one run, committed at its end.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::str::FromStr;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use tokio::runtime::Handle;
use xxhash_rust::xxh3::xxh3_64;

use super::error::StoreError;
use super::run_writer::{Counts, Ingest, RunWriter};
use super::schema::TableKind;
use super::{Store, reader};
use crate::ingest::{
    Format, Head, ReadError, ReadOptions, RecordSink, Source, explain_failure, sniff,
};
use crate::model::Warning;

/// Confidence from which a file is read without `--from`.
const ENOUGH_CONFIDENCE: u8 = 50;

/// How an ingest run reads.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The format of every file; `None` judges each by its beginning.
    pub from: Option<&'static str>,
    /// How formats read.
    pub read: ReadOptions,
    /// Whether to read files again whose content the store had before the run:
    /// their rows may be gone since.
    pub again: bool,
}

/// How many dead letters a run may have and still count as fine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejects {
    /// So many.
    Count(u64),
    /// So many of a hundred records.
    Percent(f64),
}

impl Default for MaxRejects {
    fn default() -> Self {
        Self::Percent(1.0)
    }
}

impl MaxRejects {
    /// Tells whether a run with these counts has no more than allowed.
    pub fn allows(self, counts: &Counts) -> bool {
        match self {
            Self::Count(limit) => counts.rejects <= limit,
            Self::Percent(percent) => {
                let all = (counts.good() + counts.rejects) as f64;
                counts.rejects as f64 <= all * percent / 100.0
            }
        }
    }
}

impl FromStr for MaxRejects {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || format!("{text:?} is neither a count (`20`) nor a share (`1%`)");
        if let Some(percent) = text.strip_suffix('%') {
            let percent: f64 = percent.trim().parse().map_err(|_| error())?;
            return (0.0..=100.0)
                .contains(&percent)
                .then_some(Self::Percent(percent))
                .ok_or_else(error);
        }
        text.parse().map(Self::Count).map_err(|_| error())
    }
}

/// How the reading of a file ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOutcome {
    /// To its end.
    Read,
    /// Not read: the store had this content before the run.
    Known,
    /// Up to a fault; what came before is kept.
    Cut(String),
    /// Nothing of it could be read.
    Unreadable(String),
}

/// What became of a file.
#[derive(Debug, Clone)]
pub struct FileReport {
    /// The file, as given.
    pub name: String,
    /// The format by which it was read, or `""`.
    pub format: &'static str,
    /// How it ended.
    pub outcome: FileOutcome,
    /// What it had.
    pub counts: Counts,
    /// Remarks on it.
    pub warnings: Vec<Warning>,
}

/// What became of a run.
#[derive(Debug, Clone, Default)]
pub struct LoadReport {
    /// Its files, in the order of reading.
    pub files: Vec<FileReport>,
    /// What they had together.
    pub counts: Counts,
    /// Dead letters by kind of reason, most first.
    pub reasons: Vec<(String, u64)>,
    /// Series that the store now has, where the run had any.
    pub series: u64,
    /// Those it did not have before.
    pub new_series: u64,
    /// Raw bytes read.
    pub bytes: u64,
}

impl LoadReport {
    /// Tells whether a run is fine: dead letters within the limit, and
    /// something read of every file.
    pub fn is_fine(&self, max_rejects: MaxRejects) -> bool {
        let unreadable = |f: &FileReport| matches!(f.outcome, FileOutcome::Unreadable(_));
        max_rejects.allows(&self.counts) && !self.files.iter().any(unreadable)
    }
}

/// Reads the sources in order and commits what they hold.
///
/// `advanced` is told the raw bytes of each step. Bad records and unreadable
/// files do not stop the run; a fault of the store does, and leaves it as it was.
pub fn load(
    store: &Store,
    sources: &[Source],
    options: &LoadOptions,
    runtime: &Handle,
    now: i64,
    advanced: &dyn Fn(u64),
) -> Result<LoadReport, StoreError> {
    let known = KnownContents::load(store, options, runtime)?;
    let mut writer = RunWriter::new(store, runtime.clone(), now)?;
    let mut report = LoadReport::default();
    let mut reasons = BTreeMap::new();
    for source in sources {
        let file = load_file(&mut writer, source, options, &known, &mut reasons, advanced)?;
        if file.outcome != FileOutcome::Known {
            report.bytes += source.size;
        }
        report.counts.add(&file.counts);
        report.files.push(file);
    }
    report.reasons = reasons.into_iter().collect();
    report
        .reasons
        .sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    if report.files.iter().any(|f| f.outcome != FileOutcome::Known) {
        let committed = writer.commit()?;
        report.series = committed.series;
        report.new_series = committed.new_series;
    }
    Ok(report)
}

fn load_file(
    writer: &mut RunWriter<'_>,
    source: &Source,
    options: &LoadOptions,
    known: &KnownContents,
    reasons: &mut BTreeMap<String, u64>,
    advanced: &dyn Fn(u64),
) -> Result<FileReport, StoreError> {
    let mut report = FileReport {
        name: source.name.clone(),
        format: "",
        outcome: FileOutcome::Read,
        counts: Counts::default(),
        warnings: Vec::new(),
    };
    if known.has(source) {
        advanced(source.size);
        report.outcome = FileOutcome::Known;
        return Ok(report);
    }
    let read_options = ReadOptions {
        file_name: source.file_name().to_owned(),
        ..options.read.clone()
    };
    // The source may fail before its format is known.
    writer.begin_file(&source.name, "");
    let read = source.read(advanced, |bytes, truncated, input| {
        let head = Head {
            bytes,
            truncated,
            file_name: source.file_name(),
        };
        let format = match choose_format(head, options.from) {
            Ok(format) => format,
            Err(reason) => {
                let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
                writer.reject(1, &reason, &first[..first.len().min(256)]);
                return ("", Err(Unread::Unknown(reason)));
            }
        };
        writer.begin_file(&source.name, format.name());
        let result = format.read(input, &read_options, writer);
        (format.name(), result.map_err(Unread::Broken))
    });
    let (format, result, hash) = match read {
        Ok(((format, result), hash)) => (format, result, Some(hash)),
        Err(fault) => ("", Err(Unread::Broken(ReadError::Io(fault))), None),
    };
    report.format = format;
    let fault = match result {
        Ok(()) => None,
        Err(Unread::Unknown(reason)) => Some(reason),
        Err(Unread::Broken(fault)) => Some(note_fault(writer, &fault)),
    };
    let done = writer.end_file()?;
    report.counts = done.counts;
    report.warnings = done.warnings;
    for (reason, count) in done.reasons {
        *reasons.entry(reason).or_default() += count;
    }
    let is_complete = fault.is_none();
    let has_good = report.counts.good() > 0;
    report.outcome = match fault {
        Some(reason) if has_good => FileOutcome::Cut(reason),
        Some(reason) => FileOutcome::Unreadable(reason),
        None if !has_good && report.counts.rejects > 0 => {
            FileOutcome::Unreadable("not one of its records could be read".into())
        }
        None => FileOutcome::Read,
    };
    if let Some(hash) = hash
        && !matches!(report.outcome, FileOutcome::Unreadable(_))
    {
        let content_id = known.id(hash, source);
        writer.note_ingest(Ingest {
            file: source.name.clone(),
            content_id,
            format,
            bytes: source.size,
            counts: report.counts.clone(),
            is_complete,
        });
    }
    Ok(report)
}

/// Why a file was not read to its end.
enum Unread {
    /// No format fits.
    Unknown(String),
    /// The format gave up.
    Broken(ReadError),
}

fn choose_format(head: Head<'_>, from: Option<&str>) -> Result<&'static dyn Format, String> {
    if let Some(from) = from {
        return crate::ingest::format::by_name(from);
    }
    match sniff(head).into_iter().next() {
        Some((format, found)) if found.confidence >= ENOUGH_CONFIDENCE => Ok(format),
        Some((format, found)) => Err(format!(
            "it may be {} ({}), but that is not certain: say --from FORMAT",
            format.name(),
            found.why
        )),
        None => Err(explain_failure(head)),
    }
}

/// Makes a fault of the whole file a dead letter too, and returns its text.
fn note_fault(writer: &mut RunWriter<'_>, fault: &ReadError) -> String {
    match fault {
        ReadError::Document { line, reason } => {
            writer.reject(*line, reason, b"");
            format!("line {line}: {reason}")
        }
        ReadError::Io(fault) => {
            let reason = match fault.kind() {
                io::ErrorKind::UnexpectedEof => {
                    "the file is truncated: it ends in the middle of its compressed data".to_owned()
                }
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                    format!("the file is damaged: {fault}")
                }
                _ => format!("the file cannot be read further: {fault}"),
            };
            writer.reject(0, &reason, b"");
            reason
        }
    }
}

/// The contents that the store had before the run, by size and by hash.
///
/// What the run itself has read is not among them: of `[a, b, a]` the last is
/// read again, since the later path wins over `b`.
struct KnownContents {
    sizes: HashSet<u64>,
    ids: HashSet<String>,
    /// How the run reads: under another mapping a file is another content.
    reading: String,
}

impl KnownContents {
    fn load(store: &Store, options: &LoadOptions, runtime: &Handle) -> Result<Self, StoreError> {
        let mut known = Self {
            sizes: HashSet::new(),
            ids: HashSet::new(),
            reading: format!("{:?} {:?}", options.from, options.read),
        };
        if options.again {
            return Ok(known);
        }
        runtime.block_on(async {
            let table = store.table(TableKind::Ingests).await?;
            for file in table.snapshot()?.files {
                for batch in reader::batches(&table, &file.path).await? {
                    let batch = batch?;
                    let ids = batch.column_by_name("content_id");
                    let sizes = batch.column_by_name("bytes");
                    if let (Some(ids), Some(sizes)) = (
                        ids.and_then(|c| c.as_string_opt::<i32>()),
                        sizes.and_then(|c| c.as_primitive_opt::<Int64Type>()),
                    ) {
                        known.ids.extend(ids.iter().flatten().map(str::to_owned));
                        let sizes = sizes.values().iter();
                        known.sizes.extend(sizes.map(|s| s.cast_unsigned()));
                    }
                }
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(known)
    }

    /// Returns the identity of a content: its bytes, how they are read, and the
    /// file's name, which may name the metric or the kind of events.
    fn id(&self, hash: u128, source: &Source) -> String {
        let reading = format!("{} {:?}", self.reading, source.file_name());
        format!("{hash:032x}-{:016x}", xxh3_64(reading.as_bytes()))
    }

    /// Tells whether a source's content is known. Only a file of a known size
    /// is read for it.
    fn has(&self, source: &Source) -> bool {
        self.sizes.contains(&source.size)
            && source
                .content_hash()
                .is_ok_and(|hash| self.ids.contains(&self.id(hash, source)))
    }
}
