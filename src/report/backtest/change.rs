//! A change of rules or routes, reviewed against a base.

use std::collections::BTreeMap;

use arrow::error::ArrowError;

use super::budget;
use super::change_pages::ROWS;
use super::subjects::{Told, in_words, told};
use super::totals::Rate;
use super::words::{count, listed, number};
use crate::alert::backtest::{
    Breach, Comparison, FindingKind, Incident, IncidentChangeKind, PageChange, RuleChange,
    RuleChangeKind, Run, Verdict,
};
use crate::model::Warning;
use crate::report::{Block, Document, Finding, Layout, Provenance, Severity, Subject};

/// Findings of a kind named before the others are counted.
const FINDINGS: usize = 8;

/// A comparison of two backtests, and what it compares.
#[derive(Debug, Clone, Copy)]
pub struct ChangeReview<'a> {
    /// What differs.
    pub comparison: &'a Comparison,
    /// The run and verdict that are compared with.
    pub base: (&'a Run, &'a Verdict),
    /// The run and verdict that are compared.
    pub new: (&'a Run, &'a Verdict),
    /// The incidents that both were judged by.
    pub incidents: &'a [Incident],
    /// The limits that do not hold; `None` where there is no budget.
    pub breaches: Option<&'a [Breach]>,
    /// Whom the document is for.
    pub layout: Layout,
}

impl ChangeReview<'_> {
    /// Makes the document; as Markdown it is fit for a comment on the change.
    pub fn document(&self) -> Result<Document, ArrowError> {
        let mut blocks = Vec::new();
        match self.layout {
            Layout::People => {
                blocks.push(Block::Paragraph(self.headline()));
                blocks.extend(budget::findings(self.breaches));
                blocks.push(Block::Table(self.measures()?));
                blocks.extend(budget::table(self.breaches, self.layout)?.map(Block::Table));
                blocks.extend(self.findings());
                let tables = [
                    self.rule_table()?,
                    self.receiver_table()?,
                    self.incident_table()?,
                ];
                let tables = tables.into_iter().filter(|table| table.num_rows() > 0);
                blocks.extend(tables.map(Block::Table));
                for change in CHANGES {
                    let (table, more) = self.page_table(change)?;
                    if table.num_rows() == 0 {
                        continue;
                    }
                    blocks.push(Block::Table(table));
                    if more > 0 {
                        let shown = count(ROWS, "row");
                        let text = format!("{shown} shown, and {more} more.");
                        blocks.push(Block::Paragraph(text));
                    }
                }
            }
            Layout::Rows => {
                blocks.extend([
                    Block::Table(self.page_rows()?),
                    Block::Table(self.measures()?),
                    Block::Table(self.rule_table()?),
                    Block::Table(self.incident_table()?),
                    Block::Table(self.receiver_table()?),
                ]);
                blocks.extend(budget::table(self.breaches, self.layout)?.map(Block::Table));
                blocks.push(Block::Paragraph(self.headline()));
                blocks.extend(budget::findings(self.breaches));
                blocks.extend(self.findings());
            }
        }
        let mut warnings = self.comparison.warnings.clone();
        for warning in warnings_of(self.new) {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        for warning in warnings_of(self.base) {
            if !warnings.contains(warning) {
                let text = format!("base: {}", warning.message);
                warnings.push(Warning::new(warning.code, text));
            }
        }
        Ok(Document {
            title: "Change of alert rules".to_owned(),
            provenance: Provenance {
                name: "backtest --base".to_owned(),
                range: Some(self.new.0.range),
                ..Provenance::default()
            },
            blocks,
            warnings,
        })
    }

    /// What the change does, in a few sentences.
    fn headline(&self) -> String {
        let comparison = self.comparison;
        let mut text = if comparison.is_same() {
            format!(
                "The change makes no difference to any notification: {} in both",
                count(comparison.unchanged, "page")
            )
        } else {
            let rate = Rate::new(self.new.0.range);
            let (before, after) = (
                number(rate.of(comparison.base.totals.pages)),
                number(rate.of(comparison.new.totals.pages)),
            );
            let period = rate.period();
            let mut parts = Vec::new();
            for change in CHANGES {
                let pages = comparison.pages(change);
                if pages > 0 {
                    parts.push(format!("{pages} {}", change.as_str()));
                }
            }
            parts.push(format!("{} unchanged", comparison.unchanged));
            let direction = match before == after {
                true => format!("{after} pages {period} as before"),
                false => format!("{after} pages {period} instead of {before}"),
            };
            format!("{direction}: {}", parts.join(", "))
        };
        if !comparison.other_changes.is_empty() {
            let others = comparison.other_changes.len();
            text += &format!(
                "; {} that page nobody differ",
                count(others, "notification")
            );
        }
        text += ". ";
        text += &self.incidents_in_words();
        text += &self.rules_in_words();
        text
    }

    fn incidents_in_words(&self) -> String {
        if self.incidents.is_empty() {
            return "There are no incidents to judge by. ".to_owned();
        }
        let mut parts = Vec::new();
        for (kind, word) in [
            (IncidentChangeKind::Lost, "LOST"),
            (IncidentChangeKind::Gained, "gained"),
            (IncidentChangeKind::Earlier, "met earlier"),
            (IncidentChangeKind::Later, "met later"),
        ] {
            let changed = self.comparison.incidents.iter();
            let ids: Vec<&str> = changed
                .filter(|change| change.change == kind)
                .filter_map(|change| self.incidents.get(change.incident))
                .map(|incident| incident.id.as_str())
                .collect();
            if !ids.is_empty() {
                parts.push(format!("{word}: {}", listed(&ids, FINDINGS)));
            }
        }
        match parts.is_empty() {
            true => "Incidents are met as before. ".to_owned(),
            false => format!("Incidents {}. ", parts.join("; ")),
        }
    }

    fn rules_in_words(&self) -> String {
        let mut kinds: BTreeMap<RuleChangeKind, usize> = BTreeMap::new();
        for rule in &self.comparison.rules {
            *kinds.entry(rule.change).or_default() += 1;
        }
        let parts: Vec<String> = kinds
            .iter()
            .map(|(kind, count)| format!("{count} {}", kind.as_str()))
            .collect();
        match parts.is_empty() {
            true => "There are no rules.".to_owned(),
            false => format!("Rules: {}.", parts.join(", ")),
        }
    }

    /// Findings that only one of the verdicts has.
    fn findings(&self) -> Vec<Block> {
        let mut before = keyed(self.base, |rule| self.both(|one| one.base == Some(rule)));
        let after = keyed(self.new, |rule| self.both(|one| one.new == Some(rule)));
        let mut findings = Vec::new();
        for (key, found) in after {
            let old = before.remove(&key).map_or(0, |old| old.len());
            findings.extend(found.into_iter().skip(old).map(|one| self.found(&key, one)));
        }
        for (key, found) in before {
            findings.extend(found.into_iter().map(|_| self.no_longer(&key)));
        }
        findings.sort_by_key(|finding: &Finding| std::cmp::Reverse(finding.severity));
        if self.layout == Layout::People && findings.len() > FINDINGS + 1 {
            let more = findings.len() - FINDINGS;
            findings.truncate(FINDINGS);
            let text = format!("and {more} more findings that differ");
            findings.push(Finding::new(Severity::Info, text));
        }
        findings.into_iter().map(Block::Finding).collect()
    }

    /// The place of a rule among those of both runs.
    fn both(&self, is_meant: impl Fn(&RuleChange) -> bool) -> Option<usize> {
        self.comparison.rules.iter().position(is_meant)
    }

    /// What only the new verdict says; of one of the rules, where it says it of many.
    fn found(&self, key: &Key, told: Told<'_>) -> Finding {
        let subject = self.subject(key);
        let severity = super::findings::severity(key.kind);
        let sentence = match told.finding.rule.or(told.finding.incident) {
            Some(_) => told.finding.sentence.clone(),
            None if subject.rules.is_empty() => told.finding.sentence.clone(),
            None => {
                let verb = match key.kind {
                    FindingKind::Silent => "",
                    _ => "has ",
                };
                format!("{} {verb}{}", subject.rules.join(", "), in_words(key.kind))
            }
        };
        Finding {
            subject,
            ..Finding::new(severity, sentence)
        }
    }

    fn no_longer(&self, key: &Key) -> Finding {
        let subject = self.subject(key);
        let mut about = subject.rules.clone();
        about.extend(subject.incident.clone());
        let mut sentence = format!("no longer found: {}", in_words(key.kind));
        if !about.is_empty() {
            sentence += &format!(" ({})", about.join(", "));
        }
        Finding {
            subject,
            ..Finding::new(Severity::Info, sentence)
        }
    }

    fn subject(&self, key: &Key) -> Subject {
        let rules = || {
            let rules = key.rules.iter();
            rules.filter_map(|at| self.comparison.rules.get(*at))
        };
        let info = rules().find_map(|rule| match (rule.new, rule.base) {
            (Some(new), _) => self.new.0.rules.get(new),
            (None, base) => self.base.0.rules.get(base?),
        });
        let incident = key.incident.and_then(|at| self.incidents.get(at));
        Subject {
            code: Some(key.kind.as_str()),
            rules: rules().map(|rule| rule.name.clone()).collect(),
            incident: incident.map(|incident| incident.id.clone()),
            place: info.map(|rule| (rule.info.file.clone(), rule.info.place.line)),
        }
    }
}

/// The changes of pages, in the order of a review.
pub(super) const CHANGES: [PageChange; 4] = [
    PageChange::New,
    PageChange::Lost,
    PageChange::Earlier,
    PageChange::Later,
];

fn warnings_of<'a>((run, verdict): (&'a Run, &'a Verdict)) -> impl Iterator<Item = &'a Warning> {
    run.warnings.iter().chain(&verdict.warnings)
}

/// What a finding is about, whichever run it is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: FindingKind,
    /// Indices of the rules of both runs, ascending.
    rules: Vec<usize>,
    incident: Option<usize>,
}

/// Findings by what they are about; one that tells of many rules is one for each of them.
fn keyed<'a>(
    (run, verdict): (&Run, &'a Verdict),
    both: impl Fn(usize) -> Option<usize>,
) -> BTreeMap<Key, Vec<Told<'a>>> {
    let mut all: BTreeMap<Key, Vec<Told<'a>>> = BTreeMap::new();
    for Told { finding, rules } in told(run, verdict) {
        let of_each: Vec<Vec<usize>> = match (finding.rule, rules.as_slice()) {
            (None, [_, ..]) => rules.into_iter().map(|rule| vec![rule]).collect(),
            _ => vec![rules],
        };
        for rules in of_each {
            let mut places: Vec<usize> = rules.iter().filter_map(|rule| both(*rule)).collect();
            places.sort_unstable();
            let key = Key {
                kind: finding.kind,
                rules: places,
                incident: finding.incident,
            };
            all.entry(key).or_default().push(Told { finding, rules });
        }
    }
    all
}
