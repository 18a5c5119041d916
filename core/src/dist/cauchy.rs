//! ln p(x | loc, scale) = -ln pi - ln(1 + z^2) - ln scale, with z = (x - loc) / scale.

use crate::dist::location_scale::{location_scale_family, symmetric_tails};
use rand::{Rng, RngExt};
use rand_distr::Open01;
use std::f64::consts::PI;

const LN_PI: f64 = 1.144_729_885_849_400_2;

/// Cauchy distribution: `Cauchy(loc, scale)`, the median and half the distance between the quartiles.
///
/// `scale` is positive. Support: the real line.
#[derive(Clone, Copy, Debug)]
pub struct Cauchy<L, S>(pub L, pub S);

location_scale_family!(Cauchy, standard, standard_draw);

/// g = -ln pi - ln(1 + z^2) and its derivatives.
#[inline(always)]
pub(crate) fn standard(z: f64) -> [f64; 3] {
    let first = -2.0 * z / (1.0 + z * z);
    [-LN_PI - (1.0 + z * z).ln(), first, first * first - 2.0 / (1.0 + z * z)]
}

/// A draw of the standard Cauchy distribution, by inversion.
pub(crate) fn standard_draw<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let p: f64 = rng.sample(Open01);
    (PI * (p - 0.5)).tan()
}

symmetric_tails!(Cauchy, standard_cdf);

/// F = atan2(1, -z) / pi = 1 - atan2(1, z) / pi, the one or the other for the digits.
fn standard_cdf(z: f64) -> [f64; 3] {
    let [ln_density, slope, _] = standard(z);
    let value = if z > 0.0 { (-1.0_f64.atan2(z) / PI).ln_1p() } else { (1.0_f64.atan2(-z) / PI).ln() };
    let hazard = (ln_density - value).exp();
    [value, hazard, hazard * (slope - hazard)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::reference::{check_refused, check_tails, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Cauchy(0.0, 1.0));
        check_distribution!(Cauchy(-1.5, 0.4));
        check_distribution!(Cauchy(3.0, 5.0));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `cauchy.logpdf(x, -1.5, 2.5)`
        check_values(
            &Cauchy(-1.5, 2.5),
            &[
                (-1_000_000_000.0, -41.674_970_824_868_07),
                (-40.0, -7.533_963_334_431_077),
                (-1.5, -2.061_020_617_723_555),
                (0.3, -2.478_677_766_597_081_6),
                (2.7, -3.401_899_115_312_963_4),
                (1_000_000_000.0, -41.674_970_830_868_07),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Cauchy(f64::NAN, 1.0), "loc");
        check_refused(&Cauchy(0.0, 0.0), "scale");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Cauchy(0.5, 1.5),
            &[
                [-1_000_000_000.0, -21.462_530_615_187_646, -4.774_648_291_509_399e-10],
                [-2.0, -1.760_139_474_513_887, -0.188_767_329_772_774_74],
                [0.25, -0.804_231_728_860_301_1, -0.593_177_949_715_86],
                [3.0, -0.188_767_329_772_774_74, -1.760_139_474_513_887],
                [1_000_000_000_000.0, -4.774_648_292_760_387e-13, -28.370_285_893_669_283],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [-30.0, -2.0, 0.3, 1.7, 25.0] {
            check_gradient!(|x, a, b| Cauchy(a, b).ln_cdf(x) - Cauchy(a, b).ln_survival(x), [x, 0.5, 1.5]);
        }
    }
}
