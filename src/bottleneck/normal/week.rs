use super::Samples;
use super::baseline::median_and_spread;

/// The last week beside the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeekOverWeek {
    /// The median of the last seven days.
    pub this: f64,
    /// The median of the seven days before, at the same times.
    pub last: f64,
    /// The median of the differences of values a week apart.
    pub difference: f64,
    /// The spread of these differences.
    pub spread: f64,
    /// How many pairs there are.
    pub pairs: usize,
}

const WEEK: i64 = 7 * 86_400_000_000;

/// Compares the last seven days of a series with the seven before; none where fewer than a
/// tenth of the pairs are there, or a week is not a whole number of steps.
pub fn week_over_week(samples: &Samples<'_>) -> Option<WeekOverWeek> {
    if samples.step <= 0 || WEEK % samples.step != 0 {
        return None;
    }
    let lag = usize::try_from(WEEK / samples.step).ok()?;
    let values = samples.values;
    let from = values.len().checked_sub(lag).filter(|from| *from > 0)?;
    let begin = from.max(lag);
    let (mut this, mut last, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    for index in begin..values.len() {
        let (now, then) = (values[index], values[index - lag]);
        if now.abs() < 1e150 && then.abs() < 1e150 {
            this.push(now);
            last.push(then);
            differences.push(now - then);
        }
    }
    let pairs = differences.len();
    if pairs == 0 || pairs < lag / 10 {
        return None;
    }
    let (difference, spread) = median_and_spread(&mut differences);
    Some(WeekOverWeek {
        this: median_and_spread(&mut this).0,
        last: median_and_spread(&mut last).0,
        difference,
        spread,
        pairs,
    })
}
