//! What a recording rule writes.

use std::collections::HashMap;
use std::sync::Arc;

use super::derived::Handle;
use super::observe::RuleReport;
use super::{Fixed, Out};
use crate::alert::rule_file::Rule;
use crate::model::{Labels, METRIC_NAME, stale_nan};
use crate::promql::{Series, Steps, is_absent};

/// The state of a recording rule.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// The series of the last good evaluation, sorted.
    pub(super) previous: Vec<Handle>,
    /// The series that each element's labels make.
    pub(super) handles: HashMap<Arc<Labels>, Handle>,
}

impl Recording {
    /// Writes the results of some slots.
    ///
    /// Elements that make the same series fail their slot, as do more than
    /// `limit` of them; a series that a good slot does not have any more gets a
    /// stale marker there.
    pub(super) fn write(
        &mut self,
        fixed: Fixed<'_>,
        slots: Steps,
        results: &[Series],
        out: &mut Out<'_>,
    ) {
        let (rule, limit, report) = (fixed.rule, fixed.limit, &mut *out.report);
        let mut errors: Vec<Option<String>> = vec![None; slots.len];
        let Some(derived) = &mut out.derived else {
            // Nobody reads it: its errors still count.
            let mut names: HashMap<Arc<Labels>, usize> = HashMap::new();
            let columns = join(results, &mut errors, |element| {
                let len = names.len();
                *names.entry(output(rule, element)).or_insert(len)
            });
            check(limit, &columns, slots, &mut errors, report);
            return;
        };
        let columns = join(results, &mut errors, |element| {
            if let Some(handle) = self.handles.get(element) {
                return *handle;
            }
            let handle = derived.intern(&output(rule, element));
            self.handles.insert(element.clone(), handle);
            handle
        });
        check(limit, &columns, slots, &mut errors, report);
        let mut now = Vec::with_capacity(columns.len());
        for (handle, column) in &columns {
            let mut before = self.previous.binary_search(handle).is_ok();
            for (i, value) in column.values().iter().enumerate() {
                if errors[i].is_some() || (is_absent(*value) && !before) {
                    continue;
                }
                let ts = slots.at(i).saturating_sub(fixed.query_offset);
                if is_absent(*value) {
                    derived.push(*handle, ts, stale_nan());
                    before = false;
                } else {
                    before = derived.push(*handle, ts, *value);
                    if !before {
                        report.reject(slots.at(i));
                    }
                }
            }
            if before {
                now.push(*handle);
            }
        }
        let first_good = errors.iter().position(Option::is_none);
        let mut written: Vec<Handle> = columns.iter().map(|(handle, _)| *handle).collect();
        written.sort_unstable();
        for handle in std::mem::take(&mut self.previous) {
            if written.binary_search(&handle).is_ok() {
                continue;
            }
            match first_good {
                Some(i) => {
                    let ts = slots.at(i).saturating_sub(fixed.query_offset);
                    derived.push(handle, ts, stale_nan());
                }
                None => now.push(handle),
            }
        }
        now.sort_unstable();
        self.previous = now;
    }
}

/// The labels of the series that an element makes.
fn output(rule: &Rule, element: &Labels) -> Arc<Labels> {
    let mut labels = element.with(METRIC_NAME, &rule.name);
    for (name, value) in &rule.labels {
        labels = labels.with(name, value);
    }
    Arc::new(labels)
}

/// A column of one output series.
enum Column<'a> {
    Own(&'a [f64]),
    Joined(Vec<f64>),
}

impl Column<'_> {
    fn values(&self) -> &[f64] {
        match self {
            Self::Own(values) => values,
            Self::Joined(values) => values,
        }
    }
}

/// Joins the columns that make the same series; where two have a sample the slot fails.
fn join<'a, K: Copy + Eq + std::hash::Hash>(
    results: &'a [Series],
    errors: &mut [Option<String>],
    mut key: impl FnMut(&Arc<Labels>) -> K,
) -> Vec<(K, Column<'a>)> {
    let mut places: HashMap<K, usize> = HashMap::with_capacity(results.len());
    let mut columns: Vec<(K, Column<'a>)> = Vec::with_capacity(results.len());
    for one in results {
        let key = key(&one.labels);
        let place = *places.entry(key).or_insert(columns.len());
        if place == columns.len() {
            columns.push((key, Column::Own(&one.values)));
            continue;
        }
        let mut joined = columns[place].1.values().to_vec();
        for (i, (to, from)) in joined.iter_mut().zip(&one.values).enumerate() {
            if is_absent(*from) {
                continue;
            }
            if is_absent(*to) {
                *to = *from;
            } else {
                errors[i] = Some(
                    "vector contains metrics with the same labelset after applying rule labels"
                        .into(),
                );
            }
        }
        columns[place].1 = Column::Joined(joined);
    }
    columns
}

/// Counts the elements of each slot, and tells the report what was found.
fn check<K>(
    limit: usize,
    columns: &[(K, Column<'_>)],
    slots: Steps,
    errors: &mut [Option<String>],
    report: &mut RuleReport,
) {
    let mut present = vec![0_usize; slots.len];
    for (_, column) in columns {
        for (count, value) in present.iter_mut().zip(column.values()) {
            *count += usize::from(!is_absent(*value));
        }
    }
    for (i, (count, error)) in present.iter().zip(errors.iter_mut()).enumerate() {
        report.evaluations += 1;
        report.elements += *count as u64;
        if limit > 0 && *count > limit && error.is_none() {
            *error = Some(format!("exceeded limit of {limit} with {count} series"));
        }
        match error {
            Some(text) => report.errors.add(slots.at(i), text),
            None => report.samples += *count as u64,
        }
    }
}
