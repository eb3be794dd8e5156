//! A change of rules or routes, reviewed against a base.

use std::collections::BTreeMap;

use arrow::error::ArrowError;

use super::change_pages::ROWS;
use super::words::{count, listed, number};
use crate::alert::backtest::{
    Breach, Comparison, Finding as Judged, FindingKind, Incident, IncidentChangeKind, PageChange,
    RuleChangeKind, Run, Verdict,
};
use crate::report::{Block, Document, Finding, Layout, Provenance, Severity};

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
    /// The limits that do not hold.
    pub breaches: &'a [Breach],
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
                blocks.extend(self.breaches());
                blocks.push(Block::Table(self.measures()?));
                blocks.extend(self.findings());
                let tables = [self.rule_table()?, self.incident_table()?];
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
                    Block::Table(self.breach_rows()?),
                ]);
                blocks.push(Block::Paragraph(self.headline()));
                blocks.extend(self.breaches());
                blocks.extend(self.findings());
            }
        }
        let mut warnings = self.comparison.warnings.clone();
        for warning in self.new.0.warnings.iter().chain(&self.new.1.warnings) {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
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
            let (before, after) = (
                number(comparison.base.pages_per_week()),
                number(comparison.new.pages_per_week()),
            );
            let mut parts = Vec::new();
            for change in CHANGES {
                let pages = comparison.pages(change);
                if pages > 0 {
                    parts.push(format!("{pages} {}", change.as_str()));
                }
            }
            parts.push(format!("{} unchanged", comparison.unchanged));
            let direction = match before == after {
                true => format!("{after} pages a week as before"),
                false => format!("{after} pages a week instead of {before}"),
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

    fn breaches(&self) -> impl Iterator<Item = Block> {
        self.breaches.iter().map(|breach| {
            Block::Finding(Finding {
                severity: Severity::Critical,
                sentence: format!("budget: {}", breach.sentence),
            })
        })
    }

    /// Findings that only one of the verdicts has.
    fn findings(&self) -> Vec<Block> {
        let (before, after) = (keyed(self.base), keyed(self.new));
        let mut blocks = Vec::new();
        for (key, found) in &after {
            if !before.contains_key(key) {
                blocks.push((
                    super::findings::severity(found.kind),
                    found.sentence.clone(),
                ));
            }
        }
        for (key, found) in &before {
            if !after.contains_key(key) {
                let sentence = format!("no longer so: {}", found.sentence);
                blocks.push((Severity::Info, sentence));
            }
        }
        blocks.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
        if self.layout == Layout::People && blocks.len() > FINDINGS + 1 {
            let more = blocks.len() - FINDINGS;
            blocks.truncate(FINDINGS);
            blocks.push((
                Severity::Info,
                format!("and {more} more findings that differ"),
            ));
        }
        let blocks = blocks.into_iter();
        blocks
            .map(|(severity, sentence)| Block::Finding(Finding { severity, sentence }))
            .collect()
    }
}

/// The changes of pages, in the order of a review.
pub(super) const CHANGES: [PageChange; 4] = [
    PageChange::New,
    PageChange::Lost,
    PageChange::Earlier,
    PageChange::Later,
];

/// Findings by what they are about, whichever run they are of.
fn keyed<'a>(side: (&'a Run, &'a Verdict)) -> BTreeMap<FindingKey<'a>, &'a Judged> {
    let (run, verdict) = side;
    let name = |rule: usize| run.rules.get(rule).map(|rule| rule.info.name.as_str());
    verdict
        .findings
        .iter()
        .map(|found| {
            (
                (found.kind, found.rule.and_then(name), found.incident),
                found,
            )
        })
        .collect()
}

type FindingKey<'a> = (FindingKind, Option<&'a str>, Option<usize>);
