//! The routing tree with everything inherited, and which of its nodes take an alert.
//!
//! Source: `dispatch/route.go`.

use std::fmt::Write as _;
use std::sync::Arc;

use super::config::{Config, GroupBy, Route};
use super::log::RETENTION;
use super::options::Release;
use super::suppress::Held;
use super::time_interval::TimeInterval;
use crate::model::{Labels, Warning, format_duration};
use crate::promql::{MatchOp, Matcher};

const SECOND: i64 = 1_000_000;

/// A node of the tree.
#[derive(Debug)]
pub(super) struct Node {
    matchers: Vec<Matcher>,
    continues: bool,
    children: Vec<usize>,
    /// The conditions of the node and those above it, which is what Alertmanager
    /// knows a node's groups by: siblings with the same conditions share it.
    pub(super) key: Arc<str>,
    /// The receiver's number.
    pub(super) receiver: usize,
    group_by: GroupBy,
    pub(super) group_wait: i64,
    pub(super) group_interval: i64,
    pub(super) repeat_interval: i64,
    active: Vec<Vec<TimeInterval>>,
    pub(super) mute: Vec<(Arc<str>, Vec<TimeInterval>)>,
}

/// The tree; its root is the first node.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn new(config: &Config, release: Release) -> Self {
        let mut tree = Self { nodes: Vec::new() };
        tree.add(&config.route, None, config, release);
        tree
    }

    fn add(
        &mut self,
        route: &Route,
        parent: Option<usize>,
        config: &Config,
        release: Release,
    ) -> usize {
        let parent = parent.map(|parent| &self.nodes[parent]);
        let intervals = |name: &String| {
            let named = config.time_intervals.iter().find(|one| one.name == *name);
            named.map_or_else(Vec::new, |named| named.intervals.clone())
        };
        let named = route.receiver.as_ref();
        let group_by = match &route.group_by {
            // There an empty list is as good as none.
            Some(GroupBy::Labels(labels)) if labels.is_empty() && release == Release::V0_25 => None,
            group_by => group_by.clone(),
        };
        let node = Node {
            matchers: route.matchers.clone(),
            continues: route.continues,
            children: Vec::new(),
            key: key(parent.map(|parent| &*parent.key), &route.matchers),
            receiver: named
                .and_then(|name| config.receivers.iter().position(|one| one.name == *name))
                .or(parent.map(|parent| parent.receiver))
                .unwrap_or(0),
            group_by: group_by
                .or_else(|| parent.map(|parent| parent.group_by.clone()))
                .unwrap_or(GroupBy::Labels(Vec::new())),
            group_wait: route
                .group_wait
                .unwrap_or_else(|| parent.map_or(30 * SECOND, |parent| parent.group_wait)),
            group_interval: route
                .group_interval
                .unwrap_or_else(|| parent.map_or(300 * SECOND, |parent| parent.group_interval))
                .max(1),
            repeat_interval: route
                .repeat_interval
                .unwrap_or_else(|| parent.map_or(14_400 * SECOND, |parent| parent.repeat_interval)),
            active: route.active_time_intervals.iter().map(intervals).collect(),
            mute: route
                .mute_time_intervals
                .iter()
                .map(|name| (Arc::from(name.as_str()), intervals(name)))
                .collect(),
        };
        let number = self.nodes.len();
        self.nodes.push(node);
        for child in &route.routes {
            let child = self.add(child, Some(number), config, release);
            self.nodes[number].children.push(child);
        }
        number
    }

    /// The nodes that take an alert, in the order of the tree.
    pub(super) fn matching(&self, labels: &Labels) -> Vec<usize> {
        let mut found = Vec::new();
        self.collect(0, labels, &mut found);
        found
    }

    /// Whether a node or one below it takes the alert.
    fn collect(&self, number: usize, labels: &Labels, found: &mut Vec<usize>) -> bool {
        let node = &self.nodes[number];
        if !node.matchers.iter().all(|one| one.matches_in(labels)) {
            return false;
        }
        let before = found.len();
        for &child in &node.children {
            if self.collect(child, labels, found) && !self.nodes[child].continues {
                break;
            }
        }
        if found.len() == before {
            found.push(number);
        }
        true
    }

    /// What the timers make uncertain.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let racy = |node: &&Node| node.repeat_interval % node.group_interval == 0;
        let list = self.list(racy);
        if !list.is_empty() {
            let message = format!(
                "repeat_interval is a multiple of group_interval: milliseconds decide whether a \
                 repetition comes then or one group_interval later ({list})"
            );
            warnings.push(Warning::new("repeat-race", message));
        }
        let list = self.list(|node| node.repeat_interval > RETENTION);
        if !list.is_empty() {
            let message = format!(
                "repeat_interval is longer than what Alertmanager remembers (5d): \
                 repetitions come earlier ({list})"
            );
            warnings.push(Warning::new("repeat-beyond-retention", message));
        }
        warnings
    }

    /// Writes the timers of some nodes, each pair once.
    fn list(&self, some: impl Fn(&&Node) -> bool) -> String {
        let mut pairs: Vec<(i64, i64)> = Vec::new();
        for node in self.nodes.iter().filter(some) {
            let pair = (node.repeat_interval, node.group_interval);
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        let mut list = String::new();
        for (repeat, interval) in pairs {
            let separator = if list.is_empty() { "" } else { ", " };
            let (repeat, interval) = (format_duration(repeat), format_duration(interval));
            // A String takes everything.
            let _ = write!(list, "{separator}{repeat}/{interval}");
        }
        list
    }
}

impl Node {
    /// The labels that an alert's group has.
    pub(super) fn group_labels(&self, labels: &Labels) -> Labels {
        match &self.group_by {
            GroupBy::All => labels.clone(),
            GroupBy::Labels(names) => labels.filtered(|name| names.iter().any(|one| one == name)),
        }
    }

    /// What of the route's time intervals keeps everything back at an instant.
    pub(super) fn closed(&self, now: i64) -> Option<Held> {
        let within =
            |intervals: &[TimeInterval]| intervals.iter().any(|interval| interval.contains(now));
        if !self.active.is_empty() && !self.active.iter().any(|one| within(one)) {
            return Some(Held::Inactive);
        }
        let mute = self.mute.iter().position(|(_, one)| within(one))?;
        Some(Held::Muted(mute))
    }
}

/// `{a="b"}/{c="d"}`: matchers sorted by name, value and kind.
fn key(parent: Option<&str>, matchers: &[Matcher]) -> Arc<str> {
    let mut sorted: Vec<&Matcher> = matchers.iter().collect();
    let kind = |matcher: &Matcher| match matcher.op {
        MatchOp::Equal => 0,
        MatchOp::NotEqual => 1,
        MatchOp::Regex(_) => 2,
        MatchOp::NotRegex(_) => 3,
    };
    sorted.sort_by(|a, b| {
        let order = a.name.cmp(&b.name).then_with(|| a.value.cmp(&b.value));
        order.then_with(|| kind(a).cmp(&kind(b)))
    });
    let shown: Vec<String> = sorted.iter().map(ToString::to_string).collect();
    let above = parent.map_or_else(String::new, |parent| format!("{parent}/"));
    format!("{above}{{{}}}", shown.join(",")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    // `dispatch/route_test.go`, `TestRouteMatch`: its tree.
    const TREE: &str = r#"
route:
  receiver: notify-def
  routes:
  - match: {owner: team-A}
    receiver: notify-A
    routes:
    - match: {env: testing}
      receiver: notify-testing
      group_by: ['...']
    - match: {env: production}
      receiver: notify-productionA
      group_wait: 1m
      continue: true
    - match_re: {env: "produ.*", job: ".*"}
      receiver: notify-productionB
      group_wait: 30s
      group_interval: 5m
      repeat_interval: 1h
      group_by: ['job']
  - match_re: {owner: "team-(B|C)"}
    group_by: ['foo', 'bar']
    group_wait: 2m
    receiver: notify-BC
  - match: {group_by: role}
    group_by: ['role']
    routes:
    - match: {env: testing}
      receiver: notify-testing
      routes:
      - match: {wait: long}
        group_wait: 2m
receivers:
- {name: notify-def}
- {name: notify-A}
- {name: notify-testing}
- {name: notify-productionA}
- {name: notify-productionB}
- {name: notify-BC}
"#;

    fn tree() -> (Config, Tree) {
        let config = Config::parse(TREE).expect("a configuration");
        let tree = Tree::new(&config, Release::V0_34);
        (config, tree)
    }

    #[test]
    fn finds_the_nodes() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
        let (config, tree) = tree();
        let cases: [Case<'_>; 7] = [
            (&[("owner", "team-A")], &["notify-A 30s 5m 4h []"]),
            (
                &[("owner", "team-A"), ("env", "unset")],
                &["notify-A 30s 5m 4h []"],
            ),
            (
                &[("owner", "team-C")],
                &["notify-BC 2m 5m 4h [\"foo\", \"bar\"]"],
            ),
            (
                &[("owner", "team-A"), ("env", "testing")],
                &["notify-testing 30s 5m 4h all"],
            ),
            (
                &[("owner", "team-A"), ("env", "production")],
                &[
                    "notify-productionA 1m 5m 4h []",
                    "notify-productionB 30s 5m 1h [\"job\"]",
                ],
            ),
            (
                &[("group_by", "role")],
                &["notify-def 30s 5m 4h [\"role\"]"],
            ),
            (
                &[("env", "testing"), ("group_by", "role"), ("wait", "long")],
                &["notify-testing 2m 5m 4h [\"role\"]"],
            ),
        ];
        for (labels, expected) in cases {
            let labels = Labels::from_pairs(labels.iter().copied()).expect("labels");
            let found: Vec<String> = tree
                .matching(&labels)
                .into_iter()
                .map(|number| {
                    let node = &tree.nodes[number];
                    let group_by = match &node.group_by {
                        GroupBy::All => "all".to_owned(),
                        GroupBy::Labels(labels) => format!("{labels:?}"),
                    };
                    format!(
                        "{} {} {} {} {group_by}",
                        config.receivers[node.receiver].name,
                        format_duration(node.group_wait),
                        format_duration(node.group_interval),
                        format_duration(node.repeat_interval),
                    )
                })
                .collect();
            assert_eq!(found, expected, "{labels}");
        }
    }

    #[test]
    fn keys_name_the_conditions_above() {
        let (_, tree) = tree();
        let keys: Vec<&str> = tree.nodes.iter().map(|node| &*node.key).collect();
        assert_eq!(
            keys[..5],
            [
                "{}",
                "{}/{owner=\"team-A\"}",
                "{}/{owner=\"team-A\"}/{env=\"testing\"}",
                "{}/{owner=\"team-A\"}/{env=\"production\"}",
                "{}/{owner=\"team-A\"}/{env=~\"produ.*\",job=~\".*\"}",
            ]
        );
    }

    #[test]
    fn an_empty_group_by_did_not_count_in_0_25() {
        let text = "route: {receiver: r, group_by: [a], routes: [{group_by: [], matchers: [a=b]}]}\nreceivers: [{name: r}]";
        let config = Config::parse(text).expect("fine");
        let now = Tree::new(&config, Release::V0_34);
        assert_eq!(now.nodes[1].group_by, GroupBy::Labels(Vec::new()));
        let then = Tree::new(&config, Release::V0_25);
        assert_eq!(then.nodes[1].group_by, GroupBy::Labels(vec!["a".into()]));
    }

    #[test]
    fn warns_of_timers() {
        let (_, tree) = tree();
        let warnings: Vec<String> = tree.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].ends_with("(4h/5m, 1h/5m)"), "{warnings:?}");
    }
}
