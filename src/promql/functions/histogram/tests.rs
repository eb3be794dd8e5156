use std::fmt::Write as _;

use super::*;
use crate::promql::{MemorySource, Options, Query, Steps, Version, evaluate};

const MINUTE: i64 = 60_000_000;

/// Builds a source of series with a sample each five minutes.
/// A metric, its labels, its values.
type Given<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [f64]);

fn source(series: &[Given<'_>]) -> MemorySource {
    let mut source = MemorySource::default();
    for (name, pairs, values) in series {
        let pairs = pairs.iter().copied().chain([("__name__", *name)]);
        let labels = Arc::new(Labels::from_pairs(pairs).unwrap());
        for (i, value) in values.iter().enumerate() {
            source.push(&labels, 5 * MINUTE * i as i64, *value);
        }
    }
    source
}

/// Evaluates a query each five minutes; a line a series, then a line an annotation.
fn run(query: &str, source: &mut MemorySource, steps: usize, options: &Options) -> String {
    let steps = Steps {
        start: 0,
        step: 5 * MINUTE,
        len: steps,
    };
    let parsed = Query::parse(query, options).unwrap();
    let evaluated = match evaluate(&parsed, steps, source, options) {
        Ok(evaluated) => evaluated,
        Err(error) => return format!("{error} at {:?}", error.step),
    };
    let Value::Vector(series) = evaluated.value else {
        panic!("not a vector")
    };
    let mut text = String::new();
    for one in &series {
        write!(text, "{}", one.labels).unwrap();
        for value in &one.values {
            if is_absent(*value) {
                text.push_str(" -");
            } else {
                write!(text, " {value}").unwrap();
            }
        }
        text.push('\n');
    }
    for annotation in evaluated.annotations.iter() {
        writeln!(text, "{}", annotation.render(query)).unwrap();
    }
    text
}

fn delayed() -> Options {
    Options {
        delayed_name_removal: true,
        ..Options::default()
    }
}

#[test]
fn buckets_of_a_histogram_may_come_and_go() {
    let mut source = source(&[
        ("h", &[("le", "+Inf"), ("a", "z")], &[4.0, 4.0, 4.0]),
        ("h", &[("le", "2"), ("a", "z")], &[4.0, ABSENT, 4.0]),
        ("h", &[("le", "1.0"), ("a", "z")], &[0.0, 0.0, ABSENT]),
        ("h", &[("le", "+Inf"), ("a", "b")], &[4.0, ABSENT, ABSENT]),
        ("h", &[("le", "2"), ("a", "b")], &[4.0, 4.0, ABSENT]),
    ]);
    assert_eq!(
        run(
            "histogram_quantile(0.5, h)",
            &mut source,
            3,
            &Options::default()
        ),
        "{a=\"b\"} 1 NaN -\n{a=\"z\"} 1.5 1 1\n"
    );
    assert_eq!(
        run("histogram_fraction(1, 2, h)", &mut source, 3, &delayed()),
        "{a=\"b\"} 0.5 NaN -\n{a=\"z\"} 1 0 0.5\n"
    );
}

#[test]
fn a_bound_that_is_no_number_is_named() {
    let mut source = source(&[
        ("series", &[("ale", "0.1")], &[2.0]),
        ("h", &[("le", "Hello World")], &[2.0]),
    ]);
    // promql/promqltest/testdata/histograms.test
    assert_eq!(
        run(
            "histogram_quantile(0.8, series)",
            &mut source,
            1,
            &delayed()
        ),
        "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"\" \
         for metric name \"series\" (1:25)\n"
    );
    assert_eq!(
        run("histogram_fraction(-Inf, 1, h)", &mut source, 1, &delayed()),
        "PromQL warning: bucket label \"le\" is missing or has a malformed value of \
         \"Hello World\" for metric name \"h\" (1:29)\n"
    );
    assert_eq!(
        run(
            "histogram_quantile(0.8, -h)",
            &mut source,
            1,
            &Options::default()
        ),
        "PromQL warning: bucket label \"le\" is missing or has a malformed value of \
         \"Hello World\" (1:25)\n"
    );
}

#[test]
fn a_share_outside_0_to_1_is_named() {
    let options = Options::default();
    let warning = "PromQL warning: quantile value should be between 0 and 1, got";
    assert_eq!(
        run(
            "histogram_quantile(NaN, none)",
            &mut source(&[]),
            2,
            &options
        ),
        format!("{warning} NaN (1:20)\n")
    );
    let mut annotations = Annotations::default();
    warn_of_quantiles(
        &[0.0, 1.01, 1.01, -0.5, 1.0],
        Span::default(),
        &mut annotations,
    );
    let messages: Vec<String> = annotations.iter().map(|a| a.render("q")).collect();
    assert_eq!(
        messages,
        [
            format!("{warning} -0.5 (1:1)"),
            format!("{warning} 1.01 (1:1)")
        ]
    );
}

#[test]
fn falling_counts_are_told_once() {
    let falling: &[f64] = &[0.0, 20.0, 40.0];
    let high: &[f64] = &[0.0, 30.0, 60.0];
    let mut source = source(&[
        ("x", &[("le", "0.1")], high),
        ("x", &[("le", "1")], falling),
        ("x", &[("le", "+Inf")], high),
        ("y", &[("le", "0.1"), ("a", "b")], high),
        ("y", &[("le", "+Inf"), ("a", "b")], falling),
    ]);
    let info = "PromQL info: input to histogram_quantile needed to be fixed for monotonicity \
                (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
    let (from, to) = ("1970-01-01T00:05:00Z", "1970-01-01T00:10:00Z");
    let values = "{} NaN 0.1 0.1\n{a=\"b\"} NaN 0.1 0.1\n";
    let query = "histogram_quantile(1, {__name__=~\"x|y\"})";
    assert_eq!(
        run(query, &mut source, 3, &Options::default()),
        format!(
            "{values}{info}, from buckets 1 to +Inf, with a max diff of 20, over 4 samples from {from} to {to} (1:23)\n"
        )
    );
    assert_eq!(
        run(query, &mut source, 3, &delayed()),
        format!(
            "{values}{info} for metric name \"x\", from buckets 1 to 1, with a max diff of 20, over 2 samples from {from} to {to} (1:23)\n\
             {info} for metric name \"y\", from buckets +Inf to +Inf, with a max diff of 20, over 2 samples from {from} to {to} (1:23)\n"
        )
    );
}

#[test]
fn histograms_of_two_names_are_not_added_up() {
    // Checked with Prometheus 2.42, which refuses this too.
    let mut source = source(&[
        ("x", &[("le", "1")], &[ABSENT, 2.0]),
        ("x", &[("le", "+Inf")], &[ABSENT, 4.0]),
        ("y", &[("le", "1")], &[8.0, 8.0]),
        ("y", &[("le", "+Inf")], &[8.0, 8.0]),
    ]);
    for options in [
        Options::default(),
        delayed(),
        Options {
            version: Version::V2,
            ..Options::default()
        },
    ] {
        let query = "histogram_quantile(0.5, {__name__=~\"x|y\"})";
        assert_eq!(
            run(query, &mut source, 2, &options),
            "vector cannot contain metrics with the same labelset at Some(300000000)"
        );
        assert_eq!(run(query, &mut source, 1, &options), "{} 0.5\n");
    }
}

#[test]
fn bounds_are_read_as_go_reads_them() {
    for (text, bound) in [
        ("0.1", Some(0.1)),
        (".2", Some(0.2)),
        ("1e0", Some(1.0)),
        ("5.", Some(5.0)),
        ("+Inf", Some(f64::INFINITY)),
        ("inf", Some(f64::INFINITY)),
        ("-Infinity", Some(f64::NEG_INFINITY)),
        ("1e400", None),
        ("-nan", None),
        ("", None),
        (" 1", None),
        ("1s", None),
        ("+", None),
    ] {
        assert_eq!(parse_bound(text), bound, "{text}");
    }
    assert!(parse_bound("NaN").is_some_and(f64::is_nan));
}

proptest::proptest! {
    #[test]
    fn nothing_panics(
        bounds in proptest::collection::vec("[-+]?([0-9]{0,3}|inf|nan|x)", 0..6),
        values in proptest::collection::vec(proptest::num::f64::ANY, 1..4),
        q in proptest::num::f64::ANY,
        version in proptest::sample::select(vec![Version::V2, Version::V3]),
    ) {
        let input: Vec<Series> = bounds
            .iter()
            .map(|bound| Series {
                labels: Arc::new(Labels::from_pairs([("le", bound.as_str())]).unwrap()),
                drop_name: false,
                values: values.clone(),
            })
            .collect();
        let mut annotations = Annotations::default();
        for histogram in histograms(&input, Span::default(), &mut annotations) {
            let columns = &histogram.series;
            let shares = per_step(columns, values.len(), |_, buckets| buckets.quantile(q, version).0);
            proptest::prop_assert_eq!(shares.len(), values.len());
            per_step(columns, values.len(), |_, buckets| buckets.fraction(q, 1.0));
        }
    }
}
