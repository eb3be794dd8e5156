//! Which notification of one run is which of the other.
//!
//! A notification tells of the alerts that its integration had not told of
//! before (a page: of those nobody was paged for before the range; another one: of those that
//! nobody heard of before it), or, if there are none, reminds of all that fire in it. Two match that go
//! to the same receiver (if only one run has routes: to anybody), that
//! are both news or both reminders, and that tell of the same; in rounds:
//!
//! 1. of the same alerts, of at least one same alert, of at least one alert with the same
//!    `alertname` and the same labels as far as both runs know them; each where the alerts' times overlap
//!    (so that a longer `for` makes a page later, by however much);
//! 2. the same three, not more than an hour apart.
//!
//! In a round the nearest in time are matched first ([`super::pairing`]). An
//! alert is the same if the matched rule made it from an element with the same
//! labels: what the rule's own `labels` add may change. A renamed rule has one name.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::pairing::{Pairing, Point, Reach};
use super::{ChangedPage, PageChange, RuleChange};
use crate::alert::backtest::{Notified, Run};
use crate::model::{Labels, METRIC_NAME};

/// What became of the notifications.
pub(super) struct Pages {
    pub(super) changes: Vec<ChangedPage>,
    pub(super) unchanged: usize,
}

/// What of the runs' alerts is the same; the base comes first.
pub(super) struct Classes {
    /// For each rule its place in the comparison.
    rules: [Vec<usize>; 2],
    /// For each episode a number that the same alerts have.
    same: [Vec<u32>; 2],
    /// For each episode a number of its name and of the labels that both runs know.
    alike: [Vec<u32>; 2],
}

/// Numbers keys in the order in which they come.
struct Numbers<K>(HashMap<K, u32>);

impl<K: Hash + Eq> Numbers<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn of(&mut self, key: K) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(key).or_insert(next)
    }
}

impl Classes {
    pub(super) fn new(changes: &[RuleChange], base: &Run, new: &Run) -> Self {
        let runs = [base, new];
        let mut rules = runs.map(|run| vec![usize::MAX; run.rules.len()]);
        for (at, change) in changes.iter().enumerate() {
            for (side, rule) in [change.base, change.new].into_iter().enumerate() {
                if let Some(rule) = rule {
                    rules[side][rule] = at;
                }
            }
        }
        let mut numbers = Numbers::new();
        let same = [0, 1].map(|side| {
            let episodes = runs[side].episodes.iter();
            episodes
                .map(|e| numbers.of((rules[side][e.rule], &e.element)))
                .collect()
        });
        let name = |side: usize, rule: usize| changes[rules[side][rule]].name.as_str();
        let known = [0, 1].map(|side| {
            let mut known: HashMap<&str, BTreeSet<&str>> = HashMap::new();
            // Most episodes of a rule have the same names: look at each label set once.
            let mut seen = HashSet::new();
            for (episode, same) in runs[side].episodes.iter().zip::<&Vec<u32>>(&same[side]) {
                if seen.insert(*same) {
                    let known = known.entry(name(side, episode.rule)).or_default();
                    known.extend(episode.element.without_name().map(|(label, _)| label));
                }
            }
            known
        });
        let mut numbers = Numbers::new();
        let mut alike_of: HashMap<u32, u32> = HashMap::new();
        let alike = [0, 1].map(|side| {
            let episodes = runs[side].episodes.iter().zip::<&Vec<u32>>(&same[side]);
            episodes
                .map(|(episode, same)| {
                    *alike_of.entry(*same).or_insert_with(|| {
                        let name = name(side, episode.rule);
                        let is_known = |label: &str| {
                            label != METRIC_NAME
                                && known.iter().all(|k| {
                                    k.get(name).is_some_and(|labels| labels.contains(label))
                                })
                        };
                        numbers.of((name, episode.element.filtered(is_known)))
                    })
                })
                .collect()
        });
        Self { rules, same, alike }
    }
}

/// A notification and what it tells of.
struct Page<'r> {
    notification: usize,
    ts: i64,
    receiver: &'r Arc<str>,
    is_reminder: bool,
    /// Episodes.
    tells: Vec<usize>,
}

fn pages<'r>(run: &'r Run, is_meant: &dyn Fn(&Notified) -> bool) -> Vec<Page<'r>> {
    let mut integrations = Numbers::new();
    let mut told: HashSet<(u32, usize)> = HashSet::new();
    let mut pages = Vec::new();
    for (at, notified) in run.notifications.iter().enumerate() {
        let notification = &notified.notification;
        let integration = integrations.of((
            &notification.receiver,
            &notification.integration,
            notification.index,
        ));
        // What was told before the range is not among the run's notifications.
        let is_old = |episode: usize| {
            let episode = &run.episodes[episode];
            let first = match notified.is_page {
                true => episode.first_page_at,
                false => episode.first_notification_at,
            };
            first.is_some_and(|at| at < run.range.start)
        };
        let firing = notified.firing.iter().copied();
        let news: Vec<usize> = firing
            .filter(|e| told.insert((integration, *e)) && !is_old(*e))
            .collect();
        if is_meant(notified) {
            let is_reminder = news.is_empty();
            pages.push(Page {
                notification: at,
                ts: notification.ts,
                receiver: &notification.receiver,
                is_reminder,
                tells: if is_reminder {
                    notified.firing.clone()
                } else {
                    news
                },
            });
        }
    }
    pages
}

impl Page<'_> {
    /// From the first of its episodes' beginnings to the last of their ends.
    fn point(&self, run: &Run) -> Point {
        let episodes = || self.tells.iter().map(|e| &run.episodes[*e]);
        let start = episodes().map(|e| e.active_at).min().unwrap_or(self.ts);
        let end = episodes().map(|e| e.ended_at.unwrap_or(i64::MAX)).max();
        Point {
            ts: self.ts,
            span: (start.min(self.ts), end.unwrap_or(self.ts).max(self.ts)),
        }
    }
}

/// Matches the notifications that are meant.
pub(super) fn compare(
    classes: &Classes,
    base: &Run,
    new: &Run,
    is_meant: impl Fn(&Notified) -> bool,
) -> Pages {
    let runs = [base, new];
    let pages = runs.map(|run| pages(run, &is_meant));
    let to_anybody = base.has_routes != new.has_routes;
    let receiver = |page: &Page<'_>| (!to_anybody).then(|| page.receiver.clone());
    let mut pairing = Pairing::new([0, 1].map(|side| {
        pages[side]
            .iter()
            .map(|page| page.point(runs[side]))
            .collect()
    }));
    for reach in [Reach::Overlap, Reach::Near] {
        let mut sets = Numbers::new();
        let set = |side: usize, at: usize| {
            let page: &Page<'_> = &pages[side][at];
            let mut same: Vec<u32> = page.tells.iter().map(|e| classes.same[side][*e]).collect();
            same.sort_unstable();
            same.dedup();
            vec![sets.of((receiver(page), page.is_reminder, same))]
        };
        pairing.round(set, reach);
        for numbers in [&classes.same, &classes.alike] {
            let mut items = Numbers::new();
            let each = |side: usize, at: usize| {
                let page: &Page<'_> = &pages[side][at];
                let episodes = page.tells.iter().map(|e| numbers[side][*e]);
                episodes
                    .map(|number| items.of((receiver(page), page.is_reminder, number)))
                    .collect()
            };
            pairing.round(each, reach);
        }
    }
    changes(classes, runs, &pages, &pairing)
}

fn changes(
    classes: &Classes,
    runs: [&Run; 2],
    pages: &[Vec<Page<'_>>; 2],
    pairing: &Pairing,
) -> Pages {
    let mut unchanged = 0;
    let mut changes = Vec::new();
    let describe = |side: usize, page: &Page<'_>, change, shift| {
        let episodes = || page.tells.iter().map(|e| &runs[side].episodes[*e]);
        let rules: BTreeSet<usize> = episodes().map(|e| classes.rules[side][e.rule]).collect();
        let labels: BTreeSet<Arc<Labels>> = episodes().map(|e| e.labels.clone()).collect();
        let notification = Some(page.notification);
        ChangedPage {
            change,
            base: notification.filter(|_| side == 0),
            new: notification.filter(|_| side == 1),
            at: page.ts,
            shift,
            receiver: page.receiver.clone(),
            is_reminder: page.is_reminder,
            rules: rules.into_iter().collect(),
            labels: labels.into_iter().collect(),
        }
    };
    for (page, partner) in pages[1].iter().zip(pairing.partners(1)) {
        let before = partner.map(|at| &pages[0][at]);
        let shift = before.map_or(0, |before| page.ts.saturating_sub(before.ts));
        let change = match (before, shift) {
            (None, _) => PageChange::New,
            (_, 0) => {
                unchanged += 1;
                continue;
            }
            (_, ..0) => PageChange::Earlier,
            _ => PageChange::Later,
        };
        changes.push(ChangedPage {
            base: before.map(|before| before.notification),
            ..describe(1, page, change, shift)
        });
    }
    for (at, page) in pages[0].iter().enumerate() {
        if pairing.is_free(0, at) {
            changes.push(describe(0, page, PageChange::Lost, 0));
        }
    }
    changes.sort_by_key(|c| (c.at, c.change, c.base, c.new));
    Pages { changes, unchanged }
}
