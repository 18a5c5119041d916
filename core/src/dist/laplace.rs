//! ln p(x | loc, scale) = -|z| - ln 2 - ln scale, with z = (x - loc) / scale.

use crate::dist::location_scale::{location_scale_family, symmetric_tails};
use rand::{Rng, RngExt};
use rand_distr::Open01;
use std::f64::consts::LN_2;

/// Laplace (double exponential) distribution: `Laplace(loc, scale)`, the median and the mean absolute deviation from it.
///
/// `scale` is positive. Support: the real line. At x = `loc`, where there is a kink, the derivative is taken as 0.
#[derive(Clone, Copy, Debug)]
pub struct Laplace<L, S>(pub L, pub S);

location_scale_family!(Laplace, standard, standard_draw);

/// g = -|z| - ln 2 and its derivatives.
#[inline(always)]
fn standard(z: f64) -> [f64; 3] {
    let sign = if z == 0.0 { 0.0 } else { 1.0_f64.copysign(z) };
    [-z.abs() - LN_2, -sign, 0.0]
}

fn standard_draw<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let p: f64 = rng.sample(Open01);
    if p < 0.5 { (2.0 * p).ln() } else { -(2.0 * (1.0 - p)).ln() }
}

symmetric_tails!(Laplace, standard_cdf);

/// F = exp(z) / 2 below 0, 1 - exp(-z) / 2 above.
fn standard_cdf(z: f64) -> [f64; 3] {
    if z < 0.0 {
        return [z - LN_2, 1.0, 0.0];
    }
    let density = 0.5 * (-z).exp();
    let hazard = density / (1.0 - density);
    [(-density).ln_1p(), hazard, -hazard * (1.0 + hazard)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::reference::{check_refused, check_tails, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Laplace(-1.5, 2.5));
        check_distribution!(Laplace(3.0, 0.4));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `laplace.logpdf(x, -1.5, 2.5)`
        check_values(
            &Laplace(-1.5, 2.5),
            &[
                (-1_000_000_000.0, f64::NEG_INFINITY),
                (-40.0, -17.009_437_912_434_1),
                (-1.5, -1.609_437_912_434_100_5),
                (0.3, -2.329_437_912_434_100_3),
                (2.7, -3.289_437_912_434_100_7),
                (1_000_000_000.0, f64::NEG_INFINITY),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Laplace(f64::NAN, 1.0), "loc");
        check_refused(&Laplace(0.0, 0.0), "scale");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Laplace(0.5, 1.5),
            &[
                [-90.0, -61.026_480_513_893_276, -3.137_157_066_424_214_5e-27],
                [-2.0, -2.359_813_847_226_612, -0.099_199_314_253_794_36],
                [0.25, -0.859_813_847_226_612, -0.550_330_538_872_687_1],
                [3.0, -0.099_199_314_253_794_36, -2.359_813_847_226_612],
                [60.0, -2.964_527_992_426_151e-18, -40.359_813_847_226_61],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [-30.0, -2.0, 0.3, 1.7, 25.0] {
            check_gradient!(|x, a, b| Laplace(a, b).ln_cdf(x) - Laplace(a, b).ln_survival(x), [x, 0.5, 1.5]);
        }
    }
}
