//! Incidents that must be met, and pages that must not be.

use chrono_tz::Tz;

use super::check::{Facts, known};
use super::figure::{Unknown, unknown};
use super::{Breach, MustDetect, MustNotPage};
use crate::alert::backtest::compare::Heard;
use crate::alert::backtest::{IncidentVerdict, Notified};
use crate::model::{format_duration, format_timestamp};

impl Facts<'_> {
    pub(super) fn must_detect(&self, entry: &MustDetect) -> Option<Breach> {
        let id = &entry.incident;
        let has_pages = !self.run.has_routes || !self.run.page_receivers.is_empty();
        let by = entry.by.unwrap_or(match has_pages {
            true => Heard::Page,
            false => Heard::Notification,
        });
        let what = format!("must_detect.{id}");
        let allowed = match entry.within {
            Some(within) => format!("a {} within {}", by.as_str(), format_duration(within)),
            None => format!("a {}", by.as_str()),
        };
        let (started_at, verdict) = match self.incident(id) {
            Ok(found) => found,
            Err(why) => return Some(unknown(what, entry.place, allowed, &why)),
        };
        let delay = |by: Heard| Some(by.first(verdict)?.saturating_sub(started_at));
        let (actual, sentence) = match (delay(by), entry.within) {
            (None, _) => {
                let weaker = [Heard::Notification, Heard::Firing].into_iter();
                let still = weaker
                    .filter(|weaker| *weaker > by)
                    .find_map(|weaker| Some((weaker, delay(weaker)?)));
                let but = still.map(|(weaker, delay)| {
                    format!(", but the first {} came {}", weaker.as_str(), after(delay))
                });
                (
                    format!("no {}", by.as_str()),
                    format!("{id} had no {}{}.", by.as_str(), but.unwrap_or_default()),
                )
            }
            (Some(delay), Some(within)) if delay > within => (
                format_duration(delay),
                format!(
                    "{id} had its first {} {}, later than the {} allowed.",
                    by.as_str(),
                    after(delay),
                    format_duration(within)
                ),
            ),
            _ => return None,
        };
        Some(Breach {
            what,
            place: entry.place,
            allowed,
            actual,
            sentence,
        })
    }

    /// When an incident began, and how it was met.
    fn incident(&self, id: &str) -> Result<(i64, &IncidentVerdict), Unknown> {
        self.need_incidents()?;
        let ids: Vec<&str> = self.incidents.iter().map(|i| i.id.as_str()).collect();
        known("there is no incident", id, &ids)?;
        let at = ids.iter().position(|other| *other == id);
        let mut verdicts = self.verdict.incidents.iter();
        at.and_then(|at| {
            let verdict = verdicts.find(|verdict| verdict.incident == at)?;
            Some((self.incidents[at].started_at, verdict))
        })
        .ok_or_else(|| format!("{id} is outside of the range"))
    }

    pub(super) fn must_not_page(&self, at: usize, entry: &MustNotPage) -> Option<Breach> {
        let what = format!("must_not_page.{}", at + 1);
        let allowed = "0".to_owned();
        if let Err(why) = self.can_page(entry) {
            return Some(unknown(what, entry.place, allowed, &why));
        }
        let pages = self.run.notifications.iter().filter(|n| n.is_page);
        let mut pages = pages.filter(|page| self.is_forbidden(entry, page));
        let first = pages.next()?.notification.ts;
        let count = 1 + pages.count();
        let (verb, noun) = match count {
            1 => ("is", "page"),
            _ => ("are", "pages"),
        };
        let first = format_timestamp(first, Tz::UTC);
        Some(Breach {
            what,
            place: entry.place,
            allowed,
            actual: count.to_string(),
            sentence: format!(
                "There {verb} {count} {noun}{} that must not be, the first at {first}.",
                described(entry)
            ),
        })
    }

    /// Whether what an entry names is there.
    fn can_page(&self, entry: &MustNotPage) -> Result<(), Unknown> {
        if let Some(rule) = &entry.rule {
            self.known_rule(rule)?;
        }
        if let Some(receiver) = &entry.receiver {
            self.known_receiver(receiver)?;
            if !self.run.page_receivers.contains(receiver) {
                return Err(format!("what goes to {receiver} is no page"));
            }
        }
        let range = self.run.range;
        let is_before = entry.until.is_some_and(|until| until <= range.start);
        if is_before || entry.from.is_some_and(|from| from >= range.end) {
            return Err("its time is outside of the range".to_owned());
        }
        Ok(())
    }

    fn is_forbidden(&self, entry: &MustNotPage, page: &Notified) -> bool {
        let ts = page.notification.ts;
        let receiver = &page.notification.receiver;
        let tells = || {
            page.firing.iter().any(|episode| {
                let episode = &self.run.episodes[*episode];
                let name = &self.run.rules[episode.rule].info.name;
                entry.rule.as_ref().is_none_or(|rule| rule == name)
                    && entry
                        .labels
                        .iter()
                        .all(|(name, value)| episode.labels.get(name).unwrap_or("") == value)
            })
        };
        entry.from.is_none_or(|from| ts >= from)
            && entry.until.is_none_or(|until| ts < until)
            && entry
                .receiver
                .as_deref()
                .is_none_or(|meant| meant == &**receiver)
            && tells()
    }
}

/// A delay as a reader says it.
fn after(delay: i64) -> String {
    match delay {
        ..0 => format!(
            "{} before its begin",
            format_duration(delay.saturating_neg())
        ),
        _ => format!("{} after its begin", format_duration(delay)),
    }
}

/// What an entry is about.
fn described(entry: &MustNotPage) -> String {
    let mut text = String::new();
    if let Some(rule) = &entry.rule {
        text += &format!(" of {rule}");
    }
    if !entry.labels.is_empty() {
        let labels = entry
            .labels
            .iter()
            .map(|(name, value)| format!("{name}={value:?}"));
        text += &format!(" with {}", labels.collect::<Vec<_>>().join(", "));
    }
    if let Some(receiver) = &entry.receiver {
        text += &format!(" to {receiver}");
    }
    let time = |ts| format_timestamp(ts, Tz::UTC);
    text += &match (entry.from, entry.until) {
        (Some(from), Some(until)) => format!(" between {} and {}", time(from), time(until)),
        (Some(from), None) => format!(" from {}", time(from)),
        (None, Some(until)) => format!(" before {}", time(until)),
        (None, None) => String::new(),
    };
    text
}
