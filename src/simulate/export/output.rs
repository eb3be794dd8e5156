//! Opens an export file and compresses by its suffix; the same bytes on every machine.

use std::fs::{File, create_dir_all};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::{Compression, GzBuilder, write::GzEncoder};

/// A window of 32 MiB finds a time column again in the next series.
const ZSTD_WINDOW_LOG: u32 = 25;
/// Columns of numbers need the dearest parser; a line for each sample has so
/// many long matches that the same would take minutes, for a tenth less.
const ZSTD_LEVEL_COLUMNS: i32 = 19;
const ZSTD_LEVEL_LINES: i32 = 16;

/// An export file that is being written.
pub(in crate::simulate) enum Output {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Output {
    /// Creates the file and its folder; `.gz` and `.zst` compress.
    pub(in crate::simulate) fn create(folder: &Path, path: &str) -> io::Result<Self> {
        let full = folder.join(path);
        if let Some(parent) = full.parent() {
            create_dir_all(parent)?;
        }
        let file = BufWriter::new(File::create(full)?);
        if path.ends_with(".gz") {
            // No time and no name in the header: they would differ from run to run.
            return Ok(Self::Gzip(
                GzBuilder::new()
                    .mtime(0)
                    .operating_system(255)
                    .write(file, Compression::best()),
            ));
        }
        if path.ends_with(".zst") {
            let columns = path.contains(".json");
            let level = if columns {
                ZSTD_LEVEL_COLUMNS
            } else {
                ZSTD_LEVEL_LINES
            };
            let mut encoder = zstd::Encoder::new(file, level)?;
            encoder.window_log(ZSTD_WINDOW_LOG)?;
            encoder.include_checksum(true)?;
            return Ok(Self::Zstd(encoder));
        }
        Ok(Self::Plain(file))
    }

    /// Completes the file.
    pub(in crate::simulate) fn finish(self) -> io::Result<()> {
        let mut file = match self {
            Self::Plain(file) => file,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        file.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.write(bytes),
            Self::Gzip(inner) => inner.write(bytes),
            Self::Zstd(inner) => inner.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(inner) => inner.flush(),
            Self::Gzip(inner) => inner.flush(),
            Self::Zstd(inner) => inner.flush(),
        }
    }
}
