//! Who is told how often and why, what is kept back, and which rules fire together.

use std::collections::{BTreeMap, BTreeSet};

use arrow::error::ArrowError;

use super::BacktestResult;
use super::columns::Columns;
use super::rules::REASONS;
use crate::alert::backtest::Shift;
use crate::alert::notify::Cause;
use crate::report::{Layout, Table, Unit};

/// Characters of a silence's comment.
const COMMENT: usize = 60;

/// What one integration of a receiver was sent.
#[derive(Default)]
struct Delivered {
    by_reason: [usize; 5],
    pages: usize,
    firing: usize,
    alerts: usize,
}

impl BacktestResult<'_> {
    /// Notifications by receiver and reason.
    pub(super) fn receiver_table(&self) -> Result<Table, ArrowError> {
        let mut receivers: BTreeMap<(&str, &str), Delivered> = BTreeMap::new();
        for notified in &self.run.notifications {
            let notification = &notified.notification;
            let key = (&*notification.receiver, &*notification.integration);
            let delivered = receivers.entry(key).or_default();
            delivered.by_reason[notification.reason.index()] += 1;
            delivered.pages += usize::from(notified.is_page);
            delivered.firing += usize::from(!notified.firing.is_empty());
            delivered.alerts += notified.firing.len();
        }
        let mut columns = Columns::new(self.layout);
        columns
            .text("receiver", receivers.keys().map(|(name, _)| Some(name)))
            .text("integration", receivers.keys().map(|(_, kind)| Some(kind)))
            .count("pages", receivers.values().map(|d| d.pages))
            .number(
                "alerts_each",
                None,
                receivers.values().map(|d| match d.firing {
                    0 => f64::NAN,
                    // More digits would say nothing.
                    firing => (d.alerts as f64 / firing as f64 * 100.0).round() / 100.0,
                }),
            );
        let names = match self.layout {
            Layout::People => &["first", "new", "some", "all", "repeat"],
            Layout::Rows => &REASONS,
        };
        for (at, reason) in names.iter().enumerate() {
            columns.count(reason, receivers.values().map(|d| d.by_reason[at]));
        }
        columns.table(match self.layout {
            Layout::People => {
                "Notifications by receiver and reason (new: new alerts; some, all: so many resolved)"
            }
            Layout::Rows => "receivers",
        })
    }

    /// What was kept back, of one rule or of all.
    pub(super) fn suppressed_table(&self, only: Option<usize>) -> Result<Table, ArrowError> {
        let suppressed: Vec<_> = self
            .run
            .suppressed
            .iter()
            .filter_map(|kept| Some((kept, self.run.episodes.get(kept.episode)?)))
            .filter(|(_, episode)| only.is_none_or(|rule| episode.rule == rule))
            .collect();
        let mut columns = Columns::new(self.layout);
        if self.layout == Layout::Rows {
            let name = |rule: usize| Some(self.rule_name(rule));
            columns
                .text("rule", suppressed.iter().map(|(_, e)| name(e.rule)))
                .text(
                    "labels",
                    suppressed.iter().map(|(_, e)| Some(e.labels.to_string())),
                )
                .text(
                    "receiver",
                    suppressed.iter().map(|(kept, _)| Some(&kept.receiver)),
                )
                .text(
                    "cause",
                    suppressed
                        .iter()
                        .map(|(kept, _)| Some(self.cause(&kept.cause))),
                )
                .time("from", suppressed.iter().map(|(kept, _)| Some(kept.from)))
                .time("until", suppressed.iter().map(|(kept, _)| Some(kept.until)));
            return columns.table("suppressed");
        }
        let mut counts: BTreeMap<(usize, String, &str), (BTreeSet<usize>, i64)> = BTreeMap::new();
        for (kept, episode) in &suppressed {
            let key = (episode.rule, self.cause(&kept.cause), &*kept.receiver);
            let (episodes, longest) = counts.entry(key).or_default();
            episodes.insert(kept.episode);
            *longest = (*longest).max(kept.until.saturating_sub(kept.from));
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, (episodes, _))| std::cmp::Reverse(episodes.len()));
        let rules = counts
            .iter()
            .map(|((rule, ..), _)| Some(self.rule_name(*rule)));
        columns
            .text("rule", rules)
            .text(
                "kept_back_by",
                counts.iter().map(|((_, cause, _), _)| Some(cause)),
            )
            .text("receiver", counts.iter().map(|((.., name), _)| Some(name)))
            .count(
                "episodes",
                counts.iter().map(|(_, (episodes, _))| episodes.len()),
            )
            .duration(
                "longest",
                counts.iter().map(|(_, (_, longest))| Some(*longest)),
            );
        columns.table("Kept back")
    }

    /// Rules that fire together.
    pub(super) fn co_firing_table(&self) -> Result<Table, ArrowError> {
        let pairs = &self.verdict.co_firing;
        let mut columns = Columns::new(self.layout);
        columns
            .text("rule", pairs.iter().map(|p| Some(self.rule_name(p.first))))
            .text(
                "fires_with",
                pairs.iter().map(|p| Some(self.rule_name(p.second))),
            )
            .number(
                "jaccard",
                Some(Unit::Ratio),
                pairs.iter().map(|p| p.jaccard),
            )
            .duration("lag", pairs.iter().map(|p| Some(p.lag)));
        columns.table(match self.layout {
            Layout::People => "Rules that fire together: of the time that either fires, both do",
            Layout::Rows => "co_firing",
        })
    }

    /// Who was on call when, and what that came to.
    pub(super) fn shift_table(&self) -> Result<Table, ArrowError> {
        let shifts = self.shifts;
        // People hand over at whole seconds; the range may begin and end within one.
        let shown = |ts: i64| match self.layout {
            Layout::People => ts.saturating_add(500_000).div_euclid(1_000_000) * 1_000_000,
            Layout::Rows => ts,
        };
        let mut columns = Columns::new(self.layout);
        columns
            .text("on_call", shifts.iter().map(|shift| Some(&shift.person)))
            .time("start", shifts.iter().map(|shift| Some(shown(shift.start))))
            .time("end", shifts.iter().map(|shift| Some(shown(shift.end))))
            .count("pages", shifts.iter().map(|shift| shift.pages))
            .count("night", shifts.iter().map(|shift| shift.night))
            .count("weekend", shifts.iter().map(|shift| shift.weekend))
            .count("worst_night", shifts.iter().map(|shift| shift.worst_night))
            .duration(
                "longest_quiet",
                shifts.iter().map(|shift| Some(shift.longest_quiet)),
            );
        columns.table(match self.layout {
            Layout::People => "Shifts on call: pages in each",
            Layout::Rows => "shifts",
        })
    }

    /// What all shifts of each person came to; nothing without a rotation.
    pub(super) fn person_table(&self) -> Result<Table, ArrowError> {
        let mut people: BTreeMap<&str, Vec<&Shift>> = BTreeMap::new();
        for shift in self.shifts {
            people.entry(&shift.person).or_default().push(shift);
        }
        let all = || people.values();
        let sum = |of: fn(&Shift) -> usize| {
            all().map(move |shifts| shifts.iter().map(|shift| of(shift)).sum())
        };
        let time = all().map(|shifts| {
            let times = shifts
                .iter()
                .map(|shift| shift.end.saturating_sub(shift.start));
            Some(times.fold(0, i64::saturating_add))
        });
        let worst = all().map(|shifts| {
            let nights = shifts.iter().map(|shift| shift.worst_night);
            nights.max().unwrap_or(0)
        });
        let mut columns = Columns::new(self.layout);
        columns
            .text("on_call", people.keys().map(Some))
            .count("shifts", all().map(Vec::len))
            .duration("time", time)
            .count("pages", sum(|shift| shift.pages))
            .count("night", sum(|shift| shift.night))
            .count("weekend", sum(|shift| shift.weekend))
            .count("worst_night", worst);
        columns.table(match self.layout {
            Layout::People => "People on call: all shifts of each",
            Layout::Rows => "people",
        })
    }
}

impl BacktestResult<'_> {
    /// What kept an alert back, in words.
    pub(super) fn cause(&self, cause: &Cause) -> String {
        match cause {
            Cause::Inhibited { source, .. } => match source.get("alertname") {
                Some(name) => format!("inhibition by {name}"),
                None => "inhibition".to_owned(),
            },
            Cause::Silenced { silence } => match self.silences.get(*silence) {
                None => format!("silence {}", silence.saturating_add(1)),
                Some(known) if known.comment.trim().is_empty() => format!("silence {}", known.id),
                Some(known) => {
                    let comment: String = known.comment.trim().chars().take(COMMENT).collect();
                    format!("silence {} ({comment})", known.id)
                }
            },
            Cause::Inactive => "outside active intervals".to_owned(),
            Cause::Muted { interval } => format!("mute interval {interval}"),
        }
    }
}
