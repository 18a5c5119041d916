//! The gamma function's logarithm.
//!
//! Asymptotic series (Abramowitz & Stegun 1964, 6.1.41) at 10 and above, recurrence (6.1.15) below, reflection (6.1.17)
//! for negative arguments.
//!
//! No loops, and of the standard library only what the compiler knows to be without effects (not `tan`, not `ln_1p`):
//! then it can take a call with an invariant argument out of the loop it is in.

use super::LN_SQRT_2PI;
use super::series::{LARGE, from_nearest, polynomial, reflected};
use std::f64::consts::PI;

/// Logarithm of |gamma(x)|; infinite at 0, -1, -2, ...
#[inline]
pub fn ln_gamma(x: f64) -> f64 {
    let of_positive = ln_gamma_of_positive(reflected(x));
    if x > 0.0 { of_positive } else { (PI / (PI * from_nearest(x)).sin().abs()).ln() - of_positive }
}

/// ln gamma(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2), for x >= 10.
#[inline(always)]
pub(super) fn stirling_error(x: f64) -> f64 {
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
        return (x - 0.5) * (x.ln() - 1.0) + (LN_SQRT_2PI - 0.5) + stirling_error(x);
    }
    let (d, ln_factor) = if x < 0.5 {
        (x, -(x + x * x).ln())
    } else if x < 1.5 {
        (x - 1.0, -x.ln())
    } else {
        let (mut reduced, mut product) = (x, 1.0);
        for _ in 0..8 {
            let more = reduced >= 2.5;
            reduced -= if more { 1.0 } else { 0.0 };
            product *= if more { reduced } else { 1.0 };
        }
        (reduced - 2.0, product.ln())
    };
    ln_gamma_around_two(d) + ln_factor
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

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "poles are exact")]
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

    #[test]
    fn poles_are_infinite() {
        for pole in [0.0, -0.0, -1.0, -2.0, -50.0] {
            assert_eq!(ln_gamma(pole), f64::INFINITY);
        }
    }
}
