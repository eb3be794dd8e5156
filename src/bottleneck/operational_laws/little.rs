use super::Window;
use crate::stats::correlation::autocorrelations;

/// The residual of Little's law in one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Residual {
    /// ρ = (L − L̂)/L.
    pub value: f64,
    /// Half of its 95 % interval from the gauge's sampling: 1.96 σ/√n_eff, where n_eff counts
    /// the samples that are worth an independent one each. Too wide for a gauge that is an
    /// average over its step. Infinite where the window has fewer than four samples.
    pub half_width: f64,
    /// The most that the window's ends can make it wrong by: |n(b) − n(a)|·W/(L·Δt).
    pub edge: f64,
    /// How long a window must be for it to mean something, seconds: ten times W.
    pub needed_seconds: f64,
    /// Whether the window is shorter than that.
    pub too_short: bool,
}

/// Windows are refused when they are shorter than so many times W.
const TIMES: f64 = 10.0;

/// Residuals within this are consistent.
const CONSISTENT: f64 = 0.05;

impl Residual {
    /// Of a gauge with a present value above 0 in the mean.
    pub(super) fn of(gauge: &[f64], implied: f64, time: f64, seconds: f64) -> Self {
        let present: Vec<f64> = gauge.iter().copied().filter(|x| x.is_finite()).collect();
        let count = present.len() as f64;
        let number = present.iter().map(|x| x / count).sum::<f64>();
        let variance = present.iter().map(|x| (x - number).powi(2)).sum::<f64>() / (count - 1.0);
        let half_width = if present.len() < 4 {
            f64::INFINITY
        } else {
            let error = (variance / effective_count(&present)).sqrt();
            1.96 * error * implied.abs() / (number * number)
        };
        let ends = present[present.len() - 1] - present[0];
        Self {
            value: (number - implied) / number,
            half_width,
            edge: ends.abs() * time / (number * seconds),
            needed_seconds: TIMES * time,
            too_short: seconds < TIMES * time,
        }
    }

    /// Whether the residual is more than chance and the window's ends can make of it.
    pub fn is_significant(&self) -> bool {
        !self.too_short && self.value.abs() - self.half_width - self.edge > CONSISTENT
    }
}

/// n/(1 + 2 Σ ρ_k), summed up to the first correlation that is not positive.
fn effective_count(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let correlations = autocorrelations(values, values.len() / 2);
    let sum: f64 = correlations.iter().skip(1).take_while(|r| **r > 0.0).sum();
    (count / (1.0 + 2.0 * sum)).max(1.0)
}

/// What the residuals of Little's law say about the measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// Gauge, rate and timer agree.
    Consistent,
    /// More are inside than the timer sees: work waits where it does not look, as in a queue
    /// before the instrumented code.
    WaitingOutsideTimer {
        /// How long each waits there, seconds, where the rate is known.
        seconds: Option<f64>,
    },
    /// The gauge is the same multiple of the timer's number whatever the load: the timer
    /// lacks a part of the work, as by a label or an instance that is not counted.
    MissingPart {
        /// The gauge over the timer's number.
        factor: f64,
    },
    /// Fewer are inside than the timer implies: the gauge is sampled when the stage idles,
    /// or the timer runs on after the work left (timeouts, retries).
    SampledGauge,
    /// The timer's number is the same multiple of the gauge whatever the load: it counts the
    /// work more than once.
    CountedTwice {
        /// The timer's number over the gauge.
        factor: f64,
    },
    /// The residual is large but may be chance, or an effect of the windows' ends.
    Inconclusive,
    /// The times in the stage are long beside the windows.
    WindowsTooShort {
        /// How long they must be, seconds.
        needed_seconds: f64,
    },
    /// The gauge, or the timer, is not there.
    NotMeasured {
        /// Whether the gauge is.
        gauge: bool,
        /// Whether the timer is.
        timer: bool,
    },
}

/// The windows' residuals in one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The residual over all windows that have one.
    pub value: Option<f64>,
    /// Half of its 95 % interval, from the windows' spread where there are four or more.
    pub half_width: Option<f64>,
    /// How many windows it is of.
    pub windows: usize,
    /// What it says.
    pub reading: Reading,
}

/// Reads the residuals of many windows together.
///
/// A ratio of gauge and timer that is steady (robust spread below 5 %) while the number
/// inside varies (above 20 %) is a fault of counting; one that is not is waiting or sampling.
pub fn summarise(windows: &[Window]) -> Summary {
    let none = |reading| Summary {
        value: None,
        half_width: None,
        windows: 0,
        reading,
    };
    let with: Vec<(&Window, Residual)> = windows
        .iter()
        .filter_map(|w| Some((w, w.residual?)))
        .filter(|(_, r)| r.value.is_finite())
        .collect();
    let Some((_, first)) = with.first() else {
        return none(Reading::NotMeasured {
            gauge: windows.iter().any(|w| w.number.is_some()),
            timer: windows.iter().any(|w| w.implied_number.is_some()),
        });
    };
    let long: Vec<&(&Window, Residual)> = with.iter().filter(|(_, r)| !r.too_short).collect();
    if 2 * long.len() < with.len() {
        let needed = with.iter().map(|(_, r)| r.needed_seconds);
        return none(Reading::WindowsTooShort {
            needed_seconds: needed.fold(first.needed_seconds, f64::max),
        });
    }
    let count = long.len() as f64;
    let of = |get: fn(&Window) -> Option<f64>| -> f64 {
        long.iter().filter_map(|(w, _)| get(w)).sum::<f64>() / count
    };
    let (number, implied) = (of(|w| w.number), of(|w| w.implied_number));
    let value = (number - implied) / number;
    let half_width = if long.len() >= 4 {
        let squares = long.iter().map(|(_, r)| (r.value - value).powi(2));
        1.96 * (squares.sum::<f64>() / (count - 1.0) / count).sqrt()
    } else {
        let widths = long.iter().map(|(_, r)| r.half_width + r.edge);
        widths.fold(0.0, f64::max)
    };
    let reading = if value.abs() <= CONSISTENT {
        Reading::Consistent
    } else if value.abs() - half_width > CONSISTENT {
        let ratios: Vec<f64> = long.iter().map(|(_, r)| 1.0 - r.value).collect();
        let numbers: Vec<f64> = long.iter().filter_map(|(w, _)| w.number).collect();
        let steady = long.len() >= 4 && spread(&ratios) < 0.05 && spread(&numbers) > 0.2;
        let rate = of(|w| w.throughput);
        match (value > 0.0, steady) {
            (true, true) => Reading::MissingPart {
                factor: number / implied,
            },
            (true, false) => Reading::WaitingOutsideTimer {
                seconds: (rate > 0.0).then(|| (number - implied) / rate),
            },
            (false, true) => Reading::CountedTwice {
                factor: implied / number,
            },
            (false, false) => Reading::SampledGauge,
        }
    } else {
        Reading::Inconclusive
    };
    Summary {
        value: Some(value),
        half_width: Some(half_width),
        windows: long.len(),
        reading,
    }
}

/// The median deviation from the median as a normal distribution's standard deviation, over
/// the median.
fn spread(values: &[f64]) -> f64 {
    let middle = |mut values: Vec<f64>| {
        let at = values.len() / 2;
        *values.select_nth_unstable_by(at, f64::total_cmp).1
    };
    if values.is_empty() {
        return 0.0;
    }
    let median = middle(values.to_vec());
    let deviations = values.iter().map(|x| (x - median).abs()).collect();
    1.4826 * middle(deviations) / median.abs()
}
