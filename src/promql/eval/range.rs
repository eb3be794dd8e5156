//! Range vectors: the windows of range selectors and subqueries, and the
//! functions over them.

use std::sync::Arc;

use crate::model::Labels;
use crate::promql::column::{ABSENT, Steps, is_absent};
use crate::promql::error::{Error, ErrorKind, Span};
use crate::promql::eval::{Evaluator, address, check_size, parallel, strip, without_name};
use crate::promql::expr::{Expr, Kind, Place, Selector};
use crate::promql::functions::{Function, WindowArgs};
use crate::promql::merge::merge_equal;
use crate::promql::options::Version;
use crate::promql::source::{SampleSlice, Selection};
use crate::promql::vector::{RawSeries, Series, Value};
use crate::promql::window::{Windows, bounds};

/// A subquery's series, and whether its name is due to be dropped.
pub(super) type SubquerySeries = (RawSeries, bool);

type Kernel = fn(&Windows<'_>, &WindowArgs<'_>, &mut [f64]);

/// A subquery's column and, beside it, the times and values of its samples.
const SUBQUERY_COPIES: usize = 3;

/// Where the windows of a range vector lie.
#[derive(Clone, Copy)]
struct Frame {
    steps: Steps,
    range: i64,
    offset: i64,
    at: Option<i64>,
    version: Version,
}

/// A series' samples, as a source or a subquery gives them.
struct Samples<'a> {
    slice: SampleSlice<'a>,
    drop_name: bool,
}

impl Frame {
    /// The end of the `i`th window.
    fn end(&self, i: usize) -> i64 {
        let ts = self.at.unwrap_or_else(|| self.steps.at(i));
        ts.saturating_sub(self.offset)
    }

    /// The first instant of the first window.
    fn from(&self) -> i64 {
        let start = self.end(0).saturating_sub(self.range);
        match self.version {
            Version::V2 => start,
            Version::V3 => start.saturating_add(1),
        }
    }

    /// The last instant of the last window.
    fn to(&self) -> i64 {
        self.end(self.steps.len.saturating_sub(1))
    }

    /// Calls `use_windows` with a series' windows, if any has a sample.
    fn with_windows<R>(
        &self,
        slice: &SampleSlice<'_>,
        scratch: &mut Scratch,
        use_windows: impl FnOnce(&Windows<'_>) -> R,
    ) -> Option<R> {
        let Scratch {
            bounds: limits,
            timestamps,
            values,
        } = scratch;
        let (timestamps, values) = if slice.values.iter().any(|v| is_absent(*v)) {
            timestamps.clear();
            values.clear();
            for (ts, value) in slice.timestamps.iter().zip(slice.values) {
                if !is_absent(*value) {
                    timestamps.push(*ts);
                    values.push(*value);
                }
            }
            (timestamps.as_slice(), values.as_slice())
        } else {
            (slice.timestamps, slice.values)
        };
        bounds(
            timestamps,
            self.steps,
            self.range,
            self.offset,
            self.at,
            self.version,
            limits,
        );
        if limits.iter().all(|(lo, hi)| lo == hi) {
            return None;
        }
        Some(use_windows(&Windows {
            timestamps,
            values,
            bounds: limits,
            steps: self.steps,
            range: self.range,
            offset: self.offset,
            at: self.at,
        }))
    }
}

/// Buffers that one series after the other uses.
#[derive(Default)]
struct Scratch {
    bounds: Vec<(u32, u32)>,
    timestamps: Vec<i64>,
    values: Vec<f64>,
}

impl Evaluator<'_> {
    /// Calls a function over the windows of each series.
    pub(super) fn window_call(
        &mut self,
        function: &'static Function,
        kernel: Kernel,
        args: &[Expr],
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, Error> {
        let mut scalars = Vec::new();
        let mut matrix = None;
        for arg in args {
            match &strip(arg).kind {
                Kind::Range { .. } | Kind::Subquery { .. } => matrix = Some(arg),
                _ => scalars.push(self.scalar(arg, steps)?),
            }
        }
        let Some(matrix) = matrix else {
            return Err(
                ErrorKind::Execution(format!("{} needs a range vector", function.name)).at(span),
            );
        };
        let delayed = self.options.delayed_name_removal;
        let version = self.options.version;
        let mut series = self.with_samples(matrix, steps, |frame, samples| {
            parallel::map(
                samples,
                |one| one.slice.timestamps.len() + steps.len,
                |part| {
                    let mut scratch = Scratch::default();
                    let mut out = Vec::with_capacity(part.len());
                    for one in part {
                        let values = frame.with_windows(&one.slice, &mut scratch, |windows| {
                            let mut values = vec![ABSENT; steps.len];
                            kernel(
                                windows,
                                &WindowArgs {
                                    scalars: &scalars,
                                    version,
                                },
                                &mut values,
                            );
                            values
                        });
                        if let Some(values) = values
                            && values.iter().any(|value| !is_absent(*value))
                        {
                            out.push(Series {
                                labels: one.slice.labels.clone(),
                                drop_name: one.drop_name,
                                values,
                            });
                        }
                    }
                    out
                },
            )
        })?;
        if matches!(function.name, "rate" | "increase") {
            self.note_gauges(&series, matrix.span);
        }
        if function.name == "quantile_over_time" {
            self.warn_of_quantiles(&scalars[0], &series, args[0].span);
        }
        if !function.keeps_name {
            for one in &mut series {
                if delayed {
                    one.drop_name = true;
                } else {
                    one.labels = without_name(&one.labels, version);
                }
            }
        }
        merge_equal(series, steps, span)
    }

    /// Says which metrics, of those that have a result, are not named as counters are.
    fn note_gauges(&mut self, series: &[Series], span: Span) {
        const SUFFIXES: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];
        let mut last = "";
        for one in series {
            let name = one.labels.metric();
            if name.is_empty() || name == last || SUFFIXES.iter().any(|s| name.ends_with(s)) {
                continue;
            }
            last = name;
            self.said.annotations.info(
                span,
                format!(
                    "metric might not be a counter, name does not end in \
                     _total/_sum/_count/_bucket: {name:?}"
                ),
            );
        }
    }

    /// Warns of each φ outside 0..=1 at whose step a series has a window.
    fn warn_of_quantiles(&mut self, quantiles: &[f64], series: &[Series], span: Span) {
        let mut last = None;
        for (step, quantile) in quantiles.iter().enumerate() {
            if !(0.0..=1.0).contains(quantile)
                && last != Some(quantile.to_bits())
                && series.iter().any(|one| !is_absent(one.values[step]))
            {
                last = Some(quantile.to_bits());
                self.said.annotations.invalid_quantile(span, *quantile);
            }
        }
    }

    /// Calls `visit` with the windows of each series of a range vector that
    /// has a sample in one of them.
    pub(crate) fn for_each_window(
        &mut self,
        expr: &Expr,
        steps: Steps,
        visit: &mut dyn FnMut(&Arc<Labels>, bool, &Windows<'_>),
    ) -> Result<(), Error> {
        self.with_samples(expr, steps, |frame, samples| {
            let mut scratch = Scratch::default();
            for one in samples {
                frame.with_windows(&one.slice, &mut scratch, |windows| {
                    visit(one.slice.labels, one.drop_name, windows);
                });
            }
        })
    }

    /// The raw samples of a range selector or a subquery at the first step; only an instant
    /// query may return them.
    pub(super) fn matrix(&mut self, expr: &Expr, steps: Steps) -> Result<Value, Error> {
        let version = self.options.version;
        let mut matrix = Vec::new();
        self.for_each_window(expr, steps, &mut |labels, drop_name, windows| {
            let (timestamps, values) = windows.samples(0);
            let labels = if drop_name {
                without_name(labels, version)
            } else {
                labels.clone()
            };
            matrix.push(RawSeries {
                labels,
                timestamps: timestamps.to_vec(),
                values: values.to_vec(),
            });
        })?;
        Ok(Value::Matrix(matrix))
    }

    /// Reads the samples of a range vector and hands them over with their frame.
    fn with_samples<R>(
        &mut self,
        expr: &Expr,
        steps: Steps,
        run: impl FnOnce(&Frame, &[Samples<'_>]) -> R,
    ) -> Result<R, Error> {
        let expr = strip(expr);
        match &expr.kind {
            Kind::Range { selector, range } => {
                let frame = self.frame(&selector.place, *range, steps);
                self.with_selected(selector, expr.span, &frame, run)
            }
            Kind::Subquery {
                expr: inner,
                range,
                step,
                place,
            } => {
                let frame = self.frame(place, *range, steps);
                let step = step.unwrap_or(self.options.subquery_step);
                let series = self.pinned_subquery(inner, &frame, step)?;
                let samples: Vec<Samples<'_>> = series
                    .iter()
                    .map(|(raw, drop_name)| Samples {
                        slice: SampleSlice {
                            labels: &raw.labels,
                            timestamps: &raw.timestamps,
                            values: &raw.values,
                        },
                        drop_name: *drop_name,
                    })
                    .collect();
                Ok(run(&frame, &samples))
            }
            _ => Err(ErrorKind::Execution("expected a range vector".into()).at(expr.span)),
        }
    }

    fn with_selected<R>(
        &mut self,
        selector: &Selector,
        span: Span,
        frame: &Frame,
        run: impl FnOnce(&Frame, &[Samples<'_>]) -> R,
    ) -> Result<R, Error> {
        if frame.steps.len == 0 {
            return Ok(run(frame, &[]));
        }
        let slices = self
            .source
            .select(Selection {
                matchers: &selector.matchers,
                from: frame.from(),
                to: frame.to(),
            })
            .map_err(|error| ErrorKind::Source(error).at(span))?;
        check_size(slices.len(), frame.steps, span)?;
        let samples: Vec<Samples<'_>> = slices
            .into_iter()
            .map(|slice| Samples {
                slice,
                drop_name: false,
            })
            .collect();
        Ok(run(frame, &samples))
    }

    fn frame(&self, place: &Place, range: i64, steps: Steps) -> Frame {
        Frame {
            steps,
            range,
            offset: place.offset,
            at: self.pinned(place),
            version: self.options.version,
        }
    }

    /// A subquery's samples; what `@` pins is evaluated for the first piece only.
    fn pinned_subquery(
        &mut self,
        inner: &Expr,
        frame: &Frame,
        step: i64,
    ) -> Result<Arc<Vec<SubquerySeries>>, Error> {
        let key = address(inner);
        if let Some(series) = self.subqueries.get(&key) {
            return Ok(series.clone());
        }
        let series = Arc::new(self.subquery(inner, frame, step)?);
        if frame.at.is_some() && frame.steps.step != 0 {
            self.subqueries.insert(key, series.clone());
        }
        Ok(series)
    }

    /// Evaluates a subquery's inside at the multiples of its step that any
    /// window holds; returns samples and whether their names are due to be dropped.
    fn subquery(
        &mut self,
        inner: &Expr,
        frame: &Frame,
        step: i64,
    ) -> Result<Vec<SubquerySeries>, Error> {
        if frame.steps.len == 0 {
            return Ok(Vec::new());
        }
        let from = frame.from();
        let first = from.div_euclid(step).saturating_mul(step);
        let first = if first < from {
            first.saturating_add(step)
        } else {
            first
        };
        let inner_steps = Steps::range(first, frame.to(), step);
        check_size(SUBQUERY_COPIES, inner_steps, inner.span)?;
        let series = self.vector(inner, inner_steps)?;
        check_size(series.len() * SUBQUERY_COPIES, inner_steps, inner.span)?;
        let mut samples = Vec::with_capacity(series.len());
        for one in series {
            let mut timestamps = Vec::with_capacity(one.values.len());
            let mut values = Vec::with_capacity(one.values.len());
            for (ts, value) in inner_steps.iter().zip(&one.values) {
                if !is_absent(*value) {
                    timestamps.push(ts);
                    values.push(*value);
                }
            }
            if !values.is_empty() {
                samples.push((
                    RawSeries {
                        labels: one.labels,
                        timestamps,
                        values,
                    },
                    one.drop_name,
                ));
            }
        }
        Ok(samples)
    }
}
