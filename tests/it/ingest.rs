//! `ingest` on good, bad, repeated and interrupted input.

use std::io::Write;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Run, Workspace};

fn line(metric: &str, start_s: i64, values: &[i64]) -> String {
    let ts: Vec<i64> = (0..values.len() as i64)
        .map(|i| (start_s + 15 * i) * 1000)
        .collect();
    format!(
        "{{\"metric\":{{\"__name__\":\"{metric}\",\"job\":\"j\"}},\"values\":{values:?},\"timestamps\":{ts:?}}}\n"
    )
}

fn gz(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("into memory");
    encoder.finish().expect("into memory")
}

const T0: i64 = 1_775_000_000;

#[test]
fn a_folder_of_good_and_bad_files() {
    let w = Workspace::new();
    w.write("in/a_good.jsonl", line("good", T0, &[1, 2, 3]));
    let text: String = (0..5000)
        .map(|i| line("cut", T0 + 1000 * i, &[i, i * i, i * 7919 % 13]))
        .collect();
    let mut cut = gz(&text);
    cut.truncate(cut.len() * 2 / 3);
    w.write("in/b_truncated.jsonl.gz", cut);
    w.write(
        "in/c_binary.bin",
        [0_u8, 159, 146, 150, 0, 1, 2, 3, 255, 254].repeat(40),
    );
    w.write("in/d_empty.jsonl", "");
    w.write(
        "in/e_types.csv",
        "time,metric,value,host\n2026-04-01T00:00:00Z,temp,21.5,a\n2026-04-01T00:01:00Z,temp,warm,a\n2026-04-01T00:02:00Z,temp,22.5,a\n",
    );
    w.write(
        "in/f_dates.csv",
        "time,metric,value,host\n31/12/2025 10:00,temp,1,b\n2026-01-01T00:00:00Z,temp,2,b\n",
    );
    let run = w.run(&["ingest", "in"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(w.sql("SELECT count(*) FROM metrics.good"), ["3"]);
    assert_eq!(w.sql("SELECT sum(value) FROM metrics.temp"), ["46"]);
    let kept: usize = w.sql("SELECT count(*) FROM metrics.cut")[0]
        .parse()
        .expect("a count");
    assert!(
        (3000..15_000).contains(&kept),
        "what came before the cut is kept: {kept}"
    );
    let rejects = w.sql("SELECT file, line FROM rejects WHERE file LIKE '%.csv' ORDER BY file");
    assert_eq!(rejects, ["in/e_types.csv,3", "in/f_dates.csv,2"]);
    for file in ["b_truncated", "c_binary", "d_empty"] {
        let sql =
            format!("SELECT count(*) > 0 FROM rejects WHERE file LIKE '%{file}%' AND reason <> ''");
        assert_eq!(w.sql(&sql), ["true"], "{file}");
    }
    assert!(run.stderr.contains("truncated"), "{}", run.stderr);

    // The mapping is put right: what can be read now is no dead letter any more.
    let replay = w.run(&["rejects", "replay", "--time-format", "%d/%m/%Y %H:%M"]);
    assert_eq!(replay.code, Some(1), "others remain: {}", replay.stderr);
    assert_eq!(w.sql("SELECT sum(value) FROM metrics.temp"), ["47"]);
    assert_eq!(
        w.sql("SELECT count(*) FROM rejects WHERE file LIKE '%dates%'"),
        ["0"]
    );
    // Those that stand for a whole file are settled by hand.
    let count = || {
        w.sql("SELECT count(*) FROM rejects")[0]
            .parse::<u64>()
            .expect("a count")
    };
    let before = count();
    w.fine(&["rejects", "drop", "--file", "in/c_binary.bin"]);
    assert_eq!(count(), before - 1);
    w.fine(&["rejects", "drop", "--all"]);
    assert_eq!(count(), 0);
    w.fine(&["store", "verify"]);
}

#[test]
fn the_same_again_adds_nothing_and_the_later_wins() {
    let w = Workspace::new();
    w.write("monday/a.jsonl", line("m", T0, &[1, 2, 3, 4]));
    w.write("tuesday/a.jsonl", line("m", T0 + 30, &[30, 40, 50]));
    w.fine(&["ingest", "monday"]);
    let before = w.sql("SELECT count(*), sum(value) FROM samples");
    let again = w.fine(&["ingest", "monday"]);
    assert!(again.stderr.contains("already known"), "{}", again.stderr);
    assert_eq!(w.sql("SELECT count(*), sum(value) FROM samples"), before);
    w.fine(&["ingest", "tuesday"]);
    assert_eq!(
        w.sql("SELECT value FROM samples ORDER BY ts"),
        ["1", "2", "30", "40", "50"]
    );
    // Within a run: the later path as given, the later line.
    let x = Workspace::new();
    x.write("a.jsonl", line("m", T0, &[1]) + &line("m", T0, &[2]));
    x.write("b.jsonl", line("m", T0, &[3]));
    x.fine(&["ingest", "b.jsonl", "a.jsonl"]);
    assert_eq!(x.sql("SELECT value FROM samples"), ["2"]);
}

#[test]
fn equal_log_lines_stay_two_and_repeated_exports_one() {
    let log = |second: i64| {
        format!(
            "{{\"timestamp\":\"2026-04-01T00:00:{second:02}Z\",\"level\":\"INFO\",\"service\":\"s\",\"message\":\"m\"}}\n"
        )
    };
    let w = Workspace::new();
    w.write("a.jsonl", log(1) + &log(2) + &log(2) + &log(3));
    w.write("b.jsonl", log(2) + &log(2) + &log(3) + &log(4));
    w.fine(&["ingest", "a.jsonl"]);
    w.fine(&["ingest", "b.jsonl"]);
    let rows =
        w.sql("SELECT extract(second FROM ts) AS s, count(*) FROM logs GROUP BY s ORDER BY s");
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(
        rows[1].ends_with(",2") && rows[2].ends_with(",1"),
        "{rows:?}"
    );
}

#[test]
fn standard_input_is_a_source() {
    let w = Workspace::new();
    let mut child = w
        .command(&["ingest", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(&gz(&line("piped", T0, &[1, 2])))
        .expect("it reads");
    drop(stdin);
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(w.sql("SELECT count(*) FROM metrics.piped"), ["2"]);
}

#[test]
fn two_runs_at_once_lose_nothing() {
    let w = Workspace::new();
    let names: Vec<String> = (0..4).map(|i| format!("m{i}")).collect();
    for (i, name) in names.iter().enumerate() {
        let text: String = (0..50)
            .map(|k| line(name, T0 + 900 * k + i as i64, &[1; 50]))
            .collect();
        w.write(&format!("{name}.jsonl"), text);
    }
    thread::scope(|scope| {
        for name in &names {
            let w = &w;
            scope.spawn(move || w.fine(&["ingest", &format!("{name}.jsonl")]));
        }
    });
    let rows = w.sql("SELECT metric, count(*) FROM samples GROUP BY metric ORDER BY metric");
    assert_eq!(rows, ["m0,2500", "m1,2500", "m2,2500", "m3,2500"]);
    w.fine(&["store", "verify"]);
}

#[test]
fn a_killed_run_leaves_the_store_as_it_was() {
    let w = Workspace::new();
    w.write("small.jsonl", line("small", T0, &[1, 2, 3]));
    w.fine(&["ingest", "small.jsonl"]);
    let values: Vec<i64> = (0..2000).collect();
    let big: String = (0..400)
        .map(|k| line("big", T0 + 30_000 * k, &values))
        .collect();
    w.write("big.jsonl", big);
    for wait in [5, 40, 120, 250, 400, 700] {
        let mut child = w
            .command(&["ingest", "big.jsonl"])
            .spawn()
            .expect("the binary runs");
        thread::sleep(Duration::from_millis(wait));
        child.kill().ok();
        child.wait().expect("it ends");
        assert_eq!(
            w.sql("SELECT count(*) FROM metrics.small"),
            ["3"],
            "killed after {wait} ms"
        );
    }
    w.fine(&["ingest", "big.jsonl"]);
    assert_eq!(
        w.sql("SELECT count(*), sum(value) FROM metrics.big"),
        ["800000,799600000"]
    );
    assert_eq!(w.sql("SELECT count(*) FROM metrics.small"), ["3"]);
    w.fine(&["store", "verify", "--fix"]);
}

#[test]
fn what_is_named_after_its_file_is_read_under_each_name() {
    let w = Workspace::new();
    let samples = "time,value\n2026-03-31T00:00:00Z,1\n";
    w.write("queue.csv", samples);
    w.write("disk.csv", samples);
    let event = "id,started_at,title\n1,2026-03-31T10:00:00Z,x\n";
    w.write("deploys.csv", event);
    w.write("incidents.csv", event);
    w.fine(&["ingest", "queue.csv", "deploys.csv"]);
    w.fine(&["ingest", "disk.csv", "incidents.csv"]);
    assert_eq!(
        w.sql("SELECT metric FROM samples ORDER BY metric"),
        ["disk", "queue"]
    );
    assert_eq!(
        w.sql("SELECT kind, id FROM events ORDER BY kind"),
        ["deploy,1", "incident,1"]
    );
    w.fine(&["store", "verify"]);
}

#[test]
fn days_that_were_dropped_come_back_with_again() {
    let w = Workspace::new();
    w.write("a.jsonl", line("m", T0, &[1, 2, 3]));
    w.fine(&["ingest", "a.jsonl"]);
    w.fine(&["store", "retain", "--days", "0"]);
    let known = w.fine(&["ingest", "a.jsonl"]);
    assert!(known.stderr.contains("already known"), "{}", known.stderr);
    assert_eq!(w.sql("SELECT count(*) FROM samples"), ["0"]);
    w.fine(&["ingest", "--again", "a.jsonl"]);
    assert_eq!(w.sql("SELECT sum(value) FROM metrics.m"), ["6"]);
}

#[test]
fn traces_of_two_searches_are_there_once() {
    let span = |id: &str, start: u64| {
        format!(
            r#"{{"traceID":"1","spanID":"{id}","operationName":"op {id}","references":[],"startTime":{start},"duration":1500,"tags":[],"logs":[],"processID":"p1"}}"#
        )
    };
    let answer = |spans: &[String]| {
        format!(
            r#"{{"data":[{{"traceID":"1","spans":[{}],"processes":{{"p1":{{"serviceName":"api"}}}}}}]}}"#,
            spans.join(",")
        )
    };
    let (a, b, c) = (span("a", 1), span("b", 2), span("c", 86_400_000_000));
    let w = Workspace::new();
    w.write("in/first.json", answer(&[a.clone(), b.clone(), b.clone()]));
    w.write("in/second.json", answer(&[b, c]));
    w.fine(&["ingest", "in/first.json"]);
    let run = w.fine(&["ingest", "in"]);
    assert!(run.stderr.contains("2 spans from 1 file"), "{}", run.stderr);
    let rows = w.sql("SELECT span_id, service, duration_ns FROM spans ORDER BY ts");
    assert_eq!(rows, ["a,api,1500000", "b,api,1500000", "c,api,1500000"]);

    let request = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"api"}}]},"scopeMetrics":[{"metrics":[{"name":"http.requests","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"7","timeUnixNano":"1775000000000000000"}]}}]}]}]}"#;
    w.write("otlp.jsonl", format!("{request}\n"));
    w.fine(&["ingest", "otlp.jsonl"]);
    let rows = w.sql("SELECT job, value FROM metrics.http_requests_total");
    assert_eq!(rows, ["api,7"]);
    w.fine(&["store", "verify"]);
    w.fine(&["store", "compact"]);
    assert_eq!(w.sql("SELECT count(*) FROM spans"), ["3"]);
}
