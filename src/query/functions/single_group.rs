//! One state for `GROUP BY` and for queries without it.

use arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

/// The state of an aggregate over many groups, which can also answer for the
/// only group without giving its state up (a window asks again and again).
pub(super) trait GroupState: GroupsAccumulator {
    /// Returns the answer for group 0.
    fn current(&self) -> Result<Option<f64>>;
}

/// An [`Accumulator`] that is a [`GroupsAccumulator`] with one group: queries
/// without `GROUP BY`, and windows.
#[derive(Debug)]
pub(super) struct SingleGroup<G>(pub(super) G);

impl<G: GroupState + Sync + std::fmt::Debug> Accumulator for SingleGroup<G> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; values[0].len()];
        self.0.update_batch(values, &groups, None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.current().map(ScalarValue::Float64)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0
            .state(EmitTo::First(1))?
            .iter()
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; states[0].len()];
        self.0.merge_batch(states, &groups, 1)
    }
}
