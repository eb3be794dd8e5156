//! Figures, and whether they are within their limits.

use super::{Breach, Limit, Measure, Scope};
use crate::alert::backtest::Proportion;
use crate::alert::rule_file::Place;
use crate::model::format_duration;

/// Why a limit cannot be checked.
pub(super) type Unknown = String;

/// A figure that is limited, and where it comes from.
pub(super) struct Figure {
    value: f64,
    detail: String,
    /// Its 95 % interval.
    interval: Option<(f64, f64)>,
}

impl Figure {
    pub(super) fn new(value: f64, detail: String) -> Self {
        Self {
            value,
            detail,
            interval: None,
        }
    }

    pub(super) fn count(count: usize) -> Self {
        Self::new(count as f64, String::new())
    }

    pub(super) fn delay(delay: i64) -> Self {
        Self::new(delay as f64, String::new())
    }

    pub(super) fn share(share: Proportion, noun: &str) -> Self {
        let Proportion { hits, trials, .. } = share;
        let detail = format!("{hits} of {trials} {noun}");
        let (lower, upper) = (share.lower, share.upper);
        Self {
            interval: (lower <= upper).then_some((lower, upper)),
            ..Self::new(hits as f64 / trials as f64, detail)
        }
    }
}

impl Limit {
    /// The breach, if a figure is beyond the limit or is not known.
    pub(super) fn judge(
        &self,
        what: String,
        subject: &str,
        figure: Result<Option<Figure>, Unknown>,
    ) -> Option<Breach> {
        let allowed = self.measure.text(self.bound);
        let figure = match figure {
            Ok(figure) => figure?,
            Err(why) => return Some(unknown(what, self.place, allowed, &why)),
        };
        let is_least = matches!(self.measure, Measure::Precision | Measure::Recall);
        let is_beyond = match is_least {
            true => figure.value < self.bound,
            false => figure.value > self.bound,
        };
        if !is_beyond {
            return None;
        }
        let actual = self.measure.apart(figure.value, self.bound);
        let (noun, tail) = (self.measure.noun(&actual), &figure.detail);
        let mut sentence = match self.measure {
            Measure::LostIncidents => format!("{subject} lost what the base met: {tail}"),
            _ if is_least => format!("{subject} {noun}, less than the {allowed} demanded"),
            _ => format!("{subject} {noun}, more than the {allowed} allowed"),
        };
        if !tail.is_empty() && self.measure != Measure::LostIncidents {
            sentence += &format!(": {tail}");
        }
        if let Some((lower, upper)) = figure.interval {
            let (from, to) = (trimmed(lower, 2), trimmed(upper, 2));
            sentence += &match (lower..=upper).contains(&self.bound) {
                true => format!("; the 95 % interval, {from} to {to}, still includes the limit"),
                false => format!("; the 95 % interval is {from} to {to}"),
            };
        }
        sentence.push('.');
        Some(Breach {
            what,
            place: self.place,
            allowed,
            actual,
            sentence,
        })
    }
}

impl Scope {
    /// The breach by what is not there.
    pub(super) fn unknown(&self, what: String, why: &str) -> Breach {
        let limits = self.limits.iter().map(|limit| limit.measure.as_str());
        let allowed = limits.collect::<Vec<_>>().join(", ");
        unknown(what, self.place, allowed, why)
    }
}

/// The breach by a limit that cannot be checked.
pub(super) fn unknown(what: String, place: Place, allowed: String, why: &str) -> Breach {
    let end = if why.ends_with('?') { "" } else { "." };
    let sentence = format!("{what} cannot be checked: {why}{end}");
    Breach {
        what,
        place,
        allowed,
        actual: "unknown".to_owned(),
        sentence,
    }
}

impl Measure {
    fn noun(self, actual: &str) -> String {
        match self {
            Self::PagesPerWeek => format!("{actual} pages a week"),
            Self::PagesWorstWeek => format!("{actual} pages in the worst week"),
            Self::NightPagesPerWeek => format!("{actual} pages a week at night"),
            Self::WeekendPagesPerWeek => format!("{actual} pages a week on Saturdays and Sundays"),
            Self::NotificationsPerWeek => format!("{actual} notifications a week"),
            Self::Precision => format!("a precision of {actual}"),
            Self::Recall => format!("a recall of {actual}"),
            Self::MedianDelay => format!("a median delay of {actual}"),
            Self::NewPagesPerWeek => format!("{actual} new pages a week"),
            Self::LostIncidents => format!("{actual} lost incidents"),
        }
    }

    fn text(self, value: f64) -> String {
        match self {
            Self::MedianDelay => format_duration(value as i64),
            _ => value.to_string(),
        }
    }

    /// A figure with as many decimals as it takes to tell it from its limit.
    fn apart(self, value: f64, bound: f64) -> String {
        if self == Self::MedianDelay {
            return self.text(value);
        }
        let is_apart = |text: &String| {
            let read: f64 = text.parse().unwrap_or(bound);
            read != bound && (read > bound) == (value > bound)
        };
        (2..10)
            .map(|decimals| trimmed(value, decimals))
            .find(is_apart)
            .unwrap_or_else(|| value.to_string())
    }
}

/// A number with so many decimals at most.
pub(super) fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
