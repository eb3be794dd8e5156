//! Writes the samples of a run into the store, day by day.
//!
//! Each day's runs are merged with the day's active files where the two
//! overlap in time; of equal (series, time) the later ingest wins.
//!
//! Memory does not grow with a day: its files are of bounded size and are read
//! page by page. Files whose samples follow each other are read one after the
//! other; where too many would be open at once, they are copied to a temporary
//! file first, as the runs are.

mod day_files;
mod day_merge;
mod source;

use std::collections::{BTreeMap, HashSet};

use super::error::StoreError;
use super::parquet_file::{FILE_BYTES, PAGE_ROWS};
use super::reader;
use super::sample_buffer::{Place, RunFile, RunReader, Runs};
use super::series_registry::SeriesRegistry;
use super::table::{Change, DataFile, Table};
use day_files::{DayFiles, FLUSH_ROWS};
use day_merge::DayMerge;
use source::{FileReader, Key, Source, key_range};

/// Rows after which a day's file is ended, if it is not for its bytes.
pub(crate) const FILE_ROWS: u64 = 32 << 20;
/// Files that are open at once, at most.
const OPEN_FILES: usize = 64;
/// Samples of a piece that is copied to the temporary file, and the bytes of
/// the buffer through which it is read back.
const COPY_SAMPLES: usize = 8_192;
const COPY_BYTES: usize = 32 << 10;

/// How much is written and held at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes after which a file is ended.
    pub(crate) file_bytes: usize,
    /// Rows that are handed to the encoder at a time.
    pub(crate) flush_rows: usize,
    /// Samples that a source has at hand, at most.
    pub(crate) source_samples: usize,
    /// Rows of the pages that the open files hold together.
    pub(crate) open_rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: FILE_BYTES,
            flush_rows: FLUSH_ROWS,
            source_samples: usize::MAX,
            open_rows: 8 * PAGE_ROWS as u64,
        }
    }
}

/// Merges every run into the table's days and returns the change to commit.
pub(crate) async fn merge(
    table: &Table,
    runs: &Runs,
    registry: &SeriesRegistry,
) -> Result<Change, StoreError> {
    merge_within(Limits::default(), table, runs, registry).await
}

pub(crate) async fn merge_within(
    limits: Limits,
    table: &Table,
    runs: &Runs,
    registry: &SeriesRegistry,
) -> Result<Change, StoreError> {
    let ranks = registry.ranks();
    let active = table.snapshot()?.files;
    let mut change = Change::default();
    for day in runs.days() {
        let range = runs.range(day);
        let mut files = Vec::new();
        for file in active.iter().filter(|f| f.day == Some(day)) {
            // Files that do not know their range count as overlapping.
            let apart = file
                .stats
                .ts
                .zip(range)
                .is_some_and(|(a, b)| a.1 < b.0 || b.1 < a.0);
            if !apart {
                files.push(file.clone());
                change.remove(file.clone());
            }
        }
        let day_sources = DaySources::new(table, &files, registry, &ranks, limits)?;
        let mut merge = day_sources.merge(runs.open_day(day))?;
        let mut files = DayFiles::new(table, day, registry, &mut change, limits);
        write(&mut merge, &mut files).await?;
    }
    Ok(change)
}

/// Puts the samples of the runs in for all that some series have, and returns the change to
/// commit. `metrics` are the first and the last metric of both: files whose metrics lie outside
/// have nothing in common with them and stay as they are.
pub(crate) async fn replace(
    table: &Table,
    runs: &Runs,
    registry: &SeriesRegistry,
    dropped: &HashSet<i64>,
    metrics: (&str, &str),
) -> Result<Change, StoreError> {
    let limits = Limits::default();
    let ranks = registry.ranks();
    let mut change = Change::default();
    let mut days: BTreeMap<i32, Vec<DataFile>> = BTreeMap::new();
    days.extend(runs.days().into_iter().map(|day| (day, Vec::new())));
    for file in table.snapshot()?.files {
        let may_share =
            file.stats.metric.as_ref().is_none_or(|(first, last)| {
                first.as_str() <= metrics.1 && metrics.0 <= last.as_str()
            });
        let Some(day) = file.day.filter(|_| may_share) else {
            continue;
        };
        let meets = runs.range(day).is_some_and(|range| {
            let own = file.stats.ts;
            own.is_none_or(|own| own.0 <= range.1 && range.0 <= own.1)
        });
        if meets || holds_any(table, &file, dropped)? {
            change.remove(file.clone());
            days.entry(day).or_default().push(file);
        }
    }
    for (day, files) in days {
        let mut day_sources = DaySources::new(table, &[], registry, &ranks, limits)?;
        day_sources.dropped = Some(dropped);
        day_sources.take(&files)?;
        let mut merge = day_sources.merge(runs.open_day(day))?;
        let mut files = DayFiles::new(table, day, registry, &mut change, limits);
        write(&mut merge, &mut files).await?;
    }
    Ok(change)
}

/// Tells whether a file has samples of any of these series.
fn holds_any(table: &Table, file: &DataFile, series: &HashSet<i64>) -> Result<bool, StoreError> {
    if series.is_empty() {
        return Ok(false);
    }
    let builder = reader::open(table, &file.path)?;
    for batch in reader::columns(builder, &file.path, &["series_id"], reader::BATCH_ROWS)? {
        let batch = batch?;
        let ids = reader::integers_of(&batch, &file.path, "series_id")?;
        if ids
            .chunk_by(|a, b| a == b)
            .any(|ids| series.contains(&ids[0]))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Rewrites the files of a day as one, or as few as their size allows; the
/// rows stay the same.
pub(crate) async fn rewrite(
    table: &Table,
    files: &[DataFile],
    registry: &SeriesRegistry,
    change: &mut Change,
) -> Result<(), StoreError> {
    let Some(day) = files.first().and_then(|file| file.day) else {
        return Ok(());
    };
    let limits = Limits::default();
    let ranks = registry.ranks();
    let day_sources = DaySources::new(table, files, registry, &ranks, limits)?;
    let mut merge = day_sources.merge(Vec::new())?;
    for file in files {
        change.remove(file.clone());
    }
    let mut files = DayFiles::new(table, day, registry, change, limits);
    write(&mut merge, &mut files).await
}

/// Counts the samples of one day's files that have the series and the time of
/// another. The files must be in order.
pub(crate) async fn count_duplicates(
    table: &Table,
    files: &[DataFile],
    registry: &SeriesRegistry,
) -> Result<u64, StoreError> {
    let ranks = registry.ranks();
    let day_sources = DaySources::new(table, files, registry, &ranks, Limits::default())?;
    let mut merge = day_sources.merge(Vec::new())?;
    while merge.next()?.is_some() {}
    Ok(merge.duplicates)
}

async fn write(merge: &mut DayMerge<'_>, files: &mut DayFiles<'_>) -> Result<(), StoreError> {
    while let Some((series, ts, values)) = merge.next()? {
        files.push(series, ts, values).await?;
    }
    files.end_file().await
}

/// A day's active files, as few sources.
struct DaySources<'a> {
    table: &'a Table,
    registry: &'a SeriesRegistry,
    ranks: &'a [u32],
    limits: Limits,
    /// The series whose samples in the files are left out.
    dropped: Option<&'a HashSet<i64>>,
    /// Files to be read one after the other.
    open: Vec<Vec<DataFile>>,
    copies: RunFile,
    places: Vec<Place>,
}

impl<'a> DaySources<'a> {
    fn new(
        table: &'a Table,
        files: &[DataFile],
        registry: &'a SeriesRegistry,
        ranks: &'a [u32],
        limits: Limits,
    ) -> Result<Self, StoreError> {
        let mut sources = Self {
            table,
            registry,
            ranks,
            limits,
            dropped: None,
            open: Vec::new(),
            copies: RunFile::new(table.folder()),
            places: Vec::new(),
        };
        sources.take(files)?;
        Ok(sources)
    }

    /// Takes the files as sources.
    fn take(&mut self, files: &[DataFile]) -> Result<(), StoreError> {
        let mut held = 0;
        for chain in self.chains(files)? {
            let rows = chain.iter().map(|f| f.stats.rows.min(PAGE_ROWS as u64));
            let rows = rows.max().unwrap_or(0);
            if self.open.len() < OPEN_FILES && held + rows <= self.limits.open_rows {
                held += rows;
                self.open.push(chain);
            } else {
                self.copy(chain)?;
            }
        }
        Ok(())
    }

    /// Puts files together whose samples follow each other. No two active
    /// files have a sample in common, so that their order does not matter.
    fn chains(&self, files: &[DataFile]) -> Result<Vec<Vec<DataFile>>, StoreError> {
        if files.len() < 2 {
            return Ok(files.iter().map(|file| vec![file.clone()]).collect());
        }
        let mut ranges: Vec<((Key, Key), &DataFile)> = Vec::new();
        for file in files {
            if let Some(range) = key_range(self.table, file, self.registry, self.ranks)? {
                ranges.push((range, file));
            }
        }
        ranges.sort_by_key(|(range, _)| *range);
        let mut chains: Vec<(Key, Vec<DataFile>)> = Vec::new();
        for ((first, last), file) in ranges {
            match chains.iter_mut().find(|(end, _)| *end < first) {
                Some((end, chain)) => {
                    *end = last;
                    chain.push(file.clone());
                }
                None => chains.push((last, vec![file.clone()])),
            }
        }
        Ok(chains.into_iter().map(|(_, chain)| chain).collect())
    }

    /// Copies files to the temporary file as one run.
    fn copy(&mut self, chain: Vec<DataFile>) -> Result<(), StoreError> {
        let mut reader = FileReader::new(self.table, chain, self.dropped);
        let mut out = self.copies.append()?;
        let start = out.at();
        let (mut ts, mut values) = (Vec::new(), Vec::new());
        while let Some(piece) = reader.next(self.registry, COPY_SAMPLES, &mut ts, &mut values)? {
            out.slice(piece.series, &ts, &values)?;
            ts.clear();
            values.clear();
        }
        let end = out.at();
        out.finish()?;
        self.places.push(Place { start, end });
        Ok(())
    }

    /// Begins the merge with the runs, which are later than the files.
    fn merge<'b>(&'b self, runs: Vec<RunReader<'b>>) -> Result<DayMerge<'b>, StoreError> {
        let open = self.open.iter().map(|chain| {
            let reader = FileReader::new(self.table, chain.clone(), self.dropped);
            Source::Files(Box::new(reader))
        });
        let copies = self.places.iter();
        let copies = copies.map(|place| Source::SpilledFiles(self.copies.read(*place, COPY_BYTES)));
        let runs = runs.into_iter().map(Source::Run);
        let sources = open.chain(copies).chain(runs).collect();
        let limit = self.limits.source_samples;
        DayMerge::new(sources, self.registry, self.ranks, limit)
    }
}
