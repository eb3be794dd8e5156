/// What an error's type says of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCause {
    /// A rate limit.
    RateLimit,
    /// No connection.
    Connection,
    /// No space left.
    Space,
    /// No answer in time.
    Timeout,
}

impl ErrorCause {
    /// Reads it from an error's type, as labels have it.
    pub(crate) fn of(tag: &str) -> Option<Self> {
        let tag = tag.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| tag.contains(word));
        if says(&[
            "slow_down",
            "slowdown",
            "429",
            "throttl",
            "rate_limit",
            "ratelimit",
            "resourceexhausted",
            "resource_exhausted",
        ]) {
            Some(Self::RateLimit)
        } else if says(&["pool", "too_many", "refused"]) {
            Some(Self::Connection)
        } else if says(&["disk", "space", "quota", "full"]) {
            Some(Self::Space)
        } else if says(&["timeout", "timed_out", "deadline", "504"]) {
            Some(Self::Timeout)
        } else {
            None
        }
    }

    /// The same in words.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::RateLimit => "a rate limit refuses requests",
            Self::Connection => "no connection is to be had",
            Self::Space => "there is no space left",
            Self::Timeout => "the other side does not answer in time",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_common_clients_are_read() {
        let cases = [
            ("SlowDown", Some(ErrorCause::RateLimit)),
            ("ThrottlingException", Some(ErrorCause::RateLimit)),
            ("connection_refused", Some(ErrorCause::Connection)),
            ("disk_full", Some(ErrorCause::Space)),
            ("DeadlineExceeded", Some(ErrorCause::Timeout)),
            ("schema_violation", None),
            ("503", None),
        ];
        for (tag, cause) in cases {
            assert_eq!(ErrorCause::of(tag), cause, "{tag}");
        }
    }
}
