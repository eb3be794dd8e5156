//! Alertmanager's configuration file.
//!
//! Read are the routing tree, the inhibition rules, the time intervals, and of
//! the receivers their names, kinds of integrations and `send_resolved`. What an
//! integration has besides (addresses, secrets, templates) is read over, so a
//! file whose secrets were taken out is fine. Unknown fields elsewhere are
//! errors, as Alertmanager has it.
//!
//! Source: `config/config.go`, `config/notifiers.go`, `timeinterval/timeinterval.go`.

mod error;
mod inhibit;
mod interval;
mod receiver;
mod route;
pub(super) mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use error::{ConfigError, ConfigErrorKind};
use yaml::{At, Entry, Node, Source};

use super::time_interval::TimeInterval;
use crate::model::{Warning, did_you_mean, parse_duration};
use crate::promql::{MatchKind, Matcher, Version};

/// A configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The root of the routing tree.
    pub route: Route,
    /// Which alerts keep back which.
    pub inhibit_rules: Vec<InhibitRule>,
    /// Where notifications go.
    pub receivers: Vec<Receiver>,
    /// `time_intervals` and `mute_time_intervals`.
    pub time_intervals: Vec<NamedInterval>,
    /// How long an alert lives that came without an end, µs.
    pub resolve_timeout: i64,
    /// What is odd in the file.
    pub warnings: Vec<Warning>,
}

/// A node of the routing tree as written: what is `None` is the parent's.
#[derive(Debug, Clone)]
pub struct Route {
    /// The receiver's name.
    pub receiver: Option<String>,
    /// How alerts are put together; `Labels` may be empty.
    pub group_by: Option<GroupBy>,
    /// How long a new group waits, µs.
    pub group_wait: Option<i64>,
    /// The time between two looks at a group, µs.
    pub group_interval: Option<i64>,
    /// After how long an unchanged group is told again, µs.
    pub repeat_interval: Option<i64>,
    /// The conditions on an alert, all of which must hold.
    pub matchers: Vec<Matcher>,
    /// Whether an alert that matches goes on to the next sibling.
    pub continues: bool,
    /// Names of the intervals in which nothing is sent.
    pub mute_time_intervals: Vec<String>,
    /// Names of the intervals outside which nothing is sent.
    pub active_time_intervals: Vec<String>,
    /// Its children.
    pub routes: Vec<Route>,
}

/// How alerts are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// `['...']`: by all labels.
    All,
    /// By these.
    Labels(Vec<String>),
}

/// A rule by which alerts keep others back.
#[derive(Debug, Clone)]
pub struct InhibitRule {
    /// Conditions on the alert that inhibits.
    pub source: Vec<Matcher>,
    /// Conditions on the alert that is inhibited.
    pub target: Vec<Matcher>,
    /// Labels that both must have alike; an absent one is empty.
    pub equal: Vec<String>,
}

/// Where notifications go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Its integrations, kind by kind in the order of the file.
    pub integrations: Vec<Integration>,
}

/// One of a receiver's integrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// `slack`, `pagerduty`, `webhook`…
    pub kind: String,
    /// Its number among the receiver's integrations of the same kind, from 0.
    pub index: usize,
    /// Whether it tells of resolved alerts.
    pub send_resolved: bool,
}

/// Intervals under a name; one of them must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedInterval {
    /// The name.
    pub name: String,
    /// The intervals.
    pub intervals: Vec<TimeInterval>,
}

const FIELDS: &[&str] = &[
    "global",
    "route",
    "inhibit_rules",
    "receivers",
    "templates",
    "mute_time_intervals",
    "time_intervals",
    "tracing",
];

/// The fields of `global`; all but the first change no decision of ours.
const GLOBAL_FIELDS: &[&str] = &[
    "resolve_timeout",
    "http_config",
    "jira_api_url",
    "smtp_from",
    "smtp_hello",
    "smtp_smarthost",
    "smtp_auth_username",
    "smtp_auth_password",
    "smtp_auth_password_file",
    "smtp_auth_secret",
    "smtp_auth_secret_file",
    "smtp_auth_identity",
    "smtp_require_tls",
    "smtp_force_implicit_tls",
    "smtp_tls_config",
    "slack_api_url",
    "slack_api_url_file",
    "slack_app_token",
    "slack_app_token_file",
    "slack_app_url",
    "pagerduty_url",
    "opsgenie_api_url",
    "opsgenie_api_key",
    "opsgenie_api_key_file",
    "wechat_api_url",
    "wechat_api_secret",
    "wechat_api_secret_file",
    "wechat_api_corp_id",
    "victorops_api_url",
    "victorops_api_key",
    "victorops_api_key_file",
    "telegram_api_url",
    "telegram_bot_token",
    "telegram_bot_token_file",
    "webex_api_url",
    "rocketchat_api_url",
    "rocketchat_token",
    "rocketchat_token_file",
    "rocketchat_token_id",
    "rocketchat_token_id_file",
    "mattermost_webhook_url",
    "mattermost_webhook_url_file",
];

/// 5 min, as `DefaultGlobalConfig` has it.
const RESOLVE_TIMEOUT: i64 = 300_000_000;

impl Config {
    /// Reads a configuration file's text.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Reader {
            source: Source(text),
            warnings: Vec::new(),
        }
        .config()
    }
}

/// Reads one file.
struct Reader<'a> {
    source: Source<'a>,
    warnings: Vec<Warning>,
}

/// Names that the routes may use.
struct Names<'a> {
    receivers: BTreeSet<&'a str>,
    intervals: BTreeSet<&'a str>,
}

impl Reader<'_> {
    fn config(mut self) -> Result<Config, ConfigError> {
        let document = self.source.read()?;
        let mut resolve_timeout = RESOLVE_TIMEOUT;
        let mut route = None;
        let mut inhibit_rules = Vec::new();
        let mut receivers = Vec::new();
        let mut time_intervals: Vec<NamedInterval> = Vec::new();
        for entry in self.source.map(&document, "configuration")? {
            match entry.key.as_str() {
                "global" => resolve_timeout = self.global(&entry.value)?,
                "route" => route = Some(&entry.value),
                "inhibit_rules" => inhibit_rules = self.inhibit_rules(&entry.value)?,
                "receivers" => receivers = self.receivers(&entry.value)?,
                "mute_time_intervals" | "time_intervals" => {
                    self.time_intervals(&entry.value, &mut time_intervals)?;
                }
                "templates" | "tracing" => {}
                _ => return Err(self.source.unknown(entry, "the configuration", FIELDS)),
            }
        }
        let Some(route) = route else {
            return Err(self.error(document.at, ConfigErrorKind::NoRoute));
        };
        let names = Names {
            receivers: receivers.iter().map(|r| r.name.as_str()).collect(),
            intervals: time_intervals.iter().map(|i| i.name.as_str()).collect(),
        };
        let route = self.route(route, &names, true)?;
        Ok(Config {
            route,
            inhibit_rules,
            receivers,
            time_intervals,
            resolve_timeout,
            warnings: self.warnings,
        })
    }

    fn global(&self, node: &Node) -> Result<i64, ConfigError> {
        let mut resolve_timeout = RESOLVE_TIMEOUT;
        for entry in self.source.map(node, "global")? {
            if entry.key == "resolve_timeout" {
                resolve_timeout = self.duration(entry, "resolve_timeout")?;
            } else if !GLOBAL_FIELDS.contains(&entry.key.as_str()) {
                return Err(self.source.unknown(entry, "`global`", GLOBAL_FIELDS));
            }
        }
        Ok(resolve_timeout)
    }

    fn duration(&self, entry: &Entry, field: &'static str) -> Result<i64, ConfigError> {
        let text = self.source.text(&entry.value, field)?;
        parse_duration(text).map_err(|error| self.error(entry.value.at, error.into()))
    }

    /// `match` or `match_re`: conditions as a mapping of labels.
    fn label_map(
        &self,
        entry: &Entry,
        field: &'static str,
        kind: MatchKind,
    ) -> Result<Vec<Matcher>, ConfigError> {
        let mut matchers = Vec::new();
        for entry in self.source.map(&entry.value, field)? {
            if !is_label_name(&entry.key) {
                let kind = ConfigErrorKind::LabelName(entry.key.clone());
                return Err(self.error(entry.key_at, kind));
            }
            let value = self.source.text(&entry.value, field)?;
            // A dot matches no newline: Alertmanager compiles without `(?s)`.
            let matcher = Matcher::new(entry.key.as_str(), kind, value, Version::V2);
            matchers.push(matcher.map_err(|error| {
                let kind = ConfigErrorKind::Pattern {
                    pattern: value.to_owned(),
                    error,
                };
                self.error(entry.value.at, kind)
            })?);
        }
        Ok(matchers)
    }

    /// `matchers` and its kin: a list of texts, each of one condition or more.
    fn matcher_list(
        &self,
        entry: &Entry,
        field: &'static str,
    ) -> Result<Vec<Matcher>, ConfigError> {
        let mut matchers = Vec::new();
        for (text, at) in self.source.texts(&entry.value, field)? {
            let parsed = super::matchers::parse_matchers(text);
            matchers.extend(parsed.map_err(|error| self.error(at, error.into()))?);
        }
        Ok(matchers)
    }

    fn error(&self, at: At, kind: ConfigErrorKind) -> ConfigError {
        self.source.error(at, kind)
    }
}

impl Names<'_> {
    fn receiver(&self, name: &str) -> Result<(), ConfigErrorKind> {
        if self.receivers.contains(name) {
            return Ok(());
        }
        Err(ConfigErrorKind::UndefinedReceiver {
            name: name.to_owned(),
            suggestion: nearest(name, &self.receivers),
        })
    }

    fn interval(&self, name: &str) -> Result<(), ConfigErrorKind> {
        if self.intervals.contains(name) {
            return Ok(());
        }
        Err(ConfigErrorKind::UndefinedInterval {
            name: name.to_owned(),
            suggestion: nearest(name, &self.intervals),
        })
    }
}

fn nearest(name: &str, names: &BTreeSet<&str>) -> Option<String> {
    did_you_mean(name, names.iter().copied()).map(str::to_owned)
}

/// Whether the old syntax (`match`, `match_re`) takes the name.
fn is_label_name(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}
