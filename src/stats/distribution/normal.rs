//! The normal distribution and the error function.
//!
//! erf and erfc by W. Cody's rational Chebyshev approximations (Math. Comp. 23, 1969),
//! the quantile by M. Wichura's algorithm AS 241, PPND16 (Applied Statistics 37, 1988).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Density of the standard normal distribution.
pub fn normal_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// Probability that a standard normal variable is at most `x`.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * FRAC_1_SQRT_2)
}

/// Probability that a standard normal variable is above `x`.
pub fn normal_survival(x: f64) -> f64 {
    0.5 * erfc(x * FRAC_1_SQRT_2)
}

/// The number that a standard normal variable is below with `probability`; ∓∞ at 0 and 1.
pub fn normal_quantile(probability: f64) -> f64 {
    if !(0.0..=1.0).contains(&probability) {
        return f64::NAN;
    }
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180625 - centred * centred;
        return centred * ratio(r, &CENTRE);
    }
    let tail = probability.min(1.0 - probability);
    if tail == 0.0 {
        return f64::INFINITY.copysign(centred);
    }
    let r = (-tail.ln()).sqrt();
    let quantile = if r <= 5.0 {
        ratio(r - 1.6, &NEAR_TAIL)
    } else {
        ratio(r - 5.0, &FAR_TAIL)
    };
    quantile.copysign(centred)
}

/// The error function, 2/√π ∫₀ˣ exp(−t²) dt.
pub fn erf(x: f64) -> f64 {
    if x.abs() <= 0.46875 {
        x * ratio(x * x, &ERF)
    } else {
        (1.0 - erfc(x.abs())).copysign(x)
    }
}

/// The complementary error function, 1 − erf(x), without loss in the upper tail.
pub fn erfc(x: f64) -> f64 {
    let y = x.abs();
    if y <= 0.46875 {
        return 1.0 - erf(x);
    }
    if x.is_nan() {
        return f64::NAN;
    }
    let upper = if y > 27.5 {
        0.0
    } else {
        // exp(−y²) in two factors, the first of them exact in its argument.
        let coarse = (y * 16.0).trunc() / 16.0;
        let exponential = (-coarse * coarse).exp() * (-(y - coarse) * (y + coarse)).exp();
        exponential
            * if y <= 4.0 {
                ratio(y, &ERFC_MIDDLE)
            } else {
                let inverse = 1.0 / (y * y);
                (1.0 / PI.sqrt() - inverse * ratio(inverse, &ERFC_TAIL)) / y
            }
    };
    if x < 0.0 { 2.0 - upper } else { upper }
}

/// A ratio of two polynomials, coefficients from the constant up.
fn ratio<const N: usize>(x: f64, [numerator, denominator]: &[[f64; N]; 2]) -> f64 {
    let polynomial = |c: &[f64; N]| c.iter().rev().fold(0.0, |sum, &c| sum * x + c);
    polynomial(numerator) / polynomial(denominator)
}

const ERF: [[f64; 5]; 2] = [
    [
        3.209_377_589_138_469_4e3,
        3.774_852_376_853_02e2,
        1.138_641_541_510_501_6e2,
        3.161_123_743_870_565_5,
        1.857_777_061_846_031_5e-1,
    ],
    [
        2.844_236_833_439_171e3,
        1.282_616_526_077_372_3e3,
        2.440_246_379_344_441_7e2,
        2.360_129_095_234_412_2e1,
        1.0,
    ],
];

const ERFC_MIDDLE: [[f64; 9]; 2] = [
    [
        1.230_339_354_797_997_2e3,
        2.051_078_377_826_071_6e3,
        1.712_047_612_634_070_7e3,
        8.819_522_212_417_69e2,
        2.986_351_381_974_001e2,
        6.611_919_063_714_163e1,
        8.883_149_794_388_377,
        5.641_884_969_886_701e-1,
        2.153_115_354_744_038_3e-8,
    ],
    [
        1.230_339_354_803_749_5e3,
        3.439_367_674_143_721_6e3,
        4.362_619_090_143_247e3,
        3.290_799_235_733_459_7e3,
        1.621_389_574_566_690_3e3,
        5.371_811_018_620_099e2,
        1.176_939_508_913_125e2,
        1.574_492_611_070_983_5e1,
        1.0,
    ],
];

const ERFC_TAIL: [[f64; 6]; 2] = [
    [
        6.587_491_615_298_378e-4,
        1.608_378_514_874_227_5e-2,
        1.257_817_261_112_292_6e-1,
        3.603_448_999_498_044_5e-1,
        3.053_266_349_612_323_6e-1,
        1.631_538_713_730_209_7e-2,
    ],
    [
        2.335_204_976_268_691_8e-3,
        6.051_834_131_244_132e-2,
        5.279_051_029_514_285e-1,
        1.872_952_849_923_460_4,
        2.568_520_192_289_822,
        1.0,
    ],
];

const CENTRE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
];

const NEAR_TAIL: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];

const FAR_TAIL: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::super::tests::assert_close;
    use super::*;

    #[test]
    fn error_functions_equal_scipy() {
        for (x, want) in [
            (-3.0, 1.9999779095030015),
            (-0.3, 1.3286267594591274),
            (0.0, 1.0),
            (1e-10, 0.999999999887162),
            (0.1, 0.8875370839817152),
            (0.46875, 0.507386526782062),
            (0.5, 0.4795001221869535),
            (1.0, 0.15729920705028516),
            (2.0, 0.004677734981047266),
            (3.9, 3.479224859723178e-08),
            (4.0, 1.541725790028002e-08),
            (5.0, 1.5374597944280347e-12),
            (10.0, 2.0884875837625446e-45),
            (20.0, 5.395865611607901e-176),
            (26.5, 2.2109076642637343e-307),
        ] {
            assert_close(erfc(x), want, 5e-15);
        }
        for (x, want) in [
            (-2.0, -0.9953222650189527),
            (1e-20, 1.1283791670955125e-20),
            (0.2, 0.22270258921047845),
            (0.46875, 0.492613473217938),
            (0.6, 0.6038560908479258),
            (5.9, 0.9999999999999999),
        ] {
            assert_close(erf(x), want, 5e-16);
        }
        assert!(erf(f64::NAN).is_nan() && erfc(f64::NAN).is_nan());
        assert_eq!(erfc(f64::INFINITY), 0.0);
        assert_eq!(erfc(f64::NEG_INFINITY), 2.0);
    }

    #[test]
    fn normal_probabilities_equal_scipy() {
        for (x, want) in [
            (-37.0, 5.7255712225239266e-300),
            (-10.0, 7.61985302416047e-24),
            (-3.0, 0.0013498980316300933),
            (-1.0, 0.15865525393145707),
            (0.0, 0.5),
            (0.5, 0.6914624612740131),
            (2.0, 0.9772498680518208),
            (8.0, 0.9999999999999993),
        ] {
            // The argument's own rounding is worth x² ε in the far tail.
            assert_close(normal_cdf(x), want, 3e-16 * (2.0 + x * x));
            assert_close(normal_survival(-x), want, 3e-16 * (2.0 + x * x));
        }
        assert_close(normal_pdf(1.0), 0.24197072451914337, 1e-15);
    }

    #[test]
    fn normal_quantiles_equal_scipy() {
        for (p, want) in [
            (1e-300, -37.0470962993612),
            (1e-20, -9.262340089798409),
            (1e-05, -4.264890793922825),
            (0.025, -1.9599639845400545),
            (0.07, -1.4757910281791706),
            (0.4, -0.2533471031357997),
            (0.5, 0.0),
            (0.9, 1.2815515655446004),
            (0.975, 1.959963984540054),
            (0.9999999999, 6.361340889697422),
        ] {
            assert_close(normal_quantile(p), want, 1e-15);
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.1).is_nan() && normal_quantile(f64::NAN).is_nan());
    }
}
