use std::fmt::Write as _;

use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::ingest::{self, ReadOptions};
use crate::model::{Labels, is_stale, stale_nan};
use crate::promql::MemorySource;
use crate::store::{LoadOptions, Store, load};

/// 2026-03-01T00:00:00Z.
const DAY: i64 = 1_772_323_200_000_000;
const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const NOW: i64 = DAY + 30 * MICROS_PER_DAY;

/// A store, and the same samples in memory.
pub(in crate::query) struct Fixture {
    folder: TempDir,
    pub(in crate::query) runtime: Runtime,
    pub(in crate::query) store: Store,
    memory: MemorySource,
    files: usize,
}

impl Fixture {
    pub(in crate::query) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            store: Store::create(&folder.path().join("store")).unwrap(),
            folder,
            runtime: Runtime::new().unwrap(),
            memory: MemorySource::default(),
            files: 0,
        }
    }

    /// Ingests samples (µs, whole ms) in a run of their own.
    pub(in crate::query) fn ingest(&mut self, samples: &[(Labels, Vec<(i64, f64)>)]) {
        let mut text = String::new();
        for (labels, samples) in samples {
            let metric: serde_json::Map<String, serde_json::Value> =
                labels.iter().map(|(n, v)| (n.into(), v.into())).collect();
            let metric = serde_json::Value::Object(metric);
            let values = samples.iter().map(|(_, v)| match v {
                v if is_stale(*v) => "null".to_owned(),
                v if v.is_nan() => "\"NaN\"".to_owned(),
                v => format!("{v:?}"),
            });
            let values = values.collect::<Vec<_>>().join(",");
            let times = samples.iter().map(|(ts, _)| (ts / 1000).to_string());
            let times = times.collect::<Vec<_>>().join(",");
            writeln!(
                text,
                r#"{{"metric":{metric},"values":[{values}],"timestamps":[{times}]}}"#
            )
            .unwrap();
            let labels = Arc::new(labels.clone());
            for (ts, value) in samples {
                self.memory.push(&labels, *ts, *value);
            }
        }
        self.files += 1;
        let path = self.folder.path().join(format!("{}.jsonl", self.files));
        std::fs::write(&path, text).unwrap();
        let sources = ingest::list(
            &[path.to_string_lossy().into_owned()],
            &mut std::io::empty(),
        );
        let options = LoadOptions {
            from: Some("victoriametrics"),
            read: ReadOptions::default(),
            again: false,
        };
        let handle = self.runtime.handle();
        let report = load(
            &self.store,
            &sources.unwrap(),
            &options,
            handle,
            NOW,
            &|_| {},
        )
        .unwrap();
        assert_eq!(report.counts.rejects, 0, "{report:?}");
    }

    fn source(&self, staleness: Staleness) -> StoreSource {
        let session = self.runtime.block_on(Session::open(&self.store)).unwrap();
        let settings = StoreSourceSettings {
            staleness,
            ..StoreSourceSettings::default()
        };
        StoreSource::open(&session, self.runtime.handle().clone(), settings).unwrap()
    }
}

pub(in crate::query) fn labels(text: &str) -> Labels {
    let pairs = text.split(',').map(|pair| pair.split_once('=').unwrap());
    Labels::from_pairs(pairs).unwrap()
}

fn matcher(text: &str) -> Matcher {
    let at = text.find(['=', '!']).unwrap();
    let (name, rest) = text.split_at(at);
    let regex = |value: &str| regex::Regex::new(&format!("^(?s)(?:{value})$")).unwrap();
    let (op, value) = match rest.get(..2).unwrap_or_default() {
        "=~" => (MatchOp::Regex(regex(&rest[2..])), &rest[2..]),
        "!~" => (MatchOp::NotRegex(regex(&rest[2..])), &rest[2..]),
        "!=" => (MatchOp::NotEqual, &rest[2..]),
        _ => (MatchOp::Equal, &rest[1..]),
    };
    Matcher {
        name: name.into(),
        value: value.into(),
        op,
    }
}

fn matchers(text: &str) -> Vec<Matcher> {
    text.split(' ').map(matcher).collect()
}

type Rows = Vec<(String, i64, u64)>;

fn rows(source: &mut dyn SampleSource, matchers: &[Matcher], from: i64, to: i64) -> Rows {
    let selection = Selection { matchers, from, to };
    let slices = source.select(selection).unwrap();
    let inside = slices.iter().flat_map(|slice| {
        let samples = slice.timestamps.iter().zip(slice.values);
        let samples = samples.filter(|(ts, _)| (from..=to).contains(*ts));
        samples.map(|(ts, value)| (slice.labels.to_string(), *ts, value.to_bits()))
    });
    inside.collect()
}

fn steady(start: i64, step: i64, count: i64) -> Vec<(i64, f64)> {
    (0..count).map(|i| (start + i * step, i as f64)).collect()
}

fn fleet() -> Fixture {
    let mut fixture = Fixture::new();
    // Later days first, overlapping runs, several metrics.
    for day in [2, 0, 1] {
        let start = DAY + day * MICROS_PER_DAY - 3 * 3600 * SECOND;
        let mut samples = Vec::new();
        for i in 0..12 {
            let name = format!("__name__=cpu,job=node,instance=host-{i:02}");
            samples.push((labels(&name), steady(start, 5 * MINUTE, 24 * 12 + 40)));
        }
        samples.push((
            labels("__name__=up,job=node"),
            steady(start, 5 * MINUTE, 300),
        ));
        samples.push((
            labels("__name__=Up,A=first,job=x"),
            steady(start, 5 * MINUTE, 3),
        ));
        fixture.ingest(&samples);
    }
    let mut last = steady(DAY, MINUTE, 10);
    last[4].1 = f64::NAN;
    last[9].1 = stale_nan();
    fixture.ingest(&[(labels("__name__=up,job=other"), last)]);
    fixture
}

#[test]
fn a_store_gives_what_memory_gives() {
    let fixture = fleet();
    let mut source = fixture.source(Staleness::None);
    let mut memory = fixture.memory.clone();
    for text in [
        "__name__=cpu",
        "__name__=cpu instance=host-03",
        "__name__=cpu instance=~host-0[1-4] instance!=host-02",
        "__name__=cpu instance!~host-.*",
        "__name__=cpu nothing=",
        "__name__=~[uU]p",
        "__name__=up job!=node",
        "job=node",
        "job!=",
        "__name__=none",
        "__name__=cpu __name__!=cpu",
    ] {
        let matchers = matchers(text);
        let count = memory.count_series(&matchers).unwrap();
        assert_eq!(source.count_series(&matchers).unwrap(), count, "{text}");
        for (from, to) in [
            (DAY, DAY + MICROS_PER_DAY),
            (DAY - 3600 * SECOND, DAY - 1),
            (DAY - 3600 * SECOND, DAY + 600 * SECOND),
            (i64::MIN, i64::MAX),
            (DAY + 5, DAY + 4),
            (DAY + 300 * SECOND, DAY + 300 * SECOND),
        ] {
            let expected = rows(&mut memory, &matchers, from, to);
            assert_eq!(
                rows(&mut source, &matchers, from, to),
                expected,
                "{text} {from} {to}"
            );
        }
    }
    assert!(source.warnings().is_empty());
}

#[test]
fn series_come_in_the_order_of_their_labels() {
    let fixture = fleet();
    let mut source = fixture.source(Staleness::None);
    let all = matchers("job!=");
    let selection = Selection {
        matchers: &all,
        from: DAY,
        to: DAY + MICROS_PER_DAY,
    };
    let slices = source.select(selection).unwrap();
    assert_eq!(slices.len(), 15);
    assert!(slices.is_sorted_by(|a, b| a.labels < b.labels));
}

#[test]
fn pieces_read_no_sample_twice() {
    let fixture = fleet();
    let mut source = fixture.source(Staleness::None);
    let cpu = matchers("__name__=cpu");
    let lookback = 5 * MINUTE;
    let mut seen = 0;
    for piece in 0..12 {
        let start = DAY + piece * 6 * 3600 * SECOND;
        let end = start + 6 * 3600 * SECOND - MINUTE;
        seen = rows(&mut source, &cpu, start - lookback, end).len();
        // The same metric at another offset, and over a longer range.
        rows(&mut source, &cpu, start - 3600 * SECOND, end);
    }
    assert_eq!(seen, 12 * 73);
    let read = source.statistics();
    let there = rows(
        &mut fixture.memory.clone(),
        &cpu,
        DAY - 3600 * SECOND,
        i64::MAX,
    )
    .len();
    // The days are read once each; what came before the first request in its
    // hour is read for the second.
    assert!(read.samples as usize <= there, "{read:?} {there}");
    assert!(read.scans <= 5, "{read:?}");
    assert_eq!(read.series, 12);
    assert!(source.held.len() == 1 && source.held[0].samples() <= 12 * (288 + 30));
}

#[test]
fn two_offsets_are_held_side_by_side() {
    let fixture = fleet();
    let mut source = fixture.source(Staleness::None);
    let mut memory = fixture.memory.clone();
    let cpu = matchers("__name__=cpu");
    let hour = 3600 * SECOND;
    for piece in 0..40 {
        for offset in [0, 36 * hour] {
            let start = DAY + 30 * hour + piece * hour - offset;
            let expected = rows(&mut memory, &cpu, start - 5 * MINUTE, start + hour);
            assert_eq!(
                rows(&mut source, &cpu, start - 5 * MINUTE, start + hour),
                expected
            );
        }
    }
    assert_eq!(source.held.len(), 2);
    assert!(source.statistics().scans <= 8, "{:?}", source.statistics());
}

#[test]
fn what_stops_is_taken_to_end() {
    let mut fixture = Fixture::new();
    let series = |name: &str| labels(&format!("__name__=m,name={name}"));
    let step = 15 * SECOND;
    let mut gap = steady(DAY, step, 200);
    gap.extend(steady(DAY + 400 * step, step, 6000));
    let mut nan = steady(DAY, step, 100);
    nan[99].1 = f64::NAN;
    nan[50].1 = f64::NAN;
    let mut marked = steady(DAY, step, 100);
    marked[99].1 = stale_nan();
    fixture.ingest(&[
        (series("gap"), gap),
        (series("nan"), nan),
        (series("marked"), marked),
        (series("steady"), steady(DAY, step, 6400)),
    ]);
    let m = matchers("__name__=m");
    let stale = |rows: Rows| -> Vec<(String, i64)> {
        let markers = rows
            .into_iter()
            .filter(|(_, _, bits)| *bits == stale_nan().to_bits());
        markers
            .map(|(name, ts, _)| (name, (ts - DAY) / step))
            .collect()
    };
    let mut source = fixture.source(Staleness::Inferred);
    let all = rows(&mut source, &m, DAY, DAY + 6300 * step);
    let expected = [
        (r#"m{name="gap"}"#.to_owned(), 200),
        (r#"m{name="marked"}"#.to_owned(), 99),
        (r#"m{name="nan"}"#.to_owned(), 99),
    ];
    assert_eq!(stale(all), expected);
    let warnings = source.warnings();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code, "staleness-inferred");
    assert!(warnings[0].message.starts_with("2 series"), "{warnings:?}");
    // Piece by piece, and each asked for twice: the same, counted once.
    let mut pieces = fixture.source(Staleness::Inferred);
    let mut found = Vec::new();
    for start in (0..6400).step_by(7) {
        let (from, to) = (DAY + start * step, DAY + (start + 7) * step - 1);
        found.extend(stale(rows(&mut pieces, &m, from, to)));
        rows(&mut pieces, &m, from - 300 * SECOND, to);
    }
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(pieces.warnings(), warnings);
    let mut none = fixture.source(Staleness::None);
    let kept = stale(rows(&mut none, &m, DAY, i64::MAX));
    assert_eq!(kept, [expected[1].clone()]);
    assert!(none.warnings().is_empty());
}

#[test]
fn an_empty_selector_is_explained() {
    let fixture = fleet();
    let source = fixture.source(Staleness::None);
    let explain = |text: &str| source.explain_empty(&matchers(text));
    let metric = Some("cpu".to_owned());
    assert_eq!(
        explain("__name__=cpuu"),
        Some(EmptySelector::NoMetric {
            metric: "cpuu".into(),
            similar: vec!["cpu".into()],
        })
    );
    assert_eq!(
        explain("__name__=cpu instanze=host-01"),
        Some(EmptySelector::NoLabel {
            metric: metric.clone(),
            label: "instanze".into(),
            similar: vec!["instance".into()],
        })
    );
    let Some(EmptySelector::NoValue { value, similar, .. }) =
        explain("__name__=cpu instance=hots-01")
    else {
        panic!();
    };
    assert_eq!(
        (value.as_str(), similar[0].as_str(), similar.len()),
        ("hots-01", "host-01", 3)
    );
    assert_eq!(
        explain("__name__=cpu instance=host-01 instance=host-02"),
        Some(EmptySelector::NoCombination { metric })
    );
    let Some(EmptySelector::NoSamples { series: 12, stored }) = explain("__name__=cpu") else {
        panic!();
    };
    assert_eq!(stored.unwrap().0, DAY - 3 * 3600 * SECOND);
}

#[test]
fn an_empty_store_has_nothing() {
    let fixture = Fixture::new();
    let mut source = fixture.source(Staleness::Inferred);
    assert!(rows(&mut source, &matchers("__name__=up"), i64::MIN, i64::MAX).is_empty());
    let explained = source.explain_empty(&matchers("__name__=up"));
    assert!(matches!(explained, Some(EmptySelector::NoMetric { .. })));
}

#[test]
fn a_source_may_be_asked_inside_a_runtime() {
    let fixture = fleet();
    let mut source = fixture.source(Staleness::None);
    let count = fixture.runtime.block_on(async {
        rows(
            &mut source,
            &matchers("__name__=up"),
            DAY,
            DAY + MICROS_PER_DAY,
        )
        .len()
    });
    assert_eq!(count, 289 + 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// A range in pieces of any length is the range at once, whatever is missing.
    #[test]
    fn pieces_are_the_whole(
        holes in prop::collection::vec((0_i64..2000, 1_i64..60), 0..12),
        piece in 1_i64..700,
        range in 0_i64..120,
        jitter in 0_i64..4000,
    ) {
        let mut fixture = Fixture::new();
        let step = 60 * SECOND;
        let series: Vec<_> = (0..3).map(|i| {
            let own = holes.iter().skip(i).step_by(2);
            let gone: Vec<_> = own.map(|(at, length)| *at..at + length).collect();
            let there = (0..2000_i64).filter(|k| !gone.iter().any(|hole| hole.contains(k)));
            let samples = there.map(|k| (DAY + k * step + (k * 7919 % (jitter + 1)) * 1000, k as f64));
            (labels(&format!("__name__=m,i={i}")), samples.collect())
        }).collect();
        fixture.ingest(&series);
        let m = matchers("__name__=m");
        let end = DAY + 1990 * step;
        let whole = rows(&mut fixture.source(Staleness::Inferred), &m, DAY, end);
        let mut source = fixture.source(Staleness::Inferred);
        let mut joined = Vec::new();
        let mut start = DAY;
        while start <= end {
            let to = (start + piece * step).min(end + 1) - 1;
            let part = rows(&mut source, &m, start - range * step, to);
            joined.extend(part.into_iter().filter(|(_, ts, _)| *ts >= start));
            start = to + 1;
        }
        joined.sort();
        let mut sorted = whole;
        sorted.sort();
        prop_assert_eq!(joined, sorted);
    }
}
