//! `rules check` and `rules test`.

use crate::support::{Workspace, repository};

fn rules() -> String {
    repository()
        .join("tests/rules")
        .to_string_lossy()
        .into_owned()
}

#[test]
fn a_test_file_of_promtool_runs_unchanged() {
    let workspace = Workspace::new();
    let file = format!("{}/errors_test.yml", rules());
    for version in ["2", "3"] {
        let run = workspace.fine(&["rules", "test", &file, "--promql-version", version]);
        assert!(run.stdout.contains("1 of 1 tests passed"), "{}", run.stdout);
    }
}

#[test]
fn a_failed_test_says_what_fires_instead() {
    let workspace = Workspace::new();
    let text = std::fs::read_to_string(format!("{}/errors_test.yml", rules())).expect("the test");
    let wrong = text.replace("severity: page}", "severity: ticket}");
    let rules = std::fs::read_to_string(format!("{}/errors.yml", rules())).expect("the rules");
    workspace.write("errors.yml", rules);
    workspace.write("wrong_test.yml", wrong);
    let run = workspace.run(&["rules", "test", "wrong_test.yml", "--format", "csv"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let run = workspace.run(&["rules", "test", "wrong_test.yml", "--format", "md"]);
    assert!(run.stdout.contains("severity=\"page\""), "{}", run.stdout);
}

#[test]
fn a_broken_file_is_shown_with_a_caret() {
    let workspace = Workspace::new();
    workspace.write(
        "rules.yml",
        "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: sum(rate(x[5m]) by (job)\n",
    );
    let run = workspace.run(&["rules", "check", "rules.yml"]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stderr.contains("rules.yml:5:"), "{}", run.stderr);
    assert!(run.stderr.contains('^'), "{}", run.stderr);
}

#[test]
fn a_rule_that_can_never_fire_is_named() {
    let workspace = Workspace::new();
    workspace.write("up.prom", "up{job=\"api\"} 1 1775040000\n");
    workspace.fine(&["ingest", "up.prom"]);
    workspace.write(
        "rules.yml",
        "groups:\n  - name: a\n    rules:\n      - {alert: Down, expr: up == 0}\n      \
         - {alert: Never, expr: upp == 0, labels: {value: '{{ $value }}'}}\n",
    );
    let run = workspace.run(&["rules", "check", "rules.yml", "--format", "md"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stdout.contains("Never: upp has nothing"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("did you mean up?"), "{}", run.stdout);
    assert!(
        run.stdout.contains("changes with the value"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("Down"), "{}", run.stdout);
}
