//! Random series and random expressions over them, from a seed.

use retrocast::model::{Labels, stale_nan};

/// SplitMix64 (S. Vigna's public-domain generator).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// Two hours from a round instant, µs.
pub(super) const START: i64 = 1_700_006_400_000_000;
pub(super) const END: i64 = START + 2 * 3_600_000_000;
const SECOND: i64 = 1_000_000;

/// Series of counters, gauges and histogram buckets with every flaw history has.
pub(super) fn series(random: &mut Random) -> Vec<(Labels, Vec<(i64, f64)>)> {
    let mut all = Vec::new();
    for metric in ["requests_total", "errors_total", "temperature", "odd"] {
        for job in ["api", "db"] {
            for instance in ["a", "b", "c"] {
                let mut pairs = vec![("__name__", metric), ("job", job), ("instance", instance)];
                if instance == "c" && metric != "odd" {
                    pairs.push(("zone", "west"));
                }
                let labels = Labels::from_pairs(pairs).expect("labels");
                all.push((labels, history(random, metric)));
            }
        }
    }
    for instance in ["a", "b"] {
        let total = history(random, "requests_total");
        for (share, le) in [(0.2, "0.1"), (0.5, "0.5"), (0.9, "1"), (1.0, "+Inf")] {
            let labels = Labels::from_pairs([
                ("__name__", "latency_bucket"),
                ("instance", instance),
                ("job", "api"),
                ("le", le),
            ])
            .expect("labels");
            // Rounding makes some of them fall behind the bucket below.
            let samples = total
                .iter()
                .map(|(ts, value)| (*ts, (value * share * (0.97 + 0.03 * random.unit())).floor()))
                .collect();
            all.push((labels, samples));
        }
    }
    // The order in which a server meets them decides ties; ours is that of the labels.
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn history(random: &mut Random, metric: &str) -> Vec<(i64, f64)> {
    let interval = [15, 15, 30, 60][random.below(4)] * SECOND;
    let phase = random.below(interval as usize / 1000) as i64 * 1000;
    let mut value = random.below(1000) as f64;
    let mut samples = vec![(START, value)];
    let mut ts = START + interval + if random.chance(50) { 0 } else { phase };
    while ts < END {
        if random.chance(2) {
            // A gap, with a stale marker at its start or without one.
            if random.chance(60) {
                samples.push((ts, stale_nan()));
            }
            ts += interval * (1 + random.below(30) as i64);
            continue;
        }
        value = match metric {
            "temperature" => 20.0 + 10.0 * (random.unit() - 0.5),
            "odd" => match random.below(12) {
                0 => f64::INFINITY,
                1 => f64::NEG_INFINITY,
                2 => f64::NAN,
                3 => -0.0,
                4 => 1e5 * (random.unit() - 0.5),
                _ => random.below(5) as f64,
            },
            _ if random.chance(3) => random.below(5) as f64,
            _ => value + random.below(20) as f64,
        };
        let jitter = if random.chance(20) {
            random.below(2000) as i64 * 1000
        } else {
            0
        };
        samples.push((ts + jitter, value));
        ts += interval;
    }
    samples
}

/// How closely the two must agree.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Exactness {
    /// To the last bit: integers, choices, comparisons.
    Exact,
    /// To the last bits that the order of a summation allows.
    Rounded,
    /// Differences of large sums: regressions and variances.
    Cancelling,
}

pub(super) struct Expression {
    pub(super) text: String,
    pub(super) exactness: Exactness,
}

use Exactness::{Cancelling, Exact, Rounded};

fn expression(text: String, exactness: Exactness) -> Expression {
    Expression { text, exactness }
}

fn worse(a: Exactness, b: Exactness) -> Exactness {
    if a >= b { a } else { b }
}

/// A random instant vector.
pub(super) fn vector(random: &mut Random, depth: usize) -> Expression {
    if depth == 0 {
        return expression(selector(random, ""), Exact);
    }
    match random.below(20) {
        0 => expression(selector(random, ""), Exact),
        1..=6 => over_range(random, depth),
        7..=10 => aggregation(random, depth),
        11 | 12 => {
            let inner = vector(random, depth - 1);
            let exact = inner.exactness == Exact;
            let function = if exact && random.chance(50) {
                random.of(&[
                    "abs",
                    "ceil",
                    "floor",
                    "round",
                    "sgn",
                    "-",
                    "sort",
                    "timestamp",
                    "day_of_week",
                ])
            } else {
                random.of(&[
                    "abs", "-", "sqrt", "ln", "exp", "log2", "log10", "atan", "sin", "deg",
                ])
            };
            let exactness = match function {
                "sqrt" | "ln" | "exp" | "log2" | "log10" | "atan" | "sin" | "deg" => {
                    compounded(inner.exactness, Rounded)
                }
                _ => inner.exactness,
            };
            // The sine of a large number turns its last bits into anything.
            if function == "sin" && inner.exactness != Exact {
                return inner;
            }
            expression(format!("{function}({})", inner.text), exactness)
        }
        13 => {
            let inner = vector(random, depth - 1);
            let (low, high) = (random.below(30), random.below(60));
            let text = match random.below(4) {
                0 => format!("clamp({}, {low}, {high})", inner.text),
                1 => format!("clamp_min({}, {low})", inner.text),
                2 => format!("clamp_max({}, {high})", inner.text),
                _ => format!(
                    "label_replace({}, \"copy\", \"$1-x\", \"instance\", \"([ab])\")",
                    inner.text
                ),
            };
            expression(text, inner.exactness)
        }
        14 => {
            let inner = vector(random, depth - 1);
            let function = random.of(&["absent", "vector(scalar", "hour", "month"]);
            let exactness = if function.starts_with('v') {
                inner.exactness
            } else {
                Exact
            };
            if exactness == Exact && inner.exactness != Exact && function != "absent" {
                return inner;
            }
            let close = if function.starts_with('v') { "))" } else { ")" };
            expression(format!("{function}({}{close}", inner.text), exactness)
        }
        15 => expression(
            format!(
                "histogram_quantile({}, {} by (le{}) (rate(latency_bucket[{}])))",
                random.of(&["0.5", "0.9", "0.99", "0", "1", "1.5", "-1"]),
                random.of(&["sum", "max"]),
                random.of(&["", ", instance"]),
                duration(random),
            ),
            Rounded,
        ),
        _ => binary(random, depth),
    }
}

fn over_range(random: &mut Random, depth: usize) -> Expression {
    let subquery = depth > 1 && random.chance(20);
    let (range, inner) = if subquery {
        let inner = vector(random, depth - 2);
        let place = place(random);
        let step = random.of(&["", "30s", "1m", "7s"]);
        (
            format!("({})[{}:{step}]{place}", inner.text, duration(random)),
            inner.exactness,
        )
    } else {
        let range = format!("[{}]", duration(random));
        (selector(random, &range), Exact)
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
    ][random.below(20)];
    // In a range query Prometheus moves the window of a pinned selector with the
    // step where the function reads the time; an instant query at each step does not.
    let range = match function {
        "predict_linear" => range.split(" @ ").next().unwrap_or_default().to_owned(),
        _ => range,
    };
    // What decides by the last bit (a reset, a change, a small difference) needs exact input.
    let inner = match function {
        "resets" | "changes" | "rate" | "increase" | "irate" | "delta" | "idelta"
            if inner != Exact =>
        {
            return expression(
                format!("sum_over_time({range})"),
                compounded(inner, Rounded),
            );
        }
        _ => inner,
    };
    let text = match function {
        "quantile_over_time" => {
            format!(
                "quantile_over_time({}, {range})",
                random.of(&["0.5", "0.95", "0", "1", "2"])
            )
        }
        "predict_linear" => format!(
            "predict_linear({range}, {})",
            random.of(&["0", "600", "86400"])
        ),
        _ => format!("{function}({range})"),
    };
    expression(text, compounded(inner, exactness))
}

/// Rounded values of either sign may cancel in whatever is made of them.
fn compounded(inner: Exactness, own: Exactness) -> Exactness {
    match (inner, own) {
        (Exact, own) => own,
        (inner, Exact) => inner,
        _ => Cancelling,
    }
}

fn aggregation(random: &mut Random, depth: usize) -> Expression {
    let inner = vector(random, depth - 1);
    let grouping = random.of(&[
        "",
        "by (job)",
        "by (instance)",
        "by (job, instance)",
        "without (instance)",
        "without (job, zone)",
        "by (zone, nothing)",
    ]);
    let (op, exactness) = [
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
    let parameter = match op {
        "quantile" => format!("{}, ", random.of(&["0.5", "0.9", "0", "-1"])),
        "topk" | "bottomk" => format!("{}, ", 1 + random.below(3)),
        "count_values" => "\"value\", ".to_owned(),
        _ => String::new(),
    };
    // A choice among values that differ by rounding may fall differently, and among
    // equal ones it follows the order of the series, which only a selector's has.
    if op.ends_with('k') {
        return expression(
            format!("{op} {grouping} ({parameter}{})", selector(random, "")),
            Exact,
        );
    }
    if inner.exactness != Exact && op == "count_values" {
        return inner;
    }
    expression(
        format!("{op} {grouping} ({parameter}{})", inner.text),
        compounded(inner.exactness, exactness),
    )
}

fn binary(random: &mut Random, depth: usize) -> Expression {
    let left = vector(random, depth - 1);
    if random.chance(40) {
        let number = random.of(&["2", "0", "-1.5", "1e3", "time()", "Inf", "NaN"]);
        let (lhs, rhs) = if random.chance(50) {
            (left.text.as_str(), number)
        } else {
            (number, left.text.as_str())
        };
        if left.exactness == Exact && random.chance(50) {
            let op = random.of(&["==", "!=", ">", "<", ">=", "<=", "> bool", "== bool"]);
            return expression(format!("({lhs}) {op} ({rhs})"), Exact);
        }
        let op = random.of(&["+", "-", "*", "/", "^", "%", "atan2"]);
        if matches!(op, "%" | "^") && left.exactness != Exact {
            return left;
        }
        let exactness = worse(left.exactness, Rounded);
        return expression(format!("({lhs}) {op} ({rhs})"), exactness);
    }
    let right = vector(random, depth - 1);
    let exactness = worse(left.exactness, right.exactness);
    let matching = random.of(&[
        "",
        "on (job, instance)",
        "on (instance)",
        "ignoring (zone)",
        "ignoring (job)",
        "on (job) group_left",
        "on (job, instance) group_left (zone)",
        "on (instance) group_right",
        "ignoring (zone) group_right (zone)",
    ]);
    let op = if exactness == Exact {
        random.of(&[
            "+", "-", "*", "and", "or", "unless", ">", "<", "==", "!=", ">= bool",
        ])
    } else {
        random.of(&["+", "-", "*", "/", "and", "or", "unless"])
    };
    let mut matching = matching.to_owned();
    if matches!(op, "and" | "or" | "unless")
        && let Some(at) = matching.find(" group_")
    {
        matching.truncate(at);
    }
    let exactness = match op {
        "+" | "-" | "*" | "/" => worse(exactness, Rounded),
        _ => exactness,
    };
    // The difference of two nearly equal values keeps few good digits.
    let exactness = if matches!(op, "-" | "+") {
        worse(exactness, Cancelling)
    } else {
        exactness
    };
    expression(
        format!("({}) {op} {matching} ({})", left.text, right.text),
        exactness,
    )
}

fn selector(random: &mut Random, range: &str) -> String {
    let name = random.of(&[
        "requests_total",
        "requests_total",
        "errors_total",
        "temperature",
        "odd",
        "latency_bucket",
        "no_such_metric",
    ]);
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
    format!("{name}{matchers}{range}{}", place(random))
}

fn place(random: &mut Random) -> String {
    let mut text = String::new();
    if random.chance(15) {
        text += random.of(&[" offset 5m", " offset -3m", " offset 1h", " offset 17s"]);
    }
    if random.chance(8) {
        text += random.of(&[
            " @ start()",
            " @ end()",
            " @ 1700010000",
            " @ 1700009876.543",
        ]);
    }
    text
}

fn duration(random: &mut Random) -> &'static str {
    random.of(&["1m", "90s", "5m", "5m", "10m", "17m30s", "1h"])
}
