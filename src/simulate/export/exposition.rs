//! Writes Prometheus' text exposition format with times in ms.

use std::io::{self, Write};

use super::output::Output;
use super::{families, selector};
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
        writeln!(output, "# HELP {} {}", entry.name, entry.help)?;
        writeln!(
            output,
            "# TYPE {} {}",
            entry.name,
            entry.metric_type.as_str()
        )?;
        for series in family.groups.iter().flat_map(|g| &g.series) {
            let name = selector(series);
            for (ts, value) in series.samples() {
                writeln!(output, "{name} {value} {}", ts / 1_000)?;
            }
        }
    }
    Ok(())
}
