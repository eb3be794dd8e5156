//! Numbers as Go writes them.
//!
//! Prometheus' texts come from Go's `strconv.FormatFloat` with precision -1: the
//! fewest digits that read back as the same number, and `NaN`, `+Inf`, `-Inf`.
//! What differs from place to place is only when an exponent is used.

/// Writes a number without an exponent, as `count_values` does (`'f'`).
pub(crate) fn format_value(value: f64) -> String {
    let mut text = String::new();
    push_value(&mut text, value);
    text
}

/// Writes a number as messages do (`%v`, `%g`): with an exponent below 10⁻⁴ and from 10⁶ on.
pub(crate) fn format_g(value: f64) -> String {
    let mut text = String::new();
    match special(value) {
        Some(special) => text.push_str(special),
        None => {
            let shortest = Shortest::of(value);
            if (-4..6).contains(&shortest.exponent()) {
                shortest.push_plain(&mut text);
            } else {
                shortest.push_scientific(&mut text);
            }
        }
    }
    text
}

/// Appends a number without an exponent.
pub(crate) fn push_value(text: &mut String, value: f64) {
    match special(value) {
        Some(special) => text.push_str(special),
        None if push_whole(text, value) => {}
        None => Shortest::of(value).push_plain(text),
    }
}

/// Appends a number as the HTTP API writes it: with an exponent below 10⁻⁶ and from 10²¹ on
/// (`util/jsonutil/marshal.go`).
pub(crate) fn push_json(text: &mut String, value: f64) {
    let magnitude = value.abs();
    match special(value) {
        Some(special) => text.push_str(special),
        None if push_whole(text, value) => {}
        None if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) => {
            Shortest::of(value).push_plain(text);
        }
        None => Shortest::of(value).push_scientific(text),
    }
}

/// Most values are whole numbers, which are written faster as such.
fn push_whole(text: &mut String, value: f64) -> bool {
    let whole = value as i64;
    let is_whole = whole != 0 && whole.unsigned_abs() < 1 << 53 && whole as f64 == value;
    if is_whole {
        let mut digits = [0u8; 16];
        let mut rest = whole.unsigned_abs();
        let mut start = digits.len();
        while rest > 0 {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        if whole < 0 {
            text.push('-');
        }
        text.push_str(std::str::from_utf8(&digits[start..]).unwrap_or_default());
    }
    is_whole
}

/// The fewest digits of a finite number: `0.digits × 10^point`.
struct Shortest {
    negative: bool,
    digits: [u8; 24],
    len: usize,
    point: i32,
}

impl Shortest {
    fn of(value: f64) -> Self {
        let mut buffer = zmij::Buffer::new();
        // Of two equally near it takes the even one, as Go does and `{}` does not.
        let written = buffer.format_finite(value.abs());
        let (mantissa, exponent) = match written.split_once('e') {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap_or(0)),
            None => (written, 0),
        };
        let mut shortest = Self {
            negative: value.is_sign_negative(),
            digits: [0; 24],
            len: 0,
            point: exponent,
        };
        let mut before_point = true;
        for byte in mantissa.bytes() {
            if byte == b'.' {
                before_point = false;
                continue;
            }
            let leading_zero = byte == b'0' && shortest.len == 0;
            if before_point && !leading_zero {
                shortest.point += 1;
            } else if !before_point && leading_zero {
                shortest.point -= 1;
            }
            if !leading_zero && shortest.len < shortest.digits.len() {
                shortest.digits[shortest.len] = byte;
                shortest.len += 1;
            }
        }
        while shortest.len > 0 && shortest.digits[shortest.len - 1] == b'0' {
            shortest.len -= 1;
        }
        if shortest.len == 0 {
            shortest.digits[0] = b'0';
            shortest.len = 1;
            shortest.point = 1;
        }
        shortest
    }

    /// The exponent of the first digit.
    fn exponent(&self) -> i32 {
        self.point - 1
    }

    fn push_plain(&self, text: &mut String) {
        if self.negative {
            text.push('-');
        }
        if self.point <= 0 {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', self.point.unsigned_abs() as usize));
        }
        let digits = std::str::from_utf8(&self.digits[..self.len]).unwrap_or_default();
        match usize::try_from(self.point) {
            Ok(point) if 0 < point && point < self.len => {
                text.push_str(&digits[..point]);
                text.push('.');
                text.push_str(&digits[point..]);
            }
            _ => text.push_str(digits),
        }
        let missing = self.point - self.len as i32;
        text.extend(std::iter::repeat_n('0', missing.max(0) as usize));
    }

    fn push_scientific(&self, text: &mut String) {
        if self.negative {
            text.push('-');
        }
        for (i, digit) in self.digits[..self.len].iter().enumerate() {
            if i == 1 {
                text.push('.');
            }
            text.push(char::from(*digit));
        }
        let exponent = self.exponent();
        text.push_str(if exponent < 0 { "e-" } else { "e+" });
        text.push_str(&format!("{:02}", exponent.unsigned_abs()));
    }
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("+Inf")
    } else if value == f64::NEG_INFINITY {
        Some("-Inf")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_no_exponent() {
        // Go: strconv.FormatFloat(v, 'f', -1, 64).
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (6.0, "6"),
            (-1.5, "-1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1_000_000.5, "1000000.5"),
            (123e15, "123000000000000000"),
            // Halfway between two: the even one (2.42, `count_values`).
            (230_525_891_144_680.12, "230525891144680.12"),
            (-237_090_686_484_744.62, "-237090686484744.62"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (f64::NAN, "NaN"),
            (-f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(format_value(value), text);
        }
        assert!(format_value(5e-324).ends_with("0005"));
        assert_eq!(format_value(f64::MAX).len(), 309);
    }

    #[test]
    fn the_api_uses_exponents_as_javascript_does() {
        for (value, text) in [
            (0.0, "0"),
            (1e-6, "0.000001"),
            (9.5e-7, "9.5e-07"),
            (-1e20, "-100000000000000000000"),
            (1e21, "1e+21"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ] {
            let mut written = String::new();
            push_json(&mut written, value);
            assert_eq!(written, text);
        }
    }

    #[test]
    fn messages_use_exponents_early() {
        // Go: fmt.Sprintf("%v", v); the fifth from Prometheus 2.42, `topk(93e18, x)`.
        for (value, text) in [
            (-0.0, "-0"),
            (1.5, "1.5"),
            (100_000.0, "100000"),
            (1_234_567.0, "1.234567e+06"),
            (9.3e19, "9.3e+19"),
            (0.0001, "0.0001"),
            (-0.000_012, "-1.2e-05"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(format_g(value), text);
        }
    }
}
