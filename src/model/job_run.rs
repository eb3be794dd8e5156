/// One run of a batch job, or of one of its stages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobRun {
    /// The job's name.
    pub job: String,
    /// The stage, where the row is one of a run's stages.
    pub stage: Option<String>,
    /// The run's identity; (`job`, `stage`, `run_id`) ingested again replaces it.
    pub run_id: String,
    /// When it should have started, µs since the epoch, UTC.
    pub scheduled_at: Option<i64>,
    /// When it started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// How it ended, in lower case (`success`, `failed`, `running` …).
    pub status: Option<String>,
    /// How many rows its source should have had.
    pub rows_expected: Option<i64>,
    /// How many rows it read.
    pub rows_in: Option<i64>,
    /// How many rows it wrote.
    pub rows_out: Option<i64>,
    /// What it cost.
    pub cost: Option<f64>,
}
