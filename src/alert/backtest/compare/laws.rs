//! Laws that hold for any two runs.

use proptest::prelude::*;

use super::fixture::{episode, notify, page, rule, run, verdict};
use super::*;

/// Episodes (rule, instance, beginning, length) and notifications (after, receiver, of how many).
type Drawn = Vec<((usize, usize, i64, i64), (i64, usize, usize))>;

fn drawn() -> impl Strategy<Value = Drawn> {
    let episode = (0..2_usize, 0..3_usize, 0..300_i64, 1..90_i64);
    let notification = (0..40_i64, 0..3_usize, 1..4_usize);
    prop::collection::vec((episode, notification), 0..40)
}

fn made(drawn: &Drawn, last: &str) -> Run {
    let mut run = run(vec![rule("A", "x"), rule(last, "y")]);
    let mut notes = Vec::new();
    for ((rule, instance, from, length), (after, receiver, many)) in drawn {
        let element = format!("instance=i{instance}");
        let at = episode(&mut run, *rule, &element, [*from, from + length]);
        notes.push((
            from + after.min(length),
            ["pager", "pager-b", "slack"][*receiver],
            at,
            *many,
        ));
    }
    notes.sort_unstable();
    for (minute, receiver, episode, many) in notes {
        let firing: Vec<usize> = (episode.saturating_sub(many - 1)..=episode).collect();
        notify(&mut run, minute, receiver, &firing);
    }
    run
}

fn pairs_of(changes: &[ChangedPage]) -> Vec<(PageChange, Option<usize>, Option<usize>, i64)> {
    let line = |c: &ChangedPage| (c.change, c.base, c.new, c.shift);
    let mut lines: Vec<_> = changes.iter().map(line).collect();
    lines.sort_unstable();
    lines
}

proptest! {
    #[test]
    fn a_run_does_not_differ_from_itself(drawn in drawn()) {
        let run = made(&drawn, "B");
        let verdict = verdict(&run);
        let comparison = compare((&run, &verdict), (&run, &verdict));
        prop_assert!(comparison.is_same());
        prop_assert_eq!(comparison.unchanged, verdict.totals.pages);
        prop_assert!(comparison.rules.iter().all(|r| r.change == RuleChangeKind::Unchanged));
    }

    #[test]
    fn new_and_lost_swap_with_the_sides(a in drawn(), b in drawn()) {
        let (base, new) = (made(&a, "B"), made(&b, "C"));
        let (base_verdict, new_verdict) = (verdict(&base), verdict(&new));
        let there = compare((&base, &base_verdict), (&new, &new_verdict));
        let back = compare((&new, &new_verdict), (&base, &base_verdict));
        let swapped: Vec<ChangedPage> = back.changes.iter().cloned().map(|c| ChangedPage {
            change: match c.change {
                PageChange::New => PageChange::Lost,
                PageChange::Lost => PageChange::New,
                PageChange::Earlier => PageChange::Later,
                PageChange::Later => PageChange::Earlier,
            },
            base: c.new,
            new: c.base,
            shift: -c.shift,
            ..c
        }).collect();
        prop_assert_eq!(pairs_of(&there.changes), pairs_of(&swapped));
        prop_assert_eq!(there.unchanged, back.unchanged);
        // Each page is accounted for once.
        let count = |change| there.pages(change);
        let both = there.unchanged + count(PageChange::Earlier) + count(PageChange::Later);
        prop_assert_eq!(both + count(PageChange::Lost), base_verdict.totals.pages);
        prop_assert_eq!(both + count(PageChange::New), new_verdict.totals.pages);
    }
}

#[test]
fn a_hundred_thousand_pages_are_compared_at_once() {
    let (mut base, mut new) = (run(vec![rule("A", "x")]), run(vec![rule("A", "x")]));
    for i in 0..100_000_i64 {
        // A thousand alerts at each instant, all with other labels on the new side.
        page(
            &mut base,
            0,
            &format!("instance=i{}", i % 1000),
            i / 1000 * 120,
        );
        page(
            &mut new,
            0,
            &format!("pod=p{}", i % 1000),
            i / 1000 * 120 + 3,
        );
    }
    let comparison = compare((&base, &verdict(&base)), (&new, &verdict(&new)));
    assert_eq!(comparison.pages(PageChange::Later), 100_000);
}
