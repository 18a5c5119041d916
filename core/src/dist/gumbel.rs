//! ln p(x | loc, scale) = -z - exp(-z) - ln scale, with z = (x - loc) / scale.

use crate::dist::location_scale::location_scale;
use crate::dist::{Distribution, finite, positive};
use crate::error::Invalid;
use crate::form::{Affine, ClosedForm, Exponential};
use crate::number::{Number, Param, Real};
use crate::support::RealLine;
use rand::{Rng, RngExt};

/// Gumbel distribution, of maxima: `Gumbel(loc, scale)`, whose mode is `loc` and standard deviation pi `scale` / sqrt(6).
///
/// `scale` is positive. Support: the real line.
#[derive(Clone, Copy, Debug)]
pub struct Gumbel<L, S>(pub L, pub S);

impl<N: Number, L: Param<N>, S: Param<N>> Distribution<N> for Gumbel<L, S> {
    type Support = RealLine;

    fn support(&self) -> RealLine {
        RealLine
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        location_scale(x, self.0, self.1, |z| {
            let e = (-z).exp();
            [-z.max(f64::MIN) - e, e - 1.0, -e]
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        finite::<N>("Gumbel", "loc", self.0)?;
        positive::<N>("Gumbel", "scale", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let p: f64 = rng.sample(rand_distr::Open01);
        Some(self.0.value() - self.1.value() * (-p.ln()).ln())
    }

    #[inline(always)]
    fn non_centred(&self, z: Real<N>) -> Option<(Real<N>, Real<N>)> {
        Some((self.0.real() + self.1.real() * z, Gumbel(0.0, 1.0).ln_density(z)))
    }

    /// With constant scale and affine z = (x - loc) / scale: -ln scale - z - exp(-z).
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let scale = self.1.form().as_constant()?;
        let residual = x.form().affine()?.plus(-1.0, &self.0.form().affine()?);
        let exponent = residual.scaled(-scale.recip());
        let mut affine = exponent;
        affine.constant -= scale.ln();
        let square = Affine::constant(1.0);
        Some(ClosedForm { affine, exponential: Some(Exponential { factor: -1.0, exponent, square }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Gumbel(-1.5, 2.5));
        check_distribution!(Gumbel(3.0, 0.4));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `gumbel_r.logpdf(x, -1.5, 2.5)`
        check_values(
            &Gumbel(-1.5, 2.5),
            &[
                (-1_000_000_000.0, f64::NEG_INFINITY),
                (-40.0, -4_876_786.369_563),
                (-1.5, -1.916_290_731_874_155),
                (0.3, -2.123_042_987_834_127),
                (2.7, -2.782_664_707_913_565),
                (1_000_000_000.0, -400_000_001.516_290_8),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Gumbel(f64::NAN, 1.0), "loc");
        check_refused(&Gumbel(0.0, 0.0), "scale");
    }
}
