//! Sorted runs in one temporary file without a name, which the system removes
//! with the process.
//!
//! A run is a sequence of slices: series (u32), count (u32), then so many pairs
//! of time (i64, µs) and value (f64), little-endian. Slices of one series that
//! follow each other are one slice to the reader.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Piece;
use crate::store::error::StoreError;

/// Bytes of a sample.
const SAMPLE: usize = 16;
/// Bytes that stand before a slice.
const HEAD: usize = 8;

/// The file, made when the first run is appended.
#[derive(Debug)]
pub(crate) struct RunFile {
    file: Option<File>,
    folder: PathBuf,
    bytes: u64,
}

/// Where a run, or a part of one, stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl RunFile {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            file: None,
            folder: folder.to_owned(),
            bytes: 0,
        }
    }

    /// Begins a run.
    pub(crate) fn append(&mut self) -> Result<RunAppender<'_>, StoreError> {
        let error = |source| error(&self.folder, source);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.folder).map_err(error)?),
        };
        file.seek(SeekFrom::Start(self.bytes)).map_err(error)?;
        Ok(RunAppender {
            out: BufWriter::with_capacity(1 << 18, file),
            at: &mut self.bytes,
            folder: &self.folder,
        })
    }

    /// Reads a run through a buffer of so many bytes.
    pub(crate) fn read(&self, place: Place, buffer: usize) -> SpilledRun<'_> {
        SpilledRun {
            file: self.file.as_ref(),
            folder: &self.folder,
            unread: place,
            buffer: Vec::new(),
            at: 0,
            capacity: buffer.max(SAMPLE),
            slice: None,
        }
    }
}

/// Writes a run slice by slice.
pub(crate) struct RunAppender<'a> {
    out: BufWriter<&'a mut File>,
    at: &'a mut u64,
    folder: &'a Path,
}

impl RunAppender<'_> {
    /// Returns where the next slice will stand.
    pub(crate) fn at(&self) -> u64 {
        *self.at
    }

    pub(crate) fn slice(
        &mut self,
        series: u32,
        ts: &[i64],
        values: &[f64],
    ) -> Result<(), StoreError> {
        let mut write = || {
            self.out.write_all(&series.to_le_bytes())?;
            self.out.write_all(&(ts.len() as u32).to_le_bytes())?;
            for (ts, value) in ts.iter().zip(values) {
                let mut sample = [0; SAMPLE];
                sample[..8].copy_from_slice(&ts.to_le_bytes());
                sample[8..].copy_from_slice(&value.to_le_bytes());
                self.out.write_all(&sample)?;
            }
            Ok(())
        };
        write().map_err(|source| error(self.folder, source))?;
        *self.at += (HEAD + SAMPLE * ts.len()) as u64;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        let flushed = self.out.flush();
        flushed.map_err(|source| error(self.folder, source))
    }
}

/// Reads a run piece by piece.
#[derive(Debug)]
pub(crate) struct SpilledRun<'a> {
    file: Option<&'a File>,
    folder: &'a Path,
    unread: Place,
    buffer: Vec<u8>,
    /// What of the buffer has been taken.
    at: usize,
    capacity: usize,
    /// The current slice's series, and how many of its samples are left.
    slice: Option<(u32, usize)>,
}

impl SpilledRun<'_> {
    /// Appends up to `limit` samples of the next series.
    pub(crate) fn next(
        &mut self,
        limit: usize,
        ts: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) -> Result<Option<Piece>, StoreError> {
        let folder = self.folder;
        let piece = self.take(limit, ts, values);
        piece.map_err(|source| error(folder, source))
    }

    fn take(
        &mut self,
        limit: usize,
        ts: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) -> io::Result<Option<Piece>> {
        if self.slice.is_none() {
            self.slice = self.head()?;
        }
        let Some((series, mut left)) = self.slice else {
            return Ok(None);
        };
        let mut wanted = limit.min(left);
        left -= wanted;
        while wanted > 0 {
            self.fetch(SAMPLE)?;
            let held = (self.buffer.len() - self.at) / SAMPLE;
            if held == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let count = wanted.min(held);
            let (samples, _) = self.buffer[self.at..][..count * SAMPLE].as_chunks::<SAMPLE>();
            for sample in samples {
                let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *sample;
                ts.push(i64::from_le_bytes([a, b, c, d, e, f, g, h]));
                values.push(f64::from_le_bytes([i, j, k, l, m, n, o, p]));
            }
            self.at += count * SAMPLE;
            wanted -= count;
        }
        self.slice = match left {
            0 => self.head()?,
            _ => Some((series, left)),
        };
        let has_more = self.slice.is_some_and(|(next, _)| next == series);
        Ok(Some(Piece { series, has_more }))
    }

    /// Reads what stands before a slice; `None` at the end of the run.
    fn head(&mut self) -> io::Result<Option<(u32, usize)>> {
        self.fetch(HEAD)?;
        let Some(head) = self.buffer[self.at..].first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let [a, b, c, d, e, f, g, h] = *head;
        self.at += HEAD;
        let count = u32::from_le_bytes([e, f, g, h]);
        Ok(Some((u32::from_le_bytes([a, b, c, d]), count as usize)))
    }

    /// Fills the buffer where it holds less than so many bytes.
    fn fetch(&mut self, bytes: usize) -> io::Result<()> {
        let held = self.buffer.len() - self.at;
        let (Some(mut file), true) = (self.file, held < bytes) else {
            return Ok(());
        };
        self.buffer.drain(..self.at);
        self.at = 0;
        let unread = self.unread.end - self.unread.start;
        let count = (self.capacity - held).min(usize::try_from(unread).unwrap_or(usize::MAX));
        if count > 0 {
            self.buffer.reserve_exact(count);
            self.buffer.resize(held + count, 0);
            file.seek(SeekFrom::Start(self.unread.start))?;
            file.read_exact(&mut self.buffer[held..])?;
            self.unread.start += count as u64;
        }
        Ok(())
    }
}

fn error(folder: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        path: folder.to_owned(),
        source,
    }
}
