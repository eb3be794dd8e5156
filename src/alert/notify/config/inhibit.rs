//! Inhibition rules as written.

use super::yaml::Node;
use super::{ConfigError, ConfigErrorKind, InhibitRule, Reader};
use crate::promql::MatchKind;

const FIELDS: &[&str] = &[
    "name",
    "source_match",
    "source_match_re",
    "source_matchers",
    "target_match",
    "target_match_re",
    "target_matchers",
    "equal",
];

impl Reader<'_> {
    pub(super) fn inhibit_rules(&self, node: &Node) -> Result<Vec<InhibitRule>, ConfigError> {
        let items = self.source.list(node, "inhibit_rules")?;
        items.iter().map(|item| self.inhibit_rule(item)).collect()
    }

    fn inhibit_rule(&self, node: &Node) -> Result<InhibitRule, ConfigError> {
        let mut rule = InhibitRule {
            source: Vec::new(),
            target: Vec::new(),
            equal: Vec::new(),
        };
        for entry in self.source.map(node, "inhibition rule")? {
            match entry.key.as_str() {
                "name" => {}
                "source_match" => {
                    let found = self.label_map(entry, "source_match", MatchKind::Equal)?;
                    rule.source.extend(found);
                }
                "source_match_re" => {
                    let found = self.label_map(entry, "source_match_re", MatchKind::Regex)?;
                    rule.source.extend(found);
                }
                "source_matchers" => {
                    let found = self.matcher_list(entry, "source_matchers")?;
                    rule.source.extend(found);
                }
                "target_match" => {
                    let found = self.label_map(entry, "target_match", MatchKind::Equal)?;
                    rule.target.extend(found);
                }
                "target_match_re" => {
                    let found = self.label_map(entry, "target_match_re", MatchKind::Regex)?;
                    rule.target.extend(found);
                }
                "target_matchers" => {
                    let found = self.matcher_list(entry, "target_matchers")?;
                    rule.target.extend(found);
                }
                "equal" => {
                    for (name, at) in self.source.texts(&entry.value, "equal")? {
                        if name.is_empty() {
                            let kind = ConfigErrorKind::LabelName(name.to_owned());
                            return Err(self.error(at, kind));
                        }
                        rule.equal.push(name.to_owned());
                    }
                }
                _ => return Err(self.source.unknown(entry, "the inhibition rule", FIELDS)),
            }
        }
        Ok(rule)
    }
}
