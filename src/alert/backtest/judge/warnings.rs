//! What makes the judgement uncertain.

use super::Case;
use super::sentence::{count, duration};
use crate::alert::backtest::{LinkBy, Window};
use crate::model::Warning;

pub(super) fn warnings(case: &Case<'_>, maintenance: &[Window]) -> Vec<Warning> {
    let (run, linking) = (case.run, case.linking);
    let mut warnings = Vec::new();
    let weeks = run.weeks();
    if weeks < 1.0 {
        warnings.push(Warning::new(
            "short-range",
            format!(
                "the range is {} long: what is said of a week is extrapolated",
                duration(run.range.end.saturating_sub(run.range.start))
            ),
        ));
    }
    if case.incidents.is_empty() {
        return warnings;
    }
    let judged = linking.judged.len();
    if judged == 0 {
        let message = format!(
            "none of the {} began in the range: recall is unknown{}",
            count(case.incidents.len(), "incident"),
            if linking.cut == 0 {
                ", and so is precision"
            } else {
                ""
            }
        );
        warnings.push(Warning::new("no-incidents-in-range", message));
    } else {
        if judged < case.judging.few_incidents {
            warnings.push(Warning::new(
                "few-incidents",
                format!(
                    "{} to judge by: mind the intervals of precision and recall",
                    count(judged, "incident")
                ),
            ));
        }
        if linking.outside > 0 {
            warnings.push(Warning::new(
                "incidents-outside-range",
                format!(
                    "{} outside the range not judged",
                    count(linking.outside, "incident")
                ),
            ));
        }
    }
    if linking.cut > 0 {
        warnings.push(Warning::new(
            "incidents-cut-off",
            format!(
                "{} cut off by the range's begin or end: alerts may belong to it, but whether it \
                 was met is not judged",
                count(linking.cut, "incident")
            ),
        ));
    }
    let open = case
        .incidents
        .iter()
        .filter(|one| one.ended_at.is_none())
        .count();
    if open > 0 {
        warnings.push(Warning::new(
            "incidents-without-end",
            format!(
                "{} without an end: taken to have lasted {}",
                count(open, "incident"),
                duration(case.judging.links.assumed_duration)
            ),
        ));
    }
    if linking.by_time > 0 && case.judging.links.by != LinkBy::Time {
        let fired = run.episodes.iter().filter(|one| one.fired()).count();
        warnings.push(Warning::new(
            "linked-by-time",
            format!(
                "{} of {} belong to an incident only because they coincide: their labels say \
                 nothing of what they are about",
                linking.by_time,
                count(fired, "episode")
            ),
        ));
    }
    let backwards = maintenance
        .iter()
        .filter(|one| one.ended_at < one.started_at)
        .count()
        + case
            .incidents
            .iter()
            .filter(|one| one.ended_at.is_some_and(|end| end < one.started_at))
            .count();
    if backwards > 0 {
        warnings.push(Warning::new(
            "ends-before-begin",
            format!(
                "{} of incidents or planned work before the begin: taken for the begin",
                count(backwards, "end")
            ),
        ));
    }
    warnings
}
