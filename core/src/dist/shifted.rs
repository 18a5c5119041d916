//! ln p(y | by) = ln p(x), with x = y - by.

use crate::dist::check::finite;
use crate::dist::{Cdf, Distribution};
use crate::error::Invalid;
use crate::numbers::form::ClosedForm;
use crate::numbers::{Number, Param, Real};
use crate::support::Moved;
use rand::Rng;

/// A distribution moved along the line: `Shifted(distribution, by)`, of `by` + x where x has the distribution. With
/// `Shifted(LogNormal(loc, scale), by)` for response times, `by` is the time that nobody is faster than.
///
/// `by` is any finite number, a constant or a latent. Support: that of the distribution, moved. So if it has an end, a
/// latent `by` must not pass the data: `by ~ Uniform(0.0, shortest)`.
///
/// ```
/// use hierarch::dist::{Distribution, Exponential, Shifted};
/// // scipy 1.17: `expon.logpdf(2.5, loc=2, scale=1 / 3)`
/// let ln_density: hierarch::number::Real<f64> = Shifted(Exponential(3.0), 2.0).ln_density(2.5);
/// assert!((ln_density.value() + 0.401_388).abs() < 1e-6);
/// ```
#[doc(alias("offset", "location shift", "shifted_lognormal"))]
#[derive(Clone, Copy, Debug)]
pub struct Shifted<D, B>(pub D, pub B);

impl<N: Number, D: Distribution<N>, B: Param<N>> Distribution<N> for Shifted<D, B> {
    type Support = Moved<D::Support, B>;

    fn support(&self) -> Self::Support {
        Moved(self.0.support(), self.1)
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, y: X) -> Real<N> {
        self.0.ln_density(y.real() - self.1.real())
    }

    fn check(&self) -> Result<(), Invalid> {
        self.0.check()?;
        finite::<N>("Shifted", "by", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        Some(self.1.value() + self.0.sample(rng)?)
    }

    #[inline(always)]
    fn non_centred(&self, z: Real<N>) -> Option<(Real<N>, Real<N>)> {
        let (x, ln_density) = self.0.non_centred(z)?;
        Some((self.1.real() + x, ln_density))
    }

    fn standard_closed_form<X: Param<N>>(&self, z: X) -> Option<ClosedForm> {
        self.0.standard_closed_form(z)
    }

    /// That of the distribution, where x has a structure that it knows.
    fn closed_form<X: Param<N>>(&self, y: X) -> Option<ClosedForm> {
        self.0.closed_form(y.real() - self.1.real())
    }
}

/// F is the distribution's own at x. A whole number before y is one before x, plus `by`.
impl<N: Number, D: Cdf<N>, B: Param<N>> Cdf<N> for Shifted<D, B> {
    fn ln_cdf<X: Param<N>>(&self, y: X) -> Real<N> {
        self.0.ln_cdf(y.real() - self.1.real())
    }
    fn ln_survival<X: Param<N>>(&self, y: X) -> Real<N> {
        self.0.ln_survival(y.real() - self.1.real())
    }
    fn last_before(&self, y: f64) -> Option<f64> {
        Some(self.1.value() + self.0.last_before(y - self.1.value())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_values};
    use crate::dist::{Censored, Exponential, Gamma, LogNormal, Normal, Poisson, StudentT, Truncated};
    use crate::support::{Lower, Upper};
    use crate::{check_discrete_distribution, check_distribution, check_gradient};

    #[test]
    fn is_a_distribution() {
        check_distribution!(|l, s, b| Shifted(LogNormal(l, s), b), [0.5, 0.8, 0.3]);
        check_distribution!(|k, r, b| Shifted(Gamma(k, r), b), [2.5, 0.7, -4.0]);
        check_distribution!(|l, s, b| Shifted(Normal(l, s), b), [0.5, 0.8, 2.0]);
        check_distribution!(|n, s, b| Shifted(StudentT(n, 0.0, s), b), [4.0, 0.8, 2.0]);
        check_distribution!(|r, b, c| Truncated(Shifted(Exponential(r), b), Upper(c)), [1.5, 0.5, 3.0]);
        check_discrete_distribution!(|r| Shifted(Poisson(r), 1), [2.5]);
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `lognorm.logpdf(x, 0.8, loc=0.3, scale=np.exp(0.5))`
        check_values(
            &Shifted(LogNormal(0.5, 0.8), 0.3),
            &[
                (0.2, f64::NEG_INFINITY),
                (0.3, f64::NEG_INFINITY),
                (0.5, -2.562_707_308_842_562),
                (1.0, -0.912_473_131_367_691_5),
                (2.7, -1.681_401_822_939_778_7),
                (40.0, -12.284_173_809_768_438),
            ],
        );
    }

    #[test]
    fn tails_are_those_of_what_was_moved() {
        check_gradient!(|y, l, s, b| Shifted(LogNormal(l, s), b).ln_cdf(y), [2.0, 0.5, 0.8, 0.3]);
        check_gradient!(|y, k, r, b| Shifted(Gamma(k, r), b).ln_survival(y), [2.0, 2.5, 0.8, 0.3]);
        // "one or more of what begins at 1" is everything
        check_values(&Censored(Shifted(Poisson(2.5), 1), Lower(1)), &[(1.0, 0.0)]);
    }

    #[test]
    fn refuses_invalid_parameters() {
        check_refused(&Shifted(Normal(0.0, 1.0), f64::NAN), "by");
        check_refused(&Shifted(Normal(0.0, 1.0), f64::INFINITY), "by");
        let invalid = Distribution::<f64>::check(&Shifted(Normal(0.0, -1.0), 1.0)).expect_err("a negative scale");
        assert_eq!(invalid.distribution, "Normal");
    }
}
