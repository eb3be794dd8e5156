//! A small backtest of three weeks: a good rule, a noisy one, a dead one.

use std::sync::Arc;

use super::judged::{judge, share};
use crate::alert::backtest::{
    Episode, EpisodeEnd, Incident, Notified, RuleInfo, RuleOutcome, Run, Suppressed, Totals,
    Verdict, Window,
};
use crate::alert::evaluate::{RuleErrors, RuleReport};
use crate::alert::notify::{Cause, Notification, NotifiedAlert, Reason};
use crate::alert::rule_file::Place;
use crate::model::{Labels, TimeRange, Warning};

/// Monday 2026-03-02T00:00:00Z.
pub(super) const MONDAY: i64 = 1_772_409_600_000_000;
pub(super) const MINUTE: i64 = 60_000_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

pub(super) struct Fixture {
    pub(super) run: Run,
    pub(super) verdict: Verdict,
    pub(super) incidents: Vec<Incident>,
    pub(super) maintenance: Vec<Window>,
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(own).collect()
}

fn rule(name: &str, line: usize, is_alert: bool) -> RuleOutcome {
    RuleOutcome {
        info: RuleInfo {
            file: "rules/api.yml".to_owned(),
            group: "api".to_owned(),
            place: Place { line, column: 9 },
            name: name.to_owned(),
            is_alert,
            expr: "job:errors:ratio5m\n  > 0.05".to_owned(),
            interval: MINUTE,
            hold: 5 * MINUTE,
            keep_firing_for: 0,
            labels: pairs(&[("severity", "critical")]),
            annotations: pairs(&[("summary", "{{ $labels.service }} fails | {{ $value }}")]),
        },
        report: RuleReport {
            evaluations: 30_240,
            ..RuleReport::default()
        },
        unmatched: Vec::new(),
    }
}

fn labels(pairs: &[(&str, &str)]) -> Arc<Labels> {
    Arc::new(Labels::from_pairs(pairs.iter().copied()).expect("distinct names"))
}

/// An episode: when active, for how long pending and firing.
fn episode(
    rule: usize,
    service: &str,
    active_at: i64,
    pending: i64,
    firing: Option<i64>,
) -> Episode {
    let name = ["HighErrorRate", "NoisyDisk", "DeadRule"][rule];
    let fired_at = firing.map(|_| active_at + pending);
    Episode {
        rule,
        labels: labels(&[
            ("alertname", name),
            ("service", service),
            ("severity", "critical"),
        ]),
        element: labels(&[("service", service)]),
        active_at,
        fired_at,
        ended_at: Some(active_at + pending + firing.unwrap_or(0)),
        end: match firing {
            Some(_) => EpisodeEnd::Resolved,
            None => EpisodeEnd::Dropped,
        },
        value: 0.071_234_5,
        annotations: match firing {
            Some(_) => pairs(&[("summary", &format!("{service} fails | 0.07"))]),
            None => Vec::new(),
        },
        first_notification_at: None,
        first_page_at: None,
        first_notification: None,
        first_page: None,
    }
}

fn notify(run: &mut Run, episode: usize, after: i64, receiver: &str, reason: Reason) {
    let place = run.notifications.len();
    let target = &mut run.episodes[episode];
    let ts = target.fired_at.expect("it fired") + after;
    let is_page = receiver == "oncall" && reason != Reason::AllResolved;
    target.first_notification.get_or_insert(place);
    target.first_notification_at.get_or_insert(ts);
    if is_page {
        target.first_page.get_or_insert(place);
        target.first_page_at.get_or_insert(ts);
    }
    let resolved = reason == Reason::AllResolved;
    run.notifications.push(Notified {
        notification: Notification {
            ts,
            receiver: receiver.into(),
            integration: "pagerduty".into(),
            index: 0,
            route: "{}".into(),
            group_labels: labels(&[("alertname", "x")]),
            reason,
            alerts: vec![NotifiedAlert {
                labels: Arc::clone(&target.labels),
                annotations: Arc::from(Vec::new()),
                starts_at: ts,
                ends_at: resolved.then_some(ts),
            }],
            suppressed: Vec::new(),
        },
        firing: if resolved { Vec::new() } else { vec![episode] },
        resolved: if resolved { vec![episode] } else { Vec::new() },
        is_page,
    });
}

fn incident(id: &str, started_at: i64, length: i64) -> Incident {
    Incident {
        id: id.to_owned(),
        started_at,
        ended_at: Some(started_at + length),
        severity: Some("critical".to_owned()),
        title: None,
        labels: pairs(&[("service", "checkout")]),
    }
}

/// A run without anything, and what is said of it.
pub(super) fn empty() -> Fixture {
    let none = share(0, 0, f64::NAN, f64::NAN);
    Fixture {
        run: Run {
            range: TimeRange {
                start: MONDAY,
                end: MONDAY,
            },
            rules: Vec::new(),
            episodes: Vec::new(),
            notifications: Vec::new(),
            suppressed: Vec::new(),
            has_routes: false,
            page_receivers: Vec::new(),
            pages_unsuppressed: None,
            pages_other_race: None,
            warnings: Vec::new(),
        },
        verdict: Verdict {
            rules: Vec::new(),
            totals: Totals {
                pages: 0,
                pages_worst_week: 0,
                pages_night: 0,
                pages_weekend: 0,
                notifications: 0,
                alerts_per_notification: f64::NAN,
                episodes: 0,
                precision: none,
                page_precision: none,
                recall: none,
                page_recall: none,
                incident_time: f64::NAN,
                median_delay: None,
                delay_of_all: None,
            },
            episodes: Vec::new(),
            incidents: Vec::new(),
            co_firing: Vec::new(),
            findings: Vec::new(),
            warnings: Vec::new(),
        },
        incidents: Vec::new(),
        maintenance: Vec::new(),
    }
}

pub(super) fn fixture() -> Fixture {
    let Fixture {
        mut run,
        mut verdict,
        ..
    } = empty();
    run.range.end = MONDAY + 21 * DAY;
    run.has_routes = true;
    run.page_receivers = vec!["oncall".to_owned()];
    run.pages_unsuppressed = Some(16);
    run.pages_other_race = Some(13);
    run.warnings = vec![Warning::new(
        "few-incidents",
        "only 3 incidents: the intervals are wide",
    )];
    run.rules = vec![
        rule("HighErrorRate", 12, true),
        rule("NoisyDisk", 30, true),
        rule("DeadRule", 44, true),
        rule("job:errors:ratio5m", 5, false),
    ];
    run.rules[1].report.errors = RuleErrors {
        count: 3,
        first: Some((MONDAY + HOUR, "many-to-many matching".to_owned())),
        last: Some((MONDAY + 3 * HOUR, "many-to-many matching".to_owned())),
    };
    run.rules[2].unmatched = vec![("absent_total".to_owned(), "no such metric".to_owned())];

    let (surge, leak) = (MONDAY + 2 * DAY + 10 * HOUR, MONDAY + 11 * DAY + 3 * HOUR);
    run.episodes = vec![
        episode(
            0,
            "checkout",
            surge + 2 * MINUTE,
            5 * MINUTE,
            Some(40 * MINUTE),
        ),
        episode(0, "checkout", leak - MINUTE, 5 * MINUTE, Some(6 * HOUR)),
        episode(0, "cart", MONDAY + 6 * DAY, 3 * MINUTE, None),
    ];
    for night in 0..10 {
        let at = MONDAY + night * 2 * DAY + 2 * HOUR;
        run.episodes.push(episode(1, "db", at, 0, Some(4 * MINUTE)));
    }
    for at in [0, 1] {
        notify(&mut run, at, 30_000_000, "oncall", Reason::First);
        notify(&mut run, at, 41 * MINUTE, "oncall", Reason::AllResolved);
    }
    for at in 3..12 {
        notify(&mut run, at, 30_000_000, "oncall", Reason::First);
    }
    notify(&mut run, 12, 30_000_000, "chat", Reason::First);
    let unheard = &mut run.episodes[3];
    (unheard.first_notification, unheard.first_notification_at) = (None, None);
    (unheard.first_page, unheard.first_page_at) = (None, None);
    run.notifications.retain(|told| told.firing != [3]);
    run.suppressed.push(Suppressed {
        episode: 3,
        receiver: "oncall".into(),
        cause: Cause::Inhibited {
            rule: 0,
            source: labels(&[("alertname", "HighErrorRate")]),
        },
        from: MONDAY + 2 * HOUR,
        until: MONDAY + 2 * HOUR + 5 * MINUTE,
    });
    for episode in &mut run.episodes {
        for place in [&mut episode.first_notification, &mut episode.first_page] {
            *place = place.map(|at| if at > 4 { at - 1 } else { at });
        }
    }

    judge(&mut verdict, &run, surge, leak);
    Fixture {
        run,
        verdict,
        incidents: vec![
            incident("INC-1", surge, 2 * HOUR),
            incident("INC-2", leak, 8 * HOUR),
            incident("INC-3", MONDAY + 16 * DAY, 30 * MINUTE),
        ],
        maintenance: vec![Window {
            id: "MNT-1".to_owned(),
            started_at: MONDAY + 5 * DAY,
            ended_at: MONDAY + 6 * DAY,
            title: None,
            labels: Vec::new(),
        }],
    }
}
