//! What a change does, as tables.

use std::collections::BTreeMap;

use arrow::error::ArrowError;

use super::change::ChangeReview;
use super::change_fields::in_words;
use super::columns::{Columns, weekly};
use super::totals::Rate;
use super::words::{brief, number, percent, span, value};
use crate::alert::backtest::{
    Heard, IncidentChange, IncidentChangeKind, Proportion, RuleChange, RuleChangeKind, RuleRecord,
    Side, Totals,
};
use crate::report::{Layout, Table};

/// A figure of both sides.
enum Figure {
    /// By the week, where the range is that long.
    Rate(fn(&Totals) -> usize),
    Count(fn(&Totals) -> usize),
    Share(fn(&Totals) -> Proportion),
    Delay(fn(&Totals) -> Option<i64>),
}

const FIGURES: [(&str, Figure); 10] = [
    ("pages", Figure::Rate(|totals| totals.pages)),
    (
        "pages in the worst week",
        Figure::Count(|totals| totals.pages_worst_week),
    ),
    ("pages at night", Figure::Rate(|totals| totals.pages_night)),
    (
        "pages at weekends",
        Figure::Rate(|totals| totals.pages_weekend),
    ),
    ("notifications", Figure::Rate(|totals| totals.notifications)),
    ("episodes", Figure::Count(|totals| totals.episodes)),
    ("precision", Figure::Share(|totals| totals.precision)),
    (
        "incidents with an alert",
        Figure::Share(|totals| totals.recall),
    ),
    (
        "incidents with a page",
        Figure::Share(|totals| totals.page_recall),
    ),
    ("median delay", Figure::Delay(|totals| totals.median_delay)),
];

/// A count of a rule's record and its name.
type Count = (&'static str, fn(&RuleRecord) -> usize);

const COUNTS: [Count; 4] = [
    ("notifications", |record| record.notifications),
    ("episodes", |record| record.episodes),
    ("near_misses", |record| record.near_misses),
    ("precision_hits", |record| record.precision.hits),
];

impl ChangeReview<'_> {
    /// The figures of both runs and their difference.
    pub(super) fn measures(&self) -> Result<Table, ArrowError> {
        let (base, new) = (&self.comparison.base, &self.comparison.new);
        let mut columns = Columns::new(self.layout);
        if self.layout == Layout::Rows {
            let plain = |figure: &Figure, side: &Side| match figure {
                Figure::Rate(count) => side.per_week(count(&side.totals)),
                Figure::Count(count) => count(&side.totals) as f64,
                Figure::Share(share) => value(share(&side.totals)),
                Figure::Delay(delay) => {
                    delay(&side.totals).map_or(f64::NAN, |micros| micros as f64 / 1e6)
                }
            };
            let unit = |figure: &Figure| match figure {
                Figure::Rate(_) => Some("/week"),
                Figure::Count(_) => None,
                Figure::Share(_) => Some("ratio"),
                Figure::Delay(_) => Some("s"),
            };
            let values = |side| FIGURES.iter().map(move |(_, figure)| plain(figure, side));
            let differences = values(new).zip(values(base)).map(|(new, base)| new - base);
            columns
                .text("measure", FIGURES.iter().map(|(name, _)| Some(name)))
                .text("unit", FIGURES.iter().map(|(_, figure)| unit(figure)))
                .number("base", None, values(base))
                .number("new", None, values(new))
                .number("difference", None, differences);
            return columns.table("measures");
        }
        let rate = Rate::new(self.new.0.range);
        let figures = FIGURES.iter().filter(|(name, figure)| match figure {
            Figure::Rate(_) => true,
            Figure::Count(_) => rate.is_weekly() || !name.contains("week"),
            _ => !self.incidents.is_empty(),
        });
        let rows: Vec<[String; 4]> = figures
            .map(|(name, figure)| {
                let [before, after, difference] = figure.in_words(base, new, rate);
                let name = match figure {
                    Figure::Rate(_) => format!("{name} {}", rate.period()),
                    _ => (*name).to_owned(),
                };
                [name, before, after, difference]
            })
            .collect();
        for (at, name) in ["", "before", "after", "difference"].iter().enumerate() {
            columns.text(name, rows.iter().map(|row| Some(&row[at])));
        }
        columns.table("Before and after")
    }

    /// Rules that changed, or of which the pages did.
    pub(super) fn rule_table(&self) -> Result<Table, ArrowError> {
        let differs = |rule: &&RuleChange| {
            let pages = |record: Option<RuleRecord>| record.map(|record| record.pages);
            let notices = |record: Option<RuleRecord>| record.map(|record| record.notifications);
            self.layout == Layout::Rows
                || rule.change != RuleChangeKind::Unchanged
                || pages(rule.base_record) != pages(rule.new_record)
                || notices(rule.base_record) != notices(rule.new_record)
        };
        let rules: Vec<&RuleChange> = self.comparison.rules.iter().filter(differs).collect();
        let (base, new) = (&self.comparison.base, &self.comparison.new);
        let rate = Rate::new(self.new.0.range);
        let changed = |rule: &RuleChange| self.fields(rule).into_iter();
        let old = |rule: &RuleChange| changed(rule).map(|(_, old, _)| old).collect();
        let after = |rule: &RuleChange| changed(rule).map(|(.., new)| new).collect();
        let what = |rule: &&RuleChange| changed(rule).map(|one| in_words(&one)).collect();
        let fields = |rule: &&RuleChange| {
            let fields = rule.fields.iter().map(|field| field.as_str().to_owned());
            fields.collect::<Vec<String>>()
        };
        let records = |of: fn(&RuleChange) -> Option<RuleRecord>| rules.iter().map(move |r| of(r));
        let mut columns = Columns::new(self.layout);
        columns
            .text("rule", rules.iter().map(|rule| Some(&rule.name)))
            .text(
                "change",
                rules.iter().map(|rule| Some(rule.change.as_str())),
            );
        if self.layout == Layout::People {
            let told = |record: Option<RuleRecord>, count: fn(&RuleRecord) -> usize| {
                record.map(|record| number(rate.of(count(&record))))
            };
            columns
                .text(
                    "pages_before",
                    records(|rule| rule.base_record).map(|record| told(record, |r| r.pages)),
                )
                .text(
                    "pages_after",
                    records(|rule| rule.new_record).map(|record| told(record, |r| r.pages)),
                )
                .list("what", rules.iter().map(what));
            if self.has_routes() {
                columns
                    .text(
                        "notices_before",
                        records(|rule| rule.base_record)
                            .map(|record| told(record, |r| r.notifications)),
                    )
                    .text(
                        "notices_after",
                        records(|rule| rule.new_record)
                            .map(|record| told(record, |r| r.notifications)),
                    );
            }
            if !self.incidents.is_empty() {
                let share = |record: Option<RuleRecord>| brief(record?.precision);
                columns
                    .text(
                        "precision_before",
                        records(|rule| rule.base_record).map(share),
                    )
                    .text(
                        "precision_after",
                        records(|rule| rule.new_record).map(share),
                    );
            }
            let title = format!(
                "Rules that changed, or whose pages did: pages and notices {}",
                rate.period()
            );
            return columns.table(&title);
        }
        let by_week = |side: &Side, record: Option<RuleRecord>| {
            record.map_or(f64::NAN, |record| side.per_week(record.pages))
        };
        columns
            .list("fields", rules.iter().map(fields))
            .list("fields_before", rules.iter().map(|r| old(r)))
            .list("fields_after", rules.iter().map(|r| after(r)))
            .number(
                "pages_before",
                weekly(),
                records(|rule| rule.base_record).map(|record| by_week(base, record)),
            )
            .number(
                "pages_after",
                weekly(),
                records(|rule| rule.new_record).map(|record| by_week(new, record)),
            );
        for (name, of) in [
            (
                "before",
                (|rule| rule.base_record) as fn(&RuleChange) -> Option<RuleRecord>,
            ),
            ("after", |rule| rule.new_record),
        ] {
            for (what, count) in COUNTS {
                let values = records(of)
                    .map(|record| record.map_or(f64::NAN, |record| count(&record) as f64));
                columns.number(&format!("{what}_{name}"), None, values);
            }
            let precision =
                records(of).map(|record| record.map_or(f64::NAN, |record| value(record.precision)));
            columns.number(&format!("precision_{name}"), None, precision);
        }
        columns.table("rules")
    }

    fn has_routes(&self) -> bool {
        self.base.0.has_routes || self.new.0.has_routes
    }

    /// What each receiver gets of something that fires; for people nothing where there are no
    /// receivers.
    pub(super) fn receiver_table(&self) -> Result<Table, ArrowError> {
        let mut receivers: BTreeMap<&str, [[usize; 2]; 2]> = BTreeMap::new();
        if self.layout == Layout::Rows || self.has_routes() {
            for (side, (run, _)) in [self.base, self.new].into_iter().enumerate() {
                let notified = run.notifications.iter();
                for one in notified.filter(|one| !one.firing.is_empty()) {
                    let counts = receivers.entry(&one.notification.receiver).or_default();
                    counts[side][0] += usize::from(one.is_page);
                    counts[side][1] += 1;
                }
            }
        }
        let mut columns = Columns::new(self.layout);
        columns
            .text("receiver", receivers.keys().map(Some))
            .count("pages_before", receivers.values().map(|c| c[0][0]))
            .count("pages_after", receivers.values().map(|c| c[1][0]))
            .count("notices_before", receivers.values().map(|c| c[0][1]))
            .count("notices_after", receivers.values().map(|c| c[1][1]));
        columns.table(match self.layout {
            Layout::People => "Pages and notices by receiver, in all",
            Layout::Rows => "receivers",
        })
    }

    /// Incidents that are met differently.
    pub(super) fn incident_table(&self) -> Result<Table, ArrowError> {
        let changes: Vec<_> = self
            .comparison
            .incidents
            .iter()
            .filter_map(|change| Some((change, self.incidents.get(change.incident)?)))
            .collect();
        let delay = |at: fn(&IncidentChange) -> Option<i64>| {
            changes.iter().map(move |(change, incident)| {
                Some(at(change)?.saturating_sub(incident.started_at))
            })
        };
        let word = |change: &IncidentChange| match (change.change, self.layout) {
            (IncidentChangeKind::Gained, _) => "gained",
            (IncidentChangeKind::Lost, Layout::People) => "LOST",
            (IncidentChangeKind::Lost, Layout::Rows) => "lost",
            (IncidentChangeKind::Earlier, _) => "earlier",
            (IncidentChangeKind::Later, _) => "later",
        };
        let heard = |change: &IncidentChange| match change.by {
            Heard::Page => "page",
            Heard::Notification => "notification",
            Heard::Firing => "firing",
        };
        let mut columns = Columns::new(self.layout);
        columns
            .text(
                "incident",
                changes.iter().map(|(_, incident)| Some(&incident.id)),
            )
            .text("severity", changes.iter().map(|(_, i)| i.severity.as_ref()))
            .time("began", changes.iter().map(|(_, i)| Some(i.started_at)))
            .text(
                "change",
                changes.iter().map(|(change, _)| Some(word(change))),
            )
            .text("by", changes.iter().map(|(change, _)| Some(heard(change))))
            .duration("delay_before", delay(|change| change.base))
            .duration("delay_after", delay(|change| change.new));
        columns.table(match self.layout {
            Layout::People => "Incidents that are met differently",
            Layout::Rows => "incidents",
        })
    }
}

impl Figure {
    fn in_words(&self, base: &Side, new: &Side, rate: Rate) -> [String; 3] {
        let signed = |difference: f64, text: String| match difference {
            difference if !difference.is_finite() => "–".to_owned(),
            0.0 => "0".to_owned(),
            difference if difference > 0.0 => format!("+{text}"),
            _ => text,
        };
        match self {
            Self::Rate(count) | Self::Count(count) => {
                let told = |side: &Side| match self {
                    Self::Rate(_) => rate.of(count(&side.totals)),
                    _ => count(&side.totals) as f64,
                };
                let (before, after) = (told(base), told(new));
                let difference = after - before;
                [
                    number(before),
                    number(after),
                    signed(difference, number(difference)),
                ]
            }
            Self::Share(share) => {
                let (before, after) = (share(&base.totals), share(&new.totals));
                let difference = value(after) - value(before);
                let points = format!("{} points", number(difference * 100.0));
                [short(before), short(after), signed(difference, points)]
            }
            Self::Delay(delay) => {
                let (before, after) = (delay(&base.totals), delay(&new.totals));
                let text = |delay: Option<i64>| delay.map_or_else(|| "–".to_owned(), span);
                let difference = before.zip(after).map(|(before, after)| after - before);
                let words = difference.map_or_else(String::new, span);
                let difference = difference.map_or(f64::NAN, |micros| micros as f64);
                [text(before), text(after), signed(difference, words)]
            }
        }
    }
}

fn short(share: Proportion) -> String {
    match share.trials {
        0 => "–".to_owned(),
        trials => format!("{} ({}/{trials})", percent(value(share)), share.hits),
    }
}
