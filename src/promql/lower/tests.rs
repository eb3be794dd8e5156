use proptest::prelude::*;

use super::*;
use crate::promql::Version;
use crate::promql::expr::At;

mod errors;

fn parse(text: &str) -> Result<Query, Error> {
    Query::parse(text, &Options::default())
}

fn lowered(text: &str) -> Query {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error} at {:?}", error.span))
}

/// All nodes, parents first, as the texts of their spans.
fn spans(text: &str) -> Vec<String> {
    let query = lowered(text);
    let mut found = Vec::new();
    selectors::visit(&query.expr, &mut |expr| {
        found.push(text[expr.span.start..expr.span.end].to_owned());
    });
    found
}

/// The message of an error and the text of its span.
fn refused(text: &str) -> (String, String) {
    let error = parse(text).expect_err(text);
    let span = error.span.expect("every error of a query has its place");
    (error.to_string(), text[span.start..span.end].to_owned())
}

#[test]
fn spans_are_those_of_the_text() {
    let cases: &[(&str, &[&str])] = &[
        ("1", &["1"]),
        (" 1 ", &["1"]),
        ("-1", &["-1"]),
        ("- +1", &["- +1"]),
        ("1 + -2", &["1 + -2", "1", "-2"]),
        ("-1 ^ 2", &["-1 ^ 2", "1 ^ 2", "1", "2"]),
        ("-1 * 2", &["-1 * 2", "-1", "2"]),
        ("+foo", &["+foo"]),
        ("-foo[5m:]", &[]),
        ("-foo offset 5m", &["-foo offset 5m", "foo offset 5m"]),
        ("(foo)", &["(foo)", "foo"]),
        ("((1))", &["((1))", "(1)", "1"]),
        ("foo{a=\"b\"}", &["foo{a=\"b\"}"]),
        ("{a=\"}\", b!~'x'}", &["{a=\"}\", b!~'x'}"]),
        ("{\"my metric\", a=\"b\",} ", &["{\"my metric\", a=\"b\",}"]),
        ("foo offset -5m @ 1", &["foo offset -5m @ 1"]),
        (
            "foo @ end() offset 5m > 1",
            &["foo @ end() offset 5m > 1", "foo @ end() offset 5m", "1"],
        ),
        ("rate(foo[5m])", &["rate(foo[5m])", "foo[5m]"]),
        (
            "rate(foo{a=\"b\"}[5m] offset 1h) + 1",
            &[
                "rate(foo{a=\"b\"}[5m] offset 1h) + 1",
                "rate(foo{a=\"b\"}[5m] offset 1h)",
                "foo{a=\"b\"}[5m] offset 1h",
                "1",
            ],
        ),
        (
            "max_over_time(rate(foo[1m])[1h:5m] @ 9)",
            &[
                "max_over_time(rate(foo[1m])[1h:5m] @ 9)",
                "rate(foo[1m])[1h:5m] @ 9",
                "rate(foo[1m])",
                "foo[1m]",
            ],
        ),
        ("sum(foo) by (job)", &["sum(foo) by (job)", "foo"]),
        ("sum by(job,) (foo)", &["sum by(job,) (foo)", "foo"]),
        ("SUM WITHOUT () (foo)", &["SUM WITHOUT () (foo)", "foo"]),
        (
            "topk(1 + 1, foo)",
            &["topk(1 + 1, foo)", "1 + 1", "1", "1", "foo"],
        ),
        ("a+b*c", &["a+b*c", "a", "b*c", "b", "c"]),
        ("a*b+c", &["a*b+c", "a*b", "a", "b", "c"]),
        ("a - b - c", &["a - b - c", "a - b", "a", "b", "c"]),
        ("2 ^ 3 ^ 4", &["2 ^ 3 ^ 4", "2", "3 ^ 4", "3", "4"]),
        (
            "a / on (x, y) group_left (z) b",
            &["a / on (x, y) group_left (z) b", "a", "b"],
        ),
        (
            "a == bool ignoring (by) b",
            &["a == bool ignoring (by) b", "a", "b"],
        ),
        ("a and on () (b)", &["a and on () (b)", "a", "(b)", "b"]),
        ("sum + min", &["sum + min", "sum", "min"]),
        (
            "by{on=\"1\"} or offset",
            &["by{on=\"1\"} or offset", "by{on=\"1\"}", "offset"],
        ),
        (
            "# é\nfoo # bar (\n+ # baz\n1",
            &["foo # bar (\n+ # baz\n1", "foo", "1"],
        ),
        ("{a=\"é\"} + b", &["{a=\"é\"} + b", "{a=\"é\"}", "b"]),
        (
            "label_replace(foo, \"a\", 'b', `c`, \"\")",
            &[
                "label_replace(foo, \"a\", 'b', `c`, \"\")",
                "foo",
                "\"a\"",
                "'b'",
                "`c`",
                "\"\"",
            ],
        ),
        ("time()", &["time()"]),
    ];
    for (text, expected) in cases {
        if expected.is_empty() {
            refused(text);
        } else {
            assert_eq!(spans(text), *expected, "{text}");
        }
    }
}

#[test]
fn literals_are_read_as_go_reads_them() {
    let number = |text: &str| match lowered(text).expr.kind {
        Kind::Number(value) => value,
        kind => panic!("{text}: {kind:?}"),
    };
    for (text, value) in [
        ("0x1F", 31.0),
        ("017", 15.0),
        ("018", 18.0),
        ("1e3", 1_000.0),
        ("0e1", 0.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1_000", 1_000.0),
        ("-inf", f64::NEG_INFINITY),
        ("+Inf", f64::INFINITY),
        ("1h30m", 5_400.0),
        ("--2", 2.0),
        ("9999999999999999999", 1e19),
    ] {
        assert_eq!(number(text), value, "{text}");
    }
    assert!(number("NaN").is_nan());
    let string = |text: &str| match lowered(text).expr.kind {
        Kind::String(value) => value,
        kind => panic!("{text}: {kind:?}"),
    };
    assert_eq!(string(r#""a\n\"\x41\u00e9\101""#), "a\n\"Aé\u{41}");
    assert_eq!(string(r"'\'\\'"), r"'\");
    assert_eq!(string("`\\n`"), "\\n");
    assert_eq!(string(r#""\xc3\xa9""#), "é");
}

#[test]
fn places_are_in_microseconds() {
    use crate::promql::expr::{At, Place};
    let place = |text: &str| match lowered(text).expr.kind {
        Kind::Selector(selector) | Kind::Range { selector, .. } => selector.place,
        Kind::Subquery { place, .. } => place,
        kind => panic!("{text}: {kind:?}"),
    };
    let at = |offset, at| Place { offset, at };
    assert_eq!(place("a offset 1m"), at(60_000_000, None));
    assert_eq!(place("a offset -1.5"), at(-1_500_000, None));
    assert_eq!(place("a offset 0s"), at(0, None));
    assert_eq!(place("a[5m] @ 1.0006"), at(0, Some(At::Time(1_001_000))));
    assert_eq!(
        place("a @ -1 offset 1ms"),
        at(1_000, Some(At::Time(-1_000_000)))
    );
    assert_eq!(place("a[5m:] @ start()"), at(0, Some(At::Start)));
    assert_eq!(place("a @ end()"), at(0, Some(At::End)));
}

#[test]
fn invariance_goes_upwards() {
    for (text, invariant) in [
        ("1", true),
        ("\"x\"", true),
        ("pi() + 1", true),
        ("time()", false),
        ("a", false),
        ("a @ 1", true),
        ("a @ 1 + a", false),
        ("sum(rate(a[5m] @ start()))", true),
        ("topk(scalar(b), a @ 1)", false),
        ("-(a @ 1)", true),
        ("avg_over_time(a[5m:1m] @ 1)", true),
        ("avg_over_time((a @ 1)[5m:1m])", false),
        ("vector(time())", false),
    ] {
        assert_eq!(lowered(text).expr.invariant, invariant, "{text}");
    }
}

#[test]
fn the_reach_adds_up() {
    const M: i64 = 60_000_000;
    for (text, back, ahead) in [
        ("1", 0, 0),
        ("a", 5 * M, 0),
        ("a offset 10m", 15 * M, 0),
        ("a offset -10m", 0, 10 * M),
        ("a offset -3m", 2 * M, 3 * M),
        ("a[1h]", 60 * M, 0),
        ("a[1h] @ 1", 0, 0),
        ("max_over_time(a[1h:] @ 1) + b", 5 * M, 0),
        ("rate(a[10m]) + b offset -1m", 10 * M, M),
        (
            "max_over_time(rate(a[10m] offset 1m)[1h:] offset 1h)",
            131 * M,
            0,
        ),
        ("max_over_time((a offset -2h)[1h:])", 0, 120 * M),
        ("max_over_time((a offset 2h)[1h:] offset -4h)", 0, 120 * M),
    ] {
        let query = lowered(text);
        assert_eq!(query.lookback(&Options::default()), (back, ahead), "{text}");
    }
}

#[test]
fn selectors_are_listed() {
    let query = lowered("sum(rate(a{x=~\"y|z\"}[5m])) / {__name__=\"b\"} + {__name__=~\"c.*\"}");
    let found: Vec<_> = query
        .selectors()
        .into_iter()
        .map(|selector| {
            let matchers: Vec<_> = selector.matchers.iter().map(ToString::to_string).collect();
            (selector.metric, matchers.join(","))
        })
        .collect();
    assert_eq!(
        found,
        [
            (Some("a".into()), "__name__=\"a\",x=~\"y|z\"".into()),
            (Some("b".into()), "__name__=\"b\"".into()),
            (None, "__name__=~\"c.*\"".into()),
        ]
    );
}

#[test]
fn selectors_know_how_far_back_they_look() {
    const MINUTE: i64 = 60_000_000;
    for (text, minutes) in [
        ("a", &[Some(0)][..]),
        ("a offset 7m", &[Some(7)]),
        ("a offset -7m", &[Some(-7)]),
        (
            "rate(a[5m]) / rate(b[1h] offset 1d)",
            &[Some(5), Some(1500)],
        ),
        ("max_over_time(rate(a[5m])[1h:1m] offset 10m)", &[Some(75)]),
        ("a @ 60 + b", &[None, Some(0)]),
        ("max_over_time((a @ 60 offset 1m)[1h:1m])", &[None]),
        ("max_over_time(a[1h:1m] @ 60)", &[None]),
        ("a offset 5m @ end()", &[Some(5)]),
    ] {
        let found: Vec<_> = lowered(text).selectors();
        let found: Vec<_> = found.iter().map(|one| one.back).collect();
        let expected: Vec<_> = minutes.iter().map(|one| one.map(|m| m * MINUTE)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

/// Queries of the kinds that dashboards, rules and Prometheus' own tests have.
#[test]
fn the_stable_language_lowers() {
    use ValueType::{Matrix, Scalar, String, Vector};
    for (text, expected) in [
        (
            "http_requests{group=\"canary\", instance=\"0\", job=\"api-server\"} unless on (job) http_requests{instance=\"0\"}",
            Vector,
        ),
        (
            "SUM BY (group) (((http_requests{job=\"api-server\"})))",
            Vector,
        ),
        (
            "sum without (instance) (http_requests{job=\"api-server\"} or foo)",
            Vector,
        ),
        (
            "topk(scalar(foo), http_requests{group=\"production\", job=\"api-server\"})",
            Vector,
        ),
        ("bottomk by (group) (9999999999, http_requests)", Vector),
        (
            "quantile without(point)((scalar(foo)), data{test=\"two samples\"})",
            Vector,
        ),
        (
            "count_values without (instance) (\"version\", version)",
            Vector,
        ),
        ("group without(point)({\"data\", test=\"x\"})", Vector),
        (
            "stddev(http_requests) + stdvar by (instance) (http_requests)",
            Vector,
        ),
        (
            "histogram_quantile(0.95, sum by (le, job) (rate(request_duration_seconds_bucket[5m])))",
            Vector,
        ),
        ("histogram_fraction(0, 0.2, rate(x_bucket[5m]))", Vector),
        (
            "label_replace(up, \"dst\", \"$1-value\", \"src\", \"source-value-(.*)\")",
            Vector,
        ),
        (
            "label_join(up, \"dst\", \", \", \"src\", \"src1\", \"src2\")",
            Vector,
        ),
        (
            "absent(sum(nonexistent{job=\"x\", instance=~\".*\"}))",
            Vector,
        ),
        (
            "absent_over_time(http_requests{handler!~\"/foo\"}[5m:])",
            Vector,
        ),
        (
            "predict_linear(node_filesystem_free[4h], 3600 * 4) < 0",
            Vector,
        ),
        (
            "quantile_over_time(0.5, rate(x[1m])[10m:30s] offset 1h)",
            Vector,
        ),
        ("round(-0.5 * vector(3), 0.1)", Vector),
        ("clamp(test_clamp, -25, 75)", Vector),
        (
            "days_in_month() == days_in_month(vector(1454284800))",
            Vector,
        ),
        ("timestamp(timestamp(metric @ 10))", Vector),
        ("http_requests{job=\"api-server\"} % 2 ^ (3 ^ 2)", Vector),
        ("node_var * on(instance) group_left(role) node_role", Vector),
        (
            "node_cpu / ignoring(mode) group_left sum without(mode)(node_cpu)",
            Vector,
        ),
        (
            "sum by (instance, mode)(node_cpu) / on(instance) group_left() sum by (instance)(node_cpu)",
            Vector,
        ),
        ("1 < bool 2 - 3 <= bool 4 != bool NaN", Scalar),
        ("vector(1) > bool on () vector(0)", Vector),
        ("trigx atan2 trigNaN", Vector),
        ("-http_requests{job=\"api-server\"} + +1", Vector),
        ("sum_over_time(vector(time())[1000:10] offset 100)", Vector),
        ("metric[100s:10s] @ start() offset 1m", Matrix),
        ("some_metric[1h]", Matrix),
        ("(\"a string\")", String),
        ("-(-(1)) * pi()", Scalar),
        ("scalar(sum(up)) + time()", Scalar),
        ("{\"http.requests\", \"service.name\"=~\"a|b\"}", Vector),
        ("sum by (\"service.name\") (x)", Vector),
        (
            "ALERTS{alertstate=\"firing\"} and on() (hour() >= 9 < 17)",
            Vector,
        ),
        ("instance:node_cpu:rate5m:sum", Vector),
    ] {
        let query = lowered(text);
        assert_eq!(query.value_type(), expected, "{text}");
        assert_eq!(
            query.expr.span,
            crate::promql::Span {
                start: 0,
                end: text.len()
            },
            "{text}"
        );
    }
}

#[test]
fn regular_expressions_are_re2s() {
    for text in [
        r#"a{x=~"\\Qa.b\\E"}"#,
        r#"a{x=~"[[a]"}"#,
        r#"a{x=~"{{.*}}"}"#,
        r#"a{x!~".*"}"#,
        r#"{x!~".*"}"#,
        r#"{x!="", or="1"}"#,
        r#"{or ="1"}"#,
    ] {
        lowered(text);
    }
    let (message, place) = refused(r#"a{b="c", x=~"a**"}"#);
    assert_eq!(
        message,
        "parse error: invalid regular expression: a repetition cannot be repeated"
    );
    assert_eq!(place, r#"x=~"a**""#);
}

#[test]
fn deep_queries_are_refused_not_overflowed() {
    for text in [
        "(".repeat(100_000),
        "-".repeat(100_000) + "a",
        "a".to_owned() + &"+a".repeat(100_000),
        "abs(".repeat(100_000) + "a" + &")".repeat(100_000),
        "a".to_owned() + &"[5m:]".repeat(100_000),
        "(".repeat(400) + "a" + &")".repeat(400) + &"+a".repeat(400),
    ] {
        let (message, _) = refused(&text);
        assert!(message.contains("nest deeper"), "{message}");
    }
    lowered(&("(".repeat(200) + "a" + &")".repeat(200) + &"+a".repeat(200)));
    lowered(&format!("sum({})", vec!["(a)"; 200].join(" or ")));
}

fn check(text: &str) {
    match parse(text) {
        Ok(query) => selectors::visit(&query.expr, &mut |expr| {
            assert!(text.get(expr.span.start..expr.span.end).is_some(), "{text}");
        }),
        Err(error) => {
            let span = error.span.expect("a place");
            assert!(text.get(span.start..span.end).is_some(), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        check(&text);
    }

    #[test]
    fn no_mixture_of_words_panics(words in prop::collection::vec(prop::sample::select(vec![
        "a", "b", "sum", "rate", "by", "on", "bool", "offset", "@", "(", ")", "{", "}", "[", "]",
        ":", ",", "=", "=~", "!=", "==", "<", "+", "-", "*", "^", "1", "5m", "0", "NaN", "1e999",
        "\"x\"", "\"é\"", "'\\'", "start", "end", "and", "or", "unless", "group_left", "ignoring",
        "without", "topk", "time()", "# c\n", "é", "[5m]", "[5m:1m]", "{a=\"b\"}", "offset 5m",
        "anchored", "fill", "0x", "1.", ".", "..", "\\", "`", "\n", "[NaN]", "offset NaN", "@ NaN",
    ]), 0..14), joint in prop::sample::select(vec!["", " "])) {
        check(&words.join(joint));
    }

    #[test]
    fn no_mutation_panics(
        query in prop::sample::select(vec![
            "sum by (job) (rate(http_requests_total{job=~\"a.*\", x!=\"\"}[5m] offset 1m)) / on (job) group_left (x) bar @ 1",
            "histogram_quantile(0.9, sum(rate(x_bucket[5m])) by (le)) > bool -1 ^ 2",
            "max_over_time((a or b)[1h:5m] @ start() offset -5m) unless topk(3, {\"é\", y='z'})",
        ]),
        at in 0_usize..120,
        length in 0_usize..8,
        with in "[-a-z0-9(){}\\[\\]\"',:@+=~! é]{0,4}",
    ) {
        let mut chars: Vec<char> = query.chars().collect();
        let from = at.min(chars.len());
        let to = (from + length).min(chars.len());
        chars.splice(from..to, with.chars());
        check(&chars.into_iter().collect::<String>());
    }
}

#[test]
fn holt_winters_is_a_function_of_version_2() {
    let options = Options {
        version: Version::V2,
        ..Options::default()
    };
    let query = Query::parse(" holt_winters(holt_winters[5m], 0.5, 0.1) + 1", &options).unwrap();
    let Kind::Binary { lhs, .. } = &query.expr.kind else {
        panic!("{query:?}")
    };
    assert_eq!(
        &query.text[lhs.span.start..lhs.span.end],
        "holt_winters(holt_winters[5m], 0.5, 0.1)"
    );
    assert_eq!(query.selectors()[0].metric.as_deref(), Some("holt_winters"));
    let error = Query::parse("1 + holt_winters(a[5m], 0.5)", &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parse error: expected 3 argument(s) in call to 'holt_winters', got 2"
    );
    assert_eq!(error.span.map(|span| span.start), Some(4));
}

#[test]
fn a_far_instant_is_where_no_sample_is() {
    for (text, at) in [
        ("a @ 1e15", 1 << 62),
        ("a @ -1e15", -(1 << 62)),
        ("a @ 4e12", 4_000_000_000_000_000_000),
        ("a @ 0.0006", 1_000),
    ] {
        match lowered(text).expr.kind {
            Kind::Selector(selector) => assert_eq!(selector.place.at, Some(At::Time(at)), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        refused("a @ 1e19").0,
        "parse error: timestamp out of bounds for @ modifier: 10000000000000000000"
    );
}
