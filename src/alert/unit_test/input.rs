//! The input of a test as history.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alert::unit_test::file::Test;
use crate::model::Labels;
use crate::promql::MemorySource;
use crate::promql::script::SeriesValue;

/// The input samples, put into history as time goes on.
pub(super) struct Input<'a> {
    test: &'a Test,
    /// Of series that are given twice the later one counts.
    series: BTreeMap<&'a Arc<Labels>, &'a [SeriesValue]>,
    pub(super) source: MemorySource,
    /// How many values of each series are in it.
    taken: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(test: &'a Test) -> Self {
        Self {
            test,
            series: test
                .series
                .iter()
                .map(|series| (&series.labels, series.values.as_slice()))
                .collect(),
            source: MemorySource::default(),
            taken: 0,
        }
    }

    /// History up to an instant, which is included.
    pub(super) fn until(&mut self, ts: i64) -> &mut MemorySource {
        let Test {
            start, interval, ..
        } = *self.test;
        let upto = (ts - start) / interval + 1;
        let upto = usize::try_from(upto).unwrap_or(0).max(self.taken);
        for (labels, values) in &self.series {
            for (at, value) in values.iter().enumerate().take(upto).skip(self.taken) {
                if let SeriesValue::Float(value) = value {
                    let ts = start.saturating_add(interval.saturating_mul(at as i64));
                    self.source.push(labels, ts, *value);
                }
            }
        }
        self.taken = upto;
        &mut self.source
    }
}
