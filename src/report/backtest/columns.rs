use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, DurationMicrosecondArray, Float64Array, ListBuilder, StringBuilder,
    StringViewArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::error::ArrowError;

use super::words::{rounded, value};
use crate::alert::backtest::Proportion;
use crate::report::{Layout, Table, Unit};

/// The columns of a table on its way.
pub(super) struct Columns {
    layout: Layout,
    columns: Vec<(String, ArrayRef)>,
    units: Vec<Option<Unit>>,
}

impl Columns {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            columns: Vec::new(),
            units: Vec::new(),
        }
    }

    /// Adds texts.
    pub(super) fn text<S: AsRef<str>>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = Option<S>>,
    ) -> &mut Self {
        let values: StringViewArray = values.into_iter().collect();
        self.add(name, Arc::new(values), None)
    }

    /// Adds lists of texts: for people, one text each.
    pub(super) fn list(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = Vec<String>>,
    ) -> &mut Self {
        if self.layout == Layout::People {
            let joined = values.into_iter().map(|values| {
                let text = values.join(", ");
                (!text.is_empty()).then_some(text)
            });
            let joined: Vec<Option<String>> = joined.collect();
            return self.text(name, joined);
        }
        let mut lists = ListBuilder::new(StringBuilder::new());
        for list in values {
            for value in list {
                lists.values().append_value(value);
            }
            lists.append(true);
        }
        self.add(name, Arc::new(lists.finish()), None)
    }

    /// Adds counts.
    pub(super) fn count(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = usize>,
    ) -> &mut Self {
        let values = values.into_iter().map(|value| value as u64);
        self.add(name, Arc::new(UInt64Array::from_iter_values(values)), None)
    }

    /// Adds counts that stand beside what is by the week, and says so.
    pub(super) fn counted(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = usize>,
    ) -> &mut Self {
        self.count(name, values);
        if let Some(unit) = self.units.last_mut() {
            *unit = counted();
        }
        self
    }

    /// Adds numbers; what is not a number is no value. For people two decimals are enough of what
    /// has a unit.
    pub(super) fn number(
        &mut self,
        name: &str,
        unit: Option<Unit>,
        values: impl IntoIterator<Item = f64>,
    ) -> &mut Self {
        let steps = match (self.layout, &unit) {
            (Layout::People, Some(unit)) => Some(100.0 * unit.shown_factor()),
            _ => None,
        };
        let rounded = |value: f64| match steps {
            Some(steps) if value.abs() < 1e12 => (value * steps).round() / steps,
            _ => value,
        };
        let values = values.into_iter();
        let values: Float64Array = values
            .map(|value| (!value.is_nan()).then(|| rounded(value)))
            .collect();
        self.add(name, Arc::new(values), unit)
    }

    /// Adds shares: each with its interval and what it is made of.
    pub(super) fn share(
        &mut self,
        name: &str,
        shares: impl IntoIterator<Item = Proportion>,
    ) -> &mut Self {
        let shares: Vec<Proportion> = shares.into_iter().collect();
        let of = |part: fn(&Proportion) -> f64| shares.iter().map(part);
        let count = |part: fn(&Proportion) -> usize| shares.iter().map(part);
        self.number(name, Some(Unit::Ratio), of(|share| value(*share)))
            .number(
                &format!("{name}_lower"),
                Some(Unit::Ratio),
                of(|share| share.lower),
            )
            .number(
                &format!("{name}_upper"),
                Some(Unit::Ratio),
                of(|share| share.upper),
            )
            .count(&format!("{name}_hits"), count(|share| share.hits))
            .count(&format!("{name}_trials"), count(|share| share.trials))
    }

    /// Adds times, µs.
    pub(super) fn time(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = Option<i64>>,
    ) -> &mut Self {
        let values: TimestampMicrosecondArray = values.into_iter().collect();
        self.add(name, Arc::new(values.with_timezone("UTC")), None)
    }

    /// Adds lengths of time, µs: for programs seconds, for people what two units say.
    pub(super) fn duration(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = Option<i64>>,
    ) -> &mut Self {
        let values = values.into_iter();
        match self.layout {
            Layout::People => {
                let values: DurationMicrosecondArray = values.map(|v| v.map(rounded)).collect();
                self.add(name, Arc::new(values), None)
            }
            Layout::Rows => {
                let values: Float64Array = values.map(|v| v.map(|v| v as f64 / 1e6)).collect();
                self.add(name, Arc::new(values), Some(Unit::Seconds))
            }
        }
    }

    /// Adds what is true or false.
    pub(super) fn flag(&mut self, name: &str, values: impl IntoIterator<Item = bool>) -> &mut Self {
        let values: BooleanArray = values.into_iter().map(Some).collect();
        self.add(name, Arc::new(values), None)
    }

    fn add(&mut self, name: &str, values: ArrayRef, unit: Option<Unit>) -> &mut Self {
        self.columns.push((name.to_owned(), values));
        self.units.push(unit);
        self
    }

    /// Makes the table.
    pub(super) fn table(&mut self, title: &str) -> Result<Table, ArrowError> {
        let columns = std::mem::take(&mut self.columns);
        let mut table = Table::from_columns(columns)?;
        for (column, unit) in table.columns.iter_mut().zip(self.units.drain(..)) {
            column.unit = unit;
        }
        table.title = Some(title.to_owned());
        Ok(table)
    }
}

/// What is counted by the week.
pub(super) fn weekly() -> Option<Unit> {
    Some(Unit::Other("/week".to_owned()))
}

/// What is counted, where other columns of the table are by the week.
pub(super) fn counted() -> Option<Unit> {
    Some(Unit::Other("n".to_owned()))
}
