//! ln p(x | shape, scale) = ln shape - ln scale + (shape - 1) l - exp(shape l), with l = ln(x / scale), x > 0.

use crate::dist::check::positive;
use crate::dist::gamma::ln_power_of_zero;
use crate::dist::{Cdf, Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::{ClosedForm, ExponentialTerm, MixedForm};
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::support::Positive;
use rand::Rng;

/// Weibull distribution: `Weibull(shape, scale)`; with `shape` 1 it is exponential with mean `scale`.
///
/// Both are positive. Support: positive numbers.
#[derive(Clone, Copy, Debug)]
pub struct Weibull<K, S>(pub K, pub S);

impl<N: Number, K: Param<N>, S: Param<N>> Distribution<N> for Weibull<K, S> {
    type Support = Positive;

    fn support(&self) -> Positive {
        Positive
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let Self(shape, scale) = *self;
        let (k, v) = (shape.value(), x.value());
        let ln_scale = scale.value().ln();
        let ln_normaliser = k.ln() - ln_scale;
        if !(v > 0.0 && v < f64::INFINITY) {
            return Real::constant(if v == 0.0 {
                ln_normaliser + ln_power_of_zero(k - 1.0)
            } else {
                f64::NEG_INFINITY
            });
        }
        let l = v.ln() - ln_scale;
        let power = (k * l).exp();
        let (r, w) = (v.recip(), scale.value().recip());
        (x, shape, scale).join(&Jet {
            value: ln_normaliser + (k - 1.0) * l - power,
            first: [(k - 1.0 - k * power) * r, k.recip() + l - l * power, k * (power - 1.0) * w],
            second: [
                [(1.0 - k) * (1.0 + k * power) * r * r, 0.0, 0.0],
                [(1.0 - power - k * l * power) * r, -k.recip() * k.recip() - l * l * power, 0.0],
                [k * k * power * r * w, (power - 1.0 + k * l * power) * w, k * (1.0 - (1.0 + k) * power) * w * w],
            ],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("Weibull", "shape", self.0)?;
        positive::<N>("Weibull", "scale", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let power = draw::exponential(rng).powf(self.0.value().recip());
        Some((self.1.value() * power).clamp(f64::MIN_POSITIVE, f64::MAX))
    }

    /// With constant shape, scale = exp(s), x = exp(a) and l = a - s: ln shape - s + (shape - 1) l - exp(shape l).
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let shape = self.0.form().as_constant()?;
        let ln_scale = self.1.form().ln_affine()?;
        let ln_ratio = x.form().ln_affine()?.plus(-1.0, &ln_scale);
        let mut affine = ln_ratio.scaled(shape - 1.0).plus(-1.0, &ln_scale);
        affine.constant += shape.ln();
        let square = MixedForm::constant(1.0);
        Some(ClosedForm {
            affine,
            exponential: Some(ExponentialTerm { factor: -1.0, exponent: ln_ratio.scaled(shape), square }),
        })
    }
}

/// ln P(X > x) = -(x / scale)^shape
impl<N: Number, K: Param<N>, S: Param<N>> Cdf<N> for Weibull<K, S> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 {
            return (-(x.real() / self.1.real()).pow(self.0.real())).ln_1m_exp();
        }
        Real::constant(f64::NEG_INFINITY)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 { -(x.real() / self.1.real()).pow(self.0.real()) } else { Real::constant(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_tails, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Weibull(2.5, 0.7));
        check_distribution!(Weibull(1.0, 3.0));
        check_distribution!(Weibull(0.3, 2.0));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `weibull_min.logpdf(x, 2.5, scale=0.7)`
        check_values(
            &Weibull(2.5, 0.7),
            &[
                (-1.0, f64::NEG_INFINITY),
                (0.0, f64::NEG_INFINITY),
                (1.0e-10, -32.730_798_303_189_694),
                (0.3, -0.118_223_625_714_281_02),
                (2.7, -25.921_074_408_729_844),
                (40.0, -24_676.052_858_431_747),
            ],
        );
        // scipy 1.17: `weibull_min.logpdf(x, 1, scale=3)`
        check_values(&Weibull(1.0, 3.0), &[(0.0, -1.098_612_288_668_109_8), (0.3, -1.198_612_288_668_109_9)]);
        // scipy 1.17: `weibull_min.logpdf(x, 0.5, scale=3)`
        check_values(
            &Weibull(0.5, 3.0),
            &[
                (0.0, f64::INFINITY),
                (1.0e-300, 344.145_310_624_212_87),
                (0.3, -0.956_694_688_747_87),
                (400.0, -15.785_190_982_240_508),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Weibull(0.0, 1.0), "shape");
        check_refused(&Weibull(1.0, -1.0), "scale");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Weibull(0.5, 2.0),
            &[
                [1.0e-20, -23.372_424_520_255_784, -7.071_067_811_865_475e-11],
                [0.25, -1.211_294_547_411_032, -0.353_553_390_593_273_8],
                [3.0, -0.347_903_038_242_209_03, -1.224_744_871_391_589],
                [6_000.0, -1.631_967_727_190_367_7e-24, -54.772_255_750_516_614],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [0.01, 0.8, 3.0, 40.0] {
            check_gradient!(|x, a, b| Weibull(a, b).ln_cdf(x) + Weibull(a, b).ln_survival(x), [x, 0.7, 2.0]);
        }
    }
}
