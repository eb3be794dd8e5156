//! Silences: the list that `amtool silence query -o json` and the API give, and a
//! small YAML form.
//!
//! ```yaml
//! silences:
//!   - matchers: ['alertname="DiskFull"', 'instance=~"db.*"']
//!     starts_at: 2026-03-01T08:00:00Z
//!     ends_at: 2026-03-01T12:00:00Z
//!     comment: migration
//! ```
//!
//! JSON is YAML, so one reader takes both. Of a silence that was ended early the
//! API gives the earlier end, so its state is not looked at.

use chrono_tz::Tz;

use super::config::yaml::{At, Content, Node, Source};
use super::config::{ConfigError, ConfigErrorKind};
use super::matchers::parse_matchers;
use crate::model::{Labels, parse_timestamp};
use crate::promql::{MatchKind, Matcher, Version};

/// A silence.
#[derive(Debug, Clone)]
pub struct Silence {
    /// Its identity; its number in the file (from 1) where it has none.
    pub id: String,
    /// Conditions, all of which must hold.
    pub matchers: Vec<Matcher>,
    /// First instant, µs.
    pub starts_at: i64,
    /// Last instant, µs.
    pub ends_at: i64,
    /// Why.
    pub comment: String,
    /// By whom.
    pub created_by: String,
}

impl Silence {
    /// Whether it keeps an alert back while it lasts.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|one| one.matches_in(labels))
    }

    /// Whether it lasts at an instant.
    pub fn is_active(&self, ts: i64) -> bool {
        (self.starts_at..=self.ends_at).contains(&ts)
    }
}

const FIELDS: &[&str] = &[
    "id",
    "matchers",
    "startsAt",
    "starts_at",
    "endsAt",
    "ends_at",
    "comment",
    "createdBy",
    "created_by",
    "createdAt",
    "updatedAt",
    "status",
    "annotations",
];

/// Reads a file of silences, JSON or YAML.
pub fn parse_silences(text: &str) -> Result<Vec<Silence>, ConfigError> {
    let source = Source(text);
    let document = source.read()?;
    let list = match &document.content {
        Content::Map(entries) => match entries.as_slice() {
            [entry] if entry.key == "silences" => &entry.value,
            [entry, ..] => {
                return Err(source.unknown(entry, "the file of silences", &["silences"]));
            }
            [] => return Ok(Vec::new()),
        },
        _ => &document,
    };
    let mut silences = Vec::new();
    for (index, item) in source.list(list, "silences")?.iter().enumerate() {
        silences.push(silence(source, item, index)?);
    }
    Ok(silences)
}

fn silence(source: Source<'_>, node: &Node, index: usize) -> Result<Silence, ConfigError> {
    let mut id = (index + 1).to_string();
    let mut matchers = Vec::new();
    let (mut starts_at, mut ends_at) = (None, None);
    let (mut comment, mut created_by) = (String::new(), String::new());
    for entry in source.map(node, "silence")? {
        let value = &entry.value;
        match entry.key.as_str() {
            "id" => id = source.text(value, "id")?.to_owned(),
            "matchers" => matchers = matchers_of(source, value)?,
            "startsAt" | "starts_at" => starts_at = Some((time(source, value)?, value.at)),
            "endsAt" | "ends_at" => ends_at = Some((time(source, value)?, value.at)),
            "comment" => comment = source.text(value, "comment")?.to_owned(),
            "createdBy" | "created_by" => {
                created_by = source.text(value, "created_by")?.to_owned();
            }
            "createdAt" | "updatedAt" | "status" | "annotations" => {}
            _ => return Err(source.unknown(entry, "the silence", FIELDS)),
        }
    }
    let missing = |field| {
        let kind = ConfigErrorKind::Missing {
            field,
            section: "the silence",
        };
        source.error(node.at, kind)
    };
    if matchers.is_empty() {
        return Err(missing("matchers"));
    }
    let (starts_at, _): (i64, At) = starts_at.ok_or_else(|| missing("starts_at"))?;
    let (ends_at, at): (i64, At) = ends_at.ok_or_else(|| missing("ends_at"))?;
    if ends_at < starts_at {
        let kind = ConfigErrorKind::Backwards(format!("silence {id}"));
        return Err(source.error(at, kind));
    }
    Ok(Silence {
        id,
        matchers,
        starts_at,
        ends_at,
        comment,
        created_by,
    })
}

fn time(source: Source<'_>, node: &Node) -> Result<i64, ConfigError> {
    let text = source.text(node, "a time")?;
    parse_timestamp(text, Tz::UTC).map_err(|error| source.error(node.at, error.into()))
}

/// Texts in the language of matchers, or the API's objects.
fn matchers_of(source: Source<'_>, node: &Node) -> Result<Vec<Matcher>, ConfigError> {
    if let Content::Text(text) = &node.content {
        return parse_matchers(text).map_err(|error| source.error(node.at, error.into()));
    }
    let mut matchers = Vec::new();
    for item in source.list(node, "matchers")? {
        if let Content::Text(text) = &item.content {
            let parsed = parse_matchers(text);
            matchers.extend(parsed.map_err(|error| source.error(item.at, error.into()))?);
            continue;
        }
        let (mut name, mut value) = ("", "");
        let (mut is_regex, mut is_equal) = (false, true);
        for entry in source.map(item, "matchers")? {
            match entry.key.as_str() {
                "name" => name = source.text(&entry.value, "name")?,
                "value" => value = source.text(&entry.value, "value")?,
                "isRegex" => is_regex = source.bool(&entry.value, "isRegex")?,
                "isEqual" => is_equal = source.bool(&entry.value, "isEqual")?,
                _ => {
                    let fields = &["name", "value", "isRegex", "isEqual"];
                    return Err(source.unknown(entry, "the matcher", fields));
                }
            }
        }
        if name.is_empty() {
            let kind = ConfigErrorKind::LabelName(name.to_owned());
            return Err(source.error(item.at, kind));
        }
        let kind = match (is_regex, is_equal) {
            (false, true) => MatchKind::Equal,
            (false, false) => MatchKind::NotEqual,
            (true, true) => MatchKind::Regex,
            (true, false) => MatchKind::NotRegex,
        };
        let matcher = Matcher::new(name, kind, value, Version::V2).map_err(|error| {
            let kind = ConfigErrorKind::Pattern {
                pattern: value.to_owned(),
                error,
            };
            source.error(item.at, kind)
        })?;
        matchers.push(matcher);
    }
    Ok(matchers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_amtool_gives() {
        // As `amtool silence query -o json` of 0.25 wrote it.
        let text = r#"[{"id":"8a2e1cfb-29a4-4e3c-8a4d-6b6a5e9b9b11","status":{"state":"expired"},"updatedAt":"2026-03-01T09:00:00.123Z","comment":"disk \/ swap","createdBy":"ops","endsAt":"2026-03-01T09:00:00.123Z","matchers":[{"isEqual":true,"isRegex":false,"name":"alertname","value":"DiskFull"},{"isEqual":false,"isRegex":true,"name":"instance","value":"db.*"}],"startsAt":"2026-03-01T08:00:00.000Z"}]"#;
        let silences = parse_silences(text).expect("fine");
        let [silence] = silences.as_slice() else {
            panic!("{silences:?}");
        };
        assert_eq!(silence.id, "8a2e1cfb-29a4-4e3c-8a4d-6b6a5e9b9b11");
        assert_eq!(silence.comment, "disk / swap");
        assert_eq!(silence.created_by, "ops");
        let shown: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
        assert_eq!(shown, [r#"alertname="DiskFull""#, r#"instance!~"db.*""#]);
        assert_eq!(silence.ends_at - silence.starts_at, 3_600_123_000);
        assert!(silence.is_active(silence.ends_at));
        assert!(!silence.is_active(silence.ends_at + 1));
    }

    #[test]
    fn reads_the_yaml_form() {
        let text = "silences:\n  - matchers: ['alertname=\"A\"', 'b=~\"c|d\"']\n    starts_at: 2026-03-01T08:00:00Z\n    ends_at: 2026-03-01T12:00:00Z\n    comment: migration\n  - matchers: a=b\n    starts_at: 0\n    ends_at: 1\n";
        let silences = parse_silences(text).expect("fine");
        assert_eq!(silences.len(), 2);
        assert_eq!(silences[1].id, "2");
        let labels = Labels::from_pairs([("alertname", "A"), ("b", "d")]).expect("labels");
        assert!(silences[0].matches(&labels));
        assert!(!silences[1].matches(&labels));
        assert!(parse_silences("").expect("nothing").is_empty());
        assert!(parse_silences("[]").expect("nothing").is_empty());
    }

    #[test]
    fn says_where_it_is_wrong() {
        for (text, line, column, message) in [
            ("- matchers: a\n", 1, 13, "is no list of matchers"),
            ("- comment: x\n", 1, 3, "`matchers` is missing"),
            (
                "- matchers: a=b\n  starts_at: tomorrow\n",
                2,
                14,
                "\"tomorrow\" is not a time",
            ),
            (
                "- matchers: a=b\n  starts_at: 100\n  ends_at: 99\n",
                3,
                12,
                "ends before it begins",
            ),
            ("- matcher: a=b\n", 1, 3, "unknown field `matcher`"),
        ] {
            let error = parse_silences(text).expect_err(text);
            assert!(error.to_string().contains(message), "{error}");
            let place = (error.place.line, error.place.column);
            assert_eq!(place, (line, column), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-a-c:{}\\[\\]\"' \\n0-9]{0,40}") {
            let _ = parse_silences(&text);
        }
    }
}
