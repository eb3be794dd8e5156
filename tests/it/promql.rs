//! `retrocast promql` and `retrocast test` on a store of a few samples.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::{Workspace, repository};

/// Seven minutes of two counters and a gauge, from 2026-03-31T23:33:20Z.
static SAMPLES: LazyLock<Workspace> = LazyLock::new(|| {
    let workspace = Workspace::new();
    let times: Vec<i64> = (0..7).map(|i| 1_775_000_000_000 + 60_000 * i).collect();
    let line = |labels: Value, values: Value| {
        json!({"metric": labels, "values": values, "timestamps": times}).to_string() + "\n"
    };
    let counter = |service: &str, rise: i64| {
        let labels = json!({"__name__": "requests_total", "service": service});
        line(labels, (0..7).map(|i| rise * i).collect())
    };
    let depth = json!({"__name__": "queue_depth", "service": "a", "note": "a \"b\"\\\n"});
    let text = [
        counter("a", 60),
        counter("b", 30),
        line(depth, json!([1, 0.25, -2, "NaN", "Infinity", 1e-9, 5e300])),
    ];
    workspace.write("samples.jsonl", text.concat());
    workspace.fine(&["ingest", "samples.jsonl"]);
    workspace
});

const SINCE: &str = "2026-03-31T23:33:20Z";
const TWO_MINUTES: [&str; 6] = [
    "--since",
    SINCE,
    "--until",
    "2026-03-31T23:35:20Z",
    "--step",
    "1m",
];

fn promql(arguments: &[&str]) -> String {
    let arguments: Vec<&str> = [&["promql"], arguments].concat();
    SAMPLES.fine(&arguments).stdout
}

/// A range of three steps.
fn range(expression: &str, more: &[&str]) -> String {
    promql(&[&[expression], &TWO_MINUTES[..], more].concat())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("valid JSON")
}

#[test]
fn an_instant_is_where_the_samples_end_or_as_said() {
    assert_eq!(
        promql(&["requests_total", "--format", "csv"]),
        "ts,metric,service,value\n\
         2026-03-31T23:39:20Z,requests_total,a,360\n\
         2026-03-31T23:39:20Z,requests_total,b,180\n"
    );
    let at = ["--at", "2026-03-31T23:36:20Z", "--format", "csv"];
    let rate = promql(&[&["sum(rate(requests_total[2m]))"], &at[..]].concat());
    assert_eq!(rate, "ts,value\n2026-03-31T23:36:20Z,1.5\n");
    let table = promql(&["requests_total > 200"]);
    assert!(table.contains("at=2026-03-31T23:39:20Z"), "{table}");
    let rows: Vec<&str> = table.lines().filter(|l| l.contains("total ")).collect();
    assert_eq!(rows.len(), 2, "the title and a row: {table}");
    assert!(!table.contains('┤'), "an instant has no chart: {table}");
}

#[test]
fn scalars_strings_and_raw_samples_have_values() {
    let csv = |expression| promql(&[expression, "--format", "csv"]);
    assert_eq!(
        csv("1 / 3"),
        "ts,value\n2026-03-31T23:39:20Z,0.3333333333333333\n"
    );
    assert_eq!(csv("'text'"), "ts,value\n2026-03-31T23:39:20Z,text\n");
    assert_eq!(
        csv("requests_total{service='a'}[90s]"),
        "ts,metric,service,value\n\
         2026-03-31T23:38:20Z,requests_total,a,300\n\
         2026-03-31T23:39:20Z,requests_total,a,360\n"
    );
}

#[test]
fn a_range_has_its_end() {
    let csv = range("sum(requests_total)", &["--format", "csv"]);
    assert_eq!(
        csv,
        "ts,value\n2026-03-31T23:33:20Z,0\n2026-03-31T23:34:20Z,90\n2026-03-31T23:35:20Z,180\n"
    );
    let run = SAMPLES.fine(&[
        "promql",
        "sum(requests_total)",
        "--since",
        SINCE,
        "--format",
        "csv",
    ]);
    assert_eq!(run.stdout.lines().count(), 1 + 361);
    assert_eq!(run.stderr, "step: 1s\n");
    // Without --since and --until the whole of the samples.
    let whole = promql(&["sum(requests_total)", "--step", "6m", "--format", "csv"]);
    assert_eq!(
        whole,
        "ts,value\n2026-03-31T23:33:20Z,0\n2026-03-31T23:39:20Z,540\n"
    );
}

#[test]
fn people_see_a_chart_and_a_row_a_series() {
    let table = range("requests_total", &[]);
    for part in [
        "All 2 series: requests_total",
        "● a",
        "▲ b",
        "┤",
        "points",
        "step=1m",
        "last",
    ] {
        assert!(table.contains(part), "no {part} in {table}");
    }
    let md = range("requests_total", &["--format", "md"]);
    assert!(md.contains("| b | 3 | 0 | 0 | 30 | 60 | 60 |"), "{md}");
}

#[test]
fn machines_get_every_point() {
    let document = json(&range("rate(requests_total[1m])", &["--format", "json"]));
    assert_eq!(document["schema"], "retrocast.report/v1");
    assert_eq!(document["title"], "rate(requests_total[1m])");
    assert_eq!(document["name"], "promql");
    assert_eq!(document["parameters"]["step"], "1m");
    assert_eq!(document["until"], "2026-03-31T23:35:20Z");
    assert_eq!(
        document["rows"],
        json!([]),
        "a left-open minute has one sample"
    );
    let version = ["--format", "json", "--promql-version", "2"];
    let document = json(&range("rate(requests_total[1m])", &version));
    let last = json!({"ts": "2026-03-31T23:35:20Z", "service": "b", "value": 0.5});
    assert_eq!(document["rows"][3], last, "{document}");

    SAMPLES.fine(&[
        "promql",
        "requests_total",
        "--step",
        "1m",
        "-o",
        "all.parquet",
    ]);
    let read = SAMPLES.sql("SELECT count(*), sum(value) FROM 'all.parquet'");
    assert_eq!(read, ["14,1890"]);
}

#[test]
fn prometheus_is_the_data_of_its_api() {
    let prometheus = ["--format", "prometheus"];
    assert_eq!(
        promql(&[&["requests_total{service='a'}"], &prometheus[..]].concat()),
        "{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":\"requests_total\",\
         \"service\":\"a\"},\"value\":[1775000360,\"360\"]}]}\n"
    );
    assert_eq!(
        range("sum by (service) (requests_total) / 7", &prometheus),
        "{\"resultType\":\"matrix\",\"result\":[\
         {\"metric\":{\"service\":\"a\"},\"values\":[[1775000000,\"0\"],\
         [1775000060,\"8.571428571428571\"],[1775000120,\"17.142857142857142\"]]},\
         {\"metric\":{\"service\":\"b\"},\"values\":[[1775000000,\"0\"],\
         [1775000060,\"4.285714285714286\"],[1775000120,\"8.571428571428571\"]]}]}\n"
    );
    assert_eq!(
        promql(&[&["7"], &prometheus[..]].concat()),
        "{\"resultType\":\"scalar\",\"result\":[1775000360,\"7\"]}\n"
    );
}

#[test]
fn lines_can_be_ingested_again() {
    let other = Workspace::new();
    let lines = promql(&[
        "{__name__=~'requests_total|queue_depth'}",
        "--step",
        "1m",
        "--format",
        "ndjson",
    ]);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    other.write("again.jsonl", lines);
    other.fine(&["ingest", "again.jsonl"]);
    // A series' id is a hash of all its labels.
    let all = "SELECT series_id, ts, value FROM samples ORDER BY series_id, ts";
    let (before, after) = (SAMPLES.sql(all), other.sql(all));
    assert_eq!(before.len(), 21);
    assert_eq!(before, after);
    // What has no name gets that of the file, or --metric.
    let rates = promql(&["sum(requests_total)", "--format", "ndjson"]);
    assert_eq!(
        rates,
        "{\"metric\":{},\"values\":[540],\"timestamps\":[1775000360000]}\n"
    );
    let run = SAMPLES.run(&["promql", "'text'", "--format", "ndjson"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
}

#[test]
fn errors_show_the_place() {
    let error = |expression: &str, more: &[&str]| {
        let run = SAMPLES.run(&[&["promql", expression], more].concat());
        assert_eq!(run.code, Some(2), "{expression}: {}", run.stderr);
        assert_eq!(run.stdout, "");
        run.stderr
    };
    let unknown = error("sum(ratee(requests_total[5m]))", &[]);
    assert!(unknown.starts_with("error: "), "{unknown}");
    assert!(
        unknown.contains("ratee(requests_total[5m])") && unknown.contains('^'),
        "{unknown}"
    );
    let twice = error(
        "sum(label_replace(requests_total, 'service', 'x', '', ''))",
        &TWO_MINUTES,
    );
    assert!(
        twice.contains("same labelset, at 2026-03-31T23:33:20Z: requests_total{service=\"x\"}")
            && twice.contains('^'),
        "{twice}"
    );
    let raw = error("requests_total[5m]", &TWO_MINUTES);
    assert!(raw.contains("range vector"), "{raw}");
    let string = error("'text'", &TWO_MINUTES);
    assert!(string.contains("type \"string\""), "{string}");
    let both = error("up", &["--at", "now", "--since", "1d"]);
    assert!(both.contains("--since"), "{both}");
    let steps = error("up", &["--since", "9000y", "--step", "1ms"]);
    assert!(steps.contains("longer --step"), "{steps}");
}

#[test]
fn a_selector_without_series_says_what_is_near() {
    let hint = |expression: &str, part: &str| {
        let run = SAMPLES.fine(&["promql", expression, "--format", "csv"]);
        assert_eq!(run.stdout, "ts,value\n", "an empty result is a result");
        assert!(run.stderr.contains(part), "{expression}: {}", run.stderr);
    };
    hint(
        "sum(rate(request_total[5m]))",
        "did you mean requests_total?",
    );
    hint("requests_total{servic='a'}", "did you mean service?");
    hint("requests_total{service='c'}", "there is \"a\", \"b\"");
    let late = ["promql", "requests_total", "--at", "2026-04-01T12:00:00Z"];
    let late = SAMPLES.fine(&late).stdout;
    assert!(
        late.contains("has a sample at the times asked for") && late.contains("23:39:20"),
        "{late}"
    );
    // A filter that nothing passes is no riddle.
    let run = SAMPLES.fine(&["promql", "requests_total > 1e9", "--format", "json"]);
    assert_eq!(json(&run.stdout)["warnings"], json!([]));
    assert_eq!(json(&run.stdout)["rows"], json!([]));
}

#[test]
fn annotations_are_warnings() {
    let run = SAMPLES.fine(&["promql", "rate(queue_depth[5m])", "--format", "json"]);
    let warnings = &json(&run.stdout)["warnings"];
    assert_eq!(warnings[0]["code"], "promql-info", "{warnings}");
    let message = warnings[0]["message"].as_str().expect("a message");
    assert!(
        message.contains("queue_depth") && message.contains("(1:6)"),
        "{message}"
    );
    let run = SAMPLES.fine(&["promql", "rate(queue_depth[5m])", "--format", "ndjson"]);
    assert!(run.stderr.contains("queue_depth"), "{}", run.stderr);
}

#[test]
fn statistics_count_what_was_read() {
    let arguments = [
        &["promql", "rate(requests_total[5m])", "--stats"],
        &TWO_MINUTES[..],
    ]
    .concat();
    let run = SAMPLES.fine(&arguments);
    assert!(
        run.stderr.contains("read: 2 series and ") && run.stderr.contains(" at 3 steps"),
        "{}",
        run.stderr
    );
}

#[test]
fn sql_evaluates_promql() {
    let sql = "SELECT sum(value) FROM promql('sum by (service) (requests_total)',
               '2026-03-31T23:39:20Z')";
    assert_eq!(SAMPLES.sql(sql), ["540"]);
}

#[test]
fn our_scripts_pass() {
    let folder = repository().join("tests/promql");
    let folder = folder.to_str().expect("a path in UTF-8");
    let run = SAMPLES.run(&["test", folder, "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
    let document = json(&run.stdout);
    let rows = document["rows"].as_array().expect("a row a script");
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(row["failed"], 0, "{row}");
    }
}

#[test]
fn scripts_fail_by_place() {
    let workspace = Workspace::new();
    workspace.write(
        "scripts/good.test",
        "load 1m\n  up 1 2 3\n\neval instant at 2m up\n  up 3\n",
    );
    workspace.write(
        "scripts/deeper/bad.test",
        "load 1m\n  up 1 2 3\n\neval instant at 1m up\n  up 7\n\neval instant at 1m up\n  up 2\n",
    );
    workspace.write("wrong.test", "load 1m\n  up 1\n\nevil instant at 0 up\n");
    let run = workspace.run(&["test", "scripts"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    for part in [
        "scripts/good.test",
        "2 of 3 stable evals passed",
        "scripts/deeper/bad.test:4",
    ] {
        assert!(run.stdout.contains(part), "no {part} in {}", run.stdout);
    }
    let run = workspace.run(&["test", "scripts/good.test", "wrong.test"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("wrong.test:4: "), "{}", run.stderr);
    assert!(
        run.stdout.contains("1 of 1 stable evals passed"),
        "{}",
        run.stdout
    );
    workspace.write("empty.test", "load 1m\n  up 1\n");
    let run = workspace.fine(&["test", "empty.test"]);
    assert!(run.stdout.contains("tests nothing"), "{}", run.stdout);
    assert_eq!(workspace.run(&["test", "absent.test"]).code, Some(3));
    assert_eq!(workspace.run(&["test", "absent"]).code, Some(3));
    workspace.write("readme.md", "");
    assert_eq!(workspace.run(&["test", "readme.md"]).code, Some(2));
}
