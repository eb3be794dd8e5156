//! What a rule says of itself: severity, owner, runbook.

use crate::alert::backtest::RuleInfo;
use crate::alert::template::Template;

const SEVERITY: &str = "severity";
const OWNER: &[&str] = &["team", "owner", "squad", "service_owner"];
const RUNBOOK: &[&str] = &["runbook_url", "runbook", "runbook_link"];

/// The severity, where it is the same for all alerts.
pub(super) fn severity(rule: &RuleInfo) -> Option<String> {
    let text = value(&rule.labels, SEVERITY)?;
    let is_constant = Template::parse(text).is_ok_and(|template| template.is_constant());
    is_constant.then(|| text.to_owned())
}

/// Whether there is a severity, be it a template.
pub(super) fn has_severity(rule: &RuleInfo) -> bool {
    value(&rule.labels, SEVERITY).is_some()
}

/// Whose it is, as written: by the label, else by the annotation.
pub(super) fn owner(rule: &RuleInfo) -> Option<String> {
    let of = |pairs| OWNER.iter().find_map(|name| value(pairs, name));
    of(&rule.labels)
        .or_else(|| of(&rule.annotations))
        .map(str::to_owned)
}

/// The runbook, as written.
pub(super) fn runbook(rule: &RuleInfo) -> Option<String> {
    let found = RUNBOOK
        .iter()
        .find_map(|name| value(&rule.annotations, name));
    found.map(str::to_owned)
}

/// Names of labels whose texts depend on the alert's value.
pub(super) fn unstable_labels(rule: &RuleInfo) -> Vec<&str> {
    rule.labels
        .iter()
        .filter(|(_, text)| Template::parse(text).is_ok_and(|template| template.uses_value()))
        .map(|(name, _)| name.as_str())
        .collect()
}

fn value<'r>(pairs: &'r [(String, String)], name: &str) -> Option<&'r str> {
    pairs
        .iter()
        .find(|(other, _)| other == name)
        .map(|(_, text)| text.trim())
        .filter(|text| !text.is_empty())
}
