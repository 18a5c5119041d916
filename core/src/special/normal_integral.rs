//! The integral of the normal density, and its logarithm far into the lower tail.
//!
//! Below -5 the ratio of density to integral is the continued fraction of Laplace (Abramowitz & Stegun 1964, 26.2.14).

use super::LN_SQRT_2PI;
use std::f64::consts::FRAC_1_SQRT_2;

/// Below this the continued fraction converges to double precision in [`DEPTH`] levels.
const TAIL: f64 = -5.0;
const DEPTH: u8 = 30;
const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// Error function.
#[inline]
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// 1 - erf(x), accurate in the upper tail.
#[inline]
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// Probability that a standard normal variable is below z.
#[inline]
pub fn normal_cdf(z: f64) -> f64 {
    if z < TAIL { normal_density(z) / (tail_excess(z) - z) } else { 0.5 * erfc(-FRAC_1_SQRT_2 * z) }
}

/// Density of a standard normal variable at z, accurate in both tails: the square is split so that its larger part is
/// exact (Cody 1969).
#[inline]
pub fn normal_density(z: f64) -> f64 {
    let coarse = (16.0 * z).trunc() / 16.0;
    let rest = (z - coarse) * (z + coarse);
    (-0.5 * coarse * coarse).exp() * (-0.5 * rest).exp() * FRAC_1_SQRT_2PI
}

/// Logarithm of [`normal_cdf`], accurate in both tails.
#[inline]
pub fn ln_normal_cdf(z: f64) -> f64 {
    ln_normal_cdf_partials(z)[0]
}

/// [`ln_normal_cdf`] and its first two derivatives: with r = (normal density) / (normal integral), they are r and
/// -r (z + r), the latter free of cancellation in the lower tail.
#[inline]
pub fn ln_normal_cdf_partials(z: f64) -> [f64; 3] {
    if z < TAIL {
        let excess = tail_excess(z);
        let ratio = excess - z;
        return [-0.5 * z * z - LN_SQRT_2PI - ratio.ln(), ratio, -ratio * excess];
    }
    let smaller = normal_cdf(-z.abs());
    let (ln_cdf, cdf) = if z < 0.0 { (smaller.ln(), smaller) } else { ((-smaller).ln_1p(), 1.0 - smaller) };
    let ratio = normal_density(z) / cdf;
    [ln_cdf, ratio, -ratio * (z + ratio)]
}

/// z + (density / integral) at z < -5: 1 / (t + 2 / (t + 3 / (t + ...))) with t = -z.
#[inline(always)]
fn tail_excess(z: f64) -> f64 {
    let deeper = (2..=DEPTH).rev().map(f64::from).fold(0.0, |rest, level| level / (rest - z));
    (deeper - z).recip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::tests::check_table;

    /// mpmath 1.3: `erf(x)`.
    #[test]
    fn erf_agrees() {
        check_table(
            erf,
            2e-15,
            &[
                (1.0e-300, 1.128_379_167_095_512_6e-300),
                (1.0e-10, 1.128_379_167_095_512_6e-10),
                (0.1, 0.112_462_916_018_284_9),
                (0.5, 0.520_499_877_813_046_5),
                (1.0, 0.842_700_792_949_714_9),
                (2.5, 0.999_593_047_982_555),
                (6.0, 1.0),
                (-0.3, -0.328_626_759_459_127_4),
                (-3.0, -0.999_977_909_503_001_4),
            ],
        );
    }

    /// mpmath 1.3: `erfc(x)`.
    #[test]
    fn erfc_agrees() {
        check_table(
            erfc,
            2e-15,
            &[
                (-6.0, 2.0),
                (-1.0, 1.842_700_792_949_714_8),
                (0.0, 1.0),
                (1.0e-10, 0.999_999_999_887_162),
                (0.1, 0.887_537_083_981_715),
                (0.5, 0.479_500_122_186_953_5),
                (1.0, 0.157_299_207_050_285_13),
                (2.5, 0.000_406_952_017_444_958_9),
                (6.0, 2.151_973_671_249_891_3e-17),
                (12.0, 1.356_261_169_205_904_2e-64),
                (26.0, 5.663_192_408_856_143e-296),
            ],
        );
    }

    /// mpmath 1.3: `ncdf(z)`.
    #[test]
    fn normal_cdf_agrees() {
        check_table(
            normal_cdf,
            4e-14,
            &[
                (-37.0, 5.725_571_222_524_577e-300),
                (-20.0, 2.753_624_118_606_233_7e-89),
                (-8.0, 6.220_960_574_271_784e-16),
                (-3.0, 0.001_349_898_031_630_094_6),
                (-0.1, 0.460_172_162_722_971),
                (0.0, 0.5),
                (0.7, 0.758_036_347_776_927),
                (3.0, 0.998_650_101_968_369_9),
                (9.0, 1.0),
            ],
        );
    }

    /// mpmath 1.3: `log(ncdf(z))`, and `log1p(-ncdf(-z))` above 0.
    #[test]
    fn ln_normal_cdf_agrees() {
        check_table(
            ln_normal_cdf,
            4e-15,
            &[
                (-100_000_000.0, -5_000_000_000_000_019.0),
                (-100.0, -5_005.524_208_694_205),
                (-38.5, -745.695_270_290_411),
                (-12.0, -75.410_673_001_568_8),
                (-6.0, -20.736_768_949_974_707),
                (-5.01, -15.116_911_800_640_429),
                (-4.99, -15.013_181_717_689_32),
                (-3.0, -6.607_726_221_510_349),
                (-1.0, -1.841_021_645_009_263_6),
                (-0.1, -0.776_154_592_730_273_3),
                (0.0, -std::f64::consts::LN_2),
                (0.7, -0.277_023_942_277_131_3),
                (3.0, -0.001_350_809_964_748_193_8),
                (9.0, -1.128_588_405_953_840_5e-19),
                (30.0, -4.906_713_927_148_187e-198),
            ],
        );
    }

    /// mpmath 1.3: `npdf(z) / ncdf(z)`.
    #[test]
    fn first_partial_agrees() {
        check_table(
            |z| ln_normal_cdf_partials(z)[1],
            1e-14,
            &[
                (-100_000_000.0, 100_000_000.000_000_01),
                (-100.0, 100.009_998_000_999_26),
                (-38.5, 38.525_939_096_854_49),
                (-12.0, 12.082_214_175_254_284),
                (-6.0, 6.158_482_604_544_599),
                (-5.01, 5.196_177_543_221_179),
                (-4.99, 5.176_831_473_609_47),
                (-3.0, 3.283_098_654_930_436_4),
                (-1.0, 1.525_135_276_160_981),
                (-0.1, 0.862_617_471_530_936_2),
                (0.0, 0.797_884_560_802_865_4),
                (0.7, 0.411_924_750_419_290_66),
                (3.0, 0.004_437_839_042_125_664),
                (9.0, 1.027_977_357_166_891_5e-18),
                (30.0, 1.473_646_134_878_547_6e-196),
            ],
        );
    }

    /// mpmath 1.3: `-r * (z + r)` with `r = npdf(z) / ncdf(z)`.
    #[test]
    fn second_partial_agrees() {
        check_table(
            |z| ln_normal_cdf_partials(z)[2],
            4e-14,
            &[
                (-100_000_000.0, -0.999_999_999_999_999_9),
                (-100.0, -0.999_900_059_950_051_7),
                (-38.5, -0.999_328_065_643_634_1),
                (-12.0, -0.993_329_273_664_154_1),
                (-6.0, -0.976_012_363_210_833_2),
                (-5.01, -0.967_411_569_137_978_7),
                (-4.99, -0.967_195_052_842_341_5),
                (-3.0, -0.929_440_813_214_731_9),
                (-1.0, -0.800_902_334_429_651_2),
                (-0.1, -0.657_847_155_037_331_8),
                (0.0, -std::f64::consts::FRAC_2_PI),
                (0.7, -0.458_029_325_301_498_37),
                (3.0, -0.013_333_211_541_740_806),
                (9.0, -9.251_796_214_502_023e-18),
                (30.0, -4.420_938_404_635_642e-195),
            ],
        );
    }
}
