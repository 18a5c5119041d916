//! ln p(x | shape, rate) = shape ln rate - ln gamma(shape) + (shape - 1) ln x - rate x, x > 0.

use crate::dist::check::positive;
use crate::dist::{Cdf, Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::incomplete_gamma::ln_incomplete_gamma;
use crate::numbers::tail::Tail;
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

/// F is the incomplete gamma function P(shape, rate x).
impl<N: Number, A: Param<N>, B: Param<N>> Cdf<N> for Gamma<A, B> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        ln_incomplete_gamma(Tail::Lower, self.0, x.real() * self.1.real())
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        ln_incomplete_gamma(Tail::Upper, self.0, x.real() * self.1.real())
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
    use crate::dist::reference::{check_refused, check_tails_within, check_values};
    use crate::{check_distribution, check_gradient};

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

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 700 digits, from the power series; scipy 1.17 agrees where it has digits
        check_tails_within(
            1e-12,
            &Gamma(2.5, 0.7),
            &[
                [1.0e-20, -117.221_915_611_896_2, -1.233_584_465_339_969e-51],
                [0.3, -5.251_582_108_399_055, -0.005_252_995_675_210_268],
                [2.7, -0.871_090_495_479_480_1, -0.542_135_594_234_241_6],
                [3.6, -0.529_359_788_751_073_1, -0.889_118_079_693_523_9],
                [5.0, -0.249_282_604_038_834_3, -1.511_221_469_285_876_5],
                [40.0, -8.126_561_127_049_256e-11, -23.233_298_174_501_858],
                [900.0, -2.957_226_905_804_066e-270, -620.613_723_135_327_6],
            ],
        );
        check_tails_within(
            1e-12,
            &Gamma(0.01, 3.0),
            &[
                [1.0e-200, -4.588_493_755_155_341, -0.010_220_211_480_544_9],
                [1.0e-5, -0.098_453_120_844_459_84, -2.366_997_491_939_894],
                [0.2, -0.004_583_667_365_273_271, -5.387_546_824_763_127_5],
                [0.4, -0.001_603_744_611_526_182_8, -6.436_215_767_100_625_5],
                [30.0, -9.474_744_310_541_981e-44, -99.065_114_326_828_42],
            ],
        );
        check_tails_within(
            1e-12,
            &Gamma(5e4, 2.0),
            &[
                [20_000.0, -1_161.897_356_701_064_6, 0.0],
                [24_700.0, -5.642_250_379_244_192, -0.003_551_180_077_062_196_6],
                [24_999.0, -0.699_112_051_018_688, -0.687_217_678_914_647_2],
                [25_000.5, -0.688_400_851_303_355_8, -0.697_916_144_934_364_3],
                [25_300.0, -0.003_753_404_314_120_727_4, -5.586_968_148_872_98],
                [40_000.0, 0.0, f64::NEG_INFINITY],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [0.1, 0.5, 3.0, 40.0] {
            check_gradient!(|x, a, b| Gamma(a, b).ln_cdf(x) + Gamma(a, b).ln_survival(x), [x, 2.5, 0.7]);
        }
        check_gradient!(|x, a, b| Gamma(a, b).ln_survival(x), [0.7, 1.0, 1.0]);
    }
}
