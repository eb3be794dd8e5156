//! History and what rules have written, as one source.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use super::beside::Beside;
use super::derived::{Derived, equal_name};
use crate::model::METRIC_NAME;
use crate::promql::{Matcher, RawSeries, SampleSlice, SampleSource, Selection, SourceError};

/// History together with derived series.
///
/// A metric in `outputs` hides the one of that name in history.
pub struct Overlay<'s> {
    pub(super) base: &'s mut dyn SampleSource,
    pub(super) derived: &'s Derived,
    /// What another engine has written for this one.
    pub(super) beside: Option<Beside<'s>>,
    /// The metrics of rules that hide those of history.
    pub(super) outputs: &'s BTreeSet<String>,
    /// The last instant that may be seen, where a query may look ahead.
    pub(super) until: Option<i64>,
    pub(super) cache: Option<&'s mut Cache>,
    /// Series that are in history and written too, as selected last.
    pub(super) merged: Vec<RawSeries>,
}

impl fmt::Debug for Overlay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay").finish_non_exhaustive()
    }
}

/// How history is read.
pub(super) struct Reader<'r> {
    pub(super) source: &'r mut dyn SampleSource,
    /// The last instant that may be seen, where a query may look ahead.
    pub(super) until: Option<i64>,
    pub(super) cache: Option<&'r mut Cache>,
    /// What another engine has written for this one.
    pub(super) beside: Option<Beside<'r>>,
}

impl Reader<'_> {
    /// Lays what rules have written over it.
    pub(super) fn over<'s>(
        &'s mut self,
        derived: &'s Derived,
        outputs: &'s BTreeSet<String>,
    ) -> Overlay<'s> {
        Overlay {
            base: self.source,
            derived,
            beside: self.beside,
            outputs,
            until: self.until,
            cache: self.cache.as_deref_mut(),
            merged: Vec::new(),
        }
    }
}

/// What selectors found in history within a window: evaluating one slot after the other asks
/// for the same series again and again.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// The first and the last instant.
    window: (i64, i64),
    found: HashMap<String, Vec<RawSeries>>,
}

impl Cache {
    /// Makes the cache hold a window from now on.
    pub(super) fn move_to(&mut self, from: i64, to: i64) {
        self.window = (from, to);
        self.found.clear();
    }

    fn holds(&self, selection: &Selection<'_>) -> bool {
        self.window.0 <= selection.from && selection.to <= self.window.1
    }

    /// The series of history that meet a selection within the window.
    fn select(
        &mut self,
        base: &mut dyn SampleSource,
        selection: Selection<'_>,
    ) -> Result<Vec<SampleSlice<'_>>, SourceError> {
        let key = key(selection.matchers);
        if !self.found.contains_key(&key) {
            let window = Selection {
                from: self.window.0,
                to: self.window.1,
                ..selection
            };
            let copied = base
                .select(window)?
                .into_iter()
                .map(|slice| RawSeries {
                    labels: slice.labels.clone(),
                    timestamps: slice.timestamps.to_vec(),
                    values: slice.values.to_vec(),
                })
                .collect();
            self.found.insert(key.clone(), copied);
        }
        let series = self.found.get(&key).map_or(&[][..], Vec::as_slice);
        Ok(series
            .iter()
            .map(|raw| SampleSlice {
                labels: &raw.labels,
                timestamps: &raw.timestamps,
                values: &raw.values,
            })
            .collect())
    }
}

fn key(matchers: &[Matcher]) -> String {
    let mut key = String::new();
    for matcher in matchers {
        key += &matcher.to_string();
        key.push(',');
    }
    key
}

impl SampleSource for Overlay<'_> {
    fn select(
        &mut self,
        mut selection: Selection<'_>,
    ) -> Result<Vec<SampleSlice<'_>>, SourceError> {
        let until = self.until.unwrap_or(i64::MAX);
        selection.to = selection.to.min(until);
        let name = equal_name(selection.matchers);
        if name.is_some_and(|name| self.outputs.contains(name)) {
            return Ok(written(self.derived, self.beside, selection));
        }
        let mut found = match &mut self.cache {
            Some(cache) if cache.holds(&selection) => cache.select(self.base, selection)?,
            _ => self.base.select(selection)?,
        };
        if name.is_none() {
            found.retain(|slice| !self.outputs.contains(slice.labels.metric()));
        }
        // More samples than asked for do no harm, but for those that are still to come.
        for slice in &mut found {
            let from = slice.timestamps.partition_point(|ts| *ts < selection.from);
            let to = slice.timestamps.partition_point(|ts| *ts <= until);
            let kept = from.min(to)..to;
            slice.timestamps = &slice.timestamps[kept.clone()];
            slice.values = &slice.values[kept];
        }
        let written = written(self.derived, self.beside, selection);
        if !written.is_empty() {
            found.extend(written);
            found.sort_by(|a, b| a.labels.cmp(b.labels));
            self.merged = merge(&mut found);
            found.extend(self.merged.iter().map(|raw| SampleSlice {
                labels: &raw.labels,
                timestamps: &raw.timestamps,
                values: &raw.values,
            }));
            found.sort_by(|a, b| a.labels.cmp(b.labels));
        }
        found.retain(|slice| !slice.timestamps.is_empty());
        Ok(found)
    }

    fn count_series(&mut self, matchers: &[Matcher]) -> Result<usize, SourceError> {
        let beside = self.beside.map_or(0, |beside| beside.count(matchers));
        let derived = self.derived.count(matchers) + beside;
        match equal_name(matchers) {
            Some(name) if self.outputs.contains(name) => Ok(derived),
            _ => Ok(derived + self.base.count_series(matchers)?),
        }
    }
}

/// The derived series that meet a selection, in the order of their labels.
fn written<'s>(
    derived: &'s Derived,
    beside: Option<Beside<'s>>,
    selection: Selection<'_>,
) -> Vec<SampleSlice<'s>> {
    let mut found = derived.select(selection);
    if let Some(beside) = beside {
        found.extend(beside.select(selection));
        found.sort_by(|a, b| a.labels.cmp(b.labels));
    }
    found
}

/// Takes out the series that stand twice, that of history first, and returns each as one.
fn merge(found: &mut Vec<SampleSlice<'_>>) -> Vec<RawSeries> {
    let mut merged = Vec::new();
    let mut at = 0;
    while at + 1 < found.len() {
        if found[at].labels != found[at + 1].labels {
            at += 1;
            continue;
        }
        let (history, written) = (found.remove(at), found.remove(at));
        let samples = |slice: SampleSlice<'_>| {
            let pairs = slice.timestamps.iter().copied();
            pairs.zip(slice.values.iter().copied()).collect::<Vec<_>>()
        };
        let mut both = samples(history);
        both.extend(samples(written));
        // Stable, so that the sample of history comes first and stays.
        both.sort_by_key(|(ts, _)| *ts);
        both.dedup_by_key(|(ts, _)| *ts);
        merged.push(RawSeries {
            labels: history.labels.clone(),
            timestamps: both.iter().map(|(ts, _)| *ts).collect(),
            values: both.iter().map(|(_, value)| *value).collect(),
        });
    }
    merged
}

/// Whether matchers can only be met by a metric of a name.
pub(super) fn names(matchers: &[Matcher], name: &str) -> bool {
    matchers
        .iter()
        .all(|matcher| matcher.name != METRIC_NAME || matcher.matches(name))
}
