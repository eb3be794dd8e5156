//! What an ensemble may cost.

use super::member::{Member, Shape};
use crate::model::Warning;

/// How much an ensemble may cost, by estimates: never by the clock, so that the same series always gets
/// the same members.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Seconds of one core for a series.
    pub seconds: f64,
}

impl Default for Budget {
    /// Enough for all members on the usual histories.
    fn default() -> Self {
        Self { seconds: 2.0 }
    }
}

impl Budget {
    /// Divides seconds of one core between series; each gets at most the default.
    pub fn of_fleet(seconds: f64, series: usize) -> Self {
        let all = Self::default().seconds;
        Self {
            seconds: (seconds / series.max(1) as f64).min(all),
        }
    }

    /// Leaves out the most expensive members until the rest fit.
    pub(super) fn keep(
        &self,
        members: &mut Vec<Member>,
        shape: Shape,
        origins: usize,
    ) -> Option<Warning> {
        let cost = |member: &Member| {
            let (first, later) = member.costs(shape);
            first + later * origins as f64
        };
        let mut left_out: Vec<String> = Vec::new();
        while members.iter().map(cost).sum::<f64>() > self.seconds {
            let dear = members.iter().enumerate().filter(|(_, m)| !m.is_plain());
            let dearest = dear.max_by(|(_, a), (_, b)| cost(a).total_cmp(&cost(b)));
            let Some((place, member)) = dearest else {
                break;
            };
            left_out.push(format!("{} ({:.2} s)", member.name(), cost(member)));
            members.remove(place);
        }
        (!left_out.is_empty()).then(|| {
            Warning::new(
                "members-left-out",
                format!(
                    "{} would cost more than the {:.2} seconds a series that there are",
                    left_out.join(", "),
                    self.seconds
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_go_first() {
        let shape = Shape {
            values: 1000,
            missing: false,
            regressors: 0,
        };
        let all = || Member::all(&[24.0, 168.0]);
        let mut members = all();
        assert_eq!(Budget::default().keep(&mut members, shape, 10), None);
        assert_eq!(members, all());
        let warning = Budget { seconds: 0.02 }
            .keep(&mut members, shape, 10)
            .unwrap();
        assert!(warning.message.contains("ARIMA") && warning.message.contains("ETS"));
        assert!(
            members
                .iter()
                .any(|m| m.name().starts_with("autoregression"))
        );
        Budget { seconds: 0.0 }
            .keep(&mut members, shape, 10)
            .unwrap();
        assert!(!members.is_empty() && members.iter().all(Member::is_plain));
        assert_eq!(Budget::of_fleet(3600.0, 10_000).seconds, 0.36);
        assert_eq!(Budget::of_fleet(3600.0, 0), Budget::default());
    }
}
