//! p(0) = w, and p(x) = (1 - w) f(x) / (1 - f(0)) for any other x, with f the distribution's own; f(0) is 0 where 0 is not in
//! its support.

use crate::dist::Distribution;
use crate::dist::check::probability;
use crate::dist::mass::join_mass;
use crate::dist::zero_inflated::{begins_at_zero, ln_mass_of_zero, with_probability_of_more};
use crate::error::Invalid;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::{OrZero, Support};
use rand::{Rng, RngExt};

/// A distribution whose zeros are a matter of their own: `Hurdle(distribution, zero_probability)`, 0 with probability
/// `zero_probability`, else a value of the distribution that is not 0.
///
/// The distribution is over counts, or over positive numbers, as in `Hurdle(LogNormal(loc, scale), zero_probability)`;
/// `zero_probability` is from 0 to 1. Support: that of the distribution, and 0. Where there cannot be fewer zeros than the
/// distribution has, [`ZeroInflated`](crate::dist::ZeroInflated).
///
/// ```
/// use hierarch::dist::{Distribution, Hurdle, Poisson};
/// let visits = Hurdle(Poisson(2.0), 0.4);
/// let ln_mass = |x: i32| -> hierarch::number::Real<f64> { visits.ln_density(x) };
/// assert_eq!(ln_mass(0).value(), 0.4_f64.ln());
/// let of_positive = 1.0 - (-2.0_f64).exp();
/// assert!((ln_mass(1).value().exp() - 0.6 * 2.0 * (-2.0_f64).exp() / of_positive).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Hurdle<D, P>(pub D, pub P);

/// Draws that may be 0 before a count is looked for that is not.
const TRIES: u32 = 64;

impl<N: Number, D: Distribution<N>, P: Param<N>> Distribution<N> for Hurdle<D, P> {
    type Support = OrZero<D::Support>;

    fn support(&self) -> Self::Support {
        OrZero(self.0.support())
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        if x.value() == 0.0 {
            let w = self.1.value();
            return join_mass((self.1,), &Jet { value: w.ln(), first: [w.recip()], second: [[-(w * w).recip()]] });
        }
        let (ln_density, ln_zero) = (self.0.ln_density(x), ln_mass_of_zero(&self.0));
        if ln_zero.value() == f64::NEG_INFINITY {
            return with_probability_of_more(self.1, ln_density);
        }
        if ln_zero.value() >= 0.0 || ln_density.value() == f64::NEG_INFINITY {
            return Real::constant(f64::NEG_INFINITY);
        }
        with_probability_of_more(self.1, ln_density - ln_zero.ln_1m_exp())
    }

    fn check(&self) -> Result<(), Invalid> {
        self.0.check()?;
        begins_at_zero("Hurdle", &self.0)?;
        probability::<N>("Hurdle", "zero_probability", self.1)
    }

    /// The first of some draws that is not 0; without one, by inversion.
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let uniform: f64 = rng.random();
        if uniform < self.1.value() {
            return Some(0.0);
        }
        for _ in 0..TRIES {
            let value = self.0.sample(rng)?;
            if value != 0.0 {
                return Some(value);
            }
        }
        self.positive_count(rng.random())
    }
}

impl<D, P> Hurdle<D, P> {
    /// The least count k > 0 with P(X <= k | X > 0) > uniform, or the last that adds to it. As many counts are passed at once
    /// as make no difference to a mass that reaches so far, or else most draws would not have been 0.
    fn positive_count<N: Number>(&self, uniform: f64) -> Option<f64>
    where
        D: Distribution<N>,
    {
        let goal = -uniform * ln_mass_of_zero(&self.0).value().exp_m1();
        let (mut k, mut below) = (1.0, 0.0);
        while k < 0.5 * f64::MAX {
            let stride = 1.0 + (k / 16.0).floor();
            let middle = k + (0.5 * (stride - 1.0)).floor();
            let mass = (stride * self.0.ln_density(middle).value().exp()).max(0.0);
            if below + mass > goal {
                let count = k + (stride * (goal - below) / mass).floor();
                return Some(if self.0.support().contains(count) { count } else { middle });
            }
            if below > 0.0 && mass <= f64::EPSILON * below {
                return Some(middle);
            }
            below += mass;
            k += stride;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::reference::{check_refused, check_values};
    use crate::dist::{Binomial, Gamma, NegativeBinomial2, Normal, Poisson, PoissonLog};
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for (w, rate) in [(0.3, 2.0), (0.01, 0.1), (0.9, 60.0), (0.2, 0.01)] {
            check_discrete_distribution!(|r, w| Hurdle(Poisson(r), w), [rate, w]);
        }
        check_discrete_distribution!(|e, w| Hurdle(PoissonLog(e), w), [0.7, 0.4]);
        check_discrete_distribution!(|m, d, w| Hurdle(NegativeBinomial2(m, d), w), [3.0, 0.8, 0.2]);
        check_discrete_distribution!(|m, d, w| Hurdle(NegativeBinomial2(m, d), w), [0.5, 1e-3, 0.2]);
        check_discrete_distribution!(|p, w| Hurdle(Binomial(7, p), w), [0.3, 0.2]);
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: `np.log(0.6) + nbinom.logpmf(x, 2.5, 2.5 / 6.5) - nbinom.logsf(0, 2.5, 2.5 / 6.5)`
        check_values(
            &Hurdle(NegativeBinomial2(4.0, 2.5), 0.4),
            &[(0.0, 0.4_f64.ln()), (1.0, -2.372_594_886_450_165), (9.0, -3.967_458_018_565_072_7)],
        );
    }

    #[test]
    fn positive_numbers_have_zeros_of_their_own() {
        let positive = Gamma(0.5, 2.0);
        let ln_density: Real<f64> = positive.ln_density(1.3);
        let table = [(0.0, 0.3_f64.ln()), (1.3, 0.7_f64.ln() + ln_density.0), (-1.0, f64::NEG_INFINITY)];
        check_values(&Hurdle(positive, 0.3), &table);
        check_gradient!(
            |a, b, w| Hurdle(Gamma(a, b), w).ln_density(1.3) + Hurdle(Gamma(a, b), w).ln_density(0) * 0.3,
            [0.5, 2.0, 0.3]
        );
        let mut rng = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(1);
        let zeros = (0..1000).filter(|_| Distribution::<f64>::sample(&Hurdle(positive, 0.3), &mut rng) == Some(0.0));
        assert!((250..350).contains(&zeros.count()));
    }

    #[test]
    fn the_edges_are_exact() {
        check_values(&Hurdle(Poisson(2.0), 1.0), &[(0.0, 0.0), (1.0, f64::NEG_INFINITY)]);
        check_values(&Hurdle(Poisson(0.0), 0.3), &[(0.0, 0.3_f64.ln()), (1.0, f64::NEG_INFINITY)]);
        check_values(&Hurdle(Poisson(2.0), 0.0), &[(0.0, f64::NEG_INFINITY)]);
        let mut rng = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(1);
        // log-uniform over 300 powers of ten
        let far = Hurdle(NegativeBinomial2(1.0, f64::MIN_POSITIVE), 0.0);
        assert!((0..20).all(|_| Distribution::<f64>::sample(&far, &mut rng) >= Some(1.0)));
        // all but certainly 1 where there is hardly anything
        let found: Real<f64> = Hurdle(Poisson(1e-20), 0.3).ln_density(1);
        assert!((found.0 - 0.7_f64.ln()).abs() < 1e-15, "{found:?}");
    }

    #[test]
    fn refuses_invalid_parameters() {
        for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            check_refused(&Hurdle(Poisson(2.0), wrong), "zero_probability");
        }
        check_refused(&Hurdle(Normal(0.0, 1.0), 0.5), "distribution");
        let invalid = Distribution::<f64>::check(&Hurdle(Poisson(-1.0), 0.5)).expect_err("a negative rate");
        assert_eq!(invalid.distribution, "Poisson");
    }
}
