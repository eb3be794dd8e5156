use std::sync::Arc;

use crate::alert::backtest::{EpisodeEnd, Run, RunSettings, run};
use crate::alert::evaluate::{Phase, Settings};
use crate::alert::notify::{Config, Options, Silence, parse_silences};
use crate::alert::rule_file::{self, RuleFile};
use crate::model::{Labels, TimeRange};
use crate::promql::MemorySource;

const MINUTE: i64 = 60_000_000;

const RULES: &str = "groups:
  - name: g
    rules:
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: critical}
        annotations: {summary: '{{ $labels.job }} is down'}
";

const ROUTES: &str = "route:
  receiver: chat
  group_by: [alertname]
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
    slack_configs: [{channel: b, send_resolved: true}]
";

fn rules(text: &str) -> Vec<RuleFile> {
    vec![rule_file::parse("rules.yml", text, &Settings::default().options).expect("rules")]
}

/// `up` of two jobs, a sample a minute: a character each.
fn history(jobs: &[(&str, &str)]) -> MemorySource {
    let mut source = MemorySource::default();
    for (job, values) in jobs {
        let labels = Labels::from_pairs([("__name__", "up"), ("job", job)]).expect("labels");
        let labels = Arc::new(labels);
        for (minute, value) in values.chars().enumerate() {
            let value = f64::from(value.to_digit(10).expect("a digit"));
            source.push(&labels, minute as i64 * MINUTE, value);
        }
    }
    source
}

struct Case<'a> {
    rules: &'a str,
    jobs: &'a [(&'a str, &'a str)],
    minutes: (i64, i64),
    routes: Option<&'a str>,
    silences: &'a str,
    external: &'a [(&'a str, &'a str)],
}

impl Case<'_> {
    fn run(&self) -> Run {
        let config = self.routes.map(|text| Config::parse(text).expect("routes"));
        let silences: Vec<Silence> = parse_silences(self.silences).expect("silences");
        let external = Labels::from_pairs(self.external.iter().copied()).expect("labels");
        let settings = RunSettings {
            range: TimeRange {
                start: self.minutes.0 * MINUTE,
                end: self.minutes.1 * MINUTE,
            },
            phases: vec![Phase::Zero],
            evaluation: Settings {
                annotations: true,
                ..Settings::default()
            },
            routes: config.as_ref(),
            silences: &silences,
            notify: Options::default(),
            external_labels: &external,
            page_receivers: Vec::new(),
        };
        run(&rules(self.rules), &mut history(self.jobs), &settings).expect("a run")
    }
}

const PLAIN: Case<'_> = Case {
    rules: RULES,
    jobs: &[],
    minutes: (0, 60),
    routes: None,
    silences: "[]",
    external: &[],
};

#[test]
fn episodes_begin_fire_and_end() {
    let jobs = [("api", "1110000111"), ("db", "1100111111")];
    let run = Case {
        jobs: &jobs,
        minutes: (0, 10),
        ..PLAIN
    }
    .run();
    let times: Vec<_> = run
        .episodes
        .iter()
        .map(|one| {
            (
                one.active_at / MINUTE,
                one.fired_at.map(|ts| ts / MINUTE),
                one.ended_at.map(|ts| ts / MINUTE),
                one.end,
            )
        })
        .collect();
    // `for: 2m` holds at the third evaluation; db recovers at the second.
    assert_eq!(
        times,
        [
            (2, None, Some(4), EpisodeEnd::Dropped),
            (3, Some(5), Some(7), EpisodeEnd::Resolved),
        ]
    );
    let summary = ("summary".to_owned(), "api is down".to_owned());
    assert_eq!(run.episodes[1].annotations, [summary]);
    // Without routes each episode that fires is a page.
    assert_eq!(run.notifications.len(), 1);
    assert_eq!(run.notifications[0].notification.ts, 5 * MINUTE);
    assert!(run.notifications[0].is_page);
    assert_eq!(run.episodes[1].first_page, Some(0));
    assert_eq!((run.has_routes, run.pages_unsuppressed), (false, None));
    assert_eq!(run.rules[0].report.evaluations, 10 + 64);
}

#[test]
fn pages_are_what_wakes_somebody() {
    let jobs = [("api", "1110000000000000000011111111")];
    let external = [("cluster", "a"), ("severity", "none")];
    let case = Case {
        jobs: &jobs,
        minutes: (0, 28),
        routes: Some(ROUTES),
        external: &external,
        ..PLAIN
    };
    let run = case.run();
    let told: Vec<_> = run
        .notifications
        .iter()
        .map(|one| {
            (
                one.notification.ts / 1_000_000,
                one.notification.integration.as_ref(),
                one.is_page,
            )
        })
        .collect();
    // Fires at 5 min, 30 s of group_wait; the chat beside the pager is no page. It is resolved at
    // 20 min, and the group is looked at every 5 min.
    assert_eq!(
        told,
        [
            (330, "pagerduty", true),
            (330, "slack", false),
            (1_230, "pagerduty", false),
            (1_230, "slack", false),
        ]
    );
    assert_eq!(run.page_receivers, ["pager"]);
    let labels = &run.notifications[0].notification.alerts[0].labels;
    assert_eq!(labels.get("cluster"), Some("a"));
    assert_eq!(labels.get("severity"), Some("critical"));
    assert_eq!(run.notifications[2].resolved, [0]);
    assert_eq!(run.episodes[0].first_page, Some(0));
    assert_eq!(run.pages_unsuppressed, Some(1));
    assert_eq!(run.pages_other_race, Some(1));
}

#[test]
fn what_is_silenced_is_known() {
    let jobs = [("api", "1110000000001111111111111111")];
    let silences =
        "[{matchers: [job=api], starts_at: 1970-01-01T00:00:00Z, ends_at: 1970-01-01T09:00:00Z}]";
    let run = Case {
        jobs: &jobs,
        minutes: (0, 28),
        routes: Some(ROUTES),
        silences,
        ..PLAIN
    }
    .run();
    assert_eq!(run.notifications.len(), 0);
    assert_eq!(run.suppressed.len(), 1);
    assert_eq!(run.suppressed[0].episode, 0);
    assert_eq!(run.episodes[0].first_notification, None);
    assert_eq!(run.pages_unsuppressed, Some(1));
}

#[test]
fn what_fires_when_the_range_begins_does_not_begin_there() {
    let jobs = [
        ("api", &*"0".repeat(120)),
        ("db", &*format!("{}{}", "0".repeat(20), "1".repeat(100))),
    ];
    let run = Case {
        jobs: &jobs,
        minutes: (60, 120),
        routes: Some(ROUTES),
        ..PLAIN
    }
    .run();
    // db was over before; api was told of before.
    assert_eq!(run.episodes.len(), 1);
    assert_eq!(run.episodes[0].fired_at, Some(2 * MINUTE));
    assert_eq!(run.episodes[0].end, EpisodeEnd::Open);
    assert_eq!(run.notifications.len(), 0);
    assert_eq!(run.episodes[0].first_page, None);
    // 30 s of group_wait after it fired.
    let told = Some(2 * MINUTE + MINUTE / 2);
    assert_eq!(run.episodes[0].first_page_at, told);
    assert_eq!(run.episodes[0].first_notification_at, told);
}

#[test]
fn a_repetition_within_the_range_is_not_the_first() {
    let jobs = [("api", &*"0".repeat(360))];
    let case = Case {
        jobs: &jobs,
        minutes: (60, 360),
        routes: Some(ROUTES),
        ..PLAIN
    };
    let run = case.run();
    // Told 2.5 min after the begin, and again 4 h later (a tick after it, as the race goes).
    let first = &run.episodes[0];
    let repeated = first.first_page.expect("a repetition");
    let ts = run.notifications[repeated].notification.ts;
    assert_eq!(ts, (2 + 245) * MINUTE + MINUTE / 2);
    assert_eq!(first.first_page_at, Some(2 * MINUTE + MINUTE / 2));
    // Without routes there are no repetitions.
    let run = Case {
        routes: None,
        ..case
    }
    .run();
    assert_eq!(run.notifications.len(), 0);
    let first = &run.episodes[0];
    assert_eq!(
        (first.first_page, first.first_page_at),
        (None, Some(2 * MINUTE))
    );
}

/// Two rules that make the same alert, the second of them 5 min later.
const TWINS: &str = "groups:
  - name: g
    rules:
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: critical}
        annotations: {summary: '{{ $labels.job }} is down'}
      - alert: Down
        expr: up == 0
        for: 7m
        labels: {severity: critical}
        annotations: {summary: '{{ $labels.job }} is still down'}
";

#[test]
fn an_alert_that_two_rules_make_belongs_to_both() {
    let jobs = [("api", "1110000000000001111111111111111")];
    let case = Case {
        rules: TWINS,
        jobs: &jobs,
        minutes: (0, 31),
        routes: Some(ROUTES),
        ..PLAIN
    };
    let run = case.run();
    let pager = run
        .notifications
        .iter()
        .filter(|one| one.notification.integration.as_ref() == "pagerduty");
    let told: Vec<_> = pager
        .map(|one| {
            let seconds = one.notification.ts / 1_000_000;
            (seconds, one.firing.clone(), one.resolved.clone())
        })
        .collect();
    // Fires at 5 and at 10 min; both are resolved at 15.
    assert_eq!(told, [(330, vec![0], vec![]), (930, vec![], vec![0, 1])]);
    assert_eq!(run.episodes[0].first_page_at, Some(330_000_000));
    assert_eq!(run.episodes[1].first_page_at, None);
    let run = Case {
        routes: None,
        ..case
    }
    .run();
    let told: Vec<_> = run
        .notifications
        .iter()
        .map(|one| {
            (
                one.notification.ts / MINUTE,
                one.firing.clone(),
                one.is_page,
            )
        })
        .collect();
    assert_eq!(told, [(5, vec![0], true), (10, vec![1], true)]);
}

#[test]
fn two_rules_that_fire_at_once_are_two_pages_or_one() {
    let jobs = [("api", "1110000000000001111111111111111")];
    let rules = TWINS.replace("for: 7m", "for: 2m");
    let case = Case {
        rules: &rules,
        jobs: &jobs,
        minutes: (0, 31),
        routes: Some(ROUTES),
        ..PLAIN
    };
    // One alert to Alertmanager: one page, of both.
    let run = case.run();
    let pages: Vec<_> = run.notifications.iter().filter(|one| one.is_page).collect();
    assert_eq!(pages.len(), 1);
    assert_eq!(pages[0].firing, [0, 1]);
    assert!(run.episodes.iter().all(|one| one.first_page == Some(0)));
    // Without routes each of the two is a page.
    let run = Case {
        routes: None,
        ..case
    }
    .run();
    let pages: Vec<_> = run.notifications.iter().filter(|one| one.is_page).collect();
    assert_eq!(pages.len(), 2);
    assert_eq!((&*pages[0].firing, &*pages[1].firing), (&[0][..], &[1][..]));
}

#[test]
fn a_selector_without_series_is_named() {
    let text = "groups:
  - name: g
    rules:
      - {record: r, expr: 'sum(nothing)'}
      - {alert: A, expr: 'r > 1 and up{job=\"web\"} == 0'}
";
    let external = Labels::default();
    let settings = RunSettings {
        range: TimeRange {
            start: 0,
            end: 10 * MINUTE,
        },
        phases: vec![Phase::Zero],
        evaluation: Settings::default(),
        routes: None,
        silences: &[],
        notify: Options::default(),
        external_labels: &external,
        page_receivers: Vec::new(),
    };
    let run = run(&rules(text), &mut history(&[("api", "111")]), &settings).expect("a run");
    let unmatched: Vec<Vec<&str>> = run
        .rules
        .iter()
        .map(|rule| {
            rule.unmatched
                .iter()
                .map(|(text, _)| text.as_str())
                .collect()
        })
        .collect();
    assert_eq!(unmatched, [vec!["nothing"], vec!["r", "up{job=\"web\"}"]]);
}
