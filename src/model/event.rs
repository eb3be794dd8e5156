/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// Service was degraded.
    Incident,
    /// A new version went live.
    Deploy,
    /// Planned work.
    Maintenance,
    /// A marketing campaign or another planned load.
    Campaign,
    /// A public holiday.
    Holiday,
}

impl EventKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::Incident,
        Self::Deploy,
        Self::Maintenance,
        Self::Campaign,
        Self::Holiday,
    ];

    /// Returns the kind's name as the store has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Deploy => "deploy",
            Self::Maintenance => "maintenance",
            Self::Campaign => "campaign",
            Self::Holiday => "holiday",
        }
    }

    /// Reads a kind's name, singular or plural, whatever its case.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let singular = lower.strip_suffix('s').unwrap_or(&lower);
        Some(match singular {
            "incident" | "outage" => Self::Incident,
            "deploy" | "deployment" | "release" => Self::Deploy,
            "maintenance" => Self::Maintenance,
            "campaign" | "promotion" => Self::Campaign,
            "holiday" => Self::Holiday,
            _ => return None,
        })
    }
}

/// Something that happened to the system, with a beginning and often an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identity; the same identity ingested again replaces it.
    pub id: String,
    /// Begin, µs since the epoch, UTC.
    pub started_at: i64,
    /// End, where it has one and has ended.
    pub ended_at: Option<i64>,
    /// What kind of thing it was.
    pub kind: EventKind,
    /// Severity, as the source writes it.
    pub severity: Option<String>,
    /// What people call it.
    pub title: Option<String>,
    /// Everything else, sorted by name.
    pub labels: Vec<(String, String)>,
}
