//! The samples of a run: a bounded buffer, sorted runs, spilled where it is full.
//!
//! A *run* is sorted by day, then series, then time, and holds one value for
//! each (series, time): the last that came. Full buffers become runs in one
//! temporary file ([`RunFile`]).

mod run_file;

use std::path::Path;

use super::error::StoreError;
use super::series_registry::SeriesRegistry;
use crate::model::{MICROS_PER_DAY, day_of};

pub(crate) use run_file::{Place, RunFile, SpilledRun};

/// Samples that are buffered before they are spilled: 20 bytes each, and 16
/// more while they are sorted.
const CAPACITY: usize = 1 << 20;
/// Bytes of the buffers through which the runs of a day are read, together,
/// and those of one run.
const READ_BYTES: usize = 8 << 20;
const RUN_BYTES: std::ops::RangeInclusive<usize> = (4 << 10)..=(256 << 10);

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
    place: Place,
    range: (i64, i64),
}

/// The samples of a run, in the order in which they came.
#[derive(Debug)]
pub(crate) struct SampleBuffer {
    series: Vec<u32>,
    ts: Vec<i64>,
    values: Vec<f64>,
    capacity: usize,
    file: RunFile,
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
            file: RunFile::new(folder),
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
        let mut days: Vec<SpilledDay> = Vec::new();
        let mut out = self.file.append()?;
        for slice in &run.slices {
            let start = out.at();
            let samples = slice.start..slice.end;
            out.slice(slice.series, &run.ts[samples.clone()], &run.values[samples])?;
            let end = out.at();
            let range = run.range(slice);
            match days.last_mut().filter(|d| d.day == slice.day) {
                Some(day) => {
                    day.place.end = end;
                    day.range = union(day.range, range);
                }
                None => days.push(SpilledDay {
                    day: slice.day,
                    place: Place { start, end },
                    range,
                }),
            }
        }
        out.finish()?;
        self.runs.push(days);
        Ok(())
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
            file: self.file,
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
    let pairs = ts.iter().copied().zip(values.iter().copied());
    let mut sorted: Vec<(i64, f64)> = pairs.collect();
    sorted.sort_by_key(|pair| pair.0);
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
    file: RunFile,
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
        let places = self.spilled.iter().flatten().filter(|d| d.day == day);
        let buffer = READ_BYTES / places.clone().count().max(1);
        let buffer = buffer.clamp(*RUN_BYTES.start(), *RUN_BYTES.end());
        let mut readers: Vec<_> = places
            .map(|d| RunReader::Spilled(self.file.read(d.place, buffer)))
            .collect();
        let slices = self.memory.day(day);
        if !slices.is_empty() {
            readers.push(RunReader::Memory {
                run: &self.memory,
                slices,
                taken: 0,
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

/// What a source has handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) series: u32,
    /// Whether the source may have later samples of the series.
    pub(crate) has_more: bool,
}

/// Reads one day of one run: series by series, each in the order of time.
#[derive(Debug)]
pub(crate) enum RunReader<'a> {
    Spilled(SpilledRun<'a>),
    Memory {
        run: &'a SortedRun,
        slices: &'a [Slice],
        /// Samples that have been taken of the first slice.
        taken: usize,
    },
}

impl RunReader<'_> {
    /// Appends up to `limit` samples of the next series.
    pub(crate) fn next(
        &mut self,
        limit: usize,
        ts: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) -> Result<Option<Piece>, StoreError> {
        match self {
            Self::Spilled(run) => run.next(limit, ts, values),
            Self::Memory { run, slices, taken } => {
                let Some((slice, rest)) = slices.split_first() else {
                    return Ok(None);
                };
                let start = slice.start + *taken;
                let end = slice.end.min(start.saturating_add(limit));
                ts.extend_from_slice(&run.ts[start..end]);
                values.extend_from_slice(&run.values[start..end]);
                let has_more = end < slice.end;
                if has_more {
                    *taken = end - slice.start;
                } else {
                    *slices = rest;
                    *taken = 0;
                }
                Ok(Some(Piece {
                    series: slice.series,
                    has_more,
                }))
            }
        }
    }
}
