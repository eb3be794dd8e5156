//! Series that another engine has written.

use std::collections::HashSet;

use super::derived::Derived;
use super::plan::{ALERTS, ALERTS_FOR_STATE};
use crate::alert::rule_file::{Rule, RuleKind};
use crate::model::Labels;
use crate::promql::{Matcher, SampleSlice, Selection};

/// What a rule writes: whether alerts, and of which name.
pub(super) type Output = (bool, String);

/// The series of some rules, among those of another engine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'s> {
    pub(super) derived: &'s Derived,
    pub(super) outputs: &'s HashSet<Output>,
}

/// What a rule writes; no two rules of different outputs write the same series, but for a rule
/// that records alerts' own metrics.
pub(super) fn output(rule: &Rule) -> Output {
    let is_alert = matches!(rule.kind, RuleKind::Alerting { .. });
    (is_alert, rule.name.clone())
}

/// Whether a rule records one of alerts' own metrics.
pub(super) fn records_alerts(rule: &Rule) -> bool {
    matches!(rule.kind, RuleKind::Recording) && is_of_alerts(&rule.name)
}

fn is_of_alerts(metric: &str) -> bool {
    metric == ALERTS || metric == ALERTS_FOR_STATE
}

impl<'s> Beside<'s> {
    /// The series that meet the matchers.
    pub(super) fn select(self, selection: Selection<'_>) -> impl Iterator<Item = SampleSlice<'s>> {
        let found = self.derived.select(selection).into_iter();
        found.filter(move |slice| self.is_shown(slice.labels))
    }

    /// How many series meet the matchers.
    pub(super) fn count(self, matchers: &[Matcher]) -> usize {
        self.derived
            .count_if(matchers, |labels| self.is_shown(labels))
    }

    fn is_shown(self, labels: &Labels) -> bool {
        let metric = labels.metric();
        let output = match is_of_alerts(metric) {
            true => (true, labels.get("alertname").unwrap_or_default().to_owned()),
            false => (false, metric.to_owned()),
        };
        self.outputs.contains(&output)
    }
}
