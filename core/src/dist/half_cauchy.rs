//! ln p(x | scale) = ln(2 / pi) - ln(1 + z^2) - ln scale, with z = x / scale >= 0.

use crate::dist::check::positive;
use crate::dist::location_scale::scale_family;
use crate::dist::{Distribution, cauchy};
use crate::error::Invalid;
use crate::numbers::{Number, Param, Real};
use crate::support::Positive;
use rand::Rng;
use std::f64::consts::LN_2;

/// Half-Cauchy distribution: `HalfCauchy(scale)`, of |x| where x is Cauchy around 0.
///
/// `scale`, the median, is positive. Support: positive numbers.
#[derive(Clone, Copy, Debug)]
pub struct HalfCauchy<S>(pub S);

impl<N: Number, S: Param<N>> Distribution<N> for HalfCauchy<S> {
    type Support = Positive;

    fn support(&self) -> Positive {
        Positive
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        if !(x.value() >= 0.0 && x.value() < f64::INFINITY) {
            return Real::constant(f64::NEG_INFINITY);
        }
        scale_family(x, self.0, |z| {
            let [g, first, second] = cauchy::standard(z);
            [g + LN_2, first, second]
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("HalfCauchy", "scale", self.0)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        Some(self.0.value() * cauchy::standard_draw(rng).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn is_a_distribution() {
        check_distribution!(HalfCauchy(0.3));
        check_distribution!(HalfCauchy(2.5));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `halfcauchy.logpdf(x, scale=2.5)`
        check_values(
            &HalfCauchy(2.5),
            &[
                (-1.0, f64::NEG_INFINITY),
                (0.0, -1.367_873_437_163_609_9),
                (1.0e-10, -1.367_873_437_163_609_9),
                (0.3, -1.382_170_741_864_434_2),
                (2.7, -2.140_940_240_899_429),
                (40.0, -6.916_949_522_058_83),
                (1_000_000_000.0, -40.981_823_647_308_12),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&HalfCauchy(-1.0), "scale");
        check_refused(&HalfCauchy(f64::INFINITY), "scale");
    }
}
