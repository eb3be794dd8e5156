//! Reads samples of selected series out of the table `samples`.
//!
//! DataFusion plans and decodes; it neither filters rows nor sorts, merges or
//! counts them. Files, row groups and pages are skipped by date, time, metric
//! and, where few series are meant, by target and series. Each file is read by
//! a task of its own, which takes the rows of one series after the other (a
//! file is sorted by series, then time), and the files' shares are put together
//! in the order of the days.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use arrow::compute::{and, filter_record_batch, is_not_null};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;

use super::catalog::Selected;
use super::column::Column;
use crate::model::day_of;
use crate::query::store_table::StoreTable;

const COLUMNS: [&str; 3] = ["series_id", "ts", "value"];

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 32_768;
/// Values of an `IN` by which DataFusion skips pages; longer ones it ignores.
const IN_LIST: usize = 20;
/// One series in so many is worth skipping pages for: a page has as many of a
/// 15 s scrape, and what is spread over all pages costs more to skip than to read.
const SPARSE: usize = 20;
/// Series up to which pages are skipped by them one by one.
const NARROW: usize = 1_000;

/// The samples that one file, or all, had: by the series' places.
pub(super) type Share = HashMap<u32, Column>;

/// What is to be read.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) selected: Arc<Selected>,
    /// Places of the only series that are meant; `None` for all selected.
    pub(super) only: Option<Arc<HashSet<u32>>>,
    /// The first instant.
    pub(super) from: i64,
    /// The last instant.
    pub(super) to: i64,
}

/// A table of the store.
#[derive(Debug)]
pub(super) struct Scanner {
    state: SessionState,
    table: Option<Arc<dyn TableProvider>>,
}

/// What reading took.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cost {
    /// Decoding, summed over all threads.
    pub(super) cpu: Duration,
}

impl Scanner {
    /// Makes a scanner of a session's table; of `None` it reads nothing.
    pub(super) fn new(state: &SessionState, table: Option<Arc<dyn TableProvider>>) -> Self {
        let mut state = state.clone();
        let config = state.config_mut();
        *config = std::mem::take(config).with_batch_size(BATCH_ROWS);
        Self { state, table }
    }

    /// Reads some columns of all rows.
    pub(super) async fn read_all(&self, columns: &[&str]) -> Result<Vec<RecordBatch>> {
        let Some(table) = self.table() else {
            return Ok(Vec::new());
        };
        let plan = table.scan_pages(&self.state, columns, &[])?;
        datafusion::physical_plan::collect(plan, self.state.task_ctx()).await
    }

    /// Returns the first and the last time of the table, rounded outwards to ms.
    pub(super) fn ts_range(&self) -> Option<(i64, i64)> {
        self.table()?.ts_range()
    }

    fn table(&self) -> Option<&StoreTable> {
        self.table.as_ref()?.downcast_ref()
    }

    /// Reads the samples of a request.
    pub(super) async fn read(&self, request: &Request) -> Result<(Share, Cost)> {
        let (Some(table), false) = (self.table(), request.is_empty()) else {
            return Ok(Default::default());
        };
        let plan = table.scan_pages(&self.state, &COLUMNS, &request.filters())?;
        let context = self.state.task_ctx();
        let partitions = plan.properties().partitioning.partition_count();
        let tasks = (0..partitions).map(|partition| {
            let (plan, context) = (Arc::clone(&plan), Arc::clone(&context));
            let request = request.clone();
            async move {
                let share = read_partition(plan, partition, context, request);
                match tokio::spawn(share).await {
                    Ok(share) => share,
                    Err(error) => Err(DataFusionError::ExecutionJoin(Box::new(error))),
                }
            }
        });
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut shares = futures::stream::iter(tasks).buffered(threads);
        let mut all = Share::new();
        let mut cost = Cost::default();
        while let Some(share) = shares.next().await {
            let (share, cpu) = share?;
            cost.cpu += cpu;
            if all.is_empty() {
                all = share;
                continue;
            }
            for (place, column) in share {
                all.entry(place).or_default().append(column);
            }
        }
        Ok((all, cost))
    }
}

async fn read_partition(
    plan: Arc<dyn ExecutionPlan>,
    partition: usize,
    context: Arc<TaskContext>,
    request: Request,
) -> Result<(Share, Duration)> {
    let mut stream = plan.execute(partition, context)?;
    let mut share = Share::new();
    let mut cpu = Duration::ZERO;
    loop {
        let start = Instant::now();
        let Some(batch) = stream.next().await else {
            break;
        };
        request.take(&batch?, &mut share)?;
        cpu += start.elapsed();
    }
    Ok((share, cpu))
}

impl Request {
    fn is_empty(&self) -> bool {
        self.from > self.to
            || self.selected.series.is_empty()
            || self.only.as_ref().is_some_and(|only| only.is_empty())
    }

    /// Conditions that all wanted rows meet.
    fn filters(&self) -> Vec<Expr> {
        let time = |ts| {
            lit(ScalarValue::TimestampMicrosecond(
                Some(ts),
                Some("UTC".into()),
            ))
        };
        let day = |ts| lit(ScalarValue::Date32(Some(day_of(ts))));
        let mut filters = vec![
            col("date").gt_eq(day(self.from)),
            col("date").lt_eq(day(self.to)),
            col("ts").gt_eq(time(self.from)),
            col("ts").lt_eq(time(self.to)),
        ];
        let metrics = &self.selected.metrics;
        if let (Some(first), Some(last)) = (metrics.first(), metrics.last()) {
            filters.push(if metrics.len() <= IN_LIST {
                let names = metrics.iter().map(|name| lit(name.as_str()));
                col("metric").in_list(names.collect(), false)
            } else {
                // The names come sorted.
                col("metric").between(lit(first.as_str()), lit(last.as_str()))
            });
        }
        let series = &self.selected.series;
        let meant = self.only.as_ref().map_or(series.len(), |only| only.len());
        if meant.saturating_mul(SPARSE) <= self.selected.of && meant <= NARROW {
            let series = (0..).zip(series).filter(|(place, _)| self.wants(*place));
            let (mut targets, mut ids): (Vec<i32>, Vec<i64>) =
                series.map(|(_, s)| (s.target, s.id)).unzip();
            targets.sort_unstable();
            targets.dedup();
            ids.sort_unstable();
            filters.extend(one_of("target_id", &targets));
            filters.extend(one_of("series_id", &ids));
        }
        filters
    }

    fn wants(&self, place: u32) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&place))
    }

    /// Takes the wanted rows of a batch.
    fn take(&self, batch: &RecordBatch, share: &mut Share) -> Result<()> {
        let has_nulls = batch.columns().iter().any(|column| column.null_count() > 0);
        if has_nulls {
            // No writer of ours makes any.
            let mut there = is_not_null(batch.column(0))?;
            for column in &batch.columns()[1..] {
                there = and(&there, &is_not_null(column)?)?;
            }
            return self.take(&filter_record_batch(batch, &there)?, share);
        }
        let wrong = || DataFusionError::Internal("table samples has an unexpected schema".into());
        let ids = batch.column(0).as_primitive_opt::<Int64Type>();
        let ts = batch
            .column(1)
            .as_primitive_opt::<TimestampMicrosecondType>();
        let values = batch
            .column(2)
            .as_primitive_opt::<arrow::datatypes::Float64Type>();
        let ids = ids.ok_or_else(wrong)?.values();
        let ts = ts.ok_or_else(wrong)?.values();
        let values = values.ok_or_else(wrong)?.values();
        let mut start = 0;
        while start < ids.len() {
            let end = start + run_length(&ids[start..]);
            let run = &ts[start..end];
            let place = self.selected.places.get(&ids[start]);
            if let Some(&place) = place.filter(|place| self.wants(**place)) {
                let first = run.partition_point(|t| *t < self.from);
                let last = run.partition_point(|t| *t <= self.to);
                if first < last {
                    let values = &values[start + first..start + last];
                    share
                        .entry(place)
                        .or_default()
                        .extend(&run[first..last], values);
                }
            }
            start = end;
        }
        Ok(())
    }
}

/// How many of the first ids are equal; `ids` is not empty.
fn run_length(ids: &[i64]) -> usize {
    const LANES: usize = 16;
    let id = ids[0];
    let is_other = |other: &i64| *other != id;
    let whole = ids.chunks_exact(LANES);
    // Sixteen at a time without a branch between them.
    let equal = whole.take_while(|chunk| chunk.iter().fold(0, |d, other| d | (other ^ id)) == 0);
    let start = equal.count() * LANES;
    let rest = ids[start..].iter().position(is_other);
    rest.map_or(ids.len(), |i| start + i)
}

/// `column IN (…)` in lists that are short enough to skip pages by.
fn one_of<T: Copy + datafusion::logical_expr::Literal>(column: &str, values: &[T]) -> Option<Expr> {
    let lists = values.chunks(IN_LIST).map(|values| {
        let values = values.iter().map(|value| lit(*value)).collect();
        col(column).in_list(values, false)
    });
    lists.reduce(Expr::or)
}
