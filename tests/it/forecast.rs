//! `forecast`: small files with hand-known answers, a small store, and every error.

use std::io::Write;

use serde_json::Value;

use crate::support::{Run, Workspace};

const START: i64 = 1_775_001_600; // 2026-04-01T00:00:00Z

/// A level, a trend and a day's season, without noise.
fn wave(step: i64) -> f64 {
    100.0 + 0.05 * step as f64 + 20.0 * (step as f64 / 24.0 * std::f64::consts::TAU).sin()
}

/// A little noise that repeats nowhere near a season.
fn noise(step: i64) -> f64 {
    let x = (step * 7_919 + 104_729) % 1_009;
    (x as f64 / 1_009.0 - 0.5) * 2.0
}

/// Ten days by the hour of `names`, as whole numbers.
fn index_csv(names: &[&str]) -> String {
    let mut text = String::from("unique_id,ds,y\n");
    for (nth, name) in names.iter().enumerate() {
        for step in 1..=240 {
            let value = wave(step) + noise(step + 300 * nth as i64);
            text.push_str(&format!("{name},{step},{value:.3}\n"));
        }
    }
    text
}

/// Ten days by the hour in one file with times.
fn time_csv() -> String {
    let mut text = String::from("ts,load,temperature\n");
    for step in 0..240 {
        let hour = chrono::DateTime::from_timestamp(START + step * 3_600, 0).expect("a time");
        let value = wave(step) + noise(step);
        let temperature = noise(step + 17) * 10.0;
        let load = value + 3.0 * temperature;
        let at = hour.format("%Y-%m-%d %H:%M:%S");
        text.push_str(&format!("{at},{load:.3},{temperature:.3}\n"));
    }
    text
}

/// A gauge and a counter of two hosts over three days, a sample a minute.
fn store() -> Workspace {
    let workspace = Workspace::new();
    let mut text = String::from("# TYPE disk_used_bytes gauge\n# TYPE requests_total counter\n");
    let mut total = [0.0, 0.0];
    for minute in 0..3 * 1_440 {
        let ts = (START + minute * 60) * 1_000;
        for (nth, host) in ["a", "b"].iter().enumerate() {
            let disk = 1e9 * (1.0 + nth as f64) + 1e5 * minute as f64;
            text.push_str(&format!("disk_used_bytes{{host=\"{host}\"}} {disk} {ts}\n"));
            total[nth] += 60.0 * (2.0 + noise(minute).abs());
            let count = total[nth];
            text.push_str(&format!("requests_total{{host=\"{host}\"}} {count} {ts}\n"));
        }
    }
    workspace.write("metrics.prom", text);
    workspace.write(
        "deploys.csv",
        "id,kind,started_at,title\nd1,deploy,2026-04-02T12:00:00Z,v2\n",
    );
    workspace.fine(&["ingest", "metrics.prom", "deploys.csv"]);
    workspace
}

fn csv(run: &Run) -> Vec<Vec<String>> {
    let fields = |line: &str| line.split(',').map(str::to_owned).collect();
    run.stdout.lines().map(fields).collect()
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

fn json(workspace: &Workspace, arguments: &[&str]) -> Value {
    let mut all = vec!["forecast"];
    all.extend(arguments);
    all.extend(["--format", "json"]);
    serde_json::from_str(&workspace.fine(&all).stdout).expect("valid JSON")
}

#[test]
fn rows_have_the_columns_of_the_field_and_the_order_of_the_input() {
    let workspace = Workspace::new();
    let names: Vec<String> = (0..40).rev().map(|n| format!("s{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    workspace.write("x.csv", index_csv(&names));
    let run = workspace.fine(&[
        "forecast",
        "--csv",
        "x.csv",
        "--season",
        "24",
        "--horizon",
        "6",
        "--model",
        "seasonal-naive",
        "--format",
        "csv",
    ]);
    let rows = csv(&run);
    assert_eq!(
        rows[0].join(","),
        "unique_id,ds,h,model,mean,lo80,hi80,lo95,hi95"
    );
    assert_eq!(rows.len(), 1 + 40 * 6);
    for (row, fields) in rows[1..].iter().enumerate() {
        assert_eq!(fields[0], names[row / 6]);
        assert_eq!(fields[1], (241 + row % 6).to_string());
        assert_eq!(fields[2], (1 + row % 6).to_string());
        assert_eq!(fields[3], "seasonal-naive");
        let bounds: Vec<f64> = fields[4..].iter().map(|text| number(text)).collect();
        let [mean, lo80, hi80, lo95, hi95] = bounds[..] else {
            panic!("{fields:?}")
        };
        assert!(
            lo95 < lo80 && lo80 < mean && mean < hi80 && hi80 < hi95,
            "{fields:?}"
        );
        // The season again: what was seen a day before.
        let before = wave(217 + row as i64 % 6);
        assert!((mean - before).abs() < 1.1, "{fields:?}");
    }
    // Bit for bit the same, however the threads run.
    let again = workspace.fine(&[
        "forecast",
        "--csv",
        "x.csv",
        "--season",
        "24",
        "--horizon",
        "6",
        "--model",
        "seasonal-naive",
        "--format",
        "csv",
    ]);
    assert_eq!(run.stdout, again.stdout);
}

#[test]
fn a_forecast_is_near_what_comes() {
    let workspace = Workspace::new();
    workspace.write("x.csv", index_csv(&["a"]));
    let run = workspace.fine(&[
        "forecast",
        "--csv",
        "x.csv",
        "--season",
        "24",
        "--horizon",
        "24",
        "--model",
        "auto-arima,ets,theta",
        "--format",
        "csv",
    ]);
    let rows = csv(&run);
    assert_eq!(rows.len(), 1 + 3 * 24);
    for fields in &rows[1..] {
        let truth = wave(number(&fields[1]) as i64);
        assert!((number(&fields[4]) - truth).abs() < 6.0, "{fields:?}");
    }
    let models: Vec<&str> = rows[1..]
        .iter()
        .step_by(24)
        .map(|row| row[3].as_str())
        .collect();
    assert_eq!(models, ["auto-arima", "ets", "theta"]);
}

#[test]
fn bad_rows_are_told_and_stop_nothing() {
    let workspace = Workspace::new();
    let text = index_csv(&["a"]) + "a,242,abc\na,243\na,soon,4\n";
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).expect("packed");
    workspace.write("x.csv.gz", gz.finish().expect("packed"));
    let run = workspace.fine(&[
        "forecast",
        "--csv",
        "x.csv.gz",
        "--horizon",
        "2",
        "--model",
        "naive",
        "--format",
        "csv",
    ]);
    assert_eq!(csv(&run).len(), 3);
    assert!(
        run.stderr
            .contains("3 rows are left out: x.csv.gz:242: \"abc\" is not a number"),
        "{}",
        run.stderr
    );
}

#[test]
fn one_bad_series_stops_no_other() {
    let workspace = Workspace::new();
    let mut text = index_csv(&["good"]);
    for step in 1..=30 {
        text.push_str(&format!(
            "constant,{step},7\nmissing,{step},\ninfinite,{step},inf\n"
        ));
    }
    text.push_str("one,1,5\n");
    text.push_str(index_csv(&["good2"]).split_once('\n').expect("a header").1);
    workspace.write("x.csv", text);
    let run = workspace.fine(&[
        "forecast",
        "--csv",
        "x.csv",
        "--season",
        "24",
        "--horizon",
        "3",
        "--format",
        "csv",
    ]);
    let rows = csv(&run);
    assert_eq!(rows.len(), 1 + 6 * 3);
    let mean = |name: &str| {
        let row = rows.iter().find(|row| row[0] == name).expect("a row");
        row[4].clone()
    };
    assert_eq!(number(&mean("constant")), 7.0);
    assert_eq!(number(&mean("one")), 5.0);
    assert_eq!(
        (mean("missing"), mean("infinite")),
        (String::new(), String::new())
    );
    assert!((number(&mean("good2")) - wave(241)).abs() < 6.0);
}

#[test]
fn people_see_a_chart_a_sentence_and_what_it_is_worth() {
    let workspace = Workspace::new();
    workspace.write("x.csv", index_csv(&["a"]));
    let run = workspace.fine(&[
        "forecast",
        "--csv",
        "x.csv",
        "--season",
        "24",
        "--horizon",
        "24",
        "--evaluate",
        "--origins",
        "3",
        "--explain",
    ]);
    for part in [
        "Forecast of a\n",
        "● history",
        "95% interval",
        "end of the history",
        "in 24 steps (step 264), 95% between",
        "History: 240 values, step 1 to step 240.",
        "Seasons given, in steps: 24.",
        "Error of 3 rolling origins of 24 steps each",
        "seasonal naive",
        "Error by step of the horizon",
        "Tests of the history",
    ] {
        assert!(
            run.stdout.contains(part),
            "{part:?} is not in\n{}",
            run.stdout
        );
    }
    assert!(
        run.stdout.lines().all(|line| line.chars().count() <= 120),
        "{}",
        run.stdout
    );
    let md = workspace.fine(&[
        "forecast",
        "--csv",
        "x.csv",
        "--season",
        "24",
        "--horizon",
        "24",
        "--format",
        "md",
    ]);
    assert!(md.stdout.contains("| method | MASE |"), "{}", md.stdout);
}

#[test]
fn many_series_are_a_row_each() {
    let workspace = Workspace::new();
    let names: Vec<String> = (0..9).map(|n| format!("s{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = index_csv(&names) + "short,1,1\nshort,2,2\n";
    workspace.write("x.csv", text);
    let run = workspace.fine(&[
        "forecast",
        "--csv",
        "x.csv",
        "--season",
        "24",
        "--horizon",
        "12",
        "--model",
        "ets",
    ]);
    for part in [
        "10 series of 2,162 values, forecast 12 steps ahead.",
        "Held-out error: ets has a mean MASE of",
        "1 forecast was made by a simpler method than the one asked for",
        "baseline",
        "fallback",
    ] {
        assert!(
            run.stdout.contains(part),
            "{part:?} is not in\n{}",
            run.stdout
        );
    }
}

#[test]
fn json_has_everything() {
    let workspace = Workspace::new();
    workspace.write("x.csv", index_csv(&["a"]));
    let document = json(
        &workspace,
        &[
            "--csv",
            "x.csv",
            "--season",
            "24",
            "--horizon",
            "12",
            "--explain",
        ],
    );
    assert_eq!(document["name"], "forecast");
    assert_eq!(document["rows"].as_array().expect("rows").len(), 12);
    assert_eq!(document["parameters"]["season"], "24");
    let tables: Vec<&str> = document["further_tables"]
        .as_array()
        .expect("tables")
        .iter()
        .filter_map(|table| table["title"].as_str())
        .collect();
    for title in ["series", "scores", "tests"] {
        assert!(tables.contains(&title), "{tables:?}");
    }
    let series = &document["further_tables"][0]["rows"][0];
    assert_eq!(
        (&series["unique_id"], &series["values"]),
        (&"a".into(), &240.into())
    );
}

#[test]
fn times_are_written_as_they_were() {
    let workspace = Workspace::new();
    workspace.write("x.csv", time_csv());
    let arguments = [
        "forecast",
        "--csv",
        "x.csv",
        "--value",
        "load",
        "--horizon",
        "2",
        "--model",
        "naive",
        "--format",
        "csv",
    ];
    let rows = csv(&workspace.fine(&arguments));
    assert_eq!(rows[1][1], "2026-04-11T00:00:00Z");
    assert_eq!(rows[2][1], "2026-04-11T01:00:00Z");
    let mut there = arguments.to_vec();
    there.extend(["--tz", "Europe/Berlin"]);
    let rows = csv(&workspace.fine(&there));
    assert_eq!(rows[1][1], "2026-04-11T00:00:00+02:00");
    workspace.write(
        "unix.csv",
        "ds,y\n1775001600,1\n1775005200,2\n1775008800,3\n",
    );
    let rows = csv(&workspace.fine(&[
        "forecast",
        "--csv",
        "unix.csv",
        "--horizon",
        "2",
        "--model",
        "naive",
        "--format",
        "csv",
    ]));
    assert_eq!(
        (rows[1][1].as_str(), rows[2][1].as_str()),
        ("1775012400", "1775016000")
    );
    let months = "ds,y\n2026-01-31,1\n2026-02-28,2\n2026-03-31,3\n2026-04-30,4\n2026-05-31,5\n";
    workspace.write("months.csv", months);
    let rows = csv(&workspace.fine(&[
        "forecast",
        "--csv",
        "months.csv",
        "--horizon",
        "2",
        "--model",
        "drift",
        "--format",
        "csv",
    ]));
    assert_eq!(rows[1][1], "2026-06-30T00:00:00Z");
    assert_eq!(rows[2][4], "7");
}

#[test]
fn standard_input_is_a_file_too() {
    let workspace = Workspace::new();
    let mut command = workspace.command(&[
        "forecast",
        "--csv",
        "-",
        "--horizon",
        "1",
        "--model",
        "naive",
        "--format",
        "csv",
    ]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"ds,y\n1,3\n2,4\n").expect("written");
    drop(input);
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains(",3,1,naive,4,"), "{}", run.stdout);
}

#[test]
fn a_metric_is_read_as_it_is_stored() {
    let workspace = store();
    let rows = csv(&workspace.fine(&[
        "forecast",
        "disk_used_bytes",
        "--step",
        "1h",
        "--horizon",
        "1d",
        "--model",
        "drift",
        "--format",
        "csv",
    ]));
    assert_eq!(rows.len(), 1 + 2 * 24);
    assert_eq!(rows[1][0], "\"disk_used_bytes{host=\"\"a\"\"}\"");
    assert_eq!(rows[1][1], "2026-04-04T00:00:00Z");
    // The mean over the first hour after three days: 4,349.5 minutes of growth.
    assert!(
        (number(&rows[1][4]) - (1e9 + 1e5 * 4_349.5)).abs() < 1.0,
        "{:?}",
        rows[1]
    );

    let matched = workspace.fine(&[
        "forecast",
        "disk_used_bytes",
        "--match",
        "{host=\"b\"}",
        "--statistic",
        "max",
        "--horizon",
        "2",
        "--model",
        "naive",
        "--format",
        "csv",
    ]);
    let selected = workspace.fine(&[
        "forecast",
        "disk_used_bytes{host=\"b\"}",
        "--statistic",
        "max",
        "--horizon",
        "2",
        "--model",
        "naive",
        "--format",
        "csv",
    ]);
    assert_eq!(matched.stdout, selected.stdout);
    assert_eq!(csv(&matched).len(), 3);
}

#[test]
fn a_counter_is_forecast_as_its_rate() {
    let workspace = store();
    let run = workspace.fine(&[
        "forecast",
        "requests_total{host=\"a\"}",
        "--step",
        "1h",
        "--horizon",
        "2",
        "--model",
        "mean",
        "--format",
        "csv",
    ]);
    assert!(
        run.stderr.contains("requests_total counts up: its rate"),
        "{}",
        run.stderr
    );
    let mean = number(&csv(&run)[1][5]);
    assert!((2.0..3.0).contains(&mean), "{mean}");
    let rate = workspace.fine(&[
        "forecast",
        "sum(rate(requests_total[5m]))",
        "--step",
        "1h",
        "--horizon",
        "2",
        "--model",
        "mean",
        "--format",
        "csv",
    ]);
    let rows = csv(&rate);
    assert_eq!(rows[1][0], "sum(rate(requests_total[5m]))");
    assert!((4.0..6.0).contains(&number(&rows[1][4])), "{:?}", rows[1]);
}

#[test]
fn rows_of_a_statement_are_series() {
    let workspace = store();
    let rows = csv(&workspace.fine(&[
        "forecast",
        "--sql",
        "SELECT ts, value, host FROM metrics.disk_used_bytes",
        "--step",
        "6h",
        "--statistic",
        "last",
        "--horizon",
        "1",
        "--model",
        "naive",
        "--format",
        "csv",
    ]));
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1][0], "\"{host=\"\"a\"\"}\"");
    assert_eq!(number(&rows[1][4]), 1e9 + 1e5 * 4_319.0);
}

#[test]
fn outside_variables_help_and_must_be_known() {
    let workspace = Workspace::new();
    workspace.write("x.csv", time_csv());
    let usual = [
        "--csv",
        "x.csv",
        "--value",
        "load",
        "--season",
        "24",
        "--horizon",
        "12",
    ];
    let error = |document: &Value| {
        let tables = document["further_tables"].as_array().expect("tables");
        let scores = tables
            .iter()
            .find(|table| table["title"] == "scores")
            .expect("scores");
        scores["rows"][0]["mase"].as_f64().expect("a score")
    };
    let without = error(&json(&workspace, &usual));
    let mut with = usual.to_vec();
    with.extend(["--regressors", "temperature"]);
    let mut told = vec!["forecast"];
    told.extend(&with);
    let run = workspace.run(&told);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("temperature has no values from 2026-04-11T00:00:00Z")
            && run.stderr.contains("--assume NAME=last"),
        "{}",
        run.stderr
    );
    with.extend(["--assume", "temperature=0"]);
    let document = json(&workspace, &with);
    assert!(
        error(&document) < 0.5 * without,
        "{} {without}",
        error(&document)
    );
    let mut future = String::from("ts,temperature\n");
    for hour in 0..12 {
        future.push_str(&format!("2026-04-11 {hour:02}:00:00,0\n"));
    }
    workspace.write("future.csv", future);
    let mut given = usual.to_vec();
    given.extend(["--regressors", "temperature", "--future", "future.csv"]);
    assert_eq!(json(&workspace, &given)["rows"], document["rows"]);
}

#[test]
fn events_and_holidays_are_outside_variables() {
    let workspace = store();
    let document = json(
        &workspace,
        &[
            "disk_used_bytes{host=\"a\"}",
            "--step",
            "1h",
            "--horizon",
            "6",
            "--season",
            "none",
            "--events",
            "deploy",
            "--holidays",
            "GB",
            "--explain",
        ],
    );
    assert_eq!(document["parameters"]["events"], "deploy");
    assert_eq!(document["rows"].as_array().expect("rows").len(), 6);
}

#[test]
fn wrong_words_are_answered() {
    let workspace = store();
    workspace.write("x.csv", "Time,Demand\n1,2\n2,3\n");
    let disk = "disk_used_bytes";
    let cases: [(&[&str], &[&str]); 16] = [
        (
            &["disk_used_byte"],
            &["there is no metric", "disk_used_bytes"],
        ),
        (&["disk_used_bytes{hosts=\"a\"}"], &["hosts", "host"]),
        (&[disk, "--since", "2027-01-01"], &["the range is empty"]),
        (&[disk, "--horizon", "0"], &["at least one step"]),
        (
            &[disk, "--step", "30d"],
            &["longer than the history", "shorter --step"],
        ),
        (
            &[disk, "--horizon", "5m", "--step", "1h"],
            &["shorter than a step"],
        ),
        (&[disk, "--model", "arma"], &["no model"]),
        (&[disk, "--level", "120"], &["between 0 and 100"]),
        (&[disk, "--season", "1"], &["two steps"]),
        (
            &[disk, "--transform", "cube"],
            &["no such transform", "box-cox"],
        ),
        (&[disk, "--statistic", "average"], &["not a statistic"]),
        (&["rate(requests_total"], &["rate(requests_total"]),
        (
            &["--csv", "x.csv"],
            &["there are Time, Demand", "--value COLUMN"],
        ),
        (
            &["--csv", "x.csv", "--value", "demnd"],
            &["no column \"demnd\"", "did you mean Demand?"],
        ),
        (&[disk, "--csv", "x.csv"], &["both named"]),
        (&[], &["nothing is named"]),
    ];
    for (arguments, parts) in cases {
        let mut all = vec!["forecast"];
        all.extend(arguments);
        let run = workspace.run(&all);
        assert_eq!(run.code, Some(2), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "");
        for part in parts {
            assert!(
                run.stderr.contains(part),
                "{arguments:?}: {part:?} is not in {}",
                run.stderr
            );
        }
    }
    let run = workspace.run(&["forecast", "--csv", "absent.csv"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
}

#[test]
fn a_job_and_the_command_keep_forecasts_in_the_store() {
    let workspace = store();
    let saved = [
        "forecast",
        "disk_used_bytes",
        "--step",
        "1h",
        "--horizon",
        "3",
        "--model",
        "drift",
    ];
    let mut named = saved.to_vec();
    named.extend(["--save", "disks", "--format", "csv"]);
    let run = workspace.fine(&named);
    assert!(
        run.stderr.contains("saved as disks: 12 rows of forecasts"),
        "{}",
        run.stderr
    );
    assert!(workspace.fine(&named).stderr.contains("as before"));
    let rows = workspace.sql(
        "SELECT unique_id, ds, h, level, labels['host'], lower <= mean AND mean <= upper FROM forecasts \
         WHERE forecast = 'disks' AND h = 1 ORDER BY unique_id, level",
    );
    assert_eq!(rows.len(), 4);
    assert!(
        rows[1].ends_with("2026-04-04T00:00:00Z,1,95,a,true"),
        "{rows:?}"
    );

    workspace.write(
        "job.toml",
        "store = \"retrocast-store\"\n[[forecast]]\nname = \"disks\"\nmetric = \"disk_used_bytes\"\n\
         step = \"1h\"\nhorizon = 3\nmodel = [\"drift\"]\nformats = [\"csv\", \"json\", \"md\"]\n",
    );
    let run = workspace.fine(&["run", "job.toml"]);
    assert!(run.stdout.contains("end of the history"), "{}", run.stdout);
    let csv = std::fs::read_to_string(workspace.path("reports/disks.csv")).expect("rows");
    assert_eq!(csv.lines().count(), 1 + 6);
    assert_eq!(workspace.sql("SELECT count(*) FROM forecasts"), ["12"]);
    workspace.write("bad.toml", "[[forecast]]\nmetric = \"up\"\nhorizons = 3\n");
    let run = workspace.run(&["run", "bad.toml"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.contains("did you mean horizon?"),
        "{}",
        run.stderr
    );
}
