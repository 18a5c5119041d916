//! Special functions on `f64`, stable in the tails.
//!
//! Here what is made of exp and ln; the gamma family and the normal integral have files of their own.

mod bessel;
pub(crate) mod gauss_hermite;
mod ln_beta;
mod ln_gamma;
mod normal_integral;
mod normal_quantile;
mod polygamma;
mod series;
mod stirling;

pub(crate) use bessel::ln_scaled_bessel_i0;
pub use ln_beta::ln_beta;
pub use ln_gamma::ln_gamma;
pub use normal_integral::{erf, erfc, ln_normal_cdf, ln_normal_cdf_partials, normal_cdf, normal_density};
pub(crate) use normal_quantile::normal_quantile;
pub use polygamma::{digamma, tetragamma, trigamma};
pub(crate) use stirling::{STIRLING_FROM, stirling};

use series::polynomial;

/// ln(sqrt(2 pi)).
pub const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// 1 / (1 + exp(-x)).
#[inline(always)]
pub fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    let upper = (1.0 + e).recip();
    if x >= 0.0 { upper } else { e * upper }
}

/// ln(1 + exp(x)). With u = 1 + e as it is rounded, ln(1 + e) is e ln u / (u - 1) (Goldberg 1991, theorem 4): as precise as `ln_1p`,
/// and half the cost.
#[inline(always)]
#[expect(clippy::float_cmp, reason = "what is lost in rounding is lost exactly")]
pub fn ln_1p_exp(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    let u = 1.0 + e;
    x.max(0.0) + if u == 1.0 { e } else { e * (u.ln() / (u - 1.0)) }
}

/// ln(1 - exp(x)) for x < 0; -inf at 0 and NaN above (Maechler 2012, "Accurately computing log(1 - exp(-|a|))", eq. 7).
#[inline(always)]
pub fn ln_1m_exp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 { (-x.exp_m1()).ln() } else { (-x.exp()).ln_1p() }
}

/// x - ln(1 + x), accurate near 0. With t = x / (2 + x), ln(1 + x) is 2 (t + t^3 / 3 + t^5 / 5 + ...) (Abramowitz & Stegun
/// 1964, 4.1.27), and x - 2 t is x t.
pub(crate) fn minus_ln_1p(x: f64) -> f64 {
    if x.abs() > 0.3 {
        return x - x.ln_1p();
    }
    let t = x / (2.0 + x);
    let coefficients = [3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0, 21.0].map(f64::recip);
    x * t - 2.0 * t * t * t * polynomial(t * t, coefficients)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "limits are exact")]
pub(crate) mod tests {
    use super::*;

    /// Panics unless `f(x)` is within `tolerance` of the reference, relative to it, at every pair of `table`.
    #[track_caller]
    pub(crate) fn check_table(f: impl Fn(f64) -> f64, tolerance: f64, table: &[(f64, f64)]) {
        for &(x, expected) in table {
            let found = f(x);
            let close = found == expected || (found - expected).abs() <= tolerance * expected.abs();
            assert!(close, "at {x:e}: {found:e} for {expected:e}");
        }
    }

    /// mpmath 1.3: `1 / (1 + exp(-x))` with 400 digits.
    #[test]
    fn sigmoid_agrees() {
        check_table(
            sigmoid,
            4e-16,
            &[
                (-100.0, 3.720_075_976_020_836e-44),
                (-37.0, 8.533_047_625_744_065e-17),
                (-1.0, 0.268_941_421_369_995_1),
                (-1.0e-10, 0.499_999_999_975),
                (0.0, 0.5),
                (1.0e-10, 0.500_000_000_025),
                (1.0, 0.731_058_578_630_004_9),
                (37.0, 0.999_999_999_999_999_9),
                (100.0, 1.0),
                (745.0, 1.0),
            ],
        );
    }

    /// mpmath 1.3: `log1p(exp(x))` with 400 digits.
    #[test]
    fn ln_1p_exp_agrees() {
        check_table(
            ln_1p_exp,
            4e-16,
            &[
                (-100.0, 3.720_075_976_020_836e-44),
                (-37.0, 8.533_047_625_744_066e-17),
                (-1.0, 0.313_261_687_518_222_8),
                (-1.0e-10, 0.693_147_180_509_945_3),
                (0.0, std::f64::consts::LN_2),
                (1.0e-10, 0.693_147_180_609_945_3),
                (1.0, 1.313_261_687_518_222_8),
                (37.0, 37.0),
                (100.0, 100.0),
                (745.0, 745.0),
            ],
        );
    }

    /// mpmath 1.3: `log(-expm1(x))` with 400 digits.
    #[test]
    fn ln_1m_exp_agrees() {
        check_table(
            ln_1m_exp,
            1e-15,
            &[
                (-700.0, -9.859_676_543_759_77e-305),
                (-37.0, -8.533_047_625_744_066e-17),
                (-1.0, -0.458_675_145_387_081_9),
                (-0.7, -0.686_341_002_808_385_2),
                (-0.69, -0.696_304_297_144_056_7),
                (-0.1, -2.352_168_461_044_090_7),
                (-1.0e-10, -23.025_850_929_990_458),
                (-1.0e-300, -690.775_527_898_213_7),
            ],
        );
    }

    /// mpmath 1.3: `x - log1p(x)` with 400 digits.
    #[test]
    fn minus_ln_1p_agrees() {
        check_table(
            minus_ln_1p,
            2e-15,
            &[
                (-0.999, 5.908_755_278_982_136),
                (-0.31, 0.061_063_681_390_831_985),
                (-0.29, 0.052_490_308_946_775_94),
                (-0.05, 0.001_293_294_387_550_533_6),
                (-1.0e-6, 5.000_003_333_335_833e-13),
                (1.0e-12, 4.999_999_999_996_667e-25),
                (0.001, 4.996_669_164_668_332e-7),
                (0.1, 0.004_689_820_195_675_14),
                (0.299, 0.037_405_262_311_537_51),
                (0.301, 0.037_866_800_469_631_78),
                (2.0, 0.901_387_711_331_890_3),
                (10_000_000_000.0, 9_999_999_976.974_15),
            ],
        );
    }
}
