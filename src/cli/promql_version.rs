use clap::ValueEnum;

use crate::promql::Version;

/// Whose semantics hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum VersionChoice {
    /// Prometheus 2.
    #[value(name = "2")]
    Two,
    /// Prometheus 3.
    #[value(name = "3")]
    Three,
}

impl From<VersionChoice> for Version {
    fn from(choice: VersionChoice) -> Self {
        match choice {
            VersionChoice::Two => Self::V2,
            VersionChoice::Three => Self::V3,
        }
    }
}
