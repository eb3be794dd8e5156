//! Holds a budget against a verdict.

use super::figure::{Figure, Unknown, trimmed};
use super::{Breach, Budget, Measure, Scope};
use crate::alert::backtest::compare::{Comparison, IncidentChangeKind, PageChange, per_week};
use crate::alert::backtest::{Incident, Notified, Proportion, RuleVerdict, Run, Verdict};
use crate::alert::notify::Config;
use crate::model::did_you_mean;

/// What a budget is held against.
pub(super) struct Facts<'a> {
    pub(super) run: &'a Run,
    pub(super) verdict: &'a Verdict,
    pub(super) incidents: &'a [Incident],
    comparison: Option<&'a Comparison>,
    /// All receivers; `None` without routes.
    pub(super) receivers: Option<Vec<&'a str>>,
}

impl Budget {
    /// Returns the limits that do not hold, in the order of the file.
    ///
    /// `incidents` are those that the verdict is of, `routes` the configuration with which the run
    /// was made (whose receivers are those that a budget may name).
    pub fn check(
        &self,
        run: &Run,
        verdict: &Verdict,
        incidents: &[Incident],
        comparison: Option<&Comparison>,
        routes: Option<&Config>,
    ) -> Vec<Breach> {
        let facts = Facts {
            run,
            verdict,
            incidents,
            comparison,
            receivers: routes.map(|routes| {
                let receivers = routes.receivers.iter();
                receivers.map(|receiver| receiver.name.as_str()).collect()
            }),
        };
        let mut breaches = Vec::new();
        for limit in &self.limits {
            let what = limit.measure.as_str().to_owned();
            breaches.extend(limit.judge(what, "The rules have", facts.all(limit.measure)));
        }
        for scope in &self.rules {
            facts.rules(scope, &mut breaches);
        }
        for scope in &self.receivers {
            facts.receiver(scope, &mut breaches);
        }
        for entry in &self.must_detect {
            breaches.extend(facts.must_detect(entry));
        }
        for (at, entry) in self.must_not_page.iter().enumerate() {
            breaches.extend(facts.must_not_page(at, entry));
        }
        breaches.sort_by_key(|breach| breach.place);
        breaches
    }
}

impl<'a> Facts<'a> {
    fn all(&self, measure: Measure) -> Result<Option<Figure>, Unknown> {
        let totals = &self.verdict.totals;
        let figure = match measure {
            Measure::PagesPerWeek => self.rate(totals.pages),
            Measure::PagesWorstWeek => Figure::count(totals.pages_worst_week),
            Measure::NightPagesPerWeek => self.rate(totals.pages_night),
            Measure::WeekendPagesPerWeek => self.rate(totals.pages_weekend),
            Measure::NotificationsPerWeek => self.rate(totals.notifications),
            Measure::Precision => return self.precision(totals.precision),
            Measure::Recall => {
                self.need_judged()?;
                Figure::share(totals.recall, "incidents were met")
            }
            Measure::MedianDelay => {
                self.need_judged()?;
                Figure::delay(totals.median_delay.ok_or("no incident was paged for")?)
            }
            Measure::NewPagesPerWeek => self.rate(self.base()?.pages(PageChange::New)),
            Measure::LostIncidents => {
                let changes = self.base()?.incidents.iter();
                self.need_judged()?;
                let lost: Vec<&str> = changes
                    .filter(|i| i.change == IncidentChangeKind::Lost)
                    .filter_map(|i| Some(self.incidents.get(i.incident)?.id.as_str()))
                    .collect();
                Figure::new(lost.len() as f64, lost.join(", "))
            }
        };
        Ok(Some(figure))
    }

    fn rules(&self, scope: &Scope, breaches: &mut Vec<Breach>) {
        let path = format!("rules.{}", scope.name);
        if let Err(why) = self.known_rule(&scope.name) {
            breaches.push(scope.unknown(path, &why));
            return;
        }
        let info = |verdict: &RuleVerdict| &self.run.rules[verdict.rule].info;
        let verdicts = self.verdict.rules.iter();
        let verdicts: Vec<_> = verdicts.filter(|v| info(v).name == scope.name).collect();
        for verdict in &verdicts {
            let subject = match verdicts.len() {
                1 => format!("{} has", scope.name),
                _ => {
                    let (group, line) = (&info(verdict).group, info(verdict).place.line);
                    format!("{} (group {group}, line {line}) has", scope.name)
                }
            };
            for limit in &scope.limits {
                let what = format!("{path}.{}", limit.measure.as_str());
                breaches.extend(limit.judge(what, &subject, self.rule(verdict, limit.measure)));
            }
        }
    }

    fn rule(&self, rule: &RuleVerdict, measure: Measure) -> Result<Option<Figure>, Unknown> {
        let figure = match measure {
            Measure::PagesPerWeek => self.rate(rule.pages),
            Measure::PagesWorstWeek => Figure::count(rule.pages_worst_week),
            Measure::NightPagesPerWeek => self.rate(rule.pages_night),
            Measure::WeekendPagesPerWeek => self.rate(rule.pages_weekend),
            Measure::NotificationsPerWeek => self.rate(rule.notifications),
            Measure::Precision => return self.precision(rule.precision),
            Measure::Recall => {
                self.need_judged()?;
                let (hits, trials) = (rule.incidents.len(), self.verdict.incidents.len());
                let detail = format!("{hits} of {trials} incidents were met");
                Figure::new(hits as f64 / trials as f64, detail)
            }
            Measure::MedianDelay => {
                self.need_judged()?;
                Figure::delay(rule.median_delay.ok_or("it met no incident")?)
            }
            Measure::NewPagesPerWeek | Measure::LostIncidents => return Ok(None),
        };
        Ok(Some(figure))
    }

    fn receiver(&self, scope: &Scope, breaches: &mut Vec<Breach>) {
        let (name, path) = (&scope.name, format!("receivers.{}", scope.name));
        if let Err(why) = self.known_receiver(name) {
            breaches.push(scope.unknown(path, &why));
            return;
        }
        let count = |is_meant: fn(&Notified) -> bool| {
            let notified = self.run.notifications.iter();
            let notified = notified.filter(|n| *n.notification.receiver == **name);
            notified.filter(|n| is_meant(n)).count()
        };
        for limit in &scope.limits {
            let figure = match limit.measure {
                Measure::PagesPerWeek if !self.run.page_receivers.contains(name) => {
                    Err("what goes to it is no page".to_owned())
                }
                Measure::PagesPerWeek => Ok(Some(self.rate(count(|n| n.is_page)))),
                _ => Ok(Some(self.rate(count(|n| !n.firing.is_empty())))),
            };
            let what = format!("{path}.{}", limit.measure.as_str());
            breaches.extend(limit.judge(what, &format!("Receiver {name} gets"), figure));
        }
    }

    fn rate(&self, count: usize) -> Figure {
        let weeks = self.run.weeks();
        let detail = format!("{count} in {} weeks", trimmed(weeks, 2));
        Figure::new(per_week(count, weeks), detail)
    }

    /// Nothing where there are incidents to judge by and nothing fired: then nothing was false.
    fn precision(&self, precision: Proportion) -> Result<Option<Figure>, Unknown> {
        self.need_incidents()?;
        let has_any = precision.trials > 0;
        if !has_any {
            self.need_judged()?;
        }
        Ok(has_any.then(|| Figure::share(precision, "episodes belong to an incident")))
    }

    /// Whether an incident is judged; that there are some elsewhere says nothing of the rules.
    fn need_judged(&self) -> Result<(), Unknown> {
        self.need_incidents()?;
        match self.verdict.incidents.is_empty() {
            true => Err("no incident lies in the range".to_owned()),
            false => Ok(()),
        }
    }

    pub(super) fn need_incidents(&self) -> Result<(), Unknown> {
        match self.incidents {
            [] => Err("there are no incidents to judge by".to_owned()),
            _ => Ok(()),
        }
    }

    fn base(&self) -> Result<&'a Comparison, Unknown> {
        self.comparison
            .ok_or_else(|| "there is no base to compare with".to_owned())
    }

    pub(super) fn known_rule(&self, name: &str) -> Result<(), Unknown> {
        let alerts = self.run.rules.iter().filter(|rule| rule.info.is_alert);
        let names: Vec<&str> = alerts.map(|rule| rule.info.name.as_str()).collect();
        known("there is no alerting rule", name, &names)
    }

    pub(super) fn known_receiver(&self, name: &str) -> Result<(), Unknown> {
        match &self.receivers {
            None => Err("there is no Alertmanager configuration".to_owned()),
            Some(names) => known("there is no receiver", name, names),
        }
    }
}

/// Whether a name is one of those that there are.
pub(super) fn known(sentence: &str, name: &str, names: &[&str]) -> Result<(), Unknown> {
    if names.contains(&name) {
        return Ok(());
    }
    let suggestion = did_you_mean(name, names.iter().copied());
    let hint = suggestion.map(|near| format!("; did you mean {near:?}?"));
    Err(format!("{sentence} {name:?}{}", hint.unwrap_or_default()))
}
