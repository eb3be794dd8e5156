//! Which seasons a history has.

use super::Seasons;
use crate::model::Warning;
use crate::stats::periodogram::{SeasonalPeriod, search_periods, seasonal_periods};

const DAY: f64 = 86_400.0;
const YEAR: f64 = 365.25 * DAY;

/// Spans of the clock and the calendar that repeat, in seconds.
const NATURAL: [f64; 5] = [60.0, 3600.0, DAY, 7.0 * DAY, YEAR];

/// From this step on, in seconds, steps are calendar months.
const MONTHS: f64 = 27.0 * DAY;

/// The fewest cycles of a season.
const FEWEST_CYCLES: f64 = 2.0;

/// The seasonal periods in steps, ascending, and what the periodogram showed where it was asked.
pub(super) fn seasons(
    values: &[f64],
    step_seconds: Option<f64>,
    wanted: &Seasons,
    warnings: &mut Vec<Warning>,
) -> (Vec<f64>, Vec<SeasonalPeriod>) {
    match wanted {
        Seasons::Auto => automatic(values, step_seconds),
        Seasons::Given(periods) => (given(values, periods, warnings), Vec::new()),
    }
}

/// Natural periods where the history shows some of them, what else it shows otherwise.
fn automatic(values: &[f64], step_seconds: Option<f64>) -> (Vec<f64>, Vec<SeasonalPeriod>) {
    let natural = natural_periods(step_seconds);
    let candidates: Vec<usize> = natural
        .iter()
        .map(|period| period.round() as usize)
        .collect();
    let mut found = seasonal_periods(values, &candidates);
    if found.is_empty() {
        found = search_periods(values);
    }
    let exact = |season: &SeasonalPeriod| {
        let place = candidates.iter().position(|c| *c == season.period);
        place.map_or(season.period as f64, |place| natural[place])
    };
    (found.iter().map(exact).collect(), found)
}

/// The periods in steps of what repeats by the clock and the calendar, ascending.
fn natural_periods(step_seconds: Option<f64>) -> Vec<f64> {
    let Some(step) = step_seconds.filter(|step| step.is_finite() && *step > 0.0) else {
        return Vec::new();
    };
    if step >= MONTHS {
        // Months differ in their seconds: a year has 12, 4 or 2 of these steps, or none.
        let steps = (YEAR / step).round();
        return if steps >= 2.0 {
            vec![steps]
        } else {
            Vec::new()
        };
    }
    let steps = NATURAL.iter().map(|span| span / step);
    let whole = |steps: &f64| (steps - steps.round()).abs() < 1e-6 * steps;
    let (year, rest) = (YEAR / step, steps.take(NATURAL.len() - 1));
    let mut periods: Vec<f64> = rest.filter(whole).map(f64::round).collect();
    periods.push(year);
    periods.retain(|steps| (2.0..1e9).contains(steps));
    periods
}

/// Those of the given periods that the history has two cycles of.
fn given(values: &[f64], periods: &[f64], warnings: &mut Vec<Warning>) -> Vec<f64> {
    let observed = values.iter().filter(|value| !value.is_nan()).count() as f64;
    let mut usable: Vec<f64> = Vec::with_capacity(periods.len());
    for &period in periods {
        if !(period.is_finite() && period >= 2.0) {
            if period != 1.0 {
                warnings.push(Warning::new(
                    "no-such-season",
                    format!("a season of {period} steps is none: it is left out"),
                ));
            }
        } else if observed < FEWEST_CYCLES * period {
            let cycles = observed / period;
            warnings.push(Warning::new(
                "too-short-for-season",
                format!("only {cycles:.1} cycles of the season of {period} steps: it is left out"),
            ));
        } else {
            usable.push(period);
        }
    }
    usable.sort_by(f64::total_cmp);
    usable.dedup();
    usable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_and_the_calendar_have_their_periods() {
        let periods = |step: f64| natural_periods(Some(step));
        assert_eq!(periods(60.0), [60.0, 1440.0, 10_080.0, 525_960.0]);
        assert_eq!(periods(3600.0), [24.0, 168.0, 8766.0]);
        assert_eq!(periods(1800.0), [2.0, 48.0, 336.0, 17_532.0]);
        assert_eq!(periods(DAY), [7.0, 365.25]);
        assert_eq!(periods(7.0 * DAY), [365.25 / 7.0]);
        for month in [28.0, 30.0, 30.4375, 31.0] {
            assert_eq!(periods(month * DAY).len(), 1);
        }
        assert_eq!(periods(30.4375 * DAY), [12.0]);
        assert_eq!(periods(91.3 * DAY), [4.0]);
        for none in [365.25 * DAY, 0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(periods(none).is_empty(), "{none}");
        }
        assert!(natural_periods(None).is_empty());
    }

    #[test]
    fn natural_periods_come_before_found_ones() {
        // A day by the half hour whose first harmonic is stronger than itself.
        let values: Vec<f64> = (0..48 * 20)
            .map(|t| {
                let angle = std::f64::consts::TAU * f64::from(t) / 48.0;
                3.0 * (2.0 * angle).sin() + angle.cos()
            })
            .collect();
        let (periods, seasons) = automatic(&values, Some(1800.0));
        assert_eq!(periods, [48.0]);
        assert_eq!(seasons.len(), 1);
        assert!(seasons[0].strength > 0.99);
        // A season of no clock is found all the same.
        let odd: Vec<f64> = (0..700).map(|t| f64::from(t % 35)).collect();
        assert_eq!(automatic(&odd, Some(1800.0)).0, [35.0]);
    }

    #[test]
    fn given_periods_need_two_cycles() {
        let mut warnings = Vec::new();
        let values = vec![1.0; 50];
        let periods = given(
            &values,
            &[168.0, 24.0, 1.0, 7.0, 24.0, f64::NAN],
            &mut warnings,
        );
        assert_eq!(periods, [7.0, 24.0]);
        assert_eq!(
            warnings[0].message,
            "only 0.3 cycles of the season of 168 steps: it is left out"
        );
        assert_eq!(warnings.len(), 2);
    }
}
