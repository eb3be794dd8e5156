//! `percentile(value, q)`: an exact percentile, linear between ranks.
//!
//! Hyndman and Fan (1996), type 7: numpy's and R's default. DataFusion's
//! `percentile_cont` cuts the weight between two ranks to six decimals, so that
//! the 0.95 quantile of 0, 1, 2, 3 is 2.849999 and not 2.85.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, LargeBinaryArray, LargeBinaryBuilder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, cast::as_large_binary_array, exec_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::increase::value_type;
use super::single_group::{GroupState, SingleGroup};
use super::{Function, FunctionKind};

pub(super) static FUNCTION: Function = Function {
    name: "percentile",
    kind: FunctionKind::Aggregate,
    syntax: "percentile(value, q)",
    description: "Returns the exact `q` quantile (0 to 1) of the values of a group, on the line \
between the two nearest ranks (numpy's default, type 7): `percentile(value, 0.95)` is the p95. NULL, \
NaN and stale markers are passed over. All values are kept in memory; where an estimate will do, \
`approx_percentile_cont(0.95) WITHIN GROUP (ORDER BY value)` needs little.",
    example: "SELECT percentile(value, 0.95) AS p95 FROM (VALUES (0), (1), (2), (3)) AS latency(value)",
    result: "\
+------+
| p95  |
+------+
| 2.85 |
+------+",
    register: |ctx| ctx.register_udaf(AggregateUDF::from(Percentile::new())),
};

#[derive(Debug, PartialEq, Eq, Hash)]
struct Percentile {
    signature: Signature,
}

impl Percentile {
    fn new() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &str {
        "percentile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [value, q] = given else {
            return plan_err!("percentile takes two arguments: percentile(value, q)");
        };
        Ok(vec![value_type("percentile", value)?, value_type("percentile", q)?])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "values");
        Ok(vec![Arc::new(Field::new(name, DataType::LargeBinary, true))])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup(Values::default())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::<Values>::default())
    }
}

/// The values of all groups in order of arrival.
#[derive(Debug, Default)]
struct Values {
    values: Vec<f64>,
    /// The group of each value.
    groups: Vec<u32>,
    /// What was asked for, a group; NaN until its first row.
    quantiles: Vec<f64>,
}

impl Values {
    fn push(&mut self, group: usize, value: f64) -> Result<()> {
        let Ok(group) = u32::try_from(group) else {
            return exec_err!("percentile: too many groups");
        };
        self.values.push(value);
        self.groups.push(group);
        Ok(())
    }

    /// Removes the first groups and returns what was asked of each, its values
    /// lying together, and where those of each group begin.
    fn take(&mut self, emit_to: EmitTo) -> (Vec<f64>, Vec<f64>, Vec<usize>) {
        let count = match emit_to {
            EmitTo::All => self.quantiles.len(),
            EmitTo::First(count) => count,
        };
        let mut quantiles = self.quantiles.split_off(count.min(self.quantiles.len()));
        std::mem::swap(&mut quantiles, &mut self.quantiles);
        quantiles.resize(count, f64::NAN);
        let mut starts = vec![0; count + 1];
        for group in self.groups.iter().map(|&group| group as usize) {
            if group < count {
                starts[group + 1] += 1;
            }
        }
        for group in 0..count {
            starts[group + 1] += starts[group];
        }
        let mut taken = vec![0.0; starts[count]];
        let mut next = starts.clone();
        let (values, groups) = (std::mem::take(&mut self.values), std::mem::take(&mut self.groups));
        for (value, group) in values.into_iter().zip(groups) {
            match (group as usize).checked_sub(count) {
                None => {
                    taken[next[group as usize]] = value;
                    next[group as usize] += 1;
                }
                Some(rest) => {
                    self.values.push(value);
                    // Not more than the group it came from.
                    self.groups.push(rest as u32);
                }
            }
        }
        (quantiles, taken, starts)
    }
}

/// Computes a quantile of finite or infinite values, which it reorders.
fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    if q.is_nan() {
        return None;
    }
    let rank = q * last as f64;
    let below = (rank.floor() as usize).min(last);
    let weight = rank - below as f64;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    if weight <= 0.0 {
        return Some(low);
    }
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    // Of two equal infinities the difference would be NaN.
    Some(if low == high { low } else { low + (high - low) * weight })
}

impl GroupsAccumulator for Values {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.quantiles.resize(total, f64::NAN);
        let [values, q] = [0, 1].map(|at| values[at].as_primitive::<Float64Type>());
        self.values.reserve(values.len());
        self.groups.reserve(values.len());
        for (row, &group) in groups.iter().enumerate() {
            if filter.is_some_and(|f| f.is_null(row) || !f.value(row)) || q.is_null(row) {
                continue;
            }
            if !(0.0..=1.0).contains(&q.value(row)) {
                return exec_err!("percentile: q must lie between 0 and 1, not {}", q.value(row));
            }
            self.quantiles[group] = q.value(row);
            if values.is_valid(row) && !values.value(row).is_nan() {
                self.push(group, values.value(row))?;
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.quantiles.resize(total, f64::NAN);
        let states: &LargeBinaryArray = as_large_binary_array(&states[0])?;
        for (row, &group) in groups.iter().enumerate() {
            if states.is_null(row) {
                continue;
            }
            let mut numbers = states.value(row).chunks_exact(8).map(|bytes| {
                let mut number = [0; 8];
                number.copy_from_slice(bytes);
                f64::from_le_bytes(number)
            });
            if let Some(q) = numbers.next().filter(|q| !q.is_nan()) {
                self.quantiles[group] = q;
            }
            for value in numbers {
                self.push(group, value)?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (quantiles, mut values, starts) = self.take(emit_to);
        let groups = starts.windows(2).zip(quantiles);
        let answers: Float64Array =
            groups.map(|(group, q)| quantile(&mut values[group[0]..group[1]], q)).collect();
        Ok(Arc::new(answers))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (quantiles, values, starts) = self.take(emit_to);
        let mut states =
            LargeBinaryBuilder::with_capacity(quantiles.len(), (values.len() + quantiles.len()) * 8);
        let mut bytes = Vec::new();
        for (group, q) in starts.windows(2).zip(quantiles) {
            bytes.clear();
            bytes.extend_from_slice(&q.to_le_bytes());
            bytes.extend(values[group[0]..group[1]].iter().flat_map(|value| value.to_le_bytes()));
            states.append_value(&bytes);
        }
        Ok(vec![Arc::new(states.finish())])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let groups: Vec<usize> = (0..rows).collect();
        let mut each = Self::default();
        each.update_batch(values, &groups, filter, rows)?;
        each.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        (self.values.capacity() + self.quantiles.capacity()) * size_of::<f64>()
            + self.groups.capacity() * size_of::<u32>()
    }
}

impl GroupState for Values {
    fn current(&self) -> Result<Option<f64>> {
        let q = self.quantiles.first().copied().unwrap_or(f64::NAN);
        Ok(quantile(&mut self.values.clone(), q))
    }
}
