//! Saved backtests: rows by name, samples of `ALERTS`, maintenance.

use super::*;
use crate::model::is_stale;
use crate::store::backtest_fixture::{Sample, alert_labels, sample};
use crate::store::{
    CompactOptions, SavedBacktest, StoreError, VerifyOptions, compact, info, retain, save_backtest,
    verify,
};

const RESULTS: [TableKind; 3] = [
    TableKind::Alerts,
    TableKind::Episodes,
    TableKind::Notifications,
];

fn save(f: &Fixture, name: &str, sample: &Sample) -> SavedBacktest {
    save_backtest(&f.store, name, sample.result(), f.handle(), NOW).unwrap()
}

fn versions(f: &Fixture) -> Vec<Option<u64>> {
    let kinds = TableKind::ALL.into_iter();
    kinds.map(|kind| f.snapshot(kind).version).collect()
}

fn assert_sound(f: &Fixture) {
    let report = verify(&f.store, VerifyOptions::default(), f.handle(), NOW).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

/// Returns the names in the first column with their numbers of rows.
fn names(f: &Fixture, kind: TableKind) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for batch in f.batches(kind) {
        assert_eq!(batch.schema().field(0).name(), "backtest");
        for name in batch["backtest"].as_string::<i32>() {
            *names.entry(name.unwrap().to_owned()).or_default() += 1;
        }
    }
    names
}

/// Returns the samples of a series as `seconds since DAY: value`.
fn series(f: &Fixture, labels: &Labels) -> Vec<String> {
    let mut samples = Vec::new();
    for batch in f.batches(TableKind::Samples) {
        let ts = batch["ts"].as_primitive::<TimestampMicrosecondType>();
        let value = batch["value"].as_primitive::<Float64Type>();
        for (row, id) in series_ids(&batch).iter().enumerate() {
            if *id == labels.series_id() {
                samples.push((ts.value(row), value.value(row)));
            }
        }
    }
    samples.sort_by_key(|(ts, _)| *ts);
    let shown = samples.into_iter().map(|(ts, value)| {
        let seconds = (ts - DAY) / SECOND;
        match is_stale(value) {
            true => format!("{seconds}: stale"),
            false => format!("{seconds}: {value}"),
        }
    });
    shown.collect()
}

fn alerts(job: &str, state: &str, name: &str) -> Labels {
    let labels = alert_labels(job).with("__name__", "ALERTS");
    labels.with("alertstate", state).with("backtest", name)
}

fn for_state(job: &str, name: &str) -> Labels {
    let labels = alert_labels(job).with("__name__", "ALERTS_FOR_STATE");
    labels.with("backtest", name)
}

#[test]
fn a_backtest_has_its_rows_under_its_name() {
    let f = Fixture::new();
    let saved = save(&f, "nightly", &sample(DAY));
    assert_eq!(
        (saved.alerts, saved.episodes, saved.notifications),
        (2, 4, 2)
    );
    assert!(saved.is_changed);
    let alerts = &f.batches(TableKind::Alerts)[0];
    let texts = |batch: &RecordBatch, name: &str| -> Vec<Option<String>> {
        let column = batch[name].as_string::<i32>();
        column.iter().map(|text| text.map(str::to_owned)).collect()
    };
    let some = |texts: &[&str]| -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    };
    // The order of the run, not of the verdict.
    assert_eq!(texts(alerts, "rule"), some(&["HighErrors", "Dead"]));
    assert_eq!(
        alerts["rule_number"].as_primitive::<Int64Type>().values(),
        &[2, 3]
    );
    let precision = alerts["precision"].as_primitive::<Float64Type>();
    assert_eq!(precision.iter().collect::<Vec<_>>(), [Some(0.5), None]);
    let never_fires = alerts["never_fires"].as_boolean();
    assert_eq!(
        never_fires.iter().collect::<Vec<_>>(),
        [Some(false), Some(true)]
    );
    let incidents = alerts["incidents"].as_list::<i32>();
    assert_eq!(incidents.value(0).as_string::<i32>().value(0), "INC-1");
    assert_eq!(incidents.value(1).len(), 0);
    let seconds = alerts["firing_seconds"].as_primitive::<Float64Type>();
    assert_eq!(seconds.values(), &[360.0, 0.0]);

    let episodes = &f.batches(TableKind::Episodes)[0];
    let states = some(&["resolved", "dropped", "wiped", "open"]);
    assert_eq!(texts(episodes, "state"), states);
    let verdicts = some(&["incident", "near-miss", "undecided", "maintenance"]);
    assert_eq!(texts(episodes, "verdict"), verdicts);
    let some_text = |text: &str| Some(text.to_owned());
    let ids = [some_text("INC-1"), None, None, some_text("MNT-1")];
    assert_eq!(texts(episodes, "incident"), ids);
    let causes = [None, None, None, some_text("silence")];
    assert_eq!(texts(episodes, "suppressed_by"), causes);
    let paged = episodes["first_page_at"].as_primitive::<TimestampMicrosecondType>();
    assert_eq!(paged.iter().next(), Some(Some(DAY + 150 * SECOND)));
    assert_eq!(paged.iter().flatten().count(), 1);

    let told = &f.batches(TableKind::Notifications)[0];
    assert_eq!(texts(told, "reason"), some(&["first", "all-resolved"]));
    let numbers = told["episodes"].as_list::<i32>();
    let number = |row| {
        numbers
            .value(row)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec()
    };
    assert_eq!((number(0), number(1)), (vec![1], vec![1]));
    let counts = |name: &str| told[name].as_primitive::<Int64Type>().values().to_vec();
    assert_eq!(
        (counts("firing"), counts("resolved")),
        (vec![1, 0], vec![0, 1])
    );
    assert_eq!(
        told["alerts"]
            .as_list::<i32>()
            .value(0)
            .as_string::<i32>()
            .value(0),
        r#"{alertname="HighErrors", job="a", severity="page"}"#
    );
    assert_sound(&f);
}

#[test]
fn saving_replaces_what_has_the_name_and_nothing_else() {
    let f = Fixture::new();
    save(&f, "nightly", &sample(DAY));
    save(&f, "weekly", &sample(DAY));
    let before = versions(&f);
    let again = save(&f, "nightly", &sample(DAY));
    assert!(!again.is_changed);
    assert_eq!(versions(&f), before, "the same rows are no new version");

    let mut other = sample(DAY);
    other.run.episodes.truncate(1);
    other.run.notifications.clear();
    assert!(save(&f, "nightly", &other).is_changed);
    let count = |kind| {
        let names = names(&f, kind);
        (names.get("nightly").copied(), names["weekly"])
    };
    assert_eq!(count(TableKind::Alerts), (Some(2), 2));
    assert_eq!(count(TableKind::Episodes), (Some(1), 4));
    assert_eq!(count(TableKind::Notifications), (None, 2));
    assert_sound(&f);
}

#[test]
fn alerts_have_the_samples_that_prometheus_writes() {
    let f = Fixture::new();
    let saved = save(&f, "nightly", &sample(DAY));
    let name = "nightly";
    assert_eq!(
        series(&f, &alerts("a", "pending", name)),
        [
            "0: 1",
            "60: 1",
            "120: stale",
            "600: 1",
            "660: 1",
            "720: stale"
        ]
    );
    assert_eq!(
        series(&f, &alerts("a", "firing", name)),
        [
            "120: 1",
            "180: 1",
            "240: 1",
            "300: stale",
            "720: 1",
            "780: 1",
            "840: 1"
        ]
    );
    assert_eq!(
        series(&f, &alerts("b", "pending", name)),
        ["60: 1", "120: stale"]
    );
    // A limit that is exceeded leaves no marker.
    assert_eq!(series(&f, &alerts("c", "pending", name)), ["60: 1"]);
    let since = DAY / SECOND;
    let expected: Vec<String> = [0, 60, 120, 180, 240]
        .iter()
        .map(|s| format!("{s}: {since}"))
        .chain(["300: stale".to_owned()])
        .chain(
            [600, 660, 720, 780, 840]
                .iter()
                .map(|s| format!("{s}: {}", since + 600)),
        )
        .collect();
    assert_eq!(series(&f, &for_state("a", name)), expected);
    let rows = f.snapshot(TableKind::Samples).rows();
    assert_eq!((rows, saved.samples), (13 + 2 + 1 + 11 + 2 + 1, 30));
    // a: pending, firing, since; b and c: pending, since.
    assert_eq!(f.snapshot(TableKind::Series).rows(), 7);
}

#[test]
fn samples_of_the_former_run_go_and_all_others_stay() {
    let f = Fixture::new();
    // Data of the same day, and alerts exported from production.
    f.ingest(&[("a", DAY, 1.0), ("z", DAY + 600 * SECOND, 2.0)]);
    let production = alerts("a", "firing", "");
    let mut writer = f.writer();
    writer.begin_file("prod", "test");
    let handle = writer.series(production.clone());
    writer.sample(handle, DAY + 2 * MICROS_PER_DAY, 1.0);
    writer.end_file().unwrap();
    writer.commit().unwrap();
    let data = f.paths(TableKind::Samples);

    save(&f, "weekly", &sample(DAY));
    save(&f, "nightly", &sample(DAY));
    // Another phase, and a day later: nothing is left of the first day.
    let later = DAY + MICROS_PER_DAY + 7 * SECOND;
    save(&f, "nightly", &sample(later));
    let shift = (later - DAY) / SECOND;
    let pending = series(&f, &alerts("b", "pending", "nightly"));
    assert_eq!(
        pending,
        [
            format!("{}: 1", 60 + shift),
            format!("{}: stale", 120 + shift)
        ]
    );
    assert_eq!(
        series(&f, &alerts("b", "pending", "weekly")),
        ["60: 1", "120: stale"]
    );
    assert_eq!(series(&f, &production), [format!("{}: 1", 2 * 86_400)]);
    let paths = f.paths(TableKind::Samples);
    assert!(
        data.iter().all(|path| paths.contains(path)),
        "data is not rewritten"
    );
    assert_sound(&f);

    // The same when all files of a day have become one.
    let options = CompactOptions::default();
    compact(&f.store, options, f.handle(), NOW).unwrap();
    let before = versions(&f);
    assert!(!save(&f, "weekly", &sample(DAY)).is_changed);
    assert_eq!(versions(&f), before);
    let mut none = sample(DAY);
    none.run.episodes.clear();
    assert_eq!(save(&f, "weekly", &none).samples, 0);
    assert_eq!(
        series(&f, &alerts("b", "pending", "weekly")),
        Vec::<String>::new()
    );
    let rows = f.snapshot(TableKind::Samples).rows();
    assert_eq!(rows, 3 + 30);
    assert_sound(&f);
}

#[test]
fn an_alert_that_begins_where_another_ends_is_no_end() {
    let f = Fixture::new();
    let mut sample = sample(DAY);
    let episodes = &mut sample.run.episodes;
    episodes.truncate(2);
    // Both of job b: the second begins at the instant at which the first is dropped.
    episodes[0] = episodes[1].clone();
    episodes[0].active_at = DAY + 120 * SECOND;
    episodes[0].ended_at = Some(DAY + 180 * SECOND);
    save(&f, "x", &sample);
    let pending = series(&f, &alerts("b", "pending", "x"));
    assert_eq!(pending, ["60: 1", "120: 1", "180: stale"]);
}

#[test]
fn what_began_before_the_range_has_samples_from_its_begin_on() {
    let f = Fixture::new();
    let mut sample = sample(DAY);
    sample.run.range.start = DAY + 150 * SECOND;
    sample.run.episodes.truncate(2);
    save(&f, "x", &sample);
    assert_eq!(
        series(&f, &alerts("a", "pending", "x")),
        Vec::<String>::new()
    );
    let firing = series(&f, &alerts("a", "firing", "x"));
    assert_eq!(firing, ["180: 1", "240: 1", "300: stale"]);
    let since = DAY / SECOND;
    let expected = [
        format!("180: {since}"),
        format!("240: {since}"),
        "300: stale".into(),
    ];
    assert_eq!(series(&f, &for_state("a", "x")), expected);
}

#[test]
fn maintenance_knows_the_results() {
    let f = Fixture::new();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
        save(&f, name, &sample(DAY));
    }
    let tables = info(&f.store, f.handle()).unwrap();
    let rows = |kind| {
        tables
            .iter()
            .find(|t| t.table == kind)
            .map(|t| (t.rows, t.files))
    };
    assert_eq!(rows(TableKind::Episodes), Some((36, 9)));
    compact(&f.store, CompactOptions::default(), f.handle(), NOW).unwrap();
    for kind in RESULTS {
        assert_eq!(f.paths(kind).len(), 1, "{kind:?}");
    }
    assert_sound(&f);
    // Of nine in one file, one is replaced.
    let mut other = sample(DAY);
    other.run.episodes.pop();
    save(&f, "e", &other);
    assert_eq!(names(&f, TableKind::Episodes)["e"], 3);
    assert_eq!(f.snapshot(TableKind::Episodes).rows(), 35);
    assert_sound(&f);
    // Results outlive the samples of their days.
    let dropped = retain(&f.store, 1, false, f.handle(), NOW).unwrap();
    assert!(dropped.iter().all(|day| day.table == TableKind::Samples));
    assert_eq!(f.snapshot(TableKind::Samples).rows(), 0);
    assert_eq!(f.snapshot(TableKind::Episodes).rows(), 35);
    assert_sound(&f);
}

#[test]
fn odd_results_are_saved_as_far_as_they_go() {
    let f = Fixture::new();
    let unnamed = save_backtest(&f.store, "", sample(DAY).result(), f.handle(), NOW);
    assert!(matches!(unnamed, Err(StoreError::NoBacktestName)));
    let mut odd = sample(DAY);
    odd.run.rules[1].info.interval = 0;
    odd.run.range.end = DAY + SECOND;
    odd.run.episodes[0].active_at = i64::MIN;
    odd.run.episodes[0].value = f64::NAN;
    odd.run.episodes[1].rule = 99;
    odd.run.episodes[3].active_at = i64::MAX;
    odd.run.episodes[3].fired_at = Some(i64::MAX);
    odd.run.notifications[0].firing = vec![42];
    odd.verdict.rules[0].rule = 12;
    odd.verdict.rules[1].incidents = vec![5];
    odd.verdict.episodes.clear();
    odd.run.suppressed[0].episode = 77;
    let saved = save(&f, "nul\0l 'x'", &odd);
    assert_eq!((saved.alerts, saved.episodes), (1, 4));
    assert!(!save(&f, "nul\0l 'x'", &odd).is_changed);
    // An empty run is a backtest too.
    odd.run.episodes.clear();
    odd.run.rules.clear();
    odd.run.notifications.clear();
    assert_eq!(save(&f, "empty", &odd).alerts, 0);
}
