//! Schema `metrics`: each metric as a view with its labels as columns.
//!
//! `metrics.queue_depth` has `ts`, `value`, `series_id`, and a column for each
//! label that any of its series has. A label that is called like one of the
//! first three becomes `label_ts`, `label_value`, `label_series_id`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, JoinType, Result};
use datafusion::datasource::{MemTable, ViewTable, provider_as_source};
use datafusion::logical_expr::{LogicalPlanBuilder, col, lit};
use datafusion::prelude::SessionContext;

use super::store_table::StoreTable;

/// Columns of every view, before the labels.
const COLUMNS: [&str; 3] = ["ts", "value", "series_id"];

/// The views, made when they are asked for.
pub(crate) struct MetricViews {
    samples: Arc<StoreTable>,
    series: Arc<StoreTable>,
    names: Arc<BTreeSet<String>>,
}

impl std::fmt::Debug for MetricViews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MetricViews({})", self.names.len())
    }
}

impl MetricViews {
    /// Makes the views over the two tables.
    pub(crate) fn new(
        samples: Arc<StoreTable>,
        series: Arc<StoreTable>,
        names: Arc<BTreeSet<String>>,
    ) -> Self {
        Self {
            samples,
            series,
            names,
        }
    }

    /// Returns the name as the store has it: SQL turns what is not quoted into
    /// lower case, metric names may have capitals.
    fn resolve(&self, name: &str) -> Option<&str> {
        if let Some(exact) = self.names.get(name) {
            return Some(exact);
        }
        let mut folded = self.names.iter().filter(|n| n.eq_ignore_ascii_case(name));
        match (folded.next(), folded.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    async fn label_table(&self, metric: &str) -> Result<RecordBatch> {
        let series = Arc::clone(&self.series) as Arc<dyn TableProvider>;
        let batches = SessionContext::new()
            .read_table(series)?
            .filter(col("metric").eq(lit(metric)))?
            .select_columns(&["series_id", "labels"])?
            .collect()
            .await?;
        label_columns(&batches)
    }
}

/// Turns the label maps of series into a column a label.
fn label_columns(batches: &[RecordBatch]) -> Result<RecordBatch> {
    let wrong = || DataFusionError::Internal("table series has an unexpected schema".into());
    let mut ids = Vec::new();
    let mut labels: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for batch in batches {
        let series_ids = batch
            .column(0)
            .as_primitive_opt::<Int64Type>()
            .ok_or_else(wrong)?;
        let maps = batch.column(1).as_map_opt().ok_or_else(wrong)?;
        let keys = maps.keys().as_string_opt::<i32>().ok_or_else(wrong)?;
        let values = maps.values().as_string_opt::<i32>().ok_or_else(wrong)?;
        for row in 0..batch.num_rows() {
            ids.push(series_ids.value(row));
            for i in maps.value_offsets()[row]..maps.value_offsets()[row + 1] {
                let i = i as usize;
                let column = labels.entry(keys.value(i).to_owned()).or_default();
                column.resize(ids.len() - 1, None);
                column.push(values.is_valid(i).then(|| values.value(i).to_owned()));
            }
        }
    }
    let rows = ids.len();
    let mut fields = vec![Field::new("series_id", DataType::Int64, true)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(ids))];
    let taken: Vec<String> = labels.keys().cloned().collect();
    for (mut name, mut values) in labels {
        values.resize(rows, None);
        if COLUMNS.contains(&name.as_str()) {
            name = format!("label_{name}");
            while taken.contains(&name) {
                name.insert(0, '_');
            }
        }
        fields.push(Field::new(name, DataType::Utf8View, true));
        columns.push(Arc::new(StringViewArray::from_iter(values)));
    }
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

#[async_trait]
impl SchemaProvider for MetricViews {
    fn table_names(&self) -> Vec<String> {
        self.names.iter().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(metric) = self.resolve(name) else {
            return Ok(None);
        };
        let labels = self.label_table(metric).await?;
        let names: Vec<String> = labels
            .schema()
            .fields()
            .iter()
            .skip(1)
            .map(|f| f.name().clone())
            .collect();
        let labels = MemTable::try_new(labels.schema(), vec![vec![labels]])?;
        let labels = LogicalPlanBuilder::scan("l", provider_as_source(Arc::new(labels)), None)?;
        let samples = Arc::clone(&self.samples) as Arc<dyn TableProvider>;
        let plan = LogicalPlanBuilder::scan("s", provider_as_source(samples), None)?
            .filter(col("s.metric").eq(lit(metric)))?
            .join(
                labels.build()?,
                JoinType::Inner,
                (vec!["s.series_id"], vec!["l.series_id"]),
                None,
            )?
            .project(
                COLUMNS
                    .iter()
                    .map(|name| column("s", name))
                    .chain(names.iter().map(|name| column("l", name))),
            )?
            .build()?;
        Ok(Some(Arc::new(ViewTable::new(plan, None))))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.resolve(name).is_some()
    }
}

fn column(table: &str, name: &str) -> datafusion::logical_expr::Expr {
    let qualified = datafusion::common::Column::new(Some(table), name);
    datafusion::logical_expr::Expr::Column(qualified).alias(name)
}
