//! How the evaluator asks for history.

use std::sync::Arc;

use crate::model::Labels;
use crate::promql::matcher::Matcher;
use crate::promql::vector::RawSeries;

/// Any error of a source, with its own causes.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// What a selector asks for.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The label matchers, that on `__name__` among them.
    pub matchers: &'a [Matcher],
    /// The first instant, µs, included.
    pub from: i64,
    /// The last instant, µs, included.
    pub to: i64,
}

/// One series' samples: µs and values of equal length, in time order, stale
/// markers among them.
#[derive(Debug, Clone, Copy)]
pub struct SampleSlice<'a> {
    /// All labels, `__name__` among them.
    pub labels: &'a Arc<Labels>,
    /// Times, µs, strictly increasing.
    pub timestamps: &'a [i64],
    /// Values.
    pub values: &'a [f64],
}

/// History, as the evaluator sees it.
pub trait SampleSource {
    /// Returns the series that meet all matchers, in the order of their labels.
    ///
    /// Each has at least the samples of `from..=to` (more do no harm); a series
    /// that has none there may be left out.
    fn select(&mut self, selection: Selection<'_>) -> Result<Vec<SampleSlice<'_>>, SourceError>;

    /// Returns how many series meet all matchers at any time: the measure by
    /// which a long range is cut into pieces.
    fn count_series(&mut self, matchers: &[Matcher]) -> Result<usize, SourceError>;

    /// Returns when history begins, µs: no sample is earlier. `None` where that is not known.
    fn starts_at(&self) -> Option<i64> {
        None
    }
}

/// History in memory, for tests and scripts.
#[derive(Debug, Clone, Default)]
pub struct MemorySource {
    series: std::collections::BTreeMap<Arc<Labels>, (Vec<i64>, Vec<f64>)>,
}

impl MemorySource {
    /// Adds a sample; one at the same time is replaced.
    pub fn push(&mut self, labels: &Arc<Labels>, ts: i64, value: f64) {
        let (timestamps, values) = self.series.entry(labels.clone()).or_default();
        if timestamps.last().is_none_or(|last| *last < ts) {
            timestamps.push(ts);
            values.push(value);
            return;
        }
        match timestamps.binary_search(&ts) {
            Ok(i) => values[i] = value,
            Err(i) => {
                timestamps.insert(i, ts);
                values.insert(i, value);
            }
        }
    }

    /// Adds a whole series.
    pub fn insert(&mut self, series: RawSeries) {
        self.series
            .insert(series.labels, (series.timestamps, series.values));
    }
}

impl SampleSource for MemorySource {
    fn select(&mut self, selection: Selection<'_>) -> Result<Vec<SampleSlice<'_>>, SourceError> {
        Ok(self
            .series
            .iter()
            .filter(|(labels, _)| selection.matchers.iter().all(|m| m.matches_in(labels)))
            .map(|(labels, (timestamps, values))| {
                let from = timestamps.partition_point(|t| *t < selection.from);
                let to = timestamps.partition_point(|t| *t <= selection.to).max(from);
                SampleSlice {
                    labels,
                    timestamps: &timestamps[from..to],
                    values: &values[from..to],
                }
            })
            .filter(|s| !s.timestamps.is_empty())
            .collect())
    }

    fn count_series(&mut self, matchers: &[Matcher]) -> Result<usize, SourceError> {
        Ok(self
            .series
            .keys()
            .filter(|labels| matchers.iter().all(|m| m.matches_in(labels)))
            .count())
    }

    fn starts_at(&self) -> Option<i64> {
        let all = self.series.values();
        all.filter_map(|(timestamps, _)| timestamps.first().copied())
            .min()
    }
}
