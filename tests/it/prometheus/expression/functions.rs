//! Functions of instant vectors.

use super::leaves::{duration, place, scalar, selector};
use super::{Exact, Expression, Random, Rounded, compounded, vector};

/// A function of each value by itself.
pub(super) fn of_values(random: &mut Random, depth: usize) -> Expression {
    let inner = vector(random, depth - 1);
    let (exactness, magnitude) = (inner.exactness, inner.magnitude);
    let exact = [
        "ceil",
        "floor",
        "round",
        "sgn",
        "timestamp",
        "day_of_week",
        "day_of_month",
        "day_of_year",
        "days_in_month",
        "year",
        "minute",
    ];
    let linear = ["abs", "-", "deg", "rad", "sort", "sort_desc"];
    // What turns the last bits of a large or a small number into anything.
    let steep = [
        "sqrt", "ln", "log2", "log10", "atan", "sin", "cos", "tan", "asin", "acos", "asinh",
        "acosh", "atanh", "tanh", "exp",
    ];
    let function = match (exactness, random.below(3)) {
        (Exact, 0) => random.of(&exact),
        (Exact, 1) => random.of(&steep),
        _ => random.of(&linear),
    };
    let pinned = inner.text.contains(" @ ") && inner.text.contains(" offset ");
    if function == "timestamp" && pinned {
        return inner;
    }
    let text = format!("{function}({})", inner.text);
    match function {
        "abs" | "-" | "sort" | "sort_desc" => inner.wrap(text),
        "timestamp" => Expression::exact(text, 2e9),
        "deg" | "rad" => inner.into(text, compounded(exactness, Rounded), magnitude * 60.0),
        "exp" => {
            let text = format!("exp(clamp_max({}, 9))", inner.text);
            Expression::exact(String::new(), 1e4).into(text, Rounded, 1e4)
        }
        name if steep.contains(&name) => {
            Expression::exact(String::new(), 1e3).into(text, Rounded, magnitude.max(1e3))
        }
        _ => Expression::exact(text, magnitude.max(2100.0)),
    }
}

pub(super) fn clamped(random: &mut Random, depth: usize) -> Expression {
    let inner = vector(random, depth - 1);
    let mut limit = |most: usize| match random.chance(40) {
        true => scalar(random),
        false => random.below(most).to_string(),
    };
    let (low, high) = (limit(30), limit(60));
    let v = &inner.text;
    let text = match random.below(4) {
        0 => format!("clamp({v}, {low}, {high})"),
        1 => format!("clamp_min({v}, {low})"),
        2 => format!("clamp_max({v}, {high})"),
        _ if inner.exactness == Exact => format!("round({v}, {low})"),
        _ => format!("clamp({v}, {low}, {low} + {high})"),
    };
    let magnitude = inner.magnitude.max(1e4);
    let exactness = inner.exactness;
    inner.into(text, exactness, magnitude)
}

pub(super) fn relabelled(random: &mut Random, depth: usize) -> Expression {
    let inner = vector(random, depth - 1);
    if random.chance(4) {
        let inner = selector(random, "");
        let call = random.of(&[
            r#"label_replace({}, "no-name", "", "", "")"#,
            r#"label_join({}, "joined", "-", "not a name")"#,
        ]);
        let text = call.replace("{}", &inner.text);
        return inner.wrap(text);
    }
    let arguments = random.of(&[
        r#""copy", "$1-x", "instance", "([ab])""#,
        r#""copy", "$1-x", "instance", "([ab])""#,
        r#""instance", "", "instance", "c""#,
        r#""instance", "$1", "job", "(.*)""#,
        r#""__name__", "renamed", "", """#,
        r#""__name__", "$1", "job", "(api|db)""#,
        r#""__name__", "", "job", "api""#,
        r#""zone", "${1}_$2$3", "__name__", "(.)(.*)""#,
        "join",
    ]);
    let text = if arguments == "join" {
        let arguments = random.of(&[
            r#""joined", "-", "job", "instance""#,
            r#""job", "", "zone", "nothing""#,
            r#""__name__", ":", "job", "instance""#,
            r#""zone", "/", "__name__", "job""#,
            r#""instance", "-""#,
        ]);
        format!("label_join({}, {arguments})", inner.text)
    } else {
        format!("label_replace({}, {arguments})", inner.text)
    };
    inner.wrap(text)
}

pub(super) fn of_presence(random: &mut Random, depth: usize) -> Expression {
    let inner = vector(random, depth - 1);
    let function = random.of(&["absent", "vector(scalar", "hour", "month"]);
    match function {
        "vector(scalar" => {
            let text = format!("vector(scalar({}))", inner.text);
            inner.wrap(text)
        }
        // The date of a number that is rounded may be another.
        _ if inner.exactness != Exact && function != "absent" => inner,
        _ => Expression::exact(format!("{function}({})", inner.text), 1e3),
    }
}

pub(super) fn histogram_quantile(random: &mut Random, depth: usize) -> Expression {
    let phi = match random.below(3) {
        0 => format!("{} / 10", scalar(random)),
        _ => random
            .of(&["0.5", "0.9", "0.99", "0", "1", "1.5", "-1", "NaN"])
            .to_owned(),
    };
    let buckets = match random.below(8) {
        0 => selector(random, "").text,
        1 => format!("latency_bucket{}", place(random)),
        2 => r#"label_replace(latency_bucket, "le", "x$1", "le", "(0.5)")"#.to_owned(),
        3 => r#"label_replace(latency_bucket, "le", "0.5", "le", "1")"#.to_owned(),
        4 => format!(
            "sum without () ({{__name__=~\"latency_bucket|requests_total\"}}{})",
            place(random)
        ),
        5 if depth > 1 => {
            let inner = vector(random, depth - 2);
            // Buckets that differ by rounding may be put right or not.
            match inner.exactness {
                Exact => format!("{} or latency_bucket", inner.text),
                _ => "-latency_bucket".to_owned(),
            }
        }
        _ => format!(
            "{} by (le{}) (rate(latency_bucket[{}]))",
            random.of(&["sum", "max"]),
            random.of(&["", ", instance"]),
            duration(random),
        ),
    };
    let text = format!("histogram_quantile({phi}, {buckets})");
    Expression::exact(String::new(), 10.0).into(text, Rounded, 10.0)
}
