//! Runs and verdicts made by hand.

use std::sync::Arc;

use crate::alert::backtest::{
    Episode, EpisodeEnd, IncidentVerdict, Notified, Proportion, RuleInfo, RuleOutcome, RuleVerdict,
    Run, Totals, Verdict,
};
use crate::alert::evaluate::{RuleErrors, RuleReport};
use crate::alert::notify::{Notification, NotifiedAlert, Reason};
use crate::alert::rule_file::Place;
use crate::model::{Labels, TimeRange};

/// µs in a minute.
pub(in crate::alert::backtest) const MINUTE: i64 = 60_000_000;

/// A rule without anything else.
pub(in crate::alert::backtest) fn rule(name: &str, expr: &str) -> RuleInfo {
    RuleInfo {
        file: "rules.yml".to_owned(),
        group: "group".to_owned(),
        place: Place::default(),
        name: name.to_owned(),
        is_alert: true,
        expr: expr.to_owned(),
        interval: MINUTE,
        hold: 0,
        keep_firing_for: 0,
        labels: Vec::new(),
        annotations: Vec::new(),
    }
}

/// Label pairs as `a=1,b=2`.
pub(in crate::alert::backtest) fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn labels(text: &str) -> Labels {
    Labels::from_pairs(pairs(text)).expect("no label is twice")
}

/// Four weeks without anything.
pub(in crate::alert::backtest) fn run(rules: Vec<RuleInfo>) -> Run {
    let outcome = |info| RuleOutcome {
        info,
        report: RuleReport::default(),
        unmatched: Vec::new(),
    };
    Run {
        range: TimeRange {
            start: 0,
            end: 4 * 7 * 24 * 60 * MINUTE,
        },
        rules: rules.into_iter().map(outcome).collect(),
        episodes: Vec::new(),
        notifications: Vec::new(),
        suppressed: Vec::new(),
        has_routes: true,
        page_receivers: vec!["pager".to_owned()],
        pages_unsuppressed: None,
        pages_other_race: None,
        warnings: Vec::new(),
    }
}

/// Adds an episode that is active from one minute to another.
pub(in crate::alert::backtest) fn episode(
    run: &mut Run,
    rule: usize,
    element: &str,
    minutes: [i64; 2],
) -> usize {
    let info = &run.rules[rule].info;
    let mut all = labels(element).with("alertname", &info.name);
    for (name, value) in &info.labels {
        all = all.with(name, value);
    }
    run.episodes.push(Episode {
        rule,
        labels: Arc::new(all),
        element: Arc::new(labels(element)),
        active_at: minutes[0] * MINUTE,
        fired_at: Some(minutes[0] * MINUTE + info.hold),
        ended_at: Some(minutes[1] * MINUTE),
        end: EpisodeEnd::Resolved,
        value: 1.0,
        annotations: Vec::new(),
        first_notification_at: None,
        first_page_at: None,
        first_notification: None,
        first_page: None,
    });
    run.episodes.len() - 1
}

/// Adds a notification of episodes that fire; a page if the receiver is `pager…`.
pub(in crate::alert::backtest) fn notify(
    run: &mut Run,
    minute: i64,
    receiver: &str,
    firing: &[usize],
) {
    let alert = |e: &usize| NotifiedAlert {
        labels: run.episodes[*e].labels.clone(),
        annotations: Arc::new([]),
        starts_at: run.episodes[*e].active_at,
        ends_at: None,
    };
    let alerts = firing.iter().map(alert).collect();
    run.notifications.push(Notified {
        notification: Notification {
            ts: minute * MINUTE,
            receiver: receiver.into(),
            integration: "pagerduty".into(),
            index: 0,
            route: "{}".into(),
            group_labels: Arc::default(),
            reason: Reason::First,
            alerts,
            suppressed: Vec::new(),
        },
        firing: firing.to_vec(),
        resolved: Vec::new(),
        is_page: receiver.starts_with("pager"),
    });
}

/// Adds an episode and a page at its beginning.
pub(in crate::alert::backtest) fn page(run: &mut Run, rule: usize, element: &str, minute: i64) {
    let episode = episode(run, rule, element, [minute, minute + 5]);
    notify(run, minute, "pager", &[episode]);
}

/// A share whose bounds are known not to matter.
pub(in crate::alert::backtest) fn share(hits: usize, trials: usize) -> Proportion {
    Proportion {
        hits,
        trials,
        lower: f64::NAN,
        upper: f64::NAN,
    }
}

/// A verdict that counts pages, and knows nothing of calendars and incidents.
pub(in crate::alert::backtest) fn verdict(run: &Run) -> Verdict {
    let pages = |is_meant: &dyn Fn(&Notified) -> bool| {
        run.notifications
            .iter()
            .filter(|n| n.is_page && is_meant(n))
            .count()
    };
    let record = |rule: usize| RuleVerdict {
        rule,
        severity: None,
        owner: None,
        runbook: None,
        pages: pages(&|n| n.firing.iter().any(|e| run.episodes[*e].rule == rule)),
        pages_worst_week: 0,
        pages_night: 0,
        pages_weekend: 0,
        notifications: 0,
        by_reason: [0; 5],
        episodes: run.episodes.iter().filter(|e| e.rule == rule).count(),
        near_misses: 0,
        flaps: 0,
        self_resolved: 0,
        firing_time: 0,
        most_at_once: 0,
        median_duration: None,
        longest: None,
        longest_quiet: 0,
        unheard: Vec::new(),
        precision: share(0, 0),
        in_maintenance: 0,
        elsewhere: 0,
        incidents: Vec::new(),
        alone: Vec::new(),
        median_delay: None,
        errors: RuleErrors::default(),
    };
    let is_alert = |rule: &usize| run.rules[*rule].info.is_alert;
    Verdict {
        rules: (0..run.rules.len()).filter(is_alert).map(record).collect(),
        totals: Totals {
            pages: pages(&|_| true),
            pages_worst_week: 0,
            pages_night: 0,
            pages_weekend: 0,
            notifications: run.notifications.len(),
            alerts_per_notification: 1.0,
            episodes: run.episodes.len(),
            precision: share(0, 0),
            page_precision: share(0, 0),
            recall: share(0, 0),
            page_recall: share(0, 0),
            incident_time: 0.0,
            median_delay: None,
            delay_of_all: None,
        },
        episodes: Vec::new(),
        incidents: Vec::new(),
        co_firing: Vec::new(),
        findings: Vec::new(),
        warnings: Vec::new(),
    }
}

/// How an incident was met: first firing, notification and page, in minutes.
pub(in crate::alert::backtest) fn met(
    incident: usize,
    firsts: [Option<i64>; 3],
) -> IncidentVerdict {
    let [firing, notification, page] = firsts.map(|at| at.map(|minute| minute * MINUTE));
    IncidentVerdict {
        incident,
        episodes: Vec::new(),
        first_active_at: firing,
        first_firing_at: firing,
        first_notification_at: notification,
        first_page_at: page,
        rules: Vec::new(),
        near_misses: Vec::new(),
        pages: usize::from(page.is_some()),
    }
}
