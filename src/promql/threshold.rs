//! A query that compares with a number, taken apart.
//!
//! Rules that differ only in the number of `lhs > number` have one `lhs`: it is
//! evaluated once, and each comparison applied to its columns, exactly as the
//! evaluator would have (`x > 5` and `5 < x` both keep the values and the names
//! of `x`).

use crate::promql::binary::{Operation, vector_scalar};
use crate::promql::column::is_absent;
use crate::promql::error::Span;
use crate::promql::eval::strip;
use crate::promql::expr::{BinaryOp, Expr, Kind, Matching, ValueType};
use crate::promql::lower::{Query, value_type};
use crate::promql::options::Options;
use crate::promql::vector::Series;

/// The comparison of a query's vector with a number.
#[derive(Debug)]
pub struct Threshold {
    /// What is compared: an instant vector.
    pub query: Query,
    /// The number.
    pub number: f64,
    op: BinaryOp,
    on_left: bool,
}

/// The parts of a comparison with a number.
struct Parts<'e> {
    op: BinaryOp,
    vector: &'e Expr,
    number: f64,
    /// Where the number stands.
    span: Span,
    on_left: bool,
}

impl Query {
    /// Takes a query apart whose outermost operation filters a vector by a number; `None` for any
    /// other query, and under delayed name removal, where the whole is not what its parts give.
    pub fn threshold(&self, options: &Options) -> Option<Threshold> {
        if options.delayed_name_removal {
            return None;
        }
        let parts = self.parts()?;
        let span = parts.vector.span;
        let query = Query::parse(self.text.get(span.start..span.end)?, options).ok()?;
        Some(Threshold {
            query,
            number: parts.number,
            op: parts.op,
            on_left: parts.on_left,
        })
    }

    /// The same query with another number in its outermost comparison.
    pub fn with_threshold(&self, number: f64, options: &Options) -> Option<Query> {
        let span = self.parts()?.span;
        let (before, after) = (self.text.get(..span.start)?, self.text.get(span.end..)?);
        let query = Query::parse(&format!("{before}{number}{after}"), options).ok()?;
        let is_same = query.parts().is_some_and(|parts| parts.number == number);
        is_same.then_some(query)
    }

    fn parts(&self) -> Option<Parts<'_>> {
        let Kind::Binary {
            op,
            return_bool: false,
            lhs,
            rhs,
            ..
        } = &strip(&self.expr).kind
        else {
            return None;
        };
        if !op.is_comparison() {
            return None;
        }
        let (vector, (number, span), on_left) = match (number(lhs), number(rhs)) {
            (None, Some(found)) => (lhs, found, false),
            (Some(found), None) => (rhs, found, true),
            _ => return None,
        };
        let vector = strip(vector);
        (value_type(vector) == ValueType::Vector).then_some(Parts {
            op: *op,
            vector,
            number,
            span,
            on_left,
        })
    }
}

impl Threshold {
    /// The comparison as it reads from the vector's side: `>` for `x > 5` and for `5 < x`.
    pub fn symbol(&self) -> &'static str {
        let op = match (self.op, self.on_left) {
            (BinaryOp::Less, true) => BinaryOp::Greater,
            (BinaryOp::LessOrEqual, true) => BinaryOp::GreaterOrEqual,
            (BinaryOp::Greater, true) => BinaryOp::Less,
            (BinaryOp::GreaterOrEqual, true) => BinaryOp::LessOrEqual,
            (op, _) => op,
        };
        op.symbol()
    }

    /// What the whole query gives where its vector gives `series`.
    pub fn apply(&self, series: &[Series], options: &Options) -> Vec<Series> {
        let operation = Operation {
            op: self.op,
            return_bool: false,
            matching: &Matching::default(),
            span: self.query.expr.span,
        };
        let (mut scalar, mut values) = (Vec::new(), Vec::new());
        let mut kept = Vec::new();
        for one in series {
            scalar.resize(one.values.len(), self.number);
            values.clear();
            values.extend_from_slice(&one.values);
            let copy = Series {
                labels: one.labels.clone(),
                drop_name: one.drop_name,
                values: std::mem::take(&mut values),
            };
            let compared = vector_scalar(&operation, vec![copy], &scalar, self.on_left, options);
            for one in compared {
                // Most series of most comparisons are left with nothing: their memory serves again.
                match one.values.iter().any(|value| !is_absent(*value)) {
                    true => kept.push(one),
                    false => values = one.values,
                }
            }
        }
        kept
    }
}

/// A number with its signs and its place.
fn number(expr: &Expr) -> Option<(f64, Span)> {
    match &expr.kind {
        Kind::Number(number) => Some((*number, expr.span)),
        Kind::Paren(inner) => number(inner).map(|(number, _)| (number, expr.span)),
        Kind::Negate(inner) => number(inner).map(|(number, _)| (-number, expr.span)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Labels;
    use crate::promql::column::Steps;
    use crate::promql::{MemorySource, Value, evaluate};

    fn threshold(text: &str) -> Option<Threshold> {
        let options = Options::default();
        let query = Query::parse(text, &options).expect(text);
        query.threshold(&options)
    }

    #[test]
    fn takes_comparisons_with_a_number_apart() {
        for (text, vector, symbol, number) in [
            ("a > 5", "a", ">", 5.0),
            ("5 < a", "a", ">", 5.0),
            ("-2.5 >= a", "a", "<=", -2.5),
            ("a != -1e3", "a", "!=", -1000.0),
            ("a+b==-(-(3))", "a+b", "==", 3.0),
            ("(sum(rate(a[5m])) > 0.5)", "sum(rate(a[5m]))", ">", 0.5),
            ("((a)) <= (7)", "a", "<=", 7.0),
            ("a > 5 < 9", "a > 5", "<", 9.0),
            ("-a > 5", "-a", ">", 5.0),
            ("a * 100 > 5m", "a * 100", ">", 300.0),
            ("a > +Inf", "a", ">", f64::INFINITY),
            ("vector(1) > 0", "vector(1)", ">", 0.0),
        ] {
            let found = threshold(text).expect(text);
            assert_eq!(found.query.text, vector, "{text}");
            assert_eq!((found.symbol(), found.number), (symbol, number), "{text}");
        }
    }

    #[test]
    fn other_queries_have_no_threshold() {
        for text in [
            "a",
            "a + 5",
            "a > b",
            "a > bool 5",
            "time() > bool 5",
            "a and b > 5",
            "a > 5 or b > 5",
            "-(a > 5)",
            "sum(a > 5)",
            "a > 2 * 5",
            "a > scalar(b)",
            "5",
        ] {
            assert!(threshold(text).is_none(), "{text}");
        }
        let delayed = Options {
            delayed_name_removal: true,
            ..Options::default()
        };
        let query = Query::parse("rate(a[5m]) > 5", &delayed).expect("a query");
        assert!(query.threshold(&delayed).is_none());
    }

    #[test]
    fn another_number_stands_where_the_old_one_did() {
        let options = Options::default();
        for (text, number, expected) in [
            ("a > 5", 9.0, "a > 9"),
            ("a>5", -0.25, "a>-0.25"),
            ("5 < (a)", 1e9, "1000000000 < (a)"),
            ("(a > (5))", 0.1, "(a > 0.1)"),
            ("a > -(5) # five", 6.0, "a > 6 # five"),
        ] {
            let query = Query::parse(text, &options).expect(text);
            let other = query.with_threshold(number, &options).expect(text);
            assert_eq!(other.text, expected);
            let found = other.threshold(&options).expect(text);
            assert_eq!(found.number, number);
        }
    }

    fn bits(value: Value) -> Vec<(String, Vec<u64>)> {
        let Value::Vector(series) = value else {
            panic!("no vector");
        };
        let bits = |one: &Series| one.values.iter().map(|v| v.to_bits()).collect();
        let lines = series.iter().map(|one| (one.labels.to_string(), bits(one)));
        lines.collect()
    }

    #[test]
    fn applied_to_its_vector_it_gives_what_the_query_gives() {
        let options = Options::default();
        let mut source = MemorySource::default();
        let values = [1.0, 5.0, f64::NAN, -5.0, f64::INFINITY, 5.0, 0.0, -0.0];
        for i in 0..4_usize {
            let pairs = [("__name__", "a".to_owned()), ("i", i.to_string())];
            let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
            let labels = Arc::new(Labels::from_pairs(pairs).expect("distinct"));
            for ts in 0..40_usize {
                let value = values[(ts * (i + 3) + i) % values.len()];
                source.push(&labels, ts as i64 * 60_000_000, value);
            }
        }
        for vector in [
            "a",
            "-a",
            "a{i=\"9\"}",
            "sum by (i) (a)",
            "abs(a)",
            "topk(1, a)",
        ] {
            for op in ["==", "!=", "<", "<=", ">", ">="] {
                for number in ["5", "0", "-5", "NaN", "Inf"] {
                    let texts = [
                        format!("{vector} {op} {number}"),
                        format!("{number} {op} ({vector})"),
                    ];
                    for text in texts {
                        let steps = [
                            Steps::range(0, 3_000_000_000, 37_000_000),
                            Steps::instant(600_000_000),
                        ];
                        for steps in steps {
                            let query = Query::parse(&text, &options).expect(&text);
                            let found = query.threshold(&options).expect(&text);
                            let mut run = |query: &Query| {
                                let all = evaluate(query, steps, &mut source, &options);
                                all.expect(&text).value
                            };
                            let Value::Vector(parts) = run(&found.query) else {
                                panic!("no vector: {text}");
                            };
                            let applied = found.apply(&parts, &options);
                            assert_eq!(bits(Value::Vector(applied)), bits(run(&query)), "{text}");
                        }
                    }
                }
            }
        }
    }
}
