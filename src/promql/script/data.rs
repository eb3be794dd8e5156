//! The samples that a script has loaded.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Labels, is_stale};
use crate::promql::script::command::{Load, LoadSeries};
use crate::promql::script::series::Value;
use crate::promql::{Matcher, MemorySource};

/// What is known of a loaded sample beside its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// When it is, µs.
    pub ts: i64,
    /// It is a native histogram, of which the evaluator knows nothing.
    pub histogram: bool,
    /// It is a stale marker.
    pub stale: bool,
    /// It has a start timestamp.
    pub started: bool,
}

/// All samples loaded so far.
#[derive(Debug, Default)]
pub(super) struct Data {
    /// The floats.
    pub floats: MemorySource,
    /// All samples of each series in time order.
    marks: BTreeMap<Arc<Labels>, Vec<Mark>>,
}

impl Data {
    /// Adds the samples of a `load`.
    pub(super) fn load(&mut self, load: &Load) {
        for series in &load.series {
            let mut marks = Vec::new();
            for (i, value) in series.values.iter().enumerate() {
                let ts = load.gap.saturating_mul(i as i64);
                if let Value::Float(value) = value {
                    self.floats.push(&series.labels, ts, *value);
                }
                if *value != Value::Omitted {
                    marks.push(Mark {
                        ts,
                        histogram: *value == Value::Histogram,
                        stale: matches!(value, Value::Float(value) if is_stale(*value)),
                        started: series.started.get(i).copied().unwrap_or(false),
                    });
                }
            }
            if load.with_nhcb
                && let Some(labels) = native_twin(series)
            {
                let twins = marks.iter().map(|mark| Mark {
                    histogram: true,
                    stale: false,
                    ..*mark
                });
                self.mark(Arc::new(labels), twins.collect());
            }
            self.mark(series.labels.clone(), marks);
        }
    }

    /// Notes samples; of two at the same time the later stays.
    fn mark(&mut self, labels: Arc<Labels>, added: Vec<Mark>) {
        let marks = self.marks.entry(labels).or_default();
        marks.retain(|old| added.binary_search_by_key(&old.ts, |new| new.ts).is_err());
        marks.extend(added);
        marks.sort_by_key(|mark| mark.ts);
    }

    /// The samples of each series that meets all matchers.
    pub(super) fn select<'a>(
        &'a self,
        matchers: &'a [Matcher],
    ) -> impl Iterator<Item = (&'a Labels, &'a [Mark])> {
        self.marks
            .iter()
            .filter(|(labels, _)| matchers.iter().all(|m| m.matches_in(labels)))
            .map(|(labels, marks)| (labels.as_ref(), marks.as_slice()))
    }
}

/// The series of native histograms to which a classic histogram's series adds.
fn native_twin(series: &LoadSeries) -> Option<Labels> {
    let metric = series.labels.metric();
    let name = ["_bucket", "_count", "_sum"]
        .iter()
        .find_map(|suffix| metric.strip_suffix(suffix))?;
    let name = name.to_owned();
    Some(
        series
            .labels
            .with(crate::model::METRIC_NAME, &name)
            .with("le", ""),
    )
}
