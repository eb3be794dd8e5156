//! A small backtest for tests: a rule with four episodes, and one that never fires.

use std::sync::Arc;

use super::BacktestResult;
use crate::alert::backtest::{
    Episode, EpisodeEnd, EpisodeVerdict, Finding, FindingKind, Incident, Notified, Proportion,
    RuleInfo, RuleOutcome, RuleVerdict, Run, Suppressed, Totals, Verdict, Window,
};
use crate::alert::evaluate::{RuleErrors, RuleReport};
use crate::alert::notify::{Cause, Notification, NotifiedAlert, Reason};
use crate::alert::rule_file::Place;
use crate::model::{Labels, TimeRange};

const SECOND: i64 = 1_000_000;

/// A backtest with what it is judged by.
pub(crate) struct Sample {
    pub(crate) run: Run,
    pub(crate) verdict: Verdict,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) maintenance: Vec<Window>,
}

impl Sample {
    pub(crate) fn result(&self) -> BacktestResult<'_> {
        BacktestResult {
            run: &self.run,
            verdict: &self.verdict,
            incidents: &self.incidents,
            maintenance: &self.maintenance,
        }
    }
}

/// The labels of the alert `HighErrors` of a job.
pub(crate) fn alert_labels(job: &str) -> Labels {
    let pairs = [
        ("alertname", "HighErrors"),
        ("job", job),
        ("severity", "page"),
    ];
    Labels::from_pairs(pairs).expect("labels")
}

/// Begins at `start`, evaluates each minute, and ends 15 minutes later.
pub(crate) fn sample(start: i64) -> Sample {
    let at = |seconds: i64| start + seconds * SECOND;
    let rule = |name: &str, is_alert| RuleOutcome {
        info: RuleInfo {
            file: "rules.yml".into(),
            group: "api".into(),
            place: Place { line: 3, column: 5 },
            name: name.into(),
            is_alert,
            expr: "errors > 1".into(),
            interval: 60 * SECOND,
            hold: 120 * SECOND,
            keep_firing_for: 0,
            labels: Vec::new(),
            annotations: Vec::new(),
        },
        report: RuleReport::default(),
        unmatched: Vec::new(),
    };
    let episode = |job: &str, active, fired: Option<i64>, ended: Option<i64>, end| Episode {
        rule: 1,
        labels: Arc::new(alert_labels(job)),
        element: Arc::new(Labels::default()),
        active_at: at(active),
        fired_at: fired.map(at),
        ended_at: ended.map(at),
        end,
        value: 2.5,
        annotations: match fired {
            Some(_) => vec![("summary".into(), format!("{job} fails"))],
            None => Vec::new(),
        },
        first_notification_at: None,
        first_page_at: None,
        first_notification: None,
        first_page: None,
    };
    let mut first = episode("a", 0, Some(120), Some(300), EpisodeEnd::Resolved);
    first.first_notification_at = Some(at(150));
    first.first_page_at = Some(at(150));
    first.first_notification = Some(0);
    first.first_page = Some(0);
    let told = |ts, ends_at: Option<i64>, reason| Notification {
        ts: at(ts),
        receiver: "oncall".into(),
        integration: "pagerduty".into(),
        index: 0,
        route: "{}".into(),
        group_labels: Arc::new(Labels::from_pairs([("job", "a")]).expect("labels")),
        reason,
        alerts: vec![NotifiedAlert {
            labels: Arc::new(alert_labels("a")),
            annotations: Arc::new([]),
            starts_at: at(120),
            ends_at: ends_at.map(at),
        }],
        suppressed: Vec::new(),
    };
    let run = Run {
        range: TimeRange {
            start,
            end: at(900),
        },
        rules: vec![
            rule("job:errors", false),
            rule("HighErrors", true),
            rule("Dead", true),
        ],
        episodes: vec![
            first,
            episode("b", 60, None, Some(120), EpisodeEnd::Dropped),
            episode("c", 60, None, Some(120), EpisodeEnd::Wiped),
            episode("a", 600, Some(720), None, EpisodeEnd::Open),
        ],
        notifications: vec![
            Notified {
                notification: told(150, None, Reason::First),
                firing: vec![0],
                resolved: Vec::new(),
                is_page: true,
            },
            Notified {
                notification: told(450, Some(300), Reason::AllResolved),
                firing: Vec::new(),
                resolved: vec![0],
                is_page: false,
            },
        ],
        suppressed: vec![Suppressed {
            episode: 3,
            receiver: "oncall".into(),
            cause: Cause::Silenced { silence: 0 },
            from: at(750),
            until: at(840),
        }],
        has_routes: true,
        page_receivers: vec!["oncall".into()],
        pages_unsuppressed: None,
        pages_other_race: None,
        warnings: Vec::new(),
    };
    let share = |hits, trials, lower, upper| Proportion {
        hits,
        trials,
        lower,
        upper,
    };
    let none = share(0, 0, f64::NAN, f64::NAN);
    let judged = |rule, episodes| RuleVerdict {
        rule,
        severity: (rule == 1).then(|| "page".into()),
        owner: None,
        runbook: None,
        pages: episodes / 2,
        pages_worst_week: episodes / 2,
        pages_night: 0,
        pages_weekend: 0,
        notifications: episodes / 2,
        by_reason: [episodes / 2, 0, 0, 0, 0],
        episodes,
        near_misses: episodes,
        flaps: 0,
        self_resolved: 0,
        firing_time: episodes as i64 * 180 * SECOND,
        most_at_once: 1,
        median_duration: None,
        longest: None,
        longest_quiet: 0,
        unheard: Vec::new(),
        precision: match episodes {
            0 => none,
            _ => share(1, 2, 0.0945, 0.9055),
        },
        in_maintenance: 0,
        elsewhere: 0,
        incidents: (episodes > 0).then_some(0).into_iter().collect(),
        alone: Vec::new(),
        median_delay: None,
        errors: RuleErrors::default(),
    };
    let verdict = Verdict {
        rules: vec![judged(2, 0), judged(1, 2)],
        totals: Totals {
            pages: 1,
            pages_worst_week: 1,
            pages_night: 0,
            pages_weekend: 0,
            notifications: 1,
            alerts_per_notification: 1.0,
            episodes: 2,
            precision: none,
            page_precision: none,
            recall: none,
            page_recall: none,
            incident_time: 0.0,
            median_delay: None,
            delay_of_all: None,
        },
        episodes: vec![
            EpisodeVerdict::Incident(0),
            EpisodeVerdict::NearMiss,
            EpisodeVerdict::Undecided,
            EpisodeVerdict::Maintenance(0),
        ],
        incidents: Vec::new(),
        co_firing: Vec::new(),
        findings: vec![Finding {
            kind: FindingKind::NeverFires,
            rule: Some(2),
            incident: None,
            sentence: String::new(),
        }],
        warnings: Vec::new(),
    };
    Sample {
        run,
        verdict,
        incidents: vec![Incident {
            id: "INC-1".into(),
            started_at: at(60),
            ended_at: Some(at(400)),
            severity: None,
            title: Some("Errors".into()),
            labels: Vec::new(),
        }],
        maintenance: vec![Window {
            id: "MNT-1".into(),
            started_at: at(700),
            ended_at: at(900),
            title: None,
            labels: Vec::new(),
        }],
    }
}
