use crate::model::TimeRange;

/// What happened to several things over one span of time. A timeline only shows
/// what a table of the document holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The title.
    pub title: String,
    /// What it spans.
    pub range: TimeRange,
    /// What stands above the rows: incidents, maintenance, nights.
    pub bands: Vec<TimelineRow>,
    /// A row a thing.
    pub rows: Vec<TimelineRow>,
    /// How many rows there would be besides.
    pub left_out: usize,
}

/// One row and what happened in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRow {
    /// Its name.
    pub name: String,
    /// What happened, in any order; marks may overlap.
    pub marks: Vec<Mark>,
}

/// Something that happened at an instant or over a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// When it began, µs.
    pub from: i64,
    /// When it ended, µs; what happens at an instant ends where it begins.
    pub until: i64,
}

/// What a mark says; where several fall together, the later in this list is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MarkKind {
    /// It is night.
    Night,
    /// Planned work.
    Maintenance,
    /// An incident of which an alert told.
    Incident,
    /// An incident of which none did.
    MissedIncident,
    /// An alert is pending.
    Pending,
    /// An alert fires.
    Firing,
    /// A notification that pages nobody.
    Notification,
    /// A page.
    Page,
}
