//! Figures as they stand in sentences.

use crate::alert::backtest::Proportion;
use crate::model::format_duration;

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Writes a number with two significant digits, more before the point: `4.2`, `0.31`, `120`.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    let decimals = match size {
        0.0 => 0,
        10.0.. => 0,
        1.0..10.0 => 1,
        0.001.. => (1 - size.log10().floor() as i32).clamp(0, 4) as usize,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" { "0" } else { text }.to_owned()
}

/// Writes a share in per cent: `62%`, `0.4%`.
pub(super) fn percent(share: f64) -> String {
    match share {
        share if !share.is_finite() => "–".to_owned(),
        // 99.6 % is not all of them, nor 0.4 % none.
        share if share > 0.0 && share < 0.01 || share > 0.99 && share < 1.0 => {
            format!("{}%", (share * 1_000.0).round() / 10.0)
        }
        share => format!("{:.0}%", share * 100.0),
    }
}

/// Writes a share with its interval: `13 of 21 pages tell of an incident (62%, 95% interval
/// 41–79%)`.
pub(super) fn proportion(share: Proportion, what: &str) -> String {
    let Proportion { hits, trials, .. } = share;
    if trials == 0 {
        return format!("0 of 0 {what}");
    }
    format!(
        "{hits} of {trials} {what} ({}, 95% interval {})",
        percent(value(share)),
        interval(share)
    )
}

/// Writes a share for a table: `13/21 41–79%`; nothing without trials.
pub(super) fn brief(share: Proportion) -> Option<String> {
    let Proportion { hits, trials, .. } = share;
    (trials > 0).then(|| format!("{hits}/{trials} {}", interval(share)))
}

fn interval(share: Proportion) -> String {
    let bound = |share: f64| format!("{:.0}", share * 100.0);
    format!("{}–{}%", bound(share.lower), bound(share.upper))
}

/// The share itself; NaN without trials.
pub(super) fn value(share: Proportion) -> f64 {
    match share.trials {
        0 => f64::NAN,
        trials => share.hits as f64 / trials as f64,
    }
}

/// Counts things: `1 page`, `3 pages`.
pub(super) fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// How often: `once`, `3 times`.
pub(super) fn times(number: usize) -> String {
    match number {
        1 => "once".to_owned(),
        _ => format!("{number} times"),
    }
}

/// Writes a time in the largest unit of which it is a multiple: `3 days`, `36 hours`.
pub(super) fn whole_span(micros: i64) -> String {
    for (unit, name) in [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")] {
        let size = micros.unsigned_abs();
        if size >= unit && size.is_multiple_of(unit) {
            return count(usize::try_from(size / unit).unwrap_or(usize::MAX), name);
        }
    }
    span(micros)
}

/// Cuts a time to what two units say: `1d4h`, `12m30s`.
pub(super) fn rounded(micros: i64) -> i64 {
    let size = micros.unsigned_abs();
    let unit = match size {
        ..SECOND => 1,
        SECOND..HOUR => SECOND,
        HOUR..DAY => MINUTE,
        _ => HOUR,
    };
    let rounded = size.saturating_add(unit / 2) / unit * unit;
    let rounded = i64::try_from(rounded).unwrap_or(i64::MAX);
    if micros < 0 { -rounded } else { rounded }
}

/// Writes a time in at most two units: `4m30s`.
pub(super) fn span(micros: i64) -> String {
    format_duration(rounded(micros))
}

/// Writes a delay: `4m30s after`, `2m before`.
pub(super) fn delay(micros: i64) -> String {
    if micros < 0 {
        format!("{} before", span(micros.saturating_neg()))
    } else {
        format!("{} after", span(micros))
    }
}

/// Lists names, the first few of many: `a, b and c`, `a, b, c and 12 more`.
pub(super) fn listed<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if names.len() > most.saturating_add(1) {
        let shown = names[..most].join(", ");
        return format!("{shown} and {} more", names.len() - most);
    }
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_figures_as_people_do() {
        for (value, text) in [
            (4.24, "4.2"),
            (4.0, "4"),
            (0.306, "0.31"),
            (0.0, "0"),
            (-0.000_01, "0"),
            (123.4, "123"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(percent(0.619), "62%");
        assert_eq!(percent(0.0042), "0.4%");
        assert_eq!(percent(0.996), "99.6%");
        assert_eq!(percent(1.0), "100%");
        assert_eq!(span(270_000_000), "4m30s");
        assert_eq!(span(100_000_000_000), "1d4h");
        assert_eq!(delay(-119_600_000), "2m before");
        assert!(rounded(i64::MIN) < 0 && rounded(i64::MAX) > 0);
        assert_eq!(count(1, "page"), "1 page");
        assert_eq!(times(1), "once");
        assert_eq!(whole_span(3_600_000_000), "1 hour");
        assert_eq!(whole_span(36 * 3_600_000_000), "36 hours");
        assert_eq!(whole_span(90_000_000), "1m30s");
    }

    #[test]
    fn lists_the_first_of_many() {
        assert_eq!(listed::<&str>(&[], 2), "");
        assert_eq!(listed(&["a"], 2), "a");
        assert_eq!(listed(&["a", "b", "c"], 2), "a, b and c");
        assert_eq!(listed(&["a", "b", "c", "d"], 2), "a, b and 2 more");
    }

    #[test]
    fn shares_have_intervals() {
        let share = Proportion {
            hits: 13,
            trials: 21,
            lower: 0.409,
            upper: 0.792,
        };
        assert_eq!(
            proportion(share, "pages help"),
            "13 of 21 pages help (62%, 95% interval 41–79%)"
        );
        assert_eq!(brief(share).as_deref(), Some("13/21 41–79%"));
        let none = Proportion {
            hits: 0,
            trials: 0,
            lower: f64::NAN,
            upper: f64::NAN,
        };
        assert_eq!(proportion(none, "pages help"), "0 of 0 pages help");
        assert_eq!(brief(none), None);
    }
}
