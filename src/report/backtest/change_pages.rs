//! Pages that a change adds, takes away or moves, as tables.

use std::collections::{BTreeMap, BTreeSet};

use arrow::error::ArrowError;

use super::change::{CHANGES, ChangeReview};
use super::columns::Columns;
use super::words::listed;
use crate::alert::backtest::{ChangedPage, PageChange};
use crate::model::Labels;
use crate::report::{Layout, Table};

/// Rows of a list of pages.
pub(super) const ROWS: usize = 12;
/// Rules named in a row.
const RULES: usize = 3;
/// Alerts named in a row.
const ALERTS: usize = 2;

impl ChangeReview<'_> {
    /// Pages of one kind of change, those of the same rules to the same receiver together;
    /// and how many more rows there would be.
    pub(super) fn page_table(&self, change: PageChange) -> Result<(Table, usize), ArrowError> {
        let changed = self
            .comparison
            .changes
            .iter()
            .filter(|page| page.change == change);
        let mut groups: BTreeMap<(&[usize], &str), Vec<&ChangedPage>> = BTreeMap::new();
        for page in changed {
            let key = (page.rules.as_slice(), &*page.receiver);
            groups.entry(key).or_default().push(page);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, pages)| std::cmp::Reverse(pages.len()));
        let more = groups.len().saturating_sub(ROWS);
        groups.truncate(ROWS);

        let shift = |pages: &Vec<&ChangedPage>| {
            let mut shifts: Vec<i64> = pages.iter().map(|page| page.shift).collect();
            shifts.sort_unstable();
            shifts.get(shifts.len() / 2).copied()
        };
        let reminders =
            |pages: &Vec<&ChangedPage>| pages.iter().filter(|page| page.is_reminder).count();
        let at = |page: Option<&&ChangedPage>| page.map(|page| page.at);
        let all = || groups.iter().map(|(_, pages)| pages);
        let mut columns = Columns::new(self.layout);
        columns
            .text(
                "rule",
                groups.iter().map(|((rules, _), _)| Some(self.rules(rules))),
            )
            .text(
                "receiver",
                groups.iter().map(|((_, receiver), _)| Some(receiver)),
            )
            .count("pages", all().map(Vec::len));
        if all().any(|pages| reminders(pages) > 0) {
            columns.count("reminders", all().map(reminders));
        }
        columns.text("alerts", all().map(|pages| alerts(pages)));
        if matches!(change, PageChange::Earlier | PageChange::Later) {
            columns.duration("shift", all().map(shift));
        }
        columns
            .time("first", all().map(|pages| at(pages.first())))
            .time("last", all().map(|pages| at(pages.last())));
        let title = format!("{} pages", capitalised(change.as_str()));
        Ok((columns.table(&title)?, more))
    }

    /// Every page that differs.
    pub(super) fn page_rows(&self) -> Result<Table, ArrowError> {
        let mut pages: Vec<&ChangedPage> = self.comparison.changes.iter().collect();
        pages.sort_by_key(|page| {
            (
                page.at,
                CHANGES.iter().position(|kind| *kind == page.change),
            )
        });
        let mut columns = Columns::new(Layout::Rows);
        columns
            .time("at", pages.iter().map(|page| Some(page.at)))
            .text(
                "change",
                pages.iter().map(|page| Some(page.change.as_str())),
            )
            .duration("shift", pages.iter().map(|page| Some(page.shift)))
            .text("receiver", pages.iter().map(|page| Some(&page.receiver)))
            .flag("is_reminder", pages.iter().map(|page| page.is_reminder))
            .list("rules", pages.iter().map(|page| self.names(&page.rules)))
            .list(
                "alerts",
                pages.iter().map(|page| {
                    let labels = page.labels.iter();
                    labels.map(|labels| labels.to_string()).collect()
                }),
            );
        columns.table("changed_pages")
    }

    fn names(&self, rules: &[usize]) -> Vec<String> {
        let names = rules.iter().filter_map(|at| self.comparison.rules.get(*at));
        names.map(|rule| rule.name.clone()).collect()
    }

    fn rules(&self, rules: &[usize]) -> String {
        listed(&self.names(rules), RULES)
    }
}

/// The alerts of pages: what tells them apart.
fn alerts(pages: &[&ChangedPage]) -> Option<String> {
    let sets: BTreeSet<&Labels> = pages
        .iter()
        .flat_map(|page| page.labels.iter().map(|labels| &**labels))
        .collect();
    let is_common = |name: &str, value: &str| {
        name == "alertname"
            || sets.len() > 1 && sets.iter().all(|labels| labels.get(name) == Some(value))
    };
    let words: Vec<String> = sets
        .iter()
        .map(|labels| {
            let telling = labels
                .iter()
                .filter(|(name, value)| !is_common(name, value));
            let pairs: Vec<String> = telling
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            pairs.join(" ")
        })
        .filter(|words| !words.is_empty())
        .collect();
    let text = listed(&words, ALERTS);
    (!text.is_empty()).then_some(text)
}

/// `Lost` of `lost`.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
