//! Tells equal log records of one file apart, in bounded memory.
//!
//! A record's id is the hash of its content and of how many equal ones stand
//! before it in the file: two equal lines of one file are two records, and the
//! same line in two overlapping exports is one. So that a file of any length
//! can be read, the counts of [`LIMIT`] distinct records are held; then they
//! are dropped, and the time from the first to the last record so far is
//! remembered. A later record of that time may have been counted before, so
//! the number of times that counts were dropped becomes part of its id. No
//! record is ever taken for another; but where two exports overlap, such
//! records are there twice. In a file that is sorted by time only those of the
//! very instant at which the counts were dropped are such.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

/// Distinct records of a file whose counts are held.
const LIMIT: usize = 4 << 20;

/// How often each log record of a file has been seen.
#[derive(Debug)]
pub(crate) struct Occurrences {
    limit: usize,
    /// Counts by the hash of the content.
    counts: HashMap<u64, u32>,
    /// First and last time (µs) of all records.
    span: Option<(i64, i64)>,
    /// First and last time of the records whose counts were dropped.
    dropped: Option<(i64, i64)>,
    /// How often counts were dropped.
    epoch: u32,
}

impl Default for Occurrences {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl Occurrences {
    fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            counts: HashMap::new(),
            span: None,
            dropped: None,
            epoch: 0,
        }
    }

    /// Counts a record of this content and time (µs), and returns its id.
    pub(crate) fn next_id(&mut self, content: &[u8], ts: i64) -> i64 {
        let hash = xxh3_64(content);
        if self.counts.len() >= self.limit && !self.counts.contains_key(&hash) {
            self.counts.clear();
            self.dropped = self.span;
            self.epoch += 1;
        }
        self.span = Some(match self.span {
            Some((first, last)) => (first.min(ts), last.max(ts)),
            None => (ts, ts),
        });
        let count = self.counts.entry(hash).or_default();
        let mut identity = [&hash.to_le_bytes()[..], &count.to_le_bytes()].concat();
        *count += 1;
        if self
            .dropped
            .is_some_and(|(first, last)| (first..=last).contains(&ts))
        {
            identity.extend_from_slice(&self.epoch.to_le_bytes());
        }
        xxh3_64(&identity).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Returns the ids of records of a file, of which each is its time alone.
    fn ids(limit: usize, times: &[i64]) -> Vec<i64> {
        let mut occurrences = Occurrences::with_limit(limit);
        let times = times.iter();
        times
            .map(|ts| occurrences.next_id(&ts.to_le_bytes(), *ts))
            .collect()
    }

    #[test]
    fn equal_records_of_a_file_differ_and_those_of_another_file_do_not() {
        let first = ids(10, &[1, 1, 2]);
        assert_ne!(first[0], first[1]);
        assert_eq!(ids(10, &[1, 2, 1]), [first[0], first[2], first[1]]);
    }

    #[test]
    fn a_record_that_comes_again_after_its_count_was_dropped_is_a_new_one() {
        // The counts of 1 and 2 are dropped at 3, those of 3 and 1 at 4.
        let all = ids(2, &[1, 2, 3, 1, 4, 1]);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 6);
    }

    #[test]
    fn sorted_exports_that_overlap_share_their_records_however_long_they_are() {
        let long = ids(3, &(0..20).collect::<Vec<_>>());
        assert_eq!(long[12..], ids(3, &(12..20).collect::<Vec<_>>()));
    }

    proptest! {
        /// Whatever is dropped: no record is taken for another, and the same
        /// file has the same ids again.
        #[test]
        fn no_record_is_lost(limit in 1..6_usize, times in prop::collection::vec(0..8_i64, 0..60)) {
            let all = ids(limit, &times);
            prop_assert_eq!(all.iter().collect::<HashSet<_>>().len(), times.len());
            prop_assert_eq!(all, ids(limit, &times));
        }
    }
}
