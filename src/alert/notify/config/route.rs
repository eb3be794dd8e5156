//! The routing tree as written.

use super::yaml::{Entry, Node};
use super::{ConfigError, ConfigErrorKind, GroupBy, Names, Reader, Route};
use crate::promql::MatchKind;

const FIELDS: &[&str] = &[
    "receiver",
    "group_by",
    "match",
    "match_re",
    "matchers",
    "mute_time_intervals",
    "active_time_intervals",
    "continue",
    "routes",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "labels",
];

impl Reader<'_> {
    pub(super) fn route(
        &self,
        node: &Node,
        names: &Names<'_>,
        root: bool,
    ) -> Result<Route, ConfigError> {
        let source = self.source;
        let mut route = Route {
            receiver: None,
            group_by: None,
            group_wait: None,
            group_interval: None,
            repeat_interval: None,
            matchers: Vec::new(),
            continues: false,
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
            routes: Vec::new(),
        };
        for entry in source.map(node, "route")? {
            let value = &entry.value;
            match entry.key.as_str() {
                "receiver" => {
                    let name = source.text(value, "receiver")?;
                    if !name.is_empty() {
                        names
                            .receiver(name)
                            .map_err(|kind| self.error(value.at, kind))?;
                        route.receiver = Some(name.to_owned());
                    }
                }
                "group_by" => route.group_by = self.group_by(value)?,
                "group_wait" => route.group_wait = Some(self.duration(entry, "group_wait")?),
                "group_interval" => {
                    route.group_interval = Some(self.positive(entry, "group_interval")?);
                }
                "repeat_interval" => {
                    route.repeat_interval = Some(self.positive(entry, "repeat_interval")?);
                }
                "match" => {
                    let matchers = self.label_map(entry, "match", MatchKind::Equal)?;
                    self.not_in_root(root && !matchers.is_empty(), entry, "match")?;
                    route.matchers.extend(matchers);
                }
                "match_re" => {
                    let matchers = self.label_map(entry, "match_re", MatchKind::Regex)?;
                    self.not_in_root(root && !matchers.is_empty(), entry, "match_re")?;
                    route.matchers.extend(matchers);
                }
                "matchers" => {
                    let matchers = self.matcher_list(entry, "matchers")?;
                    self.not_in_root(root && !matchers.is_empty(), entry, "matchers")?;
                    route.matchers.extend(matchers);
                }
                "mute_time_intervals" => {
                    let intervals = self.intervals_used(entry, "mute_time_intervals", names)?;
                    let some = root && !intervals.is_empty();
                    self.not_in_root(some, entry, "mute_time_intervals")?;
                    route.mute_time_intervals = intervals;
                }
                "active_time_intervals" => {
                    let intervals = self.intervals_used(entry, "active_time_intervals", names)?;
                    let some = root && !intervals.is_empty();
                    self.not_in_root(some, entry, "active_time_intervals")?;
                    route.active_time_intervals = intervals;
                }
                "continue" => {
                    route.continues = source.bool(value, "continue")?;
                    self.not_in_root(root && route.continues, entry, "continue")?;
                }
                "routes" => {
                    for child in source.list(value, "routes")? {
                        route.routes.push(self.route(child, names, false)?);
                    }
                }
                // Text for templates (0.34).
                "labels" => {}
                _ => return Err(source.unknown(entry, "the route", FIELDS)),
            }
        }
        if root && route.receiver.is_none() {
            let kind = ConfigErrorKind::Missing {
                field: "receiver",
                section: "the root route",
            };
            return Err(self.error(node.at, kind));
        }
        Ok(route)
    }

    fn group_by(&self, node: &Node) -> Result<Option<GroupBy>, ConfigError> {
        if matches!(node.content, super::yaml::Content::Null) {
            return Ok(None);
        }
        let mut labels: Vec<String> = Vec::new();
        let mut all = None;
        for (name, at) in self.source.texts(node, "group_by")? {
            if name == "..." {
                all = Some(at);
            } else if name.is_empty() {
                return Err(self.error(at, ConfigErrorKind::LabelName(name.to_owned())));
            } else if labels.iter().any(|label| label == name) {
                return Err(self.error(at, ConfigErrorKind::GroupByTwice(name.to_owned())));
            } else {
                labels.push(name.to_owned());
            }
        }
        match all {
            Some(at) if !labels.is_empty() => Err(self.error(at, ConfigErrorKind::GroupByAll)),
            Some(_) => Ok(Some(GroupBy::All)),
            None => Ok(Some(GroupBy::Labels(labels))),
        }
    }

    fn intervals_used(
        &self,
        entry: &Entry,
        field: &'static str,
        names: &Names<'_>,
    ) -> Result<Vec<String>, ConfigError> {
        let mut used = Vec::new();
        for (name, at) in self.source.texts(&entry.value, field)? {
            names.interval(name).map_err(|kind| self.error(at, kind))?;
            used.push(name.to_owned());
        }
        Ok(used)
    }

    fn positive(&self, entry: &Entry, field: &'static str) -> Result<i64, ConfigError> {
        match self.duration(entry, field)? {
            0 => Err(self.error(entry.value.at, ConfigErrorKind::Zero(field))),
            duration => Ok(duration),
        }
    }

    fn not_in_root(
        &self,
        wrong: bool,
        entry: &Entry,
        field: &'static str,
    ) -> Result<(), ConfigError> {
        if wrong {
            return Err(self.error(entry.key_at, ConfigErrorKind::RootRoute(field)));
        }
        Ok(())
    }
}
