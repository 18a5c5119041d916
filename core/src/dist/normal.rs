//! ln p(x | loc, scale) = -z^2 / 2 - ln scale - ln(2 pi) / 2, with z = (x - loc) / scale.

use crate::dist::check::{finite, positive};
use crate::dist::location_scale::symmetric_tails;
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, ExponentialTerm};
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::special::{LN_SQRT_2PI, ln_normal_cdf_partials};
use crate::support::RealLine;
use rand::Rng;

/// Normal distribution: `Normal(loc, scale)`, the mean and the standard deviation.
#[derive(Clone, Copy, Debug)]
pub struct Normal<L, S>(pub L, pub S);

impl<N: Number, L: Param<N>, S: Param<N>> Distribution<N> for Normal<L, S> {
    type Support = RealLine;

    fn support(&self) -> RealLine {
        RealLine
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(loc, scale) = *self;
        let w = scale.value().recip();
        let z = (x.value() - loc.value()) * w;
        let (zw, ww) = (z * w, w * w);
        (x, loc, scale).join(&Jet {
            value: -0.5 * z * z - scale.value().ln() - LN_SQRT_2PI,
            first: [-zw, zw, (z * z - 1.0) * w],
            second: [[-ww, 0.0, 0.0], [ww, -ww, 0.0], [2.0 * z * ww, -2.0 * z * ww, (1.0 - 3.0 * z * z) * ww]],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("Normal", "loc", self.0)?;
        positive::<N>("Normal", "scale", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        Some(self.0.value() + self.1.value() * draw::normal(rng))
    }

    #[inline(always)]
    fn non_centred(&self, z: Real<N>) -> Option<(Real<N>, Real<N>)> {
        Some((self.0.real() + self.1.real() * z, Normal(0.0, 1.0).ln_density(z)))
    }

    fn standard_closed_form<X: Param<N>>(&self, z: X) -> Option<ClosedForm> {
        Distribution::<N>::closed_form(&Normal(0.0, 1.0), z)
    }

    /// With r = x - loc a sum of products and scale = exp(e): -ln(2 pi) / 2 - e - exp(-2 e) r^2 / 2.
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let residual = x.form().mixed()?.plus(-1.0, &self.0.form().mixed()?)?;
        let ln_scale = self.1.form().ln_affine()?;
        let mut affine = ln_scale.scaled(-1.0);
        affine.constant -= LN_SQRT_2PI;
        residual.is_known_under(&ln_scale).then_some(ClosedForm {
            affine,
            exponential: Some(ExponentialTerm { factor: -0.5, exponent: ln_scale.scaled(-2.0), square: residual }),
        })
    }
}

symmetric_tails!(Normal, ln_normal_cdf_partials);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradient;
    use crate::dist::Cdf;
    use crate::dist::reference::check_tails;

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Normal(0.5, 1.5),
            &[
                [-50.0, -571.158_549_312_476_2, -8.891_883_043_752_725e-249],
                [-2.0, -3.040_931_495_152_974_7, -0.048_970_050_234_415_52],
                [0.25, -0.835_134_412_060_476_9, -0.568_836_460_913_882_5],
                [3.0, -0.048_970_050_234_415_52, -3.040_931_495_152_974_7],
                [60.0, 0.0, -791.322_306_501_554_9],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [-30.0, -2.0, 0.3, 1.7, 25.0] {
            check_gradient!(|x, a, b| Normal(a, b).ln_cdf(x) + Normal(a, b).ln_survival(x), [x, 0.5, 1.5]);
        }
    }
}
