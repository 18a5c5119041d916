//! ln p(x | loc, scale) = -z^2 / 2 - ln scale - ln x - ln(2 pi) / 2, with z = (ln x - loc) / scale, x > 0.

use crate::dist::check::{finite, positive};
use crate::dist::{Cdf, Distribution, Normal, draw};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::special::LN_SQRT_2PI;
use crate::support::Positive;
use rand::Rng;

/// Log-normal distribution: `LogNormal(loc, scale)`, the mean and the standard deviation of ln x.
///
/// `scale` is positive. Support: positive numbers.
#[derive(Clone, Copy, Debug)]
pub struct LogNormal<L, S>(pub L, pub S);

impl<N: Number, L: Param<N>, S: Param<N>> Distribution<N> for LogNormal<L, S> {
    type Support = Positive;

    fn support(&self) -> Positive {
        Positive
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(loc, scale) = *self;
        if !(x.value() > 0.0 && x.value() < f64::INFINITY) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let (ln_x, r, w) = (x.value().ln(), x.value().recip(), scale.value().recip());
        let z = (ln_x - loc.value()) * w;
        let (zw, ww) = (z * w, w * w);
        (x, loc, scale).join(&Jet {
            value: -0.5 * z * z - scale.value().ln() - ln_x - LN_SQRT_2PI,
            first: [-(zw + 1.0) * r, zw, (z * z - 1.0) * w],
            second: [
                [(zw + 1.0 - ww) * r * r, 0.0, 0.0],
                [ww * r, -ww, 0.0],
                [2.0 * z * ww * r, -2.0 * z * ww, (1.0 - 3.0 * z * z) * ww],
            ],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("LogNormal", "loc", self.0)?;
        positive::<N>("LogNormal", "scale", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        Some((self.0.value() + self.1.value() * draw::normal(rng)).exp())
    }

    /// With x = exp(a), r = a - loc a sum of products and scale = exp(e): -ln(2 pi) / 2 - a - e - exp(-2 e) r^2 / 2.
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let ln_x = x.form().ln_affine()?;
        let residual = MixedForm::from(ln_x).plus(-1.0, &self.0.form().mixed()?)?;
        let ln_scale = self.1.form().ln_affine()?;
        let mut affine = ln_scale.scaled(-1.0).plus(-1.0, &ln_x);
        affine.constant -= LN_SQRT_2PI;
        residual.is_known_under(&ln_scale).then_some(ClosedForm {
            affine,
            exponential: Some(ExponentialTerm { factor: -0.5, exponent: ln_scale.scaled(-2.0), square: residual }),
        })
    }
}

/// F is that of the normal distribution at ln x.
impl<N: Number, L: Param<N>, S: Param<N>> Cdf<N> for LogNormal<L, S> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 {
            return Normal(self.0, self.1).ln_cdf(x.real().ln());
        }
        Real::constant(f64::NEG_INFINITY)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 { Normal(self.0, self.1).ln_survival(x.real().ln()) } else { Real::constant(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_tails, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(LogNormal(0.5, 0.8));
        check_distribution!(LogNormal(5.0, 3.0));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `lognorm.logpdf(x, 1.5, scale=np.exp(0.5))`
        check_values(
            &LogNormal(0.5, 1.5),
            &[
                (-1.0, f64::NEG_INFINITY),
                (0.0, f64::NEG_INFINITY),
                (1.0e-300, -105_502.072_313_732_88),
                (1.0e-10, -101.290_922_039_768),
                (0.3, -0.765_658_240_960_766_4),
                (2.7, -2.371_721_483_562_629),
                (40.0, -7.273_050_244_953_439),
                (10_000_000_000.0, -137.108_912_375_230_94),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&LogNormal(f64::INFINITY, 1.0), "loc");
        check_refused(&LogNormal(0.0, -1.0), "scale");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &LogNormal(0.5, 1.5),
            &[
                [1.0e-20, -485.924_171_701_751_1, -9.243_013_907_988_719e-212],
                [0.25, -2.260_666_402_543_783, -0.110_128_496_089_961_18],
                [3.0, -0.422_996_422_214_036_66, -1.064_445_604_999_72],
                [6.0e+20, -6.077_557_372_985_31e-219, -502.461_532_498_304_5],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [0.01, 0.8, 3.0, 40.0] {
            check_gradient!(|x, a, b| LogNormal(a, b).ln_cdf(x) - LogNormal(a, b).ln_survival(x), [x, 0.7, 2.0]);
        }
    }
}
