//! Receivers: names, kinds of integrations, `send_resolved`.

use super::yaml::Node;
use super::{ConfigError, ConfigErrorKind, Integration, Reader, Receiver};
use crate::model::{Warning, did_you_mean};

/// The integrations and whether each tells of resolved alerts if nothing is said
/// (`config/notifiers.go`).
const INTEGRATIONS: [(&str, &str, bool); 18] = [
    ("discord", "discord_configs", true),
    ("email", "email_configs", false),
    ("incidentio", "incidentio_configs", true),
    ("pagerduty", "pagerduty_configs", true),
    ("slack", "slack_configs", false),
    ("webhook", "webhook_configs", true),
    ("opsgenie", "opsgenie_configs", true),
    ("wechat", "wechat_configs", false),
    ("pushover", "pushover_configs", true),
    ("victorops", "victorops_configs", true),
    ("sns", "sns_configs", true),
    ("telegram", "telegram_configs", true),
    ("webex", "webex_configs", true),
    ("msteams", "msteams_configs", true),
    ("msteamsv2", "msteamsv2_configs", true),
    ("jira", "jira_configs", true),
    ("rocketchat", "rocketchat_configs", false),
    ("mattermost", "mattermost_configs", true),
];

impl Reader<'_> {
    pub(super) fn receivers(&mut self, node: &Node) -> Result<Vec<Receiver>, ConfigError> {
        let mut receivers: Vec<Receiver> = Vec::new();
        for item in self.source.list(node, "receivers")? {
            let receiver = self.receiver(item, &receivers)?;
            receivers.push(receiver);
        }
        Ok(receivers)
    }

    fn receiver(&mut self, node: &Node, before: &[Receiver]) -> Result<Receiver, ConfigError> {
        let source = self.source;
        let mut name = "";
        let mut integrations = Vec::new();
        let fields = || INTEGRATIONS.iter().map(|(_, field, _)| *field);
        for entry in source.map(node, "receiver")? {
            if entry.key == "name" {
                name = source.text(&entry.value, "name")?;
                if before.iter().any(|receiver| receiver.name == name) {
                    let kind = ConfigErrorKind::Duplicate {
                        what: "receiver",
                        name: name.to_owned(),
                    };
                    return Err(self.error(entry.value.at, kind));
                }
                continue;
            }
            let known = INTEGRATIONS
                .iter()
                .find(|(_, field, _)| *field == entry.key);
            let (kind, default) = match (known, entry.key.strip_suffix("_configs")) {
                (Some((kind, _, default)), _) => (*kind, *default),
                (None, Some(kind)) => {
                    let mut message = format!(
                        "line {}: `{}` is no integration known here: \
                         its notifications are taken to tell of resolved alerts",
                        entry.key_at.place.line, entry.key
                    );
                    if let Some(nearest) = did_you_mean(&entry.key, fields()) {
                        message += &format!(" (did you mean `{nearest}`?)");
                    }
                    let warning = Warning::new("unknown-integration", message);
                    self.warnings.push(warning);
                    (kind, true)
                }
                (None, None) => {
                    let fields: Vec<&str> = fields().chain(["name"]).collect();
                    return Err(source.unknown(entry, "the receiver", &fields));
                }
            };
            for (index, item) in source.list(&entry.value, "…_configs")?.iter().enumerate() {
                let mut send_resolved = default;
                for setting in source.map(item, "integration")? {
                    if setting.key == "send_resolved" {
                        send_resolved = source.bool(&setting.value, "send_resolved")?;
                    }
                }
                integrations.push(Integration {
                    kind: kind.to_owned(),
                    index,
                    send_resolved,
                });
            }
        }
        if name.is_empty() {
            let kind = ConfigErrorKind::Missing {
                field: "name",
                section: "the receiver",
            };
            return Err(self.error(node.at, kind));
        }
        Ok(Receiver {
            name: name.to_owned(),
            integrations,
        })
    }
}
