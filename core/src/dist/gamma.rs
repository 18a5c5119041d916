//! ln p(x | shape, rate) = shape ln rate - ln gamma(shape) + (shape - 1) ln x - rate x, x > 0.

use crate::dist::check::positive;
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::special::{digamma, ln_gamma, trigamma};
use crate::support::Positive;
use rand::Rng;

/// Gamma distribution: `Gamma(shape, rate)`, whose mean is `shape` / `rate`.
///
/// Both are positive. Support: positive numbers.
#[derive(Clone, Copy, Debug)]
pub struct Gamma<A, B>(pub A, pub B);

impl<N: Number, A: Param<N>, B: Param<N>> Distribution<N> for Gamma<A, B> {
    type Support = Positive;

    fn support(&self) -> Positive {
        Positive
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(shape, rate) = *self;
        let (a, b, v) = (shape.value(), rate.value(), x.value());
        let ln_rate = b.ln();
        let ln_normaliser = a * ln_rate - ln_gamma(a);
        let (digamma, trigamma) = if shape.varies() { (digamma(a), trigamma(a)) } else { (0.0, 0.0) };
        if !(v > 0.0 && v < f64::INFINITY) {
            return Real::constant(if v == 0.0 {
                ln_normaliser + ln_power_of_zero(a - 1.0)
            } else {
                f64::NEG_INFINITY
            });
        }
        let (ln_x, x_recip, rate_recip) = (v.ln(), v.recip(), b.recip());
        (x, shape, rate).join(&Jet {
            value: ln_normaliser + (a - 1.0) * ln_x - b * v,
            first: [(a - 1.0) * x_recip - b, ln_rate - digamma + ln_x, a * rate_recip - v],
            second: [
                [(1.0 - a) * x_recip * x_recip, 0.0, 0.0],
                [x_recip, -trigamma, 0.0],
                [-1.0, rate_recip, -a * rate_recip * rate_recip],
            ],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("Gamma", "shape", self.0)?;
        positive::<N>("Gamma", "rate", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        Some(positive_draw(self.0.value(), rng)? / self.1.value())
    }

    /// With constant shape, rate = exp(r) and x = exp(a): shape r - ln gamma(shape) + (shape - 1) a - exp(r + a).
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let shape = self.0.form().as_constant()?;
        let ln_rate = self.1.form().ln_affine()?;
        let ln_x = x.form().ln_affine()?;
        let mut affine = ln_rate.scaled(shape).plus(shape - 1.0, &ln_x);
        affine.constant -= ln_gamma(shape);
        let exponent = ln_rate.plus(1.0, &ln_x);
        let square = MixedForm::constant(1.0);
        Some(ClosedForm { affine, exponential: Some(ExponentialTerm { factor: -1.0, exponent, square }) })
    }
}

/// Logarithm of 0 to a power, with 0^0 = 1: what a density is at the edge of its support.
#[inline(always)]
pub(crate) fn ln_power_of_zero(power: f64) -> f64 {
    if power == 0.0 { 0.0 } else { -f64::INFINITY * power }
}

/// A draw of the gamma distribution with rate 1; a shape so small that it rounds to 0 gives the least positive number.
pub(crate) fn positive_draw<R: Rng + ?Sized>(shape: f64, rng: &mut R) -> Option<f64> {
    Some(draw::gamma(rng, shape, 1.0)?.max(f64::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_distribution;
    use crate::dist::reference::{check_refused, check_values};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Gamma(2.5, 0.7));
        check_distribution!(Gamma(0.1, 3.0));
        check_distribution!(Gamma(30.0, 4.0));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `gamma.logpdf(x, 2.5, scale=1 / 0.7)`
        check_values(
            &Gamma(2.5, 0.7),
            &[
                (-1.0, f64::NEG_INFINITY),
                (0.0, f64::NEG_INFINITY),
                (1.0e-10, -35.715_146_625_300_44),
                (0.3, -3.192_329_436_808_654),
                (2.7, -1.576_492_570_804_325_1),
                (40.0, -23.643_051_049_148_85),
                (400.0, -272.189_173_409_657_77),
            ],
        );
        // scipy 1.17: `gamma.logpdf(x, 0.2, scale=1 / 3)`
        check_values(
            &Gamma(0.2, 3.0),
            &[
                (0.0, f64::INFINITY),
                (1.0e-300, 551.316_080_953_873_9),
                (1.0e-10, 17.116_339_378_955_207),
                (0.3, -1.241_163_121_236_413_8),
                (40.0, -124.255_444_927_988_32),
            ],
        );
        // scipy 1.17: `gamma.logpdf(x, 1, scale=1 / 3)`
        check_values(&Gamma(1.0, 3.0), &[(0.0, 1.098_612_288_668_109_8), (0.3, 0.198_612_288_668_109_76)]);
        // scipy 1.17: `gamma.logpdf(x, 50, scale=1 / 3)`
        check_values(
            &Gamma(50.0, 3.0),
            &[(10.0, -6.808_459_956_231_13), (17.0, -1.807_675_654_184_803_1), (30.0, -12.976_457_811_493_786)],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Gamma(0.0, 1.0), "shape");
        check_refused(&Gamma(1.0, -1.0), "rate");
    }
}
