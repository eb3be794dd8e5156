//! How to simulate.

/// How to simulate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Who wins when a repetition is due at the very tick.
    pub repeat_race: RepeatRace,
    /// Whose behaviour.
    pub release: Release,
    /// When Alertmanager was started, µs: its housekeeping counts from there. The
    /// first alert's time where it is not said.
    pub started_at: Option<i64>,
    /// What is left out, to see what it kept back.
    pub ignored: Ignored,
}

/// Who wins when `repeat_interval` is a multiple of `group_interval`.
///
/// Then a repetition is due at the very instant of a tick, and milliseconds
/// decide. The log entry is written after the notification was sent, which puts
/// it later than its tick; each tick drifts a little, which puts the next ones
/// later as well. (Issues 676, 917 and 2647 of Alertmanager are about this.)
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RepeatRace {
    /// Sending takes longer than the ticks drift: the repetition waits one more
    /// `group_interval`. The usual case, as receivers are in other data centres.
    #[default]
    Late,
    /// The ticks drift more than sending takes.
    Early,
}

/// Releases that behave differently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Release {
    /// 0.34: an empty group is gone at once, only a group's first alert can make
    /// it skip `group_wait`, and `group_by: []` is one group.
    #[default]
    V0_34,
    /// 0.25: an empty group stays (with its timer) until the next sweep, which is
    /// every 30 s; any alert older than `group_wait` makes a group that is still
    /// waiting skip it; `group_by: []` is what the parent has.
    V0_25,
}

/// What a simulation leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Inhibition rules.
    pub inhibition: bool,
    /// Silences.
    pub silences: bool,
    /// Mute and active time intervals.
    pub time_intervals: bool,
}
