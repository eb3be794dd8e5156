//! The series that rules have written.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::Labels;
use crate::model::METRIC_NAME;
use crate::promql::{MatchOp, Matcher, SampleSlice, Selection};

/// A series of [`Derived`], valid until its next [`Derived::trim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Handle(u32);

/// Series in memory that only grow, but for their beginnings.
#[derive(Debug, Default)]
pub(super) struct Derived {
    series: Vec<Written>,
    index: HashMap<Arc<Labels>, Handle>,
    /// The series of each metric, in the order of their labels.
    names: BTreeMap<Box<str>, Vec<Handle>>,
}

#[derive(Debug)]
struct Written {
    labels: Arc<Labels>,
    timestamps: Vec<i64>,
    values: Vec<f64>,
}

impl Derived {
    /// Finds a series, or makes an empty one.
    pub(super) fn intern(&mut self, labels: &Arc<Labels>) -> Handle {
        if let Some(handle) = self.index.get(labels) {
            return *handle;
        }
        let handle = Handle(u32::try_from(self.series.len()).unwrap_or(u32::MAX));
        self.index.insert(labels.clone(), handle);
        let same_name = self.names.entry(labels.metric().into()).or_default();
        let place =
            same_name.partition_point(|other| self.series[other.0 as usize].labels < *labels);
        same_name.insert(place, handle);
        self.series.push(Written {
            labels: labels.clone(),
            timestamps: Vec::new(),
            values: Vec::new(),
        });
        handle
    }

    /// Adds a sample; the first at an instant stays, as in Prometheus' storage.
    ///
    /// Returns whether it is there now. Samples before the newest are filed where they belong:
    /// rules of different groups may write the same series by turns.
    pub(super) fn push(&mut self, handle: Handle, ts: i64, value: f64) -> bool {
        let series = &mut self.series[handle.0 as usize];
        if series.timestamps.last().is_none_or(|last| *last < ts) {
            series.timestamps.push(ts);
            series.values.push(value);
            return true;
        }
        match series.timestamps.binary_search(&ts) {
            Ok(i) => series.values[i].to_bits() == value.to_bits(),
            Err(i) => {
                series.timestamps.insert(i, ts);
                series.values.insert(i, value);
                true
            }
        }
    }

    /// Drops the samples before an instant, and the series of which nothing is left; returns
    /// what became of each handle.
    pub(super) fn trim(&mut self, before: i64, pinned: &[Handle]) -> HashMap<Handle, Handle> {
        let old = std::mem::take(self);
        let mut moved = HashMap::with_capacity(old.series.len());
        for (mut series, at) in old.series.into_iter().zip(0..) {
            let dropped = series.timestamps.partition_point(|ts| *ts < before);
            series.timestamps.drain(..dropped);
            series.values.drain(..dropped);
            let handle = Handle(at);
            if series.timestamps.is_empty() && pinned.binary_search(&handle).is_err() {
                continue;
            }
            let new = self.intern(&series.labels);
            self.series[new.0 as usize] = series;
            moved.insert(handle, new);
        }
        moved
    }

    /// The series that meet the matchers, in the order of their labels.
    pub(super) fn select<'s>(&'s self, selection: Selection<'_>) -> Vec<SampleSlice<'s>> {
        let mut found: Vec<SampleSlice<'s>> = self
            .candidates(selection.matchers)
            .filter_map(|series| {
                let from = series.timestamps.partition_point(|ts| *ts < selection.from);
                let to = series
                    .timestamps
                    .partition_point(|ts| *ts <= selection.to)
                    .max(from);
                (from < to).then(|| SampleSlice {
                    labels: &series.labels,
                    timestamps: &series.timestamps[from..to],
                    values: &series.values[from..to],
                })
            })
            .collect();
        if equal_name(selection.matchers).is_none() {
            found.sort_by(|a, b| a.labels.cmp(b.labels));
        }
        found
    }

    /// The newest sample of a series up to an instant.
    pub(super) fn newest(&self, labels: &Labels, until: i64) -> Option<(i64, f64)> {
        let series = &self.series[self.index.get(labels)?.0 as usize];
        let end = series.timestamps.partition_point(|ts| *ts <= until);
        let last = end.checked_sub(1)?;
        Some((series.timestamps[last], series.values[last]))
    }

    /// How many series meet the matchers.
    pub(super) fn count(&self, matchers: &[Matcher]) -> usize {
        self.count_if(matchers, |_| true)
    }

    /// How many series meet the matchers and a condition.
    pub(super) fn count_if(&self, matchers: &[Matcher], is: impl Fn(&Labels) -> bool) -> usize {
        self.candidates(matchers)
            .filter(|series| !series.timestamps.is_empty() && is(&series.labels))
            .count()
    }

    fn candidates<'s, 'm>(
        &'s self,
        matchers: &'m [Matcher],
    ) -> impl Iterator<Item = &'s Written> + use<'s, 'm> {
        let equal = equal_name(matchers);
        let one = equal.and_then(|name| self.names.get(name));
        let all = equal.is_none().then(|| {
            self.names
                .iter()
                .filter(|(name, _)| {
                    matchers
                        .iter()
                        .all(|m| m.name != METRIC_NAME || m.matches(name))
                })
                .map(|(_, handles)| handles)
        });
        one.into_iter()
            .chain(all.into_iter().flatten())
            .flatten()
            .map(|handle| &self.series[handle.0 as usize])
            .filter(|series| matchers.iter().all(|m| m.matches_in(&series.labels)))
    }
}

/// The metric that matchers name, if they do.
pub(super) fn equal_name(matchers: &[Matcher]) -> Option<&str> {
    matchers
        .iter()
        .find(|m| m.name == METRIC_NAME && matches!(m.op, MatchOp::Equal) && !m.value.is_empty())
        .map(|m| m.value.as_str())
}
