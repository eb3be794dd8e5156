//! Conclusions about the rules.

use super::sentence::{count, duration, instant, list, percent, rule};
use super::{Case, conduct, metadata, missed, spans};
use crate::alert::backtest::{EpisodeEnd, Finding, FindingKind, RuleVerdict};

/// All conclusions, the gravest first.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in case.rules {
        findings.extend(conduct::findings(case, record));
    }
    errors(case, &mut findings);
    findings.extend(missed::findings(case));
    co_firing(case, &mut findings);
    silent(case, &mut findings);
    lacks(case, &mut findings);
    // Within a kind the order is that of the records: the loudest first.
    findings.sort_by_key(|finding| gravity(finding.kind));
    findings
}

/// What is wrong for certain goes before what is a matter of degree, what leaves people unwarned
/// before what disturbs them, and what is missing beside the rule comes last.
fn gravity(kind: FindingKind) -> usize {
    match kind {
        FindingKind::NeverFires => 0,
        FindingKind::RuleErrors => 1,
        FindingKind::UnstableLabel => 2,
        FindingKind::MissedIncident => 3,
        FindingKind::AlwaysFiring => 4,
        FindingKind::Noisy => 5,
        FindingKind::Flapping => 6,
        FindingKind::Symptom => 7,
        FindingKind::CoFiring => 8,
        FindingKind::Silent => 9,
        FindingKind::NoSeverity => 10,
        FindingKind::NoRunbook => 11,
        FindingKind::NoOwner => 12,
    }
}

/// Failed evaluations, of recording rules too.
fn errors(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (index, outcome) in case.run.rules.iter().enumerate() {
        let errors = &outcome.report.errors;
        if errors.count == 0 {
            continue;
        }
        let mut sentence = format!(
            "{}: {} of {} evaluations failed",
            rule(case.run, index),
            errors.count,
            outcome.report.evaluations.max(errors.count),
        );
        if let Some((ts, text)) = &errors.first {
            let at = instant(*ts, &case.judging.calendar);
            sentence += &format!(", the first at {at}: {}", text.trim());
        }
        findings.push(Finding {
            kind: FindingKind::RuleErrors,
            rule: Some(index),
            incident: None,
            sentence,
        });
    }
}

/// Rules that fire together more than once.
fn co_firing(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let episodes = |rule| {
        case.rules
            .iter()
            .find(|one| one.rule == rule)
            .map_or(0, |one| one.episodes)
    };
    for pair in case.co_firing {
        if episodes(pair.first).min(episodes(pair.second)) < 2 {
            continue;
        }
        let leader = match pair.lag {
            0 => "neither leads".to_owned(),
            lag => {
                let first = if lag > 0 { pair.first } else { pair.second };
                let lead = duration(i64::try_from(lag.unsigned_abs()).unwrap_or(i64::MAX));
                format!("{} leads by {lead}", rule(case.run, first))
            }
        };
        findings.push(Finding {
            kind: FindingKind::CoFiring,
            rule: Some(pair.first),
            incident: None,
            sentence: format!(
                "{} and {} fire together: both fire in {} of the time in which either does ({leader}); \
                 one of them, or an inhibition rule, would do",
                rule(case.run, pair.first),
                rule(case.run, pair.second),
                percent(pair.jaccard),
            ),
        });
    }
}

/// Rules that did not fire though nothing is wrong with them, in one finding.
fn silent(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let silent: Vec<&RuleVerdict> = case
        .rules
        .iter()
        .filter(|one| one.episodes == 0 && one.errors.count == 0)
        .filter(|one| case.run.rules[one.rule].unmatched.is_empty())
        .collect();
    let near = |record: &RuleVerdict| {
        let near = case
            .run
            .episodes
            .iter()
            .filter(|one| one.rule == record.rule && one.end == EpisodeEnd::Dropped);
        let longest = near
            .filter_map(|one| Some(spans::length((one.active_at, one.ended_at?))))
            .max()
            .unwrap_or(0);
        format!(
            "pending {}, at most {} of its {}",
            match record.near_misses {
                1 => "once".to_owned(),
                more => format!("{more} times"),
            },
            duration(longest),
            duration(case.run.rules[record.rule].info.hold)
        )
    };
    let names: Vec<String> = silent
        .iter()
        .map(|one| match one.near_misses {
            0 => rule(case.run, one.rule),
            _ => format!("{} ({})", rule(case.run, one.rule), near(one)),
        })
        .collect();
    let sentence = match names.as_slice() {
        [] => return,
        [only] => format!("{only} did not fire in this range, though nothing shows that it can't"),
        _ => format!(
            "{} did not fire in this range, though nothing shows that they can't: {}",
            count(names.len(), "rule"),
            list(&names)
        ),
    };
    findings.push(one_or_all(FindingKind::Silent, &silent, sentence));
}

/// What rules say nothing of: one finding for each kind.
fn lacks(case: &Case<'_>, findings: &mut Vec<Finding>) {
    type Has<'c> = &'c dyn Fn(&RuleVerdict) -> bool;
    let has_severity: Has<'_> = &|one| metadata::has_severity(&case.run.rules[one.rule].info);
    let kinds: [(FindingKind, &str, Has<'_>, &str); 3] = [
        (
            FindingKind::NoSeverity,
            "severity",
            has_severity,
            "the label `severity`",
        ),
        (
            FindingKind::NoRunbook,
            "runbook",
            &|one| one.runbook.is_some(),
            "the annotation `runbook_url`",
        ),
        (
            FindingKind::NoOwner,
            "owner",
            &|one| one.owner.is_some(),
            "the label `team`",
        ),
    ];
    for (kind, what, has, where_) in kinds {
        let lacking: Vec<&RuleVerdict> = case.rules.iter().filter(|one| !has(one)).collect();
        if lacking.is_empty() {
            continue;
        }
        let names: Vec<String> = lacking.iter().map(|one| rule(case.run, one.rule)).collect();
        let sentence = match names.as_slice() {
            [only] => format!("{only} has no {what}: add {where_}"),
            _ => format!(
                "{} of {} have no {what} (add {where_}): {}",
                names.len(),
                count(case.rules.len(), "alerting rule"),
                list(&names)
            ),
        };
        findings.push(one_or_all(kind, &lacking, sentence));
    }
}

/// A finding about several rules, which names the rule if it is one.
fn one_or_all(kind: FindingKind, records: &[&RuleVerdict], sentence: String) -> Finding {
    Finding {
        kind,
        rule: match records {
            [only] => Some(only.rule),
            _ => None,
        },
        incident: None,
        sentence,
    }
}
