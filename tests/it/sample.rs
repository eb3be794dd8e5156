//! The sample system: the README's first command, and its answers against what
//! the simulator knows (`sample-data/truth.json`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

use crate::support::{Workspace, copy, repository};

/// A workspace in which the sample job has run.
struct Sample {
    workspace: Workspace,
    truth: Value,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let workspace = Workspace::new();
    copy(
        &repository().join("sample-data"),
        &workspace.path("sample-data"),
    );
    workspace.fine(&["run", "sample-data/retrocast.toml"]);
    let truth = fs::read_to_string(workspace.path("sample-data/truth.json")).expect("truth.json");
    Sample {
        workspace,
        truth: serde_json::from_str(&truth).expect("valid JSON"),
    }
});

impl Sample {
    /// A report over the three weeks, as its JSON rows.
    fn report(&self, name: &str) -> Vec<Value> {
        let run = self
            .workspace
            .fine(&["report", name, "--since", "21d", "--format", "json"]);
        let document: Value = serde_json::from_str(&run.stdout).expect("valid JSON");
        document["rows"].as_array().expect("rows").clone()
    }
}

fn close(actual: f64, expected: f64, share: f64, what: &str) {
    assert!(
        (actual - expected).abs() <= share * expected.abs(),
        "{what}: {actual}, but the simulator knows {expected}"
    );
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

#[test]
fn the_job_is_fine_and_every_report_has_rows() {
    let path = SAMPLE.workspace.path("reports/summary.json");
    let summary: Value =
        serde_json::from_str(&fs::read_to_string(path).expect("summary.json")).expect("valid JSON");
    assert_eq!(summary["is_fine"], true);
    for step in summary["steps"].as_array().expect("steps") {
        assert_eq!(step["outcome"], "done", "{step}");
        assert_eq!(step["loaded"]["rejects"].as_u64().unwrap_or(0), 0, "{step}");
    }
    let list = SAMPLE.workspace.fine(&["report", "--list"]).stdout;
    let names = list
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    let mut count = 0;
    for name in names {
        // Only a system without gaps may have none.
        let rows = SAMPLE.report(name);
        assert!(name == "gaps" || !rows.is_empty(), "{name} has no rows");
        count += 1;
    }
    assert!(count >= 15, "{count} reports");
}

#[test]
fn every_record_is_in_the_store() {
    let rows = SAMPLE
        .workspace
        .sql("SELECT file, samples, rejects FROM ingests WHERE samples > 0");
    let files: BTreeMap<String, String> = rows
        .iter()
        .filter_map(|row| row.strip_prefix("sample-data/")?.split_once(','))
        .map(|(file, counts)| (file.to_owned(), counts.to_owned()))
        .collect();
    for (file, known) in SAMPLE.truth["files"].as_object().expect("files") {
        let expected = format!("{},0", known["samples"]);
        assert_eq!(files.get(file), Some(&expected), "{file}");
    }
    let sql = "SELECT service, severity, count(*) FROM logs GROUP BY service, severity";
    let mut records = 0;
    for row in SAMPLE.workspace.sql(sql) {
        let cells: Vec<&str> = row.split(',').collect();
        let known = &SAMPLE.truth["logs"]["by_service_and_level"][cells[0]][cells[1]];
        assert_eq!(known.to_string(), cells[2], "{row}");
        records += known.as_u64().unwrap_or(0);
    }
    assert_eq!(Some(records), SAMPLE.truth["logs"]["records"].as_u64());
    let spans = "SELECT count(*), count(DISTINCT trace_id) FROM spans";
    let known = [&SAMPLE.truth["spans"], &SAMPLE.truth["traces"]].map(ToString::to_string);
    assert_eq!(SAMPLE.workspace.sql(spans), [known.join(",")]);
    let kinds = "SELECT kind, count(*) FROM events GROUP BY kind";
    for row in SAMPLE.workspace.sql(kinds) {
        let (kind, count) = row.split_once(',').expect("two cells");
        let file = match kind {
            "maintenance" => "maintenance.csv".to_owned(),
            kind => format!("{kind}s.csv"),
        };
        assert_eq!(SAMPLE.truth["events"][&file].to_string(), count, "{kind}");
    }
    let runs = SAMPLE.workspace.sql("SELECT count(*) FROM job_runs");
    assert_eq!(runs[0], SAMPLE.truth["job_runs"].to_string());
}

#[test]
fn counters_add_up() {
    // What rises before the first sample of a series is in no difference.
    let sql = "SELECT metric, sum(rise) FROM (
                 SELECT s.metric, s.series_id, increase(s.ts, s.value) AS rise
                 FROM samples s JOIN series r ON s.series_id = r.series_id
                 WHERE r.labels['le'] IS NULL GROUP BY s.metric, s.series_id
               ) GROUP BY metric";
    let rises: BTreeMap<String, f64> = SAMPLE
        .workspace
        .sql(sql)
        .iter()
        .filter_map(|row| row.split_once(','))
        .filter_map(|(metric, rise)| Some((metric.to_owned(), rise.parse().ok()?)))
        .collect();
    for (metric, known) in SAMPLE.truth["counters"].as_object().expect("counters") {
        let rise = *rises
            .get(metric)
            .unwrap_or_else(|| panic!("{metric} is not there"));
        close(rise, number(known), 0.01, metric);
    }
}

#[test]
fn littles_law_holds_at_every_stage() {
    let rows = SAMPLE.report("littles-law");
    let stages: BTreeMap<&str, &Value> = rows
        .iter()
        .map(|row| (row["stage"].as_str().expect("a name"), row))
        .collect();
    let mut checked = 0;
    for known in SAMPLE.truth["stages"].as_array().expect("stages") {
        let name = known["name"].as_str().expect("a name");
        let Some((_, row)) = stages
            .iter()
            .find(|(stage, _)| stage.split('/').next_back() == Some(name))
        else {
            continue;
        };
        let residual = number(&row["residual"]);
        assert!(residual.abs() < 0.01, "{name}: residual {residual}");
        close(
            number(&row["measured"]),
            number(&known["mean_in_stage"]),
            0.02,
            name,
        );
        let mean = number(&known["time_in_stage_seconds"]) / number(&known["completions"]);
        close(number(&row["time_in_stage"]), mean, 0.02, name);
        checked += 1;
    }
    assert!(checked >= 10, "{checked} stages were checked");
}

#[test]
fn percentiles_lie_within_their_bucket() {
    let sql = "SELECT r.labels['service'] AS service, histogram_quantile(0.95, r.labels['le'], rise)
               FROM (SELECT series_id, increase(ts, value) AS rise FROM samples
                     WHERE metric = 'collector_processing_duration_seconds_bucket' GROUP BY series_id) i
               JOIN series r ON i.series_id = r.series_id GROUP BY 1";
    let estimates: BTreeMap<String, f64> = SAMPLE
        .workspace
        .sql(sql)
        .iter()
        .filter_map(|row| row.split_once(','))
        .map(|(service, p95)| (service.to_owned(), p95.parse().expect("a number")))
        .collect();
    for known in SAMPLE.truth["stages"].as_array().expect("stages") {
        if known["kind"] == "collector" {
            let name = known["name"].as_str().expect("a name");
            // Buckets are 2 to 2.5 apart.
            let factor = estimates[name] / number(&known["p95"]);
            assert!((0.4..2.5).contains(&factor), "{name}: {factor}");
        }
    }
}

#[test]
fn freshness_deadlines_and_errors_are_those_of_the_simulator() {
    let last = |table| {
        let rows = SAMPLE
            .workspace
            .sql(&format!("SELECT max(ts) FROM {table}"));
        chrono::DateTime::parse_from_rfc3339(&rows[0]).expect("a time")
    };
    for table in ["samples", "logs"] {
        let known = SAMPLE.truth["last_times"][table].as_str().expect("a time");
        let known = chrono::DateTime::parse_from_rfc3339(known).expect("a time");
        assert_eq!(last(table), known, "{table}");
    }
    let freshest = SAMPLE
        .report("freshness")
        .iter()
        .filter(|row| row["kind"] == "samples")
        .map(|row| number(&row["age"]))
        .fold(f64::INFINITY, f64::min);
    assert!(freshest < 120.0, "{freshest}");

    let mut late: Vec<String> = SAMPLE
        .report("job-runs")
        .iter()
        .filter(|row| row["deadline_met"] == false)
        .filter_map(|row| row["scheduled_at"].as_str()?.get(..10).map(str::to_owned))
        .collect();
    // A run that failed and was repeated may be late twice.
    late.dedup();
    let known: Vec<&str> = SAMPLE.truth["job"]["late_days"]
        .as_array()
        .expect("days")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(late, known);

    for row in SAMPLE.report("top-errors") {
        let name = row["type"].as_str().expect("a type");
        if let Some(known) = SAMPLE.truth["logs"]["errors_by_type"].get(name) {
            assert_eq!(&row["records"], known, "{name}");
        }
    }
}

#[test]
fn the_job_again_adds_nothing() {
    let counts = "SELECT count(*), count(DISTINCT series_id), max(ts), max(value) FROM samples";
    let before = SAMPLE.workspace.sql(counts);
    let again = SAMPLE
        .workspace
        .fine(&["run", "sample-data/retrocast.toml", "--quiet"]);
    assert!(again.stderr.contains("already known"), "{}", again.stderr);
    assert_eq!(SAMPLE.workspace.sql(counts), before);
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let w = Workspace::new();
    let simulate = |folder: &str| {
        w.fine(&[
            "simulate",
            folder,
            "--days",
            "1",
            "--step",
            "10m",
            "--long-days",
            "0",
        ]);
        let mut files = Vec::new();
        list(&w.path(folder), &mut files);
        files
    };
    let (a, b) = (simulate("a"), simulate("b"));
    assert!(a.len() > 15, "{} files", a.len());
    assert!(a == b, "two runs differ");
}

fn list(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            list(&entry, files);
        } else {
            let name = entry
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            files.push((name, fs::read(&entry).expect("a file")));
        }
    }
}
