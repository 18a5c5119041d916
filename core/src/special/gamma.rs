//! The gamma function's logarithm and the derivatives of that.
//!
//! Asymptotic series (Abramowitz & Stegun 1964, 6.1.41, 6.3.18, 6.4.12, 6.4.13) at 10 and above, recurrence (6.1.15, 6.3.5,
//! 6.4.6) below, reflection (6.1.17, 6.3.7, 6.4.7) for negative arguments. No loops, and of the standard library only
//! what the compiler knows to be without effects (not `tan`, not `ln_1p`): then it can take a call with an invariant
//! argument out of the loop it is in.

use super::LN_SQRT_2PI;
use std::f64::consts::PI;

/// From here on the asymptotic series are exact to double precision.
const LARGE: f64 = 10.0;

/// Logarithm of |gamma(x)|; infinite at 0, -1, -2, ...
#[inline]
pub fn ln_gamma(x: f64) -> f64 {
    if x > 0.0 {
        return ln_gamma_of_positive(x);
    }
    (PI / (PI * from_nearest(x)).sin().abs()).ln() - ln_gamma_of_positive(1.0 - x)
}

/// Derivative of [`ln_gamma`]; at the poles 0, -1, -2, ... the limit from the right, -inf.
#[inline]
pub fn digamma(x: f64) -> f64 {
    if x > 0.0 {
        return digamma_of_positive(x);
    }
    let (sin, cos) = (PI * from_nearest(x)).sin_cos();
    digamma_of_positive(1.0 - x) - PI * cos / sin
}

/// Derivative of [`digamma`]; inf at the poles 0, -1, -2, ...
#[inline]
pub fn trigamma(x: f64) -> f64 {
    if x > 0.0 {
        return trigamma_of_positive(x);
    }
    let ratio = PI / (PI * from_nearest(x)).sin();
    ratio * ratio - trigamma_of_positive(1.0 - x)
}

/// Derivative of [`trigamma`]; at the poles 0, -1, -2, ... the limit from the right, -inf.
#[inline]
pub fn tetragamma(x: f64) -> f64 {
    if x > 0.0 {
        return tetragamma_of_positive(x);
    }
    let (sin, cos) = (PI * from_nearest(x)).sin_cos();
    let ratio = PI / sin;
    tetragamma_of_positive(1.0 - x) - 2.0 * cos * ratio * ratio * ratio
}

/// ln B(a, b) = ln(gamma(a) gamma(b) / gamma(a + b)) for positive a and b, without cancellation when either is large
/// (Didonato & Morris 1992, algorithm 708, function BETALN).
#[inline]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = (a.min(b), a.max(b));
    let sum = small + large;
    if large < LARGE {
        return ln_gamma(small) + ln_gamma(large) - ln_gamma(sum);
    }
    let share = small / sum;
    let ln_rest = ln_1m(share);
    let rest = stirling_error(large) - stirling_error(sum);
    if small < LARGE {
        return ln_gamma(small) + rest + small - small * sum.ln() + (large - 0.5) * ln_rest;
    }
    let powers = (small - 0.5) * share.ln() + large * ln_rest;
    LN_SQRT_2PI - 0.5 * large.ln() + stirling_error(small) + rest + powers
}

/// x less the nearest whole number; exact, and +0 at a whole number.
#[inline(always)]
fn from_nearest(x: f64) -> f64 {
    x - x.round()
}

/// ln(1 - x) for 0 < x < 1, accurate near 0 (Kahan's correction for the rounding of 1 - x); unlike `ln_1p` free of effects.
#[inline(always)]
fn ln_1m(x: f64) -> f64 {
    let rest = 1.0 - x;
    let rounded = 1.0 - rest;
    if rounded == 0.0 { -x } else { rest.ln() * (x / rounded) }
}

/// ln gamma(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2), for x >= 10.
#[inline(always)]
fn stirling_error(x: f64) -> f64 {
    let r = x.recip();
    r * polynomial(
        r * r,
        [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0],
    )
}

/// The recurrence leads to gamma(2 + d) with d between -1/2 and 1/2. Near the roots, 1 and 2, relative accuracy is kept.
#[inline(always)]
fn ln_gamma_of_positive(x: f64) -> f64 {
    if x >= LARGE {
        (x - 0.5) * (x.ln() - 1.0) + (LN_SQRT_2PI - 0.5) + stirling_error(x)
    } else if x < 0.5 {
        ln_gamma_around_two(x) - (x + x * x).ln()
    } else if x < 1.5 {
        ln_gamma_around_two(x - 1.0) - x.ln()
    } else {
        let (mut reduced, mut product) = (x, 1.0);
        for _ in 0..8 {
            let more = reduced >= 2.5;
            reduced -= if more { 1.0 } else { 0.0 };
            product *= if more { reduced } else { 1.0 };
        }
        ln_gamma_around_two(reduced - 2.0) + product.ln()
    }
}

/// ln gamma(2 + d) by its Taylor series (Abramowitz & Stegun 1964, 6.1.33): the coefficient of d is 1 less Euler's
/// constant, that of d^k is (-1)^k (zeta(k) - 1) / k.
#[inline(always)]
fn ln_gamma_around_two(d: f64) -> f64 {
    let odd = polynomial(
        d * d,
        [
            0.422_784_335_098_467_13,
            -0.067_352_301_053_198_1,
            -0.007_385_551_028_673_986,
            -0.001_192_753_911_703_261,
            -0.000_223_154_758_453_579_39,
            -4.492_623_673_813_314e-5,
            -9.439_488_275_268_397e-6,
            -2.039_215_753_801_366e-6,
            -4.492_469_198_764_566e-7,
            -1.004_322_482_396_809_9e-7,
            -2.271_109_460_894_316_4e-8,
            -5.183_475_041_970_047e-9,
            -1.192_140_140_586_091_2e-9,
        ],
    );
    let even = polynomial(
        d * d,
        [
            0.322_467_033_424_113_2,
            0.020_580_808_427_784_546,
            0.002_890_510_330_741_523_4,
            0.000_509_669_524_743_042_5,
            9.945_751_278_180_853e-5,
            2.050_721_277_567_069e-5,
            4.374_866_789_907_488e-6,
            9.551_412_130_407_42e-7,
            2.120_718_480_555_466_5e-7,
            4.769_810_169_363_980_4e-8,
            1.083_865_921_489_695_5e-8,
            2.483_674_543_802_478_5e-9,
            5.731_367_241_678_862e-10,
        ],
    );
    d * (odd + d * even)
}

#[inline(always)]
fn digamma_of_positive(x: f64) -> f64 {
    let below = sum_of_ten(|k| (x + k).recip());
    let y = x + LARGE;
    let r = y.recip();
    let tail = polynomial(
        r * r,
        [
            1.0 / 12.0,
            -1.0 / 120.0,
            1.0 / 252.0,
            -1.0 / 240.0,
            1.0 / 132.0,
            -691.0 / 32_760.0,
            1.0 / 12.0,
            -3617.0 / 8160.0,
        ],
    );
    y.ln() - r * (0.5 + r * tail) - below
}

#[inline(always)]
fn trigamma_of_positive(x: f64) -> f64 {
    let square_recip = |k: f64| {
        let r = (x + k).recip();
        r * r
    };
    let below = sum_of_ten(square_recip);
    let r = (x + LARGE).recip();
    let tail = polynomial(
        r * r,
        [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0, -3617.0 / 510.0],
    );
    r * (1.0 + r * (0.5 + r * tail)) + below
}

#[inline(always)]
fn tetragamma_of_positive(x: f64) -> f64 {
    let cube_recip = |k: f64| {
        let r = (x + k).recip();
        r * r * r
    };
    let below = 2.0 * sum_of_ten(cube_recip);
    let r = (x + LARGE).recip();
    let tail = polynomial(
        r * r,
        [1.0 / 2.0, -1.0 / 6.0, 1.0 / 6.0, -3.0 / 10.0, 5.0 / 6.0, -691.0 / 210.0, 35.0 / 2.0, -3617.0 / 30.0],
    );
    -r * r * (1.0 + r * (1.0 + r * tail)) - below
}

/// f(0) + f(1) + ... + f(9), the smallest first for a decreasing f.
#[inline(always)]
fn sum_of_ten(f: impl Fn(f64) -> f64) -> f64 {
    [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0].into_iter().map(f).sum()
}

/// The polynomial with these coefficients, of the constant first, by Horner's rule.
#[inline(always)]
fn polynomial<const T: usize>(x: f64, coefficients: [f64; T]) -> f64 {
    coefficients.into_iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "poles and limits are exact")]
mod tests {
    use super::*;
    use crate::special::tests::check_table;

    /// mpmath 1.3: `re(loggamma(x))`.
    #[test]
    fn ln_gamma_agrees() {
        check_table(
            ln_gamma,
            4e-15,
            &[
                (1.0e-300, 690.775_527_898_213_7),
                (1.0e-10, 23.025_850_929_882_736),
                (0.01, 4.599_479_878_042_022),
                (0.5, 0.572_364_942_924_700_1),
                (0.999, 0.000_578_038_532_891_380_2),
                (1.7, -0.095_807_697_407_065_88),
                (2.001, 0.000_423_106_734_800_117),
                (3.0, std::f64::consts::LN_2),
                (7.5, 7.534_364_236_758_733),
                (9.99, 12.779_315_214_350_193),
                (10.0, 12.801_827_480_081_469),
                (33.3, 82.603_723_581_654_95),
                (170.6, 704.518_037_127_998_7),
                (100_000.0, 1_051_287.708_973_656_9),
                (1_000_000_000_000_000.0, 3.353_877_639_491_066_8e16),
                (1.0e300, 6.897_755_278_982_137e302),
                (-0.5, 1.265_512_123_484_645_4),
                (-1.0e-8, 18.420_680_749_724_52),
                (-1.75, 1.016_088_809_214_435_8),
                (-20.25, -41.600_961_915_340_53),
                (-1000.4, -5_913.696_648_840_011),
            ],
        );
    }

    /// mpmath 1.3: `psi(0, x)`.
    #[test]
    fn digamma_agrees() {
        check_table(
            digamma,
            2e-14,
            &[
                (1.0e-300, -9.999_999_999_999_999e299),
                (1.0e-10, -10_000_000_000.577_215),
                (0.01, -100.560_885_457_868_68),
                (0.5, -1.963_510_026_021_423_5),
                (0.999, -0.578_861_802_108_645_5),
                (1.7, 0.208_547_874_873_493_9),
                (2.001, 0.423_429_067_190_698_45),
                (3.0, 0.922_784_335_098_467_1),
                (7.5, 1.946_757_484_246_086_9),
                (9.99, 2.250_700_372_831_201),
                (10.0, 2.251_752_589_066_721),
                (33.3, 3.490_467_238_520_243),
                (170.6, 5.136_387_939_451_594),
                (100_000.0, 11.512_920_464_961_896),
                (1_000_000_000_000_000.0, 34.538_776_394_910_684),
                (1.0e300, 690.775_527_898_213_7),
                (1.4, -0.061_384_544_585_116_24),
                (1.5, 0.036_489_973_978_576_52),
                (-0.5, 0.036_489_973_978_576_52),
                (-1.0e-8, 99_999_999.422_784_31),
                (-1.75, -2.322_691_628_614_361),
                (-20.25, 6.174_235_633_614_484),
                (-1000.4, 7.929_420_246_508_908),
            ],
        );
    }

    /// mpmath 1.3: `psi(1, x)`.
    #[test]
    fn trigamma_agrees() {
        check_table(
            trigamma,
            4e-15,
            &[
                (1.0e-100, 1.0e200),
                (1.0e-10, 1.0e20),
                (0.01, 10_001.621_213_528_313),
                (0.5, 4.934_802_200_544_679),
                (0.999, 1.647_341_431_777_050_5),
                (1.7, 0.793_232_830_163_998_4),
                (2.001, 0.644_530_199_863_984_1),
                (3.0, 0.394_934_066_848_226_46),
                (7.5, 0.142_615_896_696_703_8),
                (9.99, 0.105_276_950_148_241_79),
                (10.0, 0.105_166_335_681_685_75),
                (33.3, 0.030_485_444_095_338_887),
                (170.6, 0.005_878_877_836_083_858),
                (100_000.0, 1.000_005_000_016_666_7e-5),
                (1_000_000_000_000_000.0, 1.000_000_000_000_000_5e-15),
                (1.0e300, 1.0e-300),
                (-0.5, 8.934_802_200_544_679),
                (-1.0e-8, 1.000_000_000_000_000_2e16),
                (-1.75, 19.301_637_544_529_786),
                (-20.25, 19.691_025_351_008_71),
                (-1000.4, 10.910_567_160_706_298),
            ],
        );
    }

    /// mpmath 1.3: `psi(2, x)`.
    #[test]
    fn tetragamma_agrees() {
        check_table(
            tetragamma,
            1e-14,
            &[
                (1.0e-100, -1.999_999_999_999_999_8e300),
                (1.0e-10, -1.999_999_999_999_999_8e30),
                (0.01, -2_000_002.340_398_677),
                (0.5, -16.828_796_644_234_32),
                (0.999, -2.410_620_209_231_671),
                (1.7, -0.604_089_084_103_459_1),
                (2.001, -0.403_620_309_703_372_6),
                (3.0, -0.154_113_806_319_188_58),
                (7.5, -0.020_305_252_536_644_666),
                (9.99, -0.011_073_070_531_461_051),
                (10.0, -0.011_049_834_970_802_067),
                (33.3, -0.000_929_290_367_811_517_3),
                (170.6, -3.456_110_507_403_803_6e-5),
                (100_000.0, -1.000_010_000_05e-10),
                (1_000_000_000_000_000.0, -1.000_000_000_000_001e-30),
                (1.0e150, -1.0e-300),
                (-0.5, -0.828_796_644_234_32),
                (-1.0e-8, 2.0e24),
                (-1.75, -124.213_821_354_230_57),
                (-20.25, 124.022_785_524_743_84),
                (-1000.4, 22.276_296_088_239_167),
            ],
        );
    }

    /// mpmath 1.3: `loggamma(a) + loggamma(b) - loggamma(a + b)` with 400 digits.
    #[test]
    fn ln_beta_agrees() {
        for (a, b, expected) in [
            (1.0e-300, 1.0e-5, 690.775_527_898_213_7),
            (1.0e-10, 0.3, 23.025_850_930_232_988),
            (0.5, 0.5, 1.144_729_885_849_400_2),
            (2.0, 9.5, -4.602_667_055_769_973),
            (0.25, 30.0, 0.440_856_749_858_086_65),
            (9.0, 1_000_000.0, -113.735_028_118_831_22),
            (12.0, 15.0, -18.568_172_732_389_435),
            (1000.0, 1_000_000_000.0, -14_818.045_913_237_063),
            (1_000_000_000_000_000.0, 1_000_000_000_000_000.0, -1_386_294_361_119_906.5),
            (0.5, 1.0e300, -344.815_399_006_182_13),
        ] {
            check_table(|a| ln_beta(a, b), 4e-15, &[(a, expected)]);
            assert_eq!(ln_beta(a, b), ln_beta(b, a));
        }
    }

    #[test]
    fn poles_are_infinite() {
        for pole in [0.0, -0.0, -1.0, -2.0, -50.0] {
            assert_eq!(ln_gamma(pole), f64::INFINITY);
            assert_eq!(digamma(pole), f64::NEG_INFINITY);
            assert_eq!(trigamma(pole), f64::INFINITY);
            assert_eq!(tetragamma(pole), f64::NEG_INFINITY);
        }
    }
}
