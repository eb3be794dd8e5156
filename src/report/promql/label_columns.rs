use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewArray};

use super::Line;
use crate::model::METRIC_NAME;

/// The column of the metric's name.
const METRIC: &str = "metric";

/// The names of a value's labels, the metric's first, then in their order.
pub(super) struct LabelNames<'a> {
    /// Those by which the series differ.
    pub(super) telling: Vec<&'a str>,
    /// Those that all series have alike, with the value.
    pub(super) common: Vec<(&'a str, &'a str)>,
}

impl<'a> LabelNames<'a> {
    pub(super) fn of(lines: &[Line<'a>]) -> Self {
        let mut known: BTreeMap<&str, (&str, usize, bool)> = BTreeMap::new();
        for labels in lines.iter().filter_map(|line| line.labels) {
            for (name, value) in labels.iter() {
                let (first, count, differs) = known.entry(name).or_insert((value, 0, false));
                *count += 1;
                *differs |= *first != value;
            }
        }
        let (mut telling, mut common) = (Vec::new(), Vec::new());
        for (name, (value, count, differs)) in known {
            if differs || count < lines.len() {
                telling.push(name);
            } else {
                common.push((name, value));
            }
        }
        telling.sort_by_key(|name| *name != METRIC_NAME);
        common.sort_by_key(|(name, _)| *name != METRIC_NAME);
        Self { telling, common }
    }

    /// All names.
    pub(super) fn all(&self) -> Vec<&'a str> {
        let common = self.common.iter().map(|(name, _)| *name);
        let mut all: Vec<&str> = self.telling.iter().copied().chain(common).collect();
        all.sort_by_key(|name| (*name != METRIC_NAME, *name));
        all
    }
}

/// Returns a column for each of the labels, one value a series. `own` are the
/// names of the table's other columns.
pub(super) fn label_columns(
    lines: &[Line<'_>],
    names: &[&str],
    own: &[&str],
) -> Vec<(String, ArrayRef)> {
    let mut taken: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut columns = Vec::with_capacity(names.len());
    for &name in names {
        let values = lines
            .iter()
            .map(|line| line.labels.and_then(|labels| labels.get(name)));
        let values: ArrayRef = Arc::new(StringViewArray::from_iter(values));
        let mut column = name.to_owned();
        if name == METRIC_NAME {
            column = METRIC.to_owned();
        } else if name == METRIC || own.contains(&name) {
            column = format!("label_{name}");
            while !taken.insert(column.clone()) {
                column.insert(0, '_');
            }
        }
        columns.push((column, values));
    }
    columns
}
