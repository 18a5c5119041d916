//! ln p(x | loc, scale) = -|z| - ln 2 - ln scale, with z = (x - loc) / scale.

use crate::dist::location_scale::location_scale_family;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

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
}
