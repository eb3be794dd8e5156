//! One series' samples as they are held between requests.

use crate::model::is_stale;
use crate::promql::{InferredStaleness, infer_staleness};

/// Samples by which a series' usual interval is told.
const RECENT: usize = 17;

/// Times and values of equal length.
#[derive(Debug, Default, Clone)]
pub(super) struct Column {
    pub(super) timestamps: Vec<i64>,
    pub(super) values: Vec<f64>,
    /// Whether samples were added behind later ones.
    is_unsorted: bool,
}

impl Column {
    /// Adds samples that are in the order of time.
    pub(super) fn extend(&mut self, timestamps: &[i64], values: &[f64]) {
        self.is_unsorted |= matches!(
            (self.timestamps.last(), timestamps.first()),
            (Some(last), Some(first)) if first <= last
        );
        self.timestamps.extend_from_slice(timestamps);
        self.values.extend_from_slice(values);
    }

    /// Adds another's samples.
    pub(super) fn append(&mut self, other: Self) {
        if self.timestamps.is_empty() {
            *self = other;
            return;
        }
        self.extend(&other.timestamps, &other.values);
        self.is_unsorted |= other.is_unsorted;
    }

    /// Puts another's samples before the own.
    pub(super) fn prepend(&mut self, mut other: Self) {
        std::mem::swap(self, &mut other);
        self.append(other);
    }

    /// Puts samples in order that came in none; of two at one time the later
    /// one stays.
    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.is_unsorted) {
            return;
        }
        let pairs = self.timestamps.iter().copied();
        let mut pairs: Vec<(i64, f64)> = pairs.zip(self.values.iter().copied()).collect();
        pairs.sort_by_key(|(ts, _)| *ts);
        self.timestamps.clear();
        self.values.clear();
        for (ts, value) in pairs {
            if self.timestamps.last() == Some(&ts) {
                self.values.pop();
            } else {
                self.timestamps.push(ts);
            }
            self.values.push(value);
        }
    }

    /// Forgets the samples before a time.
    pub(super) fn forget_before(&mut self, ts: i64) {
        let count = self.timestamps.partition_point(|t| *t < ts);
        self.timestamps.drain(..count);
        self.values.drain(..count);
    }

    /// Returns the first sample.
    pub(super) fn first(&self) -> Option<(i64, f64)> {
        Some((*self.timestamps.first()?, *self.values.first()?))
    }

    /// Forgets the last sample.
    pub(super) fn pop(&mut self) {
        self.timestamps.pop();
        self.values.pop();
    }

    /// Puts stale markers where the series is known to have ended without one,
    /// and returns their times.
    pub(super) fn infer_ends(&mut self, known_until: i64) -> Vec<i64> {
        let before = self.stale_markers();
        let inferred = infer_staleness(&mut self.timestamps, &mut self.values, known_until);
        if inferred == InferredStaleness::default() {
            return Vec::new();
        }
        let mut ends = self.stale_markers();
        ends.retain(|ts| before.binary_search(ts).is_err());
        ends
    }

    fn stale_markers(&self) -> Vec<i64> {
        let samples = self.timestamps.iter().zip(&self.values);
        let markers = samples.filter(|(_, value)| is_stale(**value));
        markers.map(|(ts, _)| *ts).collect()
    }

    /// Returns the earliest time at which the series may have ended, if all but
    /// its end is here: one of its shorter intervals after the last sample.
    /// `None` where it has ended, or is too short to tell.
    pub(super) fn earliest_end(&self) -> Option<i64> {
        let last = *self.timestamps.last()?;
        if self.values.last().is_none_or(|value| is_stale(*value)) {
            return None;
        }
        let recent = &self.timestamps[self.timestamps.len().saturating_sub(RECENT)..];
        let shortest = recent.windows(2).map(|w| w[1].saturating_sub(w[0])).min()?;
        Some(last.saturating_add(shortest))
    }
}
