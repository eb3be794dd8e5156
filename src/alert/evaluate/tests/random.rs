//! Random rules over random history: the engine against the oracle, in pieces of any length.

use proptest::prelude::*;

use super::naive::Naive;
use super::*;
use crate::promql::RawSeries;

const METRICS: [&str; 6] = ["a", "b", "r0", "r1", "r2", "r3"];

fn expression() -> impl Strategy<Value = String> {
    let metric = prop::sample::select(&METRICS[..]);
    (metric.clone(), metric, 0..30_u8).prop_map(|(x, y, form)| match form {
        0..=2 => format!("{x} > 2"),
        3 => format!("{x} > 3"),
        4 => format!("1 < {x}"),
        5 => format!("sum by (i) ({x}) != 4"),
        6 => x.to_owned(),
        7 => format!("sum by (i) ({x})"),
        8 => format!("rate({x}[3m])"),
        9 => format!("{x} offset 1m"),
        10 => format!("absent({x})"),
        11 => format!("{x} and on (i) {y} > 1"),
        12 => format!("{x} or {y}"),
        13 => format!("count_over_time({x}[2m])"),
        14 => format!("max_over_time({x}[3m:1m]) > 3"),
        15 => format!("{x} / on (i) {y}"),
        16 => format!(r#"label_replace({x}, "i", "z", "", "")"#),
        17 => r#"ALERTS{alertstate="firing"}"#.into(),
        18 => format!(r#"{x} unless on (i) ALERTS{{alertname="A0"}}"#),
        19 => "sum by (i) (ALERTS_FOR_STATE)".into(),
        20 => r#"{__name__=~"r[01]"}"#.into(),
        21 => "vector(1)".into(),
        22 => "(time() % 300 < bool 120)".into(),
        23 => format!("{x} offset -1m"),
        24 => format!("{x} @ 300"),
        25 => format!("max_over_time({x}[3m] @ start())"),
        26 => format!("timestamp({x}) % 2 == 0"),
        27 => format!("changes({x}[4m]) > 1"),
        28 => format!("topk(1, {x}) > 1"),
        _ => format!("{x} == {x} offset 2m"),
    })
}

pub(super) fn rule() -> impl Strategy<Value = String> {
    let labels = prop::sample::select(
        &[
            "{}",
            "{}",
            "{}",
            "{sev: x}",
            "{i: k}",
            "{v: '{{ $value }}'}",
            "{w: 'x{{ $labels.i }}'}",
        ][..],
    );
    let hold = prop::sample::select(&["0s", "0s", "30s", "1m", "2m"][..]);
    let keep = prop::sample::select(&["0s", "0s", "1m", "90s"][..]);
    (any::<bool>(), 0..4_u8, expression(), labels, hold, keep).prop_map(
        |(records, n, expr, labels, hold, keep)| {
            if records {
                // Recorded labels are no templates.
                let labels = if labels.contains("{{") { "{}" } else { labels };
                format!("  - record: r{n}\n    expr: '{expr}'\n    labels: {labels}\n")
            } else {
                format!(
                    "  - alert: A{n}\n    expr: '{expr}'\n    labels: {labels}\n    for: {hold}\n    keep_firing_for: {keep}\n"
                )
            }
        },
    )
}

/// What stands before a group's rules, and the rules.
pub(super) fn parts() -> impl Strategy<Value = (String, Vec<String>)> {
    (
        prop::sample::select(&["30s", "45s", "1m"][..]),
        prop::sample::select(&["", "", "  query_offset: 30s\n", "  query_offset: 1m\n"][..]),
        prop::sample::select(&[0, 0, 0, 1, 3][..]),
        prop::collection::vec(rule(), 1..5),
    )
        .prop_map(|(interval, offset, limit, rules)| {
            let head = format!("  interval: {interval}\n{offset}  limit: {limit}\n");
            (head, rules)
        })
}

fn group() -> impl Strategy<Value = String> {
    parts().prop_map(|(head, rules)| format!("{head}  rules:\n{}", rules.concat()))
}

pub(super) fn history() -> impl Strategy<Value = Vec<Vec<Option<f64>>>> {
    let value = prop_oneof![
        6 => (0..6_u8).prop_map(|v| Some(f64::from(v))),
        1 => Just(None),
        1 => Just(Some(f64::NAN)),
    ];
    // Runs, so that conditions hold for a while.
    let run = (value, 1..6_usize).prop_map(|(value, len)| vec![value; len]);
    let column = prop::collection::vec(run, 5..25).prop_map(|runs| runs.concat());
    prop::collection::vec(column, 4)
}

/// Three series of `a`, one of `b`.
pub(super) fn source(columns: &[Vec<Option<f64>>]) -> MemorySource {
    let mut source = MemorySource::default();
    for (i, column) in columns.iter().enumerate() {
        let metric = ["a", "a", "a", "b"][i];
        let place = i.to_string();
        series(
            &mut source,
            &[(METRIC_NAME, metric), ("i", &place)],
            20 * SECOND,
            column,
        );
    }
    source
}

fn compare(
    groups: &[String],
    phases: [i64; 3],
    columns: &[Vec<Option<f64>>],
    piece: i64,
    version: Version,
) -> Result<(), TestCaseError> {
    let options = Options {
        version,
        ..Options::default()
    };
    let mut text = String::from("groups:\n");
    for (i, group) in groups.iter().enumerate() {
        text += &format!("- name: g{i}\n{group}");
    }
    // `offset` may take from the expression's quotes.
    let file = rules(&text, &options);
    let mut source = source(columns);
    let all = Matcher::new(METRIC_NAME, MatchKind::Regex, ".+", version).expect("a pattern");
    let raw: Vec<RawSeries> = source
        .select(Selection {
            matchers: &[all],
            from: 0,
            to: MICROS_PER_DAY,
        })
        .expect("memory")
        .iter()
        .map(|slice| RawSeries {
            labels: slice.labels.clone(),
            timestamps: slice.timestamps.to_vec(),
            values: slice.values.to_vec(),
        })
        .collect();
    let settings = Settings {
        options,
        ties: Ties::InOrder,
        piece,
        keep: true,
        ..Settings::default()
    };
    let to = 35 * MINUTE;
    let naive_phases: Vec<i64> = file
        .groups
        .iter()
        .zip(phases)
        .map(|(group, phase)| phase.rem_euclid(group.interval.unwrap_or(MINUTE)))
        .collect();
    let mut naive = Naive::run(&file, &naive_phases, &settings, &raw, to);
    let mut engine = Engine::new(&schedule(&file, &phases), settings.clone());
    let mut collected = Collected::default();
    engine
        .run(&mut source, 0, to, &mut collected)
        .expect("memory");
    prop_assert_eq!(&events(&collected.0), &naive.events, "{}", text);
    let outputs = engine.outputs.clone();
    let ours = dump(&mut engine.with_derived(&mut source), &outputs);
    prop_assert_eq!(&ours, &dump(&mut naive.source, &outputs), "{}", text);
    for (id, _) in engine.rules() {
        let report = engine.report(id);
        let errors = naive.errors.get(&(id.group, id.rule)).copied().unwrap_or(0);
        prop_assert_eq!(
            report.errors.count - report.rejected,
            errors,
            "{} {:?}",
            text,
            id
        );
    }
    // What is not kept changes nothing, nor does where time is cut.
    let mut lean = Engine::new(
        &schedule(&file, &phases),
        Settings {
            keep: false,
            piece: 7 * MINUTE,
            ..settings
        },
    );
    let mut again = Collected::default();
    for (from, to) in [
        (0, 3 * MINUTE),
        (3 * MINUTE, 20 * MINUTE),
        (20 * MINUTE, to),
    ] {
        lean.run(&mut source, from, to, &mut again).expect("memory");
    }
    prop_assert_eq!(&events(&again.0), &naive.events, "{}", text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn is_what_one_slot_at_a_time_gives(
        groups in prop::collection::vec(group(), 1..3),
        phases in prop::array::uniform3((0..60_i64).prop_map(|s| s * SECOND)),
        aligned in any::<bool>(),
        columns in history(),
        piece in prop::sample::select(vec![5 * MINUTE, MICROS_PER_DAY]),
        v2 in any::<bool>(),
    ) {
        let phases = if aligned { [0; 3] } else { phases };
        let version = if v2 { Version::V2 } else { Version::V3 };
        compare(&groups, phases, &columns, piece, version)?;
    }
}
