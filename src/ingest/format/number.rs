//! Numbers and Unix times as exports write them, read in one pass over the bytes.
//!
//! Decimals of up to 18 digits are read as an integer and a power of ten, which
//! is exact for the times and, up to 2⁵³, correctly rounded for the values
//! (Clinger, "How to read floating point numbers accurately", PLDI 1990); the
//! rest goes through `fast_float2`. Hexadecimal and `_` are refused, as
//! Prometheus does (`textparse.parseFloat`).

/// An unrounded decimal: ± `mantissa` / 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    pub(super) mantissa: u64,
    pub(super) scale: u32,
}

const MAX_DIGITS: usize = 18;
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

impl Decimal {
    /// Reads the decimal at the start of a text, and returns its length too;
    /// `None` if there is none or it has more than 18 digits.
    #[inline]
    pub(super) fn scan(text: &[u8]) -> Option<(Self, usize)> {
        let negative = text.first() == Some(&b'-');
        let start = usize::from(negative);
        let mut at = start;
        let mut mantissa = 0_u64;
        let mut digits = |at: &mut usize| {
            while let Some(digit) = text.get(*at).map(|b| b.wrapping_sub(b'0'))
                && digit < 10
            {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                *at += 1;
            }
        };
        digits(&mut at);
        let mut count = at - start;
        let mut scale = 0;
        if text.get(at) == Some(&b'.') {
            at += 1;
            let point = at;
            digits(&mut at);
            scale = at - point;
            count += scale;
        }
        (1..=MAX_DIGITS).contains(&count).then_some((
            Self {
                negative,
                mantissa,
                scale: scale as u32,
            },
            at,
        ))
    }

    /// Returns the nearest float; `None` where the short way is not exact.
    #[inline]
    pub(super) fn to_f64(self) -> Option<f64> {
        if self.mantissa > 1 << 53 {
            return None;
        }
        let mut value = self.mantissa as f64;
        if self.scale > 0 {
            value /= POWERS[self.scale as usize];
        }
        Some(if self.negative { -value } else { value })
    }

    /// Returns the integer part's size.
    #[inline]
    pub(super) fn whole(self) -> u64 {
        if self.scale == 0 {
            self.mantissa
        } else {
            self.mantissa / 10_u64.pow(self.scale)
        }
    }

    /// Returns the number times 10^`exponent`, rounded half away from zero.
    #[inline]
    pub(super) fn shifted(self, exponent: u32) -> Option<i64> {
        let size = if self.scale <= exponent {
            self.mantissa
                .checked_mul(10_u64.checked_pow(exponent - self.scale)?)?
        } else {
            let divisor = 10_u64.pow(self.scale - exponent);
            self.mantissa / divisor + u64::from(self.mantissa % divisor >= divisor / 2)
        };
        let size = i64::try_from(size).ok()?;
        Some(if self.negative { -size } else { size })
    }
}

/// Powers of ten from a unit to µs.
pub(super) const SECONDS: u32 = 6;
pub(super) const MILLIS: u32 = 3;

/// Reads a whole text as a float the way Prometheus does: decimals, exponents,
/// `NaN`, `Inf`, `+Inf`, `-Inf` in any case, `Infinity` too.
#[inline]
pub(super) fn parse_float(text: &[u8]) -> Option<f64> {
    if let Some((decimal, length)) = Decimal::scan(text)
        && length == text.len()
        && let Some(value) = decimal.to_f64()
    {
        return Some(value);
    }
    parse_float_slow(text)
}

#[cold]
fn parse_float_slow(text: &[u8]) -> Option<f64> {
    let value: f64 = fast_float2::parse(text).ok()?;
    if value.is_nan() {
        return Some(f64::NAN);
    }
    // `1e400` overflows: not an infinity that anyone measured.
    let spelled = text.iter().any(|b| matches!(b, b'n' | b'N'));
    (value.is_finite() || spelled).then_some(value)
}

/// Reads a whole text as a Unix time into µs; exact but for exponents.
pub(super) fn parse_unix(text: &[u8], unit: u32) -> Option<i64> {
    if let Some((decimal, length)) = Decimal::scan(text)
        && length == text.len()
    {
        return decimal.shifted(unit);
    }
    let micros = parse_float_slow(text)? * POWERS[unit as usize];
    // 2^63 is not representable below: stay well inside.
    (micros.abs() < 9.2e18).then(|| micros.round() as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, value) in [
            ("0", 0.0),
            ("-0.5", -0.5),
            ("12.340", 12.34),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("1234567890123456789012", 1.234_567_890_123_456_8e21),
            ("1e+11", 1e11),
            ("1.7976931348623157e308", f64::MAX),
            (".5", 0.5),
            ("5.", 5.0),
            ("+3", 3.0),
            ("+Inf", f64::INFINITY),
            ("-inf", f64::NEG_INFINITY),
            ("Infinity", f64::INFINITY),
        ] {
            assert_eq!(parse_float(text.as_bytes()), Some(value), "{text}");
        }
        assert!(parse_float(b"nan").is_some_and(f64::is_nan));
        assert!(parse_float(b"-0").is_some_and(f64::is_sign_negative));
        for bad in [
            "", "-", ".", "1 ", "0x1p-2", "1_000", "1e400", "abc", "1,5", "--1", "é",
        ] {
            assert_eq!(parse_float(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn reads_times_without_rounding_through_a_float() {
        assert_eq!(
            parse_unix(b"1435781430.781", SECONDS),
            Some(1_435_781_430_781_000)
        );
        assert_eq!(
            parse_unix(b"1700000000.123456", SECONDS),
            Some(1_700_000_000_123_456)
        );
        assert_eq!(
            parse_unix(b"1700000000.1234565", SECONDS),
            Some(1_700_000_000_123_457)
        );
        assert_eq!(parse_unix(b"1.7e9", SECONDS), Some(1_700_000_000_000_000));
        assert_eq!(parse_unix(b"-1.5", MILLIS), Some(-1500));
        assert_eq!(
            parse_unix(b"1549891472010", MILLIS),
            Some(1_549_891_472_010_000)
        );
        for bad in ["", "noon", "999999999999999999", "1e30", "NaN", "Inf"] {
            assert_eq!(parse_unix(bad.as_bytes(), SECONDS), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(value in any::<f64>(), decimals in 0_usize..12) {
            for text in [format!("{value}"), format!("{value:e}"), format!("{value:.decimals$}")] {
                let read = parse_float(text.as_bytes());
                let expected = text.parse::<f64>().ok();
                prop_assert!(read == expected || value.is_nan(), "{text}: {read:?}");
            }
            let small = format!("{:.decimals$}", value % 1e6);
            prop_assert!(value.is_nan() || parse_float(small.as_bytes()) == small.parse().ok());
        }

        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse_float(&text);
            let _ = parse_unix(&text, SECONDS);
            if let Some((decimal, length)) = Decimal::scan(&text) {
                let _ = (decimal.whole(), decimal.shifted(6), decimal.to_f64());
                prop_assert!(length <= text.len());
            }
        }
    }
}
