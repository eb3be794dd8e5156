//! Makes labels of what incident tools nest: references, lists, bags, services.
//!
//! `service: {id, type, summary, …}` becomes `service` (its summary or name) and
//! `service_id`; `["a", "b"]` becomes `a,b`, and so do the names of objects;
//! `details: {region}` becomes `region`; a tag `region:eu` or `region=eu` is a
//! label too; of ServiceNow's `{display_value, value, link}` the display value is
//! taken, of times the value, which is UTC.

use serde_json::Value;

use super::names::{BAGS, SERVICE};
use crate::ingest::format::table_records::same_name;

type Fields = Vec<(String, String)>;

/// Members of a reference that are of no use once it has a name.
const SPENT: &[&str] = &["type", "self", "html_url", "link"];

/// Flattens the fields of an incident or a maintenance window.
pub(super) fn flatten(mut fields: Fields) -> Fields {
    display_values(&mut fields);
    references(&mut fields);
    let mut tags = Vec::new();
    fields = fields
        .into_iter()
        .filter_map(|(name, value)| {
            let Some(items) = list(&value) else {
                return Some((name, value));
            };
            if same_name(&name, "tags") {
                tags.extend(items.iter().filter_map(|tag| pair(tag)));
            }
            // Two alerts of one service are one service.
            let mut texts: Vec<String> = Vec::new();
            for item in items {
                if !texts.contains(&item) {
                    texts.push(item);
                }
            }
            (!texts.is_empty()).then(|| (name, texts.join(",")))
        })
        .collect();
    for i in 0..fields.len() {
        let inner = fields[i].0.split_once('.');
        let inner = inner.filter(|(bag, _)| BAGS.iter().any(|b| same_name(bag, b)));
        if let Some((_, inner)) = inner
            && !has(&fields, inner)
        {
            fields[i].0 = inner.to_owned();
        }
    }
    for (name, value) in tags {
        if !has(&fields, &name) {
            fields.push((name, value));
        }
    }
    if !has(&fields, "service") {
        let position = |wanted: &str| fields.iter().position(|(n, _)| same_name(n, wanted));
        if let Some(at) = SERVICE.iter().find_map(|wanted| position(wanted)) {
            fields[at].0 = "service".to_owned();
        }
    }
    fields
}

fn has(fields: &Fields, wanted: &str) -> bool {
    fields.iter().any(|(name, _)| same_name(name, wanted))
}

/// Puts one value for ServiceNow's pairs of a display value and a value.
fn display_values(fields: &mut Fields) {
    let bases: Vec<String> = fields
        .iter()
        .filter_map(|(name, _)| name.strip_suffix(".display_value"))
        .map(str::to_owned)
        .collect();
    for base in bases {
        let is_time = ["_at", "_on", "_date"]
            .iter()
            .any(|end| base.ends_with(end));
        let member = |part: &str| {
            let name = format!("{base}.{part}");
            let found = fields.iter().find(|(n, v)| *n == name && !v.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let (shown, value) = (member("display_value"), member("value"));
        let value = if is_time {
            value.or(shown)
        } else {
            shown.or(value)
        };
        let prefix = format!("{base}.");
        fields.retain(|(name, _)| !name.starts_with(&prefix));
        fields.extend(value.map(|value| (base, value)));
    }
}

/// Puts the name of a referred thing for the object that refers to it.
fn references(fields: &mut Fields) {
    let mut bases: Vec<(String, String)> = Vec::new();
    for part in [".summary", ".name"] {
        for (name, value) in fields.iter() {
            if let Some(base) = name.strip_suffix(part)
                && !bases.iter().any(|(known, _)| known == base)
                && fields.iter().all(|(other, _)| other != base)
            {
                bases.push((base.to_owned(), value.clone()));
            }
        }
    }
    for (base, value) in bases {
        let spent = |name: &str| {
            let member = name.strip_prefix(&base).and_then(|n| n.strip_prefix('.'));
            member.is_some_and(|m| m == "summary" || m == "name" || SPENT.contains(&m))
        };
        fields.retain(|(name, _)| !spent(name));
        let (id, flat) = (format!("{base}.id"), format!("{base}_id"));
        if !has(fields, &flat) {
            for (name, _) in fields.iter_mut().filter(|(name, _)| *name == id) {
                name.clone_from(&flat);
            }
        }
        fields.push((base, value));
    }
}

/// Reads the texts of a list whose items all are texts, numbers or objects with a name.
fn list(text: &str) -> Option<Vec<String>> {
    if !text.starts_with('[') {
        return None;
    }
    let items: Vec<Value> = serde_json::from_str(text).ok()?;
    let named = |item: &Value| match item {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(members) => {
            let name = ["summary", "name"].iter().find_map(|m| members.get(*m));
            Some(name?.as_str()?.to_owned())
        }
        _ => None,
    };
    items.iter().map(named).collect()
}

/// Reads `name:value` and `name=value`, where the name may be a label's.
fn pair(tag: &str) -> Option<(String, String)> {
    let at = tag.find([':', '='])?;
    let (name, value) = (&tag[..at], tag[at + 1..].trim());
    let is_name = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let is_url = value.starts_with("//");
    (is_name && !is_url && !name.is_empty() && !value.is_empty())
        .then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(fields: &[(&str, &str)]) -> Vec<String> {
        let fields = fields
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let mut flat = flatten(fields.collect());
        flat.sort();
        flat.iter().map(|(n, v)| format!("{n}={v}")).collect()
    }

    #[test]
    fn a_reference_is_its_name_and_its_id() {
        assert_eq!(
            flat(&[
                ("service.id", "PIJ90N7"),
                ("service.type", "service_reference"),
                ("service.summary", "My Mail Service"),
                ("service.self", "https://api.example.com/services/PIJ90N7"),
                ("priority.name", "P1"),
                ("priority.summary", "P1 - all hands"),
                ("priority.color", "ff0000"),
            ]),
            [
                "priority=P1 - all hands",
                "priority.color=ff0000",
                "service=My Mail Service",
                "service_id=PIJ90N7",
            ]
        );
        // What has the name already stays.
        assert_eq!(
            flat(&[("service", "a"), ("service.name", "b"), ("service_id", "1")]),
            ["service=a", "service.name=b", "service_id=1"]
        );
    }

    #[test]
    fn lists_tags_and_bags() {
        assert_eq!(
            flat(&[
                ("impactedServices", r#"["s1","s2","s1"]"#),
                ("responders", r#"[{"type":"team","id":"1"}]"#),
                (
                    "teams",
                    r#"[{"id":"P1","summary":"Mail"},{"id":"P2","summary":"Ops"}]"#
                ),
                ("actions", "[]"),
                ("tags", r#"["region:eu","team=db","https://x","critical"]"#),
                ("details.team", "web"),
                ("details.serverName", "Zion"),
                ("note", "[not a list"),
            ]),
            [
                "note=[not a list",
                "region=eu",
                r#"responders=[{"type":"team","id":"1"}]"#,
                "serverName=Zion",
                "service=s1,s2",
                "tags=region:eu,team=db,https://x,critical",
                "team=web",
                "teams=Mail,Ops",
            ]
        );
    }

    #[test]
    fn display_values_of_all_but_times() {
        assert_eq!(
            flat(&[
                ("opened_at.display_value", "24.08.2025 23:51:19"),
                ("opened_at.value", "2025-08-24 21:51:19"),
                ("cmdb_ci.display_value", "mail-01"),
                ("cmdb_ci.value", "0c4e7b57"),
                ("cmdb_ci.link", "https://x"),
                ("priority.display_value", "1 - Critical"),
                ("priority.value", "1"),
            ]),
            [
                "opened_at=2025-08-24 21:51:19",
                "priority=1 - Critical",
                "service=mail-01",
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(fields in proptest::collection::vec(
            ("[a.b]{0,3}(\\.name|\\.id|\\.display_value|tags)?", "[\\[\\]\"a:=,{}]{0,8}"), 0..6)) {
            let _ = flatten(fields);
        }
    }
}
