//! The functions of PromQL, a file a group, and their registry.

#[cfg(test)]
mod cases;
mod histogram;
mod label;
mod math;
mod over_time;
mod rate;
mod smoothing;
mod sort;
mod special;
mod time;
mod trend;
mod two_stack;

pub(crate) use histogram::Repairs;

use crate::promql::Evaluator;
use crate::promql::column::Steps;
use crate::promql::error::{Error, Span};
use crate::promql::expr::Expr;
use crate::promql::options::Version;
use crate::promql::vector::Value;
use crate::promql::window::Windows;

/// A function of PromQL.
pub(crate) struct Function {
    /// Its name in a query.
    pub name: &'static str,
    /// What it does.
    pub body: Body,
    /// Whether the result keeps the metric's name.
    pub keeps_name: bool,
    /// Whether its result depends on the time of the step even where its arguments do not.
    pub reads_time: bool,
}

/// How a function is computed.
pub(crate) enum Body {
    /// Each value of an instant vector by itself. The slice has the scalar arguments' values at the step.
    Map(fn(f64, &[f64]) -> f64),
    /// One value a window of a range vector.
    Window(Kernel),
    /// Anything else: evaluates its own arguments.
    Special(Evaluate),
}

/// Writes a value for each window of a series that has one.
pub(crate) type Kernel = fn(&Windows<'_>, &WindowArgs<'_>, &mut [f64]);

/// Evaluates a call.
pub(crate) type Evaluate = fn(&mut Evaluator<'_>, &Call<'_>) -> Result<Value, Error>;

/// What a window function has beside the samples.
pub(crate) struct WindowArgs<'a> {
    /// The scalar arguments in their order, a column over the steps each.
    pub scalars: &'a [Vec<f64>],
    /// Whose semantics hold.
    pub version: Version,
}

/// A call whose arguments are not evaluated yet.
pub(crate) struct Call<'a> {
    /// The function's name.
    pub name: &'a str,
    /// The arguments.
    pub args: &'a [Expr],
    /// The whole call in the text.
    pub span: Span,
    /// The steps of the evaluation.
    pub steps: Steps,
}

static GROUPS: &[&[Function]] = &[
    rate::FUNCTIONS,
    over_time::FUNCTIONS,
    trend::FUNCTIONS,
    smoothing::FUNCTIONS,
    math::FUNCTIONS,
    time::FUNCTIONS,
    label::FUNCTIONS,
    histogram::FUNCTIONS,
    sort::FUNCTIONS,
];

/// A function of windows that drops the name and reads no time.
const fn window(name: &'static str, kernel: Kernel) -> Function {
    Function {
        name,
        body: Body::Window(kernel),
        keeps_name: false,
        reads_time: false,
    }
}

/// A function that evaluates its arguments itself, drops the name and reads no time.
const fn special(name: &'static str, evaluate: Evaluate) -> Function {
    Function {
        name,
        body: Body::Special(evaluate),
        keeps_name: false,
        reads_time: false,
    }
}

/// Finds a function by its name.
pub(crate) fn by_name(name: &str) -> Option<&'static Function> {
    GROUPS
        .iter()
        .copied()
        .flatten()
        .find(|function| function.name == name)
}

/// The names of all functions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    GROUPS
        .iter()
        .copied()
        .flatten()
        .map(|function| function.name)
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
