use super::*;
use crate::promql::error::ErrorKind;

#[test]
fn what_is_not_done_is_named() {
    for (text, feature, place) in [
        (
            "mad_over_time(a[5m])",
            "the function `mad_over_time`",
            "mad_over_time",
        ),
        (
            "sort_by_label(a, \"b\")",
            "the function `sort_by_label`",
            "sort_by_label",
        ),
        ("limitk(1, a)", "the aggregation `limitk`", "limitk"),
        (
            "limit_ratio by (x) (0.5, a)",
            "the aggregation `limit_ratio`",
            "limit_ratio",
        ),
        (
            "histogram_count(a)",
            "the function `histogram_count`",
            "histogram_count",
        ),
        (
            "holt_winters(a[5m], 0.5, 0.5)",
            "the function `holt_winters`",
            "holt_winters",
        ),
        ("a + fill (0) b", "the modifier `fill`", "fill"),
        (
            "a + on (x) fill_left (0) b",
            "the modifier `fill_left`",
            "fill_left",
        ),
        (
            "rate(a[5m] smoothed)",
            "the modifier `smoothed`",
            "smoothed",
        ),
        ("a anchored", "the modifier `anchored`", "anchored"),
        ("a[5m + 1m]", "a duration expression", "+"),
        ("a[step()]", "a duration expression", "step"),
        ("a offset (5m * 2)", "a duration expression", "offset"),
        ("a offset -step()", "a duration expression", "offset"),
        ("a </ 1", "the operator `</`", "</"),
        ("a >/ 1", "the operator `>/`", ">/"),
        ("{a=\"1\" or b=\"2\"}", "`or` between matchers", "or"),
        ("a > range()", "the function `range`", "range"),
        ("start()", "the function `start`", "start"),
    ] {
        let error = parse(text).expect_err(text);
        let span = error.span.expect("a place");
        assert_eq!(&text[span.start..span.end], place, "{text}");
        match error.kind {
            ErrorKind::Unsupported { feature: found, .. } => assert_eq!(found, feature, "{text}"),
            other => panic!("{text}: {other}"),
        }
    }
    // The same words as names.
    for text in [
        "fill + limitk",
        "anchored > smoothed",
        "sum by (fill, step, range, anchored) (a)",
        "{anchored=\"1\", or=\"2\", offset=\"3\"}",
        "step + range",
        "a @ start()",
    ] {
        lowered(text);
    }
}

#[test]
fn errors_have_their_place() {
    for (text, message, place) in [
        ("", "there is no expression", ""),
        (" # nothing", "there is no expression", " # nothing"),
        ("sum(a", "this `(` is not closed", "("),
        ("a{b=\"c\"", "this `{` is not closed", "{"),
        ("a[5m", "this `[` is not closed", "["),
        ("a + \"b", "the quoted string is not closed", "\"b"),
        ("a)", "no `(` belongs to this `)`", ")"),
        ("a b", "expected an operator, found `b`", "b"),
        ("a +", "expected an expression, but the query ends here", ""),
        ("a + * b", "expected an expression, found `*`", "*"),
        ("(a b)", "expected an operator or `)`, found `b`", "b"),
        (
            "sum(a b)",
            "expected an operator, `,` or `)`, found `b`",
            "b",
        ),
        ("a{b}", "expected `=`, `!=`, `=~` or `!~`, found `}`", "}"),
        ("a{b=c}", "expected a quoted string, found `c`", "c"),
        ("a{b=\"c\" d=\"e\"}", "expected `,` or `}`, found `d`", "d"),
        ("a[]", "expected a duration such as `5m`, found `]`", "]"),
        (
            "a offset b",
            "expected a duration such as `5m`, found `b`",
            "b",
        ),
        (
            "a @ b",
            "expected a Unix time in seconds, `start()` or `end()`, found `b`",
            "b",
        ),
        ("sum by job (a)", "expected `(`, found `job`", "job"),
        (
            "a + group_left (x) b",
            "`group_left` needs `on (…)` or `ignoring (…)` before it",
            "group_left",
        ),
        ("a == bool != b", "expected an expression, found `!=`", "!="),
        ("on + a", "expected an expression, found `on`", "on"),
        ("a ; b", "unexpected character ';'", ";"),
        ("é", "unexpected character 'é'", "é"),
        (
            "a[5x]",
            "5x is not a duration: write it as `5m` or `1h30m`, units from large to small",
            "5x",
        ),
        (
            "a[5m1h]",
            "5m1h is not a duration: write it as `5m` or `1h30m`, units from large to small",
            "5m1h",
        ),
        ("a[0s]", "duration must be greater than 0", "0s"),
        ("a[5m:0s]", "duration must be greater than 0", "0s"),
        (
            "a[99999999y]",
            "99999999y is not a duration: write it as `5m` or `1h30m`, units from large to small",
            "99999999y",
        ),
        ("a offset 1e300", "duration out of range", "1e300"),
        (
            "a @ Inf",
            "timestamp out of bounds for @ modifier: inf",
            "@ Inf",
        ),
        (
            "1 + {x=~\".*\"}",
            "vector selector must contain at least one non-empty matcher",
            "{x=~\".*\"}",
        ),
        (
            "{}",
            "vector selector must contain at least one non-empty matcher",
            "{}",
        ),
        ("a{\"b\"}", "metric name must not be set twice", "a{\"b\"}"),
        (
            "a{__name__=\"b\"}",
            "metric name must not be set twice: \"a\" or \"b\"",
            "a{__name__=\"b\"}",
        ),
        (
            "1 + rate(a)",
            "expected type range vector in call to function 'rate', got instant vector",
            "rate(a)",
        ),
        (
            "sum(rate(1[5m]))",
            "ranges only allowed for vector selectors",
            "1[5m]",
        ),
        (
            "sum(1)",
            "expected type instant vector in aggregation expression, got scalar",
            "sum(1)",
        ),
        (
            "topk(a, b)",
            "expected type scalar in aggregation expression, got instant vector",
            "topk(a, b)",
        ),
        (
            "a + (b and 1)",
            "set operator 'and' not allowed in binary scalar expression",
            "b and 1",
        ),
        (
            "1 == 1",
            "comparisons between scalars must use BOOL modifier",
            "1 == 1",
        ),
        (
            "a + bool b",
            "bool modifier can only be used on comparison operators",
            "a + bool b",
        ),
        (
            "a + on (x) group_left (x) b",
            "label 'x' must not occur in ON and GROUP clause at once",
            "a + on (x) group_left (x) b",
        ),
        (
            "a offset 1m offset 2m",
            "offset may not be set multiple times",
            "a offset 1m offset 2m",
        ),
        (
            "(a) offset 1m",
            "offset modifier must be preceded by an vector selector or matrix selector or a subquery",
            "(a) offset 1m",
        ),
        (
            "rat(a[5m])",
            "unknown function `rat`: did you mean `rate`?",
            "rat",
        ),
        (
            "summ(a)",
            "unknown function `summ`: did you mean `sum`?",
            "summ",
        ),
        ("zebra(a)", "unknown function `zebra`", "zebra"),
        (
            "abs(a, b)",
            "expected 1 argument(s) in call to 'abs', got 2",
            "abs(a, b)",
        ),
        ("sum by (\"\") (a)", "a label's name is empty", "\"\""),
    ] {
        assert_eq!(
            refused(text),
            (format!("parse error: {message}"), place.to_owned()),
            "{text}"
        );
    }
}
