//! Derivatives of the gamma function's logarithm.
//!
//! Asymptotic series (Abramowitz & Stegun 1964, 6.3.18, 6.4.12, 6.4.13) after ten steps of recurrence (6.3.5, 6.4.6),
//! reflection (6.3.7, 6.4.7) for negative arguments.
//!
//! No loops, and of the standard library only what the compiler knows to be without effects (not `tan`, not `ln_1p`):
//! then it can take a call with an invariant argument out of the loop it is in.

use super::series::{LARGE, from_nearest, polynomial, reflected};
use std::f64::consts::PI;

/// Derivative of [`ln_gamma`](super::ln_gamma); at the poles 0, -1, -2, ... the limit from the right, -inf.
#[inline]
pub fn digamma(x: f64) -> f64 {
    let of_positive = digamma_of_positive(reflected(x));
    if x > 0.0 {
        return of_positive;
    }
    let (sin, cos) = (PI * from_nearest(x)).sin_cos();
    of_positive - PI * cos / sin
}

/// Derivative of [`digamma`]; inf at the poles 0, -1, -2, ...
#[inline]
pub fn trigamma(x: f64) -> f64 {
    let of_positive = trigamma_of_positive(reflected(x));
    if x > 0.0 {
        return of_positive;
    }
    let ratio = PI / (PI * from_nearest(x)).sin();
    ratio * ratio - of_positive
}

/// Derivative of [`trigamma`]; at the poles 0, -1, -2, ... the limit from the right, -inf.
#[inline]
pub fn tetragamma(x: f64) -> f64 {
    let of_positive = tetragamma_of_positive(reflected(x));
    if x > 0.0 {
        return of_positive;
    }
    let (sin, cos) = (PI * from_nearest(x)).sin_cos();
    let ratio = PI / sin;
    of_positive - 2.0 * cos * ratio * ratio * ratio
}

/// The recurrence forward to x + 10, and the series there.
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

/// Derivative of [`digamma_of_positive`].
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

/// Derivative of [`trigamma_of_positive`].
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

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "poles are exact")]
mod tests {
    use super::*;
    use crate::special::tests::check_table;

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

    #[test]
    fn poles_are_infinite() {
        for pole in [0.0, -0.0, -1.0, -2.0, -50.0] {
            assert_eq!(digamma(pole), f64::NEG_INFINITY);
            assert_eq!(trigamma(pole), f64::INFINITY);
            assert_eq!(tetragamma(pole), f64::NEG_INFINITY);
        }
    }
}
