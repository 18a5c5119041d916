//! p(0) = w + (1 - w) f(0), and p(x) = (1 - w) f(x) for any other x, with f the distribution's own; f(0) is 0 where 0 is not
//! in its support.

use crate::dist::Distribution;
use crate::dist::check::probability;
use crate::dist::mass::join_mass;
use crate::error::Invalid;
use crate::numbers::{Jet, Number, Param, Real};
use crate::special::ln_1p_exp;
use crate::support::{OrZero, Support};
use rand::{Rng, RngExt};

/// A distribution with more zeros: `ZeroInflated(distribution, zero_probability)`, 0 with probability `zero_probability`,
/// else a value of the distribution, which may be 0 as well.
///
/// The distribution is over counts, or over positive numbers; `zero_probability` is from 0 to 1. Support: that of the
/// distribution, and 0. Where there may be fewer zeros than the distribution has, [`Hurdle`](crate::dist::Hurdle).
///
/// ```
/// use hierarch::dist::{Distribution, PoissonLog, ZeroInflated};
/// let fish = ZeroInflated(PoissonLog(0.5), 0.3);
/// let ln_mass: hierarch::number::Real<f64> = fish.ln_density(0);
/// assert!((ln_mass.value().exp() - (0.3 + 0.7 * (-(0.5_f64.exp())).exp())).abs() < 1e-12);
/// ```
#[doc(alias("zero inflation", "ZeroInflatedPoisson"))]
#[derive(Clone, Copy, Debug)]
pub struct ZeroInflated<D, P>(pub D, pub P);

impl<N: Number, D: Distribution<N>, P: Param<N>> Distribution<N> for ZeroInflated<D, P> {
    type Support = OrZero<D::Support>;

    fn support(&self) -> Self::Support {
        OrZero(self.0.support())
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() == 0.0 {
            let ln_mass = ln_mass_of_zero(&self.0);
            return join_mass((self.1, ln_mass), &zero(self.1.value(), ln_mass.value()));
        }
        with_probability_of_more(self.1, self.0.ln_density(x))
    }

    fn check(&self) -> Result<(), Invalid> {
        self.0.check()?;
        begins_at_zero("ZeroInflated", &self.0)?;
        probability::<N>("ZeroInflated", "zero_probability", self.1)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let uniform: f64 = rng.random();
        let value = self.0.sample(rng)?;
        Some(if uniform < self.1.value() { 0.0 } else { value })
    }
}

/// The jet of ln m, m = w + (1 - w) f, in w and ln f: over m its slopes are 1 - f and (1 - w) f.
fn zero(w: f64, ln_f: f64) -> Jet<2> {
    let (ln_w, ln_other) = (w.ln(), (-w).ln_1p() + ln_f);
    let high = ln_w.max(ln_other);
    let value = high + ln_1p_exp(ln_w.min(ln_other) - high);
    let (share, other) = ((ln_f - value).exp(), (ln_other - value).exp());
    let by_w = -ln_f.exp_m1() * (-value).exp();
    Jet { value, first: [by_w, other], second: [[-by_w * by_w, 0.0], [-share - by_w * other, other * (1.0 - other)]] }
}

/// ln f(0); -inf where 0 is not in the support.
pub(crate) fn ln_mass_of_zero<N: Number>(distribution: &impl Distribution<N>) -> Real<N> {
    if distribution.support().contains(0.0) {
        return distribution.ln_density(0.0);
    }
    Real::constant(f64::NEG_INFINITY)
}

/// ln(1 - w) + `ln_density`, -inf if either is.
#[inline(always)]
pub(crate) fn with_probability_of_more<N: Number>(w: impl Param<N>, ln_density: Real<N>) -> Real<N> {
    let miss = (1.0 - w.value()).recip();
    let jet = Jet {
        value: (-w.value()).ln_1p() + ln_density.value(),
        first: [-miss, 1.0],
        second: [[-miss * miss, 0.0], [0.0, 0.0]],
    };
    join_mass((w, ln_density), &jet)
}

/// Refuses a distribution in whose support 0 is, among numbers that are no counts.
pub(crate) fn begins_at_zero<N: Number>(
    name: &'static str,
    distribution: &impl Distribution<N>,
) -> Result<(), Invalid> {
    let support = distribution.support();
    match [-0.5, 0.5].into_iter().find(|&x| support.contains(0.0) && support.contains(x)) {
        Some(value) => Err(Invalid {
            distribution: name,
            name: "distribution",
            value,
            expected: "over counts, or over positive numbers (this is in its support, as 0 is)",
            varies: false,
            culprit: None,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_values};
    use crate::dist::{Binomial, LogNormal, NegativeBinomial2, Normal, Poisson, PoissonLog};
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for (w, rate) in [(0.3, 2.0), (0.01, 0.1), (0.9, 60.0)] {
            check_discrete_distribution!(|r, w| ZeroInflated(Poisson(r), w), [rate, w]);
        }
        check_discrete_distribution!(|e, w| ZeroInflated(PoissonLog(e), w), [0.7, 0.4]);
        check_discrete_distribution!(|m, d, w| ZeroInflated(NegativeBinomial2(m, d), w), [3.0, 0.8, 0.2]);
        check_discrete_distribution!(|p, w| ZeroInflated(Binomial(7, p), w), [0.3, 0.2]);
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `np.log(0.3 * (x == 0) + 0.7 * poisson.pmf(x, 2))`
        check_values(
            &ZeroInflated(Poisson(2.0), 0.3),
            &[(0.0, -0.929_541_389_699_330_8), (4.0, -2.762_140_052_046_897)],
        );
    }

    #[test]
    fn the_edges_are_exact() {
        check_values(&ZeroInflated(Poisson(800.0), 0.0), &[(0.0, -800.0)]);
        check_values(&ZeroInflated(Poisson(2.0), 1.0), &[(0.0, 0.0), (1.0, f64::NEG_INFINITY)]);
        check_values(&ZeroInflated(Poisson(0.0), 0.3), &[(0.0, 0.0), (1.0, f64::NEG_INFINITY)]);
    }

    #[test]
    fn positive_numbers_have_zeros_of_their_own() {
        let positive = LogNormal(0.5, 0.8);
        let ln_density: Real<f64> = positive.ln_density(1.3);
        let table = [(0.0, 0.3_f64.ln()), (1.3, 0.7_f64.ln() + ln_density.0), (-1.0, f64::NEG_INFINITY)];
        check_values(&ZeroInflated(positive, 0.3), &table);
        check_gradient!(
            |m, s, w| ZeroInflated(LogNormal(m, s), w).ln_density(1.3)
                + ZeroInflated(LogNormal(m, s), w).ln_density(0) * 0.3,
            [0.5, 0.8, 0.3]
        );
    }

    #[test]
    fn refuses_invalid_parameters() {
        for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            check_refused(&ZeroInflated(Poisson(2.0), wrong), "zero_probability");
        }
        check_refused(&ZeroInflated(Normal(0.0, 1.0), 0.5), "distribution");
        let invalid = Distribution::<f64>::check(&ZeroInflated(Poisson(-1.0), 0.5)).expect_err("a negative rate");
        assert_eq!(invalid.distribution, "Poisson");
    }
}
