//! Small scripts: what must pass passes, and what must not pass fails.

use super::*;

fn report(text: &str) -> FileReport {
    run("test", text, &options()).unwrap()
}

fn verdicts(text: &str) -> Vec<Verdict> {
    report(text).evals.into_iter().map(|e| e.verdict).collect()
}

#[track_caller]
fn passes(text: &str) {
    for eval in report(text).evals {
        assert_eq!(eval.verdict, Verdict::Passed, "line {}", eval.line);
    }
}

/// Expected and actual of the only eval, which must fail.
#[track_caller]
fn fails(text: &str) -> (String, String) {
    match verdicts(text).as_slice() {
        [Verdict::Failed { expected, actual }] => (expected.clone(), actual.clone()),
        other => panic!("{other:?}"),
    }
}

const LOAD: &str = "load 1m\n  up{job=\"a\"} 1 2 _ 4\n  up{job=\"b\"} 10x3\n";

#[test]
fn load_clear_and_eval() {
    passes(
        "
        # A comment.
        load 30s
          up 1 2 3
        # A comment ends the block.
        eval instant at 1m up
          up 3

        load 30s
          down 7

        eval instant at 30s {__name__=~\"up|down\"}
          up 2
          down 7

        eval range from 0 to 1m30s step 30s up
          up 1 2 3 3

        clear
        eval instant at 1m up

        eval instant at 1m 1
          1
        eval instant at 0 -0x10
          -0x10
        eval instant at 0 \"a\\\"b\"
          expect string \"a\\\"b\"",
    );
}

#[test]
fn wrong_series_and_values_fail() {
    let eval = |at: &str, expected: &str| fails(&format!("{LOAD}\neval {at} up\n{expected}"));
    assert_eq!(
        eval("instant at 1m", "up{job=\"a\"} 2\nup{job=\"b\"} 11"),
        ("up{job=\"b\"} 11".into(), "up{job=\"b\"} 10".into())
    );
    assert_eq!(
        eval("instant at 1m", "up{job=\"a\"} 2"),
        ("no such series".into(), "up{job=\"b\"} 10".into())
    );
    let (expected, _) = eval(
        "instant at 1m",
        "up{job=\"a\"} 2\nup{job=\"b\"} 10\nup{job=\"c\"} 1",
    );
    assert_eq!(expected, "up{job=\"c\"} 1");
    // A gap filled by the lookback.
    let (_, actual) = eval(
        "range from 0 to 3m step 1m",
        "up{job=\"a\"} 1 2 _ 4\nup{job=\"b\"} 10x3",
    );
    assert_eq!(actual, "up{job=\"a\"} 1 2 2 4");
    // A step too many, and one too few.
    eval(
        "range from 0 to 1m step 1m",
        "up{job=\"a\"} 1 2 2\nup{job=\"b\"} 10 10 10",
    );
    eval(
        "range from 0 to 1m step 1m",
        "up{job=\"a\"} 1\nup{job=\"b\"} 10 10",
    );
    eval("instant at 1m", "1");
    eval("instant at 1m", "expect string \"\"");
    assert_eq!(
        eval("instant at 1h", "up{job=\"a\"} 2"),
        ("up{job=\"a\"} 2".into(), "no series".into())
    );
}

#[test]
fn numbers_are_compared_relatively() {
    for (value, expected, same) in [
        ("1", "1.000001", true),
        ("1", "1.00001", false),
        ("NaN", "NaN", true),
        ("NaN", "1", false),
        ("Inf", "Inf", true),
        ("-Inf", "Inf", false),
        ("0", "0.0000000001", false),
        ("0", "-0", true),
        ("1e300", "1.0000001e300", true),
    ] {
        let script = format!("load 1m\n  x {value}\n\neval instant at 0 x\n  x {expected}");
        assert_eq!(
            verdicts(&script) == [Verdict::Passed],
            same,
            "{value} {expected}"
        );
    }
}

#[test]
fn scalars_and_strings() {
    assert_eq!(
        fails("eval instant at 0 2\n  3"),
        ("scalar 3".into(), "scalar 2".into())
    );
    assert_eq!(
        fails("eval instant at 0 \"a\"\n  expect string `b`"),
        ("string \"b\"".into(), "string \"a\"".into())
    );
    fails("eval instant at 0 \"a\"");
    fails("eval instant at 0 1\n  {} 1");
    fails("eval instant at 0 1");
}

#[test]
fn range_vectors() {
    let script = |expected: &str| {
        format!(
            "{LOAD}\neval instant at 3m up{{job=\"a\"}}[4m]\n  \
             expect range vector from 0 to 3m step 1m\n  {expected}"
        )
    };
    passes(&script("up{job=\"a\"} 1 2 _ 4"));
    fails(&script("up{job=\"a\"} 1 2 3 4"));
    fails(&script("up{job=\"a\"} 1 2 4"));
    fails(&script("up{job=\"a\"} 1 2 _ 4\nup{job=\"b\"} 1"));
}

#[test]
fn failures_are_expected_or_not() {
    // A string has no negative.
    let script = |mode: &str, lines: &str| format!("eval{mode} instant at 0 -\"a\"\n{lines}");
    let (_, actual) = fails(&script("", ""));
    let message = actual.strip_prefix("error: ").unwrap();
    passes(&script("", "expect fail"));
    passes(&script("_fail", ""));
    passes(&script("", &format!("expect fail msg: {message}")));
    passes(&script(
        "_fail",
        &format!("expected_fail_message {message}"),
    ));
    passes(&script("", "expect fail regex: .*"));
    passes(&script("_fail", "expected_fail_regexp ."));
    fails(&script("", "expect fail msg: something else"));
    fails(&script("_fail", "expected_fail_message something else"));
    fails(&script("", "expect fail regex: ^something"));
    fails(&script("_fail", "expected_fail_regexp ^something"));
    assert_eq!(
        fails("eval instant at 0 1\n  expect fail"),
        ("error: any message".into(), "no error".into())
    );
}

#[test]
fn order_matters_where_asked() {
    let load = "load 1m\n  x{a=\"1\"} 5\n  x{a=\"2\"} 3\n";
    let up = "x{a=\"2\"} 3\nx{a=\"1\"} 5";
    let down = "x{a=\"1\"} 5\nx{a=\"2\"} 3";
    passes(&format!(
        "{load}\neval instant at 0 sort(x)\n{down}\n\neval instant at 0 sort(x)\n{up}"
    ));
    for (head, tail) in [("eval", "\nexpect ordered"), ("eval_ordered", "")] {
        passes(&format!("{load}\n{head} instant at 0 sort(x){tail}\n{up}"));
        let (expected, actual) = fails(&format!(
            "{load}\n{head} instant at 0 sort(x){tail}\n{down}"
        ));
        assert_eq!(expected, "x{a=\"2\"} at position 2");
        assert_eq!(actual, "x{a=\"2\"} at position 1");
    }
}

#[test]
fn annotations_are_expected_or_not() {
    // `rate` of something that is no counter by its name: an info.
    let info = |mode: &str, lines: &str| {
        format!(
            "load 1m\n  x 1 2 3\n\neval{mode} instant at 2m rate(x[5m])\n  {{}} 0.008333333333333333\n{lines}"
        )
    };
    let text = "PromQL info: metric might not be a counter, name does not end in \
                _total/_sum/_count/_bucket: \"x\" (1:6)";
    passes(&info("", ""));
    passes(&info("_info", ""));
    passes(&info("", "expect info"));
    passes(&info(
        "",
        &format!("expect info msg: {text}\nexpect no_warn"),
    ));
    passes(&info("", "expect info regex: not be a counter"));
    assert_eq!(
        fails(&info("", "expect no_info")),
        ("no info".into(), text.into())
    );
    assert_eq!(
        fails(&info("", "expect warn")),
        ("warning: any message".into(), "no warning".into())
    );
    fails(&info("_warn", ""));
    fails(&info("", "expect info msg: PromQL info: x"));
    fails(&info(
        "",
        "expect info regex: not be a counter\nexpect info regex: something else",
    ));
    // A warning that no line expects.
    let two = "load 1m\n  x 1\n\neval instant at 0 quantile(2, x) + quantile(3, x)\n\
               expect warn regex: got 2\n{} +Inf";
    assert!(fails(two).1.contains("got 3"));
}

#[test]
fn evals_have_the_class_of_what_they_read() {
    let script = "
        load 1m
          h 1 2 {{schema:0 count:1 sum:1}}x9
          st@st -1m -1m
          st 1 2
          typed{__type__=\"counter\"} 1
          plain 1x20

        load_with_nhcb 1m
          nhcb_bucket{le=\"1\"} 1 2
          nhcb_bucket{le=\"+Inf\"} 3 4
          nhcb_count 3 4
    ";
    let class = |eval: &str| report(&format!("{script}\n{eval}")).evals.remove(0).class;
    let native = Class::NativeHistogram;
    let experimental = |feature: &str| Class::Experimental {
        feature: feature.into(),
    };
    assert_eq!(class("eval instant at 1m h"), Class::Stable);
    assert_eq!(class("eval instant at 2m h"), native);
    assert_eq!(class("eval instant at 1m rate(h[5m])"), Class::Stable);
    assert_eq!(
        class("eval instant at 2m rate(h[1m] offset 1m)"),
        Class::Stable
    );
    assert_eq!(class("eval instant at 2m rate(h[5m])"), native);
    assert_eq!(class("eval instant at 0 h @ 120"), native);
    assert_eq!(class("eval instant at 9m h @ 60"), Class::Stable);
    assert_eq!(
        class("eval instant at 2m sum_over_time(h[1m:1m] offset 1m)"),
        Class::Stable
    );
    assert_eq!(class("eval instant at 2m sum_over_time(h[2m:1m])"), native);
    assert_eq!(
        class("eval range from 0 to 1m step 1m sum(h)"),
        Class::Stable
    );
    assert_eq!(
        class("eval range from 0 to 2m step 1m sum(h @ start())"),
        Class::Stable
    );
    assert_eq!(
        class("eval range from 0 to 2m step 1m sum(h @ end())"),
        native
    );
    assert_eq!(class("eval instant at 1h h"), Class::Stable);
    assert_eq!(class("eval instant at 1m nhcb"), native);
    assert_eq!(class("eval instant at 1m nhcb_bucket"), Class::Stable);
    assert_eq!(class("eval instant at 1m histogram_sum(plain)"), native);
    assert_eq!(class("eval instant at 1m plain\n  {} {{count:1}}"), native);
    assert_eq!(
        class("eval instant at 1m rate(st[5m])"),
        experimental("start timestamps")
    );
    assert_eq!(
        class("eval instant at 1m sum_over_time(st[5m])"),
        Class::Stable
    );
    assert_eq!(class("eval instant at 1m rate(st[5m:1m])"), Class::Stable);
    assert_eq!(
        class("eval instant at 1m typed"),
        experimental("type-and-unit labels")
    );
    assert_eq!(
        class("eval instant at 9m limitk(1, h)"),
        experimental("limitk()")
    );
}

#[test]
fn the_unsupported_never_passes() {
    let script = "load 1m\n  h {{}}\n\neval instant at 0 h\n  h {{}}\n\n
                  eval instant at 0 limitk(NaN, x)\n  expect fail\n\n
                  eval instant at 0 info(h)\n";
    let report = report(script);
    assert!(
        report
            .evals
            .iter()
            .all(|e| matches!(e.verdict, Verdict::Unsupported { .. }))
    );
    let tally = report.tally();
    assert_eq!((tally.native, tally.experimental), (1, 2));
    assert_eq!((tally.passed, tally.stable, tally.total()), (0, 0, 3));
}

#[test]
fn mistakes_name_their_line() {
    for (script, line) in [
        ("\nfoo", 2),
        ("load", 1),
        ("load 1", 1),
        ("load 1m\n  x 1 2 a", 2),
        ("load 1m\n  x@st 1m", 2),
        ("load 1m\n  x@st 1m\n  y 1", 3),
        ("load 1m\n  x@st 1m\n  x 1 2", 3),
        ("eval instant at 1 x", 1),
        ("eval instant 1m x", 1),
        ("eval range from 1m to 0 step 1m x", 1),
        ("eval range from 0 to 1m step 0 x", 1),
        ("eval range from 0 to 1m x", 1),
        ("eval instant at 0 x\n  x 1 2", 2),
        ("eval instant at 0 x\n  x", 2),
        ("eval instant at 0 x\n  expect", 2),
        ("eval instant at 0 x\n  expect nothing", 2),
        ("eval instant at 0 x\n  expect string a", 2),
        ("eval instant at 0 x\n  expect fail regex: (", 2),
        ("eval instant at 0 x\n  expect fail\n  expect fail", 3),
        ("eval instant at 0 x\n  expect warn\n  expect no_warn", 3),
        (
            "eval instant at 0 x\n  expect range vector from 1m to 0 step 1m",
            2,
        ),
        // A number ends the block.
        ("eval instant at 0 1\n  1\n  x 1", 3),
    ] {
        let error = run("test", script, &options()).unwrap_err();
        assert_eq!(error.line, line, "{script:?}: {error}");
    }
}

/// The project's own scripts, by name.
fn own_scripts() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/promql");
    let mut scripts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    scripts.sort();
    scripts
}

#[test]
fn own_scripts_pass() {
    // Dropping names early or late makes no difference to them.
    for options in [options(), crate::promql::Options::default()] {
        for (name, text) in own_scripts() {
            for eval in run(&name, &text, &options).unwrap().evals {
                let place = format!("{name}:{}", eval.line);
                assert_eq!(
                    eval.verdict,
                    Verdict::Passed,
                    "{place}: {}",
                    eval.expression
                );
            }
        }
    }
}

#[test]
fn own_scripts_hold_every_function_and_operator() {
    let queries: Vec<String> = own_scripts()
        .into_iter()
        .flat_map(|(name, text)| run(&name, &text, &options()).unwrap().evals)
        .map(|eval| eval.expression)
        .collect();
    let aggregators = [
        "sum",
        "avg",
        "count",
        "min",
        "max",
        "group",
        "stddev",
        "stdvar",
        "topk",
        "bottomk",
        "quantile",
        "count_values",
    ];
    // Scripts have the semantics of version 3, which `holt_winters` is not part of.
    let functions = crate::promql::functions::names().filter(|name| *name != "holt_winters");
    for name in functions.chain(aggregators) {
        let call = regex::Regex::new(&format!(r"\b{name} ?(\(|by|without)")).unwrap();
        assert!(
            queries.iter().any(|q| call.is_match(q)),
            "{name} is in no script"
        );
    }
    for operator in [
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "atan2",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "and",
        "or",
        "unless",
        "bool",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "by",
        "without",
        "offset",
        "@",
        "=~",
        "!~",
    ] {
        let spaced = |q: &String| {
            q.contains(&format!(" {operator} ")) || q.contains(&format!(" {operator}("))
        };
        let matcher = |q: &String| q.contains(&format!("{operator}\""));
        assert!(
            queries.iter().any(|q| spaced(q) || matcher(q)),
            "{operator} is in no script"
        );
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "((load|eval instant at|eval range from|expect|clear|x|1m|\\{a=\"b\"\\}|\\{\\{|[ -~é]{0,9})[ \n]){0,30}") {
        let _ = run("test", &text, &options());
    }
}
