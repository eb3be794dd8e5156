//! A table of the store as DataFusion sees it: the files of one Delta version.
//!
//! Each file is a scan partition of its own while there are few enough, so that
//! the order inside files is declared and a window or a merge needs no sort.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, DataFusionError, Result, ScalarValue, Statistics, ToDFSchema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType, col, lit};
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::path::Path as ObjectPath;
use url::Url;

use crate::store::{DataFile, Snapshot, TableKind};

/// Files up to which each is a partition of its own, and sorted.
const MAX_SORTED_FILES: usize = 1024;

/// One table at one version.
#[derive(Debug)]
pub(crate) struct StoreTable {
    kind: TableKind,
    url: Url,
    snapshot: Snapshot,
    file_schema: SchemaRef,
    schema: SchemaRef,
    /// Every metric of the store, where the table has a column `metric` by
    /// which it is sorted.
    metrics: Option<Arc<BTreeSet<String>>>,
}

impl StoreTable {
    /// Makes a table of the files that a snapshot lists below `url`.
    pub(crate) fn new(kind: TableKind, url: Url, snapshot: Snapshot) -> Self {
        Self {
            kind,
            url,
            snapshot,
            file_schema: with_views(&kind.file_schema()),
            schema: with_views(&kind.table_schema()),
            metrics: None,
        }
    }

    /// Says which metrics there are: a filter on nothing but the metric then
    /// becomes a list of names, by which whole pages are skipped.
    pub(crate) fn with_metrics(mut self, metrics: Arc<BTreeSet<String>>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Tells whether a filter can be decided by the metric's name alone.
    fn is_on_metric(&self, filter: &Expr) -> bool {
        let columns = filter.column_refs();
        self.metrics.is_some()
            && columns.len() == 1
            && columns.iter().all(|column| column.name == "metric")
            && !filter.is_volatile()
            && !filter.exists(|e| Ok(is_subquery(e))).unwrap_or(true)
    }

    /// Replaces the filters on the metric alone by the names that they let pass.
    fn with_names(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<Expr>> {
        let (by_name, mut others): (Vec<Expr>, Vec<Expr>) =
            filters.iter().cloned().partition(|f| self.is_on_metric(f));
        let (Some(metrics), Some(filter)) = (&self.metrics, conjunction(by_name)) else {
            return Ok(others);
        };
        let field = Field::new("metric", DataType::Utf8View, true);
        let schema = Arc::new(Schema::new(vec![field]));
        let names: ArrayRef = Arc::new(metrics.iter().map(Some).collect::<StringViewArray>());
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![names])?;
        let predicate = state.create_physical_expr(filter, &schema.to_dfschema()?)?;
        let passes = predicate.evaluate(&batch)?.into_array(batch.num_rows())?;
        let passes = passes.as_boolean();
        let passing = metrics.iter().zip(passes).filter(|(_, p)| *p == Some(true));
        let passing = passing.map(|(name, _)| lit(name.as_str())).collect();
        others.push(col("metric").in_list(passing, false));
        Ok(others)
    }

    /// Returns the files that may hold rows for the filters.
    fn prune(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<&DataFile>> {
        let files: Vec<&DataFile> = self.snapshot.files.iter().collect();
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return Ok(files);
        };
        let schema = Arc::clone(&self.schema).to_dfschema()?;
        let predicate = state.create_physical_expr(filter, &schema)?;
        let predicate = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(&self.schema))
            .try_build(predicate)?;
        let keep = predicate.prune(&FileRanges(&files))?;
        let kept = files.into_iter().zip(keep).filter(|(_, keep)| *keep);
        Ok(kept.map(|(file, _)| file).collect())
    }

    fn partitioned(&self, file: &DataFile) -> Result<PartitionedFile> {
        let path = self
            .url
            .join(&file.path)
            .map_err(|e| DataFusionError::External(Box::new(e)))?;
        let location = ObjectPath::from_url_path(path.path())
            .map_err(|e| DataFusionError::External(e.into()))?;
        let mut statistics = Statistics::new_unknown(&self.file_schema);
        statistics.num_rows = Precision::Exact(usize::try_from(file.stats.rows).unwrap_or(0));
        let mut partitioned = PartitionedFile::new(location.to_string(), file.size);
        partitioned.object_meta.location = location;
        if self.kind.is_by_day() {
            partitioned.partition_values = vec![ScalarValue::Date32(file.day)];
        }
        Ok(partitioned.with_statistics(Arc::new(statistics)))
    }

    fn ordering(&self) -> Option<LexOrdering> {
        let columns = self.kind.sort_order().iter().filter_map(|name| {
            let index = self.schema.index_of(name).ok()?;
            let column: Arc<dyn PhysicalExpr> = Arc::new(PhysicalColumn::new(name, index));
            Some(PhysicalSortExpr::new(column, sort_options()))
        });
        LexOrdering::new(columns)
    }

    /// Plans a scan of some columns that skips files, row groups and pages by
    /// the filters; rows that do not meet them come through with those that do.
    ///
    /// For a reader that knows its rows by a column which it reads anyway: no
    /// other column is then decoded, and no row looked at twice.
    pub(crate) fn scan_pages(
        &self,
        state: &dyn Session,
        columns: &[&str],
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = columns.iter().map(|name| self.schema.index_of(name));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        self.plan(state, Some(&columns), filters, None, false)
    }

    /// Returns the first and the last `ts` of the files, rounded outwards.
    pub(crate) fn ts_range(&self) -> Option<(i64, i64)> {
        let ranges = self.snapshot.files.iter().filter_map(|file| file.stats.ts);
        ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
        // Whether the reader must heed the filters, as those on the metric
        // alone ask of it.
        is_exact: bool,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.prune(state, filters)?;
        if files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let partition_columns = if self.kind.is_by_day() {
            vec![Arc::new(Field::new("date", DataType::Date32, true))]
        } else {
            Vec::new()
        };
        let table_schema = TableSchema::builder(Arc::clone(&self.file_schema))
            .with_table_partition_cols(partition_columns)
            .build();
        let mut source = ParquetSource::new(table_schema)
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_pushdown_filters(is_exact);
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            let schema = Arc::clone(&self.schema).to_dfschema()?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        let is_sorted = files.len() <= MAX_SORTED_FILES;
        let groups = if is_sorted {
            files.len()
        } else {
            state.config().target_partitions()
        };
        let mut file_groups = vec![FileGroup::default(); groups];
        // Neighbouring days together: a series' rows then come in the order of
        // time within each partition, and the partitions do not overlap.
        for (i, file) in files.iter().enumerate() {
            file_groups[i * groups / files.len()].push(self.partitioned(file)?);
        }
        // Which side of a join is small.
        let rows = files.iter().map(|file| file.stats.rows).sum::<u64>();
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Inexact(rows);
        let object_store = ObjectStoreUrl::parse("file://")?;
        let mut config = FileScanConfigBuilder::new(object_store, Arc::new(source))
            .with_file_groups(file_groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit);
        if is_sorted {
            config = config.with_output_ordering(self.ordering().into_iter().collect());
        }
        Ok(DataSourceExec::from_data_source(config.build()))
    }
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::ScalarSubquery(_)
            | Expr::InSubquery(_)
            | Expr::Exists(_)
            | Expr::SetComparison(_)
            | Expr::OuterReferenceColumn(..)
    )
}

fn sort_options() -> arrow::compute::SortOptions {
    arrow::compute::SortOptions {
        descending: false,
        nulls_first: false,
    }
}

/// Text as views: short ones are compared and grouped without a look elsewhere.
fn with_views(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(Field::new(field.name(), DataType::Utf8View, true)),
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[async_trait]
impl TableProvider for StoreTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let pushed = filters.iter().map(|filter| {
            // The scan itself takes away the rows of other metrics.
            if self.is_on_metric(filter) {
                TableProviderFilterPushDown::Exact
            } else {
                TableProviderFilterPushDown::Inexact
            }
        });
        Ok(pushed.collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let filters = self.with_names(state, filters)?;
        self.plan(state, projection, &filters, limit, true)
    }
}

/// What the Delta log knows of the files, for skipping whole ones. Times are
/// rounded outwards, which is right for skipping and for nothing else.
struct FileRanges<'a>(&'a [&'a DataFile]);

impl FileRanges<'_> {
    fn column(&self, column: &Column, is_max: bool) -> Option<ArrayRef> {
        let pick = |range: (i64, i64)| if is_max { range.1 } else { range.0 };
        let values = self.0.iter().map(|file| match column.name() {
            "date" => Some(ScalarValue::Date32(file.day)),
            "ts" => {
                let ts = file.stats.ts.map(pick);
                Some(ScalarValue::TimestampMicrosecond(ts, Some("UTC".into())))
            }
            "metric" => {
                let metric = file.stats.metric.as_ref();
                let text = metric.map(|m| if is_max { m.1.clone() } else { m.0.clone() });
                Some(ScalarValue::Utf8View(text))
            }
            _ => None,
        });
        ScalarValue::iter_to_array(values.collect::<Option<Vec<_>>>()?).ok()
    }
}

impl PruningStatistics for FileRanges<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column, true)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
