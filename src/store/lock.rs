//! One writer at a time: advisory locks on files of a local store.
//!
//! Delta's own conflict check stands behind the write lock, so a storage
//! without locks is still safe; a run there fails and is repeated instead of
//! waiting. The run lock tells who deletes files that no version names whether
//! an ingest may still commit them.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::error::StoreError;

/// The right to commit, until dropped. The system takes it back when a run is killed.
#[derive(Debug)]
pub(crate) struct WriteLock(#[expect(dead_code, reason = "held for its lock")] File);

/// Says that an ingest is in progress, until dropped.
#[derive(Debug)]
pub(crate) struct RunLock(#[expect(dead_code, reason = "held for its lock")] File);

/// Says that no ingest is in progress and none begins, until dropped.
#[derive(Debug)]
pub(crate) struct QuietLock(#[expect(dead_code, reason = "held for its lock")] File);

/// Waits until no other run commits to the store.
pub(crate) fn lock(root: &Path) -> Result<WriteLock, StoreError> {
    let file = open(root, ".lock")?;
    file.lock().map_err(|source| error(root, source))?;
    Ok(WriteLock(file))
}

/// Begins an ingest, which puts files before it commits them.
pub(crate) fn begin_run(root: &Path) -> Result<RunLock, StoreError> {
    let file = open(root, ".runs")?;
    file.lock_shared().map_err(|source| error(root, source))?;
    Ok(RunLock(file))
}

/// Keeps ingests from beginning; `None` where one is in progress.
pub(crate) fn try_quiet(root: &Path) -> Result<Option<QuietLock>, StoreError> {
    let file = open(root, ".runs")?;
    match file.try_lock() {
        Ok(()) => Ok(Some(QuietLock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(error(root, source)),
    }
}

fn open(root: &Path, name: &str) -> Result<File, StoreError> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(root.join(name))
        .map_err(|source| error(root, source))
}

fn error(root: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io {
        path: root.to_owned(),
        source,
    }
}
