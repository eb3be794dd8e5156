//! Writes answers of Prometheus' HTTP API: `query_range` (matrix) and `query` (vector).

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::output::Output;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::{Recorder, Series};

fn metric(series: &Series) -> Value {
    let mut metric = Map::new();
    metric.insert("__name__".into(), Value::from(series.name.as_str()));
    for (name, value) in &series.labels {
        metric.insert(name.clone(), Value::from(value.as_str()));
    }
    Value::Object(metric)
}

/// Writes the series of a file as the answer to `query_range`.
pub(in crate::simulate) fn write_range(
    recorder: &Recorder,
    file: MetricFile,
    output: &mut Output,
) -> io::Result<()> {
    output
        .write_all(b"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[")?;
    let mut between = "";
    for series in recorder.series.iter().filter(|s| s.file == file) {
        write!(
            output,
            "{between}{{\"metric\":{},\"values\":[",
            metric(series)
        )?;
        let mut comma = "";
        for (ts, value) in series.samples() {
            let seconds = ts as f64 / 1e6;
            write!(output, "{comma}[{seconds},\"{value}\"]")?;
            comma = ",";
        }
        output.write_all(b"]}")?;
        between = ",";
    }
    output.write_all(b"]}}\n")
}

/// Writes the last sample of each series of a file as the answer to `query`.
pub(in crate::simulate) fn write_instant(
    recorder: &Recorder,
    file: MetricFile,
    output: &mut Output,
) -> io::Result<()> {
    let result: Vec<Value> = recorder
        .series
        .iter()
        .filter(|s| s.file == file)
        .filter_map(|series| {
            let (ts, value) = series.samples().last()?;
            Some(json!({
                "metric": metric(series),
                "value": [ts / 1_000_000, value.to_string()],
            }))
        })
        .collect();
    let answer = json!({
        "status": "success",
        "data": {"resultType": "vector", "result": result},
    });
    writeln!(output, "{answer}")
}
