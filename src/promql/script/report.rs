//! What came of a script: a verdict an eval, counts a file.

/// What an eval needs of an evaluator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Floats and the stable language.
    Stable,
    /// Native histograms.
    NativeHistogram,
    /// Something behind a feature flag of Prometheus.
    Experimental {
        /// The feature.
        feature: String,
    },
}

/// What came of an eval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Result, errors and annotations are as the script says.
    Passed,
    /// They are not.
    Failed {
        /// What the script says.
        expected: String,
        /// What came out.
        actual: String,
    },
    /// The evaluator does not do this.
    Unsupported {
        /// What it lacks.
        feature: String,
    },
}

/// One eval of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalReport {
    /// The line of the command, from 1.
    pub line: usize,
    /// The query.
    pub expression: String,
    /// What it needs.
    pub class: Class,
    /// What came of it.
    pub verdict: Verdict,
}

/// All evals of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The script's name.
    pub name: String,
    /// Its evals in their order.
    pub evals: Vec<EvalReport>,
}

/// Counts of a script's evals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Stable evals.
    pub stable: usize,
    /// Stable evals that passed.
    pub passed: usize,
    /// Evals that need native histograms.
    pub native: usize,
    /// Evals that need something experimental.
    pub experimental: usize,
}

impl FileReport {
    /// Counts the evals by class, and those that passed.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for eval in &self.evals {
            match eval.class {
                Class::Stable => {
                    tally.stable += 1;
                    tally.passed += usize::from(eval.verdict == Verdict::Passed);
                }
                Class::NativeHistogram => tally.native += 1,
                Class::Experimental { .. } => tally.experimental += 1,
            }
        }
        tally
    }

    /// Iterates over the stable evals that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &EvalReport> {
        self.evals
            .iter()
            .filter(|eval| eval.class == Class::Stable && eval.verdict != Verdict::Passed)
    }
}

impl Tally {
    /// Counts another script's evals too.
    pub fn add(&mut self, other: Self) {
        self.stable += other.stable;
        self.passed += other.passed;
        self.native += other.native;
        self.experimental += other.experimental;
    }

    /// Counts all evals.
    pub fn total(&self) -> usize {
        self.stable + self.native + self.experimental
    }
}
