//! The command line as users meet it: help, exit codes, errors.

use std::fs;

use clap::Command;
use retrocast::cli::{Exit, command_line};

use crate::support::{Run, Workspace, copy, repository};

/// Every command of the tree, with the words that call it.
fn commands(command: &Command, path: &[String], found: &mut Vec<(Vec<String>, Command)>) {
    found.push((path.to_vec(), command.clone()));
    for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let mut path = path.to_vec();
        path.push(sub.get_name().to_owned());
        commands(sub, &path, found);
    }
}

fn all_commands() -> Vec<(Vec<String>, Command)> {
    let mut found = Vec::new();
    commands(&command_line(), &[], &mut found);
    found
}

fn examples(command: &Command) -> Vec<String> {
    let text = command
        .get_before_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("retrocast "))
        .map(|line| line.split("   ").next().unwrap_or_default().to_owned())
        .collect()
}

/// Splits as a shell does, as far as our examples need it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_help_opens_with_examples() {
    for (path, command) in all_commands() {
        let count = examples(&command).len();
        assert!((2..=4).contains(&count), "{path:?} has {count} examples");
    }
}

#[test]
fn every_example_runs() {
    let workspace = Workspace::new();
    let samples = repository().join("sample-data");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&samples, workspace.path("sample-data")).expect("a link");
        let tests = repository().join("tests");
        std::os::unix::fs::symlink(tests, workspace.path("tests")).expect("a link");
    }
    // A copy: `simulate` writes there.
    copy(&samples, &workspace.path("exports"));
    let job = fs::read_to_string(samples.join("retrocast.toml")).expect("the sample job");
    let job = job
        .replace("\"../", "\"")
        .replace("paths = [\"", "paths = [\"sample-data/");
    workspace.write("retrocast.toml", job);
    workspace.fine(&[
        "ingest",
        "sample-data/metrics",
        "sample-data/logs",
        "sample-data/events",
    ]);
    for (path, command) in all_commands() {
        for example in examples(&command) {
            let arguments = words(&example);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            if arguments[0] == "run" && arguments[1].starts_with("sample-data") {
                // Writes into the repository; the test of the sample data runs it elsewhere.
                continue;
            }
            let run = workspace.run(&arguments);
            let good = matches!(run.code, Some(0 | 1));
            assert!(
                good,
                "{path:?}: retrocast {example}: {:?} {}",
                run.code, run.stderr
            );
        }
    }
}

#[test]
fn the_readme_has_the_exit_codes() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    for exit in Exit::ALL {
        let row = format!("| {} |", exit.code());
        assert!(readme.contains(&row), "README.md has no row {row}");
    }
}

#[test]
fn errors_say_what_to_do() {
    let workspace = Workspace::new();
    let run = workspace.run(&["sql", "SELECT 1"]);
    assert_eq!(run.code, Some(3), "no store: {}", run.stderr);
    assert!(
        run.stderr.contains("error:") && run.stderr.contains("hint:"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "");

    workspace.write("up.jsonl", UP);
    workspace.fine(&["ingest", "up.jsonl"]);
    let run = workspace.run(&["sql", "SELECT * FROM metrics.upp"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("did you mean metrics.up?"),
        "{}",
        run.stderr
    );
    let run = workspace.run(&["report", "golden-signal"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("did you mean golden-signals?"),
        "{}",
        run.stderr
    );
    let run = workspace.run(&["ingest", "absent.jsonl"]);
    assert_eq!(run.code, Some(3));
    assert!(run.stderr.contains("absent.jsonl"), "{}", run.stderr);
    for change in ["DELETE FROM samples", "DROP TABLE samples"] {
        let run = workspace.run(&["sql", change]);
        assert_eq!(run.code, Some(2), "SQL changes nothing: {}", run.stderr);
    }
}

#[test]
fn errors_have_no_backtrace_and_say_where_the_data_ends() {
    let workspace = Workspace::new();
    workspace.write("up.jsonl", UP);
    workspace.fine(&["ingest", "up.jsonl"]);
    let mut command = workspace.command(&["sql", "SELECT arrow_cast('x', 'Nope')"]);
    command.env("RUST_BACKTRACE", "1");
    let run = Run::of(command.output().expect("the binary runs"));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(!run.stderr.contains("backtrace"), "{}", run.stderr);
    assert!(run.stderr.lines().count() < 5, "{}", run.stderr);

    let run = workspace.run(&["report", "red", "--since", "2027-01-01"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.contains("begins at 2027-01-01T00:00:00Z")
            && run
                .stderr
                .contains("(the data ends at 2026-03-31T23:33:50Z)"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_misspelt_section_of_a_job_file_stops_it() {
    let workspace = Workspace::new();
    workspace.write("job.toml", "[[reports]]\nname = \"red\"\n");
    let run = workspace.run(&["run", "job.toml"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("job.toml:1: nobody knows the key reports")
            && run.stderr.contains("did you mean report?"),
        "{}",
        run.stderr
    );
    assert!(!workspace.path("retrocast-store").exists());
}

#[test]
fn sniff_names_a_file_that_it_cannot_read_and_goes_on() {
    let workspace = Workspace::new();
    workspace.write("a.gz", [0x1f, 0x8b, 8, 0, 0]);
    workspace.write("up.jsonl", UP);
    let run = workspace.run(&["sniff", "a.gz", "up.jsonl"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let (broken, good) = run.stdout.split_once("up.jsonl").expect("both files");
    assert!(broken.contains("a.gz\n  unreadable: "), "{}", run.stdout);
    assert!(good.contains("victoriametrics"), "{}", run.stdout);
}

#[test]
fn an_empty_result_is_a_valid_document() {
    let workspace = Workspace::new();
    workspace.write("up.jsonl", UP);
    workspace.fine(&["ingest", "up.jsonl"]);
    let empty = "SELECT ts, value FROM samples WHERE value > 7";
    let csv = workspace.fine(&["sql", empty, "--format", "csv"]).stdout;
    assert_eq!(csv.trim_end(), "ts,value");
    let json = workspace.fine(&["sql", empty, "--format", "json"]).stdout;
    let value: serde_json::Value = serde_json::from_str(&json).expect("valid JSON");
    assert_eq!(value["rows"], serde_json::json!([]));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::Stdio;

    let workspace = Workspace::new();
    workspace.write("up.jsonl", UP);
    workspace.fine(&["ingest", "up.jsonl"]);
    let mut command = workspace.command(&[
        "sql",
        "SELECT * FROM generate_series(1, 100000)",
        "--format",
        "csv",
    ]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

const UP: &str = r#"{"metric":{"__name__":"up","job":"node"},"values":[1,0,1],"timestamps":[1775000000000,1775000015000,1775000030000]}
"#;
