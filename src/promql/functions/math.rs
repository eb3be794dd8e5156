//! Functions of each value by itself: rounding, logarithms, clamping, trigonometry.
//!
//! The values are those of Prometheus' `promql/functions.go` and of Go's `math`
//! as far as its special cases and its logarithms go; other transcendental
//! functions may differ from Go's in the last bit.

use crate::promql::column::ABSENT;
use crate::promql::functions::{Body, Function, special};
use crate::promql::vector::Value;

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[
    map("abs", |v, _| v.abs()),
    map("ceil", |v, _| v.ceil()),
    map("floor", |v, _| v.floor()),
    map("exp", |v, _| v.exp()),
    map("sqrt", |v, _| v.sqrt()),
    map("ln", |v, _| v.ln()),
    map("log2", |v, _| log2(v)),
    map("log10", |v, _| log10(v)),
    map("sgn", |v, _| sign(v)),
    map("round", |v, args| round(v, optional(args, 0, 1.0))),
    map("clamp", |v, args| {
        clamp(
            v,
            optional(args, 0, f64::NEG_INFINITY),
            optional(args, 1, f64::INFINITY),
        )
    }),
    map("clamp_min", |v, args| {
        clamp(v, optional(args, 0, f64::NEG_INFINITY), f64::INFINITY)
    }),
    map("clamp_max", |v, args| {
        clamp(v, f64::NEG_INFINITY, optional(args, 0, f64::INFINITY))
    }),
    map("acos", |v, _| v.acos()),
    map("acosh", |v, _| v.acosh()),
    map("asin", |v, _| v.asin()),
    map("asinh", |v, _| v.asinh()),
    map("atan", |v, _| v.atan()),
    map("atanh", |v, _| v.atanh()),
    map("cos", |v, _| v.cos()),
    map("cosh", |v, _| v.cosh()),
    map("sin", |v, _| v.sin()),
    map("sinh", |v, _| v.sinh()),
    map("tan", |v, _| v.tan()),
    map("tanh", |v, _| v.tanh()),
    map("deg", |v, _| v * 180.0 / std::f64::consts::PI),
    map("rad", |v, _| v * std::f64::consts::PI / 180.0),
    special("pi", |_, call| {
        Ok(Value::Scalar(vec![std::f64::consts::PI; call.steps.len]))
    }),
];

const fn map(name: &'static str, body: fn(f64, &[f64]) -> f64) -> Function {
    Function {
        name,
        body: Body::Map(body),
        keeps_name: false,
        reads_time: false,
    }
}

fn optional(args: &[f64], place: usize, default: f64) -> f64 {
    args.get(place).copied().unwrap_or(default)
}

/// Rounds to the nearest multiple of `to`, ties up.
fn round(value: f64, to: f64) -> f64 {
    let inverse = 1.0 / to;
    (value * inverse + 0.5).floor() / inverse
}

fn sign(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

/// Limits a value; no sample where the limits exclude each other.
fn clamp(value: f64, min: f64, max: f64) -> f64 {
    if max < min {
        return ABSENT;
    }
    greater(min, lesser(max, value))
}

/// Go's `math.Max`: +∞ before NaN before numbers.
fn greater(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a > b || (a == b && b.is_sign_negative()) {
        a
    } else {
        b
    }
}

/// Go's `math.Min`: -∞ before NaN before numbers.
fn lesser(a: f64, b: f64) -> f64 {
    -greater(-a, -b)
}

/// The logarithm to base 2, exact for powers of 2, from the mantissa's natural
/// logarithm and the exponent, as Go computes it.
fn log2(value: f64) -> f64 {
    if !value.is_normal() || value < 0.0 {
        return value.log2();
    }
    // The mantissa in [0.5, 1) and its exponent.
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1022;
    let mantissa = f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52));
    if mantissa == 0.5 {
        return f64::from(exponent - 1);
    }
    mantissa.ln() * std::f64::consts::LOG2_E + f64::from(exponent)
}

/// The logarithm to base 10 from that to base 2, as Go computes it.
fn log10(value: f64) -> f64 {
    log2(value) * std::f64::consts::LOG10_2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::column::is_absent;

    fn call(name: &str, value: f64, args: &[f64]) -> f64 {
        let function = FUNCTIONS.iter().find(|f| f.name == name).unwrap();
        let Body::Map(body) = function.body else {
            panic!("{name} is no map");
        };
        body(value, args)
    }

    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;

    fn check(name: &str, args: &[f64], cases: &[(f64, f64)]) {
        for (value, expected) in cases {
            let result = call(name, *value, args);
            let equal = result.is_nan() && expected.is_nan()
                || result.to_bits() == expected.to_bits()
                || (result - expected).abs() <= expected.abs() * 1e-15;
            assert!(
                equal,
                "{name}({value}, {args:?}) = {result}, not {expected}"
            );
        }
    }

    #[test]
    fn rounds_ties_up() {
        check(
            "round",
            &[],
            &[
                (0.5, 1.0),
                (-0.5, 0.0),
                (1.5, 2.0),
                (-1.5, -1.0),
                (2.4, 2.0),
            ],
        );
        check("round", &[5.0], &[(12.5, 15.0), (-12.5, -10.0), (0.1, 0.0)]);
        check("round", &[0.1], &[(0.05, 0.1), (-3.26, -3.3), (INF, INF)]);
        check("round", &[0.0], &[(1.0, NAN)]);
    }

    #[test]
    fn clamps_as_the_scripts_say() {
        check(
            "clamp",
            &[-25.0, 75.0],
            &[(-50.0, -25.0), (0.0, 0.0), (100.0, 75.0), (NAN, NAN)],
        );
        check("clamp_min", &[-25.0], &[(-50.0, -25.0), (100.0, 100.0)]);
        check("clamp_max", &[75.0], &[(-50.0, -50.0), (100.0, 75.0)]);
        check("clamp", &[0.0, NAN], &[(-50.0, NAN), (0.0, NAN)]);
        check("clamp", &[NAN, 0.0], &[(-50.0, NAN), (100.0, NAN)]);
        assert!(is_absent(call("clamp", 1.0, &[5.0, -5.0])));
        check("clamp_min", &[INF], &[(NAN, INF)]);
        check("clamp_min", &[0.0], &[(-0.0, 0.0)]);
    }

    #[test]
    fn signs() {
        check(
            "sgn",
            &[],
            &[
                (-INF, -1.0),
                (INF, 1.0),
                (NAN, NAN),
                (0.0, 0.0),
                (-0.0, -0.0),
            ],
        );
    }

    #[test]
    fn logarithms_are_those_of_go() {
        check(
            "log2",
            &[],
            &[
                (10.0, 3.321_928_094_887_362_6),
                (1024.0, 10.0),
                (0.125, -3.0),
                (5e-324, -1074.0),
                (0.0, -INF),
                (-10.0, NAN),
                (INF, INF),
                (NAN, NAN),
            ],
        );
        assert_eq!(call("log10", 100.0, &[]), 2.0);
        assert_eq!(call("log10", 1000.0, &[]), 3.0);
        check("log10", &[], &[(10.0, 1.0), (0.0, -INF), (-1.0, NAN)]);
        check("ln", &[], &[(20.0, 2.995_732_273_553_991), (0.0, -INF)]);
        check("exp", &[], &[(10.0, 22_026.465_794_806_718), (-INF, 0.0)]);
        check("sqrt", &[], &[(9.0, 3.0), (-1.0, NAN)]);
    }

    #[test]
    fn trigonometry_has_the_values_of_the_scripts() {
        for (name, value, expected) in [
            ("sin", 10.0, -0.544_021_110_889_369_9),
            ("cos", 20.0, 0.408_082_061_813_391_96),
            ("tan", 20.0, 2.237_160_944_224_742),
            ("asin", 10.0 - 10.1, -0.100_167_421_161_559_44),
            ("acos", 10.0 - 10.1, 1.670_963_747_956_456),
            ("atan", 10.0, 1.471_127_674_303_734_7),
            ("sinh", 10.0, 11_013.232_874_703_393),
            ("cosh", 10.0, 11_013.232_920_103_323),
            ("tanh", 1.0, 0.761_594_155_955_764_9),
            ("asinh", 10.0, 2.998_222_950_297_97),
            ("acosh", 10.0, 2.993_222_846_126_381),
            ("atanh", 0.5, 0.549_306_144_334_054_8),
            ("rad", 180.0, std::f64::consts::PI),
            ("deg", std::f64::consts::PI, 180.0),
            ("deg", -1.0, -57.295_779_513_082_32),
        ] {
            let result = call(name, value, &[]);
            assert!(
                (result - expected).abs() <= expected.abs() * 1e-14,
                "{name}({value}) = {result}"
            );
        }
        check("acosh", &[], &[(0.5, NAN)]);
        check("atanh", &[], &[(1.0, INF)]);
        check("asin", &[], &[(2.0, NAN)]);
    }
}
