//! The evaluation of a sweep: all points in one pass where that is exact.

use std::collections::HashMap;

use super::target::{Target, groups};
use super::{Sweep, SweepError, SweepPoint};
use crate::alert::backtest::record::Recorder;
use crate::alert::backtest::run::{Run, RunSettings, outcomes, scheduled};
use crate::alert::backtest::warm_up::{begin, cut_windows};
use crate::alert::evaluate::{Engine, Event, EventKind, Observer, RuleId, Settings};
use crate::alert::rule_file::{Group, RuleFile};
use crate::alert::state::Sent;
use crate::model::TimeRange;
use crate::promql::SampleSource;

/// How many events a pass may hold, 1 GB; points are evaluated in several passes before that.
const MOST_EVENTS: usize = 10_000_000;

/// Runs rules with each point's values over a range, as [`run`](crate::alert::backtest::run) does;
/// `each` is given each point and its run, in their order.
///
/// Evaluation begins at the same instant for all points. Queries in annotations
/// do not see the alerts of swept rules, unless another rule reads these.
pub fn sweep(
    files: &[RuleFile],
    sweep: &Sweep,
    source: &mut dyn SampleSource,
    settings: &RunSettings<'_>,
    each: &mut dyn FnMut(&SweepPoint, Run),
) -> Result<(), SweepError> {
    run(files, sweep, source, settings, MOST_EVENTS, each)
}

pub(super) fn run(
    files: &[RuleFile],
    sweep: &Sweep,
    source: &mut dyn SampleSource,
    settings: &RunSettings<'_>,
    most_events: usize,
    each: &mut dyn FnMut(&SweepPoint, Run),
) -> Result<(), SweepError> {
    let options = &settings.evaluation.options;
    let points = sweep.points(files, options)?;
    let grid = sweep.grid();
    let targets = sweep.targets(files, options)?;
    let all = Variants::new(files, sweep, &targets, &grid, settings);
    let is_read = {
        let engine = Engine::new(
            &scheduled(files, &settings.phases),
            settings.evaluation.clone(),
        );
        targets.iter().any(|target| {
            let (group, rule) = target.place;
            engine.is_read(RuleId { group, rule })
        })
    };
    let from = {
        let groups = scheduled(&all.files, &settings.phases);
        let engine = Engine::new(&groups, settings.evaluation.clone());
        begin(&engine, source, settings.range)
    };
    let sweeping = Sweeping {
        files,
        sweep,
        targets: &targets,
        settings,
        from,
        most_events,
        // What is restored after a restart is read from what the rule itself has written.
        together: !is_read && settings.evaluation.restarts.is_empty(),
    };
    sweeping.run(&points, &grid, source, each)
}

/// A sweep with what all of its passes need.
struct Sweeping<'s> {
    files: &'s [RuleFile],
    sweep: &'s Sweep,
    targets: &'s [Target],
    settings: &'s RunSettings<'s>,
    from: i64,
    most_events: usize,
    together: bool,
}

impl Sweeping<'_> {
    fn run(
        &self,
        points: &[SweepPoint],
        grid: &[Vec<usize>],
        source: &mut dyn SampleSource,
        each: &mut dyn FnMut(&SweepPoint, Run),
    ) -> Result<(), SweepError> {
        if !self.together || points.len() < 2 {
            for (point, choice) in points.iter().zip(grid) {
                let run = self.alone(choice, source)?;
                each(point, run);
            }
            return Ok(());
        }
        if self.pass(points, grid, source, each)? {
            return Ok(());
        }
        let half = points.len() / 2;
        let (points, grid) = (points.split_at(half), grid.split_at(half));
        self.run(points.0, grid.0, source, each)?;
        self.run(points.1, grid.1, source, each)
    }

    fn recorder(&self) -> Recorder<'_> {
        let lens: Vec<usize> = groups(self.files).map(|group| group.rules.len()).collect();
        Recorder::new(self.settings, &lens)
    }

    fn range(&self) -> TimeRange {
        self.settings.range
    }

    /// Evaluates one point by itself.
    fn alone(&self, choice: &[usize], source: &mut dyn SampleSource) -> Result<Run, SweepError> {
        let grid = [choice.to_vec()];
        let variants = Variants::new(self.files, self.sweep, self.targets, &grid, self.settings);
        let groups = scheduled(&variants.files, &self.settings.phases);
        let mut engine = Engine::new(&groups, self.settings.evaluation.clone());
        let mut recorder = self.recorder();
        engine.run(source, self.from, self.range().end, &mut recorder)?;
        let outcomes = outcomes(&variants.files, &engine, source, &self.settings.evaluation)?;
        let mut run = recorder.finish(outcomes);
        run.warnings.extend(engine.warnings().iter().cloned());
        run.warnings
            .extend(cut_windows(&engine, self.from, self.range()));
        Ok(run)
    }

    /// Evaluates points in one pass; returns whether their events found room.
    fn pass(
        &self,
        points: &[SweepPoint],
        grid: &[Vec<usize>],
        source: &mut dyn SampleSource,
        each: &mut dyn FnMut(&SweepPoint, Run),
    ) -> Result<bool, SweepError> {
        let variants = Variants::new(self.files, self.sweep, self.targets, grid, self.settings);
        let settings = Settings {
            keep: false,
            ..self.settings.evaluation.clone()
        };
        let groups = scheduled(&variants.files, &self.settings.phases);
        let mut engine = Engine::new(&groups, settings);
        for rule in variants.swept() {
            engine.leave_unstored(rule);
        }
        let mut events = Events {
            kept: Vec::new(),
            keeps_sent: self.settings.routes.is_some(),
            room: self.most_events,
            is_full: false,
        };
        engine.run(source, self.from, self.range().end, &mut events)?;
        if events.is_full {
            return Ok(false);
        }
        let outcomes = outcomes(&variants.files, &engine, source, &self.settings.evaluation)?;
        let cut = cut_windows(&engine, self.from, self.range());
        for (point, choice) in points.iter().zip(grid) {
            let mut recorder = self.recorder();
            let chosen = variants.chosen(self.targets, choice);
            for event in &events.kept {
                if let Some(rule) = chosen.original(event.rule()) {
                    recorder.event(event.with_rule(rule));
                }
            }
            let of_rules = chosen.rules.iter().map(|place| outcomes[*place].clone());
            let mut run = recorder.finish(of_rules.collect());
            run.warnings.extend(engine.warnings().iter().cloned());
            run.warnings.extend(cut.iter().cloned());
            each(point, run);
        }
        Ok(true)
    }
}

/// Rule files in which each swept rule is replaced by its variants.
struct Variants {
    files: Vec<RuleFile>,
    /// For each group the original place of each rule, and which variant it is of a swept one.
    places: Vec<Vec<(usize, Option<Vec<usize>>)>>,
}

/// The rules of one point among variants.
struct Chosen {
    /// For each group and rule of the variants the original place.
    originals: HashMap<RuleId, RuleId>,
    /// For each original rule its place among all variants.
    rules: Vec<usize>,
}

impl Variants {
    fn new(
        files: &[RuleFile],
        sweep: &Sweep,
        targets: &[Target],
        grid: &[Vec<usize>],
        settings: &RunSettings<'_>,
    ) -> Self {
        let options = &settings.evaluation.options;
        let mut places = Vec::new();
        let mut with_variants = Vec::with_capacity(files.len());
        for file in files {
            let mut new_groups = Vec::with_capacity(file.groups.len());
            for group in &file.groups {
                let g = places.len();
                let (mut rules, mut of_group) = (Vec::new(), Vec::new());
                for (r, rule) in group.rules.iter().enumerate() {
                    let Some(target) = targets.iter().find(|one| one.place == (g, r)) else {
                        rules.push(rule.clone());
                        of_group.push((r, None));
                        continue;
                    };
                    let mut seen: Vec<Vec<usize>> = Vec::new();
                    for point in grid {
                        let choice = target.choice(point);
                        if !seen.contains(&choice) {
                            rules.push(sweep.variant(rule, target, point, options));
                            of_group.push((r, Some(choice.clone())));
                            seen.push(choice);
                        }
                    }
                }
                places.push(of_group);
                new_groups.push(Group {
                    name: group.name.clone(),
                    rules,
                    ..*group
                });
            }
            with_variants.push(RuleFile {
                path: file.path.clone(),
                groups: new_groups,
            });
        }
        Self {
            files: with_variants,
            places,
        }
    }

    /// All rules: their ids, the original place, and the variant.
    fn all(&self) -> impl Iterator<Item = (RuleId, RuleId, Option<&[usize]>)> {
        self.places.iter().enumerate().flat_map(|(group, rules)| {
            rules
                .iter()
                .enumerate()
                .map(move |(rule, (original, variant))| {
                    let original = RuleId {
                        group,
                        rule: *original,
                    };
                    (RuleId { group, rule }, original, variant.as_deref())
                })
        })
    }

    /// The variants.
    fn swept(&self) -> impl Iterator<Item = RuleId> {
        self.all()
            .filter(|(.., variant)| variant.is_some())
            .map(|(rule, ..)| rule)
    }

    /// The rules of one point.
    fn chosen(&self, targets: &[Target], point: &[usize]) -> Chosen {
        let mut chosen = Chosen {
            originals: HashMap::new(),
            rules: Vec::new(),
        };
        for (place, (rule, original, variant)) in self.all().enumerate() {
            let target = targets
                .iter()
                .find(|one| one.place == (original.group, original.rule));
            let is_chosen = match (target, variant) {
                (Some(target), Some(variant)) => target.choice(point) == variant,
                _ => true,
            };
            if is_chosen {
                chosen.originals.insert(rule, original);
                chosen.rules.push(place);
            }
        }
        chosen
    }
}

impl Chosen {
    fn original(&self, rule: RuleId) -> Option<RuleId> {
        self.originals.get(&rule).copied()
    }
}

/// An event that is kept for the points; the most frequent kind by itself, since it is small.
enum Kept {
    Sent(RuleId, Sent),
    Other(Box<Event>),
}

impl Kept {
    fn rule(&self) -> RuleId {
        match self {
            Self::Sent(rule, _) => *rule,
            Self::Other(event) => event.rule,
        }
    }

    fn with_rule(&self, rule: RuleId) -> Event {
        match self {
            Self::Sent(_, sent) => Event {
                ts: sent.ts,
                rule,
                kind: EventKind::Sent(sent.clone()),
                annotations: Vec::new(),
            },
            Self::Other(event) => Event {
                rule,
                ..event.as_ref().clone()
            },
        }
    }
}

/// Keeps the events of a pass.
struct Events {
    kept: Vec<Kept>,
    /// Whether anybody listens to what is sent.
    keeps_sent: bool,
    room: usize,
    is_full: bool,
}

impl Observer for Events {
    fn event(&mut self, event: Event) {
        let kept = match event.kind {
            EventKind::Sent(_) if !self.keeps_sent => return,
            EventKind::Sent(sent) => Kept::Sent(event.rule, sent),
            EventKind::Transition(_) => Kept::Other(Box::new(event)),
        };
        if self.kept.len() >= self.room {
            self.is_full = true;
            self.kept = Vec::new();
            self.room = 0;
            return;
        }
        self.kept.push(kept);
    }
}
