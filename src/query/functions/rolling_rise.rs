//! A counter's rise over a frame that moves along with the rows:
//! `increase(ts, value) OVER (… ORDER BY ts RANGE …)`.

use std::collections::VecDeque;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Float64Type, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err};
use datafusion::logical_expr::Accumulator;

use super::counter_runs::{Rise, gain};
use super::increase::Measure;

/// The rows of the frame. A row that does not count keeps its place as `None`,
/// because rows leave by number.
#[derive(Debug)]
pub(super) struct RollingRise {
    measure: Measure,
    rows: VecDeque<Option<(i64, f64)>>,
}

impl RollingRise {
    pub(super) fn new(measure: Measure) -> Self {
        Self {
            measure,
            rows: VecDeque::new(),
        }
    }
}

impl Accumulator for RollingRise {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let ts = values[0].as_primitive::<TimestampMicrosecondType>();
        let value = values[1].as_primitive::<Float64Type>();
        self.rows.extend((0..ts.len()).map(|row| {
            let counts = ts.is_valid(row) && value.is_valid(row) && !value.value(row).is_nan();
            counts.then(|| (ts.value(row), value.value(row)))
        }));
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.rows.drain(..values[0].len().min(self.rows.len()));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut samples = self.rows.iter().flatten();
        let Some(&(first_ts, mut last)) = samples.next() else {
            return Ok(ScalarValue::Float64(None));
        };
        let mut last_ts = first_ts;
        let mut rise = 0.0;
        // Summed anew for each frame: taking away what has left would let
        // rounding errors pile up.
        for &(ts, value) in samples {
            if ts < last_ts {
                return exec_err!("a rolling increase needs ORDER BY ts in its OVER clause");
            }
            rise += gain(last, value);
            (last_ts, last) = (ts, value);
        }
        let span = last_ts.saturating_sub(first_ts);
        let rise = (span > 0).then(|| self.measure.of(Rise { rise, span }));
        Ok(ScalarValue::Float64(rise))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.rows.capacity() * size_of::<Option<(i64, f64)>>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        internal_err!("a rolling increase has one phase")
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> Result<()> {
        internal_err!("a rolling increase has one phase")
    }
}
