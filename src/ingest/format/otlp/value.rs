//! Values, attributes, times and ids as OTLP writes them in JSON.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::Value;

/// A number, written as such or as text (`"Infinity"` too).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// Reads a time or a duration: nanoseconds, not negative.
    pub(super) fn as_nanos(self) -> Option<u64> {
        match self {
            Self::Integer(value) => u64::try_from(value).ok(),
            // Written by tools that know no large integers.
            Self::Float(value) if (0.0..1.8e19).contains(&value) => Some(value as u64),
            Self::Float(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a text with one")
            }

            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number::Integer(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
                Ok(Number::Integer(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number::Float(value))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                if let Ok(value) = text.parse() {
                    return Ok(Number::Integer(value));
                }
                let value = fast_float2::parse::<f64, _>(text);
                value
                    .map(Number::Float)
                    .map_err(|_| E::custom(format!("{text:?} is no number")))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// An attribute.
#[derive(Debug, Default, Deserialize)]
pub(super) struct KeyValue {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Value,
}

/// What made the telemetry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resource {
    pub(super) attributes: Vec<KeyValue>,
}

impl Resource {
    /// Returns an attribute's text, where it is there and not empty.
    pub(super) fn get(&self, key: &str) -> Option<String> {
        let found = self.attributes.iter().find(|pair| pair.key == key);
        found
            .map(|pair| text_of(&pair.value))
            .filter(|text| !text.is_empty())
    }
}

/// Returns an `AnyValue` as text: lists and maps as JSON.
pub(super) fn text_of(value: &Value) -> String {
    match plain(value) {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Takes the wrapping of an `AnyValue` away: `{"intValue": "3"}` is 3.
fn plain(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return match value {
            Value::Object(_) => Value::Null,
            other => other.clone(),
        };
    };
    match kind.as_str() {
        "intValue" => match inner.as_str().map(str::parse::<i64>) {
            Some(Ok(number)) => number.into(),
            _ => inner.clone(),
        },
        "arrayValue" => {
            let items = inner["values"].as_array();
            items.into_iter().flatten().map(plain).collect()
        }
        "kvlistValue" => {
            let items = inner["values"].as_array();
            let pair =
                |item: &Value| Some((item["key"].as_str()?.to_owned(), plain(&item["value"])));
            Value::Object(items.into_iter().flatten().filter_map(pair).collect())
        }
        _ => inner.clone(),
    }
}

/// Turns nanoseconds into µs since the epoch.
pub(super) fn micros(nanos: u64) -> i64 {
    // Below 2^64 / 1000, so it fits.
    (nanos / 1_000).cast_signed()
}

/// Reads an id of so many bytes as lower-case hexadecimal; `None` where it is empty or zero.
///
/// Base64, as protobuf's own JSON has it, is recognised by its length.
pub(super) fn id(text: &str, bytes: usize) -> Result<Option<String>, String> {
    if text.bytes().all(|b| b == b'0') {
        return Ok(None);
    }
    if text.len() == 2 * bytes && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Some(text.to_ascii_lowercase()));
    }
    match base64(text) {
        Some(decoded) if decoded.len() == bytes => {
            if decoded.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            Ok(Some(
                decoded.iter().map(|byte| format!("{byte:02x}")).collect(),
            ))
        }
        _ => Err(format!("{text:?} is no id of {bytes} bytes")),
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut held, mut bits, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn any_values_lose_their_wrapping() {
        let list = json!({"arrayValue": {"values": [{"intValue": "3"}, {"stringValue": "a"}]}});
        assert_eq!(text_of(&list), r#"[3,"a"]"#);
        let map = json!({"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": true}}]}});
        assert_eq!(text_of(&map), r#"{"k":true}"#);
        assert_eq!(
            text_of(&json!({"intValue": "9223372036854775808"})),
            "9223372036854775808"
        );
        assert_eq!(text_of(&json!({"doubleValue": 0.5})), "0.5");
        assert_eq!(text_of(&json!({})), "");
    }

    #[test]
    fn ids_are_hexadecimal_or_base64() {
        let hex = "5B8EFFF798038103D269B633813FC60C";
        assert_eq!(id(hex, 16), Ok(Some(hex.to_ascii_lowercase())));
        assert_eq!(
            id("W47/95gDgQPSabYzgT/GDA==", 16),
            Ok(Some(hex.to_ascii_lowercase()))
        );
        assert_eq!(id("", 8), Ok(None));
        assert_eq!(id("0000000000000000", 8), Ok(None));
        assert!(id("xyz", 8).is_err());
    }

    #[test]
    fn numbers_may_be_texts() {
        let read = |text: &str| serde_json::from_str::<Number>(text).ok();
        assert_eq!(
            read("\"18446744073709551615\"").and_then(Number::as_nanos),
            Some(u64::MAX)
        );
        assert_eq!(read("-1").and_then(Number::as_nanos), None);
        assert!(read("\"Infinity\"").is_some_and(|n| n.as_f64() == f64::INFINITY));
        assert!(read("\"NaN\"").is_some_and(|n| n.as_f64().is_nan()));
        assert_eq!(read("\"x\""), None);
    }
}
