use std::sync::Arc;

use super::*;
use crate::alert::backtest::{Run, RunSettings, run};
use crate::alert::evaluate::{Phase, Scheduled, Settings};
use crate::alert::notify::Options;
use crate::alert::rule_file::{self, RuleFile};
use crate::model::Labels;
use crate::promql::MemorySource;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// One group of rules, each `record` or `alert`, name, expression, and what else it has.
fn rules(all: &[(&str, &str, &str, &str)]) -> Vec<RuleFile> {
    let mut text = String::from("groups:\n- name: g\n  rules:\n");
    for (kind, name, expr, more) in all {
        text += &format!("  - {{{kind}: {name}, expr: '{expr}'{more}}}\n");
    }
    vec![rule_file::parse("rules.yml", &text, &Settings::default().options).expect("rules")]
}

/// `m` is 1 each minute of some hours.
fn history(hours: (i64, i64)) -> MemorySource {
    let mut source = MemorySource::default();
    let labels = Labels::from_pairs([("__name__", "m"), ("job", "a")]).expect("labels");
    let labels = Arc::new(labels);
    for minute in hours.0 * 60..hours.1 * 60 {
        source.push(&labels, minute * MINUTE, 1.0);
    }
    source
}

fn hours(start: i64, end: i64) -> TimeRange {
    TimeRange {
        start: start * HOUR,
        end: end * HOUR,
    }
}

/// How long before the range evaluation begins, in minutes, and the warning.
fn begins(
    all: &[(&str, &str, &str, &str)],
    source: &MemorySource,
    range: TimeRange,
) -> (i64, Option<String>) {
    let files = rules(all);
    let groups: Vec<Scheduled<'_>> = files[0]
        .groups
        .iter()
        .map(|group| Scheduled {
            group,
            phase: Phase::Zero,
        })
        .collect();
    let engine = Engine::new(&groups, Settings::default());
    let from = begin(&engine, source, range);
    let warning = cut_windows(&engine, from, range).map(|one| one.message);
    ((range.start - from) / MINUTE, warning)
}

#[test]
fn it_begins_as_much_earlier_as_recorded_series_are_read() {
    let rec = ("record", "r", "sum(m)", "");
    let of_hours = |all: &[(&str, &str, &str, &str)]| {
        let (minutes, warning) = begins(all, &history((0, 100)), hours(99, 100));
        assert_eq!(warning, None, "{all:?}");
        minutes
    };
    // What history has needs nothing.
    assert_eq!(of_hours(&[("alert", "A", "m offset 1d > 1", "")]), 60);
    assert_eq!(of_hours(&[rec, ("alert", "A", "r > 1", "")]), 60);
    let alert = |expr| [rec, ("alert", "A", expr, ", for: 10m")];
    assert_eq!(of_hours(&alert("r > 1")), 60 + 20);
    assert_eq!(of_hours(&alert("avg_over_time(r[6h]) > 1")), 60 + 20 + 360);
    assert_eq!(
        of_hours(&alert("r offset 6h > avg_over_time(m[2d])")),
        60 + 20 + 360
    );
    assert_eq!(
        of_hours(&alert("avg_over_time(r[6h:1m] offset 1h) > 1")),
        60 + 20 + 420
    );
    // Along a chain they add up; what reads an alert needs what the alert needs.
    let chain = [
        rec,
        ("record", "s", "avg_over_time(r[3h])", ""),
        ("alert", "A", "s offset 2h > 1", ", for: 10m"),
        (
            "alert",
            "B",
            "count_over_time(ALERTS{alertname=\"A\"}[1h]) > 5",
            "",
        ),
    ];
    assert_eq!(of_hours(&chain), 60 + 60 + 20 + 120 + 180);
    // Once around a circle.
    let circle = [("record", "r", "max(r offset 2h or m)", "")];
    assert_eq!(of_hours(&circle), 60 + 120);
    let itself = [(
        "alert",
        "A",
        "m > 1 or ALERTS{alertname=\"A\"} and m > 0",
        ", for: 10m",
    )];
    assert_eq!(of_hours(&itself), 60 + 20);
}

#[test]
fn it_begins_neither_before_history_nor_a_month_before_the_range() {
    let all = [
        ("record", "r", "sum(m)", ""),
        ("alert", "Burn", "avg_over_time(r[30d]) > 1", ""),
        ("alert", "A", "r > 1", ""),
    ];
    let (minutes, warning) = begins(&all, &history((10, 100)), hours(12, 100));
    assert_eq!(minutes, 120);
    assert_eq!(
        warning.as_deref(),
        Some(
            "Burn reads what rules record further back than evaluation does, which begins at \
             1970-01-01T10:00:00Z, 2h before the range: its windows are cut until they have filled"
        )
    );
    // As ever an hour, be there history or not.
    assert_eq!(begins(&all, &history((13, 100)), hours(12, 100)).0, 60);
    let all = [
        ("record", "r", "sum(m)", ""),
        ("alert", "Burn", "avg_over_time(r[90d]) > 1", ""),
        ("alert", "Pinned", "r @ 60 > 1", ""),
    ];
    let (minutes, warning) = begins(&all, &history((0, 1)), hours(9_000, 9_001));
    assert_eq!(minutes, 31 * 24 * 60 + 60);
    assert!(
        warning
            .expect("a warning")
            .starts_with("Burn, Pinned read ")
    );
}

#[test]
fn a_window_over_a_recorded_series_is_whole_when_the_range_begins() {
    let external = Labels::default();
    let outcome = |range: TimeRange| -> Run {
        let settings = RunSettings {
            range,
            phases: vec![Phase::Zero],
            evaluation: Settings::default(),
            routes: None,
            silences: &[],
            notify: Options::default(),
            external_labels: &external,
            page_receivers: Vec::new(),
        };
        let files = rules(&[
            ("record", "r", "sum(m)", ""),
            ("alert", "Gaps", "count_over_time(r[6h]) < 350", ""),
        ]);
        run(&files, &mut history((0, 20)), &settings).expect("a run")
    };
    let whole = outcome(hours(12, 13));
    assert!(whole.episodes.is_empty(), "{:?}", whole.episodes);
    assert!(whole.warnings.is_empty());
    // History is too short: it is said.
    let cut = outcome(hours(2, 13));
    assert_eq!(cut.episodes.len(), 1);
    assert_eq!(cut.warnings[0].code, "cut-window");
}
