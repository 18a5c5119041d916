//! ln p(x | loc, scale) = -z^2 / 2 - ln scale - ln(2 pi) / 2, with z = (x - loc) / scale.

use crate::dist::{Distribution, finite, positive};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, Exponential};
use crate::numbers::number::{Args, Jet, Number, Param, Real};
use crate::special::LN_SQRT_2PI;
use crate::support::RealLine;
use rand::{Rng, RngExt};

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
        let z: f64 = rng.sample(rand_distr::StandardNormal);
        Some(self.0.value() + self.1.value() * z)
    }

    #[inline(always)]
    fn non_centred(&self, z: Real<N>) -> Option<(Real<N>, Real<N>)> {
        Some((self.0.real() + self.1.real() * z, Normal(0.0, 1.0).ln_density(z)))
    }

    fn standard_closed_form<X: Param<N>>(&self, z: X) -> Option<ClosedForm> {
        Distribution::<N>::closed_form(&Normal(0.0, 1.0), z)
    }

    /// With affine r = x - loc and scale = exp(e): -ln(2 pi) / 2 - e - exp(-2 e) r^2 / 2.
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let residual = x.form().affine()?.plus(-1.0, &self.0.form().affine()?);
        let ln_scale = self.1.form().ln_affine()?;
        let mut affine = ln_scale.scaled(-1.0);
        affine.constant -= LN_SQRT_2PI;
        residual.is_disjoint(&ln_scale).then_some(ClosedForm {
            affine,
            exponential: Some(Exponential { factor: -0.5, exponent: ln_scale.scaled(-2.0), square: residual }),
        })
    }
}
