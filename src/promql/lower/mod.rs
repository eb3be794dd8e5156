//! From `promql-parser`'s tree to ours: each node with its place, every check done.
//!
//! `promql-parser` decides what the query's structure is and checks types. All
//! literals (numbers, durations, strings, matchers) are read from our own tokens
//! and hidden from it, since it rounds or panics on some, and since its regular
//! expressions are not RE2's.

mod convert;
mod emptiness;
pub(crate) mod literal;
mod parse;
mod refuse;
mod selectors;
mod syntax;
pub(crate) mod token;

pub use selectors::QuerySelector;

use crate::promql::error::Error;
use crate::promql::expr::{Expr, Kind, ValueType};
use crate::promql::options::Options;

/// A parsed and checked query.
#[derive(Debug, Clone)]
pub struct Query {
    /// The text.
    pub text: String,
    pub(crate) expr: Expr,
}

impl Query {
    /// Parses a query and checks its types.
    pub fn parse(text: &str, options: &Options) -> Result<Self, Error> {
        let tokens = token::tokens(text)?;
        refuse::refuse(&tokens, options.version)?;
        let tree = parse::parse(text, &tokens)?;
        let expr = convert::convert(text, &tokens, &tree, options)?;
        Ok(Self {
            text: text.to_owned(),
            expr,
        })
    }

    /// The type of the query's value.
    pub(crate) fn value_type(&self) -> ValueType {
        value_type(&self.expr)
    }

    /// Whether the query's value is a scalar.
    pub fn is_scalar(&self) -> bool {
        self.value_type() == ValueType::Scalar
    }
}

/// The type of an expression.
pub(crate) fn value_type(expr: &Expr) -> ValueType {
    match &expr.kind {
        Kind::Number(_) => ValueType::Scalar,
        Kind::String(_) => ValueType::String,
        Kind::Selector(_) | Kind::Aggregate { .. } => ValueType::Vector,
        Kind::Range { .. } | Kind::Subquery { .. } => ValueType::Matrix,
        // The only functions that return scalars.
        Kind::Call { function, .. } => match function.name {
            "pi" | "scalar" | "time" => ValueType::Scalar,
            _ => ValueType::Vector,
        },
        Kind::Negate(inner) | Kind::Paren(inner) => value_type(inner),
        Kind::Binary { lhs, rhs, .. } => match (value_type(lhs), value_type(rhs)) {
            (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
            _ => ValueType::Vector,
        },
    }
}

#[cfg(test)]
mod tests;
