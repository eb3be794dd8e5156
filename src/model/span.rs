/// What part a span has in a call (OpenTelemetry's trace API, "SpanKind").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpanKind {
    /// It waits for a remote answer.
    Client,
    /// It answers a remote call.
    Server,
    /// It hands a message over, and does not wait for what comes of it.
    Producer,
    /// It takes a message that somebody handed over before.
    Consumer,
    /// It stays within its process.
    Internal,
}

impl SpanKind {
    /// Returns the name as the store has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Internal => "internal",
        }
    }

    /// Reads a name, whatever its case, also as OTLP writes it (`SPAN_KIND_SERVER`).
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        Some(match lower.strip_prefix("span_kind_").unwrap_or(&lower) {
            "client" => Self::Client,
            "server" => Self::Server,
            "producer" => Self::Producer,
            "consumer" => Self::Consumer,
            "internal" => Self::Internal,
            _ => return None,
        })
    }
}

/// How the work of a span ended; nothing where nobody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpanStatus {
    /// Somebody said that it went well.
    Ok,
    /// It failed.
    Error,
}

impl SpanStatus {
    /// Returns the name as the store has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }

    /// Reads a name, whatever its case, also as OTLP writes it (`STATUS_CODE_ERROR`).
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        Some(match lower.strip_prefix("status_code_").unwrap_or(&lower) {
            "ok" => Self::Ok,
            "error" => Self::Error,
            _ => return None,
        })
    }
}

/// One step of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// When it began, µs since the epoch, UTC.
    pub ts: i64,
    /// The trace it belongs to.
    pub trace_id: String,
    /// Its identity within the trace.
    pub span_id: String,
    /// The span that caused it.
    pub parent_span_id: Option<String>,
    /// Who did the work.
    pub service: Option<String>,
    /// What was done: `GET /orders`.
    pub name: String,
    /// What part it has in a call.
    pub kind: Option<SpanKind>,
    /// How it ended.
    pub status: Option<SpanStatus>,
    /// How long it took, ns; never negative.
    pub duration_ns: i64,
    /// Everything else, as text, sorted by name.
    pub attributes: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        use SpanKind::{Client, Consumer, Internal, Producer, Server};
        for kind in [Client, Server, Producer, Consumer, Internal] {
            assert_eq!(SpanKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(SpanKind::parse(" SPAN_KIND_CLIENT"), Some(Client));
        assert_eq!(SpanKind::parse("unspecified"), None);
        for status in [SpanStatus::Ok, SpanStatus::Error] {
            assert_eq!(SpanStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(SpanStatus::parse("STATUS_CODE_UNSET"), None);
    }
}
