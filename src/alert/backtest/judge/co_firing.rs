//! Rules that fire together.

use super::spans::{self, Span};
use super::{Judging, firing};
use crate::alert::backtest::{CoFiring, Run};

/// A rule that fires now and then.
struct Firing {
    rule: usize,
    spans: Vec<Span>,
    total: i64,
}

/// Pairs of rules whose likeness is [`Judging::co_firing`] or more, the most alike first.
///
/// Rules that fire always are left out: they would be like each other for no reason.
pub(super) fn pairs(run: &Run, judging: &Judging) -> Vec<CoFiring> {
    let mut spans = vec![Vec::new(); run.rules.len()];
    for episode in &run.episodes {
        if let Some(span) = firing(episode, run.range)
            && let Some(of_rule) = spans.get_mut(episode.rule)
        {
            of_rule.push(span);
        }
    }
    let always = judging.always_firing * spans::length((run.range.start, run.range.end)) as f64;
    let mut firing: Vec<Firing> = spans
        .into_iter()
        .enumerate()
        .map(|(rule, spans)| {
            let spans = spans::union(spans);
            let total = spans::total(&spans);
            Firing { rule, spans, total }
        })
        .filter(|one| one.total > 0 && (one.total as f64) < always)
        .collect();
    // Likeness is at most the shorter time over the longer.
    firing.sort_by_key(|one| (one.total, one.rule));
    let mut pairs = Vec::new();
    for (at, shorter) in firing.iter().enumerate() {
        let is_near =
            |other: &&Firing| shorter.total as f64 / other.total as f64 >= judging.co_firing;
        for longer in firing[at + 1..].iter().take_while(is_near) {
            let jaccard = spans::jaccard(&shorter.spans, &longer.spans);
            if jaccard >= judging.co_firing {
                let swap = longer.rule < shorter.rule;
                let (first, second) = if swap {
                    (longer, shorter)
                } else {
                    (shorter, longer)
                };
                pairs.push(CoFiring {
                    first: first.rule,
                    second: second.rule,
                    jaccard,
                    lag: lag(first, second),
                });
            }
        }
    }
    pairs.sort_by(|a, b| {
        let order = b.jaccard.total_cmp(&a.jaccard);
        order.then((a.first, a.second).cmp(&(b.first, b.second)))
    });
    pairs
}

/// The median, over the spans that overlap, of the time from the first's begin to the second's.
fn lag(first: &Firing, second: &Firing) -> i64 {
    let lags = spans::overlaps(&first.spans, &second.spans).map(|(a, b)| b.0.saturating_sub(a.0));
    spans::median(lags.collect()).unwrap_or(0)
}
