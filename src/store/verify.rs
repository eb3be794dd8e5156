//! Checks that a store is what its log says: checksums, row counts, ranges,
//! order, days, duplicates, references; and finds orphans.
//!
//! One file is in memory at a time, and of the day at hand the `record_id`s;
//! for samples the label sets of `series` too. Nothing is changed, except that
//! orphans are removed where that is asked for.

mod finding;
mod rows;

use bytes::Bytes;
use tokio::runtime::Handle;
use xxhash_rust::xxh3::xxh3_128;

use super::compact::ORPHAN_AGE;
use super::error::StoreError;
use super::schema::TableKind;
use super::series_registry::SeriesRegistry;
use super::stray::{self, Ages};
use super::table::{DataFile, Table};
use super::{Store, lock, reader, sample_merge, series_table};
use crate::model::format_day;

pub use finding::{Fault, Finding, Severity};
use rows::RowCheck;

/// How to verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Whether to remove orphans.
    pub fix: bool,
    /// How old (µs) a file that no version names must be to count as an
    /// orphan: a run in progress has put files that it has yet to commit.
    pub orphan_age: i64,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            fix: false,
            orphan_age: ORPHAN_AGE,
        }
    }
}

/// What was checked, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Files that were read.
    pub files: u64,
    /// Their rows, as the log says.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is wrong, by table, then file.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    /// Tells whether every answer of the store can be trusted.
    pub fn is_sound(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity() < Severity::Error)
    }
}

/// Checks every table. What is wrong with the store is a finding; an error is
/// only what keeps the check itself from going on.
pub fn verify(
    store: &Store,
    options: VerifyOptions,
    runtime: &Handle,
    now: i64,
) -> Result<VerifyReport, StoreError> {
    let mut check = Check {
        report: VerifyReport::default(),
        registry: SeriesRegistry::default(),
        has_registry: true,
    };
    for kind in TableKind::ALL {
        runtime.block_on(check.table(store, kind))?;
        let is_broken = |f: &Finding| f.table == kind && matches!(f.fault, Fault::Log(_));
        if !check.report.findings.iter().any(is_broken) {
            check.orphans(store, kind, options, runtime, now)?;
        }
    }
    Ok(check.report)
}

struct Check {
    report: VerifyReport,
    registry: SeriesRegistry,
    /// Whether table `series` could be read whole.
    has_registry: bool,
}

impl Check {
    fn note(&mut self, table: TableKind, path: &str, fault: Fault) {
        self.report.findings.push(Finding {
            table,
            path: Some(path.to_owned()),
            fault,
            is_fixed: false,
        });
    }

    async fn table(&mut self, store: &Store, kind: TableKind) -> Result<(), StoreError> {
        let opened = match store.table(kind).await {
            Ok(table) => table.snapshot().map(|snapshot| (table, snapshot)),
            Err(error) => Err(error),
        };
        let (table, snapshot) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.has_registry &= kind != TableKind::Series;
                self.report.findings.push(Finding {
                    table: kind,
                    path: None,
                    fault: Fault::Log(chain(&error)),
                    is_fixed: false,
                });
                return Ok(());
            }
        };
        for files in snapshot.files.chunk_by(|a, b| a.day == b.day) {
            self.day(&table, files).await?;
        }
        let series_rows = snapshot.rows();
        if kind == TableKind::Series
            && self.has_registry
            && series_rows > self.registry.len() as u64
        {
            let rows = series_rows - self.registry.len() as u64;
            self.note(kind, "", Fault::Duplicate { rows });
        }
        Ok(())
    }

    /// Checks the files of one day, or of a whole table that is not by day.
    async fn day(&mut self, table: &Table, files: &[DataFile]) -> Result<(), StoreError> {
        let kind = table.kind();
        let before = self.report.findings.len();
        let mut record_ids = Vec::new();
        for file in files {
            self.report.files += 1;
            self.report.rows += file.stats.rows;
            self.report.bytes += file.size;
            if kind.is_by_day() && file.day.is_none() {
                self.note(kind, &file.path, Fault::NoDay);
            }
            match read(table, file).await {
                Ok((bytes, is_foreign)) => {
                    if is_foreign {
                        self.note(kind, &file.path, Fault::Foreign);
                    }
                    let (faults, ids) = self.rows(kind, file, bytes)?;
                    record_ids.extend(ids);
                    for fault in faults {
                        self.note(kind, &file.path, fault);
                    }
                }
                Err(fault) => {
                    self.has_registry &= kind != TableKind::Series;
                    self.note(kind, &file.path, fault);
                }
            }
        }
        record_ids.sort_unstable();
        let mut duplicates = pairs_of_equals(&record_ids);
        let is_sound = self.report.findings.len() == before;
        if kind == TableKind::Samples && is_sound && self.has_registry && overlap(files) {
            duplicates = sample_merge::count_duplicates(table, files, &self.registry).await?;
        }
        if duplicates > 0 {
            let folder = files.first().and_then(|f| f.day);
            let folder = folder.map_or_else(String::new, |day| format!("date={}", format_day(day)));
            self.note(kind, &folder, Fault::Duplicate { rows: duplicates });
        }
        Ok(())
    }

    /// Checks the rows of a file; series also go into the registry.
    fn rows(
        &mut self,
        kind: TableKind,
        file: &DataFile,
        bytes: Bytes,
    ) -> Result<(Vec<Fault>, Vec<i64>), StoreError> {
        let broken = |error: StoreError| (vec![Fault::Undecodable(chain(&error))], Vec::new());
        let batches = match reader::decode(bytes, &file.path) {
            Ok(batches) => batches,
            Err(error) => {
                self.has_registry &= kind != TableKind::Series;
                return Ok(broken(error));
            }
        };
        let mut check = RowCheck::new(kind)?;
        let mut loaded = series_table::Loaded::default();
        let mut has_bad_series = false;
        for batch in batches {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    self.has_registry &= kind != TableKind::Series;
                    return Ok(broken(error));
                }
            };
            if let Err(fault) = check.batch(&batch, file, self.known_series(kind)) {
                self.has_registry &= kind != TableKind::Series;
                return Ok((vec![fault], Vec::new()));
            }
            if kind == TableKind::Series && !has_bad_series {
                let registry = &mut self.registry;
                has_bad_series =
                    series_table::add_batch(registry, &batch, &file.path, &mut loaded).is_err();
            }
        }
        let (mut faults, ids) = check.finish(file);
        if has_bad_series {
            self.has_registry = false;
            faults.push(Fault::SeriesId);
        }
        Ok((faults, ids))
    }

    /// Returns the series by which samples are checked, where they are known.
    fn known_series(&self, kind: TableKind) -> Option<&SeriesRegistry> {
        (kind == TableKind::Samples && self.has_registry).then_some(&self.registry)
    }

    /// Notes the orphans of a table, and removes them where that is asked for
    /// and no ingest is in progress.
    fn orphans(
        &mut self,
        store: &Store,
        kind: TableKind,
        options: VerifyOptions,
        runtime: &Handle,
        now: i64,
    ) -> Result<(), StoreError> {
        let ages = Ages {
            removed: None,
            orphan: options.orphan_age,
        };
        let mut note = |stray: stray::Stray, is_fixed| {
            self.report.findings.push(Finding {
                table: kind,
                path: Some(stray.path),
                fault: Fault::Orphan { bytes: stray.size },
                is_fixed,
            });
        };
        if options.fix {
            let lock = lock::lock(store.root())?;
            let sweep = stray::sweep(store, kind, &lock, ages, false, now);
            let swept = runtime.block_on(sweep)?;
            for stray in swept.deleted {
                note(stray, true);
            }
            for stray in swept.kept {
                if swept.is_postponed && ages.is_due(&stray, now) {
                    note(stray, false);
                }
            }
        } else {
            let (_, strays) = runtime.block_on(stray::list(store, kind))?;
            for stray in strays {
                if ages.is_due(&stray, now) {
                    note(stray, false);
                }
            }
        }
        Ok(())
    }
}

/// Fetches a file and compares its bytes with its size and its name; tells
/// whether the name is none of ours.
async fn read(table: &Table, file: &DataFile) -> Result<(Bytes, bool), Fault> {
    let bytes = match table.read(&file.path).await {
        Ok(bytes) => bytes,
        Err(StoreError::Object {
            source: object_store::Error::NotFound { .. },
            ..
        }) => return Err(Fault::Missing),
        Err(error) => return Err(Fault::Unreadable(chain(&error))),
    };
    let actual = bytes.len() as u64;
    if actual != file.size {
        return Err(Fault::Size {
            logged: file.size,
            actual,
        });
    }
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let stated = name
        .strip_prefix("part-")
        .and_then(|name| name.strip_suffix(".parquet"))
        .filter(|hash| hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    let hash = format!("{:032x}", xxh3_128(&bytes));
    match stated {
        Some(stated) if stated != hash => Err(Fault::Checksum { actual: hash }),
        stated => Ok((bytes, stated.is_none())),
    }
}

/// Tells whether any two files may have samples of one time.
fn overlap(files: &[DataFile]) -> bool {
    let mut ranges: Vec<_> = files.iter().map(|f| f.stats.ts).collect();
    ranges.sort_unstable();
    ranges.windows(2).any(|pair| match (pair[0], pair[1]) {
        (Some(a), Some(b)) => b.0 <= a.1,
        _ => true,
    })
}

fn pairs_of_equals(sorted: &[i64]) -> u64 {
    sorted.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64
}

/// Returns an error's text with those of its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
