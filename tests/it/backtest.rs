//! `backtest`: small histories with hand-known answers, and the sample system.

use serde_json::Value;

use crate::support::{Workspace, repository};

const MINUTE: i64 = 60;
const START: i64 = 1_775_001_600; // 2026-04-01T00:00:00Z

const RULES: &str = "groups:
  - name: g
    rules:
      - alert: Down
        expr: up < 1
        for: 2m
        labels: {severity: critical, team: core}
        annotations: {summary: '{{ $labels.job }} is down', runbook_url: 'https://runbooks.example.com/down'}
      - alert: Never
        expr: upp == 0
";

const ROUTES: &str = "route:
  receiver: chat
  group_by: [alertname, job]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - matchers: [severity=critical]
      receiver: pager
receivers:
  - name: chat
    slack_configs: [{channel: a}]
  - name: pager
    pagerduty_configs: [{routing_key: a}]
";

/// `up` of a job, a sample a minute, 0 in the minutes named.
fn history(jobs: &[(&str, &[(i64, i64)])], minutes: i64) -> String {
    let mut text = String::new();
    for (job, down) in jobs {
        for minute in 0..minutes {
            let value = i32::from(!down.iter().any(|(from, to)| (*from..*to).contains(&minute)));
            let ts = (START + minute * MINUTE) * 1_000;
            text.push_str(&format!("up{{job=\"{job}\"}} {value} {ts}\n"));
        }
    }
    text
}

/// Three hours: api is down for 20 minutes, web for 10, and web for 1 (a near miss).
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    let text = history(
        &[("api", &[(30, 50)]), ("web", &[(90, 100), (140, 141)])],
        180,
    );
    workspace.write("up.prom", text);
    workspace.write("rules.yml", RULES);
    workspace.write("routes.yml", ROUTES);
    workspace.write(
        "incidents.csv",
        "id,started_at,ended_at,severity,service\n\
         INC-1,2026-04-01T00:29:00Z,2026-04-01T00:50:00Z,high,api\n\
         INC-2,2026-04-01T02:30:00Z,2026-04-01T02:40:00Z,high,api\n",
    );
    workspace.fine(&["ingest", "up.prom"]);
    workspace
}

fn json(workspace: &Workspace, arguments: &[&str]) -> Value {
    let mut all = vec!["backtest", "rules.yml", "--format", "json"];
    all.extend(arguments);
    let run = workspace.run(&all);
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.stderr);
    serde_json::from_str(&run.stdout).expect("valid JSON")
}

#[test]
fn the_verdict_counts_what_a_hand_counts() {
    let workspace = workspace();
    let arguments = [
        "--alertmanager",
        "routes.yml",
        "--incidents",
        "incidents.csv",
    ];
    let document = json(&workspace, &arguments);
    let rule = &document["rows"][0];
    assert_eq!(rule["rule"], "Down", "{rule}");
    // Two episodes, a page each 30 s after the third evaluation; one near miss.
    assert_eq!(rule["pages"], 2, "{rule}");
    assert_eq!(rule["episodes"], 2, "{rule}");
    assert_eq!(rule["near_misses"], 1, "{rule}");
    let text = document.to_string();
    assert!(text.contains("INC-2"), "{text}");
    assert!(text.contains("did you mean up?"), "{text}");
}

#[test]
fn an_explanation_shows_each_episode() {
    let workspace = workspace();
    let run = workspace.fine(&[
        "backtest",
        "rules.yml",
        "--explain",
        "Down",
        "--incidents",
        "incidents.csv",
    ]);
    assert!(run.stdout.contains("api is down"), "{}", run.stdout);
    assert!(run.stdout.contains("INC-1"), "{}", run.stdout);
    assert!(run.stdout.contains("00:32"), "{}", run.stdout);
    let run = workspace.run(&["backtest", "rules.yml", "--explain", "Dwn"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("did you mean Down?"), "{}", run.stderr);
}

#[test]
fn a_change_is_held_against_the_base() {
    let workspace = workspace();
    workspace.write("new.yml", RULES.replace("for: 2m", "for: 15m"));
    let arguments = [
        "backtest",
        "new.yml",
        "--base",
        "rules.yml",
        "--alertmanager",
        "routes.yml",
    ];
    let fail = [
        "--incidents",
        "incidents.csv",
        "--fail-on",
        "lost-incidents,more-pages",
        "--format",
        "md",
    ];
    let run = workspace.run(&[&arguments[..], &fail[..]].concat());
    // web's 10 minutes are lost; api's page comes 13 minutes later.
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("13m"), "{}", run.stdout);
    assert!(run.stdout.to_lowercase().contains("lost"), "{}", run.stdout);
    workspace.write("new.yml", RULES.replace("for: 2m", "for: 30m"));
    let run = workspace.run(&[&arguments[..], &fail[..]].concat());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stdout.contains("INC-1"), "{}", run.stdout);
    assert!(run.stderr.contains("lost-incidents"), "{}", run.stderr);
}

#[test]
fn a_budget_is_a_check() {
    let workspace = workspace();
    workspace.write(
        "budget.yml",
        "max_pages_per_week: 1\nmust_detect:\n  - {incident: INC-1, within: 5m}\n",
    );
    let run = workspace.run(&[
        "backtest",
        "rules.yml",
        "--alertmanager",
        "routes.yml",
        "--incidents",
        "incidents.csv",
        "--budget",
        "budget.yml",
        "--fail-on",
        "budget",
    ]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("budget: "), "{}", run.stderr);
    assert!(!run.stderr.contains("INC-1"), "{}", run.stderr);
    workspace.write(
        "budget.yml",
        "max_pages_per_week: 1\nmax_page_per_week: 1\n",
    );
    let run = workspace.run(&["backtest", "rules.yml", "--budget", "budget.yml"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("budget.yml:2:1"), "{}", run.stderr);
    assert!(run.stderr.contains('^'), "{}", run.stderr);
}

#[test]
fn a_sweep_has_a_row_a_point() {
    let workspace = workspace();
    let document = json(
        &workspace,
        &[
            "--incidents",
            "incidents.csv",
            "--sweep",
            "Down.for=0m,2m,15m,30m",
        ],
    );
    let rows = document["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 4, "{document}");
    let pages: Vec<i64> = rows
        .iter()
        .filter_map(|row| row["pages"].as_i64())
        .collect();
    assert_eq!(pages, [3, 2, 1, 0], "{document}");
}

#[test]
fn what_is_saved_joins_in_sql_and_promql() {
    let workspace = workspace();
    let arguments = [
        "backtest",
        "rules.yml",
        "--incidents",
        "incidents.csv",
        "--save",
        "nightly",
    ];
    workspace.fine(&arguments);
    let episodes = "SELECT state, count(*) AS n FROM episodes WHERE backtest = 'nightly' GROUP BY state ORDER BY state";
    assert_eq!(workspace.sql(episodes), ["dropped,1", "resolved,2"]);
    // Again: the same rows.
    workspace.fine(&arguments);
    assert_eq!(workspace.sql(episodes), ["dropped,1", "resolved,2"]);
    let firing = "count(ALERTS{alertstate=\"firing\",backtest=\"nightly\"})";
    let run = workspace.fine(&[
        "promql",
        firing,
        "--at",
        "2026-04-01T00:40:00Z",
        "--format",
        "csv",
    ]);
    assert!(run.stdout.trim_end().ends_with(",1"), "{}", run.stdout);
    let run = workspace.fine(&[
        "promql",
        firing,
        "--at",
        "2026-04-01T00:51:00Z",
        "--format",
        "csv",
    ]);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
}

#[test]
fn broken_files_are_shown_with_a_caret() {
    let workspace = workspace();
    workspace.write(
        "broken.yml",
        ROUTES.replace("receiver: pager\n", "receiver: pagr\n"),
    );
    let run = workspace.run(&["backtest", "rules.yml", "--alertmanager", "broken.yml"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("broken.yml:9:"), "{}", run.stderr);
    assert!(run.stderr.contains('^'), "{}", run.stderr);
    assert!(run.stderr.contains("did you mean"), "{}", run.stderr);
    let run = workspace.run(&["backtest", "rules.yml", "--fail-on", "nosy"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("noisy"), "{}", run.stderr);
    let missing = repository().join("none.yml");
    let run = workspace.run(&["backtest", &missing.to_string_lossy()]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
}
