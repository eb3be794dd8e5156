//! The evaluator: an expression over a grid of steps.

mod parallel;
mod range;
mod selector;

use range::SubquerySeries;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Labels, METRIC_NAME};
use crate::promql::aggregate::{Aggregation, Extremes, Param, aggregate};
use crate::promql::binary::{Operation, scalar_scalar, vector_scalar, vector_vector};
use crate::promql::column::{ABSENT, MAX_VALUES, Steps, is_absent};
use crate::promql::error::{Annotations, Error, ErrorKind, Span};
use crate::promql::expr::{AggregateOp, Expr, Kind};
use crate::promql::functions::{Body, Call, Function, Repairs};
use crate::promql::lower::Query;
use crate::promql::merge::merge_equal;
use crate::promql::options::{Options, Version};
use crate::promql::source::SampleSource;
use crate::promql::vector::{Series, Value};

/// A query's answer.
#[derive(Debug)]
pub struct Evaluated {
    /// The value over all steps; series without a sample are left out.
    pub value: Value,
    /// Warnings and infos.
    pub annotations: Annotations,
}

/// Evaluates a query at all steps.
///
/// Two series of equal labels are an error at the first step at which both
/// have a sample, as in an instant query there; Prometheus' range queries
/// refuse some such pairs even where they never meet.
pub fn evaluate(
    query: &Query,
    steps: Steps,
    source: &mut dyn SampleSource,
    options: &Options,
) -> Result<Evaluated, Error> {
    evaluate_part(query, steps, (steps.start, steps.end()), source, options)
}

/// Evaluates a query at some of its steps; `bounds` are the first and the last
/// of all, which `@ start()` and `@ end()` mean.
pub fn evaluate_part(
    query: &Query,
    steps: Steps,
    bounds: (i64, i64),
    source: &mut dyn SampleSource,
    options: &Options,
) -> Result<Evaluated, Error> {
    let mut evaluator = Evaluator::new(source, options, bounds);
    let value = evaluator.run(query, steps)?;
    Ok(Evaluated {
        value,
        annotations: evaluator.into_annotations(),
    })
}

/// The state of an evaluation: of one query over all its pieces.
pub(crate) struct Evaluator<'a> {
    pub(crate) source: &'a mut dyn SampleSource,
    pub(crate) options: &'a Options,
    /// The first and the last step of the whole query.
    pub(crate) bounds: (i64, i64),
    pub(crate) said: Said,
    /// The values of invariant nodes at one step, by the node's address.
    invariants: HashMap<usize, Value>,
    /// The samples of subqueries that `@` pins, by the address of their inside.
    subqueries: HashMap<usize, Arc<Vec<SubquerySeries>>>,
}

/// What is to be said beside the result.
#[derive(Clone, Default)]
pub(crate) struct Said {
    /// What each piece says for itself.
    pub(crate) annotations: Annotations,
    // A message about these has the range or the extremes over all steps.
    /// The repairs of classic histograms.
    pub(crate) repairs: Repairs,
    /// The parameters of `quantile`, by their place.
    quantiles: BTreeMap<Span, Extremes>,
}

impl<'a> Evaluator<'a> {
    /// Starts an evaluation; `bounds` are the first and the last step of the whole query.
    pub(crate) fn new(
        source: &'a mut dyn SampleSource,
        options: &'a Options,
        bounds: (i64, i64),
    ) -> Self {
        Self {
            source,
            options,
            bounds,
            said: Said::default(),
            invariants: HashMap::new(),
            subqueries: HashMap::new(),
        }
    }
}

impl Evaluator<'_> {
    /// Evaluates the query at some of its steps; always the same query, the steps in order.
    pub(crate) fn run(&mut self, query: &Query, steps: Steps) -> Result<Value, Error> {
        let span = query.expr.span;
        check_size(1, steps, span)?;
        let refuse = |kind: &str| {
            let text = format!(
                "invalid expression type \"{kind}\" for range query, must be Scalar or instant Vector"
            );
            Err(ErrorKind::Execution(text).at(span))
        };
        let is_range = steps.step != 0;
        match self.eval(&query.expr, steps)? {
            Value::String(_) if is_range => refuse("string"),
            Value::Matrix(_) if is_range => refuse("range vector"),
            Value::Vector(series) => self.finish(series, steps, span).map(Value::Vector),
            other => Ok(other),
        }
    }

    /// Ends the evaluation. Version 2 has no annotations.
    pub(crate) fn into_annotations(self) -> Annotations {
        if self.options.version == Version::V2 {
            return Annotations::default();
        }
        let Said {
            mut annotations,
            repairs,
            quantiles,
        } = self.said;
        repairs.annotate(&mut annotations);
        for (span, extremes) in &quantiles {
            extremes.warn(*span, &mut annotations);
        }
        annotations
    }

    /// Evaluates any expression.
    ///
    /// Over a range a vector is in the order of its labels, whichever of its series have a sample
    /// in this piece; at an instant it is in Prometheus' order.
    pub(crate) fn eval(&mut self, expr: &Expr, steps: Steps) -> Result<Value, Error> {
        if steps.step == 0 || steps.len == 0 {
            return self.compute(expr, steps);
        }
        let literal = matches!(expr.kind, Kind::Number(_) | Kind::String(_));
        let mut value = if expr.invariant && !literal {
            self.invariant(expr, steps)?
        } else {
            self.compute(expr, steps)?
        };
        if let Value::Vector(series) = &mut value {
            sort_by_labels(series);
        }
        Ok(value)
    }

    /// Evaluates an invariant expression once for all pieces.
    fn invariant(&mut self, expr: &Expr, steps: Steps) -> Result<Value, Error> {
        let key = address(expr);
        if !self.invariants.contains_key(&key) {
            let value = self.compute(expr, Steps::instant(steps.start))?;
            self.invariants.insert(key, value);
        }
        let value = &self.invariants[&key];
        if let Value::Vector(series) = value {
            check_size(series.len(), steps, expr.span)?;
        }
        Ok(repeat(value, steps.len))
    }

    fn compute(&mut self, expr: &Expr, steps: Steps) -> Result<Value, Error> {
        match &expr.kind {
            Kind::Number(number) => Ok(Value::Scalar(vec![*number; steps.len])),
            Kind::String(text) => Ok(Value::String(text.clone())),
            Kind::Paren(inner) => self.eval(inner, steps),
            Kind::Selector(selector) => self
                .instant_selector(selector, expr.span, steps)
                .map(Value::Vector),
            Kind::Range { .. } | Kind::Subquery { .. } => self.matrix(expr, steps),
            Kind::Call { function, args } => self.call(function, args, expr.span, steps),
            Kind::Negate(inner) => match self.eval(inner, steps)? {
                Value::Scalar(column) => Ok(Value::Scalar(column.iter().map(|v| -v).collect())),
                Value::Vector(series) => {
                    let negated = self.map(series, false, |v, _| -v);
                    merge_equal(negated, steps, expr.span).map(Value::Vector)
                }
                other => Ok(other),
            },
            Kind::Aggregate {
                op,
                grouping,
                param,
                expr: inner,
            } => {
                let (value, param_span) = match param {
                    None => (Param::None, expr.span),
                    Some(param) if *op == AggregateOp::CountValues => {
                        (Param::String(self.string(param, steps)?), param.span)
                    }
                    Some(param) => (Param::Scalar(self.scalar(param, steps)?), param.span),
                };
                let input = self.vector(inner, steps)?;
                let aggregation = Aggregation {
                    op: *op,
                    grouping,
                    param: value,
                    param_span,
                };
                if *op == AggregateOp::Quantile
                    && let Param::Scalar(quantiles) = &aggregation.param
                {
                    let extremes = self.said.quantiles.entry(param_span).or_default();
                    extremes.widen(quantiles);
                }
                aggregate(&aggregation, input, steps, self.options).map(Value::Vector)
            }
            Kind::Binary {
                op,
                return_bool,
                matching,
                lhs,
                rhs,
            } => {
                let left = self.eval(lhs, steps)?;
                let right = self.eval(rhs, steps)?;
                let operation = Operation {
                    op: *op,
                    return_bool: *return_bool,
                    matching,
                    span: expr.span,
                };
                let (series, scalar, swapped) = match (left, right) {
                    (Value::Scalar(left), Value::Scalar(right)) => {
                        return Ok(Value::Scalar(scalar_scalar(*op, &left, &right)));
                    }
                    (Value::Vector(left), Value::Vector(right)) => {
                        return vector_vector(&operation, left, right, steps, self.options)
                            .map(Value::Vector);
                    }
                    (Value::Vector(left), Value::Scalar(right)) => (left, right, false),
                    (Value::Scalar(left), Value::Vector(right)) => (right, left, true),
                    _ => {
                        return Err(ErrorKind::Execution(format!(
                            "binary operator {:?} is not for operands of these types",
                            op.symbol()
                        ))
                        .at(expr.span));
                    }
                };
                let combined = vector_scalar(&operation, series, &scalar, swapped, self.options);
                merge_equal(combined, steps, expr.span).map(Value::Vector)
            }
        }
    }

    /// Evaluates an expression whose type is an instant vector.
    pub(crate) fn vector(&mut self, expr: &Expr, steps: Steps) -> Result<Vec<Series>, Error> {
        match self.eval(expr, steps)? {
            Value::Vector(series) => Ok(series),
            _ => Err(wrong_type(expr, "instant vector")),
        }
    }

    /// Evaluates an expression whose type is a scalar: one number a step.
    pub(crate) fn scalar(&mut self, expr: &Expr, steps: Steps) -> Result<Vec<f64>, Error> {
        match self.eval(expr, steps)? {
            Value::Scalar(column) => Ok(column),
            _ => Err(wrong_type(expr, "scalar")),
        }
    }

    /// Evaluates an expression whose type is a string.
    pub(crate) fn string(&mut self, expr: &Expr, steps: Steps) -> Result<String, Error> {
        match self.eval(expr, steps)? {
            Value::String(text) => Ok(text),
            _ => Err(wrong_type(expr, "string")),
        }
    }

    fn call(
        &mut self,
        function: &'static Function,
        args: &[Expr],
        span: Span,
        steps: Steps,
    ) -> Result<Value, Error> {
        match function.body {
            Body::Special(run) => run(
                self,
                &Call {
                    name: function.name,
                    args,
                    span,
                    steps,
                },
            ),
            Body::Window(kernel) => self
                .window_call(function, kernel, args, span, steps)
                .map(Value::Vector),
            Body::Map(kernel) => {
                let series = self.vector(&args[0], steps)?;
                let mut scalars = Vec::with_capacity(args.len() - 1);
                for arg in &args[1..] {
                    scalars.push(self.scalar(arg, steps)?);
                }
                let mut at_step: Vec<f64> = scalars
                    .iter()
                    .map(|column| column.first().copied().unwrap_or(f64::NAN))
                    .collect();
                let mapped = if args[1..].iter().all(|arg| arg.invariant) {
                    self.map(series, function.keeps_name, |value, _| {
                        kernel(value, &at_step)
                    })
                } else {
                    self.map(series, function.keeps_name, |value, step| {
                        for (slot, column) in at_step.iter_mut().zip(&scalars) {
                            *slot = column[step];
                        }
                        kernel(value, &at_step)
                    })
                };
                merge_equal(mapped, steps, span).map(Value::Vector)
            }
        }
    }

    /// Applies a function to each sample of each series.
    fn map(
        &self,
        mut series: Vec<Series>,
        keeps_name: bool,
        mut function: impl FnMut(f64, usize) -> f64,
    ) -> Vec<Series> {
        for one in &mut series {
            for (step, value) in one.values.iter_mut().enumerate() {
                if !is_absent(*value) {
                    *value = function(*value, step);
                }
            }
            if !keeps_name {
                self.drop_name(one);
            }
        }
        series
    }

    /// Drops a series' metric name, now or at the end of the query.
    pub(crate) fn drop_name(&self, series: &mut Series) {
        if self.options.delayed_name_removal {
            series.drop_name = true;
        } else {
            series.labels = without_name(&series.labels, self.options.version);
        }
    }

    /// Removes the names that are due, and the series without a sample.
    fn finish(
        &self,
        mut series: Vec<Series>,
        steps: Steps,
        span: Span,
    ) -> Result<Vec<Series>, Error> {
        series.retain(|one| one.values.iter().any(|v| !is_absent(*v)));
        if !series.iter().any(|one| one.drop_name) {
            return Ok(series);
        }
        for one in &mut series {
            if std::mem::take(&mut one.drop_name) {
                one.labels = without_name(&one.labels, self.options.version);
            }
        }
        let mut merged = merge_equal(series, steps, span)?;
        if steps.step != 0 {
            sort_by_labels(&mut merged);
        }
        Ok(merged)
    }
}

/// Brings series into the order of their labels.
pub(crate) fn sort_by_labels(series: &mut [Series]) {
    if !series.is_sorted_by(|a, b| a.labels <= b.labels) {
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
    }
}

/// What tells the nodes of one query apart.
fn address(expr: &Expr) -> usize {
    std::ptr::from_ref(expr).addr()
}

/// Refuses columns that would fill the memory.
pub(crate) fn check_size(series: usize, steps: Steps, span: Span) -> Result<(), Error> {
    let steps = steps.len;
    if series.saturating_mul(steps) > MAX_VALUES {
        return Err(ErrorKind::TooLarge { series, steps }.at(span));
    }
    Ok(())
}

/// Returns the labels without the metric's name; in version 3 its type and unit go with it.
pub(crate) fn without_name(labels: &Arc<Labels>, version: Version) -> Arc<Labels> {
    if labels.iter().any(|(name, _)| is_metadata(name, version)) {
        Arc::new(labels.filtered(|name| !is_metadata(name, version)))
    } else {
        labels.clone()
    }
}

/// Whether a label says what a metric is, not where its samples come from.
pub(crate) fn is_metadata(name: &str, version: Version) -> bool {
    name == METRIC_NAME || (version == Version::V3 && matches!(name, "__type__" | "__unit__"))
}

/// Takes parentheses away.
pub(crate) fn strip(mut expr: &Expr) -> &Expr {
    while let Kind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

/// Gives a value of one step to `len` steps.
fn repeat(value: &Value, len: usize) -> Value {
    let fill = |column: &[f64]| vec![column.first().copied().unwrap_or(ABSENT); len];
    match value {
        Value::Scalar(column) => Value::Scalar(fill(column)),
        Value::Vector(series) => Value::Vector(
            series
                .iter()
                .map(|one| Series {
                    labels: one.labels.clone(),
                    drop_name: one.drop_name,
                    values: fill(&one.values),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

fn wrong_type(expr: &Expr, wanted: &str) -> Error {
    ErrorKind::Execution(format!("expected an expression of type {wanted}")).at(expr.span)
}
