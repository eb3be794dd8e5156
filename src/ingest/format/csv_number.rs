//! Reads a number as spreadsheets and dashboards write it.

/// Reads a number: `12`, `-1.5e3`, `NaN`, `+Inf`, `Infinity`; with digit groups
/// (`1,234.5`, `1 234`), and, where `decimal_comma`, with a comma for the point
/// (`1.234,5`); then a point parts groups only.
pub(in crate::ingest) fn parse_number(text: &[u8], decimal_comma: bool) -> Option<f64> {
    let may_be_plain = !decimal_comma || memchr::memchr(b'.', text).is_none();
    if may_be_plain && let Ok(value) = fast_float2::parse::<f64, _>(text) {
        return Some(value);
    }
    parse_local_number(text, decimal_comma)
}

/// Tells whether a text is a number under either decimal mark.
pub(super) fn is_number(text: &[u8]) -> bool {
    parse_number(text, false).is_some() || parse_number(text, true).is_some()
}

#[cold]
fn parse_local_number(text: &[u8], decimal_comma: bool) -> Option<f64> {
    if text.len() > 64 {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?.trim();
    let (point, group) = if decimal_comma {
        (',', '.')
    } else {
        ('.', ',')
    };
    let (whole, fraction) = match text.split_once(point) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = whole.trim_start_matches(['-', '+']);
    // A space, a no-break space and a narrow one part groups everywhere.
    let is_group = |c: char| c == group || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'');
    if digits.contains(is_group) {
        let mut parts = digits.split(is_group);
        let first = parts.next()?;
        let fits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if first.is_empty() || first.len() > 3 || !fits(first) || first.starts_with('0') {
            return None;
        }
        if !parts.all(|part| part.len() == 3 && fits(part)) {
            return None;
        }
    }
    let mut plain: String = whole.chars().filter(|c| !is_group(*c)).collect();
    if let Some(fraction) = fraction {
        plain.push('.');
        plain += fraction;
    }
    fast_float2::parse(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_decimal_marks() {
        for (text, expected) in [
            ("12", 12.0),
            ("-1.5e3", -1500.0),
            ("+2", 2.0),
            ("1,234.5", 1234.5),
            ("12,345,678", 12_345_678.0),
            ("1 234", 1234.0),
            ("+Inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(
                parse_number(text.as_bytes(), false),
                Some(expected),
                "{text}"
            );
        }
        for (text, expected) in [
            ("1,5", 1.5),
            ("1.234", 1234.0),
            ("1.234.567", 1_234_567.0),
            ("1 234,5", 1234.5),
            ("1e3", 1000.0),
            ("1.234,5", 1234.5),
            ("-0,25", -0.25),
            ("1,5e3", 1500.0),
        ] {
            assert_eq!(
                parse_number(text.as_bytes(), true),
                Some(expected),
                "{text}"
            );
        }
        assert!(parse_number(b"NaN", false).is_some_and(f64::is_nan));
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "-", "1,5", "1,23,456", "12abc", "0x10", "1.2.3", ",", "é", "1 2",
        ] {
            assert_eq!(parse_number(text.as_bytes(), false), None, "{text}");
        }
        for text in ["1.5", "0.123", "1.5e3", "1.2.3", "1,5,6", "1,234.5"] {
            assert_eq!(parse_number(text.as_bytes(), true), None, "{text}");
        }
        assert_eq!(parse_number(b"0,123", false), None);
        assert!(is_number(b"1,5") && is_number(b"1.5") && !is_number(b"1.5.2"));
    }
}
