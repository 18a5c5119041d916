//! ln p(x | loc, scale) = -|z| - 2 ln(1 + exp(-|z|)) - ln scale, with z = (x - loc) / scale.

use crate::dist::location_scale::{location_scale_family, symmetric_tails};
use crate::special::{ln_1p_exp, sigmoid};
use rand::{Rng, RngExt};
use rand_distr::Open01;

/// Logistic distribution: `Logistic(loc, scale)`, whose mean is `loc` and standard deviation pi `scale` / sqrt(3).
///
/// `scale` is positive. Support: the real line.
#[derive(Clone, Copy, Debug)]
pub struct Logistic<L, S>(pub L, pub S);

location_scale_family!(Logistic, standard, standard_draw);

/// g = -|z| - 2 ln(1 + exp(-|z|)) and its derivatives.
#[inline(always)]
fn standard(z: f64) -> [f64; 3] {
    let e = (-z.abs()).exp();
    let upper = (1.0 + e).recip();
    [-z.abs() - 2.0 * e.ln_1p(), ((e - 1.0) * upper).copysign(-z), -2.0 * e * upper * upper]
}

fn standard_draw<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let p: f64 = rng.sample(Open01);
    p.ln() - (-p).ln_1p()
}

symmetric_tails!(Logistic, standard_cdf);

/// ln F = -ln(1 + exp(-z))
fn standard_cdf(z: f64) -> [f64; 3] {
    let missing = sigmoid(-z);
    [-ln_1p_exp(-z), missing, -missing * sigmoid(z)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::reference::{check_refused, check_tails, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Logistic(-1.5, 2.5));
        check_distribution!(Logistic(3.0, 0.4));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `logistic.logpdf(x, -1.5, 2.5)`
        check_values(
            &Logistic(-1.5, 2.5),
            &[
                (-1_000_000_000.0, -400_000_000.316_290_74),
                (-40.0, -16.316_291_141_979_03),
                (-1.4, -2.302_985_066_330_223),
                (0.3, -2.429_478_825_834_604),
                (2.7, -2.938_093_884_609_896_7),
                (1_000_000_000.0, -400_000_001.516_290_8),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Logistic(f64::NAN, 1.0), "loc");
        check_refused(&Logistic(0.0, 0.0), "scale");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Logistic(0.5, 1.5),
            &[
                [-90.0, -60.333_333_333_333_336, -6.274_314_132_848_429e-27],
                [-2.0, -1.839_674_655_552_505_6, -0.173_007_988_885_839_07],
                [0.25, -0.779_948_724_766_304_1, -0.613_282_058_099_637_4],
                [3.0, -0.173_007_988_885_839_07, -1.839_674_655_552_505_6],
                [60.0, -5.929_055_984_852_302e-18, -39.666_666_666_666_664],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [-30.0, -2.0, 0.3, 1.7, 25.0] {
            check_gradient!(|x, a, b| Logistic(a, b).ln_cdf(x) - Logistic(a, b).ln_survival(x), [x, 0.5, 1.5]);
        }
    }
}
