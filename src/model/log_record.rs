/// One line of a log.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogRecord {
    /// When it happened, µs since the epoch, UTC.
    pub ts: i64,
    /// Who wrote it.
    pub service: Option<String>,
    /// Severity in capitals (`INFO`); see [`canonical_severity`].
    pub severity: Option<String>,
    /// The message.
    pub body: Option<String>,
    /// The trace it belongs to.
    pub trace_id: Option<String>,
    /// The span it belongs to.
    pub span_id: Option<String>,
    /// How long the logged work took, milliseconds.
    pub duration_ms: Option<f64>,
    /// Everything else, as text, sorted by name.
    pub attributes: Vec<(String, String)>,
}

/// Returns a severity's usual name in capitals: `warn` and `WARNING` are `WARN`,
/// `err` is `ERROR`, `critical`, `crit`, `emerg` and `panic` are `FATAL`;
/// anything else is kept, in capitals.
pub fn canonical_severity(text: &str) -> String {
    let upper = text.trim().to_ascii_uppercase();
    match upper.as_str() {
        "WARNING" => "WARN",
        "ERR" | "SEVERE" => "ERROR",
        "CRITICAL" | "CRIT" | "EMERG" | "EMERGENCY" | "ALERT" | "PANIC" => "FATAL",
        "INFORMATION" | "NOTICE" => "INFO",
        "VERBOSE" => "TRACE",
        other => other,
    }
    .to_owned()
}
