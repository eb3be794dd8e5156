//! What a chart shows, and how it is read out of a table.

use std::collections::HashMap;

use super::{Cell, Column, ColumnKind, Table, Unit};
use crate::model::MICROS_PER_DAY;
use crate::model::did_you_mean;

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartKind {
    /// A line over time.
    Line,
    /// A bar for each value.
    Bar,
}

/// The positions along x, one for each value of every series.
#[derive(Debug, Clone, PartialEq)]
pub enum ChartX {
    /// µs since the epoch, ascending.
    Time(Vec<i64>),
    /// Counts without a time, ascending.
    Index(Vec<i64>),
    /// Names, in the order in which they are drawn.
    Category(Vec<String>),
}

impl ChartX {
    /// Counts the positions.
    pub fn len(&self) -> usize {
        match self {
            Self::Time(places) | Self::Index(places) => places.len(),
            Self::Category(names) => names.len(),
        }
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One line or one set of bars.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartSeries {
    /// What it belongs to, where a chart has several measures of several
    /// things: the thing (`checkout`); the name is then the measure (`p99`).
    pub group: Option<String>,
    /// The name in the legend.
    pub name: String,
    /// A value for each x; NaN where there is none.
    pub values: Vec<f64>,
}

/// What lies between two bounds, drawn behind the lines.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartBand {
    /// The name in the legend.
    pub name: String,
    /// The lower bound at each x; NaN where there is none.
    pub lower: Vec<f64>,
    /// The upper bound at each x.
    pub upper: Vec<f64>,
}

/// A place along x that parts what is on its left from what is on its right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartMark {
    /// The name in the legend.
    pub name: String,
    /// Where it stands: µs or a count, as x.
    pub at: i64,
}

/// Series over a common x.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The title; the document's own where it has none.
    pub title: Option<String>,
    /// How it is drawn.
    pub kind: ChartKind,
    /// The positions.
    pub x: ChartX,
    /// What x is.
    pub x_title: String,
    /// What y is.
    pub y_title: String,
    /// What the values count.
    pub unit: Option<Unit>,
    /// The values.
    pub series: Vec<ChartSeries>,
    /// What lies behind the lines, the widest first; not of bars.
    pub bands: Vec<ChartBand>,
    /// What parts the lines; not of bars.
    pub mark: Option<ChartMark>,
}

/// What a report's header says of its chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartSpec {
    /// How it is drawn.
    pub kind: ChartKind,
    /// The column of the positions: a time for lines.
    pub x: String,
    /// The columns of the values.
    pub y: Vec<String>,
    /// The column that tells series apart.
    pub series: Option<String>,
    /// What the values count.
    pub unit: Option<Unit>,
}

/// Why a table does not make a chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// A column that the result does not have.
    #[error("the chart names column {name:?}, which the result does not have{}", hint(.near))]
    NoColumn {
        /// The name.
        name: String,
        /// The nearest that there is.
        near: Option<String>,
    },
    /// A y that is not a number.
    #[error("the chart's y column {name:?} holds {kind}: take one of numbers")]
    NotNumeric {
        /// The name.
        name: String,
        /// What it holds.
        kind: &'static str,
    },
}

fn hint(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!("; did you mean {near:?}?"))
}

impl Chart {
    /// Reads a chart out of a table. Rows may come in any order; of two rows
    /// with the same x and series the later counts; what has no row is NaN.
    /// A line whose x is not a time becomes bars.
    pub fn from_table(table: &Table, spec: &ChartSpec) -> Result<Self, ChartError> {
        let find = |name: &str| {
            let column = table.column_index(name);
            column.ok_or_else(|| ChartError::NoColumn {
                name: name.to_owned(),
                near: did_you_mean(name, table.columns.iter().map(|c| c.name.as_str()))
                    .map(str::to_owned),
            })
        };
        let x = find(&spec.x)?;
        let ys: Vec<usize> = spec.y.iter().map(|y| find(y)).collect::<Result<_, _>>()?;
        for &y in &ys {
            numeric(&table.columns[y])?;
        }
        let group = spec.series.as_deref().map(find).transpose()?;
        let is_time = matches!(
            table.columns[x].kind,
            ColumnKind::Timestamp | ColumnKind::Date
        );

        let (positions, places) = if is_time {
            times(table, x)
        } else {
            categories(table, x)
        };
        let mut series: Vec<ChartSeries> = Vec::new();
        let mut known: HashMap<(String, usize), usize> = HashMap::new();
        let groups: Vec<String> = match group {
            Some(group) => table.cells(group).map(|cell| cell.plain()).collect(),
            None => Vec::new(),
        };
        for (nth, &y) in ys.iter().enumerate() {
            for (row, cell) in table.cells(y).enumerate() {
                let Some(place) = places.get(row).copied().flatten() else {
                    continue;
                };
                let name = groups.get(row).cloned().unwrap_or_default();
                let at = *known.entry((name, nth)).or_insert_with_key(|(name, _)| {
                    let measure = spec.y[nth].clone();
                    let (group, name) = match (group.is_some(), ys.len()) {
                        (true, 1) => (None, name.clone()),
                        (true, _) => (Some(name.clone()), measure),
                        (false, _) => (None, measure),
                    };
                    series.push(ChartSeries {
                        group,
                        name,
                        values: vec![f64::NAN; positions.len()],
                    });
                    series.len() - 1
                });
                series[at].values[place] = cell.as_f64().unwrap_or(f64::NAN);
            }
        }
        if group.is_some() {
            series.sort_by(|a, b| {
                (&a.group, a.group.is_none().then_some(&a.name))
                    .cmp(&(&b.group, b.group.is_none().then_some(&b.name)))
            });
        }
        Ok(Self {
            title: None,
            kind: if is_time { spec.kind } else { ChartKind::Bar },
            x: positions,
            x_title: spec.x.clone(),
            y_title: match &spec.series {
                Some(series) => format!("{} by {series}", spec.y.join(", ")),
                None => spec.y.join(", "),
            },
            unit: spec.unit.clone().or_else(|| common_unit(table, &ys)),
            series,
            bands: Vec::new(),
            mark: None,
        })
    }
}

fn numeric(column: &Column) -> Result<(), ChartError> {
    match column.kind {
        ColumnKind::Number | ColumnKind::Integer | ColumnKind::Duration => Ok(()),
        kind => Err(ChartError::NotNumeric {
            name: column.name.clone(),
            kind: kind.as_str(),
        }),
    }
}

/// The unit that all y columns share; durations are seconds.
fn common_unit(table: &Table, ys: &[usize]) -> Option<Unit> {
    let unit = |y: usize| {
        let column = &table.columns[y];
        let duration = (column.kind == ColumnKind::Duration).then_some(Unit::Seconds);
        column.unit.clone().or(duration)
    };
    let first = unit(*ys.first()?)?;
    ys.iter()
        .all(|&y| unit(y).as_ref() == Some(&first))
        .then_some(first)
}

/// The distinct times, ascending, and each row's place among them.
fn times(table: &Table, x: usize) -> (ChartX, Vec<Option<usize>>) {
    let at: Vec<Option<i64>> = table
        .cells(x)
        .map(|cell| match cell {
            Cell::Timestamp(ts) => Some(ts),
            Cell::Date(day) => Some(i64::from(day).saturating_mul(MICROS_PER_DAY)),
            _ => None,
        })
        .collect();
    let mut sorted: Vec<i64> = at.iter().flatten().copied().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let places = at
        .iter()
        .map(|ts| ts.and_then(|ts| sorted.binary_search(&ts).ok()))
        .collect();
    (ChartX::Time(sorted), places)
}

/// The distinct names in the order of the rows, and each row's place among them.
fn categories(table: &Table, x: usize) -> (ChartX, Vec<Option<usize>>) {
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let places = table
        .cells(x)
        .map(|cell| {
            Some(*known.entry(cell.plain()).or_insert_with_key(|name| {
                names.push(name.clone());
                names.len() - 1
            }))
        })
        .collect();
    (ChartX::Category(names), places)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    };

    use super::*;

    fn table() -> Table {
        let batch = RecordBatch::try_from_iter([
            (
                "ts",
                Arc::new(TimestampMicrosecondArray::from(vec![20, 10, 20])) as ArrayRef,
            ),
            ("service", Arc::new(StringArray::from(vec!["b", "a", "a"]))),
            ("p50", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]))),
            (
                "p99",
                Arc::new(Float64Array::from(vec![Some(10.0), None, Some(30.0)])),
            ),
        ])
        .expect("a batch");
        Table::new(batch.schema(), vec![batch]).expect("a table")
    }

    fn spec(y: &[&str], series: Option<&str>) -> ChartSpec {
        ChartSpec {
            kind: ChartKind::Line,
            x: "ts".into(),
            y: y.iter().map(|y| (*y).to_owned()).collect(),
            series: series.map(str::to_owned),
            unit: Some(Unit::Seconds),
        }
    }

    #[test]
    fn pivots_rows_to_series() {
        let chart = Chart::from_table(&table(), &spec(&["p50"], Some("service"))).expect("chart");
        assert_eq!(chart.x, ChartX::Time(vec![10, 20]));
        assert_eq!(chart.series[0].name, "a");
        assert_eq!(chart.series[0].values, [2.0, 3.0]);
        assert_eq!(chart.series[1].name, "b");
        assert!(chart.series[1].values[0].is_nan());
        assert_eq!(chart.series[1].values[1], 1.0);
    }

    #[test]
    fn groups_several_measures_of_several_things() {
        let both = spec(&["p50", "p99"], Some("service"));
        let chart = Chart::from_table(&table(), &both).expect("chart");
        let names: Vec<_> = chart
            .series
            .iter()
            .map(|s| (s.group.as_deref(), s.name.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                (Some("a"), "p50"),
                (Some("a"), "p99"),
                (Some("b"), "p50"),
                (Some("b"), "p99")
            ]
        );
    }

    #[test]
    fn names_what_is_missing() {
        let error = Chart::from_table(&table(), &spec(&["p9"], None)).expect_err("no p9");
        assert_eq!(
            error.to_string(),
            "the chart names column \"p9\", which the result does not have; did you mean \"p99\"?"
        );
        let error = Chart::from_table(&table(), &spec(&["service"], None)).expect_err("text");
        assert!(matches!(error, ChartError::NotNumeric { .. }));
    }

    #[test]
    fn draws_bars_where_x_is_no_time() {
        let mut spec = spec(&["p50"], None);
        spec.x = "service".into();
        let chart = Chart::from_table(&table(), &spec).expect("chart");
        assert_eq!(chart.kind, ChartKind::Bar);
        assert_eq!(chart.x, ChartX::Category(vec!["b".into(), "a".into()]));
        assert_eq!(chart.series[0].values, [1.0, 3.0]);
    }
}
