//! The query as a tree of our own: typed, checked, each node with its place in the text.

use crate::promql::error::Span;
use crate::promql::functions::Function;
use crate::promql::matcher::Matcher;

/// A node of the tree.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    /// What it is.
    pub kind: Kind,
    /// Its place in the text.
    pub span: Span,
    /// Whether it has the same value at all steps, since every selector in it is
    /// pinned by `@` and no function in it reads the time of the step.
    pub invariant: bool,
}

/// The kinds of nodes.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A number.
    Number(f64),
    /// A string.
    String(String),
    /// An instant selector.
    Selector(Selector),
    /// A range selector: `x[5m]`.
    Range {
        /// The selector.
        selector: Selector,
        /// The length of the window, µs, > 0.
        range: i64,
    },
    /// A subquery: `x[1h:5m]`.
    Subquery {
        /// What is evaluated.
        expr: Box<Expr>,
        /// The length of the window, µs, > 0.
        range: i64,
        /// The distance of two evaluations, µs; `None` for the default step.
        step: Option<i64>,
        /// Where the window lies.
        place: Place,
    },
    /// A function's call.
    Call {
        /// The function.
        function: &'static Function,
        /// Its arguments; their types are checked.
        args: Vec<Expr>,
    },
    /// An aggregation.
    Aggregate {
        /// The operator.
        op: AggregateOp,
        /// The labels that make a group.
        grouping: Grouping,
        /// The parameter of `topk`, `bottomk`, `quantile`, `count_values`.
        param: Option<Box<Expr>>,
        /// What is aggregated.
        expr: Box<Expr>,
    },
    /// `-x`.
    Negate(Box<Expr>),
    /// A binary operation.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Whether a comparison returns 0 and 1 instead of filtering.
        return_bool: bool,
        /// How two vectors are matched.
        matching: Matching,
        /// The left side.
        lhs: Box<Expr>,
        /// The right side.
        rhs: Box<Expr>,
    },
    /// `(x)`.
    Paren(Box<Expr>),
}

/// A selector: matchers and where in time it looks.
#[derive(Debug, Clone)]
pub(crate) struct Selector {
    /// All matchers, that on `__name__` among them.
    pub matchers: Vec<Matcher>,
    /// Where it looks.
    pub place: Place,
}

/// `offset` and `@`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// How far back, µs (negative: ahead).
    pub offset: i64,
    /// The instant that replaces the step's, if any.
    pub at: Option<At>,
}

/// The instant of `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// A Unix time, µs.
    Time(i64),
    /// The first step of the whole query.
    Start,
    /// The last step of the whole query.
    End,
}

/// An aggregation operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AggregateOp {
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
    TopK,
    BottomK,
    Quantile,
    CountValues,
}

/// `by (…)` or `without (…)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grouping {
    /// `without`: the labels are those left out.
    pub without: bool,
    /// The labels as written.
    pub labels: Vec<String>,
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Unless,
}

impl BinaryOp {
    /// Whether it compares.
    pub(crate) fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
        )
    }

    /// Whether it is `and`, `or` or `unless`.
    pub(crate) fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// How it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }
}

/// How the series of two vectors find each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Matching {
    /// `on (…)`: the labels are those compared; otherwise those ignored.
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// Which side may have several series a match.
    pub cardinality: Cardinality,
    /// The labels in `group_left (…)` or `group_right (…)`, taken from the "one" side.
    pub include: Vec<String>,
}

/// Which side of a binary operation may have several series a match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Cardinality {
    /// Neither.
    #[default]
    OneToOne,
    /// The left (`group_left`).
    ManyToOne,
    /// The right (`group_right`).
    OneToMany,
    /// Both: set operators.
    ManyToMany,
}

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    Scalar,
    String,
    Vector,
    Matrix,
}
