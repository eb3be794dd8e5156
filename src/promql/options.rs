//! How a query is evaluated.

/// The major version of Prometheus whose semantics hold.
///
/// 2 is what Debian's 2.42 does: ranges and lookback include their first
/// instant, `.` in a regular expression does not match a newline, the values of
/// `le` and `quantile` are compared as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// Closed ranges.
    V2,
    /// Left-open ranges.
    #[default]
    V3,
}

/// The settings of an evaluation.
#[derive(Debug, Clone)]
pub struct Options {
    /// The semantics.
    pub version: Version,
    /// For how long a sample stands for its series, µs (Prometheus: 5 m).
    pub lookback: i64,
    /// The step of subqueries that name none, µs (Prometheus: the global evaluation interval, 1 m).
    pub subquery_step: i64,
    /// Whether a metric's name is dropped at the end of a query instead of in each function.
    pub delayed_name_removal: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: Version::default(),
            lookback: 300_000_000,
            subquery_step: 60_000_000,
            delayed_name_removal: false,
        }
    }
}
