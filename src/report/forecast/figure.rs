//! Figures as they stand in sentences.

use chrono::{DateTime, Timelike};
use chrono_tz::Tz;

use crate::model::format_duration;
use crate::report::Unit;
use crate::series::Step;

/// Writes two bounds, their unit once where both have the same: `1.6 to 2.1 GiB`.
pub(super) fn between(lower: f64, upper: f64, unit: Option<&Unit>, and: &str) -> String {
    let (from, to) = (figure(lower, unit), figure(upper, unit));
    match (from.rsplit_once(' '), to.rsplit_once(' ')) {
        (Some((number, of_from)), Some((_, of_to))) if of_from == of_to => {
            format!("{number} {and} {to}")
        }
        _ => format!("{from} {and} {to}"),
    }
}

/// Writes a p-value: `0.012`, `< 0.001`.
pub(super) fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "< 0.001".to_owned(),
        p => format!("{p:.3}"),
    }
}

/// Powers of 1,024 bytes.
const BYTES: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// Writes a value with four significant digits and its unit: `412 GiB`, `93.2%`, `1,234`.
pub(super) fn figure(value: f64, unit: Option<&Unit>) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    match unit {
        Some(Unit::Bytes) => bytes(value, ""),
        Some(Unit::BytesPerSecond) => bytes(value, "/s"),
        Some(Unit::Ratio) => format!("{}%", number(value * 100.0)),
        Some(Unit::Percent) => format!("{}%", number(value)),
        Some(Unit::Seconds) if value.abs() < 1.0 && value != 0.0 => {
            format!("{} ms", number(value * 1e3))
        }
        Some(unit) => format!("{} {}", number(value), unit.symbol()),
        None => number(value),
    }
}

fn bytes(value: f64, per: &str) -> String {
    let mut size = value;
    let mut at = 0;
    while size.abs() >= 1024.0 && at + 1 < BYTES.len() {
        size /= 1024.0;
        at += 1;
    }
    format!("{} {}{per}", number(size), BYTES[at])
}

/// By what values are multiplied to be shown, and as what: bytes as the unit of the largest.
pub(super) fn scaled(unit: Option<&Unit>, largest: f64) -> (f64, Option<Unit>) {
    let per = match unit {
        Some(Unit::Bytes) => "",
        Some(Unit::BytesPerSecond) => "/s",
        other => return (1.0, other.cloned()),
    };
    let mut at = 0;
    let mut size = largest.abs();
    while size >= 1024.0 && at + 1 < BYTES.len() {
        size /= 1024.0;
        at += 1;
    }
    let factor = 1024.0_f64.powi(-(at as i32));
    (factor, Some(Unit::Other(format!("{}{per}", BYTES[at]))))
}

/// Writes a number with four significant digits, more before the point, thousands parted.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{value:.2e}");
    }
    let decimals = match size {
        0.0 => 0,
        size => (3 - size.log10().floor() as i32).clamp(0, 8) as usize,
    };
    let text = format!("{size:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && size != 0.0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

/// Writes a score with three decimals at most.
pub(super) fn score(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Writes a level: `80`, `99.5`.
pub(super) fn level(level: f64) -> String {
    level.to_string()
}

/// Counts things: `1 value`, `3,000 values`.
pub(super) fn count(count: usize, thing: &str) -> String {
    let number = number_of(count);
    match count {
        1 => format!("{number} {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// Writes a count with thousands parted.
pub(super) fn number_of(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Says how long so many steps are: `2 days`, `36 hours`, `12 months`, `48 steps`.
pub(super) fn steps(steps: usize, step: Step) -> String {
    match step {
        Step::Index(_) => count(steps, "step"),
        Step::Months { months, .. } => {
            let all = steps.saturating_mul(months as usize);
            match all % 12 {
                0 if all >= 12 => count(all / 12, "year"),
                _ => count(all, "month"),
            }
        }
        Step::Fixed(micros) | Step::Wall { micros, .. } => {
            let span = micros.saturating_mul(i64::try_from(steps).unwrap_or(i64::MAX));
            span_of(span)
        }
    }
}

/// Writes a time in the largest unit of which it is a multiple: `3 days`, `36 hours`.
fn span_of(micros: i64) -> String {
    const UNITS: [(i64, &str); 4] = [
        (86_400_000_000, "day"),
        (3_600_000_000, "hour"),
        (60_000_000, "minute"),
        (1_000_000, "second"),
    ];
    for (unit, name) in UNITS {
        if micros >= unit && micros % unit == 0 {
            return count(usize::try_from(micros / unit).unwrap_or(usize::MAX), name);
        }
    }
    format_duration(micros)
}

/// Says what a step is: `hour`, `15 minutes`, `month`, `7`.
pub(super) fn one_step(step: Step) -> String {
    match step {
        Step::Index(size) => number_of(usize::try_from(size).unwrap_or(1)),
        other => {
            let said = steps(1, other);
            said.strip_prefix("1 ").map_or(said.clone(), str::to_owned)
        }
    }
}

/// Writes when a value is: `2026-05-09 14:00`, without the clock at midnights; an index as it is.
pub(super) fn when(time: i64, step: Step, tz: Tz) -> String {
    if matches!(step, Step::Index(_)) {
        return format!("step {time}");
    }
    let Some(utc) = DateTime::from_timestamp_micros(time) else {
        return time.to_string();
    };
    let local = utc.with_timezone(&tz);
    let format = match (local.num_seconds_from_midnight(), local.second()) {
        (0, _) => "%Y-%m-%d",
        (_, 0) => "%Y-%m-%d %H:%M",
        _ => "%Y-%m-%d %H:%M:%S",
    };
    local.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        for (value, unit, text) in [
            (0.0, None, "0"),
            (1234.56, None, "1,235"),
            (0.123_456, None, "0.1235"),
            (-12.5, None, "-12.5"),
            (1e-7, None, "1.00e-7"),
            (f64::NAN, None, "–"),
            (442.4e9, Some("bytes"), "412 GiB"),
            (0.932, Some("ratio"), "93.2%"),
            (0.25, Some("s"), "250 ms"),
            (12.0, Some("messages/s"), "12 messages/s"),
        ] {
            let unit = unit.map(Unit::parse);
            assert_eq!(figure(value, unit.as_ref()), text);
        }
        let gib = |n: f64| n * 1024.0 * 1024.0 * 1024.0;
        let between = |low, high| between(gib(low), gib(high), Some(&Unit::Bytes), "to");
        assert_eq!(between(1.5, 2.25), "1.5 to 2.25 GiB");
        assert_eq!(between(0.5, 2.25), "512 MiB to 2.25 GiB");
        assert_eq!(
            (p_value(0.01), p_value(1e-9)),
            ("0.010".into(), "< 0.001".into())
        );
        let (factor, unit) = scaled(Some(&Unit::Bytes), 3.5e9);
        assert_eq!(
            (factor, unit),
            (0.5_f64.powi(30), Some(Unit::Other("GiB".into())))
        );
        assert_eq!((score(0.5), level(99.5)), ("0.5".into(), "99.5".into()));
    }

    #[test]
    fn spans_are_in_their_largest_unit() {
        let hour = Step::Fixed(3_600_000_000);
        assert_eq!(steps(48, hour), "2 days");
        assert_eq!(steps(30, hour), "30 hours");
        assert_eq!(steps(1, Step::Fixed(500_000)), "500ms");
        let month = Step::Months {
            months: 3,
            tz: Tz::UTC,
        };
        assert_eq!(
            (steps(4, month), steps(3, month)),
            ("1 year".into(), "9 months".into())
        );
        assert_eq!(steps(1, Step::Index(1)), "1 step");
        assert_eq!(one_step(hour), "hour");
        assert_eq!(one_step(Step::Fixed(900_000_000)), "15 minutes");
        assert_eq!(when(1_772_323_200_000_000, hour, Tz::UTC), "2026-03-01");
        assert_eq!(when(7, Step::Index(1), Tz::UTC), "step 7");
    }
}
