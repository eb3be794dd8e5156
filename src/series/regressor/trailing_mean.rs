//! What a series was of late, for effects that take time.

use super::Column;

/// Means a column over each step and those before it, `steps` together; over fewer at its begin.
///
/// A building is heated for the cold of the last day more than of the last minute: half-hourly
/// electricity demand follows the mean temperature of 24 hours better than the temperature.
pub fn trailing_mean(column: &Column, steps: usize) -> Column {
    let steps = steps.max(1);
    let past = column.past.len();
    let values: Vec<f64> = column.past.iter().chain(&column.future).copied().collect();
    // Sums of whole blocks from their ends and begins: no value is ever subtracted again, so
    // that a huge one leaves nothing behind.
    let mut before: Vec<f64> = values.clone();
    for block in before.chunks_mut(steps) {
        for t in 1..block.len() {
            block[t] += block[t - 1];
        }
    }
    let mut after = values;
    for block in after.chunks_mut(steps) {
        for t in (1..block.len()).rev() {
            block[t - 1] += block[t];
        }
    }
    let mean = |t: usize| {
        let first = (t + 1).saturating_sub(steps);
        let sum = if first.is_multiple_of(steps) {
            before[t]
        } else {
            after[first] + before[t]
        };
        sum / (t + 1 - first) as f64
    };
    let mut means: Vec<f64> = (0..before.len()).map(mean).collect();
    let future = means.split_off(past);
    Column {
        name: format!("{} mean{steps}", column.name),
        past: means,
        future,
    }
}
