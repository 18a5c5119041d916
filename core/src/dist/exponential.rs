//! ln p(x | rate) = ln rate - rate x, x >= 0.

use crate::dist::check::positive;
use crate::dist::{Cdf, Distribution, draw};
use crate::error::Invalid;
use crate::numbers::form::{self, ClosedForm, MixedForm};
use crate::numbers::{Args, Jet, Number, Param, Real};
use crate::support::Positive;
use rand::Rng;

/// Exponential distribution: `Exponential(rate)`, whose mean is 1 / `rate`.
///
/// `rate` is positive. Support: positive numbers.
#[derive(Clone, Copy, Debug)]
pub struct Exponential<R>(pub R);

impl<N: Number, R: Param<N>> Distribution<N> for Exponential<R> {
    type Support = Positive;

    fn support(&self) -> Positive {
        Positive
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let rate = self.0;
        let recip = rate.value().recip();
        let inside = x.value() >= 0.0 && x.value() < f64::INFINITY;
        // Selected, not branched on, so that a loop over data stays free of branches.
        let select = |value: f64| if inside { value } else { 0.0 };
        let gate = if inside { 0.0 } else { f64::NEG_INFINITY };
        (x, rate).join(&Jet {
            value: gate + (rate.value().ln() - select(rate.value() * x.value())),
            first: [select(-rate.value()), select(recip - x.value())],
            second: [[0.0, 0.0], [select(-1.0), select(-recip * recip)]],
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive::<N>("Exponential", "rate", self.0)
    }

    fn sample<G: Rng + ?Sized>(&self, rng: &mut G) -> Option<f64> {
        Some(draw::exponential(rng) / self.0.value())
    }

    /// With rate = exp(r) and x = exp(a): r - exp(r + a).
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let affine = self.0.form().ln_affine()?;
        let exponent = affine.plus(1.0, &x.form().ln_affine()?);
        let square = MixedForm::constant(1.0);
        Some(ClosedForm { affine, exponential: Some(form::ExponentialTerm { factor: -1.0, exponent, square }) })
    }
}

/// ln P(X > x) = -rate x
impl<N: Number, R: Param<N>> Cdf<N> for Exponential<R> {
    fn ln_cdf<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 {
            return (-(self.0.real() * x.real())).ln_1m_exp();
        }
        Real::constant(f64::NEG_INFINITY)
    }
    fn ln_survival<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() > 0.0 { -(self.0.real() * x.real()) } else { Real::constant(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_tails, check_values};
    use crate::{check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(Exponential(0.3));
        check_distribution!(Exponential(2.5));
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `expon.logpdf(x, scale=1 / 2.5)`
        check_values(
            &Exponential(2.5),
            &[
                (-1.0, f64::NEG_INFINITY),
                (0.0, 0.916_290_731_874_155),
                (1.0e-10, 0.916_290_731_624_155),
                (0.3, 0.166_290_731_874_155_1),
                (2.7, -5.833_709_268_125_845),
                (40.0, -99.083_709_268_125_84),
                (400.0, -999.083_709_268_125_9),
            ],
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Exponential(0.0), "rate");
    }

    #[test]
    fn tails_agree_with_mpmath() {
        // mpmath 1.3, 400 digits, from the formula of the distribution function
        check_tails(
            &Exponential(2.0),
            &[
                [1.0e-20, -45.358_554_679_320_97, -2.0e-20],
                [0.25, -0.932_752_129_567_188_6, -0.5],
                [3.0, -0.002_481_829_368_959_528, -6.0],
                [60.0, -7.667_648_073_722e-53, -120.0],
            ],
        );
    }

    #[test]
    fn tails_have_the_right_derivatives() {
        for x in [0.01, 0.8, 3.0, 40.0] {
            check_gradient!(|x, a| Exponential(a).ln_cdf(x) + Exponential(a).ln_survival(x), [x, 1.5]);
        }
    }
}
