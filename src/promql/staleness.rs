//! Infers where a series ended, in history whose stale markers were lost.
//!
//! Exports of Prometheus drop stale markers, and with them the difference
//! between a series that has ended and one whose next sample is late. A series
//! that is silent for longer than four of its usual intervals is taken to have
//! ended one usual interval after its last sample; if that last sample is a NaN,
//! it is taken for the marker itself.
//!
//! The usual interval is the lower median of up to the 16 intervals before the
//! silence, markers aside, so that a changed scrape interval is followed and
//! that the 17 samples before a silence decide alone, however history is cut.
//! Where there are fewer than two, nothing is inferred.

use std::ops::AddAssign;

use crate::model::{is_stale, stale_nan};

/// How many intervals make the usual one.
const MEMORY: usize = 16;
/// How many are needed to speak of a usual one.
const NEEDED: usize = 2;
/// How many usual intervals of silence end a series.
const PATIENCE: u64 = 4;

/// How often a series was taken to have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InferredStaleness {
    /// Ends for which a marker was inserted.
    pub inserted: usize,
    /// NaNs that were read as markers.
    pub nans: usize,
}

impl AddAssign for InferredStaleness {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.nans += other.nans;
    }
}

/// Inserts a stale marker where a series of samples fell silent.
///
/// Times are µs and strictly increasing; they stay so. `known_until` is the time
/// up to which samples would be there if there were any: the silence after the
/// last one reaches at least that far. Doing it twice changes nothing.
pub fn infer_staleness(
    timestamps: &mut Vec<i64>,
    values: &mut Vec<f64>,
    known_until: i64,
) -> InferredStaleness {
    let mut inferred = InferredStaleness::default();
    // No usual interval is shorter than this.
    let Some(shortest) = timestamps
        .windows(2)
        .map(|pair| pair[1].abs_diff(pair[0]))
        .min()
    else {
        return inferred;
    };
    let mut inserted: Vec<(usize, i64)> = Vec::new();
    for last in 0..timestamps.len() {
        let ts = timestamps[last];
        let next = timestamps.get(last + 1).copied().unwrap_or(known_until);
        if next <= ts || next.abs_diff(ts) / PATIENCE < shortest || is_stale(values[last]) {
            continue;
        }
        let Some(usual) = usual_interval(&timestamps[..=last], &values[..=last]) else {
            continue;
        };
        let Some(end) = ts.checked_add_unsigned(usual) else {
            continue;
        };
        if next.abs_diff(ts) <= usual.saturating_mul(PATIENCE) {
            continue;
        }
        if values[last].is_nan() {
            values[last] = stale_nan();
            inferred.nans += 1;
        } else {
            inserted.push((last + 1, end));
        }
    }
    inferred.inserted = inserted.len();
    if !inserted.is_empty() {
        *values = merged(
            values,
            inserted.iter().map(|(place, _)| (*place, stale_nan())),
        );
        *timestamps = merged(timestamps, inserted.into_iter());
    }
    inferred
}

/// Returns the lower median of the intervals between the last samples, markers aside.
fn usual_interval(timestamps: &[i64], values: &[f64]) -> Option<u64> {
    let mut intervals = [0_u64; MEMORY];
    let mut known = 0;
    let mut later: Option<i64> = None;
    for (&ts, &value) in timestamps.iter().zip(values).rev() {
        if is_stale(value) {
            continue;
        }
        if let Some(later) = later {
            intervals[known] = later.abs_diff(ts);
            known += 1;
            if known == MEMORY {
                break;
            }
        }
        later = Some(ts);
    }
    if known < NEEDED {
        return None;
    }
    let (_, median, _) = intervals[..known].select_nth_unstable((known - 1) / 2);
    Some(*median)
}

/// Returns a copy with values inserted before the places given, which rise.
fn merged<T: Copy>(all: &[T], inserted: impl ExactSizeIterator<Item = (usize, T)>) -> Vec<T> {
    let mut merged = Vec::with_capacity(all.len() + inserted.len());
    let mut from = 0;
    for (place, value) in inserted {
        merged.extend_from_slice(&all[from..place]);
        merged.push(value);
        from = place;
    }
    merged.extend_from_slice(&all[from..]);
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    /// Infers on samples at seconds; `S` stands for a marker, `N` for a NaN in what comes out.
    fn infer(samples: &[(i64, f64)], known_until: i64) -> (String, usize, usize) {
        let mut timestamps: Vec<i64> = samples.iter().map(|(t, _)| t * SECOND).collect();
        let mut values: Vec<f64> = samples.iter().map(|(_, v)| *v).collect();
        let inferred = infer_staleness(&mut timestamps, &mut values, known_until * SECOND);
        let text: Vec<String> = timestamps
            .iter()
            .zip(&values)
            .map(|(ts, value)| {
                let mark = match value {
                    v if is_stale(*v) => "S",
                    v if v.is_nan() => "N",
                    _ => "",
                };
                format!("{}{mark}", ts / SECOND)
            })
            .collect();
        (text.join(" "), inferred.inserted, inferred.nans)
    }

    fn ones(times: &[i64]) -> Vec<(i64, f64)> {
        times.iter().map(|t| (*t, 1.0)).collect()
    }

    #[track_caller]
    fn assert_infers(samples: &[(i64, f64)], known_until: i64, text: &str, counts: (usize, usize)) {
        let (got, inserted, nans) = infer(samples, known_until);
        assert_eq!(got, text);
        assert_eq!((inserted, nans), counts);
    }

    #[test]
    fn silence_ends_a_series_after_one_interval() {
        let series = ones(&[0, 15, 30, 105, 120, 135]);
        assert_infers(&series, 150, "0 15 30 45S 105 120 135", (1, 0));
        // Four intervals are not longer than four intervals.
        assert_infers(&ones(&[0, 15, 30, 90, 105]), 165, "0 15 30 90 105", (0, 0));
        assert_infers(&series, 195, "0 15 30 45S 105 120 135", (1, 0));
        assert_infers(&series, 196, "0 15 30 45S 105 120 135 150S", (2, 0));
    }

    #[test]
    fn a_usual_interval_needs_two() {
        assert_infers(&[], 1_000, "", (0, 0));
        assert_infers(&ones(&[0]), 1_000, "0", (0, 0));
        assert_infers(&ones(&[0, 15]), 1_000, "0 15", (0, 0));
        assert_infers(&ones(&[0, 15, 30]), 1_000, "0 15 30 45S", (1, 0));
        // What lies before the first two intervals is not judged.
        assert_infers(&ones(&[0, 100, 115, 130]), 131, "0 100 115 130", (0, 0));
    }

    #[test]
    fn a_new_scrape_interval_becomes_usual() {
        let mut times: Vec<i64> = (0..20).map(|i| i * 15).collect();
        times.extend((1..20).map(|i| 285 + i * 60));
        // 1,425 s is the last; the old interval would put the marker at 1,440.
        let (text, inserted, _) = infer(&ones(&times), 1_700);
        assert!(text.ends_with("1365 1425 1485S"), "{text}");
        assert_eq!(inserted, 1);
        // The change itself, to eight times the interval, is taken for silence
        // until half of the last 16 intervals are new.
        let mut times: Vec<i64> = (0..20).map(|i| i * 15).collect();
        times.extend((1..30).map(|i| 285 + i * 120));
        assert_eq!(infer(&ones(&times), 0).1, 9);
    }

    #[test]
    fn a_nan_before_silence_is_the_marker() {
        let nan = f64::NAN;
        assert_infers(
            &[(0, 1.0), (15, nan), (30, 1.0), (45, nan), (300, 1.0)],
            301,
            "0 15N 30 45S 300",
            (0, 1),
        );
        assert_infers(
            &[(0, 1.0), (15, 1.0), (30, nan), (45, nan)],
            300,
            "0 15 30N 45S",
            (0, 1),
        );
    }

    #[test]
    fn a_marker_that_is_there_is_enough() {
        let stale = stale_nan();
        assert_infers(
            &[(0, 1.0), (15, 1.0), (30, 1.0), (45, stale), (500, 1.0)],
            501,
            "0 15 30 45S 500",
            (0, 0),
        );
        // One that comes after a long silence only is not.
        assert_infers(
            &[(0, 1.0), (15, 1.0), (30, 1.0), (400, stale)],
            500,
            "0 15 30 45S 400S",
            (1, 0),
        );
    }

    #[test]
    fn cuts_of_history_agree() {
        let mut times = Vec::new();
        let mut now = 0;
        for i in 0..400_i64 {
            now += if i % 37 == 36 { 600 } else { 15 + i % 3 };
            times.push(now);
        }
        let whole = infer(&ones(&times), now).0;
        for cut in [50, 111, 222] {
            let piece = infer(&ones(&times[cut - 17..]), now).0;
            let from = format!(" {} ", times[cut]);
            let tail = |text: &str| text[text.find(&from).unwrap()..].to_owned();
            assert_eq!(tail(&whole), tail(&piece));
        }
    }

    proptest! {
        #[test]
        fn samples_stay_and_a_second_time_changes_nothing(
            start in any::<i64>(),
            steps in prop::collection::vec((prop_oneof![1..20_i64, 1..10_000_i64, any::<i64>()], 0..10_u8), 0..80),
            known_until in any::<i64>(),
        ) {
            let mut timestamps = Vec::new();
            let mut values = Vec::new();
            let mut now = start;
            for (step, kind) in steps {
                let Some(next) = now.checked_add(step.saturating_abs().max(1)) else { break };
                now = next;
                timestamps.push(now);
                values.push(match kind {
                    0 => stale_nan(),
                    1 | 2 => f64::NAN,
                    _ => f64::from(kind),
                });
            }
            for known_until in [known_until, now, now.saturating_add(100)] {
                let (mut times, mut after) = (timestamps.clone(), values.clone());
                let inferred = infer_staleness(&mut times, &mut after, known_until);
                prop_assert!(times.is_sorted_by(|a, b| a < b));
                prop_assert_eq!(times.len(), after.len());
                prop_assert_eq!(times.len(), timestamps.len() + inferred.inserted);
                let real = |times: &[i64], values: &[f64]| -> Vec<(i64, u64)> {
                    times.iter().zip(values)
                        .filter(|(_, v)| !v.is_nan())
                        .map(|(t, v)| (*t, v.to_bits()))
                        .collect()
                };
                prop_assert_eq!(real(&times, &after), real(&timestamps, &values));
                let once: Vec<u64> = after.iter().map(|v| v.to_bits()).collect();
                let again = infer_staleness(&mut times, &mut after, known_until);
                prop_assert_eq!(again, InferredStaleness::default());
                prop_assert_eq!(once, after.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
            }
        }
    }
}
