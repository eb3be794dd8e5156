//! Two versions of rules beside each other.

use std::collections::HashMap;

use super::beside::Beside;
use super::changes::{Common, common};
use super::observe::{Event, Observer, RuleId};
use super::{Engine, Scheduled, Settings};
use crate::promql::{SampleSource, SourceError};

/// Two versions of rules, evaluated over the same history: what gives the same in both is
/// evaluated once.
///
/// All that is told, and all reports, are those of two engines that run alone.
/// The new rules are all evaluated; of the base those that changed, those that
/// read what a changed one writes, and those that belong together with one of
/// them. These read what the others write from the new rules' series.
#[derive(Debug)]
pub struct Both<'a> {
    base: Engine<'a>,
    new: Engine<'a>,
    common: Common,
    /// The base's rules, by the new ones that stand for them.
    base_of: HashMap<RuleId, RuleId>,
}

impl<'a> Both<'a> {
    /// Prepares two versions; the settings hold for both.
    pub fn new(base: &[Scheduled<'a>], new: &[Scheduled<'a>], settings: &Settings) -> Self {
        let mut base = Engine::new(base, settings.clone());
        let mut new = Engine::new(new, settings.clone());
        let common = common(&base, &new);
        let mut base_of = HashMap::new();
        for (old, one) in &common.pairs {
            base.left_out[*old] = true;
            new.rules[*one].is_stored |= base.rules[*old].is_stored;
            base_of.insert(new.rules[*one].id, base.rules[*old].id);
        }
        new.reach = new.reach.max(base.reach);
        Self {
            base,
            new,
            common,
            base_of,
        }
    }

    /// How many of the base's rules are not evaluated for themselves.
    pub fn shared(&self) -> usize {
        self.common.pairs.len()
    }

    /// Evaluates both versions like [`Engine::run`]; each observer is told what its version does.
    pub fn run(
        &mut self,
        source: &mut dyn SampleSource,
        from: i64,
        to: i64,
        base: &mut dyn Observer,
        new: &mut dyn Observer,
    ) -> Result<(), SourceError> {
        self.base.begin(source)?;
        self.new.begin(source)?;
        let mut start = from;
        while let Some(piece) = self.new.piece(start, to) {
            let of_new = self.new.run_piece(piece, source, None)?;
            let beside = Beside {
                derived: &self.new.derived,
                outputs: &self.common.outputs,
            };
            let mut of_base = self.base.run_piece(piece, source, Some(beside))?;
            of_base.extend(of_new.iter().filter_map(|event| {
                Some(Event {
                    rule: *self.base_of.get(&event.rule)?,
                    ..event.clone()
                })
            }));
            of_base.sort_by_key(|event| (event.ts, event.rule));
            of_base.into_iter().for_each(|event| base.event(event));
            of_new.into_iter().for_each(|event| new.event(event));
            start = piece.next();
        }
        for (old, one) in &self.common.pairs {
            let report = &mut self.base.rules[*old].report;
            let step_by_step = report.step_by_step;
            report.clone_from(&self.new.rules[*one].report);
            report.step_by_step = step_by_step;
        }
        Ok(())
    }

    /// The base, with all reports; it holds neither the alerts nor the series of rules that give
    /// the same in both.
    pub fn base(&self) -> &Engine<'a> {
        &self.base
    }

    /// The new rules.
    pub fn new_rules(&self) -> &Engine<'a> {
        &self.new
    }
}
