//! Instant selectors: the newest sample of each series within the lookback.

use crate::model::MICROS_PER_SECOND;
use crate::promql::column::{ABSENT, Steps, is_absent};
use crate::promql::error::{Error, ErrorKind, Span};
use crate::promql::eval::{Evaluator, check_size, strip};
use crate::promql::expr::{At, Expr, Kind, Place, Selector};
use crate::promql::options::Version;
use crate::promql::source::Selection;
use crate::promql::vector::Series;

impl Evaluator<'_> {
    /// The value of each series at each step.
    pub(super) fn instant_selector(
        &mut self,
        selector: &Selector,
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, Error> {
        self.newest(selector, span, steps, |_, value| value)
    }

    /// The time of the sample that a selector gives at each step, in seconds.
    ///
    /// `expr` is a selector, perhaps in parentheses.
    pub(crate) fn timestamps(&mut self, expr: &Expr, steps: Steps) -> Result<Vec<Series>, Error> {
        let expr = strip(expr);
        let Kind::Selector(selector) = &expr.kind else {
            return Err(ErrorKind::Execution("not a selector".into()).at(expr.span));
        };
        self.newest(selector, expr.span, steps, |ts, _| {
            ts as f64 / MICROS_PER_SECOND as f64
        })
    }

    fn newest(
        &mut self,
        selector: &Selector,
        span: Span,
        steps: Steps,
        read: impl Fn(i64, f64) -> f64,
    ) -> Result<Vec<Series>, Error> {
        if steps.len == 0 {
            return Ok(Vec::new());
        }
        let pinned = self.pinned(&selector.place);
        let offset = selector.place.offset;
        let ends = Steps {
            start: pinned.unwrap_or(steps.start).saturating_sub(offset),
            step: if pinned.is_some() { 0 } else { steps.step },
            len: steps.len,
        };
        // With left-open lookback a sample exactly that old is too old.
        let reach = match self.options.version {
            Version::V2 => self.options.lookback,
            Version::V3 => self.options.lookback - 1,
        };
        let too_old = reach.saturating_add(1).max(0).unsigned_abs();
        let selection = Selection {
            matchers: &selector.matchers,
            from: ends.start.saturating_sub(reach),
            to: ends.end(),
        };
        let slices = self
            .source
            .select(selection)
            .map_err(|error| ErrorKind::Source(error).at(span))?;
        check_size(slices.len(), steps, span)?;
        // One thread: this is no more than memory can bring.
        let mut result = Vec::with_capacity(slices.len());
        for slice in slices {
            let mut values = vec![ABSENT; steps.len];
            let mut next = 0;
            let mut any = false;
            for (i, value) in values.iter_mut().enumerate() {
                let ts = ends.at(i);
                while next < slice.timestamps.len() && slice.timestamps[next] <= ts {
                    next += 1;
                }
                // No sample taken is later: the distance is no less than 0, and fits.
                if next > 0
                    && (ts.wrapping_sub(slice.timestamps[next - 1]) as u64) < too_old
                    && !is_absent(slice.values[next - 1])
                {
                    *value = read(slice.timestamps[next - 1], slice.values[next - 1]);
                    any = true;
                }
            }
            if any {
                result.push(Series {
                    labels: slice.labels.clone(),
                    drop_name: false,
                    values,
                });
            }
        }
        Ok(result)
    }

    /// The instant at which `@` pins a selector or a subquery.
    pub(super) fn pinned(&self, place: &Place) -> Option<i64> {
        place.at.map(|at| match at {
            At::Time(ts) => ts,
            At::Start => self.bounds.0,
            At::End => self.bounds.1,
        })
    }
}
