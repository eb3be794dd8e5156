use proptest::prelude::*;

use super::*;

/// A configuration as people have it, its secrets taken out.
const COMPLETE: &str = r#"
global:
  resolve_timeout: 3m
  smtp_smarthost: 'localhost:25'
  smtp_from: 'alertmanager@example.org'
  slack_api_url: '<secret>'
  http_config:
    follow_redirects: true
templates:
- '/etc/alertmanager/template/*.tmpl'
route:
  group_by: ['alertname', 'cluster', service]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 3h
  receiver: team-X-mails
  routes:
  - matchers:
    - service=~"foo1|foo2|baz"
    - '{severity!="none",team=X}'
    receiver: team-X-mails
    continue: true
    routes:
    - match:
        severity: critical
        level: 10
      receiver: team-X-pager
      mute_time_intervals: [nights]
      active_time_intervals:
      - office
  - match_re:
      service: ^(?:files)$
    receiver: 'null'
    group_by: ['...']
    group_wait: 0s
    repeat_interval: 1d12h
    labels: {tier: '{{ .x }}'}
inhibit_rules:
- name: critical first
  source_matchers: [ severity="critical" ]
  target_matchers: [ severity=~"warning|info" ]
  equal: ['alertname', 'cluster']
- source_match: {a: b}
  source_match_re: {c: 'd.*'}
  target_match: {e: f}
  target_match_re: {g: 'h'}
mute_time_intervals:
- name: nights
  time_intervals:
  - times:
    - start_time: '22:00'
      end_time: '24:00'
    - {start_time: 00:00, end_time: 06:30}
    location: Europe/Berlin
time_intervals:
- name: office
  time_intervals:
  - weekdays: ['monday:friday', Sunday]
    months: ['january:march', 5, '11:december']
    days_of_month: ['1:5', '-3:-1', 31]
    years: ['2020:2022', 2030]
  - weekdays: []
receivers:
- name: 'team-X-mails'
  email_configs:
  - to: 'team-X+alerts@example.org, team-Y+alerts@example.org'
    headers: {subject: x}
  - to: other
    send_resolved: yes
- name: 'team-X-pager'
  pagerduty_configs:
  - routing_key: <secret>
  slack_configs:
  - channel: '#alerts'
- name: 'null'
"#;

#[test]
fn reads_a_complete_file() {
    let config = Config::parse(COMPLETE).expect("fine");
    assert_eq!(config.warnings, []);
    assert_eq!(config.resolve_timeout, 180_000_000);
    let root = &config.route;
    let labels = ["alertname", "cluster", "service"].map(String::from);
    assert_eq!(root.group_by, Some(GroupBy::Labels(labels.to_vec())));
    assert_eq!(root.repeat_interval, Some(3 * 3_600_000_000));
    let [team, files] = root.routes.as_slice() else {
        panic!("{:?}", root.routes);
    };
    assert!(team.continues && !files.continues);
    let shown = |matchers: &[Matcher]| {
        let texts: Vec<String> = matchers.iter().map(ToString::to_string).collect();
        texts.join(",")
    };
    assert_eq!(
        shown(&team.matchers),
        r#"service=~"foo1|foo2|baz",severity!="none",team="X""#
    );
    // Numbers in YAML are texts as written.
    assert_eq!(
        shown(&team.routes[0].matchers),
        r#"severity="critical",level="10""#
    );
    assert_eq!(team.routes[0].mute_time_intervals, ["nights"]);
    assert_eq!(team.routes[0].active_time_intervals, ["office"]);
    assert_eq!(files.group_by, Some(GroupBy::All));
    assert_eq!(files.group_wait, Some(0));
    assert_eq!(files.repeat_interval, Some(36 * 3_600_000_000));

    assert_eq!(config.inhibit_rules.len(), 2);
    assert_eq!(config.inhibit_rules[0].equal, ["alertname", "cluster"]);
    assert_eq!(shown(&config.inhibit_rules[1].source), r#"a="b",c=~"d.*""#);
    assert_eq!(shown(&config.inhibit_rules[1].target), r#"e="f",g=~"h""#);

    let shown: Vec<String> = config
        .receivers
        .iter()
        .flat_map(|receiver| {
            receiver.integrations.iter().map(|one| {
                let resolved = if one.send_resolved { "+" } else { "-" };
                format!("{}/{}{}{resolved}", receiver.name, one.kind, one.index)
            })
        })
        .collect();
    assert_eq!(
        shown,
        [
            "team-X-mails/email0-",
            "team-X-mails/email1+",
            "team-X-pager/pagerduty0+",
            "team-X-pager/slack0-",
        ]
    );

    let [nights, office] = config.time_intervals.as_slice() else {
        panic!("{:?}", config.time_intervals);
    };
    let times = Some(vec![(22 * 60, 24 * 60), (0, 6 * 60 + 30)]);
    assert_eq!(nights.intervals[0].times, times);
    assert_eq!(nights.intervals[0].location, chrono_tz::Tz::Europe__Berlin);
    let first = &office.intervals[0];
    assert_eq!(first.weekdays, Some(vec![(1, 5), (0, 0)]));
    assert_eq!(first.months, Some(vec![(1, 3), (5, 5), (11, 12)]));
    assert_eq!(first.days_of_month, Some(vec![(1, 5), (-3, -1), (31, 31)]));
    assert_eq!(first.years, Some(vec![(2020, 2022), (2030, 2030)]));
    assert_eq!(office.intervals[1].weekdays, Some(Vec::new()));
}

#[test]
fn a_file_may_begin_with_a_mark_and_end_its_lines_as_windows_does() {
    let text =
        "\u{feff}---\r\nroute:\r\n  receiver: r\r\n  group_wait: 1m\r\nreceivers:\r\n- name: r\r\n";
    let config = Config::parse(text).expect("fine");
    assert_eq!(config.route.group_wait, Some(60_000_000));
}

#[test]
fn an_unknown_integration_is_a_warning() {
    let text = "route: {receiver: r}\nreceivers:\n- name: r\n  slak_configs:\n  - channel: x\n  grafana_oncall_configs:\n  - {url: x, send_resolved: false}\n";
    let config = Config::parse(text).expect("fine");
    let messages: Vec<&str> = config.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "line 4: `slak_configs` is no integration known here: its notifications are taken to \
             tell of resolved alerts (did you mean `slack_configs`?)",
            "line 6: `grafana_oncall_configs` is no integration known here: its notifications are \
             taken to tell of resolved alerts",
        ]
    );
    let resolved: Vec<bool> = config.receivers[0]
        .integrations
        .iter()
        .map(|one| one.send_resolved)
        .collect();
    assert_eq!(resolved, [true, false]);
}

#[test]
fn anchors_and_merges_are_understood() {
    let text = "route: &base\n  receiver: r\n  group_by: [a]\n  routes:\n  - matchers: &m ['a=b']\n    receiver: r\n  - matchers: *m\nreceivers:\n- name: r\n  webhook_configs:\n  - &hook {url: x, send_resolved: false}\n  - <<: *hook\n    max_alerts: 3\n";
    let config = Config::parse(text).expect("fine");
    assert_eq!(config.route.routes[1].matchers[0].to_string(), r#"a="b""#);
    assert!(!config.receivers[0].integrations[1].send_resolved);
}

type Case = (String, (usize, usize), &'static str, Option<&'static str>);

/// Each broken file with its place, its message, and its hint (`amtool check-config`
/// of 0.25 refuses them too).
#[test]
fn says_what_is_wrong_and_where() {
    let with = |route: &str| format!("route:\n  receiver: r\n{route}receivers:\n- name: r\n");
    let cases: Vec<Case> = vec![
        (String::new(), (1, 1), "there is no `route`", None),
        ("receivers: []".into(), (1, 1), "there is no `route`", None),
        (
            "route: {}".into(),
            (1, 8),
            "`receiver` is missing in the root route",
            None,
        ),
        (
            "rout: {}".into(),
            (1, 1),
            "unknown field `rout` in the configuration",
            Some("did you mean `route`?"),
        ),
        (
            "global: {resolve_timout: 1m}".into(),
            (1, 10),
            "unknown field `resolve_timout` in `global`",
            Some("did you mean `resolve_timeout`?"),
        ),
        (
            "global: {resolve_timeout: 1x}".into(),
            (1, 27),
            "\"1x\" is not a duration: write it as Prometheus does, `5m`, `1h30m`, `7d`",
            None,
        ),
        (
            with("  recever: r\n"),
            (3, 3),
            "unknown field `recever` in the route",
            Some("did you mean `receiver`?"),
        ),
        (
            with("  continue: true\n"),
            (3, 3),
            "the root route cannot have `continue`: it takes every alert",
            None,
        ),
        (
            with("  match: {a: b}\n"),
            (3, 3),
            "the root route cannot have `match`: it takes every alert",
            None,
        ),
        (
            with("  match_re: {a: b}\n"),
            (3, 3),
            "the root route cannot have `match_re`: it takes every alert",
            None,
        ),
        (
            with("  matchers: [a=b]\n"),
            (3, 3),
            "the root route cannot have `matchers`: it takes every alert",
            None,
        ),
        (
            with("  routes:\n  - receiver: s\n"),
            (4, 15),
            "receiver \"s\" is not defined",
            Some("did you mean `r`?"),
        ),
        (
            with("  routes:\n  - mute_time_intervals: [night]\n"),
            (4, 27),
            "time interval \"night\" is not defined",
            None,
        ),
        (
            with("  group_by: [a, b, a]\n"),
            (3, 20),
            "label \"a\" is twice in `group_by`",
            None,
        ),
        (
            with("  group_by: [a, '...']\n"),
            (3, 17),
            "`group_by` cannot have `...` and other labels",
            None,
        ),
        (
            with("  group_interval: 0s\n"),
            (3, 19),
            "`group_interval` cannot be zero",
            None,
        ),
        (
            with("  repeat_interval: 0\n"),
            (3, 20),
            "`repeat_interval` cannot be zero",
            None,
        ),
        (
            with("  routes: 7\n"),
            (3, 11),
            "`routes` must be a list, not a text",
            None,
        ),
        (
            with("  group_wait: [1s]\n"),
            (3, 15),
            "`group_wait` must be a text, not a list",
            None,
        ),
        (
            with("  routes:\n  - match: {1a: b}\n"),
            (4, 13),
            "\"1a\" is not a label name",
            None,
        ),
        (
            with("  routes:\n  - match_re: {a: '('}\n"),
            (4, 19),
            "`(` is not a regular expression: a `(` is not closed",
            None,
        ),
        (
            with("  routes:\n  - matchers: ['a']\n"),
            (4, 16),
            "\"a\" is no list of matchers: expected `=`, `!=`, `=~` or `!~` at the end",
            None,
        ),
        (
            "route: {receiver: r}\nreceivers: [{name: r}, {name: r}]".into(),
            (2, 31),
            "receiver \"r\" is defined twice",
            None,
        ),
        (
            "route: {receiver: r}\nreceivers: [{webhook_configs: []}]".into(),
            (2, 13),
            "`name` is missing in the receiver",
            None,
        ),
        (
            "route: {receiver: r}\nreceivers: [{name: r, webhook: []}]".into(),
            (2, 23),
            "unknown field `webhook` in the receiver",
            None,
        ),
        (
            "inhibit_rules: [{source: x}]".into(),
            (1, 18),
            "unknown field `source` in the inhibition rule",
            None,
        ),
        (
            "time_intervals: [{name: a}, {name: a}]".into(),
            (1, 36),
            "time interval \"a\" is defined twice",
            None,
        ),
        (
            "time_intervals: [{time_intervals: []}]".into(),
            (1, 18),
            "`name` is missing in the time interval",
            None,
        ),
        (
            interval("times: [{start_time: '9:00', end_time: '17:00'}]"),
            (1, 67),
            "\"9:00\" is not a time of day: write 00:00 to 24:00",
            None,
        ),
        (
            interval("times: [{start_time: '09:00', end_time: '24:01'}]"),
            (1, 86),
            "\"24:01\" is not a time of day: write 00:00 to 24:00",
            None,
        ),
        (
            interval("times: [{start_time: '17:00', end_time: '09:00'}]"),
            (1, 86),
            "\"17:00..09:00\" ends before it begins",
            None,
        ),
        (
            interval("times: [{start_time: '17:00'}]"),
            (1, 54),
            "`end_time` is missing in `times`",
            None,
        ),
        (
            interval("weekdays: [mon]"),
            (1, 57),
            "\"mon\" is not a weekday (`monday`)",
            None,
        ),
        (
            interval("weekdays: ['saturday:sunday']"),
            (1, 57),
            "\"saturday:sunday\" ends before it begins",
            None,
        ),
        (
            interval("days_of_month: [0]"),
            (1, 62),
            "\"0\" is not a day of the month (1 to 31, -1 to -31)",
            None,
        ),
        (
            interval("days_of_month: ['-3:3']"),
            (1, 62),
            "\"-3:3\": a range that begins with a negative day must end with one",
            None,
        ),
        (
            interval("days_of_month: ['29:-1']"),
            (1, 62),
            "\"29:-1\" ends before it begins",
            None,
        ),
        (
            interval("months: [brumaire]"),
            (1, 55),
            "\"brumaire\" is not a month (`january` or 1)",
            None,
        ),
        (
            interval("years: ['2022:2020']"),
            (1, 54),
            "\"2022:2020\" ends before it begins",
            None,
        ),
        (
            interval("location: Mars/Olympus"),
            (1, 56),
            "\"Mars/Olympus\" is not a time zone of the IANA database",
            None,
        ),
        (
            interval("day: [1]"),
            (1, 46),
            "unknown field `day` in the time interval",
            None,
        ),
    ];
    let mut wrong = Vec::new();
    for (text, place, message, hint) in cases {
        let error = Config::parse(&text).expect_err(&text);
        let found = (error.place.line, error.place.column);
        if error.to_string() != message || found != place {
            wrong.push(format!(
                "{text}\n  {error} at {found:?}, not {message} at {place:?}"
            ));
        }
        if hint.is_some() {
            assert_eq!(error.hint().as_deref(), hint, "{text}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn interval(fields: &str) -> String {
    format!("time_intervals: [{{name: a, time_intervals: [{{{fields}}}]}}]")
}

#[test]
fn errors_show_the_line() {
    let text = "route:\n  receiver: nobody\nreceivers: []\n";
    let error = Config::parse(text).expect_err("no such receiver");
    assert_eq!(
        error.excerpt,
        "  |   receiver: nobody\n  |             ^~~~~~"
    );
    let error = Config::parse("route: [a\n").expect_err("no YAML");
    assert!(matches!(error.kind, ConfigErrorKind::Yaml(_)), "{error:?}");
    assert!(!error.to_string().contains('\n'), "{error}");
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,60}") {
        let _ = Config::parse(&text);
    }

    #[test]
    fn never_panics_on_a_damaged_file(at in 0..COMPLETE.len(), length in 0_usize..40, put in "[-:\\[\\]{}'\" a0\\n]{0,3}") {
        let end = (at + length).min(COMPLETE.len());
        let text = format!("{}{put}{}", &COMPLETE[..at], &COMPLETE[end..]);
        if let Err(error) = Config::parse(&text) {
            prop_assert_eq!(error.excerpt.lines().count(), 2);
        }
    }
}
