//! The values of numbers, durations and strings.

use crate::promql::error::{Error, ErrorKind};
use crate::promql::escape::unescape;
use crate::promql::lower::token::{Token, TokenKind};

/// The longest duration, µs: Go counts nanoseconds in an `i64`, about 292 years.
const LONGEST: i64 = i64::MAX / 1_000;

/// The value of a number or a duration where a number is meant: durations are seconds.
pub(crate) fn number(token: Token<'_>) -> Result<f64, Error> {
    if token.kind == TokenKind::Duration {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus' arithmetic is f64")]
        return Ok(micros(token)? as f64 / 1e6);
    }
    // Go's literals: `_` between digits, `0x`, and a leading zero for octal.
    let text = token.text.replace('_', "").to_ascii_lowercase();
    let integer = if let Some(digits) = text.strip_prefix("0x") {
        i64::from_str_radix(digits, 16).ok()
    } else if text.len() > 1 && text.starts_with('0') {
        i64::from_str_radix(&text, 8).ok()
    } else {
        None
    };
    #[expect(clippy::cast_precision_loss, reason = "Prometheus' arithmetic is f64")]
    match integer {
        Some(integer) => Ok(integer as f64),
        None => text.parse().map_err(|_| {
            ErrorKind::Parse(format!("{} is not a number", token.text)).at(token.span)
        }),
    }
}

/// The value of a duration, or of a number of seconds where a duration is meant, in µs.
pub(crate) fn micros(token: Token<'_>) -> Result<i64, Error> {
    if token.kind == TokenKind::Duration {
        let micros = crate::model::parse_duration(token.text).map_err(|_| {
            let message = format!(
                "{} is not a duration: write it as `5m` or `1h30m`, units from large to small",
                token.text
            );
            ErrorKind::Parse(message).at(token.span)
        })?;
        if micros <= LONGEST {
            return Ok(micros);
        }
        return Err(ErrorKind::Parse("duration out of range".into()).at(token.span));
    }
    let micros = (number(token)? * 1e6).round();
    #[expect(clippy::cast_precision_loss, reason = "nobody counts µs in 292 years")]
    if micros.abs() <= LONGEST as f64 {
        #[expect(clippy::cast_possible_truncation, reason = "it is below 2⁶³")]
        return Ok(micros as i64);
    }
    Err(ErrorKind::Parse("duration out of range".into()).at(token.span))
}

/// The value of a quoted string, by Go's rules.
pub(crate) fn string(token: Token<'_>) -> Result<String, Error> {
    let quote = token.text.as_bytes()[0];
    let inner = &token.text[1..token.text.len() - 1];
    if quote == b'`' || !inner.contains('\\') {
        return Ok(inner.to_owned());
    }
    let fail =
        || ErrorKind::Parse("invalid escape sequence in a quoted string".into()).at(token.span);
    let bytes = unescape(inner, quote).ok_or_else(fail)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
