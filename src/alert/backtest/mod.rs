//! Backtests: whom rules would have paged, when, and which incidents they would have met.
//!
//! [`run()`] evaluates rules over history and simulates the notifications; what
//! comes out is a [`Run`]: facts, nothing judged. [`judge()`] holds it against
//! incidents and calendars and gives a [`Verdict`]. [`compare()`], [`sweep()`] and
//! [`Budget`] look at one or several of them. Times are µs since the epoch,
//! durations µs.

mod budget;
mod calendar;
mod compare;
mod compared;
mod incident;
mod judge;
mod record;
mod rotation;
mod run;
mod sweep;
mod verdict;
mod warm_up;

pub use budget::{Breach, Budget, BudgetError, BudgetErrorKind, FailOn, FailOnError};
pub use calendar::{Calendar, NightError};
pub use compare::{
    ChangedPage, Comparison, Heard, IncidentChange, IncidentChangeKind, PageChange, RuleChange,
    RuleChangeKind, RuleField, RuleRecord, Side, compare,
};
pub use compared::{Compared, compared};
pub use incident::{Incident, Link, LinkBy, Links, Window};
pub use judge::{Judging, judge};
pub use rotation::{Rotation, RotationError, RotationErrorKind, Shift};
pub use run::{
    Episode, EpisodeEnd, Notified, RuleInfo, RuleOutcome, Run, RunSettings, Suppressed, run,
    run_both,
};
pub use sweep::{Parameter, Setting, SettingValue, Sweep, SweepError, SweepPoint, pareto, sweep};
pub use verdict::{
    CoFiring, EpisodeVerdict, Finding, FindingKind, IncidentVerdict, Proportion, RuleVerdict,
    Totals, Unheard, Verdict,
};
