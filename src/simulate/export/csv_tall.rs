//! Writes tall CSV: one sample a row, labels as columns.

use std::io;

use super::output::Output;
use super::time_s;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::Recorder;

const LABELS: [&str; 4] = ["job", "instance", "service", "mountpoint"];

/// Writes the series of a file.
pub(in crate::simulate) fn write(
    recorder: &Recorder,
    file: MetricFile,
    output: &mut Output,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(output);
    let header = ["time", "metric"]
        .into_iter()
        .chain(LABELS)
        .chain(["value"]);
    csv.write_record(header)?;
    for series in recorder.series.iter().filter(|s| s.file == file) {
        let label = |name: &str| {
            let found = series.labels.iter().find(|(n, _)| n == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let labels = LABELS.map(label);
        for (ts, value) in series.samples() {
            let time = time_s(ts);
            let value = value.to_string();
            let row = [time.as_str(), series.name.as_str()]
                .into_iter()
                .chain(labels)
                .chain([value.as_str()]);
            csv.write_record(row)?;
        }
    }
    csv.flush()
}
