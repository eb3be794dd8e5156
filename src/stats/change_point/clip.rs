use super::Noise;

/// How many deviations from the running median a value may be.
const REACH: f64 = 4.0;

/// The widest running median.
const WIDEST: usize = 41;

/// Returns the values over the long-run deviation of their noise, around their first level,
/// spikes clipped.
///
/// A level that lasts for `minimum` values is the median of any window of 2 · minimum − 1
/// values within reach of it, so that only what is shorter is clipped.
pub(super) fn clipped(values: &[f64], minimum: usize, noise: &Noise) -> Vec<f64> {
    let half = (minimum - 1).min(WIDEST / 2);
    let width = 2 * half + 1;
    let centre = values.first().copied().unwrap_or(0.0);
    let scale = 1.0 / noise.long_run_deviation();
    let reach = REACH * noise.deviation;
    let mut window = Vec::with_capacity(2 * half + 1);
    let mut clip = |at: usize, value: f64| {
        let from = at
            .saturating_sub(half)
            .min(values.len().saturating_sub(width));
        let around = &values[from..values.len().min(from + width)];
        let half = around.len() / 2;
        let near: usize = around
            .iter()
            .map(|x| usize::from((x - value).abs() <= reach))
            .sum();
        if near > half {
            return value;
        }
        window.clear();
        window.extend_from_slice(around);
        let median = *window.select_nth_unstable_by(half, f64::total_cmp).1;
        value.clamp(median - reach, median + reach)
    };
    values
        .iter()
        .enumerate()
        .map(|(at, &value)| (clip(at, value) - centre) * scale)
        .collect()
}
