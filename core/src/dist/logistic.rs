//! ln p(x | loc, scale) = -|z| - 2 ln(1 + exp(-|z|)) - ln scale, with z = (x - loc) / scale.

use crate::dist::location_scale::location_scale_family;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

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
}
