//! `percentile(value, q)`: an exact percentile, linear between ranks.
//!
//! Hyndman and Fan (1996), type 7: numpy's and R's default. DataFusion's
//! `percentile_cont` cuts the weight between two ranks to six decimals, so that
//! its 0.95 quantile of 0, 1, 2, 3 is 2.849999.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, LargeListArray};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, cast::as_large_list_array, exec_err, plan_err};
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
    example: "SELECT percentile(value, 0.4) AS p40 \
FROM (VALUES (15), (20), (35), (40), (50)) AS latency(value)",
    result: "\
+------+
| p40  |
+------+
| 29.0 |
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
        Ok(vec![
            value_type("percentile", value)?,
            value_type("percentile", q)?,
        ])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let values = format_state_name(args.name, "values");
        let q = format_state_name(args.name, "q");
        Ok(vec![
            Arc::new(Field::new(values, DataType::LargeList(item()), true)),
            Arc::new(Field::new(q, DataType::Float64, true)),
        ])
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

/// The values of all groups.
#[derive(Debug, Default)]
struct Values {
    groups: Vec<Group>,
    count: usize,
}

#[derive(Debug, Clone)]
struct Group {
    values: Vec<f64>,
    /// What was asked for; NaN until the first row.
    q: f64,
}

impl Group {
    const EMPTY: Self = Self {
        values: Vec::new(),
        q: f64::NAN,
    };
}

impl Values {
    fn take(&mut self, emit_to: EmitTo) -> Vec<Group> {
        if let EmitTo::First(count) = emit_to
            && self.groups.len() < count
        {
            self.groups.resize(count, Group::EMPTY);
        }
        let taken = emit_to.take_needed(&mut self.groups);
        self.count = self.groups.iter().map(|group| group.values.len()).sum();
        taken
    }
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Float64, false))
}

fn state_columns(values: Vec<f64>, lengths: Vec<usize>, q: Float64Array) -> Result<Vec<ArrayRef>> {
    let values = Arc::new(Float64Array::from(values));
    let lists = LargeListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), values, None)?;
    Ok(vec![Arc::new(lists), Arc::new(q)])
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
    Some(if low == high {
        low
    } else {
        low + (high - low) * weight
    })
}

impl GroupsAccumulator for Values {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.groups.resize(total, Group::EMPTY);
        let [values, q] = [0, 1].map(|at| values[at].as_primitive::<Float64Type>());
        let kept = kept_rows(values, q, filter)?;
        for (row, &group) in groups.iter().enumerate() {
            if kept.as_ref().is_none_or(|kept| kept.value(row)) {
                let value = values.value(row);
                let group = &mut self.groups[group];
                group.q = q.value(row);
                if !value.is_nan() {
                    group.values.push(value);
                    self.count += 1;
                }
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.groups.resize(total, Group::EMPTY);
        let lists = as_large_list_array(&states[0])?;
        let values = lists.values().as_primitive::<Float64Type>().values();
        let offsets = lists.value_offsets();
        let q = states[1].as_primitive::<Float64Type>();
        for (row, &group) in groups.iter().enumerate() {
            let group = &mut self.groups[group];
            if q.is_valid(row) && !q.value(row).is_nan() {
                group.q = q.value(row);
                // Offsets into an array that is in memory.
                let list = &values[offsets[row] as usize..offsets[row + 1] as usize];
                group.values.extend_from_slice(list);
                self.count += list.len();
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = self.take(emit_to).into_iter();
        let answers: Float64Array = groups
            .map(|mut group| quantile(&mut group.values, group.q))
            .collect();
        Ok(Arc::new(answers))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = self.take(emit_to);
        let lengths: Vec<usize> = groups.iter().map(|group| group.values.len()).collect();
        let q: Float64Array = groups.iter().map(|group| Some(group.q)).collect();
        let mut values = Vec::with_capacity(lengths.iter().sum());
        for group in groups {
            values.extend_from_slice(&group.values);
        }
        state_columns(values, lengths, q)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values, q] = [0, 1].map(|at| values[at].as_primitive::<Float64Type>());
        let kept = kept_rows(values, q, filter)?;
        let counts = |row: &usize| {
            kept.as_ref().is_none_or(|kept| kept.value(*row)) && !values.value(*row).is_nan()
        };
        let rows = 0..values.len();
        let lengths = rows.clone().map(|row| usize::from(counts(&row))).collect();
        let single = rows.filter(counts).map(|row| values.value(row)).collect();
        state_columns(single, lengths, q.clone())
    }

    fn size(&self) -> usize {
        // Vectors grow by doubling: half of what they hold again, on average.
        self.groups.capacity() * size_of::<Group>() + self.count * size_of::<f64>() * 3 / 2
    }
}

/// Tells which rows count, where not all do; checks what is asked for.
fn kept_rows(
    values: &Float64Array,
    q: &Float64Array,
    filter: Option<&BooleanArray>,
) -> Result<Option<BooleanBuffer>> {
    if let Some(wrong) = q.iter().flatten().find(|q| !(0.0..=1.0).contains(q)) {
        return exec_err!("percentile: q must lie between 0 and 1, not {wrong}");
    }
    let present = NullBuffer::union(values.nulls(), q.nulls()).map(NullBuffer::into_inner);
    let wanted = filter.map(|filter| match filter.nulls() {
        Some(nulls) => filter.values() & nulls.inner(),
        None => filter.values().clone(),
    });
    Ok(match (present, wanted) {
        (Some(present), Some(wanted)) => Some(&present & &wanted),
        (present, wanted) => present.or(wanted),
    })
}

impl GroupState for Values {
    fn current(&self) -> Result<Option<f64>> {
        let group = self.groups.first().cloned();
        Ok(group.and_then(|mut group| quantile(&mut group.values, group.q)))
    }
}
