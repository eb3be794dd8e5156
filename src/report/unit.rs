use std::fmt;

/// What a number counts, as report headers and documents write it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Seconds (`s`).
    Seconds,
    /// Milliseconds (`ms`).
    Milliseconds,
    /// Bytes (`bytes`).
    Bytes,
    /// Bytes in a second (`bytes/s`).
    BytesPerSecond,
    /// A share of one (`ratio`), shown in per cent.
    Ratio,
    /// Per cent, already multiplied (`percent`).
    Percent,
    /// Anything else, as it is written (`messages/s`, `EUR`).
    Other(String),
}

impl Unit {
    /// Reads a unit; UCUM and OpenMetrics spellings of the known ones are one.
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "s" | "sec" | "second" | "seconds" => Self::Seconds,
            "ms" | "millisecond" | "milliseconds" => Self::Milliseconds,
            "byte" | "bytes" | "B" | "By" => Self::Bytes,
            "bytes/s" | "B/s" | "By/s" => Self::BytesPerSecond,
            "ratio" => Self::Ratio,
            "percent" | "%" => Self::Percent,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Returns the name that [`parse`](Self::parse) reads; machine formats use it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes/s",
            Self::Ratio => "ratio",
            Self::Percent => "percent",
            Self::Other(text) => text,
        }
    }

    /// Returns the symbol beside a shown number; a ratio is shown in per cent.
    pub fn symbol(&self) -> &str {
        match self {
            Self::Ratio | Self::Percent => "%",
            Self::Bytes => "B",
            Self::BytesPerSecond => "B/s",
            other => other.as_str(),
        }
    }

    /// Returns what a value is multiplied with to be shown beside the symbol.
    pub fn shown_factor(&self) -> f64 {
        if *self == Self::Ratio { 100.0 } else { 1.0 }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for text in ["s", "ms", "bytes", "bytes/s", "ratio", "percent", "EUR"] {
            assert_eq!(Unit::parse(text).as_str(), text);
        }
        assert_eq!(Unit::parse("seconds"), Unit::Seconds);
        assert_eq!(Unit::Ratio.symbol(), "%");
    }
}
