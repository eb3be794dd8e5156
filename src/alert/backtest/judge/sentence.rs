//! Words for figures, shared by findings and warnings.

use crate::alert::backtest::calendar::readable;
use crate::alert::backtest::{Calendar, Proportion, Run};
use crate::model::{format_duration, format_timestamp};

/// How many names a sentence lists.
const MOST_NAMES: usize = 20;

/// `1 page`, `3 pages`, `1 episode`; nouns whose plural is formed by `s`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `40 %`; `<1 %` and `>99 %` where rounding would make it none or all.
pub(super) fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round();
    match rounded {
        r if r <= 0.0 && share > 0.0 => "<1 %".to_owned(),
        r if r >= 100.0 && share < 1.0 => ">99 %".to_owned(),
        r => format!("{r:.0} %"),
    }
}

/// `2 of 40 (5 %, 95 % interval 1 to 17 %)`.
pub(super) fn share(one: &Proportion) -> String {
    format!(
        "{} of {} ({}; 95 % interval {:.0} to {:.0} %)",
        one.hits,
        one.trials,
        percent(one.hits as f64 / (one.trials as f64).max(1.0)),
        one.lower * 100.0,
        one.upper * 100.0
    )
}

/// A duration to the second.
pub(super) fn duration(micros: i64) -> String {
    const SECOND: i64 = 1_000_000;
    let whole = micros / SECOND * SECOND;
    format_duration(if whole == 0 { micros } else { whole })
}

/// An instant in the calendar's zone.
pub(super) fn instant(ts: i64, calendar: &Calendar) -> String {
    format_timestamp(readable(ts), calendar.tz)
}

/// A rule by its name, and by its place if others have the name too.
pub(super) fn rule(run: &Run, rule: usize) -> String {
    let info = &run.rules[rule].info;
    let namesakes = run.rules.iter().filter(|one| one.info.name == info.name);
    match namesakes.count() {
        0 | 1 => info.name.clone(),
        _ => format!("{} ({}:{})", info.name, info.file, info.place.line),
    }
}

/// `A, B and C`; of many, the first and how many there are more.
pub(super) fn list(names: &[String]) -> String {
    let shown = names.len().min(MOST_NAMES);
    match (&names[..shown], names.len() - shown) {
        ([], _) => String::new(),
        ([only], _) => only.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (some, more) => format!("{} and {more} more", some.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(count(1, "page"), "1 page");
        assert_eq!(count(0, "page"), "0 pages");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.001), "<1 %");
        assert_eq!(percent(0.999), ">99 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(duration(277_340_000), "4m37s");
        assert_eq!(duration(250_000), "250ms");
        let names: Vec<String> = (0..22).map(|n| n.to_string()).collect();
        assert_eq!(list(&names[..0]), "");
        assert_eq!(list(&names[..1]), "0");
        assert_eq!(list(&names[..3]), "0, 1 and 2");
        assert!(list(&names).ends_with("18, 19 and 2 more"));
    }
}
