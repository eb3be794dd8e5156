use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use super::*;

fn short(seed: u64, days: u32) -> SimulationOptions {
    SimulationOptions {
        days,
        seed,
        step: 300_000_000,
        long_days: 0,
        ..SimulationOptions::default()
    }
}

fn files(folder: &Path, summary: &SimulationSummary) -> BTreeMap<String, Vec<u8>> {
    summary
        .files
        .iter()
        .map(|path| (path.clone(), fs::read(folder.join(path)).unwrap()))
        .collect()
}

fn run_to_bytes(options: &SimulationOptions) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let summary = simulate(options, folder.path(), &mut |_, _| ()).unwrap();
    files(folder.path(), &summary)
}

fn text(path: &str, bytes: &[u8]) -> String {
    let mut text = String::new();
    if path.ends_with(".zst") {
        let mut decoder = zstd::Decoder::new(bytes).unwrap();
        decoder.read_to_string(&mut text).unwrap();
    } else if path.ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes)
            .read_to_string(&mut text)
            .unwrap();
    } else {
        text = String::from_utf8(bytes.to_vec()).unwrap();
    }
    text
}

/// Two weeks by five minutes, with everything.
fn weeks() -> &'static BTreeMap<String, String> {
    static WEEKS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    WEEKS.get_or_init(|| {
        let options = SimulationOptions {
            long_days: 30,
            ..short(1, 14)
        };
        run_to_bytes(&options)
            .iter()
            .map(|(path, bytes)| (path.clone(), text(path, bytes)))
            .collect()
    })
}

fn truth() -> Value {
    serde_json::from_str(&weeks()["truth.json"]).unwrap()
}

/// Series of a file of VictoriaMetrics lines: labels with the name, values.
fn vm(path: &str) -> Vec<(BTreeMap<String, String>, Vec<f64>)> {
    weeks()[path]
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let labels = serde_json::from_value(line["metric"].clone()).unwrap();
            let values = serde_json::from_value(line["values"].clone()).unwrap();
            (labels, values)
        })
        .collect()
}

#[test]
fn same_options_same_bytes_and_another_seed_others() {
    let first = run_to_bytes(&short(7, 3));
    let again = run_to_bytes(&short(7, 3));
    assert_eq!(first, again);
    let other = run_to_bytes(&short(8, 3));
    assert_eq!(first.len(), other.len());
    assert_ne!(
        first["metrics/collectors.vm.jsonl.zst"],
        other["metrics/collectors.vm.jsonl.zst"]
    );
}

#[test]
fn buckets_are_cumulative_and_end_with_the_count() {
    let mut histograms = 0;
    for path in [
        "metrics/collectors.vm.jsonl.zst",
        "metrics/pipeline.vm.jsonl.zst",
        "metrics/storage.vm.jsonl.zst",
    ] {
        let series = vm(path);
        for pair in series.windows(2) {
            let name = &pair[0].0["__name__"];
            if !name.ends_with("_bucket") {
                continue;
            }
            let upper = &pair[1].0["__name__"];
            if name == upper {
                assert!(
                    pair[0]
                        .1
                        .iter()
                        .zip(&pair[1].1)
                        .all(|(low, high)| low <= high)
                );
            } else {
                assert_eq!(upper.strip_suffix("_count"), name.strip_suffix("_bucket"));
                assert_eq!(pair[0].0["le"], "+Inf");
                assert_eq!(pair[0].1, pair[1].1);
                histograms += 1;
            }
        }
    }
    assert_eq!(histograms, 3 + 3 + 3 + 1 + 2);
}

#[test]
fn flink_times_make_a_second() {
    let mut sums: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (labels, values) in vm("metrics/pipeline.vm.jsonl.zst") {
        if labels["__name__"].ends_with("TimeMsPerSecond") {
            let sum = sums
                .entry(labels["stage"].clone())
                .or_insert_with(|| vec![0.0; values.len()]);
            sum.iter_mut()
                .zip(&values)
                .for_each(|(sum, value)| *sum += value);
        }
    }
    assert_eq!(sums.len(), 3);
    assert!(sums.values().flatten().all(|sum| *sum == 1000.0));
}

#[test]
fn littles_law_holds_in_what_is_exported() {
    let series = vm("metrics/pipeline.vm.jsonl.zst");
    for stage in ["validation", "transformation", "enrichment"] {
        let of = |name: &str| {
            let found = series.iter().find(|(labels, _)| {
                labels["__name__"] == name && labels.get("stage").is_some_and(|s| s == stage)
            });
            found.unwrap().1.clone()
        };
        let sum = of("pipeline_processing_duration_seconds_sum");
        let increase: f64 = sum
            .windows(2)
            .map(|pair| {
                if pair[1] < pair[0] {
                    pair[1]
                } else {
                    pair[1] - pair[0]
                }
            })
            .sum();
        let in_flight = of("pipeline_in_flight");
        let area = in_flight[1..].iter().sum::<f64>() * 300.0;
        assert!(
            (increase / area - 1.0).abs() < 0.01,
            "{stage} {increase} {area}"
        );
    }
}

#[test]
fn truth_counts_what_is_in_the_files() {
    let truth = truth();
    for path in [
        "metrics/collectors.vm.jsonl.zst",
        "long/hourly.vm.jsonl.zst",
    ] {
        let series = vm(path);
        let samples: usize = series.iter().map(|(_, values)| values.len()).sum();
        assert_eq!(truth["files"][path]["series"], series.len());
        assert_eq!(truth["files"][path]["samples"], samples);
    }
    let lines = |path: &str, skip: &dyn Fn(&str) -> bool| {
        weeks()[path].lines().filter(|line| !skip(line)).count()
    };
    for path in ["metrics/flink.om.zst", "metrics/query-api.prom.zst"] {
        let samples = lines(path, &|line| line.starts_with('#'));
        assert_eq!(truth["files"][path]["samples"], samples);
    }
    let path = "metrics/databases.dump.txt.zst";
    assert_eq!(truth["files"][path]["samples"], lines(path, &|_| false));
    let path = "metrics/infrastructure.csv.zst";
    assert_eq!(truth["files"][path]["samples"], lines(path, &|_| false) - 1);
    let kafka: Value =
        serde_json::from_str(&weeks()["metrics/kafka.query_range.json.zst"]).unwrap();
    let series = kafka["data"]["result"].as_array().unwrap();
    let samples: usize = series
        .iter()
        .map(|s| s["values"].as_array().unwrap().len())
        .sum();
    assert_eq!(
        truth["files"]["metrics/kafka.query_range.json.zst"]["samples"],
        samples
    );

    let app = lines("logs/application.jsonl.zst", &|_| false);
    let router = lines("logs/storage-router.elasticdump.jsonl.gz", &|_| false);
    let search: Value = serde_json::from_str(&weeks()["logs/query-api.search.json.gz"]).unwrap();
    let hits = search["hits"]["hits"].as_array().unwrap().len();
    assert_eq!(truth["logs"]["records"], app + router + hits);
    for (name, rows) in truth["events"].as_object().unwrap() {
        let found = lines(&format!("events/{name}"), &|_| false) - 1;
        assert_eq!(*rows, found, "{name}");
    }
    assert_eq!(
        truth["job_runs"],
        lines("jobs/job_runs.csv", &|_| false) - 1
    );
}

#[test]
fn every_exported_metric_is_in_the_catalogue_and_the_other_way_round() {
    for entry in CATALOGUE {
        let text = &weeks()[entry.file.path()];
        assert!(
            text.contains(entry.name),
            "{} is not in its file",
            entry.name
        );
    }
    for path in [
        "metrics/pipeline.vm.jsonl.zst",
        "metrics/storage.vm.jsonl.zst",
    ] {
        for (labels, _) in vm(path) {
            let name = &labels["__name__"];
            let stem = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|s| name.strip_suffix(s));
            let known = |n: &str| n == "up" || CATALOGUE.iter().any(|e| e.name == n);
            assert!(known(name) || stem.is_some_and(known), "{name}");
        }
    }
}

#[test]
fn traces_and_logs_share_their_ids() {
    let jaeger: Value = serde_json::from_str(&weeks()["traces/jaeger.json.gz"]).unwrap();
    let traces = jaeger["data"].as_array().unwrap();
    assert!(traces.len() > 100);
    for trace in traces {
        let id = trace["traceID"].as_str().unwrap();
        let told = [
            "logs/application.jsonl.zst",
            "logs/query-api.search.json.gz",
        ]
        .iter()
        .any(|path| weeks()[*path].contains(id));
        assert!(told, "{id}");
        let spans = trace["spans"].as_array().unwrap();
        let span_of = |id: &Value| spans.iter().find(|s| s["spanID"] == *id).unwrap();
        for span in spans {
            for reference in span["references"].as_array().unwrap() {
                let parent = span_of(&reference["spanID"]);
                assert!(parent["startTime"].as_i64() <= span["startTime"].as_i64());
            }
        }
    }
}

#[test]
fn refuses_what_it_cannot_simulate() {
    let refused = |options: SimulationOptions| {
        matches!(
            simulate(&options, Path::new("/nonexistent/x"), &mut |_, _| ()),
            Err(SimulateError::Option { .. })
        )
    };
    let good = SimulationOptions::default();
    assert!(refused(SimulationOptions {
        days: 0,
        ..good.clone()
    }));
    assert!(refused(SimulationOptions {
        step: 7_000_000,
        ..good.clone()
    }));
    assert!(refused(SimulationOptions {
        scale: f64::NAN,
        ..good.clone()
    }));
    assert!(refused(SimulationOptions {
        start: i64::MIN,
        ..good.clone()
    }));
    assert!(refused(SimulationOptions {
        long_days: u32::MAX,
        ..good
    }));
}

#[test]
fn a_single_day_and_a_larger_system_work() {
    let day = run_to_bytes(&short(1, 1));
    assert_eq!(text("", &day["events/incidents.csv"]).lines().count(), 1);
    let options = SimulationOptions {
        scale: 3.0,
        ..short(1, 2)
    };
    let large = run_to_bytes(&options);
    let path = "metrics/collectors.vm.jsonl.zst";
    assert!(text(path, &large[path]).contains("shipping-collector-2:8080"));
}
