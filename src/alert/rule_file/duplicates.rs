//! Rules that make the same series.

use std::collections::HashMap;

use crate::alert::rule_file::{Group, Rule, RuleFile};

/// A rule whose name and labels an earlier rule has too.
///
/// Prometheus loads such rules; `promtool check rules` tells of them, since their
/// samples may collide.
#[derive(Debug, Clone, Copy)]
pub struct DuplicateRule<'a> {
    /// Its group.
    pub group: &'a Group,
    /// The rule.
    pub rule: &'a Rule,
    /// The earlier one.
    pub first: &'a Rule,
}

/// Finds the rules of a file that make the same series as an earlier one.
pub fn duplicates(file: &RuleFile) -> Vec<DuplicateRule<'_>> {
    let mut seen = HashMap::new();
    let mut found = Vec::new();
    for group in &file.groups {
        for rule in &group.rules {
            let key = (rule.name.as_str(), rule.labels.as_slice());
            let first: &Rule = seen.entry(key).or_insert(rule);
            if !std::ptr::eq(first, rule) {
                found.push(DuplicateRule { group, rule, first });
            }
        }
    }
    found
}
