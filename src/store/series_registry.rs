//! The label sets of a run, and of the store where a commit needs them.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::StoreError;
use crate::model::{Labels, METRIC_NAME, MetricMetadata, MetricType};

/// One series, its labels packed (a fleet has millions).
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) metric: Arc<str>,
    pub(crate) target_id: i32,
    pub(crate) series_id: i64,
    /// See [`Labels::packed`].
    packed: Box<[u8]>,
    pub(crate) metric_type: Option<MetricType>,
    pub(crate) unit: Option<Arc<str>>,
    pub(crate) help: Option<Arc<str>>,
}

impl Series {
    /// Iterates over labels by name, but the metric's name.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut parts = self
            .packed
            .split(|b| *b == 0xff)
            .map(|part| std::str::from_utf8(part).unwrap_or_default());
        std::iter::from_fn(move || {
            let name = parts.next().filter(|name| !name.is_empty())?;
            Some((name, parts.next().unwrap_or_default()))
        })
        .filter(|(name, _)| *name != METRIC_NAME)
    }
}

/// Label sets by handle and by `series_id`.
#[derive(Debug, Default)]
pub(crate) struct SeriesRegistry {
    series: Vec<Series>,
    by_id: HashMap<i64, u32>,
    texts: HashMap<Box<str>, Arc<str>>,
}

impl SeriesRegistry {
    /// Returns the handle of a label set, a new one where it is not yet known.
    pub(crate) fn intern(&mut self, labels: &Labels) -> Result<u32, StoreError> {
        let series_id = labels.series_id();
        let packed = labels.packed().into_boxed_slice();
        if let Some(&known) = self.by_id.get(&series_id) {
            let series = &self.series[known as usize];
            if series.packed != packed {
                return Err(StoreError::Collision {
                    series_id,
                    first: format!("{}{:?}", series.metric, series.labels().collect::<Vec<_>>()),
                    second: labels.to_string(),
                });
            }
            return Ok(known);
        }
        let handle = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        let metric = self.text(labels.metric());
        self.series.push(Series {
            metric,
            target_id: labels.target_id(),
            series_id,
            packed,
            metric_type: None,
            unit: None,
            help: None,
        });
        self.by_id.insert(series_id, handle);
        Ok(handle)
    }

    /// Sets what an export states of a series' metric; what it does not state
    /// stays what it was.
    pub(crate) fn describe(&mut self, handle: u32, metadata: &MetricMetadata) {
        let unit = metadata.unit.as_deref().map(|u| self.text(u));
        let help = metadata.help.as_deref().map(|h| self.text(h));
        let series = &mut self.series[handle as usize];
        series.metric_type = metadata.metric_type.or(series.metric_type);
        series.unit = unit.or(series.unit.take());
        series.help = help.or(series.help.take());
    }

    /// Fills what is not known of a series' metric from an older statement, and
    /// tells whether the two differ now.
    pub(crate) fn complete(&mut self, handle: u32, older: &MetricMetadata) -> bool {
        let unit = older.unit.as_deref().map(|u| self.text(u));
        let help = older.help.as_deref().map(|h| self.text(h));
        let series = &mut self.series[handle as usize];
        series.metric_type = series.metric_type.or(older.metric_type);
        series.unit = series.unit.take().or(unit);
        series.help = series.help.take().or(help);
        series.metric_type != older.metric_type
            || series.unit.as_deref() != older.unit.as_deref()
            || series.help.as_deref() != older.help.as_deref()
    }

    /// Returns one text for all that share it.
    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.texts.insert(text.into(), Arc::clone(&shared));
        shared
    }

    pub(crate) fn handle(&self, series_id: i64) -> Option<u32> {
        self.by_id.get(&series_id).copied()
    }

    pub(crate) fn get(&self, handle: u32) -> &Series {
        &self.series[handle as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.series.len()
    }

    /// Returns the handles in the order of the store's files.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        let mut handles: Vec<u32> = (0..self.series.len() as u32).collect();
        handles.sort_unstable_by(|&a, &b| {
            let (a, b) = (self.get(a), self.get(b));
            (&a.metric, a.target_id, a.series_id).cmp(&(&b.metric, b.target_id, b.series_id))
        });
        handles
    }

    /// Returns each handle's place in [`sorted`](Self::sorted).
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.series.len()];
        for (rank, handle) in self.sorted().into_iter().enumerate() {
            ranks[handle as usize] = rank as u32;
        }
        ranks
    }
}
