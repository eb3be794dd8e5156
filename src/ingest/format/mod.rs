//! The formats, one file each. A new one is a file and a line in [`FORMATS`].

mod csv_decimal;
mod csv_header;
mod csv_legend;
mod csv_number;
mod csv_rows;
mod csv_tall;
mod csv_unit;
mod csv_wide;
mod csv_wide_columns;
mod elasticsearch;
mod elasticsearch_search;
mod events;
mod head;
mod jaeger;
mod job_runs;
mod json_fields;
mod json_list;
mod json_logs;
mod json_records;
mod json_slice;
mod line_counted;
mod log_fields;
mod log_values;
mod number;
mod otlp;
mod prometheus_api;
mod prometheus_text;
mod series_cache;
mod series_text;
mod table_records;
mod time_text;
mod tsdb_dump;
mod victoriametrics;

pub(super) use csv_header::{find_column, first_columns};
pub(super) use csv_number::parse_number;
pub(super) use csv_rows::{Next, Rows};

use super::Format;

/// Every format that `ingest` knows, in the order in which a draw of `sniff` is settled.
pub static FORMATS: &[&dyn Format] = &[
    &victoriametrics::VictoriaMetrics,
    &prometheus_api::PrometheusApi,
    &tsdb_dump::TsdbDump,
    &prometheus_text::PrometheusText,
    &elasticsearch::Elasticsearch,
    &jaeger::Jaeger,
    &otlp::Otlp,
    &job_runs::JobRuns,
    &events::Events,
    &json_logs::JsonLogs,
    &csv_tall::CsvTall,
    &csv_wide::CsvWide,
];

/// Finds a format by the name for `--from`.
pub fn by_name(name: &str) -> Result<&'static dyn Format, String> {
    let found = FORMATS.iter().find(|format| format.name() == name);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
        format!(
            "there is no format {name:?}; formats are {}",
            names.join(", ")
        )
    })
}
