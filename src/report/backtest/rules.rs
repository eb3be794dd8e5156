//! The rules' records as tables.

use arrow::error::ArrowError;

use super::BacktestResult;
use super::columns::{Columns, weekly};
use super::words::brief;
use crate::alert::backtest::{RuleInfo, RuleVerdict, Unheard};
use crate::report::{Layout, Table, Unit};

impl BacktestResult<'_> {
    /// What people are told of the rules: whom they page, how they fire, whose they are.
    pub(super) fn rule_tables(&self) -> Result<Vec<Table>, ArrowError> {
        Ok(vec![self.paging()?, self.firing()?, self.ownership()?])
    }

    fn paging(&self) -> Result<Table, ArrowError> {
        let rules = &self.verdict.rules;
        let mut columns = Columns::new(Layout::People);
        let rate = self.rate();
        let told =
            |count: fn(&RuleVerdict) -> usize| rules.iter().map(move |rule| rate.of(count(rule)));
        self.rule_column(&mut columns);
        columns
            .text("severity", rules.iter().map(|rule| rule.severity.as_ref()))
            .number("pages", rate.unit(), told(|rule| rule.pages));
        if rate.is_weekly() {
            columns.counted("worst", rules.iter().map(|rule| rule.pages_worst_week));
        }
        columns.counted("night", rules.iter().map(|rule| rule.pages_night));
        if !self.verdict.incidents.is_empty() {
            columns
                .counted("met", rules.iter().map(|rule| rule.incidents.len()))
                .counted("alone", rules.iter().map(|rule| rule.alone.len()))
                .duration("delay", rules.iter().map(|rule| rule.median_delay))
                .text("precision", rules.iter().map(|rule| brief(rule.precision)));
        }
        columns.counted("weekend", rules.iter().map(|rule| rule.pages_weekend));
        if self.run.has_routes {
            columns.number("notices", rate.unit(), told(|rule| rule.notifications));
        }
        let mut title = match rate.is_weekly() {
            true => "Pages by rule (worst: in the worst week; n: in all)".to_owned(),
            false => format!("Pages by rule {}", rate.period()),
        };
        if !self.verdict.incidents.is_empty() {
            title += ", and incidents (met, met alone, median delay, share of episodes with 95% \
                      interval)";
        }
        columns.table(&title)
    }

    fn firing(&self) -> Result<Table, ArrowError> {
        let rules = &self.verdict.rules;
        let mut columns = Columns::new(Layout::People);
        let count = |count: fn(&RuleVerdict) -> usize| rules.iter().map(count);
        let unheard = |rule: &RuleVerdict| rule.unheard.iter().map(|(_, count)| count).sum();
        let firing = rules
            .iter()
            .map(|rule| self.share_of_range(rule.firing_time));
        self.rule_column(&mut columns);
        columns
            .count("episodes", count(|rule| rule.episodes))
            .count("near", count(|rule| rule.near_misses))
            .count("flaps", count(|rule| rule.flaps))
            .count("brief", count(|rule| rule.self_resolved))
            .count("unheard", rules.iter().map(unheard));
        if rules.iter().any(|rule| rule.errors.count > 0) {
            let errors = rules.iter().map(|rule| rule.errors.count as usize);
            columns.count("errors", errors);
        }
        columns
            .number("firing", Some(Unit::Ratio), firing)
            .duration("median", rules.iter().map(|rule| rule.median_duration))
            .duration("longest", rules.iter().map(|rule| rule.longest))
            .duration("quiet", rules.iter().map(|rule| Some(rule.longest_quiet)))
            .count("at_once", count(|rule| rule.most_at_once));
        columns.table(
            "How the rules fire (near: only pending; brief: resolved within minutes; quiet: the \
             longest time without)",
        )
    }

    fn ownership(&self) -> Result<Table, ArrowError> {
        let rules = &self.verdict.rules;
        let mut columns = Columns::new(Layout::People);
        self.rule_column(&mut columns);
        columns
            .text("severity", rules.iter().map(|rule| rule.severity.as_ref()))
            .text("owner", rules.iter().map(|rule| rule.owner.as_ref()))
            .text("runbook", rules.iter().map(|rule| rule.runbook.as_ref()));
        columns.table("Whose the rules are")
    }

    fn rule_column(&self, columns: &mut Columns) {
        let rules = self.verdict.rules.iter();
        columns.text("rule", rules.map(|rule| Some(self.rule_name(rule.rule))));
    }

    /// Everything that is known of each rule.
    pub(super) fn rule_rows(&self) -> Result<Table, ArrowError> {
        let rules = &self.verdict.rules;
        let mut columns = Columns::new(Layout::Rows);
        let info = |text: fn(&RuleInfo) -> &String| {
            let of = move |rule: &RuleVerdict| self.run.rules.get(rule.rule).map(|r| text(&r.info));
            rules.iter().map(of)
        };
        let infos = || rules.iter().map(|rule| self.run.rules.get(rule.rule));
        let count = |count: fn(&RuleVerdict) -> usize| rules.iter().map(count);
        let weeks = |count: fn(&RuleVerdict) -> usize| {
            rules.iter().map(move |rule| self.per_week(count(rule)))
        };
        columns
            .text("rule", info(|info| &info.name))
            .text("file", info(|info| &info.file))
            .text("group", info(|info| &info.group))
            .count(
                "line",
                infos().map(|rule| rule.map_or(0, |r| r.info.place.line)),
            )
            .text("expr", info(|info| &info.expr))
            .duration("for", infos().map(|rule| rule.map(|r| r.info.hold)))
            .text("severity", rules.iter().map(|rule| rule.severity.as_ref()))
            .text("owner", rules.iter().map(|rule| rule.owner.as_ref()))
            .text("runbook", rules.iter().map(|rule| rule.runbook.as_ref()))
            .count("pages", count(|rule| rule.pages))
            .number("pages_per_week", weekly(), weeks(|rule| rule.pages))
            .count("pages_worst_week", count(|rule| rule.pages_worst_week))
            .count("pages_night", count(|rule| rule.pages_night))
            .number(
                "pages_night_per_week",
                weekly(),
                weeks(|rule| rule.pages_night),
            )
            .count("pages_weekend", count(|rule| rule.pages_weekend))
            .count("notifications", count(|rule| rule.notifications))
            .number(
                "notifications_per_week",
                weekly(),
                weeks(|rule| rule.notifications),
            );
        for (at, reason) in REASONS.iter().enumerate() {
            let by_reason = rules.iter().map(|rule| rule.by_reason[at]);
            columns.count(&format!("notifications_{reason}"), by_reason);
        }
        columns
            .count("episodes", count(|rule| rule.episodes))
            .count("near_misses", count(|rule| rule.near_misses))
            .count("flaps", count(|rule| rule.flaps))
            .count("self_resolved", count(|rule| rule.self_resolved))
            .duration(
                "firing_time",
                rules.iter().map(|rule| Some(rule.firing_time)),
            )
            .number(
                "firing_share",
                Some(Unit::Ratio),
                rules
                    .iter()
                    .map(|rule| self.share_of_range(rule.firing_time)),
            )
            .count("most_at_once", count(|rule| rule.most_at_once))
            .duration(
                "median_duration",
                rules.iter().map(|rule| rule.median_duration),
            )
            .duration("longest_duration", rules.iter().map(|rule| rule.longest))
            .duration(
                "longest_quiet",
                rules.iter().map(|rule| Some(rule.longest_quiet)),
            );
        for cause in Unheard::ALL {
            let unheard = rules.iter().map(|rule| {
                let counts = rule.unheard.iter().filter(|(other, _)| *other == cause);
                counts.map(|(_, count)| count).sum()
            });
            let name = cause.as_str().replace(' ', "_");
            columns.count(&format!("unheard_{name}"), unheard);
        }
        columns
            .share("precision", rules.iter().map(|rule| rule.precision))
            .count("in_maintenance", count(|rule| rule.in_maintenance))
            .count("elsewhere", count(|rule| rule.elsewhere))
            .list(
                "incidents",
                rules.iter().map(|rule| self.incident_ids(&rule.incidents)),
            )
            .list(
                "incidents_alone",
                rules.iter().map(|rule| self.incident_ids(&rule.alone)),
            )
            .duration("median_delay", rules.iter().map(|rule| rule.median_delay))
            .count(
                "errors",
                rules.iter().map(|rule| rule.errors.count as usize),
            )
            .time(
                "first_error_at",
                rules
                    .iter()
                    .map(|rule| rule.errors.first.as_ref().map(|(ts, _)| *ts)),
            )
            .text(
                "first_error",
                rules
                    .iter()
                    .map(|rule| rule.errors.first.as_ref().map(|(_, text)| text)),
            )
            .list(
                "selectors_without_series",
                infos().map(|rule| {
                    let unmatched = rule.into_iter().flat_map(|rule| &rule.unmatched);
                    unmatched.map(|(selector, _)| selector.clone()).collect()
                }),
            );
        columns.table("rules")
    }
}

/// The reasons of [`RuleVerdict::by_reason`].
pub(super) const REASONS: [&str; 5] = [
    "first",
    "new_alerts",
    "some_resolved",
    "all_resolved",
    "repeat",
];
