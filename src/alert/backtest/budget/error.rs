//! Why a budget is refused, and where.

use crate::alert::rule_file::{Place, ShapeError};
use crate::model::TimeError;

/// A fault of a budget.
///
/// It displays as one line; [`BudgetError::render`] adds the line of the file
/// with a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{place}: {kind}")]
pub struct BudgetError {
    /// The file, as the user named it.
    pub path: String,
    /// Where in it.
    pub place: Place,
    /// The cause.
    #[source]
    pub kind: Box<BudgetErrorKind>,
    /// The line of the file, and a caret under the place.
    pub excerpt: String,
}

/// The causes of a [`BudgetError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetErrorKind {
    /// The text is not YAML.
    #[error("not YAML: {0}")]
    Yaml(String),
    /// A part has not the shape that it must have.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The file has no limit at all, and so would check nothing.
    #[error("a budget needs at least one limit")]
    Empty,
    /// The text holds several documents.
    #[error("a budget is one document")]
    Documents,
    /// A rule or a receiver without a limit.
    #[error("{0:?} has no limit")]
    NoLimit(String),
    /// Not a share.
    #[error("`{0}` is a share: write a number from 0 to 1")]
    Share(&'static str),
    /// Not a number of pages.
    #[error("`{0}` cannot be less than 0, nor endless")]
    Count(&'static str),
    /// A part without what it is about.
    #[error("{owner} needs `{field}`")]
    Missing {
        /// The part, with its article.
        owner: &'static str,
        /// What it needs.
        field: &'static str,
    },
    /// An entry of `must_not_page` that would mean every page.
    #[error("an entry of `must_not_page` needs a rule, a receiver, labels, or a time")]
    NoCondition,
    /// Not a time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A span ends before it begins.
    #[error("`until` must be after `from`")]
    Backwards,
    /// No way in which people hear of an incident.
    #[error("{0:?} is none of page, notification, firing")]
    By(String),
}

impl BudgetError {
    /// Writes the fault with the line of the file and a caret under the place.
    pub fn render(&self) -> String {
        format!("{self}\n{}", self.excerpt)
    }
}
