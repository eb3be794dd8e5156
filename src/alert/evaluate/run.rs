//! The evaluation itself: piece by piece of time, part by part of the plan.

use std::collections::HashMap;

use super::beside::Beside;
use super::columns::{Failure, Parts, columns};
use super::derived::Handle;
use super::labels::At;
use super::observe::{Event, EventKind, Observer, RuleId};
use super::overlay::{Cache, Reader, names};
use super::restart::Restart;
use super::schedule::slots;
use super::share::Shelf;
use super::{Body, Engine, Fixed, Out, RuleRun, surroundings};
use crate::alert::state::Change;
use crate::model::{METRIC_NAME, Warning};
use crate::promql::{MatchKind, Matcher, Query, SampleSource, Series, SourceError, Steps};

/// How many values the columns of one evaluation may hold: 64 MB, for each node of the query.
pub(super) const MOST_VALUES: usize = 8 << 20;

/// For how many slots at most history is held in memory while rules are evaluated slot by slot.
const CACHED_SLOTS: i64 = 256;

/// A piece of time that is evaluated at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Its first instant.
    start: i64,
    /// The first instant after it.
    end: i64,
    /// What happens then.
    pub(super) restart: Option<Restart>,
}

impl Piece {
    /// Where the next piece begins.
    pub(super) fn next(&self) -> i64 {
        self.restart.map_or(self.end, |restart| restart.up_at())
    }
}

/// What the evaluation of a piece works with.
struct Work<'w> {
    source: &'w mut dyn SampleSource,
    beside: Option<Beside<'w>>,
    shelf: Shelf,
    events: Vec<Event>,
}

impl Work<'_> {
    fn reader(&mut self) -> Reader<'_> {
        Reader {
            source: self.source,
            until: None,
            cache: None,
            beside: self.beside,
        }
    }
}

impl Engine<'_> {
    /// Evaluates all slots of `from..to`, the end not included; what happens is told to
    /// `observer` in the order of time.
    ///
    /// A later call goes on from the state that this one leaves; its `from` is no earlier than
    /// this `to`. The error is one of reading history; errors of rules are in [`Engine::report`].
    pub fn run(
        &mut self,
        source: &mut dyn SampleSource,
        from: i64,
        to: i64,
        observer: &mut dyn Observer,
    ) -> Result<(), SourceError> {
        self.begin(source)?;
        let mut start = from;
        while let Some(piece) = self.piece(start, to) {
            let events = self.run_piece(piece, source, None)?;
            events.into_iter().for_each(|event| observer.event(event));
            start = piece.next();
        }
        Ok(())
    }

    /// Begins a run.
    pub(super) fn begin(&mut self, source: &mut dyn SampleSource) -> Result<(), SourceError> {
        if !std::mem::replace(&mut self.has_run, true) {
            self.warn_of_hidden(source)?;
        }
        Ok(())
    }

    /// The next piece of `start..to`.
    pub(super) fn piece(&self, start: i64, to: i64) -> Option<Piece> {
        let start = start.max(self.up_at);
        if start >= to {
            return None;
        }
        let piece = self.settings.piece.max(1);
        let end = start
            .div_euclid(piece)
            .saturating_add(1)
            .saturating_mul(piece)
            .min(to);
        let mut restarts = self.settings.restarts.iter();
        let restart = restarts
            .find(|one| one.at >= start && one.at < end)
            .copied();
        Some(Piece {
            start,
            end: restart.map_or(end, |restart| restart.at),
            restart,
        })
    }

    /// Evaluates a piece; returns what happened, in the order of time.
    pub(super) fn run_piece(
        &mut self,
        piece: Piece,
        source: &mut dyn SampleSource,
        beside: Option<Beside<'_>>,
    ) -> Result<Vec<Event>, SourceError> {
        self.tidy(piece.start);
        let mut work = Work {
            source,
            beside,
            shelf: Shelf::new(&self.shares),
            events: Vec::new(),
        };
        for part in 0..self.parts.len() {
            let first = self.place(self.parts[part].rules[0]);
            if self.left_out[first] {
                continue;
            }
            if self.parts[part].step_by_step {
                self.run_by_step(part, piece, &mut work)?;
            } else {
                let run = &self.rules[first];
                let slots = slots(run.clock, run.phase, piece.start, piece.end);
                self.run_at_once(first, slots, &mut work)?;
            }
        }
        let mut events = work.events;
        events.sort_by_key(|event| (event.ts, event.rule));
        for event in &mut events {
            self.annotate(event, source, beside);
        }
        if let Some(restart) = piece.restart {
            events.extend(self.stop(restart));
        }
        Ok(events)
    }

    fn place(&self, rule: RuleId) -> usize {
        self.firsts[rule.group] + rule.rule
    }

    /// Warns of metrics in history that rules write too, where some rule reads them.
    fn warn_of_hidden(&mut self, source: &mut dyn SampleSource) -> Result<(), SourceError> {
        for output in &self.outputs {
            if !self.rules.iter().any(|run| run.may_read(output)) {
                continue;
            }
            let named = Matcher::new(
                METRIC_NAME,
                MatchKind::Equal,
                output,
                self.settings.options.version,
            )?;
            if source.count_series(&[named])? > 0 {
                self.warnings.push(Warning::new(
                    "hidden-metric",
                    format!(
                        "{output} is in the history and written by a rule: what the rule writes is read"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Forgets what no query can reach any more.
    fn tidy(&mut self, start: i64) {
        let due = self.trimmed.saturating_add(self.settings.piece) <= start;
        if !due {
            return;
        }
        self.trimmed = start;
        for run in &mut self.rules {
            if let Body::Alerting(alerting) = &mut run.body {
                alerting.state.compact();
                alerting.keys.clear();
                alerting.series.clear();
            }
        }
        if self.settings.keep {
            return;
        }
        let mut pinned: Vec<Handle> = self.rules.iter().flat_map(|run| run.previous()).collect();
        pinned.sort_unstable();
        let moved = self.derived.trim(start.saturating_sub(self.reach), &pinned);
        for run in &mut self.rules {
            run.move_handles(&moved);
        }
    }

    /// Evaluates one rule for many slots at once.
    fn run_at_once(
        &mut self,
        rule: usize,
        slots: Steps,
        work: &mut Work<'_>,
    ) -> Result<(), SourceError> {
        let size = self.size(rule, &mut work.reader())?;
        let run = &self.rules[rule];
        let window = (run.reach.0 / slots.step.max(1)) as usize;
        let query_offset = run.query_offset;
        let mut parts = Parts::new(slots, (MOST_VALUES / size).max(window));
        while let Some(part) = parts.part() {
            let steps = Steps {
                start: part.start.saturating_sub(query_offset),
                ..part
            };
            match self.answer(rule, steps, work) {
                Ok(series) => {
                    parts.succeeded();
                    let mut reader = Reader {
                        source: work.source,
                        until: None,
                        cache: None,
                        beside: work.beside,
                    };
                    self.take(rule, part, &series, &mut reader, &mut work.events);
                }
                Err(Failure::Source(error)) => return Err(error),
                Err(Failure::Rule { text, at }) => {
                    let at =
                        at.map(|at| (at.saturating_sub(steps.start) / part.step.max(1)) as usize);
                    if parts.failed(at) {
                        self.fail(rule, part.start, &text);
                    }
                }
            }
        }
        if let Some(share) = &self.rules[rule].share {
            work.shelf.done(share.key);
        }
        Ok(())
    }

    /// How many series the selectors of a rule find, and one.
    fn size(&mut self, rule: usize, reader: &mut Reader<'_>) -> Result<usize, SourceError> {
        if let Some(size) = self.rules[rule].size {
            return Ok(size);
        }
        let mut size = 1;
        let mut overlay = reader.over(&self.derived, &self.outputs);
        for selector in self.rules[rule].rule.query.selectors() {
            size += overlay.count_series(&selector.matchers)?;
        }
        self.rules[rule].size = Some(size);
        Ok(size)
    }

    /// A rule's query at some steps; what it shares with others is evaluated once.
    fn answer(
        &self,
        rule: usize,
        steps: Steps,
        work: &mut Work<'_>,
    ) -> Result<Vec<Series>, Failure> {
        let run = &self.rules[rule];
        let Some(share) = &run.share else {
            return self.query(&run.rule.query, steps, &mut work.reader());
        };
        let mut reader = Reader {
            source: work.source,
            until: None,
            cache: None,
            beside: work.beside,
        };
        let query = share.query(&run.rule.query);
        let shared = work
            .shelf
            .answer(share.key, steps, || self.query(query, steps, &mut reader));
        let shared = shared.map_err(Failure::Source)?;
        share.own(&shared, &self.settings.options)
    }

    /// Evaluates the rules of a part one slot at a time.
    fn run_by_step(
        &mut self,
        part: usize,
        piece: Piece,
        work: &mut Work<'_>,
    ) -> Result<(), SourceError> {
        let rules: Vec<usize> = self.parts[part]
            .rules
            .iter()
            .map(|id| self.place(*id))
            .collect();
        let mut next: Vec<Steps> = rules
            .iter()
            .map(|rule| {
                let run = &self.rules[*rule];
                slots(run.clock, run.phase, piece.start, piece.end)
            })
            .collect();
        let (mut back, mut ahead, mut block) = (0, 0, 0);
        for rule in &rules {
            let run = &self.rules[*rule];
            back = back.max(run.reach.0.saturating_add(run.query_offset));
            ahead = ahead.max(run.reach.1);
            block = block.max(run.clock.saturating_mul(CACHED_SLOTS));
        }
        let mut cache = Cache::default();
        let mut cached_to = i64::MIN;
        loop {
            let due = next.iter().filter(|slots| slots.len > 0);
            let Some(ts) = due.map(|slots| slots.start).min() else {
                return Ok(());
            };
            if ts >= cached_to {
                cached_to = ts.saturating_add(block).min(piece.end);
                cache.move_to(
                    ts.saturating_sub(back).saturating_sub(1),
                    cached_to.saturating_add(ahead),
                );
            }
            for (rule, slots) in rules.iter().zip(&mut next) {
                if slots.len == 0 || slots.start != ts {
                    continue;
                }
                slots.start = slots.start.saturating_add(slots.step);
                slots.len -= 1;
                let run = &self.rules[*rule];
                let steps = Steps::instant(ts.saturating_sub(run.query_offset));
                let mut reader = Reader {
                    source: work.source,
                    until: Some(ts),
                    cache: Some(&mut cache),
                    beside: work.beside,
                };
                match self.query(&run.rule.query, steps, &mut reader) {
                    Ok(series) => {
                        let slot = Steps::instant(ts);
                        self.take(*rule, slot, &series, &mut reader, &mut work.events);
                    }
                    Err(Failure::Source(error)) => return Err(error),
                    Err(Failure::Rule { text, .. }) => self.fail(*rule, ts, &text),
                }
            }
        }
    }

    fn query(
        &self,
        query: &Query,
        steps: Steps,
        reader: &mut Reader<'_>,
    ) -> Result<Vec<Series>, Failure> {
        let mut overlay = reader.over(&self.derived, &self.outputs);
        columns(query, steps, &mut overlay, &self.settings.options)
    }

    /// Notes an evaluation whose query failed: the state stays, and nothing is written.
    fn fail(&mut self, rule: usize, ts: i64, text: &str) {
        let run = &mut self.rules[rule];
        run.report.evaluations += 1;
        run.report.errors.add(ts, text);
        if let Body::Alerting(alerting) = &mut run.body {
            let derived = run.is_stored.then_some(&self.derived);
            alerting.evaluated(ts, derived);
        }
    }

    /// Takes the results of some slots of a rule.
    fn take(
        &mut self,
        rule: usize,
        slots: Steps,
        results: &[Series],
        reader: &mut Reader<'_>,
        events: &mut Vec<Event>,
    ) {
        let run = &mut self.rules[rule];
        let fixed = Fixed {
            id: run.id,
            rule: run.rule,
            limit: run.limit,
            interval: run.interval,
            query_offset: run.query_offset,
            resend_delay: self.settings.resend_delay,
        };
        let resolved = match &mut run.body {
            Body::Recording(_) => None,
            Body::Alerting(alerting) => {
                let mut overlay = reader.over(&self.derived, &self.outputs);
                let surroundings = surroundings(&self.settings);
                Some(alerting.resolve(run.rule, slots, results, surroundings, &mut overlay))
            }
        };
        let mut out = Out {
            derived: run.is_stored.then_some(&mut self.derived),
            report: &mut run.report,
            events,
        };
        match (&mut run.body, resolved) {
            (Body::Alerting(alerting), Some(resolved)) => {
                alerting.step_all(fixed, slots, results, &resolved, &mut out);
            }
            (Body::Recording(recording), _) => recording.write(fixed, slots, results, &mut out),
            (Body::Alerting(_), None) => {}
        }
    }

    /// Renders the annotations of an alert that begins to fire, if they were asked for.
    fn annotate(
        &self,
        event: &mut Event,
        source: &mut dyn SampleSource,
        beside: Option<Beside<'_>>,
    ) {
        if let EventKind::Transition(transition) = &event.kind
            && transition.change == Change::Firing
            && self.settings.annotations
        {
            let alert = &transition.alert;
            let at = At {
                element: &alert.element,
                value: alert.value,
                ts: event.ts,
            };
            event.annotations = self.annotations_at(event.rule, at, source, beside);
        }
    }
}

impl RuleRun<'_> {
    /// Whether the expression or a template may read a metric.
    fn may_read(&self, metric: &str) -> bool {
        let selectors = self.rule.query.selectors();
        let in_templates = match &self.body {
            Body::Recording(_) => false,
            Body::Alerting(one) => one.labels.mention(metric) || one.annotations.mention(metric),
        };
        in_templates || selectors.iter().any(|one| names(&one.matchers, metric))
    }

    /// The series of its last good evaluation.
    fn previous(&self) -> impl Iterator<Item = Handle> {
        match &self.body {
            Body::Recording(recording) => recording.previous.iter().copied(),
            Body::Alerting(alerting) => alerting.previous.iter().copied(),
        }
    }

    fn move_handles(&mut self, moved: &HashMap<Handle, Handle>) {
        let previous = match &mut self.body {
            Body::Recording(recording) => {
                recording.handles.clear();
                &mut recording.previous
            }
            Body::Alerting(alerting) => {
                alerting.series.clear();
                &mut alerting.previous
            }
        };
        *previous = previous
            .iter()
            .filter_map(|handle| moved.get(handle).copied())
            .collect();
        previous.sort_unstable();
    }
}
