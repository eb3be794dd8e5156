//! Files that a backtest is told by.

use std::path::{Path, PathBuf};

use super::BacktestError;

/// Lists the files that paths and globs name, each once, in the order of their names.
pub(crate) fn expand(patterns: &[String]) -> Result<Vec<PathBuf>, BacktestError> {
    let mut files = Vec::new();
    for pattern in patterns {
        let found = files_of(pattern).map_err(|source| BacktestError::File {
            path: pattern.clone(),
            source,
        })?;
        if found.is_empty() {
            return Err(BacktestError::usage(format!("no file matches {pattern:?}")));
        }
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// The files that a path or a glob names, in the order of their names.
pub(crate) fn files_of(pattern: &str) -> std::io::Result<Vec<PathBuf>> {
    if Path::new(pattern).exists() || !pattern.contains(['*', '?', '[']) {
        return Ok(vec![PathBuf::from(pattern)]);
    }
    let wrong = |error: glob::PatternError| {
        std::io::Error::new(std::io::ErrorKind::InvalidInput, error.to_string())
    };
    glob::glob(pattern)
        .map_err(wrong)?
        .map(|entry| entry.map_err(std::io::Error::from))
        .collect()
}

/// Reads a file's text.
pub(crate) fn read(path: &Path) -> Result<String, BacktestError> {
    std::fs::read_to_string(path).map_err(|source| BacktestError::File {
        path: path.display().to_string(),
        source,
    })
}
