//! What is said of the fixture's run.

use super::fixture::{DAY, HOUR, MINUTE};
use crate::alert::backtest::{
    CoFiring, EpisodeVerdict, Finding, FindingKind, IncidentVerdict, Proportion, RuleVerdict, Run,
    Totals, Unheard, Verdict,
};
use crate::alert::evaluate::RuleErrors;

pub(super) fn share(hits: usize, trials: usize, lower: f64, upper: f64) -> Proportion {
    Proportion {
        hits,
        trials,
        lower,
        upper,
    }
}

fn record(rule: usize) -> RuleVerdict {
    RuleVerdict {
        rule,
        severity: None,
        owner: None,
        runbook: None,
        pages: 0,
        pages_worst_week: 0,
        pages_night: 0,
        pages_weekend: 0,
        notifications: 0,
        by_reason: [0; 5],
        episodes: 0,
        near_misses: 0,
        flaps: 0,
        self_resolved: 0,
        firing_time: 0,
        most_at_once: 0,
        median_duration: None,
        longest: None,
        longest_quiet: 21 * DAY,
        unheard: Vec::new(),
        precision: share(0, 0, f64::NAN, f64::NAN),
        in_maintenance: 0,
        elsewhere: 0,
        incidents: Vec::new(),
        alone: Vec::new(),
        median_delay: None,
        errors: RuleErrors::default(),
    }
}

/// Judges the run; `surge` and `leak` are the begins of the incidents that are met.
pub(super) fn judge(verdict: &mut Verdict, run: &Run, surge: i64, leak: i64) {
    verdict.rules = vec![
        RuleVerdict {
            severity: Some("warning".to_owned()),
            pages: 8,
            pages_worst_week: 4,
            pages_night: 8,
            pages_weekend: 3,
            notifications: 9,
            by_reason: [9, 0, 0, 0, 0],
            episodes: 10,
            self_resolved: 10,
            firing_time: 40 * MINUTE,
            most_at_once: 1,
            median_duration: Some(4 * MINUTE),
            longest: Some(4 * MINUTE),
            unheard: vec![(Unheard::Inhibition, 1)],
            precision: share(0, 10, 0.0, 0.278),
            errors: run.rules[1].report.errors.clone(),
            ..record(1)
        },
        RuleVerdict {
            severity: Some("critical".to_owned()),
            owner: Some("payments".to_owned()),
            runbook: Some("https://runbooks.example.com/errors".to_owned()),
            pages: 2,
            pages_worst_week: 1,
            pages_night: 1,
            notifications: 2,
            by_reason: [2, 0, 0, 2, 0],
            episodes: 2,
            near_misses: 1,
            firing_time: 6 * HOUR + 40 * MINUTE,
            most_at_once: 1,
            median_duration: Some(3 * HOUR + 20 * MINUTE),
            longest: Some(6 * HOUR),
            precision: share(2, 2, 0.342, 1.0),
            incidents: vec![0, 1],
            alone: vec![0, 1],
            median_delay: Some(5 * MINUTE + 59_400_000),
            ..record(0)
        },
        record(2),
    ];
    verdict.totals = Totals {
        pages: 10,
        pages_worst_week: 5,
        pages_night: 9,
        pages_weekend: 3,
        notifications: 11,
        alerts_per_notification: 1.0,
        episodes: 12,
        precision: share(2, 12, 0.047, 0.448),
        page_precision: share(2, 10, 0.057, 0.51),
        recall: share(2, 3, 0.208, 0.939),
        page_recall: share(2, 3, 0.208, 0.939),
        incident_time: 0.011,
        median_delay: Some(6 * MINUTE),
        delay_of_all: Some(8 * MINUTE),
    };
    verdict.episodes = vec![
        EpisodeVerdict::Incident(0),
        EpisodeVerdict::Incident(1),
        EpisodeVerdict::NearMiss,
    ];
    verdict.episodes.resize(13, EpisodeVerdict::False);
    let met = |incident, at: i64, delay: i64| IncidentVerdict {
        incident,
        episodes: vec![incident],
        first_active_at: Some(at),
        first_firing_at: Some(at + delay),
        first_notification_at: Some(at + delay + 30_000_000),
        first_page_at: Some(at + delay + 30_000_000),
        rules: vec![0],
        near_misses: Vec::new(),
        pages: 1,
    };
    verdict.incidents = vec![
        met(0, surge, 7 * MINUTE),
        met(1, leak, 4 * MINUTE),
        IncidentVerdict {
            incident: 2,
            episodes: Vec::new(),
            first_active_at: None,
            first_firing_at: None,
            first_notification_at: None,
            first_page_at: None,
            rules: Vec::new(),
            near_misses: vec![2],
            pages: 0,
        },
    ];
    verdict.co_firing = vec![CoFiring {
        first: 0,
        second: 1,
        jaccard: 0.25,
        lag: -90_000_000,
    }];
    let finding = |kind, rule, sentence: &str| Finding {
        kind,
        rule,
        incident: None,
        sentence: sentence.to_owned(),
    };
    verdict.findings = vec![
        finding(
            FindingKind::NeverFires,
            Some(2),
            "DeadRule can never fire: absent_total has no series",
        ),
        finding(
            FindingKind::Noisy,
            Some(1),
            "NoisyDisk pages 2.7 times a week, and never for an incident",
        ),
        finding(FindingKind::NoRunbook, Some(1), "NoisyDisk has no runbook"),
        finding(FindingKind::NoRunbook, Some(2), "DeadRule has no runbook"),
    ];
}
