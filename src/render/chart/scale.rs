//! The y axis: its range, its ticks at 1, 2 or 5 times a power of ten, and
//! their labels in a unit that keeps them short.

use crate::render::number::{fixed, number};
use crate::report::Unit;

/// Beyond this, differences of values would overflow.
const HUGE: f64 = 1e300;

/// A linear axis from `low` to `high`, with labelled ticks, ascending.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<(f64, String)>,
}

impl Scale {
    /// Chooses a range that holds all finite values. It begins at zero unless
    /// that would leave two thirds of the height empty.
    pub(super) fn new(
        values: impl Iterator<Item = f64>,
        unit: Option<&Unit>,
        max_ticks: usize,
    ) -> Self {
        let finite = values
            .filter(|v| v.is_finite())
            .map(|v| v.clamp(-HUGE, HUGE));
        let bounds = finite.fold(None, |bounds: Option<(f64, f64)>, v| {
            Some(bounds.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
        });
        let (min, max) = bounds.unwrap_or((0.0, 1.0));
        let size = min.abs().max(max.abs());
        // What rounding alone can make differ is one flat line.
        let is_flat = max - min <= size * 1e-9;
        let (mut low, mut high) = match (is_flat, size == 0.0) {
            (true, true) => (0.0, 1.0),
            (true, false) if max > 0.0 => (0.0, max * 1.25),
            (true, false) => (min * 1.25, 0.0),
            (false, _) if min >= 0.0 && max - min > max / 3.0 => (0.0, max),
            (false, _) if max <= 0.0 && max - min > -min / 3.0 => (min, 0.0),
            (false, _) => (min, max),
        };
        let display = Display::of(low.abs().max(high.abs()), unit);
        let max_ticks = max_ticks.max(2);
        let step = step(high - low, max_ticks, display.factor);
        // Away from zero the ends are ticks where that costs little room.
        let (below, above) = ((low / step).floor() * step, (high / step).ceil() * step);
        let room = (high - low) * 0.3;
        if low != 0.0 && low - below < room {
            low = below;
        }
        if high != 0.0 && above - high < room {
            high = above;
        }
        // There is no more than all.
        let all = match unit {
            Some(Unit::Ratio) => 1.0,
            Some(Unit::Percent) => 100.0,
            _ => f64::INFINITY,
        };
        if max <= all {
            high = high.min(all);
        }
        let first = (low / step - 1e-6).ceil();
        let count = ((high / step + 1e-6).floor() - first).clamp(0.0, 64.0) as usize;
        // 500 and 1,000 ms are better said as 0.5 and 1.0 s.
        let rounded = Display::of(low.abs().max(high.abs()), unit);
        let display = if is_nice(step * rounded.factor) {
            rounded
        } else {
            display
        };
        let ticks = (0..=count)
            .map(|nth| (first + nth as f64) * step)
            .map(|value| (value, display.tick(value, step)))
            .collect();
        Self { low, high, ticks }
    }

    /// Returns the row of a value among `rows` (0 is the top).
    pub(super) fn row(&self, value: f64, rows: usize) -> usize {
        let span = self.high - self.low;
        let last = rows.saturating_sub(1) as f64;
        let down = (self.high - value.clamp(self.low, self.high)) / span * last;
        (down.round().max(0.0) as usize).min(rows.saturating_sub(1))
    }

    /// Returns the columns of the widest label.
    pub(super) fn label_width(&self) -> usize {
        self.ticks
            .iter()
            .map(|(_, label)| label.chars().count())
            .max()
            .unwrap_or(0)
    }
}

/// Returns 1, 2 or 5 times a power of ten, the smallest that makes at most so
/// many ticks when the values are shown multiplied with `factor`.
fn step(span: f64, max_ticks: usize, factor: f64) -> f64 {
    let rough = span * factor / max_ticks as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|m| m * power >= rough * 0.999_999);
    let step = nice.unwrap_or(10.0) * power / factor;
    if step.is_normal() && step > 0.0 {
        step
    } else {
        span.max(f64::MIN_POSITIVE)
    }
}

/// Returns the smallest round step that divides a span into at most so many pieces.
pub(super) fn round_step(span: f64, most: usize) -> f64 {
    step(span.max(f64::MIN_POSITIVE), most.max(1), 1.0)
}

/// Tells whether a number is 1, 2 or 5 times a power of ten.
fn is_nice(step: f64) -> bool {
    let mantissa = step / 10_f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .iter()
        .any(|nice| (mantissa - nice).abs() < 1e-6)
}

/// How the values of one axis are written: multiplied, with a suffix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Display {
    factor: f64,
    suffix: &'static str,
}

impl Display {
    /// Chooses by the size of the largest value.
    pub(super) fn of(size: f64, unit: Option<&Unit>) -> Self {
        let pick = |steps: &[(f64, f64, &'static str)]| {
            let last = steps.last().copied().unwrap_or((0.0, 1.0, ""));
            let (_, factor, suffix) = steps.iter().copied().find(|s| size < s.0).unwrap_or(last);
            Self { factor, suffix }
        };
        const SECONDS: [(f64, f64, &str); 7] = [
            (1e-6, 1e9, " ns"),
            (1e-3, 1e6, " µs"),
            (1.0, 1e3, " ms"),
            (180.0, 1.0, " s"),
            (10_800.0, 1.0 / 60.0, " min"),
            (259_200.0, 1.0 / 3_600.0, " h"),
            (f64::INFINITY, 1.0 / 86_400.0, " d"),
        ];
        const KIB: f64 = 1024.0;
        let bytes = |suffixes: [&'static str; 5]| {
            let power = if size < KIB {
                0.0
            } else {
                size.log(KIB).floor().min(4.0)
            };
            Self {
                factor: KIB.powf(-power),
                suffix: suffixes[power as usize],
            }
        };
        match unit {
            Some(Unit::Seconds) if size > 0.0 => pick(&SECONDS),
            Some(Unit::Seconds) => Self {
                factor: 1.0,
                suffix: " s",
            },
            Some(Unit::Milliseconds) if size >= 1_000.0 => {
                pick(&SECONDS.map(|(below, factor, suffix)| (below * 1e3, factor / 1e3, suffix)))
            }
            Some(Unit::Milliseconds) => Self {
                factor: 1.0,
                suffix: " ms",
            },
            Some(Unit::Bytes) => bytes([" B", " KiB", " MiB", " GiB", " TiB"]),
            Some(Unit::BytesPerSecond) => bytes([" B/s", " KiB/s", " MiB/s", " GiB/s", " TiB/s"]),
            Some(Unit::Ratio) => Self {
                factor: 100.0,
                suffix: "%",
            },
            Some(Unit::Percent) => Self {
                factor: 1.0,
                suffix: "%",
            },
            Some(Unit::Other(_)) | None => pick(&[
                (1e4, 1.0, ""),
                (1e6, 1e-3, "k"),
                (1e9, 1e-6, "M"),
                (1e12, 1e-9, "G"),
                (1e15, 1e-12, "T"),
                (f64::INFINITY, 1.0, ""),
            ]),
        }
    }

    /// Writes a value beside a bar: four significant digits.
    pub(super) fn value(self, value: f64) -> String {
        format!("{}{}", number(value * self.factor, 4), self.suffix)
    }

    /// Writes a tick with the decimals that its step needs.
    fn tick(self, value: f64, step: f64) -> String {
        let (value, step) = (value * self.factor, step * self.factor);
        if value.abs() < step / 2.0 {
            return "0".to_owned();
        }
        let decimals = (-step.log10().floor()).max(0.0);
        if decimals > 9.0 || value.abs() >= 1e15 {
            return format!("{}{}", number(value, 6), self.suffix);
        }
        format!("{}{}", fixed(value, decimals as usize), self.suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], unit: &str) -> Vec<String> {
        let unit = (!unit.is_empty()).then(|| Unit::parse(unit));
        let scale = Scale::new(values.iter().copied(), unit.as_ref(), 4);
        scale.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn labels_are_round_and_in_a_fitting_unit() {
        assert_eq!(
            labels(&[0.02, 0.31], "s"),
            ["0", "100 ms", "200 ms", "300 ms", "400 ms"]
        );
        assert_eq!(labels(&[0.02, 0.99], "s"), ["0", "0.5 s", "1.0 s"]);
        assert_eq!(
            labels(&[0.0, 7200.0], "s"),
            ["0", "50 min", "100 min", "150 min"]
        );
        assert_eq!(
            labels(&[0.0, 3e9], "bytes"),
            ["0", "1 GiB", "2 GiB", "3 GiB"]
        );
        assert_eq!(labels(&[0.0, 0.05], "ratio"), ["0", "2%", "4%", "6%"]);
        assert_eq!(
            labels(&[98.5, 99.9], "percent"),
            ["98.5%", "99.0%", "99.5%", "100.0%"]
        );
        assert_eq!(
            labels(&[0.0, 25_000.0], "messages"),
            ["0", "10k", "20k", "30k"]
        );
        assert_eq!(labels(&[-3.0, 5.0], ""), ["-4", "-2", "0", "2", "4", "6"]);
    }

    #[test]
    fn flat_and_odd_ranges_have_an_axis() {
        assert_eq!(labels(&[5.0, 5.0], ""), ["0", "2", "4", "6", "8"]);
        assert_eq!(labels(&[0.0], "s"), ["0", "0.5 s", "1.0 s"]);
        assert_eq!(labels(&[-4.0], ""), ["-6", "-4", "-2", "0"]);
        for values in [
            &[f64::MAX, f64::MIN][..],
            &[f64::MIN_POSITIVE, 0.0],
            &[f64::NAN],
            &[f64::INFINITY, 1.0],
            &[1e15, 1e15 + 1.0],
            &[5e-324],
        ] {
            let scale = Scale::new(values.iter().copied(), None, 4);
            assert!(
                scale.high > scale.low && scale.ticks.len() < 10,
                "{scale:?}"
            );
        }
    }
}
