//! One writer at a time: an advisory lock on a file of a local store.
//!
//! Delta's own conflict check stands behind it, so a storage without locks is
//! still safe; a run there fails and is repeated instead of waiting.

use std::fs::File;
use std::path::Path;

use super::error::StoreError;

/// The right to commit, until dropped. The system takes it back when a run is killed.
#[derive(Debug)]
pub(crate) struct WriteLock(#[expect(dead_code, reason = "held for its lock")] File);

/// Waits until no other run commits to the store.
pub(crate) fn lock(root: &Path) -> Result<WriteLock, StoreError> {
    let path = root.join(".lock");
    let error = |source| StoreError::Io {
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(error)?;
    file.lock().map_err(error)?;
    Ok(WriteLock(file))
}
