use std::fmt;

/// Something a reader must know to judge a result; never an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Warning {
    /// A stable name for machines, in kebab case (`doubled-hour`).
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
}

impl Warning {
    /// Makes a warning.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
