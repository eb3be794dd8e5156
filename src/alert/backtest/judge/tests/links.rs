use super::*;
use crate::alert::backtest::judge::{Judging, judge};
use crate::alert::backtest::{EpisodeVerdict, LinkBy, Verdict};
use EpisodeVerdict::{Elsewhere, False, Maintenance, NearMiss, Unknown};

/// What becomes of one episode from minute `from` to `to` of the second day.
fn one(
    labels: &[(&str, &str)],
    (from, to): (i64, i64),
    incidents: &[Incident],
    by: LinkBy,
) -> EpisodeVerdict {
    let mut made = Made::default();
    let rule = made.rule("CollectorDown", "up == 0");
    made.fired(rule, labels, day(from), day(to));
    let mut judging = Judging::default();
    judging.links.by = by;
    judge(&made.run(), incidents, &[], &judging).episodes[0]
}

/// A minute of the second day.
fn day(minute: i64) -> i64 {
    MONDAY + DAY + minute * MINUTE
}

fn verdicts(made: Made, incidents: &[Incident], windows: &[Window]) -> Verdict {
    judge(&made.run(), incidents, windows, &Judging::default())
}

#[test]
fn labels_decide_what_an_alert_is_about() {
    // As in the sample data: services and stages of incidents, other names in the rules.
    let incidents = [
        incident(
            "INC-4",
            day(0),
            day(60),
            &[
                ("service", "supplier-collector"),
                ("stage", "supplier-collector"),
            ],
        ),
        incident(
            "INC-13",
            day(600),
            day(660),
            &[
                ("service", "storage-router"),
                ("stage", "timescaledb"),
                ("cause", "write_stall"),
            ],
        ),
    ];
    let own = EpisodeVerdict::Incident(0);
    for (labels, verdict) in [
        (
            &[("job", "supplier-collector"), ("instance", "a:80")][..],
            own,
        ),
        (&[("job", "Supplier-Collector")], own),
        // What another incident is about is known to be something else.
        (&[("backend", "timescaledb")], Elsewhere(0)),
        // Both name a service.
        (&[("service", "query-api")], Elsewhere(0)),
        // Nothing is known of it: time decides.
        (&[("job", "kafka")], own),
        (
            &[("le", "supplier-collector"), ("cause", "write_stall")],
            own,
        ),
        (&[], own),
    ] {
        assert_eq!(
            one(labels, (10, 20), &incidents, LinkBy::default()),
            verdict,
            "{labels:?}"
        );
    }
    let backend = [("backend", "timescaledb"), ("service", "storage-router")];
    let verdict = one(&backend, (610, 620), &incidents, LinkBy::default());
    assert_eq!(verdict, EpisodeVerdict::Incident(1));
    // Other names, and none.
    let by = LinkBy::parse("cause");
    assert_eq!(
        one(
            &[("cause", "write_stall")],
            (10, 20),
            &incidents,
            by.clone()
        ),
        own
    );
    assert_eq!(
        one(&[("cause", "write_stall")], (610, 620), &incidents, by),
        EpisodeVerdict::Incident(1)
    );
    assert_eq!(
        one(
            &[("service", "query-api")],
            (10, 20),
            &incidents,
            LinkBy::Time
        ),
        own
    );
}

#[test]
fn values_may_be_lists_and_hosts_have_ports() {
    let own = EpisodeVerdict::Incident(0);
    for (theirs, ours, verdict) in [
        (
            ("services", "query-api, Storage-Router"),
            ("service", "storage-router"),
            own,
        ),
        (
            ("affected_services", "[\"query-api\",\"kafka\"]"),
            ("job", "kafka"),
            own,
        ),
        (("components", "a;b"), ("component", "b"), own),
        (("host", "db-1"), ("instance", "db-1:9187"), own),
        (("instance", "db-1:9100"), ("instance", "db-1:9187"), own),
        (("hostname", "db-1"), ("node", "db-1"), own),
        (("host", "db-1"), ("host", "db-2:80"), Elsewhere(0)),
        (("service", "db-1"), ("service", "db-1:80"), Elsewhere(0)),
        // Which alert it was may be written down.
        (("alertname", "CollectorDown"), ("service", "x"), own),
        (("alerts", "Other, collectordown"), ("service", "x"), own),
        (("alert", "Other"), ("service", "x"), Elsewhere(0)),
        // An empty column says nothing.
        (("service", " "), ("service", "x"), own),
    ] {
        let incidents = [incident("INC-1", day(0), day(60), &[theirs])];
        let found = one(&[ours], (10, 20), &incidents, LinkBy::default());
        assert_eq!(found, verdict, "{theirs:?} {ours:?}");
    }
}

#[test]
fn time_has_some_slack_and_an_end() {
    let incidents = [incident("INC-1", day(60), day(90), &[])];
    let own = EpisodeVerdict::Incident(0);
    for (span, verdict) in [
        ((20, 54), False),
        ((20, 55), own),
        ((105, 110), own),
        ((106, 110), False),
        ((0, 400), own),
        // It has fired for a day and a minute when the incident begins.
        ((60 - 1440, 400), own),
        ((59 - 1440, 400), False),
    ] {
        assert_eq!(
            one(&[], span, &incidents, LinkBy::default()),
            verdict,
            "{span:?}"
        );
    }
    // Without an end an incident is taken to last an hour.
    let open = [Incident {
        ended_at: None,
        ..incidents[0].clone()
    }];
    assert_eq!(one(&[], (135, 140), &open, LinkBy::default()), own);
    assert_eq!(one(&[], (136, 140), &open, LinkBy::default()), False);
    assert_eq!(one(&[], (70, 80), &[], LinkBy::default()), Unknown);
}

#[test]
fn of_several_incidents_the_last_begun_has_the_episode() {
    let service = |name| [("service", name)];
    // Out of order on purpose.
    let incidents = [
        incident("C", day(50), day(300), &service("a")),
        incident("A", day(0), day(200), &service("a")),
        incident("B", day(20), day(200), &service("a")),
        incident("other", day(39), day(200), &service("b")),
    ];
    let own = EpisodeVerdict::Incident;
    let at = |span| one(&service("a"), span, &incidents, LinkBy::default());
    assert_eq!(at((40, 60)), own(2));
    assert_eq!(at((20, 60)), own(2));
    assert_eq!(at((19, 60)), own(1));
    assert_eq!(at((50, 60)), own(0));
    // All begin later: the first of them.
    assert_eq!(at((-20, 60)), own(1));
    // One by labels goes before one by time that began later.
    let incidents = [
        incident("A", day(0), day(200), &service("a")),
        incident("unknown", day(39), day(200), &[]),
    ];
    assert_eq!(
        one(&service("a"), (40, 60), &incidents, LinkBy::default()),
        own(0)
    );
}

#[test]
fn planned_work_explains_what_begins_during_it() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    let db = [("service", "db")];
    made.fired(rule, &db, day(10), day(20));
    made.fired(rule, &db, day(70), day(75));
    made.fired(rule, &db, day(-5), day(75));
    made.fired(rule, &[("service", "api")], day(10), day(20));
    made.pending(rule, &db, day(10), day(20));
    made.fired(rule, &db, day(605), day(610));
    let windows = [window(day(0), day(60), &db)];
    let incidents = [
        incident("INC-1", day(600), day(660), &db),
        incident("INC-2", day(900), day(960), &[("service", "api")]),
    ];
    let found = verdicts(made, &incidents, &windows).episodes;
    let expected = [
        Maintenance(0),
        Maintenance(0),
        False,
        False,
        NearMiss,
        EpisodeVerdict::Incident(0),
    ];
    assert_eq!(found, expected);

    // Work on everything; an incident's own alert stays its own.
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    made.fired(rule, &[("service", "api")], day(10), day(20));
    made.fired(rule, &db, day(10), day(20));
    let incidents = [incident("INC-1", day(0), day(60), &db)];
    let verdict = verdicts(made, &incidents, &[window(day(0), day(60), &[])]);
    assert_eq!(
        verdict.episodes,
        [Maintenance(0), EpisodeVerdict::Incident(0)]
    );
    assert_eq!(verdict.rules[0].in_maintenance, 1);
    assert_eq!(
        (
            verdict.totals.precision.hits,
            verdict.totals.precision.trials
        ),
        (1, 1)
    );
}

#[test]
fn what_is_linked_by_time_alone_is_told() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    made.fired(rule, &[("topic", "t")], day(10), day(20));
    made.fired(rule, &[("service", "db")], day(10), day(20));
    let incidents = [incident("INC-1", day(0), day(60), &[("service", "db")])];
    let verdict = verdicts(made, &incidents, &[]);
    let told = verdict
        .warnings
        .iter()
        .find(|one| one.code == "linked-by-time");
    assert!(told.unwrap().message.starts_with("1 of 2 episodes belong"));
}

#[test]
fn many_incidents_and_episodes_are_quick() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    for n in 0..100_000 {
        let service = format!("s{}", n % 50);
        let from = MONDAY + n * 20_000_000;
        made.fired(rule, &[("service", &service)], from, from + HOUR);
    }
    let incidents: Vec<Incident> = (0..1000)
        .map(|n| {
            let from = MONDAY + n * 2_000_000_000;
            let service = format!("s{}", n % 50);
            incident(
                &n.to_string(),
                from,
                from + 2 * HOUR,
                &[("service", &service)],
            )
        })
        .collect();
    let begin = std::time::Instant::now();
    let verdict = verdicts(made, &incidents, &[]);
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
    assert_eq!(verdict.totals.recall.trials, 1000);
}
