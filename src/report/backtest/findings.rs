//! Findings: their weight, and many of a kind as one.

use arrow::error::ArrowError;

use super::BacktestResult;
use super::columns::Columns;
use super::subjects::{Told, told};
use super::words::{count, listed};
use crate::alert::backtest::FindingKind;
use crate::report::{Block, Finding, Layout, Severity, Subject, Table};

/// Findings of one kind that each have a sentence.
const EACH: usize = 5;
/// Names in a sentence for many.
const NAMES: usize = 8;

impl BacktestResult<'_> {
    /// The findings, the gravest first; for people those of one kind are one beyond a few.
    pub(super) fn findings(&self) -> Vec<Block> {
        let findings = told(self.run, self.verdict);
        let mut all: Vec<Finding> = Vec::new();
        let mut done = Vec::new();
        for one in &findings {
            let kind = one.finding.kind;
            let severity = severity(kind);
            let alike: Vec<&Told<'_>> = findings
                .iter()
                .filter(|other| other.finding.kind == kind)
                .collect();
            let most = match severity {
                Severity::Info => 1,
                _ => EACH,
            };
            if self.layout == Layout::Rows || alike.len() <= most {
                all.push(Finding {
                    subject: self.subject(one),
                    ..Finding::new(severity, one.finding.sentence.clone())
                });
            } else if !done.contains(&kind) {
                done.push(kind);
                let rules = alike.iter().flat_map(|one| &one.rules);
                all.push(Finding {
                    subject: Subject {
                        code: Some(kind.as_str()),
                        rules: rules.map(|rule| self.rule_name(*rule)).collect(),
                        ..Subject::default()
                    },
                    ..Finding::new(severity, self.together(kind, &alike))
                });
            }
        }
        all.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        all.into_iter().map(Block::Finding).collect()
    }

    /// What programs read of a finding.
    fn subject(&self, told: &Told<'_>) -> Subject {
        let finding = told.finding;
        let rule = finding.rule.and_then(|rule| self.run.rules.get(rule));
        Subject {
            code: Some(finding.kind.as_str()),
            rules: told
                .rules
                .iter()
                .map(|rule| self.rule_name(*rule))
                .collect(),
            incident: finding.incident.map(|at| self.incident_id(at)),
            place: rule.map(|rule| (rule.info.file.clone(), rule.info.place.line)),
        }
    }

    /// One sentence for many findings of a kind.
    fn together(&self, kind: FindingKind, findings: &[&Told<'_>]) -> String {
        let names: Vec<String> = findings
            .iter()
            .filter_map(
                |told| match (told.rules.as_slice(), told.finding.incident) {
                    ([first, second], _) if kind == FindingKind::CoFiring => Some(format!(
                        "{} with {}",
                        self.rule_name(*first),
                        self.rule_name(*second)
                    )),
                    ([rule, ..], _) => Some(self.rule_name(*rule)),
                    ([], Some(incident)) => Some(self.incident_id(incident)),
                    ([], None) => None,
                },
            )
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
        if kind != FindingKind::CoFiring {
            return format!("{what}: {}", listed(&names, NAMES));
        }
        let mut pairs = names[..names.len().min(NAMES)].join("; ");
        if let more @ 1.. = names.len().saturating_sub(NAMES) {
            pairs += &format!("; and {more} more");
        }
        format!("{what}: {pairs}")
    }

    /// The findings as rows.
    pub(super) fn finding_rows(&self) -> Result<Table, ArrowError> {
        let told = told(self.run, self.verdict);
        let subjects: Vec<Subject> = told.iter().map(|one| self.subject(one)).collect();
        let findings = || told.iter().map(|one| one.finding);
        let mut columns = Columns::new(Layout::Rows);
        columns
            .text(
                "severity",
                findings().map(|f| Some(severity(f.kind).as_str())),
            )
            .text("kind", findings().map(|f| Some(f.kind.as_str())))
            .text(
                "rule",
                findings().map(|f| f.rule.map(|at| self.rule_name(at))),
            )
            .list("rules", subjects.iter().map(|s| s.rules.clone()))
            .text("incident", subjects.iter().map(|s| s.incident.as_ref()))
            .text(
                "file",
                subjects
                    .iter()
                    .map(|s| s.place.as_ref().map(|(file, _)| file)),
            )
            .number(
                "line",
                None,
                subjects
                    .iter()
                    .map(|s| s.place.as_ref().map_or(f64::NAN, |(_, line)| *line as f64)),
            )
            .text("finding", findings().map(|f| Some(&f.sentence)));
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
