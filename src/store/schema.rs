use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// The tables of a store, in the order in which a run commits them: `series`
/// before `samples`, which refer to it, and `ingests`, which says that a file
/// has been read whole, last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableKind {
    /// One row a series: its labels and what is known of its metric.
    Series,
    /// One row a sample.
    Samples,
    /// One row a log record.
    Logs,
    /// One row a span of a trace.
    Spans,
    /// Incidents, deploys, maintenance, campaigns, holidays.
    Events,
    /// Runs of batch jobs.
    JobRuns,
    /// One row an alerting rule of a saved backtest.
    Alerts,
    /// One row an episode of an alert in a saved backtest.
    Episodes,
    /// One row a notification of a saved backtest.
    Notifications,
    /// One row a series, model, step ahead and level of a saved forecast.
    Forecasts,
    /// Dead letters.
    Rejects,
    /// One row a file that has been read.
    Ingests,
}

impl TableKind {
    /// Every table, in the order of commits.
    pub const ALL: [Self; 12] = [
        Self::Series,
        Self::Samples,
        Self::Logs,
        Self::Spans,
        Self::Events,
        Self::JobRuns,
        Self::Alerts,
        Self::Episodes,
        Self::Notifications,
        Self::Forecasts,
        Self::Rejects,
        Self::Ingests,
    ];

    /// Returns the name, which is also the folder's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Samples => "samples",
            Self::Logs => "logs",
            Self::Spans => "spans",
            Self::Events => "events",
            Self::JobRuns => "job_runs",
            Self::Alerts => "alerts",
            Self::Episodes => "episodes",
            Self::Notifications => "notifications",
            Self::Forecasts => "forecasts",
            Self::Rejects => "rejects",
            Self::Ingests => "ingests",
        }
    }

    /// Tells whether the table has a folder a UTC day (`date=2026-03-01`).
    pub fn is_by_day(self) -> bool {
        matches!(self, Self::Samples | Self::Logs | Self::Spans)
    }

    /// Returns the columns by which the rows of each file are sorted.
    pub fn sort_order(self) -> &'static [&'static str] {
        match self {
            Self::Series => &["metric", "target_id", "series_id"],
            Self::Samples => &["metric", "target_id", "series_id", "ts"],
            Self::Logs | Self::Spans => &["ts"],
            Self::Events => &["started_at", "id", "kind"],
            Self::JobRuns => &["job", "run_id", "stage"],
            Self::Alerts => &["backtest", "rule_number"],
            Self::Episodes => &["backtest", "episode"],
            Self::Notifications => &["backtest", "notification"],
            Self::Forecasts => &["forecast", "unique_id", "model", "h", "level"],
            Self::Rejects => &[],
            Self::Ingests => &["ingested_at", "file"],
        }
    }

    /// Returns the schema of the files: all columns but the partition's.
    pub fn file_schema(self) -> SchemaRef {
        Arc::clone(&SCHEMAS[self as usize])
    }

    /// Returns the schema of the table; `date` comes last where it is there,
    /// as Delta readers put partition columns.
    pub fn table_schema(self) -> SchemaRef {
        let files = self.file_schema();
        if !self.is_by_day() {
            return files;
        }
        let mut fields = files.fields().to_vec();
        fields.push(Arc::new(Field::new("date", DataType::Date32, true)));
        Arc::new(Schema::new(fields))
    }
}

/// The type of every time column: µs, UTC.
pub fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The type of labels and attributes: a map from text to text.
pub fn text_map_type() -> DataType {
    let entry = Field::new_struct(
        "key_value",
        vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Utf8, true),
        ],
        false,
    );
    DataType::Map(Arc::new(entry), false)
}

/// The type of a list: none of its items is missing.
pub fn list_type(item: DataType) -> DataType {
    // Parquet's own name of an item.
    DataType::List(Arc::new(Field::new("element", item, true)))
}

static SCHEMAS: LazyLock<[SchemaRef; 12]> = LazyLock::new(|| TableKind::ALL.map(build_schema));

fn build_schema(table: TableKind) -> SchemaRef {
    use DataType::{Boolean, Float64, Int32, Int64, Utf8};
    let ts = timestamp_type;
    let columns: Vec<(&str, DataType)> = match table {
        TableKind::Series => vec![
            ("series_id", Int64),
            ("target_id", Int32),
            ("metric", Utf8),
            ("type", Utf8),
            ("unit", Utf8),
            ("help", Utf8),
            ("labels", text_map_type()),
        ],
        TableKind::Samples => vec![
            ("metric", Utf8),
            ("target_id", Int32),
            ("series_id", Int64),
            ("ts", ts()),
            ("value", Float64),
        ],
        TableKind::Logs => vec![
            ("ts", ts()),
            ("service", Utf8),
            ("severity", Utf8),
            ("body", Utf8),
            ("trace_id", Utf8),
            ("span_id", Utf8),
            ("duration_ms", Float64),
            ("attributes", text_map_type()),
            ("record_id", Int64),
        ],
        TableKind::Spans => vec![
            ("ts", ts()),
            ("trace_id", Utf8),
            ("span_id", Utf8),
            ("parent_span_id", Utf8),
            ("service", Utf8),
            ("name", Utf8),
            ("kind", Utf8),
            ("status", Utf8),
            ("duration_ns", Int64),
            ("attributes", text_map_type()),
            ("record_id", Int64),
        ],
        TableKind::Events => vec![
            ("id", Utf8),
            ("started_at", ts()),
            ("ended_at", ts()),
            ("kind", Utf8),
            ("severity", Utf8),
            ("title", Utf8),
            ("labels", text_map_type()),
        ],
        TableKind::JobRuns => vec![
            ("job", Utf8),
            ("stage", Utf8),
            ("run_id", Utf8),
            ("scheduled_at", ts()),
            ("started_at", ts()),
            ("ended_at", ts()),
            ("status", Utf8),
            ("rows_expected", Int64),
            ("rows_in", Int64),
            ("rows_out", Int64),
            ("cost", Float64),
        ],
        TableKind::Alerts => vec![
            ("backtest", Utf8),
            ("rule_number", Int64),
            ("range_start", ts()),
            ("range_end", ts()),
            ("file", Utf8),
            ("group", Utf8),
            ("rule", Utf8),
            ("severity", Utf8),
            ("owner", Utf8),
            ("runbook", Utf8),
            ("expr", Utf8),
            ("for_seconds", Float64),
            ("pages", Int64),
            ("pages_worst_week", Int64),
            ("pages_night", Int64),
            ("pages_weekend", Int64),
            ("notifications", Int64),
            ("episodes", Int64),
            ("near_misses", Int64),
            ("flaps", Int64),
            ("self_resolved", Int64),
            ("firing_seconds", Float64),
            ("precision", Float64),
            ("precision_lower", Float64),
            ("precision_upper", Float64),
            ("incidents", list_type(Utf8)),
            ("errors", Int64),
            ("never_fires", Boolean),
        ],
        TableKind::Episodes => vec![
            ("backtest", Utf8),
            ("episode", Int64),
            ("rule_number", Int64),
            ("rule", Utf8),
            ("group", Utf8),
            ("labels", text_map_type()),
            ("severity", Utf8),
            ("active_at", ts()),
            ("fired_at", ts()),
            ("ended_at", ts()),
            ("state", Utf8),
            ("value", Float64),
            ("summary", Utf8),
            ("annotations", text_map_type()),
            ("verdict", Utf8),
            ("incident", Utf8),
            ("first_notification_at", ts()),
            ("first_page_at", ts()),
            ("suppressed_by", Utf8),
        ],
        TableKind::Notifications => vec![
            ("backtest", Utf8),
            ("notification", Int64),
            ("ts", ts()),
            ("receiver", Utf8),
            ("integration", Utf8),
            ("route", Utf8),
            ("reason", Utf8),
            ("is_page", Boolean),
            ("group_labels", text_map_type()),
            ("firing", Int64),
            ("resolved", Int64),
            ("alerts", list_type(Utf8)),
            ("episodes", list_type(Int64)),
            ("incident", Utf8),
            ("kept_back", list_type(Utf8)),
        ],
        TableKind::Forecasts => vec![
            ("forecast", Utf8),
            ("unique_id", Utf8),
            ("labels", text_map_type()),
            ("model", Utf8),
            ("fitted", Utf8),
            ("origin", ts()),
            ("ds", ts()),
            ("ds_index", Int64),
            ("h", Int64),
            ("mean", Float64),
            ("level", Float64),
            ("lower", Float64),
            ("upper", Float64),
        ],
        TableKind::Rejects => vec![
            ("ingested_at", ts()),
            ("file", Utf8),
            ("line", Int64),
            ("format", Utf8),
            ("reason", Utf8),
            ("raw", Utf8),
            ("context", Utf8),
            ("record_id", Int64),
        ],
        TableKind::Ingests => vec![
            ("ingested_at", ts()),
            ("file", Utf8),
            ("content_id", Utf8),
            ("format", Utf8),
            ("bytes", Int64),
            ("samples", Int64),
            ("records", Int64),
            ("rejects", Int64),
            ("is_complete", Boolean),
        ],
    };
    Arc::new(Schema::new(
        columns
            .into_iter()
            .map(|(name, data_type)| Field::new(name, data_type, true))
            .collect::<Vec<_>>(),
    ))
}
