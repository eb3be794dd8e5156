//! The loops over two columns, one compiled for each operator.

use crate::promql::column::{ABSENT, is_absent};
use crate::promql::expr::BinaryOp;

/// What a comparison gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// 0 or 1.
    Bool,
    /// The left operand, where it holds.
    KeepFirst,
    /// The right operand, where it holds.
    KeepSecond,
}

/// On which side of the operator the column stands that takes the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// On the left.
    OwnFirst,
    /// On the right.
    OwnSecond,
}

/// Replaces each value of `own` by what the operator makes of it and `other`;
/// a sample that either side has not is absent in the result.
///
/// `%` and `^` have C99's special cases, which are Go's too. A set operator
/// leaves the column as it is.
pub(super) fn combine(
    op: BinaryOp,
    compare: Compare,
    order: Order,
    own: &mut [f64],
    other: &[f64],
) {
    match op {
        BinaryOp::Add => zip(order, own, other, |a, b| a + b),
        BinaryOp::Sub => zip(order, own, other, |a, b| a - b),
        BinaryOp::Mul => zip(order, own, other, |a, b| a * b),
        BinaryOp::Div => zip(order, own, other, |a, b| a / b),
        BinaryOp::Mod => zip(order, own, other, |a, b| a % b),
        BinaryOp::Pow => zip(order, own, other, f64::powf),
        BinaryOp::Atan2 => zip(order, own, other, f64::atan2),
        BinaryOp::Equal => test(compare, order, own, other, |a, b| a == b),
        BinaryOp::NotEqual => test(compare, order, own, other, |a, b| a != b),
        BinaryOp::Less => test(compare, order, own, other, |a, b| a < b),
        BinaryOp::LessOrEqual => test(compare, order, own, other, |a, b| a <= b),
        BinaryOp::Greater => test(compare, order, own, other, |a, b| a > b),
        BinaryOp::GreaterOrEqual => test(compare, order, own, other, |a, b| a >= b),
        BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => {}
    }
}

fn test(
    compare: Compare,
    order: Order,
    own: &mut [f64],
    other: &[f64],
    holds: impl Fn(f64, f64) -> bool,
) {
    match compare {
        Compare::Bool => zip(order, own, other, |a, b| f64::from(u8::from(holds(a, b)))),
        Compare::KeepFirst => zip(
            order,
            own,
            other,
            |a, b| if holds(a, b) { a } else { ABSENT },
        ),
        Compare::KeepSecond => zip(
            order,
            own,
            other,
            |a, b| if holds(a, b) { b } else { ABSENT },
        ),
    }
}

fn zip(order: Order, own: &mut [f64], other: &[f64], value: impl Fn(f64, f64) -> f64) {
    match order {
        Order::OwnFirst => replace(own, other, value),
        Order::OwnSecond => replace(own, other, |own, other| value(other, own)),
    }
}

#[inline(always)]
fn replace(own: &mut [f64], other: &[f64], value: impl Fn(f64, f64) -> f64) {
    for (own, other) in own.iter_mut().zip(other) {
        let result = value(*own, *other);
        // No short circuit: the loop is to have no branch.
        let absent = is_absent(*own) | is_absent(*other);
        *own = if absent { ABSENT } else { result };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(op: BinaryOp, a: f64, b: f64) -> f64 {
        let mut own = [a];
        combine(op, Compare::Bool, Order::OwnFirst, &mut own, &[b]);
        own[0]
    }

    #[test]
    fn powers_have_the_special_cases_of_go() {
        let inf = f64::INFINITY;
        let nan = f64::NAN;
        let pow = |a, b| one(BinaryOp::Pow, a, b);
        for (a, b, expected) in [
            (nan, 0.0, 1.0),
            (inf, -0.0, 1.0),
            (1.0, nan, 1.0),
            (1.0, inf, 1.0),
            (-1.0, inf, 1.0),
            (-1.0, -inf, 1.0),
            (0.0, -1.0, inf),
            (-0.0, -3.0, -inf),
            (-0.0, -2.0, inf),
            (-0.0, 0.5, 0.0),
            (0.0, -inf, inf),
            (0.0, inf, 0.0),
            (2.0, inf, inf),
            (2.0, -inf, 0.0),
            (0.5, inf, 0.0),
            (0.5, -inf, inf),
            (inf, 2.0, inf),
            (inf, -2.0, 0.0),
            (-inf, 3.0, -inf),
            (-inf, 2.0, inf),
            (-8.0, 3.0, -512.0),
        ] {
            assert_eq!(pow(a, b), expected, "{a}^{b}");
        }
        assert!(pow(-0.0, 3.0).is_sign_negative());
        assert!(pow(-inf, -3.0).is_sign_negative());
        for (a, b) in [(nan, 1.0), (2.0, nan), (-8.0, 1.0 / 3.0)] {
            assert!(pow(a, b).is_nan(), "{a}^{b}");
        }
    }

    #[test]
    fn remainders_have_the_special_cases_of_go() {
        let inf = f64::INFINITY;
        let rem = |a, b| one(BinaryOp::Mod, a, b);
        assert_eq!(rem(5.0, -3.0), 2.0);
        assert_eq!(rem(-5.0, 3.0), -2.0);
        assert_eq!(rem(5.0, inf), 5.0);
        assert!(rem(-4.0, 2.0).is_sign_negative());
        for (a, b) in [(inf, 1.0), (5.0, 0.0), (f64::NAN, 1.0), (1.0, f64::NAN)] {
            assert!(rem(a, b).is_nan(), "{a} % {b}");
        }
    }

    #[test]
    fn atan2_takes_the_ordinate_first() {
        assert_eq!(one(BinaryOp::Atan2, 10.0, 20.0), 0.463_647_609_000_806_1);
    }

    #[test]
    fn a_sample_absent_on_either_side_stays_absent() {
        let both = [1.0, ABSENT, f64::NAN, ABSENT];
        let other = [ABSENT, 1.0, 1.0, ABSENT];
        for op in [BinaryOp::Add, BinaryOp::NotEqual, BinaryOp::Pow] {
            for order in [Order::OwnFirst, Order::OwnSecond] {
                let mut own = both;
                combine(op, Compare::Bool, order, &mut own, &other);
                assert_eq!(own.map(is_absent), [true, true, false, true]);
            }
        }
    }
}
