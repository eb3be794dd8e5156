//! Which rules a finding is about.

use std::collections::BTreeSet;

use crate::alert::backtest::{Finding, FindingKind, RuleVerdict, Run, Verdict};

/// A finding and the rules that it names: indices of the run's.
pub(super) struct Told<'a> {
    pub(super) finding: &'a Finding,
    pub(super) rules: Vec<usize>,
}

/// Gives each finding of a verdict its rules: both of a pair, and all of those that one finding
/// tells of together.
pub(super) fn told<'a>(run: &Run, verdict: &'a Verdict) -> Vec<Told<'a>> {
    let mut pairs = pairs(verdict);
    let findings = verdict.findings.iter();
    findings
        .map(|finding| {
            let rules = match (finding.kind, finding.rule) {
                (FindingKind::CoFiring, Some(first)) => {
                    // Findings are in the order of the pairs.
                    let second = pairs.by_ref().find(|(one, _)| *one == first);
                    [first]
                        .into_iter()
                        .chain(second.map(|(_, at)| at))
                        .collect()
                }
                (_, Some(rule)) => vec![rule],
                (kind, None) => together(run, verdict, kind),
            };
            Told { finding, rules }
        })
        .collect()
}

/// Rules that fire together more than once: of others there is no finding.
fn pairs(verdict: &Verdict) -> impl Iterator<Item = (usize, usize)> {
    let often: BTreeSet<usize> = verdict
        .rules
        .iter()
        .filter(|rule| rule.episodes > 1)
        .map(|rule| rule.rule)
        .collect();
    let pairs = verdict.co_firing.iter();
    pairs
        .map(|pair| (pair.first, pair.second))
        .filter(move |(first, second)| often.contains(first) && often.contains(second))
}

/// The rules that one finding of a kind tells of.
fn together(run: &Run, verdict: &Verdict, kind: FindingKind) -> Vec<usize> {
    let is_dead = |rule: usize| {
        let mut findings = verdict.findings.iter();
        findings.any(|f| f.kind == FindingKind::NeverFires && f.rule == Some(rule))
    };
    let has_severity = |rule: usize| {
        let labels = run.rules.get(rule).map(|rule| rule.info.labels.iter());
        let mut labels = labels.into_iter().flatten();
        labels.any(|(name, text)| name == "severity" && !text.trim().is_empty())
    };
    let is_meant = |record: &RuleVerdict| match kind {
        FindingKind::NoRunbook => record.runbook.is_none(),
        FindingKind::NoOwner => record.owner.is_none(),
        FindingKind::NoSeverity => !has_severity(record.rule),
        FindingKind::Silent => {
            let unmatched = run.rules.get(record.rule);
            record.episodes == 0
                && record.errors.count == 0
                && unmatched.is_none_or(|rule| rule.unmatched.is_empty())
                && !is_dead(record.rule)
        }
        _ => false,
    };
    let records = verdict.rules.iter().filter(|record| is_meant(record));
    records.map(|record| record.rule).collect()
}

/// A kind in a few words, for what is no longer so.
pub(super) fn in_words(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::NeverFires => "can never fire",
        FindingKind::RuleErrors => "failed evaluations",
        FindingKind::AlwaysFiring => "fires nearly all the time",
        FindingKind::Noisy => "tells much, and hardly ever of an incident",
        FindingKind::Symptom => "fires with incidents of something else",
        FindingKind::Flapping => "resolves and fires again",
        FindingKind::CoFiring => "fire together",
        FindingKind::Silent => "did not fire",
        FindingKind::MissedIncident => "incident without an alert",
        FindingKind::NoRunbook => "no runbook",
        FindingKind::NoSeverity => "no severity",
        FindingKind::NoOwner => "no owner",
        FindingKind::UnstableLabel => "the value in a label",
    }
}
