use std::fmt;

use crate::forecast::Tried;
use crate::forecast::arima::Order;

/// A model of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Specification {
    /// The order.
    pub order: Order,
    /// Whether there is a mean, or after one difference a drift.
    pub constant: bool,
}

/// A model that the search has tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// What it is.
    pub specification: Specification,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It was fitted, with this AICc.
    Fitted(f64),
    /// It was fitted with this AICc, and rejected: a root is too near to the unit circle.
    NearUnitRoot(f64),
    /// It could not be fitted.
    Failed,
}

impl Candidate {
    /// As a line of an explanation.
    pub(super) fn tried(&self) -> Tried {
        let (criterion, note) = match self.outcome {
            Outcome::Fitted(aicc) => (Some(aicc), ""),
            Outcome::NearUnitRoot(_) => (None, "rejected: a root near the unit circle"),
            Outcome::Failed => (None, "could not be fitted"),
        };
        Tried {
            model: self.specification.to_string(),
            criterion,
            note: note.to_owned(),
        }
    }
}

impl fmt::Display for Specification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differences = self.order.differences + self.order.seasonal_differences;
        let constant = match (self.constant, differences) {
            (true, 0) => " with non-zero mean",
            (true, _) => " with drift",
            (false, 0) => " with zero mean",
            (false, _) => "",
        };
        write!(f, "{}{constant}", self.order)
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.specification)?;
        match self.outcome {
            Outcome::Fitted(aicc) => write!(f, "AICc {aicc:.2}"),
            Outcome::NearUnitRoot(aicc) => {
                write!(f, "AICc {aicc:.2}, rejected: a root near the unit circle")
            }
            Outcome::Failed => f.write_str("could not be fitted"),
        }
    }
}
