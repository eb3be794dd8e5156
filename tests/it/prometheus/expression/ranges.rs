//! Functions of range vectors.

use super::leaves::{duration, place, scalar, selector, unpinned};
use super::{Cancelling, Exact, Expression, Random, Rounded, compounded, vector};

pub(super) fn over_range(random: &mut Random, depth: usize) -> Expression {
    let (mut range, mut inner) = if depth > 1 && random.chance(25) {
        let less = 1 + random.below(2);
        let inner = vector(random, depth - less);
        let step = random.of(&["", "30s", "1m", "7s"]);
        let (duration, place) = (duration(random), place(random));
        let range = format!("({})[{duration}:{step}]{place}", inner.text);
        (range, inner)
    } else {
        let range = format!("[{}]", duration(random));
        let inner = selector(random, &range);
        (inner.text.clone(), inner)
    };
    let (function, exactness) = [
        ("rate", Rounded),
        ("increase", Rounded),
        ("delta", Rounded),
        ("irate", Rounded),
        ("idelta", Rounded),
        ("resets", Exact),
        ("changes", Exact),
        ("avg_over_time", Rounded),
        ("sum_over_time", Rounded),
        ("min_over_time", Exact),
        ("max_over_time", Exact),
        ("count_over_time", Exact),
        ("last_over_time", Exact),
        ("present_over_time", Exact),
        ("absent_over_time", Exact),
        ("stddev_over_time", Cancelling),
        ("stdvar_over_time", Cancelling),
        ("deriv", Cancelling),
        ("quantile_over_time", Rounded),
        ("predict_linear", Cancelling),
        ("holt_winters", Rounded),
    ][random.below(21)];
    // What decides by the last bit (a reset, a change, a small difference) needs exact input.
    let decides = matches!(
        function,
        "resets" | "changes" | "rate" | "increase" | "irate" | "delta" | "idelta"
    );
    let function = if decides && inner.exactness != Exact {
        "sum_over_time"
    } else {
        function
    };
    let exactness = if function == "sum_over_time" {
        Rounded
    } else {
        exactness
    };
    let varies = function == "predict_linear"
        || matches!(function, "quantile_over_time" | "holt_winters") && random.chance(30);
    if varies {
        range = unpinned(&range);
    }
    let mut parameter = |fixed: &[&'static str]| match varies && random.chance(50) {
        true => format!("{} / 10", scalar(random)),
        false => random.of(fixed).to_owned(),
    };
    let text = match function {
        "quantile_over_time" => {
            let phi = parameter(&["0.5", "0.95", "0", "1", "2", "-1", "NaN"]);
            format!("quantile_over_time({phi}, {range})")
        }
        "predict_linear" => {
            let ahead = parameter(&["0", "600", "86400"]);
            format!("predict_linear({range}, {ahead})")
        }
        "holt_winters" => {
            let sf = parameter(&["0.1", "0.5", "0.9", "0.3", "0.7", "1"]);
            let tf = parameter(&["0.1", "0.5", "0.9", "0.3", "0.7", "0"]);
            format!("holt_winters({range}, {sf}, {tf})")
        }
        _ => format!("{function}({range})"),
    };
    let exactness = compounded(inner.exactness, exactness);
    let magnitude = inner.magnitude;
    match function {
        "count_over_time" | "present_over_time" | "absent_over_time" => {
            Expression::exact(text, 1e4)
        }
        "sum_over_time" => inner.into(text, exactness, magnitude * 1e3),
        // The root of what is left of two squares.
        "stddev_over_time" => {
            inner.error = (inner.error * magnitude).sqrt() + 1e-8 * magnitude;
            inner.into(text, exactness, magnitude)
        }
        "stdvar_over_time" => {
            inner.error *= magnitude;
            inner.into(text, exactness, magnitude * magnitude)
        }
        "rate" | "increase" | "irate" => inner.into(text, exactness, magnitude * 1e3),
        "predict_linear" => inner.into(text, exactness, magnitude * 1e5),
        "holt_winters" => inner.into(text, exactness, magnitude * 1e2),
        _ => inner.into(text, exactness, magnitude),
    }
}
