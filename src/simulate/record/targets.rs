use super::Run;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::{Recorder, Series};
use crate::simulate::topology::{COLLECTORS, FLINK, QUERY_API, ROUTER};

/// Records which version of each service runs at the end.
pub(super) fn record(run: &Run<'_>, recorder: &mut Recorder) {
    let collectors = COLLECTORS.iter().map(|c| c.service);
    for service in collectors.chain([FLINK, ROUTER, QUERY_API]) {
        let deployed = run.deploys.iter().rfind(|d| d.service == service);
        let version = deployed.map_or("1.20.0", |d| d.version.as_str());
        let labels = [
            ("instance", format!("{service}-0:8080")),
            ("job", service.to_owned()),
            ("service", service.to_owned()),
            ("version", version.to_owned()),
        ];
        recorder.series.push(Series {
            file: MetricFile::Targets,
            name: "app_build_info".to_owned(),
            labels: labels.map(|(n, v)| (n.to_owned(), v)).to_vec(),
            first: run.clock.at(run.clock.steps.saturating_sub(1)),
            interval: run.clock.step,
            values: vec![1.0],
        });
    }
}
