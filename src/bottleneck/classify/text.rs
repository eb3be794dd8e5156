use crate::bottleneck::reading::{Change, Quantity};

/// Writes a level with three digits and its unit.
pub fn amount(quantity: Quantity, value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    match quantity.unit() {
        "%" => format!("{} %", digits(value * 100.0)),
        "s" if value.abs() < 1.0 && value != 0.0 => format!("{} ms", digits(value * 1e3)),
        "s" => format!("{} s", digits(value)),
        "" => digits(value),
        "/s" => format!("{}/s", digits(value)),
        unit => format!("{} {unit}", digits(value)),
    }
}

fn digits(value: f64) -> String {
    let size = value.abs();
    let decimals = if size == 0.0 || size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        (2 - size.log10().floor() as i32).clamp(2, 9) as usize
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Says what moved: `write latency 28 ms → 1.9 s (68 times)`.
pub fn sentence(change: &Change) -> String {
    let quantity = change.quantity;
    let name = match &change.tag {
        Some(tag) => format!("{} {tag:?}", quantity.as_str()),
        None => quantity.as_str().to_owned(),
    };
    let during = amount(quantity, change.during);
    if !change.expected.is_finite() {
        return format!("{name} {during} (nothing before it to compare)");
    }
    let drifted = (change.expected - change.before).abs() > 0.1 * change.before.abs();
    let expected = amount(quantity, change.expected);
    let before = if drifted {
        format!("{expected} expected at this hour")
    } else {
        expected
    };
    let ratio = change.ratio();
    let how = if quantity.is_share() || change.expected.abs() < 1e-12 {
        String::new()
    } else if ratio >= 2.0 {
        format!(" ({} times)", digits(ratio))
    } else {
        format!(" ({:+.0} %)", (ratio - 1.0) * 100.0)
    };
    format!("{name} {before} → {during}{how}")
}

/// The sentence with what the rule makes of it.
pub(super) fn line(change: &Change, why: &str) -> String {
    format!("{}: {why}", sentence(change))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        assert_eq!(amount(Quantity::Latency, 0.0283), "28.3 ms");
        assert_eq!(amount(Quantity::Latency, 1.9), "1.9 s");
        assert_eq!(amount(Quantity::Busy, 0.998), "99.8 %");
        assert_eq!(amount(Quantity::ErrorRate, 0.0012), "0.0012/s");
        assert_eq!(amount(Quantity::Queue, 12_345.6), "12346");
        assert_eq!(amount(Quantity::Queue, 0.0), "0");
        assert_eq!(amount(Quantity::Cpu, f64::NAN), "unknown");
    }
}
