//! The totals, in words.

use super::BacktestResult;
use super::words::{count, delay, number, percent, proportion, times};

impl BacktestResult<'_> {
    /// What a reader who reads nothing else must know.
    pub(super) fn headline(&self) -> Vec<String> {
        let mut said = vec![self.pages()];
        said.push(self.incidents_in_words());
        said.extend(self.held_back());
        said.extend(self.uncertain());
        said
    }

    fn pages(&self) -> String {
        let totals = &self.verdict.totals;
        let alerting = self.run.rules.iter().filter(|rule| rule.info.is_alert);
        let rules = count(alerting.count(), "alerting rule");
        let rate = self.rate();
        let told = |count: usize| number(rate.of(count));
        let mut text = if totals.pages == 0 {
            format!("{rules} would have paged nobody")
        } else if rate.is_weekly() {
            format!(
                "{rules} would have paged {}: {} a week (worst week {}), of them {} at night and {} at weekends",
                times(totals.pages),
                told(totals.pages),
                totals.pages_worst_week,
                told(totals.pages_night),
                told(totals.pages_weekend)
            )
        } else {
            format!(
                "{rules} would have paged {} {}, {} of them at night and {} at a weekend",
                times(totals.pages),
                rate.period(),
                totals.pages_night,
                totals.pages_weekend
            )
        };
        if self.run.has_routes {
            text += &match told(totals.notifications).as_str() {
                "1" => ". 1 notification ".to_owned(),
                notifications => format!(". {notifications} notifications "),
            };
            text += &format!("{} of something that fires", rate.period());
            if totals.alerts_per_notification.is_finite() && totals.notifications > 0 {
                text += &match number(totals.alerts_per_notification).as_str() {
                    "1" => ", of one alert each".to_owned(),
                    alerts => format!(", of {alerts} alerts each"),
                };
            }
        } else {
            text += ". There are no routes: each alert that fires is taken for one page";
        }
        text + "."
    }

    fn incidents_in_words(&self) -> String {
        let totals = &self.verdict.totals;
        if self.verdict.incidents.is_empty() {
            return "There are no incidents to judge by: precision and recall are not known."
                .to_owned();
        }
        let mut text = String::new();
        if totals.precision.trials > 0 {
            text += &format!(
                "Precision: {}; firing at random would give {}. ",
                proportion(totals.precision, "episodes belong to an incident"),
                percent(totals.incident_time)
            );
        }
        text += "Recall: ";
        text += &if totals.page_recall == totals.recall {
            proportion(totals.recall, "incidents had an alert and a page")
        } else {
            let alert = proportion(totals.recall, "incidents had an alert");
            format!("{alert}, {}", proportion(totals.page_recall, "a page"))
        };
        if let Some(median) = totals.median_delay {
            text += &format!(
                ". Median: the first page comes {} the incident begins",
                delay(median)
            );
        }
        text + "."
    }

    fn held_back(&self) -> Option<String> {
        let all = self.run.pages_unsuppressed?;
        let pages = self.verdict.totals.pages;
        (all != pages).then(|| {
            format!(
                "Without inhibition, silences and time intervals there would have been {} instead of {pages}.",
                count(all, "page")
            )
        })
    }

    fn uncertain(&self) -> Option<String> {
        let pages = self.verdict.totals.pages;
        let mut parts: Vec<String> = self
            .uncertainty
            .iter()
            .map(|range| match range.least < range.most {
                true => format!(
                    "{} to {} depending on {}",
                    range.least, range.most, range.what
                ),
                false => format!("{} whatever {}", range.least, range.what),
            })
            .collect();
        if let Some(other) = self.run.pages_other_race.filter(|other| *other != pages) {
            parts.push(format!(
                "{} to {} depending on which way the race of repetitions goes",
                other.min(pages),
                other.max(pages)
            ));
        }
        (!parts.is_empty()).then(|| format!("Pages: {}.", parts.join("; ")))
    }
}
