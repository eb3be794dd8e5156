//! Selectors, durations and scalars.

use super::{Expression, Random};

/// A number that may be another at each step, exact in both.
pub(super) fn scalar(random: &mut Random) -> String {
    match random.below(5) {
        0 => "scalar(count(temperature))".to_owned(),
        1 => "(time() / 60 % 4)".to_owned(),
        2 => "(time() % 11)".to_owned(),
        // NaN in the gaps.
        3 => format!(
            "(scalar({}{{job=\"api\", instance=\"{}\"}}) % 5)",
            random.of(&["requests_total", "errors_total"]),
            random.of(&["a", "b"])
        ),
        _ => "scalar(sum(requests_total > bool 700))".to_owned(),
    }
}

pub(super) fn selector(random: &mut Random, range: &str) -> Expression {
    let (name, magnitude) = if random.chance(6) {
        // Several metrics, whose series are the same once the name is dropped.
        let names = random.of(&["requests_total|errors_total", ".*e.*", "odd|no.*|temp.*"]);
        (format!("{{__name__=~\"{names}\"}}"), 1e5)
    } else {
        let (name, magnitude) = [
            ("requests_total", 1e4),
            ("requests_total", 1e4),
            ("errors_total", 1e4),
            ("temperature", 30.0),
            ("odd", 1e5),
            ("latency_bucket", 1e4),
            ("no_such_metric", 1.0),
        ][random.below(7)];
        (name.to_owned(), magnitude)
    };
    let matchers = random.of(&[
        "",
        "",
        "{job=\"api\"}",
        "{instance=~\"a|b\"}",
        "{instance!~\"a.*\"}",
        "{zone=\"\"}",
        "{zone!=\"\"}",
        "{job!=\"db\",instance=\"c\"}",
    ]);
    let text = match (name.strip_suffix('}'), matchers.strip_prefix('{')) {
        (Some(names), Some(others)) => format!("{names}, {others}"),
        _ => format!("{name}{matchers}"),
    };
    Expression::exact(format!("{text}{range}{}", place(random)), magnitude)
}

/// `offset` and `@`.
pub(super) fn place(random: &mut Random) -> String {
    let mut text = String::new();
    if random.chance(15) {
        text += random.of(&[" offset 5m", " offset -3m", " offset 1h", " offset 17s"]);
    }
    if random.chance(8) {
        text += random.of(&[
            " @ start()",
            " @ end()",
            " @ 1700006400",
            " @ 1700006276.543",
            " @ 1e15",
        ]);
    }
    text
}

/// A range vector without its own `@`.
pub(super) fn unpinned(range: &str) -> String {
    let end = range.rfind(']').map_or(0, |at| at + 1);
    let place = range[end..].split(" @ ").next().unwrap_or_default();
    format!("{}{place}", &range[..end])
}

pub(super) fn duration(random: &mut Random) -> &'static str {
    random.of(&["1m", "90s", "5m", "5m", "10m", "17m30s", "1h"])
}
