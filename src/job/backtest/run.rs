//! Runs what was prepared.

use arrow::error::ArrowError;

use super::history;
use super::prepare::{Side, incidents, windows};
use super::settings::PhaseChoice;
use super::value::value;
use super::{Backtest, BacktestError};
use crate::alert::backtest::{
    Breach, Calendar, Comparison, Incident, Proportion, Run, RunSettings, Shift, SweepError,
    SweepPoint, Verdict, Window, compare, judge, pareto, run, run_both, sweep,
};
use crate::alert::evaluate::Phase;
use crate::alert::notify::Silence;
use crate::alert::rule_file::{Rule, RuleKind};
use crate::job::resolve_range;
use crate::model::{Event, EventKind, TimeRange, Warning, did_you_mean, format_duration};
use crate::query::{Session, StoreSource};
use crate::report::{
    self, ChangeReview, Document, ExplainSeries, Layout, SweepOutcome, SweepResult, Uncertainty,
};
use crate::store::{self, SavedBacktest};

/// What a backtest gives.
#[derive(Debug)]
pub struct BacktestResult {
    new: Judged,
    base: Option<(Judged, Comparison)>,
    incidents: Vec<Incident>,
    maintenance: Vec<Window>,
    calendar: Calendar,
    uncertainty: Vec<Uncertainty>,
    shifts: Vec<Shift>,
    /// The limits that do not hold; `None` without a budget.
    breaches: Option<Vec<Breach>>,
    silences: Vec<Silence>,
    points: Option<Vec<SweepOutcome>>,
    /// The rule to explain, and the value that it compares.
    explained: Option<(usize, Option<ExplainSeries>)>,
    parameters: Vec<(String, String)>,
    versions: Vec<(String, i64)>,
    warnings: Vec<Warning>,
    /// Why the check fails; none where it does not.
    pub reasons: Vec<String>,
    /// What the result tables got, if they were to.
    pub saved: Option<SavedBacktest>,
}

/// A run and what it is worth.
#[derive(Debug)]
struct Judged {
    run: Run,
    verdict: Verdict,
}

impl Backtest<'_> {
    /// Runs it on the store.
    pub fn run(self) -> Result<BacktestResult, BacktestError> {
        let (shell, spec) = (self.shell, self.spec);
        let session = shell.handle.block_on(Session::open(shell.store))?;
        let range = self.range(&session)?;
        let explained = spec
            .explain
            .as_deref()
            .map(|name| self.find(name))
            .transpose()?;
        let mut source = StoreSource::open(&session, shell.handle.clone(), self.source)?;
        let mut warnings = self.warnings.clone();
        let empty = history::empty_days(&session, shell.handle, &self.new.files, range)?;
        warnings.extend(empty);
        let events = |given: &Option<Vec<Event>>, kind: EventKind| match given {
            Some(events) => Ok(events.clone()),
            None => history::events(&session, shell.handle, kind),
        };
        let incidents = incidents(events(&self.incidents, EventKind::Incident)?);
        self.check_match(&incidents)?;
        let work = events(&self.maintenance, EventKind::Maintenance)?;
        let maintenance = windows(work, &mut warnings);
        let judged = |run: Run| Judged {
            verdict: judge(&run, &incidents, &maintenance, &self.judging),
            run,
        };
        let (base, new) = self.runs(range, &mut source)?;
        let new = judged(new);
        let base = base.map(judged).map(|base| {
            let comparison = compare((&base.run, &base.verdict), (&new.run, &new.verdict));
            (base, comparison)
        });
        let comparison = base.as_ref().map(|(_, comparison)| comparison);
        let uncertainty = self.uncertainty(&new.run, range, &mut source)?;
        let points = self.points(range, &mut source, &judged)?;
        let calendar = self.judging.calendar;
        let shifts = self.rotation.as_ref();
        let shifts = shifts.map(|one| one.shifts(range, &new.run, &calendar));
        let routes = self.new.routes.as_ref();
        let breaches = self.budget.as_ref();
        let breaches =
            breaches.map(|one| one.check(&new.run, &new.verdict, &incidents, comparison, routes));
        let broken = breaches.as_deref().unwrap_or_default();
        let mut reasons = self.fail_on.reasons(&new.verdict, broken, comparison);
        // Who gives a budget wants it kept.
        if !self.fail_on.needs_budget() {
            reasons.extend(broken.iter().map(|one| format!("budget: {}", one.sentence)));
        }
        let explained = match explained {
            None => None,
            Some(rule) => {
                let settings = self.settings(&self.new, range);
                let value = value(rule, &self.new.files, &new.run, &mut source, &settings);
                Some((rule, value.map_err(BacktestError::Source)?))
            }
        };
        warnings.extend(source.warnings());
        let versions = session.versions();
        let mut saved = None;
        if spec.save.unwrap_or(false) {
            let result = store::BacktestResult {
                run: &new.run,
                verdict: &new.verdict,
                incidents: &incidents,
                maintenance: &maintenance,
            };
            let kept =
                store::save_backtest(shell.store, spec.name(), result, shell.handle, shell.now)?;
            saved = Some(kept);
        }
        Ok(BacktestResult {
            calendar,
            shifts: shifts.unwrap_or_default(),
            new,
            base,
            incidents,
            maintenance,
            uncertainty,
            breaches,
            silences: self.silences.clone(),
            points,
            explained,
            parameters: self.parameters(),
            versions,
            warnings,
            reasons,
            saved,
        })
    }

    /// Labels that no incident has would link by time alone, in silence.
    fn check_match(&self, incidents: &[Incident]) -> Result<(), BacktestError> {
        let names = &self.spec.match_labels;
        if names.is_empty() || incidents.is_empty() || names.iter().any(|name| name == "time") {
            return Ok(());
        }
        let labels = || {
            incidents
                .iter()
                .flat_map(|one| &one.labels)
                .map(|(name, _)| name.as_str())
        };
        // `services` and `service_name` are read as `service`.
        if names
            .iter()
            .any(|name| labels().any(|label| label.starts_with(name.as_str())))
        {
            return Ok(());
        }
        let message = format!("--match: no incident has a label {}", names.join(" or "));
        let mut there: Vec<&str> = labels().collect();
        there.sort_unstable();
        there.dedup();
        Err(BacktestError::usage(message).hint(format!("there are {}", there.join(", "))))
    }

    /// Runs the rules, and those before the change.
    fn runs(
        &self,
        range: TimeRange,
        source: &mut StoreSource,
    ) -> Result<(Option<Run>, Run), BacktestError> {
        let settings = self.settings(&self.new, range);
        let (mut base, mut new) = match &self.base {
            None => (
                None,
                run(&self.new.files, source, &settings).map_err(BacktestError::Source)?,
            ),
            Some(side) => {
                let old = self.settings(side, range);
                let both = run_both((&side.files, &old), (&self.new.files, &settings), source);
                let (base, new) = both.map_err(BacktestError::Source)?;
                (Some(base), new)
            }
        };
        self.explain_unmatched(&self.new, &mut new, source);
        if let (Some(base), Some(side)) = (&mut base, &self.base) {
            self.explain_unmatched(side, base, source);
        }
        Ok((base, new))
    }

    fn settings<'s>(&'s self, side: &'s Side, range: TimeRange) -> RunSettings<'s> {
        RunSettings {
            range,
            phases: self.phase.phases(&side.paths, &side.files),
            evaluation: self.evaluation.clone(),
            routes: side.routes.as_ref(),
            silences: &self.silences,
            notify: self.notify,
            external_labels: &self.external_labels,
            page_receivers: self.spec.page_receivers.clone(),
        }
    }

    /// Runs each point of the sweep, if there is one.
    fn points(
        &self,
        range: TimeRange,
        source: &mut StoreSource,
        judged: &dyn Fn(Run) -> Judged,
    ) -> Result<Option<Vec<SweepOutcome>>, BacktestError> {
        let Some(wanted) = &self.sweep else {
            return Ok(None);
        };
        let settings = self.settings(&self.new, range);
        let mut points: Vec<SweepOutcome> = Vec::new();
        let mut each = |point: &SweepPoint, run: Run| {
            let Judged { run, verdict } = judged(run);
            let is_swept = |rule: usize| {
                let info = &run.rules[rule].info;
                let long = format!("{}/{}", info.group, info.name);
                let mut settings = point.settings.iter();
                settings.any(|one| one.rule == info.name || one.rule == long)
            };
            let mut warnings = run.warnings.clone();
            warnings.extend(verdict.warnings);
            let mut rules = verdict.rules;
            rules.retain(|record| is_swept(record.rule));
            rules.sort_by_key(|record| record.rule);
            points.push(SweepOutcome {
                point: point.clone(),
                totals: verdict.totals,
                rules,
                warnings,
                is_best: false,
            });
        };
        let files = &self.new.files;
        sweep(files, wanted, source, &settings, &mut each).map_err(|error| match error {
            SweepError::Source(error) => BacktestError::Source(error),
            error => BacktestError::usage(error.to_string()),
        })?;
        let share = |one: &Proportion| one.hits as f64 / one.trials as f64;
        let costs: Vec<(f64, f64, Option<f64>)> = points
            .iter()
            .map(|point| {
                let totals = &point.totals;
                let delay = totals.delay_of_all.map(|delay| delay as f64);
                // Of points with as many pages, the one that tells people less often is better.
                let pages = totals.pages as f64 + totals.notifications as f64 * 1e-9;
                (pages, share(&totals.page_recall), delay)
            })
            .collect();
        for (point, is_best) in points.iter_mut().zip(pareto(&costs)) {
            point.is_best = is_best;
        }
        Ok(Some(points))
    }

    fn range(&self, session: &Session) -> Result<TimeRange, BacktestError> {
        let (shell, spec) = (self.shell, self.spec);
        let (since, until) = (spec.since.as_deref(), spec.until.as_deref());
        let stored = match (since, until) {
            (Some(_), Some(_)) => None,
            _ => match history::range(session, shell.handle, &self.new.files)? {
                None => return Err(history::nothing_there(&self.new.files, None)),
                stored => stored,
            },
        };
        resolve_range(since, until, stored, shell.now, shell.tz)
            .map_err(|error| BacktestError::usage(error.to_string()))
    }

    /// Finds the alerting rule of a name, of `group/name`, or of `name@line`.
    fn find(&self, name: &str) -> Result<usize, BacktestError> {
        let groups = self.new.files.iter().flat_map(|file| &file.groups);
        let rules = groups.flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
        let all: Vec<(String, &Rule)> = rules
            .map(|(group, rule)| (format!("{}/{}", group.name, rule.name), rule))
            .collect();
        let is_meant = |(long, rule): &(String, &Rule)| {
            let at_line = format!("{}@{}", rule.name, rule.place.line);
            let is_alert = matches!(rule.kind, RuleKind::Alerting { .. });
            is_alert && (rule.name == name || long == name || at_line == name)
        };
        let places = all.iter().enumerate().filter(|(_, one)| is_meant(one));
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        match places.as_slice() {
            [place] => Ok(*place),
            [] => {
                let error = BacktestError::usage(format!("there is no alerting rule {name:?}"));
                let names = all.iter().map(|(_, rule)| rule.name.as_str());
                Err(match did_you_mean(name, names) {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error,
                })
            }
            several => {
                let lines = several.iter().map(|place| {
                    let rule = all[*place].1;
                    format!("{}@{}", rule.name, rule.place.line)
                });
                let lines: Vec<String> = lines.collect();
                let message = format!("{} rules are named {name}", several.len());
                Err(BacktestError::usage(message).hint(format!("say one of {}", lines.join(", "))))
            }
        }
    }

    /// Says of selectors that match nothing in history what may have been meant.
    fn explain_unmatched(&self, side: &Side, run: &mut Run, source: &StoreSource) {
        let groups = side.files.iter().flat_map(|file| &file.groups);
        let rules: Vec<&Rule> = groups.flat_map(|group| &group.rules).collect();
        let is_recorded = |metric: &str| rules.iter().any(|rule| rule.name == metric);
        for (rule, outcome) in rules.iter().zip(&mut run.rules) {
            for selector in rule.query.selectors() {
                if selector.metric.as_deref().is_some_and(is_recorded) {
                    continue;
                }
                let text = rule.query.text.get(selector.span.start..selector.span.end);
                let mut named = outcome.unmatched.iter_mut();
                let why = named.find(|(one, _)| Some(one.as_str()) == text);
                if let Some((_, why)) = why
                    && let Some(reason) = source.explain_empty(&selector.matchers)
                {
                    *why = reason.sentence(self.shell.tz);
                }
            }
        }
    }

    /// How far pages depend on what nobody knows.
    fn uncertainty(
        &self,
        new: &Run,
        range: TimeRange,
        source: &mut StoreSource,
    ) -> Result<Vec<Uncertainty>, BacktestError> {
        let pages = |run: &Run| run.notifications.iter().filter(|one| one.is_page).count();
        let here = pages(new);
        let mut all = Vec::new();
        if let PhaseChoice::Sweep(count) = self.phase {
            let (mut least, mut most) = (here, here);
            for turn in 0..count {
                let phase = Phase::Fraction { turn, of: count };
                let settings = RunSettings {
                    phases: vec![phase; self.new.files.len()],
                    ..self.settings(&self.new, range)
                };
                let other = run(&self.new.files, source, &settings);
                let other = pages(&other.map_err(BacktestError::Source)?);
                (least, most) = (least.min(other), most.max(other));
            }
            all.push(Uncertainty {
                what: format!("the phase of evaluation ({count} tried)"),
                least,
                most,
            });
        }
        Ok(all)
    }

    /// What was asked for, as the user would write it.
    fn parameters(&self) -> Vec<(String, String)> {
        let spec = self.spec;
        let mut all = vec![("rules".to_owned(), spec.rules.join(" "))];
        let mut add = |name: &str, value: &Option<String>| {
            all.extend(value.clone().map(|value| (name.to_owned(), value)));
        };
        add("alertmanager", &spec.alertmanager);
        add("silences", &spec.silences);
        add(
            "base",
            &(!spec.base.is_empty()).then(|| spec.base.join(" ")),
        );
        add("base-alertmanager", &spec.base_alertmanager);
        add("explain", &spec.explain);
        add("sweep", &spec.sweep);
        add("budget", &spec.budget);
        add("phase", &spec.phase);
        add("promql-version", &spec.promql_version);
        add("night", &spec.night);
        add("lookback-delta", &spec.lookback_delta);
        add("staleness", &spec.staleness);
        add("query-offset", &spec.query_offset);
        add("repeat-race", &spec.repeat_race);
        add("rotation", &spec.rotation);
        let list = |items: &[String]| (!items.is_empty()).then(|| items.join(" "));
        add("incidents", &list(&spec.incidents));
        add("maintenance", &list(&spec.maintenance));
        add("match", &list(&spec.match_labels));
        add("page", &list(&spec.page_receivers));
        add("restart-at", &list(&spec.restart_at));
        add("fail-on", &list(&spec.fail_on));
        let labels = spec.external_labels.iter();
        let labels: Vec<String> = labels
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        add("external-label", &list(&labels));
        let interval = format_duration(self.evaluation.interval);
        add("evaluation-interval", &Some(interval));
        all
    }
}

impl BacktestResult {
    /// Makes the document: the episodes of one rule, the sweep, the change, or the verdict.
    pub fn document(&self, layout: Layout) -> Result<Document, ArrowError> {
        let (run, verdict) = (&self.new.run, &self.new.verdict);
        let verdict_of =
            report::BacktestResult::new(run, verdict, &self.incidents, &self.maintenance, layout)
                .uncertainty(&self.uncertainty)
                .shifts(&self.shifts)
                .calendar(&self.calendar)
                .breaches(self.breaches.as_deref())
                .silences(&self.silences);
        let mut document = match (&self.explained, &self.points, &self.base) {
            (Some((rule, value)), _, _) => verdict_of.explain(*rule, value.as_ref())?,
            (None, Some(points), _) => SweepResult {
                points,
                run,
                layout,
            }
            .document()?,
            (None, None, Some((base, comparison))) => ChangeReview {
                comparison,
                base: (&base.run, &base.verdict),
                new: (run, verdict),
                incidents: &self.incidents,
                breaches: self.breaches.as_deref(),
                layout,
            }
            .document()?,
            (None, None, None) => verdict_of.document()?,
        };
        document.provenance.parameters = self.parameters.clone();
        document.provenance.store = self.versions.clone();
        document.warnings.extend(self.warnings.iter().cloned());
        Ok(document)
    }
}
