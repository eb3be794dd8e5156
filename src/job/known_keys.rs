//! The keys of a job file: which there are, and where an unknown one stands.

use serde::de::{Deserialize, Deserializer, Error, Visitor, value};
use serde::forward_to_deserialize_any;
use toml::de::{DeTable, DeValue};

use super::backtest::BacktestSpec;
use super::file::{IngestStep, JobFile, ReportStep};
use super::forecast::ForecastSpec;
use crate::model::did_you_mean;

/// Finds the known key that a path such as `report.0.outputt` resembles.
pub(super) fn did_you_mean_key(path: &str) -> Option<&'static str> {
    let (section, key) = match path.split_once('.') {
        Some((section, _)) => (section, path.rsplit('.').next().unwrap_or(path)),
        None => ("", path),
    };
    let known = match section {
        "" => fields::<JobFile>(),
        "ingest" => fields::<IngestStep>(),
        "report" => fields::<ReportStep>(),
        "backtest" => fields::<BacktestSpec>(),
        "forecast" => fields::<ForecastSpec>(),
        _ => &[],
    };
    did_you_mean(key, known.iter().copied())
}

/// Returns the line, from 1, of the key at a path such as `report.0.outputt`;
/// 1 where there is none.
pub(super) fn line_of(text: &str, path: &str) -> usize {
    let start = DeTable::parse(text)
        .ok()
        .and_then(|document| key_start(document.get_ref(), path));
    let before = start.and_then(|start| text.get(..start)).unwrap_or("");
    1 + before.matches('\n').count()
}

fn key_start(table: &DeTable<'_>, path: &str) -> Option<usize> {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
    let Some(mut rest) = rest else {
        return Some(key.span().start);
    };
    let mut value = value.get_ref();
    while let DeValue::Array(items) = value {
        let (index, behind) = rest.split_once('.')?;
        value = items.get(index.parse::<usize>().ok()?)?.get_ref();
        rest = behind;
    }
    match value {
        DeValue::Table(table) => key_start(table, rest),
        _ => None,
    }
}

/// Returns the names that a struct is deserialised from.
fn fields<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // Ends with an error by design, once the struct has said its fields.
    let _ = T::deserialize(Fields(&mut names));
    names
}

struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(Error::custom("only the fields are asked for"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_keys_of_each_section() {
        assert!(fields::<JobFile>().contains(&"report"));
        assert!(fields::<IngestStep>().contains(&"max_rejects"));
        assert!(!fields::<JobFile>().contains(&"folder"));
        assert_eq!(did_you_mean_key("report.3.parms"), Some("params"));
        assert_eq!(did_you_mean_key("paths"), None);
        assert_eq!(did_you_mean_key("elsewhere.0.paths"), None);
    }

    #[test]
    fn finds_lines() {
        let text = "a = 1\n[[b]]\nc = 2\n[[b]]\n\nd = 3\n";
        assert_eq!(line_of(text, "a"), 1);
        assert_eq!(line_of(text, "b"), 2);
        assert_eq!(line_of(text, "b.1.d"), 6);
        for absent in ["", ".", "b.", "b.9.d", "b.x.d", "a.0.c", "b.1.d.e"] {
            assert_eq!(line_of(text, absent), 1, "{absent}");
        }
    }
}
