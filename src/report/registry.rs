use super::{ReportError, ReportFile};

/// Path below `queries/` and text of each report that is built in, by path.
pub const REPORTS: &[(&str, &str)] = &[
    (
        "batch/cost-per-success.sql",
        include_str!("../../queries/batch/cost-per-success.sql"),
    ),
    (
        "batch/job-runs.sql",
        include_str!("../../queries/batch/job-runs.sql"),
    ),
    (
        "batch/stage-time.sql",
        include_str!("../../queries/batch/stage-time.sql"),
    ),
    (
        "bottleneck/littles-law.sql",
        include_str!("../../queries/bottleneck/littles-law.sql"),
    ),
    (
        "data/completeness.sql",
        include_str!("../../queries/data/completeness.sql"),
    ),
    (
        "data/freshness.sql",
        include_str!("../../queries/data/freshness.sql"),
    ),
    ("data/gaps.sql", include_str!("../../queries/data/gaps.sql")),
    (
        "data/scrape-completeness.sql",
        include_str!("../../queries/data/scrape-completeness.sql"),
    ),
    (
        "logs/log-volume.sql",
        include_str!("../../queries/logs/log-volume.sql"),
    ),
    (
        "logs/top-errors.sql",
        include_str!("../../queries/logs/top-errors.sql"),
    ),
    (
        "resource/use.sql",
        include_str!("../../queries/resource/use.sql"),
    ),
    (
        "service/error-rate.sql",
        include_str!("../../queries/service/error-rate.sql"),
    ),
    (
        "service/golden-signals.sql",
        include_str!("../../queries/service/golden-signals.sql"),
    ),
    (
        "service/latency-percentiles.sql",
        include_str!("../../queries/service/latency-percentiles.sql"),
    ),
    (
        "service/red.sql",
        include_str!("../../queries/service/red.sql"),
    ),
    (
        "store/cardinality.sql",
        include_str!("../../queries/store/cardinality.sql"),
    ),
    (
        "store/metrics.sql",
        include_str!("../../queries/store/metrics.sql"),
    ),
    (
        "store/series.sql",
        include_str!("../../queries/store/series.sql"),
    ),
    (
        "stream/throughput-lag.sql",
        include_str!("../../queries/stream/throughput-lag.sql"),
    ),
    (
        "trend/week-over-week.sql",
        include_str!("../../queries/trend/week-over-week.sql"),
    ),
];

/// Reads all built-in reports, in the order of [`REPORTS`].
pub fn built_in_reports() -> Result<Vec<ReportFile>, ReportError> {
    REPORTS
        .iter()
        .map(|(path, sql)| ReportFile::parse(path, sql))
        .collect()
}

/// Finds a built-in report by name (`golden-signals`; `_` and `-` are one) or
/// by area and name (`service/golden-signals`).
pub fn built_in(name: &str) -> Option<Result<ReportFile, ReportError>> {
    let wanted = name.replace('_', "-");
    REPORTS
        .iter()
        .find(|(path, _)| {
            let path = path.trim_end_matches(".sql").replace('_', "-");
            path == wanted || path.rsplit('/').next() == Some(&wanted)
        })
        .map(|(path, sql)| ReportFile::parse(path, sql))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn files(folder: &Path, below: &str, found: &mut BTreeSet<String>) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        for entry in entries {
            let entry = entry.expect("readable");
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                files(&entry.path(), &format!("{name}/"), found);
            } else if name.ends_with(".sql") {
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_file_in_queries_is_registered() {
        let mut found = BTreeSet::new();
        let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
        files(&queries, "", &mut found);
        let registered: Vec<_> = REPORTS.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert!(
            registered.is_sorted(),
            "REPORTS is not in the order of the paths"
        );
        assert_eq!(registered.into_iter().collect::<BTreeSet<_>>(), found);
    }

    #[test]
    fn every_report_reads_and_has_a_name_of_its_own() {
        let reports = built_in_reports().unwrap_or_else(|error| panic!("{error}"));
        let names: BTreeSet<_> = reports.iter().map(|report| &report.name).collect();
        assert_eq!(names.len(), reports.len());
        for report in &reports {
            assert!(built_in(&report.name).is_some());
        }
    }
}
