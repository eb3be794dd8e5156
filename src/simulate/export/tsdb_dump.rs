//! Writes what `promtool tsdb dump` and `dump-openmetrics` print.

use std::io::{self, Write};

use super::output::Output;
use super::{go_g, selector};
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::Recorder;

/// Writes the series of a file as `dump` does: `{__name__="m", a="b"} 5 1700000000000`.
pub(in crate::simulate) fn write(
    recorder: &Recorder,
    file: MetricFile,
    output: &mut Output,
) -> io::Result<()> {
    for series in recorder.series.iter().filter(|s| s.file == file) {
        let mut labels = format!("{{__name__={:?}", series.name);
        for (name, value) in &series.labels {
            labels += &format!(", {name}={value:?}");
        }
        labels.push('}');
        for (ts, value) in series.samples() {
            writeln!(output, "{labels} {} {}", go_g(value), ts / 1_000)?;
        }
    }
    Ok(())
}

/// Writes them as `dump-openmetrics` does: no types, times in seconds, `# EOF`.
pub(in crate::simulate) fn write_openmetrics(
    recorder: &Recorder,
    file: MetricFile,
    output: &mut Output,
) -> io::Result<()> {
    for series in recorder.series.iter().filter(|s| s.file == file) {
        let name = selector(series);
        for (ts, value) in series.samples() {
            writeln!(output, "{name} {} {:.3}", go_g(value), ts as f64 / 1e6)?;
        }
    }
    output.write_all(b"# EOF\n")
}
