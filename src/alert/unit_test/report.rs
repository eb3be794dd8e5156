//! What the tests of a file found.

use std::fmt;

use crate::alert::rule_file::Place;
use crate::model::{Labels, format_duration};

/// What the tests of a file found.
#[derive(Debug)]
pub struct UnitTestReport {
    /// The file, as the user named it.
    pub path: String,
    /// Its tests, in their order. A file without any passes.
    pub tests: Vec<TestReport>,
    /// What is probably not meant.
    pub warnings: Vec<UnitTestWarning>,
}

impl UnitTestReport {
    /// Whether all tests passed.
    pub fn passed(&self) -> bool {
        self.tests.iter().all(TestReport::passed)
    }
}

/// What one test found.
#[derive(Debug)]
pub struct TestReport {
    /// Its name; `unnamed#N`, from 0, where it has none.
    pub name: String,
    /// Where it begins.
    pub place: Place,
    /// In what the rules differ from it; empty where it passed.
    pub differences: Vec<Difference>,
}

impl TestReport {
    /// Whether the test passed.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Something that is probably not meant, but fails no test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitTestWarning {
    /// A pattern under `rule_files`.
    #[error("no file matches {0:?}")]
    NoFile(String),
    /// A test expects nothing of an alert that no rule makes.
    #[error("line {}: no rule makes the alert {alertname:?}, so the test cannot fail", place.line)]
    NoSuchAlert {
        /// The alert's name.
        alertname: String,
        /// Where the test stands.
        place: Place,
    },
}

/// A firing alert: names and values in the order of the names, empty values too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FiringAlert {
    /// Its labels, `alertname` among them.
    pub labels: Vec<(String, String)>,
    /// Its rendered annotations.
    pub annotations: Vec<(String, String)>,
}

/// A sample of a query's result.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedSample {
    /// Its labels, `__name__` among them.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
}

/// What differs between a test and the rules. Times are µs since the test's start.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// Other alerts fire.
    Alerts {
        /// The alerts' name.
        alertname: String,
        /// When.
        eval_time: i64,
        /// Where the test expects them.
        place: Place,
        /// What it expects, sorted.
        expected: Vec<FiringAlert>,
        /// What fires, sorted.
        actual: Vec<FiringAlert>,
    },
    /// A query has another result.
    Samples {
        /// The query.
        expr: String,
        /// When.
        eval_time: i64,
        /// Where the test expects them.
        place: Place,
        /// What it expects, sorted by labels.
        expected: Vec<ExpectedSample>,
        /// The result, sorted by labels.
        actual: Vec<ExpectedSample>,
    },
    /// A query fails.
    ExprError {
        /// The query.
        expr: String,
        /// When.
        eval_time: i64,
        /// Where it stands.
        place: Place,
        /// Why.
        message: String,
    },
    /// A rule fails, which ends the test.
    RuleError {
        /// The group.
        group: String,
        /// The rule.
        rule: String,
        /// When.
        time: i64,
        /// Why.
        message: String,
    },
    /// The test needs what is not supported.
    NativeHistogram {
        /// Where it stands.
        place: Place,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alerts {
                alertname,
                eval_time,
                place,
                expected,
                actual,
            } => {
                let time = format_duration(*eval_time);
                write!(f, "line {}: alert {alertname} at {time}: ", place.line)?;
                write!(f, "{} expected, {} firing", expected.len(), actual.len())?;
                alerts(f, expected, actual)
            }
            Self::Samples {
                expr,
                eval_time,
                place,
                expected,
                actual,
            } => {
                let time = format_duration(*eval_time);
                write!(f, "line {}: {} at {time}: ", place.line, one_line(expr))?;
                write!(f, "{} expected, {} found", expected.len(), actual.len())?;
                let (missing, surplus) = apart(expected, actual);
                for sample in missing {
                    write!(f, "\n  - {} {}", sample.labels, sample.value)?;
                }
                for sample in surplus {
                    write!(f, "\n  + {} {}", sample.labels, sample.value)?;
                }
                Ok(())
            }
            Self::ExprError {
                expr,
                eval_time,
                place,
                message,
            } => {
                let time = format_duration(*eval_time);
                write!(
                    f,
                    "line {}: {} at {time}: {message}",
                    place.line,
                    one_line(expr)
                )
            }
            Self::RuleError {
                group,
                rule,
                time,
                message,
            } => {
                let time = format_duration(*time);
                write!(f, "group {group}, rule {rule} at {time}: {message}")
            }
            Self::NativeHistogram { place } => {
                write!(
                    f,
                    "line {}: native histograms are not supported",
                    place.line
                )
            }
        }
    }
}

fn one_line(expr: &str) -> String {
    expr.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes alerts that are only expected (`-`), only firing (`+`), or have other annotations (`~`).
fn alerts(
    f: &mut fmt::Formatter<'_>,
    expected: &[FiringAlert],
    actual: &[FiringAlert],
) -> fmt::Result {
    let (missing, mut surplus) = apart(expected, actual);
    for alert in missing {
        let twin = surplus.iter().position(|got| got.labels == alert.labels);
        let Some(twin) = twin.map(|at| surplus.remove(at)) else {
            write!(f, "\n  - {}", Pairs(&alert.labels))?;
            for (name, value) in &alert.annotations {
                write!(f, "\n      {name}: {value:?}")?;
            }
            continue;
        };
        write!(f, "\n  ~ {}", Pairs(&alert.labels))?;
        let (lost, added) = apart(&alert.annotations, &twin.annotations);
        for (name, value) in lost {
            write!(f, "\n      - {name}: {value:?}")?;
        }
        for (name, value) in added {
            write!(f, "\n      + {name}: {value:?}")?;
        }
    }
    for alert in surplus {
        write!(f, "\n  + {}", Pairs(&alert.labels))?;
        for (name, value) in &alert.annotations {
            write!(f, "\n      {name}: {value:?}")?;
        }
    }
    Ok(())
}

/// What is only on the one side, and what only on the other.
fn apart<'a, T: PartialEq>(expected: &'a [T], actual: &'a [T]) -> (Vec<&'a T>, Vec<&'a T>) {
    let mut surplus: Vec<&T> = actual.iter().collect();
    let mut missing = Vec::new();
    for item in expected {
        match surplus.iter().position(|have| *have == item) {
            Some(at) => {
                surplus.remove(at);
            }
            None => missing.push(item),
        }
    }
    (missing, surplus)
}

/// Labels as PromQL writes them, empty values too.
struct Pairs<'a>(&'a [(String, String)]);

impl fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}
