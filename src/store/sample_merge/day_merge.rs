//! Merges sorted sources of samples in pieces of bounded size.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::source::Source;
use crate::store::error::StoreError;
use crate::store::sample_buffer::sort_and_dedup;
use crate::store::series_registry::SeriesRegistry;

/// Samples that the sources have at hand together, 16 bytes each, and those of
/// one source.
const HELD: usize = 256 << 10;
const HELD_OF_SOURCE: std::ops::RangeInclusive<usize> = 256..=(64 << 10);

/// Goes through the samples of several sources in the order of the series'
/// ranks, then of time; of equal (series, time) the later source wins.
pub(super) struct DayMerge<'a> {
    sources: Vec<Source<'a>>,
    registry: &'a SeriesRegistry,
    ranks: &'a [u32],
    /// What each source has at hand.
    heads: Vec<Head>,
    /// The next series of each source that has not come to the current one.
    queue: BinaryHeap<Reverse<(u32, usize)>>,
    /// The sources that have the current series, oldest first.
    current: Vec<usize>,
    limit: usize,
    merged: Head,
    /// Samples that gave way to a later source's.
    pub(super) duplicates: u64,
}

/// A series, and the times and values of samples of it.
type Merged<'a> = (u32, &'a [i64], &'a [f64]);

/// Samples of one series that a source has at hand.
#[derive(Debug, Default)]
struct Head {
    series: u32,
    ts: Vec<i64>,
    values: Vec<f64>,
    /// What of them has been taken.
    taken: usize,
    has_more: bool,
}

impl Head {
    fn clear(&mut self) {
        self.ts.clear();
        self.values.clear();
        self.taken = 0;
    }
}

impl<'a> DayMerge<'a> {
    /// Begins a merge of sources, given oldest first. `limit` is the number of
    /// samples that a source has at hand at most, where it is to be less than usual.
    pub(super) fn new(
        sources: Vec<Source<'a>>,
        registry: &'a SeriesRegistry,
        ranks: &'a [u32],
        limit: usize,
    ) -> Result<Self, StoreError> {
        let fair = HELD / sources.len().max(1);
        let mut merge = Self {
            heads: sources.iter().map(|_| Head::default()).collect(),
            limit: limit.min(fair.clamp(*HELD_OF_SOURCE.start(), *HELD_OF_SOURCE.end())),
            sources,
            registry,
            ranks,
            queue: BinaryHeap::new(),
            current: Vec::new(),
            merged: Head::default(),
            duplicates: 0,
        };
        for index in 0..merge.sources.len() {
            if let Some(rank) = merge.advance(index)? {
                merge.queue.push(Reverse((rank, index)));
            }
        }
        Ok(merge)
    }

    /// Takes the next samples of a source to hand; returns their series' rank.
    fn advance(&mut self, index: usize) -> Result<Option<u32>, StoreError> {
        let head = &mut self.heads[index];
        head.clear();
        let source = &mut self.sources[index];
        let piece = source.next(self.registry, self.limit, &mut head.ts, &mut head.values)?;
        Ok(piece.map(|piece| {
            head.series = piece.series;
            head.has_more = piece.has_more;
            self.ranks[piece.series as usize]
        }))
    }

    /// Returns the next samples, all of one series.
    pub(super) fn next(&mut self) -> Result<Option<Merged<'_>>, StoreError> {
        if self.current.is_empty() {
            // The heap gives equal series in the order of the sources.
            while let Some(&Reverse((rank, index))) = self.queue.peek() {
                let first = self.current.first().map(|&i| self.rank(i));
                if first.is_some_and(|first| first != rank) {
                    break;
                }
                self.queue.pop();
                self.current.push(index);
            }
        }
        let Some(&first) = self.current.first() else {
            return Ok(None);
        };
        let rank = self.rank(first);
        self.merged.clear();
        self.merged.series = self.heads[first].series;
        // Up to here every source has at hand all that it has.
        let ends = self.current.iter().map(|&index| &self.heads[index]);
        let ends = ends.filter(|head| head.has_more);
        let bound = ends.filter_map(|head| head.ts.last().copied()).min();
        for &index in &self.current {
            let head = &mut self.heads[index];
            let rest = &head.ts[head.taken..];
            let count = bound.map_or(rest.len(), |b| rest.partition_point(|&t| t <= b));
            let end = head.taken + count;
            self.merged.ts.extend_from_slice(&rest[..count]);
            let values = &head.values[head.taken..end];
            self.merged.values.extend_from_slice(values);
            head.taken = end;
        }
        let mut current = std::mem::take(&mut self.current);
        let mut failed = None;
        current.retain(|&index| {
            if self.heads[index].taken < self.heads[index].ts.len() {
                return true;
            }
            match self.advance(index) {
                Ok(Some(next)) if next == rank => return true,
                Ok(Some(next)) => self.queue.push(Reverse((next, index))),
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
            false
        });
        if let Some(error) = failed {
            return Err(error);
        }
        self.current = current;
        let Head {
            series, ts, values, ..
        } = &mut self.merged;
        let kept = sort_and_dedup(ts, values);
        self.duplicates += (ts.len() - kept) as u64;
        Ok(Some((*series, &ts[..kept], &values[..kept])))
    }

    fn rank(&self, index: usize) -> u32 {
        self.ranks[self.heads[index].series as usize]
    }
}
