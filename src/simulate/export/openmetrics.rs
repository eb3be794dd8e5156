//! Writes OpenMetrics 1.0 text with types, help and times in seconds.
//!
//! The samples of one labelset stand together, point by point in time's order,
//! as the specification asks. A counter whose name lacks `_total` (Flink's) has
//! the type `unknown`, since OpenMetrics has no other place for it.

use std::io::{self, Write};

use super::output::Output;
use super::{families, selector};
use crate::model::MetricType;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::Recorder;

/// Writes the series of a file.
pub(in crate::simulate) fn write(
    recorder: &Recorder,
    file: MetricFile,
    output: &mut Output,
) -> io::Result<()> {
    for family in families(recorder, file) {
        let entry = family.entry;
        let (name, kind) = match (entry.metric_type, entry.name.strip_suffix("_total")) {
            (MetricType::Counter, Some(stem)) => (stem, "counter"),
            (MetricType::Counter, None) => (entry.name, "unknown"),
            (other, _) => (entry.name, other.as_str()),
        };
        writeln!(output, "# TYPE {name} {kind}")?;
        if name.ends_with("_seconds") {
            writeln!(output, "# UNIT {name} seconds")?;
        }
        writeln!(output, "# HELP {name} {}", entry.help)?;
        for group in &family.groups {
            let names: Vec<String> = group.series.iter().map(|s| selector(s)).collect();
            let points = group.series.iter().map(|s| s.values.len()).max();
            for j in 0..points.unwrap_or(0) {
                for (series, name) in group.series.iter().zip(&names) {
                    let Some(value) = series.values.get(j).filter(|v| !v.is_nan()) else {
                        continue;
                    };
                    let ts = series.first + j as i64 * series.interval;
                    writeln!(output, "{name} {value} {}", ts as f64 / 1e6)?;
                }
            }
        }
    }
    output.write_all(b"# EOF\n")
}
