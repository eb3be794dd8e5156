//! Writes VictoriaMetrics' `/api/v1/export` lines: a series a line, times in ms.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::output::Output;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::Recorder;

/// Writes the series of a file.
pub(in crate::simulate) fn write(
    recorder: &Recorder,
    file: MetricFile,
    output: &mut Output,
) -> io::Result<()> {
    for series in recorder.series.iter().filter(|s| s.file == file) {
        let mut metric = Map::new();
        metric.insert("__name__".into(), Value::from(series.name.as_str()));
        for (name, value) in &series.labels {
            metric.insert(name.clone(), Value::from(value.as_str()));
        }
        let mut values = String::new();
        let mut timestamps = String::new();
        for (ts, value) in series.samples() {
            if !values.is_empty() {
                values.push(',');
                timestamps.push(',');
            }
            values += &value.to_string();
            timestamps += &(ts / 1_000).to_string();
        }
        let metric = Value::Object(metric);
        writeln!(
            output,
            "{{\"metric\":{metric},\"values\":[{values}],\"timestamps\":[{timestamps}]}}"
        )?;
    }
    Ok(())
}
