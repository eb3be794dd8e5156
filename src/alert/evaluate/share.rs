//! Expressions that several rules have: evaluated once for each piece of time.
//!
//! Rules share what they compare where they differ only in the number of their
//! outermost comparison, or not at all, and are evaluated at the same slots.
//! Only rules that are evaluated for many slots at once do: all that their
//! expression reads has then been written before the first of them, and nothing
//! that is written between two of them is read by either (it would lie on a
//! circle with both, and they would be evaluated slot by slot).

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::columns::Failure;
use super::plan::Part;
use super::run::MOST_VALUES;
use super::{RuleRun, Settings};
use crate::promql::{Options, Query, Series, SourceError, Steps, Threshold};

/// What a rule shares with others.
#[derive(Debug)]
pub(super) struct Share {
    /// Which of the shared expressions.
    pub(super) key: usize,
    /// The comparison, where not the whole expression is shared.
    pub(super) threshold: Option<Threshold>,
}

impl Share {
    /// The expression that is shared.
    pub(super) fn query<'q>(&'q self, whole: &'q Query) -> &'q Query {
        self.threshold.as_ref().map_or(whole, |one| &one.query)
    }

    /// What the rule's own expression gives.
    pub(super) fn own(&self, shared: &Answer, options: &Options) -> Result<Vec<Series>, Failure> {
        match (shared, &self.threshold) {
            (Ok(series), Some(threshold)) => Ok(threshold.apply(series, options)),
            (Ok(series), None) => Ok(series.clone()),
            (Err((text, at)), _) => Err(Failure::Rule {
                text: text.clone(),
                at: *at,
            }),
        }
    }
}

/// What a shared expression gave at some slots: columns, or why the rules fail and where.
pub(super) type Answer = Result<Vec<Series>, (String, Option<i64>)>;

/// An expression's text; the distance, the phase and the query offset of its slots.
type Key = (String, [i64; 3]);

/// Finds what rules share; returns how many share each expression.
pub(super) fn find(
    rules: &mut [RuleRun<'_>],
    parts: &[Part],
    firsts: &[usize],
    settings: &Settings,
) -> Vec<usize> {
    let mut users: BTreeMap<Key, Vec<(usize, Option<Threshold>)>> = BTreeMap::new();
    for part in parts.iter().filter(|part| !part.step_by_step) {
        for id in &part.rules {
            let place = firsts[id.group] + id.rule;
            let run = &rules[place];
            let threshold = run.rule.query.threshold(&settings.options);
            let text = match &threshold {
                Some(threshold) => &threshold.query.text,
                None => &run.rule.query.text,
            };
            let key = (
                text.trim().to_owned(),
                [run.clock, run.phase, run.query_offset],
            );
            users.entry(key).or_default().push((place, threshold));
        }
    }
    let mut counts = Vec::new();
    for same in users.into_values().filter(|same| same.len() > 1) {
        let key = counts.len();
        counts.push(same.len());
        for (place, threshold) in same {
            rules[place].share = Some(Share { key, threshold });
        }
    }
    counts
}

/// What was evaluated in the current piece of time and is needed again.
#[derive(Debug)]
pub(super) struct Shelf {
    /// How many rules are still to ask for each expression.
    left: Vec<usize>,
    /// By expression, first slot and count of slots.
    answers: HashMap<(usize, i64, usize), Rc<Answer>>,
    /// How many values lie here.
    values: usize,
}

impl Shelf {
    pub(super) fn new(users: &[usize]) -> Self {
        Self {
            left: users.to_vec(),
            answers: HashMap::new(),
            values: 0,
        }
    }

    /// What an expression gives at some slots; evaluated unless it lies here.
    pub(super) fn answer(
        &mut self,
        key: usize,
        steps: Steps,
        evaluate: impl FnOnce() -> Result<Vec<Series>, Failure>,
    ) -> Result<Rc<Answer>, SourceError> {
        let place = (key, steps.start, steps.len);
        if let Some(found) = self.answers.get(&place) {
            return Ok(Rc::clone(found));
        }
        let answer = match evaluate() {
            Ok(series) => Ok(series),
            Err(Failure::Rule { text, at }) => Err((text, at)),
            Err(Failure::Source(error)) => return Err(error),
        };
        let answer = Rc::new(answer);
        let size = size(&answer);
        if self.left[key] > 1 && self.values + size <= MOST_VALUES {
            self.values += size;
            self.answers.insert(place, Rc::clone(&answer));
        }
        Ok(answer)
    }

    /// A rule has asked for all slots of the piece; after the last one its expression is forgotten.
    pub(super) fn done(&mut self, key: usize) {
        self.left[key] = self.left[key].saturating_sub(1);
        if self.left[key] == 0 {
            let values = &mut self.values;
            self.answers.retain(|(other, ..), answer| {
                let stays = *other != key;
                *values -= if stays { 0 } else { size(answer) };
                stays
            });
        }
    }
}

fn size(answer: &Answer) -> usize {
    let values = answer.iter().flatten().map(|one| one.values.len());
    values.sum::<usize>() + 1
}
