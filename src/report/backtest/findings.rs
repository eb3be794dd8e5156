//! Findings: their weight, and many of a kind as one.

use arrow::error::ArrowError;

use super::BacktestResult;
use super::columns::Columns;
use super::words::{count, listed};
use crate::alert::backtest::{Finding as Judged, FindingKind};
use crate::report::{Block, Finding, Layout, Severity, Table};

/// Findings of one kind that each have a sentence.
const EACH: usize = 5;
/// Names in a sentence for many.
const NAMES: usize = 8;

impl BacktestResult<'_> {
    /// The findings, the gravest first; for people those of one kind are one beyond a few.
    pub(super) fn findings(&self) -> Vec<Block> {
        let findings = &self.verdict.findings;
        let of_kind =
            |kind| -> Vec<&Judged> { findings.iter().filter(|found| found.kind == kind).collect() };
        let mut blocks = Vec::new();
        let mut told = Vec::new();
        for found in findings {
            let severity = severity(found.kind);
            let alike = of_kind(found.kind);
            let most = match severity {
                Severity::Info => 1,
                _ => EACH,
            };
            if self.layout == Layout::Rows || alike.len() <= most {
                blocks.push((severity, found.sentence.clone()));
            } else if !told.contains(&found.kind) {
                told.push(found.kind);
                blocks.push((severity, self.together(found.kind, &alike)));
            }
        }
        blocks.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
        let blocks = blocks.into_iter();
        blocks
            .map(|(severity, sentence)| Block::Finding(Finding { severity, sentence }))
            .collect()
    }

    /// One sentence for many findings of a kind.
    fn together(&self, kind: FindingKind, findings: &[&Judged]) -> String {
        let names: Vec<String> = findings
            .iter()
            .filter_map(|found| match (found.rule, found.incident) {
                (Some(rule), _) => Some(self.rule_name(rule)),
                (None, Some(incident)) => Some(self.incident_id(incident)),
                (None, None) => None,
            })
            .collect();
        let rules = count(findings.len(), "rule");
        let what = match kind {
            FindingKind::NeverFires => {
                format!("{rules} can never fire, since a selector matches nothing")
            }
            FindingKind::RuleErrors => format!("{rules} failed at some evaluations"),
            FindingKind::AlwaysFiring => format!("{rules} fire nearly all the time"),
            FindingKind::Noisy => format!("{rules} tell much, and hardly ever of an incident"),
            FindingKind::Symptom => format!("{rules} fire with incidents of something else"),
            FindingKind::Flapping => format!("{rules} resolve and fire again"),
            FindingKind::CoFiring => {
                format!("{} of rules fire together", count(findings.len(), "pair"))
            }
            FindingKind::Silent => format!("{rules} did not fire"),
            FindingKind::MissedIncident => {
                format!("no alert fired for {}", count(findings.len(), "incident"))
            }
            FindingKind::NoRunbook => format!("{rules} have no runbook"),
            FindingKind::NoSeverity => format!("{rules} have no severity"),
            FindingKind::NoOwner => format!("{rules} have no owner"),
            FindingKind::UnstableLabel => {
                format!("{rules} have the value in a label, so that each value is another alert")
            }
        };
        format!("{what}: {}", listed(&names, NAMES))
    }

    /// The findings as rows.
    pub(super) fn finding_rows(&self) -> Result<Table, ArrowError> {
        let findings = &self.verdict.findings;
        let mut columns = Columns::new(Layout::Rows);
        columns
            .text(
                "severity",
                findings.iter().map(|f| Some(severity(f.kind).as_str())),
            )
            .text("kind", findings.iter().map(|f| Some(f.kind.as_str())))
            .text(
                "rule",
                findings.iter().map(|f| f.rule.map(|at| self.rule_name(at))),
            )
            .text(
                "incident",
                findings
                    .iter()
                    .map(|f| f.incident.map(|at| self.incident_id(at))),
            )
            .text("finding", findings.iter().map(|f| Some(&f.sentence)));
        columns.table("findings")
    }
}

/// How bad a finding is.
pub(super) fn severity(kind: FindingKind) -> Severity {
    match kind {
        FindingKind::NeverFires | FindingKind::RuleErrors | FindingKind::MissedIncident => {
            Severity::Critical
        }
        FindingKind::AlwaysFiring
        | FindingKind::Noisy
        | FindingKind::Flapping
        | FindingKind::UnstableLabel => Severity::Warning,
        FindingKind::Symptom
        | FindingKind::CoFiring
        | FindingKind::Silent
        | FindingKind::NoRunbook
        | FindingKind::NoSeverity
        | FindingKind::NoOwner => Severity::Info,
    }
}
