//! Aggregations and binary operators.

use super::leaves::{scalar, selector};
use super::{
    Cancelling, Exact, Exactness, Expression, ROUNDING, Random, Rounded, compounded, vector,
};

pub(super) fn aggregation(random: &mut Random, depth: usize) -> Expression {
    let mut inner = vector(random, depth - 1);
    let grouping = random.of(&[
        "",
        "by (job)",
        "by (instance)",
        "by (job, instance)",
        "by (__name__)",
        "by ()",
        "without ()",
        "without (instance)",
        "without (job, zone)",
        "by (zone, nothing)",
    ]);
    let (op, own) = [
        ("sum", Rounded),
        ("avg", Rounded),
        ("count", Exact),
        ("min", Exact),
        ("max", Exact),
        ("group", Exact),
        ("stddev", Cancelling),
        ("stdvar", Cancelling),
        ("quantile", Rounded),
        ("topk", Exact),
        ("bottomk", Exact),
        ("count_values", Exact),
    ][random.below(12)];
    if op.ends_with('k') {
        inner = selector(random, "");
    }
    let pinned = inner.text.contains(" @ ");
    let parameter = match op {
        "quantile" if random.chance(40) && !pinned => format!("{} / 10, ", scalar(random)),
        "quantile" => format!("{}, ", random.of(&["0.5", "0.9", "0", "-1", "NaN"])),
        "topk" | "bottomk" if random.chance(50) && !pinned => format!("{}, ", scalar(random)),
        "topk" | "bottomk" => format!("{}, ", 1 + random.below(3)),
        "count_values" => {
            let label = random.of(&["value", "value", "instance", "job", "zone", "no-name"]);
            format!("\"{label}\", ")
        }
        _ => String::new(),
    };
    // A choice among values that differ by rounding may fall differently, and among
    // equal ones it follows the order of the series, which only a selector's has.
    if op.ends_with('k') {
        let text = format!("{op} {grouping} ({parameter}{})", inner.text);
        return inner.wrap(text);
    }
    if inner.exactness != Exact && op == "count_values" {
        return inner;
    }
    let text = format!("{op} {grouping} ({parameter}{})", inner.text);
    let exactness = compounded(inner.exactness, own);
    let magnitude = inner.magnitude;
    match op {
        "count" | "group" | "count_values" => Expression::exact(text, 1e3),
        "sum" => inner.into(text, exactness, magnitude * 1e2),
        "stddev" => {
            inner.error = (inner.error * magnitude).sqrt() + 1e-8 * magnitude;
            inner.into(text, exactness, magnitude)
        }
        "stdvar" => {
            inner.error *= magnitude;
            inner.into(text, exactness, magnitude * magnitude)
        }
        _ => inner.into(text, exactness, magnitude),
    }
}

pub(super) fn binary(random: &mut Random, depth: usize) -> Expression {
    let left = vector(random, depth - 1);
    let exact = left.exactness == Exact;
    if random.chance(40) {
        let (number, size) = [
            ("2", 2.0),
            ("0", 1.0),
            ("-1.5", 2.0),
            ("1e3", 1e3),
            ("time()", 2e9),
            ("Inf", 1.0),
            ("NaN", 1.0),
            ("", 1e4),
        ][random.below(8)];
        let number = match number {
            "" => scalar(random),
            number => number.to_owned(),
        };
        let swapped = random.chance(50);
        let (lhs, rhs) = match swapped {
            false => (left.text.as_str(), number.as_str()),
            true => (number.as_str(), left.text.as_str()),
        };
        if exact && random.chance(50) {
            let op = random.of(&["==", "!=", ">", "<", ">=", "<=", "> bool", "== bool"]);
            let magnitude = left.magnitude.max(size);
            return Expression::exact(format!("({lhs}) {op} ({rhs})"), magnitude);
        }
        // What is left of two equal values must not divide or be raised.
        let op = match exact {
            true => random.of(&["+", "-", "*", "/", "^", "%", "atan2"]),
            false => random.of(&["+", "-", "*"]),
        };
        let text = format!("({lhs}) {op} ({rhs})");
        let own = match op {
            "+" | "-" if !exact => Cancelling,
            _ => Rounded,
        };
        let (exactness, magnitude) = (worse(left.exactness, own), left.magnitude);
        return match op {
            "+" | "-" => left.into(text, exactness, magnitude + size),
            "*" => left.into(text, exactness, magnitude * size),
            "^" => left.into(text, exactness, 1e60),
            _ => left.into(text, exactness, magnitude * 1e3),
        };
    }
    let right = vector(random, depth - 1);
    let exactness = worse(left.exactness, right.exactness);
    let matching = random.of(&[
        "",
        "on (job, instance)",
        "on (instance)",
        "on ()",
        "ignoring (zone)",
        "ignoring (job)",
        "on (job) group_left ()",
        "on (job, instance) group_left (zone)",
        "on (job, instance) group_left (__name__)",
        "on (instance) group_right ()",
        "ignoring (zone) group_right (zone)",
        "ignoring (le) group_left ()",
    ]);
    let op = if exactness == Exact {
        random.of(&[
            "+", "-", "*", "and", "or", "unless", ">", "<", "==", "!=", ">= bool", "== bool",
            "< bool", "/", "%", "atan2",
        ])
    } else {
        random.of(&["+", "-", "*", "and", "or", "unless"])
    };
    let mut matching = matching.to_owned();
    if matches!(op, "and" | "or" | "unless")
        && let Some(at) = matching.find(" group_")
    {
        matching.truncate(at);
    }
    let text = format!("({}) {op} {matching} ({})", left.text, right.text);
    let (l, r) = (left.magnitude, right.magnitude);
    let error = left.error + right.error;
    let (exactness, magnitude, error) = match op {
        // The difference of two nearly equal values keeps few good digits.
        "+" | "-" => (worse(exactness, Cancelling), l + r, error),
        "*" => (
            worse(exactness, Rounded),
            l * r,
            left.error * r + right.error * l,
        ),
        "/" | "%" | "atan2" => (Rounded, l * 1e3, 0.0),
        _ => (exactness, l.max(r), error),
    };
    let own = if exactness == Exact { 0.0 } else { ROUNDING };
    Expression {
        text,
        exactness,
        magnitude,
        error: error + own * magnitude,
    }
}

fn worse(a: Exactness, b: Exactness) -> Exactness {
    if a >= b { a } else { b }
}
