//! Reads a JSON object into a flat list of fields, without building a tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A value that is no object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// An array, as JSON text.
    Json(String),
}

impl Scalar<'_> {
    /// Returns the value as text.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(value) => Cow::Owned(value.to_string()),
            Self::Float(value) => Cow::Owned(value.to_string()),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Json(text) => Cow::Borrowed(text),
        }
    }

    /// Returns the value as text of its own.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text.into_owned(),
            Self::Json(text) => text,
            other => other.to_text().into_owned(),
        }
    }
}

/// A field of an object; those of an inner object have a dotted path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field<'a> {
    pub(super) path: Cow<'a, str>,
    pub(super) value: Scalar<'a>,
    /// The length of the path's first part, where it has more than one.
    pub(super) outer: usize,
}

/// Reads an object; `null` and empty objects leave no field. The error says
/// that the text is no JSON object.
pub(super) fn read_fields(text: &[u8]) -> Result<Vec<Field<'_>>, String> {
    let mut fields = Vec::with_capacity(16);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let seed = Object {
        fields: &mut fields,
    };
    deserializer
        .deserialize_map(seed)
        .and_then(|()| deserializer.end())
        .map_err(|error| {
            if error.is_data() {
                "a JSON object {…} is expected".to_owned()
            } else {
                // The position within the record; the file's line stands beside it.
                format!("no valid JSON: {error}")
            }
        })?;
    Ok(fields)
}

/// Reads the outer object.
struct Object<'f, 'a> {
    fields: &'f mut Vec<Field<'a>>,
}

impl<'a> Visitor<'a> for Object<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(path) = map.next_key_seed(Key)? {
            map.next_value_seed(Member {
                path,
                outer: 0,
                fields: self.fields,
            })?;
        }
        Ok(())
    }
}

/// Reads a key without copying it, where it has no escapes.
struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Reads the value of a key.
struct Member<'f, 'a> {
    path: Cow<'a, str>,
    outer: usize,
    fields: &'f mut Vec<Field<'a>>,
}

impl<'a> Member<'_, 'a> {
    fn push<E>(self, value: Scalar<'a>) -> Result<(), E> {
        self.fields.push(Field {
            path: self.path,
            value,
            outer: self.outer,
        });
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for Member<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Member<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(Scalar::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.push(Scalar::Integer(value)),
            // An identity or a hash: every digit counts.
            Err(_) => self.push(Scalar::Text(Cow::Owned(value.to_string()))),
        }
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.push(Scalar::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        self.push(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.push(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut items: Vec<Value> = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        self.push(Scalar::Json(Value::Array(items).to_string()))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let outer = match self.outer {
            0 => self.path.len(),
            outer => outer,
        };
        while let Some(key) = map.next_key_seed(Key)? {
            map.next_value_seed(Member {
                path: Cow::Owned(format!("{}.{key}", self.path)),
                outer,
                fields: self.fields,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattens() {
        let text = br#"{"a":"x","b":{"c":{"d":1},"e":[1,{"f":null}]},"n":null,"t":true,"u":18446744073709551615,"q":"\u00e9","z":1.5}"#;
        let fields = read_fields(text).expect("an object");
        let flat: Vec<_> = fields
            .iter()
            .map(|f| format!("{}={} {}", f.path, f.value.to_text(), f.outer))
            .collect();
        assert_eq!(
            flat,
            [
                "a=x 0",
                "b.c.d=1 1",
                "b.e=[1,{\"f\":null}] 1",
                "t=true 0",
                "u=18446744073709551615 0",
                "q=é 0",
                "z=1.5 0"
            ]
        );
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(
            read_fields(b"[1]").expect_err("no object"),
            "a JSON object {…} is expected"
        );
        assert_eq!(
            read_fields(b"\"x\"").expect_err("no object"),
            "a JSON object {…} is expected"
        );
        for text in [
            &b"{\"a\":"[..],
            b"",
            b"{}x",
            b"{\"a\":NaN}",
            b"{\"\xff\":1}",
        ] {
            let reason = read_fields(text).expect_err("no object");
            assert!(reason.starts_with("no valid JSON"), "{reason}");
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500));
        assert!(read_fields(deep.as_bytes()).is_err());
    }
}
