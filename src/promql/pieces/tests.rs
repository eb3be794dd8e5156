use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::promql::column::is_absent;
use crate::promql::eval::evaluate;
use crate::promql::matcher::Matcher;
use crate::promql::options::Version;
use crate::promql::source::{MemorySource, SampleSlice, Selection};
use crate::promql::vector::RawSeries;

#[test]
fn pieces_cover_all_steps_and_end_at_midnight() {
    let minute = 60_000_000;
    let steps = Steps::range(12 * 60 * minute, 4 * 1440 * minute, minute);
    let cut = |wanted| {
        let mut pieces: Vec<Steps> = Vec::new();
        let mut done = 0;
        while done < steps.len {
            pieces.push(next_piece(steps, done, wanted));
            done += pieces[pieces.len() - 1].len;
        }
        pieces
    };
    for wanted in [1, 100, 2000, 3000, 100_000] {
        let mut next = 0;
        for piece in cut(wanted) {
            assert_eq!(piece.start, steps.at(next));
            assert!(piece.len >= 1 && piece.len <= wanted);
            next += piece.len;
        }
        assert_eq!(next, steps.len);
    }
    let days = cut(2000);
    assert_eq!(days[0].len, 720);
    assert_eq!(days[1].start, 1440 * minute);
    assert_eq!(days[1].len, 1440);
}

#[test]
fn a_piece_is_longer_than_the_windows_where_memory_allows() {
    let day = MICROS_PER_DAY;
    let minute = 60_000_000;
    assert_eq!(wanted(minute, 2, 0), PIECE_VALUES / 2);
    assert_eq!(wanted(minute, 100, 30 * day), 4 * 43_200);
    assert_eq!(wanted(minute, 2000, 30 * day), WINDOW_VALUES / 2000);
    assert_eq!(wanted(0, 2000, i64::MAX), PIECE_VALUES / 2000);
    assert_eq!(wanted(1, usize::MAX, i64::MAX), 1);
}

const MINUTE: i64 = 60_000_000;
/// Nearly midnight, so that pieces are cut there too.
const START: i64 = 20_000 * MICROS_PER_DAY - 90 * MINUTE;

/// Series that come and go: counters with resets, gauges of any level, buckets.
fn series() -> MemorySource {
    let mut source = MemorySource::default();
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut series = Vec::new();
    for a in ["1", "2", "3"] {
        for b in ["u", "v"] {
            for name in ["x_total", "y", "z"] {
                series.push(vec![("__name__", name), ("a", a), ("b", b)]);
            }
            for le in ["1", "5", "25", "+Inf"] {
                series.push(vec![
                    ("__name__", "h_bucket"),
                    ("a", a),
                    ("b", b),
                    ("le", le),
                ]);
            }
        }
    }
    series.push(vec![("__name__", "h_bucket"), ("a", "1")]);
    for labels in series {
        let counter = matches!(labels[0].1, "x_total" | "h_bucket");
        let labels = Arc::new(Labels::from_pairs(labels).unwrap());
        let mut ts = START - 120 * MINUTE + random(60) as i64 * 1_000_000;
        let mut value = 0.0;
        let mut level = 1.0;
        while ts < START + 300 * MINUTE {
            if random(40) == 0 {
                // Gone for up to an hour.
                source.push(&labels, ts, ABSENT);
                ts += random(60) as i64 * MINUTE;
                level = [1.0, 1e9, 1e-3, 1e155][random(4) as usize];
                value = 0.0;
            }
            let rise = random(1000) as f64 * 0.1;
            value = match random(30) {
                0 => 0.0,
                1 if !counter => f64::NAN,
                2 if !counter => f64::INFINITY,
                _ if counter => value + rise,
                _ => level + rise,
            };
            source.push(&labels, ts, value);
            ts += [15, 30, 60][random(3) as usize] * 1_000_000;
        }
    }
    source
}

/// Queries whose windows within a subquery leave no gap between its steps: what lies
/// in no window is looked at by the whole alone (see [`evaluate_pieces`]).
fn query() -> impl Strategy<Value = String> {
    let selector = (
        prop::sample::select(vec![
            "x_total",
            "y",
            "z",
            "h_bucket",
            "{__name__=~\"y|z\"}",
            "{a=\"2\"}",
        ]),
        prop::sample::select(vec!["", "", "", " offset 7m", " offset -9m"]),
        prop::sample::select(vec![
            "",
            "",
            "",
            "",
            " @ start()",
            " @ end()",
            " @ 1727995000",
        ]),
    );
    let scalar = prop::sample::select(vec![
        "2",
        "0.5",
        "-0.5",
        "scalar(y{a=\"1\",b=\"u\"} / 40)",
        "scalar(count(z))",
        "time() / 1e9",
        "(1.7 - scalar(minute()) / 30)",
        "scalar(z{a=\"2\",b=\"v\"} @ start() / 50)",
    ]);
    let window = prop::sample::select(vec!["[4m]", "[10m]", "[40m]", "[70m]"]);
    let subquery = prop::sample::select(vec!["[20m:1m]", "[31m:3m]", "[80m:7m]"]);
    let over = prop::sample::select(vec![
        "rate(R)",
        "increase(R)",
        "delta(R)",
        "irate(R)",
        "changes(R)",
        "deriv(R)",
        "predict_linear(R, S)",
        "quantile_over_time(S, R)",
        "sum_over_time(R)",
        "avg_over_time(R)",
        "stddev_over_time(R)",
        "max_over_time(R)",
        "last_over_time(R)",
        "absent_over_time(R)",
    ]);
    let leaf = prop_oneof![
        3 => selector.clone().prop_map(|(name, offset, at)| format!("{name}{offset}{at}")),
        4 => (selector, window, over.clone(), scalar.clone()).prop_map(
            |((name, offset, at), window, over, scalar)| {
                over.replace('S', scalar)
                    .replace('R', &format!("{name}{window}{offset}{at}"))
            },
        ),
    ];
    leaf.prop_recursive(4, 12, 2, move |inner| {
        let pair = (inner.clone(), inner.clone());
        let matched = prop::sample::select(vec![
            "(V + on (a, b) W)",
            "(V * on (a) group_left () W)",
            "(V > on (a, b) group_right () W)",
            "(V - ignoring (b) W)",
            "(V or W)",
            "(V and on (a) W)",
            "(V unless on (b) W)",
            "(V == bool W)",
        ]);
        let alone = prop::sample::select(vec![
            "sum (V)",
            "sum by (b) (V)",
            "avg without (a) (V)",
            "stddev by (a) (V)",
            "topk (S, V)",
            "bottomk by (b) (2, V)",
            "quantile by (a) (S, V)",
            "count_values by (a) (\"v\", round(V, 50))",
            "clamp_max(V, S)",
            "sort(V)",
            "timestamp(V)",
            "absent(V)",
            "histogram_quantile(S, V)",
            "histogram_quantile(0.9, sum by (le) (V))",
            "-(V)",
            "(V > S)",
            "label_replace(V, \"a\", \"$1\", \"b\", \"(.*)\")",
            "vector(scalar(V))",
        ]);
        let at = prop::sample::select(vec!["", "", "", " @ end()", " offset 11m"]);
        prop_oneof![
            3 => (pair, matched)
                .prop_map(|((v, w), matched)| matched.replace('V', &v).replace('W', &w)),
            5 => (inner.clone(), alone, scalar.clone())
                .prop_map(|(v, alone, s)| alone.replace('S', s).replace('V', &v)),
            2 => (inner, over.clone(), subquery.clone(), scalar.clone(), at).prop_map(
                |(v, over, subquery, s, at)| {
                    over.replace('S', s)
                        .replace('R', &format!("({v}){subquery}{at}"))
                },
            ),
        ]
    })
}

/// The bits of a value, all NaN being one, and the series in their order.
fn bits(value: &Value) -> Vec<(String, Vec<u64>)> {
    let of = |values: &[f64]| -> Vec<u64> {
        let bit = |v: &f64| match v {
            v if is_absent(*v) => 1,
            v if v.is_nan() => 2,
            v => v.to_bits(),
        };
        values.iter().map(bit).collect()
    };
    match value {
        Value::Vector(series) => series
            .iter()
            .map(|one| (one.labels.to_string(), of(&one.values)))
            .collect(),
        Value::Scalar(column) => vec![(String::new(), of(column))],
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn pieces_are_the_whole(
        text in query(),
        (step, len) in (prop::sample::select(vec![1, 3, 10]), 1_usize..25),
        wanted in 1_usize..20,
        version in prop::sample::select(vec![Version::V2, Version::V3]),
    ) {
        let options = Options { version, ..Options::default() };
        let mut source = SOURCE.clone();
        let steps = Steps { start: START, step: step * MINUTE, len };
        let query = Query::parse(&text, &options).unwrap();
        let whole = evaluate(&query, steps, &mut source, &options);
        let mut parts = Whole::new(steps, Span::default());
        let said = pieces_of(wanted, &query, steps, &mut source, &options, &mut |piece, value| {
            parts.add(piece, value)
        });
        match (whole, said) {
            (Ok(whole), Ok(said)) => {
                prop_assert_eq!(bits(&whole.value), bits(&parts.finish()), "{}", text);
                prop_assert_eq!(
                    whole.annotations.iter().collect::<Vec<_>>(),
                    said.iter().collect::<Vec<_>>(),
                    "{}", text
                );
            }
            // Each operation of a piece comes before the first of the next.
            (Err(_), Err(_)) => {}
            (whole, said) => prop_assert!(false, "{text}: {whole:?} but {said:?}"),
        }
    }
}

/// One sample a second for some series, and how often it is asked for them.
struct Seconds {
    series: Vec<RawSeries>,
    asked: usize,
}

impl Seconds {
    fn new(series: usize, seconds: i64) -> Self {
        let one = |i: usize| RawSeries {
            labels: Arc::new(
                Labels::from_pairs([("__name__", "x".to_owned()), ("i", i.to_string())]).unwrap(),
            ),
            timestamps: (0..seconds).map(|s| s * 1_000_000).collect(),
            values: (0..seconds).map(|s| s as f64).collect(),
        };
        Self {
            series: (0..series).map(one).collect(),
            asked: 0,
        }
    }
}

fn slice(series: &RawSeries) -> SampleSlice<'_> {
    SampleSlice {
        labels: &series.labels,
        timestamps: &series.timestamps,
        values: &series.values,
    }
}

impl SampleSource for Seconds {
    fn select(&mut self, _: Selection<'_>) -> Result<Vec<SampleSlice<'_>>, SourceError> {
        self.asked += 1;
        Ok(self.series.iter().map(slice).collect())
    }

    fn count_series(&mut self, _: &[Matcher]) -> Result<usize, SourceError> {
        Ok(self.series.len())
    }
}

fn run(text: &str, steps: Steps, source: &mut dyn SampleSource) -> Result<(usize, usize), Error> {
    let options = Options::default();
    let query = Query::parse(text, &options).unwrap();
    let (mut pieces, mut longest) = (0, 0);
    evaluate_pieces(&query, steps, source, &options, &mut |piece, _| {
        pieces += 1;
        longest = longest.max(piece.len);
        Ok(())
    })?;
    Ok((pieces, longest))
}

#[test]
fn what_is_pinned_is_read_once() {
    let steps = Steps::range(0, 2_000_000_000_000, 1_000_000);
    for (text, pinned) in [
        ("x > avg_over_time(x[100d] @ end())", 1),
        ("x > sum_over_time(x[1d:1m] @ end())", 1),
        ("predict_linear(x[1d:1m] @ start(), 5)", 1),
    ] {
        let mut source = Seconds::new(3, 10);
        let (pieces, _) = run(text, steps, &mut source).unwrap();
        assert!(pieces > 5);
        let moving = usize::from(text.starts_with("x >"));
        assert_eq!(source.asked, pieces * moving + pinned, "{text}");
    }
}

#[test]
fn offsets_make_no_piece_longer() {
    let steps = Steps::range(0, 2_000_000_000_000, 1_000_000);
    let longest = |text| run(text, steps, &mut Seconds::new(9, 1)).unwrap().1;
    assert_eq!(longest("x - x offset 1w"), longest("x - x"));
    assert!(longest("avg_over_time(x[1h])") >= 4 * 3600);
}

#[test]
fn a_piece_that_is_too_large_is_halved() {
    let steps = Steps::range(0, 39_999_000_000, 1_000_000);
    let mut source = Seconds::new(1, 40_000);
    let (pieces, longest) = run("count_values(\"v\", x)", steps, &mut source).unwrap();
    assert!(pieces >= 3 && longest <= 16_384);
    // Together the pieces are too large; and no piece is small enough for this subquery.
    let options = Options::default();
    for text in ["count_values(\"v\", x)", "sum_over_time(vector(1)[8y:1s])"] {
        let query = Query::parse(text, &options).unwrap();
        let error = evaluate_range(&query, steps, &mut source, &options).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::TooLarge { .. }), "{text}");
    }
}

#[test]
fn series_that_take_turns_are_matched_where_they_meet() {
    let mut source = MemorySource::default();
    for name in ["x", "y"] {
        for i in 0..1000 {
            let labels = [("__name__", name.to_owned()), ("i", i.to_string())];
            let labels = Arc::new(Labels::from_pairs(labels).unwrap());
            source.push(&labels, i * 10 * MINUTE, 1.0);
        }
    }
    let options = Options::default();
    let query = Query::parse("x * on () group_left () y", &options).unwrap();
    let steps = Steps::range(0, 9_990 * MINUTE, 10 * MINUTE);
    let product = evaluate(&query, steps, &mut source, &options).unwrap();
    let Value::Vector(series) = product.value else {
        panic!("a vector");
    };
    assert_eq!(series.len(), 1000);
    for one in series {
        let samples = one.values.iter().filter(|v| !is_absent(**v));
        assert_eq!(samples.count(), 1);
    }
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let options = Options::default();
    let mut source = Seconds::new(2, 10);
    for text in [
        "x",
        "x offset -5m",
        "x offset 290y",
        "rate(x[290y] offset -290y)",
        "count_over_time(x[290y] @ -9223372036854 offset 290y)",
        "predict_linear(vector(time())[290y:145y] @ -9223372036854 offset 290y, 5)",
        "max_over_time(count_over_time(x[290y] offset 290y)[290y:290y] offset 290y)",
        "max_over_time(count_over_time(x[290y] offset -290y)[290y:290y] offset -290y)",
        "stddev_over_time(x[5m:1m])",
        "timestamp(x offset -1h) + day_of_month()",
        "histogram_quantile(2, x)",
    ] {
        let query = Query::parse(text, &options).unwrap();
        for steps in [
            Steps::instant(i64::MIN),
            Steps::instant(i64::MAX),
            Steps::instant(0),
            Steps::range(i64::MIN, i64::MAX, i64::MAX),
            Steps::range(i64::MAX - 10, i64::MAX, 1),
            Steps::range(i64::MIN, i64::MIN + 10, 1),
        ] {
            for answer in [
                evaluate(&query, steps, &mut source, &options),
                evaluate_range(&query, steps, &mut source, &options),
            ] {
                // A subquery over all of time is too much, and no more than that.
                let too_large = |error: &Error| matches!(error.kind, ErrorKind::TooLarge { .. });
                assert!(
                    answer.as_ref().err().is_none_or(too_large),
                    "{text}: {answer:?}"
                );
            }
        }
    }
    assert!(Query::parse("x[293y]", &options).is_err());
}

#[test]
fn annotations_are_those_of_all_pieces() {
    let mut source = Seconds::new(2, 1000);
    let steps = Steps::range(0, 999_000_000, 1_000_000);
    let said = |text: &str, version, source: &mut Seconds| -> Vec<String> {
        let options = Options {
            version,
            ..Options::default()
        };
        let query = Query::parse(text, &options).unwrap();
        let said = pieces_of(7, &query, steps, source, &options, &mut |_, _| Ok(()));
        said.unwrap().iter().map(|a| a.message.clone()).collect()
    };
    let quantile = "quantile(1.5 - time() / 1000, x)";
    let warning = "quantile value should be between 0 and 1, got ";
    assert_eq!(
        said(quantile, Version::V3, &mut source),
        [format!("{warning}1.5")]
    );
    assert!(said(quantile, Version::V2, &mut source).is_empty());
    // No window: nothing is a gauge, and no φ is wrong.
    for text in ["rate(x[1s])", "quantile_over_time(2, x[10s] offset 1h)"] {
        assert!(said(text, Version::V3, &mut source).is_empty(), "{text}");
    }
    assert_eq!(said("rate(x[2s])", Version::V3, &mut source).len(), 1);
    assert_eq!(
        said("quantile_over_time(2, x[2s])", Version::V3, &mut source).len(),
        1
    );
    assert_eq!(said("sort(x)", Version::V3, &mut source).len(), 1);
}

static SOURCE: LazyLock<MemorySource> = LazyLock::new(series);
