//! Writes wide CSV as Grafana does for a European locale: `sep=;`, a time and a
//! column a series, legends as names, units in cells.

use std::io::{self, Write};

use super::output::Output;
use super::selector;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::{Recorder, Series};
use crate::simulate::topology::GIB;

/// Writes the series of a file; they have the same times. Times are UTC and, as
/// Grafana writes them, without a zone.
pub(in crate::simulate) fn write(
    recorder: &Recorder,
    file: MetricFile,
    output: &mut Output,
) -> io::Result<()> {
    let all: Vec<&Series> = recorder.series.iter().filter(|s| s.file == file).collect();
    let Some(first) = all.first() else {
        return Ok(());
    };
    output.write_all(b"sep=;\r\n\"Time\"")?;
    for series in &all {
        let legend = if series.labels.is_empty() {
            series.name.clone()
        } else {
            selector(series)
        };
        write!(output, ";\"{}\"", legend.replace('"', "\"\""))?;
    }
    output.write_all(b"\r\n")?;
    for (j, (ts, _)) in first.samples().enumerate() {
        let time = chrono::DateTime::from_timestamp_micros(ts).unwrap_or_default();
        write!(output, "{}", time.format("%Y-%m-%d %H:%M:%S"))?;
        for series in &all {
            let value = series.values.get(j).copied().unwrap_or(f64::NAN);
            write!(output, ";{}", cell(&series.name, value))?;
        }
        output.write_all(b"\r\n")?;
    }
    Ok(())
}

fn cell(metric: &str, value: f64) -> String {
    if value.is_nan() {
        return String::new();
    }
    if !metric.contains("bytes") {
        return value.to_string();
    }
    if value >= GIB {
        format!("{:.1} GiB", value / GIB)
    } else {
        format!("{:.1} MiB", value / (GIB / 1024.0))
    }
}
