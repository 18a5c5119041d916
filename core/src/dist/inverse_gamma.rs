//! ln p(x | shape, scale) = shape ln scale - ln gamma(shape) - (shape + 1) ln x - scale / x, x > 0.

use crate::dist::check::positive;
use crate::dist::{Cdf, Distribution, gamma};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::incomplete_gamma::ln_incomplete_gamma;
use crate::numbers::tail::Tail;
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::special::{digamma, ln_gamma, trigamma};
use crate::support::Positive;
use rand::Rng;

/// Inverse gamma distribution: `InverseGamma(shape, scale)`, of 1 / x where x is `Gamma(shape, scale)`.
///
/// Both are positive. Support: positive numbers.
#[derive(Clone, Copy, Debug)]
pub struct InverseGamma<A, B>(pub A, pub B);

impl<N: Number, A: Param<N>, B: Param<N>> Distribution<N> for InverseGamma<A, B> {
    type Support = Positive;

    fn support(&self) -> Positive {
        Positive
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(shape, scale) = *self;
        let (a, b, v) = (shape.value(), scale.value(), x.value());
        let ln_scale = b.ln();
        let ln_normaliser = a * ln_scale - ln_gamma(a);
        let (digamma, trigamma) = if shape.varies() { (digamma(a), trigamma(a)) } else { (0.0, 0.0) };
        if !(v > 0.0 && v < f64::INFINITY) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let (ln_x, r, scale_recip) = (v.ln(), v.recip(), b.recip());
        (x, shape, scale).join(&Jet {
            value: ln_normaliser - (a + 1.0) * ln_x - b * r,
            first: [r * (b * r - (a + 1.0)), ln_scale - digamma - ln_x, a * scale_recip - r],
            second: [
                [r * r * ((a + 1.0) - 2.0 * b * r), 0.0, 0.0],
                [-r, -trigamma, 0.0],
                [r * r, scale_recip, -a * scale_recip * scale_recip],
            ],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("InverseGamma", "shape", self.0)?;
        positive::<N>("InverseGamma", "scale", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let draw = self.1.value() / gamma::positive_draw(self.0.value(), rng)?;
        Some(draw.min(f64::MAX))
    }

    /// With constant shape, scale = exp(s) and x = exp(a): shape s - ln gamma(shape) - (shape + 1) a - exp(s - a).
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let shape = self.0.form().as_constant()?;
        let ln_scale = self.1.form().ln_affine()?;
        let ln_x = x.form().ln_affine()?;
        let mut affine = ln_scale.scaled(shape).plus(-shape - 1.0, &ln_x);
        affine.constant -= ln_gamma(shape);
        let exponent = ln_scale.plus(-1.0, &ln_x);
        let square = MixedForm::constant(1.0);
        Some(ClosedForm { affine, exponential: Some(ExponentialTerm { factor: -1.0, exponent, square }) })
    }
}

/// F is the incomplete gamma function Q(shape, scale / x).
impl<N: Number, A: Param<N>, B: Param<N>> Cdf<N> for InverseGamma<A, B> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 {
            return ln_incomplete_gamma(Tail::Upper, self.0, self.1.real() / x.real());
        }
        Real::constant(f64::NEG_INFINITY)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 {
            return ln_incomplete_gamma(Tail::Lower, self.0, self.1.real() / x.real());
        }
        Real::constant(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_tails, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(InverseGamma(3.5, 0.7));
        check_distribution!(InverseGamma(0.5, 1.0));
        check_distribution!(InverseGamma(30.0, 4.0));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `invgamma.logpdf(x, 2.5, scale=0.7)`
        check_values(
            &InverseGamma(2.5, 0.7),
            &[
                (-1.0, f64::NEG_INFINITY),
                (0.0, f64::NEG_INFINITY),
                (0.001, -676.999_226_753_882_1),
                (0.3, 0.704_201_251_487_692_7),
                (2.7, -4.912_010_695_115_001_5),
                (40.0, -14.104_948_319_718_527),
                (400.0, -22.148_246_145_197_69),
            ],
        );
        // scipy 1.17: `invgamma.logpdf(x, 0.2, scale=3)`
        check_values(
            &InverseGamma(0.2, 3.0),
            &[(0.01, -295.778_137_141_511_5), (0.3, -9.859_573_999_506_038), (40.0, -5.805_996_709_633_886)],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&InverseGamma(0.0, 1.0), "shape");
        check_refused(&InverseGamma(1.0, -1.0), "scale");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 700 digits, from the power series; scipy 1.17 agrees where it has digits
        check_tails(
            &InverseGamma(2.5, 0.7),
            &[
                [0.001, -690.455_920_277_159_1, -1.376_587_514_394_451_4e-300],
                [0.1, -4.159_880_950_646_588, -0.015_732_525_830_231_39],
                [0.3, -0.781_108_330_815_113_9, -0.612_301_522_559_599_6],
                [2.0, -0.017_178_025_885_921_582, -4.072_700_994_498_978_5],
                [100_000_000.0, -1.233_584_459_172_046_9e-21, -48.144_362_827_074_82],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [0.02, 0.3, 9.0] {
            check_gradient!(|x, a, b| InverseGamma(a, b).ln_cdf(x) + InverseGamma(a, b).ln_survival(x), [x, 2.5, 0.7]);
        }
    }
}
