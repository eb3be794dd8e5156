//! Data files in a table's folder that its newest version does not name.
//!
//! A file is *removed* when a commit took it out: queries that began before
//! may still read it. It is an *orphan* when the log does not know it: a killed
//! run put it, or a merge did not need it. Only names that a writer of Delta
//! tables gives count (`part-….parquet`, and what is left of a put that was
//! killed); nothing else in the folder is touched.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path as ObjectPath;

use super::error::StoreError;
use super::table::Table;
use super::{Store, lock};

/// A data file that is not part of the newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Its path inside the table's folder.
    pub(crate) path: String,
    /// Bytes.
    pub(crate) size: u64,
    /// When it was written (µs).
    modified_at: i64,
    /// When a commit took it out (µs); `None` for an orphan.
    removed_at: Option<i64>,
    /// Whether it is what is left of a put that was killed.
    is_partial: bool,
}

/// From which age on (µs) strays are deleted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ages {
    /// Since the commit that took the file out; `None` keeps such files.
    pub(crate) removed: Option<i64>,
    /// Since an orphan was written.
    pub(crate) orphan: i64,
}

impl Ages {
    pub(crate) fn is_due(&self, stray: &Stray, now: i64) -> bool {
        match stray.removed_at {
            Some(at) => self
                .removed
                .is_some_and(|age| now.saturating_sub(at) >= age),
            None => now.saturating_sub(stray.modified_at) >= self.orphan,
        }
    }
}

/// Lists the strays of a table by path, and the table at the version that they
/// are strays of. The folder is read first, so that what is committed in the
/// meantime is not taken for an orphan.
pub(crate) async fn list(
    store: &Store,
    kind: super::TableKind,
) -> Result<(Table, Vec<Stray>), StoreError> {
    let folder = store.root().join(kind.name());
    let mut strays = Vec::new();
    let objects = store.table(kind).await?.object_store();
    let mut objects = objects.list(None);
    let mut read = async || match objects.try_next().await {
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        result => result,
    };
    while let Some(object) = read().await.map_err(|source| StoreError::Object {
        path: kind.name().to_owned(),
        source,
    })? {
        let is_data = object.location.filename().is_some_and(is_data_name);
        if is_data && !object.location.as_ref().starts_with("_delta_log") {
            strays.push(Stray {
                path: object.location.to_string(),
                size: object.size,
                modified_at: object.last_modified.timestamp_micros(),
                removed_at: None,
                is_partial: false,
            });
        }
    }
    add_partial(&folder, &folder, &mut strays)?;
    let table = store.table(kind).await?;
    let active = table.snapshot()?.files.into_iter().map(|f| f.path);
    let active: HashSet<String> = active.collect();
    let removed = table.tombstones().await?;
    strays.retain(|stray| !active.contains(&stray.path));
    for stray in &mut strays {
        stray.removed_at = removed.get(&stray.path).copied();
    }
    strays.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((table, strays))
}

fn is_data_name(name: &str) -> bool {
    name.starts_with("part-") && name.ends_with(".parquet")
}

/// Adds what killed puts left on a local disk (`NAME#1`), which the storage
/// hides from its listing.
fn add_partial(root: &Path, folder: &Path, strays: &mut Vec<Stray>) -> Result<(), StoreError> {
    let error = |source| StoreError::Io {
        path: folder.to_owned(),
        source,
    };
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.is_dir() {
            add_partial(root, &path, strays)?;
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let is_partial = name.and_then(|n| n.split_once('#')).is_some_and(|(n, at)| {
            let is_ours = is_data_name(n) || n.ends_with(".json");
            is_ours && !at.is_empty() && at.bytes().all(|b| b.is_ascii_digit())
        });
        let relative = path.strip_prefix(root).ok().and_then(Path::to_str);
        // Gone by now: its put has ended.
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        if let (true, Some(relative)) = (is_partial, relative) {
            let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
            let age = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
            strays.push(Stray {
                path: relative.to_owned(),
                size: metadata.len(),
                modified_at: i64::try_from(age.as_micros()).unwrap_or(i64::MAX),
                removed_at: None,
                is_partial: true,
            });
        }
    }
    Ok(())
}

/// What [`sweep`] did.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    /// What was deleted, or would be.
    pub(crate) deleted: Vec<Stray>,
    /// What is still too young.
    pub(crate) kept: Vec<Stray>,
    /// Whether nothing was deleted because an ingest is in progress, which may
    /// yet commit what looks like a stray.
    pub(crate) is_postponed: bool,
}

/// Deletes the strays of a table that are old enough.
///
/// The write lock must be held. Deltalake's own vacuum is not used: it takes
/// the time from the system, commits twice, and knows nothing of orphans in its
/// safe mode, nor of our ingests in its full one.
pub(crate) async fn sweep(
    store: &Store,
    kind: super::TableKind,
    _lock: &lock::WriteLock,
    ages: Ages,
    dry_run: bool,
    now: i64,
) -> Result<Swept, StoreError> {
    let quiet = lock::try_quiet(store.root())?;
    let (table, strays) = list(store, kind).await?;
    let (deleted, kept) = strays
        .into_iter()
        .partition(|stray| ages.is_due(stray, now));
    let mut swept = Swept {
        deleted,
        kept,
        is_postponed: false,
    };
    if dry_run || swept.deleted.is_empty() {
        return Ok(swept);
    }
    if quiet.is_none() {
        swept.kept.append(&mut swept.deleted);
        swept.is_postponed = true;
        return Ok(swept);
    }
    let folder = store.root().join(kind.name());
    for stray in &swept.deleted {
        delete(&table, &folder, stray).await?;
    }
    Ok(swept)
}

async fn delete(table: &Table, folder: &Path, stray: &Stray) -> Result<(), StoreError> {
    let local: PathBuf = folder.join(&stray.path);
    if stray.is_partial {
        fs::remove_file(&local).map_err(|source| StoreError::Io {
            path: local.clone(),
            source,
        })?;
    } else {
        let path = ObjectPath::from(stray.path.as_str());
        match table.object_store().delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(source) => {
                return Err(StoreError::Object {
                    path: stray.path.clone(),
                    source,
                });
            }
        }
    }
    // A day's folder that is empty now; fails, as it should, where it is not.
    if let Some(day) = local.parent().filter(|day| *day != folder) {
        let _ = fs::remove_dir(day);
    }
    Ok(())
}
