//! Floats in the forms of Go's `strconv.FormatFloat`.

/// Writes a finite or special value by a verb (`e E f F g G x X b`); no precision
/// means as few digits as read back as the same value.
///
/// The sign of a negative value comes first; infinities are `+Inf`, `-Inf`.
pub(super) fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    let body = match verb {
        'e' | 'E' => scientific(magnitude, precision, verb),
        'f' | 'F' => match precision {
            Some(precision) => fixed(magnitude, precision),
            None => format!("{magnitude}"),
        },
        'x' | 'X' => hexadecimal(magnitude, precision, verb),
        'b' => {
            let (mantissa, exponent) = parts(magnitude);
            format!("{mantissa}p{exponent:+}")
        }
        _ => general(magnitude, precision, if verb == 'G' { 'E' } else { 'e' }),
    };
    format!("{sign}{body}")
}

/// More decimals than any value has (1,074); Rust's own formatting takes no more than 65,535.
const DECIMALS: usize = 1_100;

/// Writes a text with zeros before it, `least` characters at least.
pub(super) fn zeros_before(text: &str, least: usize) -> String {
    let missing = least.saturating_sub(text.chars().count());
    "0".repeat(missing) + text
}

/// Writes `ddd.ddd`.
fn fixed(magnitude: f64, precision: usize) -> String {
    let decimals = precision.min(DECIMALS);
    format!("{magnitude:.decimals$}") + &"0".repeat(precision - decimals)
}

/// Writes `d.ddde-dd`.
fn exponential(magnitude: f64, precision: usize) -> String {
    let decimals = precision.min(DECIMALS);
    let text = format!("{magnitude:.decimals$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let zeros = "0".repeat(precision - decimals);
            format!("{mantissa}{zeros}e{exponent}")
        }
        None => text,
    }
}

/// Writes `d.ddde±dd`.
fn scientific(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let text = match precision {
        Some(precision) => exponential(magnitude, precision),
        None => format!("{magnitude:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}{verb}{sign}{digits:0>2}")
}

/// Writes the shorter of both forms: with an exponent below 10⁻⁴ or from as
/// many digits on as the precision says (6 if there is none).
fn general(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let wanted = precision.map(|digits| digits.max(1));
    let text = match wanted {
        Some(digits) => exponential(magnitude, digits - 1),
        None => format!("{magnitude:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let digits = mantissa.replace('.', "");
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        digits => digits,
    };
    let count = if magnitude == 0.0 {
        0
    } else {
        digits.len() as i64
    };
    let point = if magnitude == 0.0 { 0 } else { exponent + 1 };
    let threshold = match wanted {
        None => 6,
        Some(wanted) if wanted as i64 > count && count >= point => count,
        Some(wanted) => wanted as i64,
    };
    // What decides is the exponent of the decimal, which is -1 for zero.
    if point - 1 < -4 || point > threshold {
        return scientific(magnitude, Some(digits.len() - 1), verb);
    }
    fixed(magnitude, usize::try_from(count - point).unwrap_or(0))
}

/// The mantissa and its binary exponent.
fn parts(magnitude: f64) -> (u64, i64) {
    let bits = magnitude.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) & 0x7ff {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent as i64 - 1075),
    }
}

/// Writes `0x1.8p+01`.
fn hexadecimal(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let (mut mantissa, exponent) = parts(magnitude);
    let mut exponent = exponent + 52;
    if mantissa == 0 {
        exponent = 0;
    } else {
        let shift = mantissa.leading_zeros() as i64 - 11;
        mantissa <<= shift;
        exponent -= shift;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 13) {
        let dropped = 52 - 4 * precision;
        let (half, rest) = (1_u64 << (dropped - 1), mantissa & ((1 << dropped) - 1));
        mantissa -= rest;
        let odd = mantissa >> dropped & 1 == 1;
        if rest > half || (rest == half && odd) {
            mantissa += 1 << dropped;
        }
        if mantissa >> 53 == 1 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(precision) => {
            let zeros = "0".repeat(precision.saturating_sub(digits.len()));
            (digits + &zeros)[..precision].to_owned()
        }
    };
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let lead = mantissa >> 52;
    let text = format!("0x{lead}{point}{digits}p{sign}{:02}", exponent.abs());
    if verb == 'X' {
        text.to_uppercase()
    } else {
        text
    }
}
