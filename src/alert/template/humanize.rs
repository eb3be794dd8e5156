//! Numbers for people, as Prometheus' `humanize…` functions write them.

use super::float::format_float;
use super::format::four_digits;
use super::literal::parse_float;
use super::quote::quote;
use super::time;
use super::value::Value;
use crate::model;

const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

/// Takes a number, or a text that is one.
pub(super) fn to_float(value: &Value<'_>) -> Result<f64, String> {
    match value {
        Value::Float(value) => Ok(*value),
        Value::Int(value) => Ok(*value as f64),
        Value::String(text) => parse_float(text),
        Value::Duration(nanos) => Ok(*nanos as f64 / 1e9),
        other => Err(format!("can't convert {} to float", other.type_name())),
    }
}

/// Writes a number with a metric prefix: `1.234M`.
pub(super) fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return four_digits(value);
    }
    if value.abs() < 1.0 {
        return small(value, "");
    }
    large(value, 1_000.0, &["k", "M", "G", "T", "P", "E", "Z", "Y"])
}

/// Writes a number with a binary prefix: `1.5Mi`.
pub(super) fn humanize1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return four_digits(value);
    }
    large(
        value,
        1_024.0,
        &["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"],
    )
}

fn large(mut value: f64, base: f64, prefixes: &[&str]) -> String {
    let mut chosen = "";
    for prefix in prefixes {
        if value.abs() < base {
            break;
        }
        chosen = prefix;
        value /= base;
    }
    four_digits(value) + chosen
}

fn small(mut value: f64, unit: &str) -> String {
    let mut chosen = "";
    for prefix in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        chosen = prefix;
        value *= 1_000.0;
    }
    four_digits(value) + chosen + unit
}

/// Writes seconds as `1d 2h 3m 4s`, below a minute with four digits.
pub(super) fn duration(value: f64) -> String {
    if !value.is_finite() {
        return four_digits(value);
    }
    if value == 0.0 {
        return four_digits(value) + "s";
    }
    if value.abs() < 1.0 {
        return small(value, "s");
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    // Go's conversion of what is too large gives the least integer.
    let whole = if value < 9_223_372_036_854_775_808.0 {
        value as i64
    } else {
        i64::MIN
    };
    let (seconds, minutes) = (whole % 60, whole / 60 % 60);
    let (hours, days) = (whole / 3_600 % 24, whole / 86_400);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", four_digits(value))
    }
}

/// Writes a ratio in per cent.
pub(super) fn percentage(value: f64) -> String {
    four_digits(value * 100.0) + "%"
}

/// Writes seconds since 1970 as a time.
pub(super) fn timestamp(value: f64) -> Result<String, String> {
    if !value.is_finite() {
        return Ok(four_digits(value));
    }
    Ok(time::text(&Value::Time(to_time(value)?)).unwrap_or_default())
}

/// Turns seconds since 1970 into a time, ns; parts of a millisecond are cut.
pub(super) fn to_time(value: f64) -> Result<i128, String> {
    if !value.is_finite() {
        return Err("value is NaN or Inf".into());
    }
    let nanos = value * 1e9;
    if nanos.abs() > i64::MAX as f64 {
        let value = format_float(value, 'g', None);
        return Err(format!(
            "{value} cannot be represented as a nanoseconds timestamp since it overflows int64"
        ));
    }
    Ok(i128::from(nanos as i64 / 1_000_000 * 1_000_000))
}

/// Reads a duration as Prometheus writes it, µs.
pub(super) fn parse_duration(text: &str) -> Result<i64, String> {
    if text.is_empty() {
        return Err("empty duration string".into());
    }
    model::parse_duration(text)
        .ok()
        .filter(|micros| text.trim().len() == text.len() && micros.checked_mul(1_000).is_some())
        .ok_or_else(|| format!("not a valid duration string: {}", quote(text)))
}
