use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::cell::list_values;
use super::{Cell, Unit};

/// What a column holds, apart from how arrow stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// An instant, shown in the display zone.
    Timestamp,
    /// A calendar day.
    Date,
    /// A length of time.
    Duration,
    /// A floating-point or decimal number.
    Number,
    /// A whole number.
    Integer,
    /// Text, and whatever has no better kind.
    Text,
    /// True or false.
    Bool,
    /// A list, a map or a struct.
    Nested,
}

impl ColumnKind {
    /// Returns the kind's name in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Duration => "duration",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Text => "text",
            Self::Bool => "bool",
            Self::Nested => "nested",
        }
    }

    fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Timestamp(..) => Self::Timestamp,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Duration(_) => Self::Duration,
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Map(..)
            | DataType::Struct(_) => Self::Nested,
            DataType::Boolean => Self::Bool,
            DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..) => Self::Number,
            float if float.is_floating() => Self::Number,
            integer if integer.is_integer() => Self::Integer,
            _ => Self::Text,
        }
    }
}

/// A column's name and meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// What its numbers count.
    pub unit: Option<Unit>,
    /// Whether a list of numbers is shown as a sparkline.
    pub sparkline: bool,
}

/// What a report's header says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// The column's name.
    pub name: String,
    /// What its numbers count.
    pub unit: Option<Unit>,
    /// Whether a list of numbers is shown as a sparkline.
    pub sparkline: bool,
}

/// Named columns and their rows; the rows stay in the batches they came in.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it shows, where a document has several.
    pub title: Option<String>,
    /// The columns, one for each of the batches' columns.
    pub columns: Vec<Column>,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    /// Makes a table of named columns.
    pub fn from_columns<N: AsRef<str>>(columns: Vec<(N, ArrayRef)>) -> Result<Self, ArrowError> {
        let batch = RecordBatch::try_from_iter(columns)?;
        Self::new(batch.schema(), vec![batch])
    }

    /// Makes a table; the kinds follow from the arrow types. Dictionary and
    /// run-length columns are unpacked, all others are kept as they are.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self, ArrowError> {
        // Nullability and metadata differ between batches of one query.
        let fields: Vec<Field> = schema
            .fields()
            .iter()
            .map(|f| Field::new(f.name(), unpacked(f.data_type()).clone(), true))
            .collect();
        let columns = fields
            .iter()
            .map(|field| Column {
                name: field.name().clone(),
                kind: ColumnKind::of(field.data_type()),
                unit: None,
                sparkline: false,
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let batches = batches
            .into_iter()
            .map(|batch| {
                let arrays = batch
                    .columns()
                    .iter()
                    .map(|array| match unpacked(array.data_type()) {
                        plain if plain == array.data_type() => Ok(Arc::clone(array)),
                        plain => cast(array, plain),
                    })
                    .collect::<Result<_, _>>()?;
                let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &rows)
            })
            .collect::<Result<_, ArrowError>>()?;
        Ok(Self {
            title: None,
            columns,
            schema,
            batches,
        })
    }

    /// Applies what a report's header says of the columns; returns the names
    /// that the table does not have.
    pub fn describe<'a>(&mut self, specs: &'a [ColumnSpec]) -> Vec<&'a str> {
        let mut unknown = Vec::new();
        for spec in specs {
            match self.columns.iter_mut().find(|c| c.name == spec.name) {
                Some(column) => {
                    column.unit.clone_from(&spec.unit);
                    column.sparkline = spec.sparkline;
                }
                None => unknown.push(spec.name.as_str()),
            }
        }
        unknown
    }

    /// Returns the arrow schema of [`batches`](Self::batches).
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns the rows.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Counts the rows.
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Returns a column's place.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Iterates over one column's lists of numbers; `None` where a row has no
    /// list, NaN where an item is not a number.
    pub fn lists(&self, column: usize) -> impl Iterator<Item = Option<Vec<f64>>> {
        self.batches.iter().flat_map(move |batch| {
            let array = batch.column(column);
            (0..batch.num_rows()).map(move |row| {
                let items = list_values(array, row)?;
                let number = |item| Cell::read(&items, item).as_f64().unwrap_or(f64::NAN);
                Some((0..items.len()).map(number).collect())
            })
        })
    }

    /// Iterates over one column's values.
    pub fn cells(&self, column: usize) -> impl Iterator<Item = Cell<'_>> {
        self.batches.iter().flat_map(move |batch| {
            (0..batch.num_rows()).map(move |row| Cell::read(batch.column(column), row))
        })
    }
}

fn unpacked(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        DataType::RunEndEncoded(_, values) => values.data_type(),
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, DictionaryArray, Float64Array};
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn unpacks_dictionaries_and_knows_the_kinds() {
        let packed: DictionaryArray<Int32Type> = ["a", "a", "b"].into_iter().collect();
        let batch = RecordBatch::try_from_iter([
            ("service", Arc::new(packed) as ArrayRef),
            (
                "load",
                Arc::new(Float64Array::from(vec![0.1, 0.2, 0.3])) as ArrayRef,
            ),
        ])
        .expect("a batch");
        let mut table = Table::new(batch.schema(), vec![batch]).expect("a table");
        assert_eq!(table.columns[0].kind, ColumnKind::Text);
        assert_eq!(table.columns[1].kind, ColumnKind::Number);
        assert_eq!(table.num_rows(), 3);
        let names: Vec<_> = table.cells(0).map(|c| c.plain()).collect();
        assert_eq!(names, ["a", "a", "b"]);
        let spec = |name: &str| ColumnSpec {
            name: name.into(),
            unit: Some(Unit::Ratio),
            sparkline: false,
        };
        assert_eq!(table.describe(&[spec("load"), spec("lod")]), ["lod"]);
        assert_eq!(table.columns[1].unit, Some(Unit::Ratio));
    }
}
