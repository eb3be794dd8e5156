//! The samples of a run: a bounded buffer, sorted runs, spilled where it is full.
//!
//! A *run* is sorted by day, then series, then time, and holds one value for
//! each (series, time): the last that came. Full buffers become runs in one
//! temporary file without a name, which the system removes with the process.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::series_registry::SeriesRegistry;
use crate::model::{MICROS_PER_DAY, day_of};

/// Samples that are buffered before they are spilled: 20 bytes each, and 16
/// more while they are sorted.
const CAPACITY: usize = 1 << 20;

/// One day of one series in a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice {
    day: i32,
    series: u32,
    start: usize,
    end: usize,
}

/// A sorted run in memory.
#[derive(Debug, Default)]
pub(crate) struct SortedRun {
    slices: Vec<Slice>,
    ts: Vec<i64>,
    values: Vec<f64>,
}

impl SortedRun {
    fn range(&self, slice: &Slice) -> (i64, i64) {
        (self.ts[slice.start], self.ts[slice.end - 1])
    }

    fn day(&self, day: i32) -> &[Slice] {
        let start = self.slices.partition_point(|s| s.day < day);
        let end = self.slices.partition_point(|s| s.day <= day);
        &self.slices[start..end]
    }
}

fn union(a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// Where a day of a spilled run stands in the file.
#[derive(Debug, Clone, Copy)]
struct SpilledDay {
    day: i32,
    start: u64,
    end: u64,
    range: (i64, i64),
}

/// The samples of a run, in the order in which they came.
#[derive(Debug)]
pub(crate) struct SampleBuffer {
    series: Vec<u32>,
    ts: Vec<i64>,
    values: Vec<f64>,
    capacity: usize,
    folder: PathBuf,
    spill: Option<File>,
    spilled_bytes: u64,
    runs: Vec<Vec<SpilledDay>>,
}

impl SampleBuffer {
    /// Makes an empty buffer that spills into `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self::with_capacity(folder, CAPACITY)
    }

    pub(crate) fn with_capacity(folder: &Path, capacity: usize) -> Self {
        Self {
            series: Vec::new(),
            ts: Vec::new(),
            values: Vec::new(),
            capacity,
            folder: folder.to_owned(),
            spill: None,
            spilled_bytes: 0,
            runs: Vec::new(),
        }
    }

    /// Takes a sample; tells whether the buffer is full and [`spill`](Self::spill) is due.
    pub(crate) fn push(&mut self, series: u32, ts: i64, value: f64) -> bool {
        self.series.push(series);
        self.ts.push(ts);
        self.values.push(value);
        self.ts.len() >= self.capacity
    }

    /// Writes the buffered samples as a run.
    pub(crate) fn spill(&mut self, registry: &SeriesRegistry) -> Result<(), StoreError> {
        let run = self.sort(registry);
        let days = self.write_run(&run).map_err(|source| StoreError::Io {
            path: self.folder.clone(),
            source,
        })?;
        self.runs.push(days);
        Ok(())
    }

    fn write_run(&mut self, run: &SortedRun) -> io::Result<Vec<SpilledDay>> {
        let file = match &mut self.spill {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.folder)?),
        };
        file.seek(SeekFrom::Start(self.spilled_bytes))?;
        let mut out = io::BufWriter::with_capacity(1 << 20, &*file);
        let mut days: Vec<SpilledDay> = Vec::new();
        let mut at = self.spilled_bytes;
        for slice in &run.slices {
            let count = slice.end - slice.start;
            out.write_all(&slice.series.to_le_bytes())?;
            out.write_all(&(count as u32).to_le_bytes())?;
            for ts in &run.ts[slice.start..slice.end] {
                out.write_all(&ts.to_le_bytes())?;
            }
            for value in &run.values[slice.start..slice.end] {
                out.write_all(&value.to_le_bytes())?;
            }
            let start = at;
            at += 8 + 16 * count as u64;
            let range = run.range(slice);
            match days.last_mut().filter(|d| d.day == slice.day) {
                Some(day) => {
                    day.end = at;
                    day.range = union(day.range, range);
                }
                None => days.push(SpilledDay {
                    day: slice.day,
                    start,
                    end: at,
                    range,
                }),
            }
        }
        out.flush()?;
        drop(out);
        self.spilled_bytes = at;
        Ok(days)
    }

    /// Sorts what is buffered into a run and empties the buffer.
    fn sort(&mut self, registry: &SeriesRegistry) -> SortedRun {
        let order = registry.sorted();
        // Counting sort by series: stable, so that the later sample stays the later.
        let mut ends = vec![0_usize; registry.len() + 1];
        for &series in &self.series {
            ends[series as usize] += 1;
        }
        let mut next = 0;
        let mut bounds = Vec::with_capacity(order.len());
        for &series in &order {
            let count = ends[series as usize];
            ends[series as usize] = next;
            bounds.push((series, next, next + count));
            next += count;
        }
        let mut ts = vec![0_i64; next];
        let mut values = vec![0_f64; next];
        for i in 0..self.ts.len() {
            let at = &mut ends[self.series[i] as usize];
            ts[*at] = self.ts[i];
            values[*at] = self.values[i];
            *at += 1;
        }
        self.series.clear();
        self.ts.clear();
        self.values.clear();
        let mut slices = Vec::new();
        for (series, start, end) in bounds {
            let end = start + sort_and_dedup(&mut ts[start..end], &mut values[start..end]);
            cut_by_day(&ts, series, start, end, &mut slices);
        }
        slices.sort_by_key(|slice| slice.day);
        SortedRun { slices, ts, values }
    }

    /// Ends the buffering: sorts the rest, and hands the runs over, oldest first.
    pub(crate) fn finish(mut self, registry: &SeriesRegistry) -> Runs {
        let memory = self.sort(registry);
        Runs {
            file: self.spill,
            folder: self.folder,
            spilled: self.runs,
            memory,
        }
    }
}

/// Sorts by time and keeps the last value of each; returns how many remain.
pub(crate) fn sort_and_dedup(ts: &mut [i64], values: &mut [f64]) -> usize {
    if ts.windows(2).all(|pair| pair[0] < pair[1]) {
        return ts.len();
    }
    let mut order: Vec<usize> = (0..ts.len()).collect();
    order.sort_by_key(|&i| ts[i]);
    let sorted: Vec<(i64, f64)> = order.into_iter().map(|i| (ts[i], values[i])).collect();
    let mut kept = 0;
    for (i, &(t, v)) in sorted.iter().enumerate() {
        if sorted.get(i + 1).is_some_and(|&(next, _)| next == t) {
            continue;
        }
        ts[kept] = t;
        values[kept] = v;
        kept += 1;
    }
    kept
}

fn cut_by_day(ts: &[i64], series: u32, mut start: usize, end: usize, slices: &mut Vec<Slice>) {
    while start < end {
        let day = day_of(ts[start]);
        let midnight = (i64::from(day) + 1).saturating_mul(MICROS_PER_DAY);
        let stop = start + ts[start..end].partition_point(|&t| t < midnight);
        slices.push(Slice {
            day,
            series,
            start,
            end: stop,
        });
        start = stop;
    }
}

/// The sorted runs of a whole ingest.
#[derive(Debug)]
pub(crate) struct Runs {
    file: Option<File>,
    folder: PathBuf,
    spilled: Vec<Vec<SpilledDay>>,
    memory: SortedRun,
}

impl Runs {
    /// Returns the days that have samples.
    pub(crate) fn days(&self) -> Vec<i32> {
        let spilled = self.spilled.iter().flatten().map(|d| d.day);
        let memory = self.memory.slices.iter().map(|s| s.day);
        let mut days: Vec<i32> = spilled.chain(memory).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Opens one day of each run that has it, oldest first.
    pub(crate) fn open_day(&self, day: i32) -> Vec<RunReader<'_>> {
        let mut readers = Vec::new();
        for run in &self.spilled {
            if let (Some(file), Some(place)) = (&self.file, run.iter().find(|d| d.day == day)) {
                readers.push(RunReader::Spilled {
                    file,
                    folder: &self.folder,
                    at: place.start,
                    end: place.end,
                    buffer: Vec::new(),
                });
            }
        }
        let slices = self.memory.day(day);
        if !slices.is_empty() {
            readers.push(RunReader::Memory {
                run: &self.memory,
                slices,
            });
        }
        readers
    }

    /// Returns the first and the last time of a day's samples.
    pub(crate) fn range(&self, day: i32) -> Option<(i64, i64)> {
        let spilled = self.spilled.iter().flatten().filter(|d| d.day == day);
        let memory = self.memory.day(day).iter().map(|s| self.memory.range(s));
        spilled.map(|d| d.range).chain(memory).reduce(union)
    }
}

/// Reads one day of one run, series by series.
#[derive(Debug)]
pub(crate) enum RunReader<'a> {
    Spilled {
        file: &'a File,
        folder: &'a Path,
        at: u64,
        end: u64,
        buffer: Vec<u8>,
    },
    Memory {
        run: &'a SortedRun,
        slices: &'a [Slice],
    },
}

impl RunReader<'_> {
    /// Appends the next series' samples and returns its handle.
    pub(crate) fn next(
        &mut self,
        ts: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) -> Result<Option<u32>, StoreError> {
        match self {
            Self::Memory { run, slices } => {
                let Some((slice, rest)) = slices.split_first() else {
                    return Ok(None);
                };
                ts.extend_from_slice(&run.ts[slice.start..slice.end]);
                values.extend_from_slice(&run.values[slice.start..slice.end]);
                *slices = rest;
                Ok(Some(slice.series))
            }
            Self::Spilled {
                file,
                folder,
                at,
                end,
                buffer,
            } => {
                if at >= end {
                    return Ok(None);
                }
                read_slice(file, at, buffer, ts, values)
                    .map(Some)
                    .map_err(|source| StoreError::Io {
                        path: folder.to_owned(),
                        source,
                    })
            }
        }
    }
}

fn read_slice(
    mut file: &File,
    at: &mut u64,
    buffer: &mut Vec<u8>,
    ts: &mut Vec<i64>,
    values: &mut Vec<f64>,
) -> io::Result<u32> {
    file.seek(SeekFrom::Start(*at))?;
    let mut head = [0_u8; 8];
    file.read_exact(&mut head)?;
    let [a, b, c, d, e, f, g, h] = head;
    let series = u32::from_le_bytes([a, b, c, d]);
    let count = u32::from_le_bytes([e, f, g, h]) as usize;
    buffer.resize(count * 16, 0);
    file.read_exact(buffer)?;
    *at += 8 + buffer.len() as u64;
    let (times, numbers) = buffer.split_at(count * 8);
    let (times, _) = times.as_chunks::<8>();
    let (numbers, _) = numbers.as_chunks::<8>();
    ts.extend(times.iter().map(|b| i64::from_le_bytes(*b)));
    values.extend(numbers.iter().map(|b| f64::from_le_bytes(*b)));
    Ok(series)
}
