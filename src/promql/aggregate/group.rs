//! Which series belong together.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Labels, METRIC_NAME};
use crate::promql::column::is_absent;
use crate::promql::expr::Grouping;
use crate::promql::labels::push_key;
use crate::promql::vector::Series;

/// The groups of a vector.
pub(super) struct Groups {
    /// Each group's labels, in the order of the groups' first series.
    pub labels: Vec<Arc<Labels>>,
    /// Whether a group's name is to be dropped at the end of the query.
    pub drop_name: Vec<bool>,
    /// For each series its group.
    pub of: Vec<usize>,
}

impl Groups {
    /// Groups a vector's series.
    pub(super) fn new(grouping: &Grouping, input: &[Series]) -> Self {
        let mut groups = Self {
            labels: Vec::new(),
            drop_name: Vec::new(),
            of: Vec::with_capacity(input.len()),
        };
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut key = Vec::new();
        for series in input {
            key.clear();
            push_key(&mut key, &series.labels, |name| keeps(grouping, name));
            let place = match places.get(&key) {
                Some(place) => *place,
                None => {
                    let place = groups.labels.len();
                    places.insert(key.clone(), place);
                    let labels = series.labels.filtered(|name| keeps(grouping, name));
                    groups.labels.push(Arc::new(labels));
                    groups.drop_name.push(false);
                    place
                }
            };
            groups.of.push(place);
            if series.drop_name && !groups.drop_name[place] {
                groups.drop_name[place] = !series.values.iter().all(|value| is_absent(*value));
            }
        }
        groups
    }

    /// The places of each group's series in the input.
    pub(super) fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.labels.len()];
        for (series, group) in self.of.iter().enumerate() {
            members[*group].push(series);
        }
        members
    }

    /// Makes the result from each group's values.
    pub(super) fn series(self, columns: impl IntoIterator<Item = Vec<f64>>) -> Vec<Series> {
        self.labels
            .into_iter()
            .zip(self.drop_name)
            .zip(columns)
            .map(|((labels, drop_name), values)| Series {
                labels,
                drop_name,
                values,
            })
            .collect()
    }
}

/// Whether a label is one of those that make a group.
pub(super) fn keeps(grouping: &Grouping, name: &str) -> bool {
    let listed = grouping.labels.iter().any(|label| label == name);
    if grouping.without {
        !listed && name != METRIC_NAME
    } else {
        listed
    }
}
