use proptest::prelude::*;

use super::*;
use crate::alert::backtest::judge::{Judging, judge};
use crate::alert::backtest::{Calendar, EpisodeVerdict, LinkBy, Links};

const VALUES: [&str; 4] = ["a", "b", "A:80", "x,a"];
const NAMES: [&str; 4] = ["service", "job", "instance", "team"];

fn any_labels() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    prop::collection::btree_map(0..NAMES.len(), 0..VALUES.len(), 0..3).prop_map(|map| {
        map.into_iter()
            .map(|(n, v)| (NAMES[n], VALUES[v]))
            .collect()
    })
}

/// A time near the range, or any.
fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => (-2 * 24 * 60..30_i64 * 24 * 60).prop_map(|minutes| MONDAY + minutes * MINUTE),
        1 => any::<i64>(),
    ]
}

fn any_case() -> impl Strategy<Value = (Run, Vec<Incident>, Vec<Window>)> {
    let episode = (0_usize..3, any_labels(), any_time(), 0..10 * HOUR, 0_u8..5);
    let notification = (
        any_time(),
        prop::collection::vec(0_usize..20, 0..4),
        any::<bool>(),
    );
    let span = || (any_time(), 0..DAY, any_labels(), any::<bool>());
    (
        prop::collection::vec(episode, 0..20),
        prop::collection::vec(notification, 0..20),
        prop::collection::vec(span(), 0..6),
        prop::collection::vec(span(), 0..3),
        any::<bool>(),
    )
        .prop_map(
            |(episodes, notifications, incidents, windows, has_routes)| {
                let mut made = Made {
                    has_routes,
                    ..Made::default()
                };
                for name in ["A", "B", "A"] {
                    let rule = made.rule(name, "a > 1");
                    made.rules[rule].info.hold = 0;
                }
                for (rule, labels, from, length, kind) in episodes {
                    let to = from.saturating_add(length);
                    let index = made.pending(rule, &labels, from, to);
                    let episode = &mut made.episodes[index];
                    if kind > 0 {
                        episode.fired_at = Some(from);
                        episode.end = EpisodeEnd::Resolved;
                    }
                    if kind > 3 {
                        episode.fired_at = None;
                    }
                    if kind > 2 {
                        episode.ended_at = None;
                        episode.end = EpisodeEnd::Open;
                    }
                }
                for (ts, mut about, is_page) in notifications {
                    about.retain(|&one| made.episodes.get(one).is_some_and(Episode::fired));
                    about.sort_unstable();
                    about.dedup();
                    match is_page && !about.is_empty() {
                        true => made.page(ts, &about),
                        false => made.notify(ts, &about, &[], Reason::Repeat),
                    };
                }
                let incidents = incidents
                    .into_iter()
                    .map(|(from, length, labels, is_open)| Incident {
                        ended_at: (!is_open).then(|| from.saturating_add(length - HOUR)),
                        ..incident("I", from, from, &labels)
                    });
                let windows = windows.into_iter().map(|(from, length, labels, _)| {
                    window(from, from.saturating_add(length - HOUR), &labels)
                });
                (made.run(), incidents.collect(), windows.collect())
            },
        )
}

proptest! {
    #[test]
    fn sums_agree((run, incidents, windows) in any_case(), by_time: bool, zone in 0..chrono_tz::TZ_VARIANTS.len()) {
        let by = if by_time { LinkBy::Time } else { LinkBy::default() };
        let judging = Judging {
            links: Links { by, ..Links::default() },
            calendar: Calendar { tz: chrono_tz::TZ_VARIANTS[zone], ..Calendar::default() },
            ..Judging::default()
        };
        let verdict = judge(&run, &incidents, &windows, &judging);
        let totals = &verdict.totals;
        let sum = |of: fn(&crate::alert::backtest::RuleVerdict) -> usize| verdict.rules.iter().map(of).sum::<usize>();

        prop_assert_eq!(verdict.episodes.len(), run.episodes.len());
        prop_assert_eq!(sum(|one| one.episodes), totals.episodes);
        let undecided = verdict.episodes.iter().filter(|one| **one == EpisodeVerdict::Undecided);
        let all = sum(|one| one.episodes + one.near_misses) + undecided.count();
        prop_assert_eq!(all, run.episodes.len());
        prop_assert_eq!(sum(|one| one.precision.hits), totals.precision.hits);
        prop_assert_eq!(sum(|one| one.precision.trials), totals.precision.trials);
        prop_assert!(sum(|one| one.pages) >= totals.pages);
        prop_assert!(sum(|one| one.notifications) >= totals.notifications);
        prop_assert!(totals.pages_worst_week <= totals.pages);
        // 28 days touch five weeks of any zone at most, plus pages at odd times.
        prop_assert!(totals.pages == 0 || totals.pages_worst_week >= 1);
        prop_assert!(totals.recall.hits <= totals.recall.trials);
        prop_assert!(totals.page_recall.hits <= totals.recall.hits);
        prop_assert!((0.0..=1.0).contains(&totals.incident_time));
        let paged = totals.page_recall;
        let is_half = paged.hits > 0 && paged.hits * 2 >= paged.trials;
        prop_assert_eq!(totals.delay_of_all.is_some(), is_half);
        // The more are left out, the later.
        prop_assert!(totals.delay_of_all >= totals.median_delay || paged.hits == paged.trials || !is_half);
        for proportion in [totals.precision, totals.page_precision, totals.recall] {
            let share = proportion.hits as f64 / proportion.trials as f64;
            let holds = proportion.lower <= share + 1e-12 && share <= proportion.upper + 1e-12;
            prop_assert!(proportion.trials == 0 || holds);
        }
        for one in &verdict.rules {
            prop_assert!(one.pages <= one.notifications);
            prop_assert!(one.pages_night <= one.pages && one.pages_weekend <= one.pages);
            prop_assert!(one.by_reason.iter().sum::<usize>() >= one.notifications);
            prop_assert!(one.most_at_once <= one.episodes);
            prop_assert!(one.firing_time + one.longest_quiet <= 28 * DAY);
            prop_assert!(one.alone.iter().all(|incident| one.incidents.contains(incident)));
            prop_assert!(one.flaps <= one.episodes);
        }
        // Each incident's episodes are those that say they belong to it.
        for met in &verdict.incidents {
            for &episode in &met.episodes {
                prop_assert_eq!(verdict.episodes[episode], EpisodeVerdict::Incident(met.incident));
            }
            for &episode in &met.near_misses {
                prop_assert_eq!(verdict.episodes[episode], EpisodeVerdict::NearMiss);
            }
            let own = verdict.episodes.iter().filter(|one| **one == EpisodeVerdict::Incident(met.incident));
            prop_assert_eq!(own.count(), met.episodes.len());
        }
        for pair in &verdict.co_firing {
            prop_assert!(pair.first < pair.second);
            prop_assert!((0.8..=1.0).contains(&pair.jaccard));
        }
        prop_assert!(verdict.findings.iter().all(|one| !one.sentence.is_empty()));
    }

    #[test]
    fn the_order_of_incidents_does_not_matter((run, mut incidents, windows) in any_case()) {
        incidents.sort_by_key(|one| one.started_at);
        // Of two that begin at once, the first in the list is taken.
        incidents.dedup_by_key(|one| one.started_at);
        let judging = Judging::default();
        let forwards = judge(&run, &incidents, &windows, &judging);
        incidents.reverse();
        let backwards = judge(&run, &incidents, &windows, &judging);
        prop_assert_eq!(forwards.totals.recall.hits, backwards.totals.recall.hits);
        prop_assert_eq!(forwards.totals.precision.hits, backwards.totals.precision.hits);
        prop_assert_eq!(forwards.totals.incident_time, backwards.totals.incident_time);
        prop_assert_eq!(forwards.incidents.len(), backwards.incidents.len());
        for (one, other) in forwards.incidents.iter().zip(&backwards.incidents) {
            prop_assert_eq!(one.incident, incidents.len() - 1 - other.incident);
            prop_assert_eq!(&one.episodes, &other.episodes);
        }
    }
}
