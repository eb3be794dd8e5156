//! What a query selects, and how far around its steps.

use crate::model::METRIC_NAME;
use crate::promql::error::Span;
use crate::promql::expr::{At, Expr, Kind, Place, Selector};
use crate::promql::lower::Query;
use crate::promql::matcher::{MatchOp, Matcher};
use crate::promql::options::Options;

/// A selector of a query.
#[derive(Debug, Clone)]
pub struct QuerySelector {
    /// All matchers, that on `__name__` among them.
    pub matchers: Vec<Matcher>,
    /// Its place in the text.
    pub span: Span,
    /// The metric's name, where one is named.
    pub metric: Option<String>,
    /// How far before the step samples are asked for, µs: its range and `offset` and those of the
    /// subqueries around it, without the lookback; `None` where `@` pins an instant.
    pub back: Option<i64>,
}

impl Query {
    /// Lists the selectors in their order.
    pub fn selectors(&self) -> Vec<QuerySelector> {
        let mut found = Vec::new();
        list(&self.expr, Some(0), &mut found);
        found
    }

    /// Returns the selector where the query is nothing beside it: no function, range, `offset` or
    /// `@`.
    pub fn as_selector(&self) -> Option<QuerySelector> {
        match &self.expr.kind {
            Kind::Selector(selector)
                if selector.place.at.is_none() && selector.place.offset == 0 =>
            {
                self.selectors().pop()
            }
            _ => None,
        }
    }

    /// How far before the first step and after the last one samples may be
    /// needed, µs, by all selectors that no `@` pins.
    pub fn lookback(&self, options: &Options) -> (i64, i64) {
        let (back, ahead) = reach(&self.expr, options).unwrap_or_default();
        (back.max(0), ahead.max(0))
    }

    /// The longest window that moves with the steps, µs: lookback, range, or the
    /// ranges of nested subqueries added up. What `offset` moves is no longer for
    /// that, and what `@` pins is not read again.
    pub(crate) fn longest_window(&self, options: &Options) -> i64 {
        window(&self.expr, options)
    }
}

fn window(expr: &Expr, options: &Options) -> i64 {
    let moving = |place: &Place, window: i64| if place.at.is_some() { 0 } else { window };
    match &expr.kind {
        Kind::Selector(selector) => moving(&selector.place, options.lookback),
        Kind::Range { selector, range } => moving(&selector.place, *range),
        Kind::Subquery {
            expr, range, place, ..
        } => moving(place, range.saturating_add(window(expr, options))),
        _ => children(expr)
            .into_iter()
            .map(|child| window(child, options))
            .max()
            .unwrap_or(0),
    }
}

/// Lists the selectors of an expression that is evaluated so far before the step.
fn list(expr: &Expr, back: Option<i64>, found: &mut Vec<QuerySelector>) {
    let moved = |place: &Place, range: i64| match place.at {
        Some(At::Time(_)) => None,
        // `@ start()` and `@ end()` are the step where there is one, and near it otherwise.
        Some(At::Start | At::End) | None => {
            back.map(|back| back.saturating_add(range).saturating_add(place.offset))
        }
    };
    let (selector, range) = match &expr.kind {
        Kind::Selector(selector) => (selector, 0),
        Kind::Range { selector, range } => (selector, *range),
        Kind::Subquery {
            expr, range, place, ..
        } => return list(expr, moved(place, *range), found),
        _ => {
            let children = children(expr).into_iter();
            return children.for_each(|child| list(child, back, found));
        }
    };
    found.push(QuerySelector {
        matchers: selector.matchers.clone(),
        span: expr.span,
        metric: metric(selector),
        back: moved(&selector.place, range),
    });
}

fn metric(selector: &Selector) -> Option<String> {
    selector
        .matchers
        .iter()
        .find(|matcher| matcher.name == METRIC_NAME && matches!(matcher.op, MatchOp::Equal))
        .map(|matcher| matcher.value.clone())
}

/// Calls a function with each node, parents first.
#[cfg(test)]
pub(super) fn visit<'a>(expr: &'a Expr, f: &mut impl FnMut(&'a Expr)) {
    f(expr);
    for child in children(expr) {
        visit(child, f);
    }
}

fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        Kind::Number(_) | Kind::String(_) | Kind::Selector(_) | Kind::Range { .. } => vec![],
        Kind::Subquery { expr, .. } | Kind::Negate(expr) | Kind::Paren(expr) => vec![expr],
        Kind::Call { args, .. } => args.iter().collect(),
        Kind::Aggregate { param, expr, .. } => {
            param.iter().map(|p| &**p).chain([&**expr]).collect()
        }
        Kind::Binary { lhs, rhs, .. } => vec![lhs, rhs],
    }
}

/// How far back and ahead an expression looks from each step, negative where
/// it only looks at the other side; `None` if it looks at no sample.
fn reach(expr: &Expr, options: &Options) -> Option<(i64, i64)> {
    match &expr.kind {
        Kind::Selector(selector) => shifted(options.lookback, (0, 0), selector.place),
        Kind::Range { selector, range } => shifted(*range, (0, 0), selector.place),
        Kind::Subquery {
            expr, range, place, ..
        } => shifted(*range, reach(expr, options)?, *place),
        _ => children(expr)
            .into_iter()
            .filter_map(|child| reach(child, options))
            .reduce(|a, b| (a.0.max(b.0), a.1.max(b.1))),
    }
}

/// The reach of a window at a place, around what is evaluated in it.
fn shifted(window: i64, inner: (i64, i64), place: Place) -> Option<(i64, i64)> {
    if place.at.is_some() {
        return None;
    }
    Some((
        inner.0.saturating_add(window).saturating_add(place.offset),
        inner.1.saturating_sub(place.offset),
    ))
}
