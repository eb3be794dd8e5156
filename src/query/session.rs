use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;

use super::functions;
use super::metric_views::MetricViews;
use super::store_table::StoreTable;
use crate::model::{TimeRange, did_you_mean};
use crate::store::{Snapshot, Store, StoreError, TableKind};

/// Why a query has no result.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The query is wrong, or fails while it runs.
    #[error(transparent)]
    DataFusion(Box<DataFusionError>),
    /// A table or metric that is not there.
    #[error("there is no table or metric {name:?}")]
    NoTable {
        /// What the query names.
        name: String,
        /// The name that was meant, where one is near.
        similar: Option<String>,
    },
}

/// Whose fault a failed query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryFault {
    /// The query's own.
    Query,
    /// A file, the disk, the memory.
    Resource,
    /// Ours, or the engine's.
    Internal,
}

impl QueryError {
    /// Returns whose fault it is.
    pub fn fault(&self) -> QueryFault {
        match self {
            Self::Store(_) => QueryFault::Resource,
            Self::NoTable { .. } => QueryFault::Query,
            Self::DataFusion(error) => match error.find_root() {
                DataFusionError::ObjectStore(_)
                | DataFusionError::IoError(_)
                | DataFusionError::ParquetError(_)
                | DataFusionError::ResourcesExhausted(_) => QueryFault::Resource,
                DataFusionError::Internal(_) => QueryFault::Internal,
                _ => QueryFault::Query,
            },
        }
    }
}

impl From<arrow::error::ArrowError> for QueryError {
    fn from(error: arrow::error::ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        Self::DataFusion(Box::new(error))
    }
}

/// The rows of a query.
#[derive(Debug, Clone)]
pub struct QueryResult {
    /// Its columns, also where there are no rows.
    pub schema: SchemaRef,
    /// Its rows.
    pub batches: Vec<RecordBatch>,
}

impl QueryResult {
    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// SQL on the newest version that a store had when the session began.
pub struct Session {
    context: SessionContext,
    names: BTreeSet<String>,
    snapshots: Vec<(TableKind, Snapshot)>,
}

impl Session {
    /// Opens a session on a store.
    pub async fn open(store: &Store) -> Result<Self, QueryError> {
        let mut config = SessionConfig::new()
            .with_information_schema(true)
            // Splitting a file, or dealing its rows out, throws its order away.
            .with_repartition_file_scans(false)
            .with_prefer_existing_sort(true);
        let options = config.options_mut();
        options.execution.enable_file_stream_work_stealing = false;
        // What a join has seen so far must not decide what the other side reads:
        // a report once came out empty under load, and exact comes before quick.
        options.optimizer.enable_join_dynamic_filter_pushdown = false;
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.optimizer.enable_round_robin_repartition = false;
        let context = SessionContext::new_with_config(config).enable_url_table();
        let mut snapshots = Vec::new();
        for kind in TableKind::ALL {
            snapshots.push((kind, store.snapshot(kind).await?));
        }
        let table = |kind: TableKind| {
            let snapshot = snapshots.iter().find(|(known, _)| *known == kind);
            let snapshot = snapshot.map(|(_, s)| s.clone()).unwrap_or_default();
            StoreTable::new(kind, store.table_url(kind), snapshot)
        };
        let series = Arc::new(table(TableKind::Series));
        context.register_table(TableKind::Series.name(), Arc::clone(&series) as _)?;
        let metrics = Arc::new(metric_names(&context).await?);
        let samples = Arc::new(table(TableKind::Samples).with_metrics(Arc::clone(&metrics)));
        context.register_table(TableKind::Samples.name(), Arc::clone(&samples) as _)?;
        for kind in TableKind::ALL {
            if !matches!(kind, TableKind::Series | TableKind::Samples) {
                context.register_table(kind.name(), Arc::new(table(kind)))?;
            }
        }
        let views = MetricViews::new(samples, series, Arc::clone(&metrics));
        let catalog = context
            .catalog("datafusion")
            .ok_or_else(|| DataFusionError::Internal("no default catalog".into()))?;
        catalog.register_schema("metrics", Arc::new(views))?;
        functions::register(&context);
        let names = metrics
            .iter()
            .map(|name| format!("metrics.{name}"))
            .chain(TableKind::ALL.iter().map(|kind| kind.name().to_owned()))
            .collect();
        Ok(Self {
            context,
            names,
            snapshots,
        })
    }

    /// Returns DataFusion's side of the session.
    pub(crate) fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Tells whether a table has rows, or whether there is a metric of this
    /// name (with or without `metrics.`).
    pub fn has(&self, name: &str) -> bool {
        match self.snapshots.iter().find(|(kind, _)| kind.name() == name) {
            Some((_, snapshot)) => snapshot.rows() > 0,
            None => {
                let metric = name.strip_prefix("metrics.").unwrap_or(name);
                self.names.contains(&format!("metrics.{metric}"))
            }
        }
    }

    /// Returns the tables that are there, and the version of each that is read.
    pub fn versions(&self) -> Vec<(String, i64)> {
        let there = self.snapshots.iter().filter_map(|(kind, snapshot)| {
            let version = snapshot.version?.try_into().ok()?;
            Some((kind.name().to_owned(), version))
        });
        there.collect()
    }

    /// Returns the time from the first sample or log record to just after the
    /// last, to the millisecond; `None` where there are none.
    pub fn data_range(&self) -> Option<TimeRange> {
        // Not of results, which may speak of days whose data is gone.
        let data = self.snapshots.iter().filter(|(kind, _)| kind.is_by_day());
        let files = data.flat_map(|(_, snapshot)| &snapshot.files);
        let (start, end) = files
            .filter_map(|file| file.stats.ts)
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        Some(TimeRange {
            start,
            end: end.saturating_add(1),
        })
    }

    /// Runs one or several statements separated by `;` and returns the rows of
    /// the last. The store cannot be changed from SQL; views made by one
    /// statement serve the next.
    pub async fn sql(&self, text: &str) -> Result<QueryResult, QueryError> {
        let options = SQLOptions::new().with_allow_dml(false);
        let mut result = None;
        for statement in statements(text)? {
            let plan = self.context.state().statement_to_plan(statement).await;
            let plan = plan.map_err(|e| self.explain(e))?;
            options.verify_plan(&plan)?;
            if matches!(plan, LogicalPlan::Ddl(DdlStatement::DropTable(_))) {
                let reason = "a table of the store cannot be dropped from SQL: `retrocast store retain` drops days";
                return Err(DataFusionError::Plan(reason.into()).into());
            }
            let frame = self.context.execute_logical_plan(plan).await?;
            let mut stream = frame.execute_stream().await?;
            let mut batches = Vec::new();
            while let Some(batch) = stream.next().await {
                batches.push(batch?);
            }
            result = Some(QueryResult {
                schema: stream.schema(),
                batches,
            });
        }
        result.ok_or_else(|| DataFusionError::Plan("there is no statement".into()).into())
    }

    fn explain(&self, error: DataFusionError) -> QueryError {
        let text = error.strip_backtrace();
        let missing = text
            .split_once("table '")
            .and_then(|(_, rest)| rest.split_once("' not found"))
            .map(|(name, _)| name.trim_start_matches("datafusion.").to_owned());
        let Some(name) = missing else {
            return error.into();
        };
        let name = name.trim_start_matches("public.").to_owned();
        let bare = name.trim_start_matches("metrics.");
        let known = self.names.iter().map(|n| n.trim_start_matches("metrics."));
        let similar = did_you_mean(bare, known).and_then(|meant| {
            let meant = self
                .names
                .iter()
                .find(|n| n.trim_start_matches("metrics.") == meant);
            meant.cloned()
        });
        QueryError::NoTable { name, similar }
    }
}

fn statements(text: &str) -> Result<Vec<datafusion::sql::parser::Statement>, DataFusionError> {
    use datafusion::sql::parser::DFParser;
    Ok(DFParser::parse_sql(text)?.into())
}

async fn metric_names(context: &SessionContext) -> Result<BTreeSet<String>, QueryError> {
    use arrow::array::AsArray;
    let batches = context
        .sql("SELECT DISTINCT metric FROM series")
        .await?
        .collect()
        .await?;
    let mut names = BTreeSet::new();
    for batch in &batches {
        if let Some(metrics) = batch.column(0).as_string_view_opt() {
            names.extend(metrics.iter().flatten().map(str::to_owned));
        }
    }
    Ok(names)
}
