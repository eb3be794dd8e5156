//! Values at times of their own onto the steps of a history.

use crate::series::increase;

/// Which part of the distances must be near the usual one for it to be a step.
const MOST: f64 = 0.75;

/// The mean of what lies in each step; NaN where there is nothing.
///
/// `edges` are the begins of the steps and the end of the last.
pub(super) fn gather(times: &[i64], values: &[f64], edges: &[i64]) -> Vec<f64> {
    let steps = edges.len().saturating_sub(1);
    let mut sums = vec![0.0; steps];
    let mut counts = vec![0_u32; steps];
    for (time, value) in times.iter().zip(values).filter(|(_, v)| v.is_finite()) {
        let place = edges.partition_point(|edge| edge <= time);
        if let Some(place) = place.checked_sub(1).filter(|place| *place < steps) {
            sums[place] += value;
            counts[place] += 1;
        }
    }
    let means = sums.into_iter().zip(counts);
    means.map(|(sum, count)| sum / f64::from(count)).collect()
}

/// What a counter grew by per second in each step; NaN where it is not known.
///
/// As [`crate::series::Statistic::Rate`]: growth is spread evenly over the time between two
/// samples, but for those farther apart than a step and than three usual distances.
pub(super) fn growth(times: &[i64], values: &[f64], edges: &[i64]) -> Vec<f64> {
    let steps = edges.len().saturating_sub(1);
    let (times, values) = present(times, values);
    let patience = middle(&times).unwrap_or(0).saturating_mul(3);
    let mut grown = vec![0.0; steps];
    let mut covered = vec![0.0; steps];
    for (times, values) in times.windows(2).zip(values.windows(2)) {
        let (from, to) = (times[0], times[1]);
        let first = edges.partition_point(|edge| *edge <= from);
        let first = first.saturating_sub(1);
        let distance = to.saturating_sub(from);
        let length = edges[first.min(steps)..]
            .first_chunk::<2>()
            .map_or(0, |[begin, end]| end.saturating_sub(*begin));
        if distance <= 0 || (distance > patience && distance > length) {
            continue;
        }
        let per_micro = increase(values[0], values[1]) / distance as f64;
        for step in first..steps {
            if edges[step] >= to {
                break;
            }
            let (begin, end) = (edges[step].max(from), edges[step + 1].min(to));
            let part = end.saturating_sub(begin).max(0) as f64;
            grown[step] += per_micro * part;
            covered[step] += part;
        }
    }
    let both = grown.into_iter().zip(covered);
    both.map(|(grown, covered)| grown / covered * 1e6).collect()
}

/// Holds values that come more seldom than the steps until the next: each for `usual`, their
/// distance. Returns how many steps were filled.
pub(super) fn hold(
    times: &[i64],
    values: &[f64],
    edges: &[i64],
    usual: i64,
    filled: &mut [f64],
) -> usize {
    let (times, values) = present(times, values);
    let mut count = 0;
    for (at, (time, value)) in times.iter().zip(&values).enumerate() {
        // A day of 25 hours is one.
        let longest = time.saturating_add(usual).saturating_add(usual / 10);
        let until = match times.get(at + 1) {
            Some(next) if *next <= longest => *next,
            _ => time.saturating_add(usual),
        };
        let first = edges.partition_point(|edge| edge < time);
        for step in first..filled.len() {
            if edges[step] >= until {
                break;
            }
            if filled[step].is_nan() {
                filled[step] = *value;
                count += 1;
            }
        }
    }
    count
}

/// The distance in which values come; `None` where they come at any.
pub(super) fn usual_distance(times: &[i64], values: &[f64]) -> Option<i64> {
    let (times, _) = present(times, values);
    let usual = middle(&times)?;
    let near = |pair: &&[i64]| pair[1].saturating_sub(pair[0]).abs_diff(usual) <= near_by(usual);
    let pairs = times.windows(2);
    let (all, alike) = (pairs.len(), pairs.filter(near).count());
    (alike as f64 >= MOST * all as f64).then_some(usual)
}

fn near_by(usual: i64) -> u64 {
    usual.unsigned_abs() / 10
}

/// The values that there are.
fn present(times: &[i64], values: &[f64]) -> (Vec<i64>, Vec<f64>) {
    let pairs = times.iter().copied().zip(values.iter().copied());
    pairs.filter(|(_, value)| value.is_finite()).unzip()
}

fn middle(times: &[i64]) -> Option<i64> {
    let pairs = times.windows(2);
    let mut distances: Vec<i64> = pairs
        .map(|pair| pair[1].saturating_sub(pair[0]))
        .filter(|distance| *distance > 0)
        .collect();
    distances.sort_unstable();
    distances.get(distances.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_counter_grows_in_the_step_where_it_did() {
        let edges = [0, 10 * SECOND, 20 * SECOND, 30 * SECOND, 40 * SECOND];
        let times = [0, 10 * SECOND, 20 * SECOND, 25 * SECOND];
        let found = growth(&times, &[0.0, 0.0, 50.0, 5.0], &edges);
        assert_eq!(found[..3], [0.0, 5.0, 1.0]);
        assert!(found[3].is_nan());
    }

    #[test]
    fn daily_values_are_held_over_their_day() {
        let edges: Vec<i64> = (0..=72).map(|hour| hour * 3_600 * SECOND).collect();
        let day = 86_400 * SECOND;
        let (times, values) = ([0, day], [1.0, 2.0]);
        assert_eq!(usual_distance(&times, &values), Some(day));
        let mut filled = gather(&times, &values, &edges);
        assert_eq!(hold(&times, &values, &edges, day, &mut filled), 46);
        assert_eq!((filled[23], filled[24], filled[47]), (1.0, 2.0, 2.0));
        assert!(filled[48].is_nan());
    }

    #[test]
    fn values_at_any_distance_have_none() {
        assert_eq!(usual_distance(&[0, 1, 10, 50, 51], &[1.0; 5]), None);
        assert_eq!(usual_distance(&[7], &[1.0]), None);
    }
}
