//! Moves work through a first-in-first-out stage as a fluid, so that Little's law holds exactly.
//!
//! Arrivals and completions are counted by two curves A(t) ≥ C(t), each linear
//! inside a step. The number in the stage is N(t) = A(t) − C(t), the time in the
//! stage of the n-th item is the horizontal distance C⁻¹(n) − A⁻¹(n). The area
//! between the curves is both ∫N dt and the sum of the times, whichever way it is
//! cut: over any window, ∫N dt equals the time in stage of the items completed
//! in it, up to the ages of the items that the window's two ends cut through
//! (Little 1961). [`Flow::area`] is the first, [`Flow::residence`] the second;
//! `*_in_flight`, `*_lag` and `*_queue_depth` export area/step, `*_sum` the
//! running total of `residence`.

use std::collections::VecDeque;

/// What happened in a stage during one step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Flow {
    /// Items that came.
    pub(super) arrivals: f64,
    /// Items that left.
    pub(super) completions: f64,
    /// Time in the stage, summed over the items that left, seconds.
    pub(super) residence: f64,
    /// ∫N dt over the step, item seconds.
    pub(super) area: f64,
    /// Items that could have left at full work, whatever came.
    pub(super) capacity: f64,
    /// Whether the next stage's lack of room held items back.
    pub(super) blocked: bool,
    /// Mean time in the stage without a backlog, seconds.
    pub(super) base_time: f64,
}

impl Flow {
    /// Mean time in the stage of the items that left, seconds.
    pub(super) fn mean_time(&self) -> f64 {
        if self.completions > 1e-9 {
            self.residence / self.completions
        } else {
            0.0
        }
    }

    /// Shape of the Gamma law of the time in the stage: service is Gamma(2); a
    /// backlog in front of it adds a wait that is the same for neighbours.
    pub(super) fn shape(&self) -> f64 {
        let base = self.base_time.max(1e-6);
        let ratio = (self.mean_time() / base).max(1.0);
        (2.0 * ratio * ratio).min(200.0)
    }
}

/// A first-in-first-out stage.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage {
    number: f64,
    /// (items, first arrival, last arrival), oldest first.
    waiting: VecDeque<(f64, f64, f64)>,
}

impl Stage {
    /// Items in the stage now.
    pub(super) fn number(&self) -> f64 {
        self.number
    }

    /// Time that the items in the stage have been in it, summed, at time `now`.
    #[cfg(test)]
    pub(super) fn age(&self, now: f64) -> f64 {
        self.waiting
            .iter()
            .map(|(items, first, last)| items * (now - (first + last) / 2.0))
            .sum()
    }

    /// Advances by one step from `start` (seconds) that takes `seconds`:
    /// `arrivals` come and at most `limit` leave, so that where it can be
    /// `rest` items stay.
    pub(super) fn step(
        &mut self,
        start: f64,
        seconds: f64,
        arrivals: f64,
        limit: f64,
        rest: f64,
    ) -> Flow {
        let before = self.number;
        let completions = (before + arrivals - rest).min(limit).max(0.0);
        let end = start + seconds;
        if arrivals > 0.0 {
            self.waiting.push_back((arrivals, start, end));
        }
        let mut residence = 0.0;
        let mut left = completions;
        let mut at = start;
        while left > 0.0 {
            let Some(front) = self.waiting.front_mut() else {
                break;
            };
            let (items, first, last) = *front;
            let part = items.min(left);
            let leaves = at + part / completions * seconds;
            let split = first + (last - first) * (part / items);
            residence += part * ((at + leaves) / 2.0 - (first + split) / 2.0);
            at = leaves;
            left -= part;
            if part >= items {
                self.waiting.pop_front();
            } else {
                *front = (items - part, split, last);
            }
        }
        self.number = (before + arrivals - completions).max(0.0);
        Flow {
            arrivals,
            completions,
            residence: residence.max(0.0),
            area: (before + self.number) / 2.0 * seconds,
            ..Flow::default()
        }
    }
}

/// Mean time in a stage without a backlog: the service time and the short waits
/// that chance makes, which grow with utilisation as in M/M/c.
pub(super) fn base_time(service_time: f64, utilisation: f64) -> f64 {
    let u = utilisation.clamp(0.0, 0.97);
    service_time * (1.0 + 0.6 * u * u * u * u / (1.0 - u))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stage_has_the_time_that_its_number_says() {
        let mut stage = Stage::default();
        // 10 items a second, 5 in the stage: 0.5 s.
        stage.step(0.0, 60.0, 600.0, 1e9, 5.0);
        let flow = stage.step(60.0, 60.0, 600.0, 1e9, 5.0);
        assert!((flow.mean_time() - 0.5).abs() < 1e-9, "{flow:?}");
        assert_eq!(flow.area, 300.0);
    }

    #[test]
    fn littles_law_is_exact_over_a_stall() {
        let mut stage = Stage::default();
        let (mut area, mut residence) = (0.0, 0.0);
        for k in 0..200 {
            let limit = if (50..80).contains(&k) { 20.0 } else { 130.0 };
            let arrivals = if k % 7 == 0 {
                0.0
            } else {
                90.0 + f64::from(k % 5)
            };
            let flow = stage.step(f64::from(k) * 60.0, 60.0, arrivals, limit, 1.0);
            area += flow.area;
            residence += flow.residence;
        }
        let total = residence + stage.age(200.0 * 60.0);
        assert!((area - total).abs() < 1e-6 * area, "{area} {total}");
        assert!(area > 1e6);
    }
}
