//! Random series and windows, and the kernels over them, for the tests of range functions.

use proptest::prelude::*;

use crate::promql::functions::{Body, WindowArgs, by_name};
use crate::promql::window::{Windows, bounds};
use crate::promql::{ABSENT, Steps, Version, is_absent};

/// One series and the windows over it.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) timestamps: Vec<i64>,
    pub(super) values: Vec<f64>,
    pub(super) steps: Steps,
    pub(super) range: i64,
    pub(super) offset: i64,
    pub(super) at: Option<i64>,
    pub(super) version: Version,
}

impl Case {
    /// A sample each minute from 0 on, and the window of a range that ends with the last.
    pub(super) fn minutes(values: &[f64], range_minutes: i64) -> Self {
        let timestamps: Vec<i64> = (0..values.len() as i64).map(|i| i * 60_000_000).collect();
        Self {
            steps: Steps::instant(timestamps[values.len() - 1]),
            timestamps,
            values: values.to_vec(),
            range: range_minutes * 60_000_000,
            offset: 0,
            at: None,
            version: Version::V3,
        }
    }

    /// Calls a function.
    pub(super) fn run(&self, name: &str, scalar: Option<f64>) -> Vec<f64> {
        let mut found = Vec::new();
        bounds(
            &self.timestamps,
            self.steps,
            self.range,
            self.offset,
            self.at,
            self.version,
            &mut found,
        );
        let windows = Windows {
            timestamps: &self.timestamps,
            values: &self.values,
            bounds: &found,
            steps: self.steps,
            range: self.range,
            offset: self.offset,
            at: self.at,
        };
        let scalars: Vec<Vec<f64>> = scalar
            .map(|value| vec![value; self.steps.len])
            .into_iter()
            .collect();
        let args = WindowArgs {
            scalars: &scalars,
            version: self.version,
        };
        let mut out = vec![ABSENT; self.steps.len];
        match by_name(name).expect("registered").body {
            Body::Window(kernel) => kernel(&windows, &args, &mut out),
            _ => panic!("{name} is no window function"),
        }
        out
    }

    /// Each step's window, found the slow way, with its number and end.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, i64, Vec<i64>, Vec<f64>)> {
        self.steps.iter().enumerate().map(|(i, ts)| {
            let end = self.at.unwrap_or(ts) - self.offset;
            let within = |t: i64| {
                let start = end - self.range;
                t <= end && (t > start || (self.version == Version::V2 && t == start))
            };
            let (timestamps, values) = self
                .timestamps
                .iter()
                .zip(&self.values)
                .filter(|(t, _)| within(**t))
                .unzip();
            (i, end, timestamps, values)
        })
    }

    /// Compares a function with a slow one: the same number, or one that is
    /// `close(expected, got, timestamps, values)`.
    pub(super) fn check(
        &self,
        name: &str,
        scalar: Option<f64>,
        expected: impl Fn(i64, i64, &[i64], &[f64]) -> Option<f64>,
        close: impl Fn(f64, f64, &[i64], &[f64]) -> bool,
    ) -> Result<(), TestCaseError> {
        let out = self.run(name, scalar);
        for (i, end, timestamps, values) in self.each() {
            let expected = (!values.is_empty())
                .then(|| expected(self.steps.at(i), end, &timestamps, &values))
                .flatten();
            match expected {
                None => prop_assert!(is_absent(out[i]), "step {i}: {} for none", out[i]),
                Some(expected) => {
                    let good = !is_absent(out[i])
                        && (same(expected, out[i])
                            || close(expected, out[i], &timestamps, &values));
                    prop_assert!(
                        good,
                        "{name} at step {i}: {} instead of {expected} in {values:?}",
                        out[i]
                    );
                }
            }
        }
        Ok(())
    }
}

/// Equal bits, where all NaN are one and both zeros.
pub(super) fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// Series of some character: counters with resets, gauges, wild values.
fn values(len: usize) -> impl Strategy<Value = Vec<f64>> {
    let counter = prop::collection::vec((0.0f64..100.0, 0u8..20), len).prop_map(|rises| {
        let mut total = 0.0;
        rises
            .into_iter()
            .map(|(rise, dice)| {
                total = if dice == 0 { rise } else { total + rise };
                total
            })
            .collect()
    });
    let sawtooth = prop::collection::vec(0u8..5, len)
        .prop_map(|values| values.into_iter().map(f64::from).collect());
    let level = prop_oneof![Just(0.0), Just(1e9), Just(-1e4), Just(1e100)];
    let gauge = (level, prop::collection::vec(-1.0f64..1.0, len))
        .prop_map(|(level, noise)| noise.into_iter().map(|noise| level + noise).collect());
    let wild = prop::collection::vec(
        prop_oneof![
            60 => -10.0f64..10.0,
            2 => Just(f64::NAN),
            1 => Just(f64::INFINITY),
            1 => Just(f64::NEG_INFINITY),
            1 => Just(0.0),
            1 => Just(-0.0),
            2 => prop_oneof![Just(1e100), Just(-1e100), Just(1e16)],
            1 => prop_oneof![Just(1e308), Just(-1.5e308), Just(f64::MIN_POSITIVE / 8.0)],
        ],
        len,
    );
    let constant = prop_oneof![Just(3.5), Just(f64::INFINITY), Just(f64::NAN)]
        .prop_map(move |value| vec![value; len]);
    // Half of one, then half of another.
    let kind = prop_oneof![
        3 => counter.boxed(),
        2 => sawtooth.boxed(),
        3 => gauge.boxed(),
        4 => wild.boxed(),
        1 => constant.boxed(),
    ];
    let kind = kind.boxed();
    (kind.clone(), kind, any::<bool>()).prop_map(
        move |(mut one, other, whole): (Vec<f64>, Vec<f64>, bool)| {
            if !whole {
                one.truncate(len / 2);
                one.extend(&other[len / 2..]);
            }
            one
        },
    )
}

/// A case of any kind, with windows of no sample to all.
pub(super) fn case() -> impl Strategy<Value = Case> {
    (1usize..300)
        .prop_flat_map(|len| {
            (
                values(len),
                prop::collection::vec(
                    prop_oneof![6 => Just(15_000i64), 2 => 14_900i64..15_100, 1 => 1i64..200_000],
                    len,
                ),
                (
                    1i64..100,
                    prop_oneof![Just(15_000i64), 1_000i64..200_000],
                    -200_000i64..1_000_000,
                ),
                prop_oneof![3 => 1_000i64..400_000, 2 => 400_000i64..6_000_000],
                prop_oneof![4 => Just(0i64), 1 => -400_000i64..400_000],
                prop::option::weighted(0.1, 0i64..4_000_000),
                any::<bool>(),
            )
        })
        .prop_map(
            |(values, gaps, (len, step, start), range, offset, at, second)| Case {
                timestamps: gaps
                    .iter()
                    .scan(0, |ms, gap| {
                        *ms += gap;
                        Some(*ms * 1000)
                    })
                    .collect(),
                values,
                steps: Steps {
                    start: start * 1000,
                    step: step * 1000,
                    len: len as usize,
                },
                range: range * 1000,
                offset: offset * 1000,
                at: at.map(|ms| ms * 1000),
                version: if second { Version::V2 } else { Version::V3 },
            },
        )
}
