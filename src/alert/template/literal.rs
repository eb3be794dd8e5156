//! Number literals and numbers in strings, as Go reads them.

use super::quote::{quote, unquote_char};

/// A number in a template, which is an integer, a float or both, as its use wants it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    /// As it was written.
    pub(super) text: String,
    /// The integer that it is equal to.
    pub(super) int: Option<i64>,
    /// Its value.
    pub(super) float: f64,
    /// Whether it is a float where nothing says which it should be.
    pub(super) is_float: bool,
}

impl Number {
    /// Reads a character constant.
    pub(super) fn from_char(text: &str) -> Result<Self, String> {
        let code = u32::from(unquote_char(text)?);
        Ok(Self {
            text: text.to_owned(),
            int: Some(i64::from(code)),
            float: f64::from(code),
            is_float: false,
        })
    }

    /// Reads a number. Complex and hexadecimal floating-point ones are not known here.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let illegal = || format!("illegal number syntax: {}", quote(text));
        if let Some(int) = parse_int(text) {
            return Ok(Self {
                text: text.to_owned(),
                int: i64::try_from(int).ok(),
                float: int as f64,
                is_float: false,
            });
        }
        let float = parse_float(text).map_err(|_| illegal())?;
        if !text.contains(['.', 'e', 'E']) {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        let whole = float as i64;
        Ok(Self {
            text: text.to_owned(),
            int: (whole as f64 == float && whole != i64::MAX).then_some(whole),
            float,
            is_float: true,
        })
    }
}

/// Reads an integer with Go's prefixes and underscores: what fits `int64` or `uint64`.
fn parse_int(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = |prefix| lower.strip_prefix(prefix);
    let (radix, body, has_prefix) = if let Some(body) = prefixed("0x") {
        (16, body, true)
    } else if let Some(body) = prefixed("0b") {
        (2, body, true)
    } else if let Some(body) = prefixed("0o") {
        (8, body, true)
    } else if let Some(body) = prefixed("0").filter(|body| !body.is_empty()) {
        (8, body, true)
    } else {
        (10, lower.as_str(), false)
    };
    // An underscore stands between digits, or between the prefix and a digit.
    let bad = body.ends_with('_') || body.contains("__") || (!has_prefix && body.starts_with('_'));
    if bad || body.is_empty() || !body.chars().all(|c| c == '_' || c.is_digit(radix)) {
        return None;
    }
    let plain = body.replace('_', "");
    let magnitude = u64::from_str_radix(&plain, radix).ok()?;
    if !negative {
        return Some(i128::from(magnitude));
    }
    (magnitude <= 1 << 63).then(|| -i128::from(magnitude))
}

/// Reads a float as `strconv.ParseFloat` does; the error is its text.
pub(super) fn parse_float(text: &str) -> Result<f64, String> {
    let error = |what| format!("strconv.ParseFloat: parsing {}: {what}", quote(text));
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_nan = unsigned.eq_ignore_ascii_case("nan");
    if is_nan && unsigned.len() != text.len() {
        return Err(error("invalid syntax"));
    }
    let value: f64 = text.parse().map_err(|_| error("invalid syntax"))?;
    if value.is_infinite() && !unsigned.starts_with(['i', 'I']) {
        return Err(error("value out of range"));
    }
    Ok(value)
}
