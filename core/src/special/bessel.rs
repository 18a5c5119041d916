//! The modified Bessel function I_0 by its logarithm, without overflow.
//!
//! With the power series (Abramowitz & Stegun 1964, 9.6.10) below 20, whose terms are positive, and with the asymptotic one
//! (9.7.1) above.

use super::LN_SQRT_2PI;

/// From here on the asymptotic series is exact to double precision.
const LARGE: f64 = 20.0;

/// ln(exp(-x) I_0(x)) for x > 0, and its first two derivatives.
pub(crate) fn ln_scaled_bessel_i0(x: f64) -> [f64; 3] {
    if x < LARGE { by_power_series(x) } else { by_asymptotic_series(x) }
}

/// With r = I_1 / I_0: r - 1 and 1 - r / x - r^2 (9.6.26).
fn by_power_series(x: f64) -> [f64; 3] {
    let quarter = 0.25 * x * x;
    // I_0 - 1 = sum of q^k / k!^2, and 2 I_1 / x - 1 = sum of q^k / (k! (k + 1)!), with q = x^2 / 4 and k > 0
    let (mut i0, mut i1, mut term, mut k) = (0.0, 0.0, 1.0, 1.0);
    while term > f64::EPSILON * 1e-2 * i0 {
        term *= quarter / (k * k);
        i0 += term;
        i1 += term / (k + 1.0);
        k += 1.0;
    }
    let over_x = 0.5 * (1.0 + i1) / (1.0 + i0);
    let ratio = over_x * x;
    [i0.ln_1p() - x, ratio - 1.0, 1.0 - over_x - ratio * ratio]
}

/// sqrt(2 pi x) exp(-x) I_0(x) = s = sum of a_k / x^k, with a_k = a_(k-1) (2 k - 1)^2 / (8 k); nothing cancels in the
/// derivatives, -1 / (2 x) + s' / s and 1 / (2 x^2) + s\'\' / s - (s' / s)^2.
fn by_asymptotic_series(x: f64) -> [f64; 3] {
    let w = x.recip();
    let (mut sum, mut first, mut second, mut term, mut k) = (1.0, 0.0, 0.0, 1.0, 1.0);
    while term > f64::EPSILON * 1e-2 && k < 2.0 * LARGE {
        term *= (2.0 * k - 1.0) * (2.0 * k - 1.0) * w / (8.0 * k);
        sum += term;
        first -= k * term;
        second += k * (k + 1.0) * term;
        k += 1.0;
    }
    let (slope, curvature) = (first / sum * w, second / sum * w * w);
    [sum.ln() - 0.5 * x.ln() - LN_SQRT_2PI, slope - 0.5 * w, 0.5 * w * w + curvature - slope * slope]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::tests::check_table;

    /// mpmath 1.3: `log(besseli(0, x)) - x` with 400 digits.
    #[test]
    fn the_logarithm_agrees() {
        check_table(
            |x| ln_scaled_bessel_i0(x)[0],
            4e-15,
            &[
                (1.0e-6, -9.999_997_5e-7),
                (0.001, -0.000_999_750_000_015_625),
                (0.5, -0.438_450_280_814_518_7),
                (3.0, -1.414_692_378_186_579),
                (10.0, -2.057_027_916_881_304_4),
                (19.9, -2.407_850_181_378_648),
                (20.0, -2.410_389_571_755_725_8),
                (45.0, -2.819_460_395_692_863_7),
                (10_000.0, -5.524_096_218_567_699),
                (1_000_000_000_000.0, -14.734_449_091_168_822),
            ],
        );
    }

    /// mpmath 1.3: `r - 1`, with `r = besseli(1, x) / besseli(0, x)` and 400 digits.
    #[test]
    fn the_first_derivative_agrees() {
        check_table(
            |x| ln_scaled_bessel_i0(x)[1],
            1e-13,
            &[
                (1.0e-6, -0.999_999_5),
                (0.001, -0.999_500_000_062_5),
                (0.5, -0.757_500_387_419_198),
                (3.0, -0.190_014_706_043_495_46),
                (10.0, -0.051_400_174_045_154_04),
                (19.9, -0.025_458_534_142_068_8),
                (20.0, -0.025_329_492_110_192_874),
                (45.0, -0.011_174_261_215_335_357),
                (10_000.0, -5.000_125_012_501_954e-5),
                (1_000_000_000_000.0, -5.000_000_000_001_25e-13),
            ],
        );
    }

    /// mpmath 1.3: `1 - r / x - r**2`, with 400 digits.
    #[test]
    fn the_second_derivative_agrees() {
        check_table(
            |x| ln_scaled_bessel_i0(x)[2],
            1e-12,
            &[
                (1.0e-6, 0.499_999_999_999_812_5),
                (0.001, 0.499_999_812_500_052_1),
                (0.5, 0.456_194_712_736_557_1),
                (3.0, 0.073_928_725_588_693_44),
                (10.0, 0.005_298_387_602_951_359),
                (19.9, 0.001_296_998_365_789_729_8),
                (20.0, 0.001_283_875_655_335_068_8),
                (45.0, 0.000_249_753_010_636_284_03),
                (10_000.0, 5.000_250_037_507_814_6e-9),
                (1_000_000_000_000.0, 5.000_000_000_002_5e-25),
            ],
        );
    }
}
