//! ln p(x | p) = x ln p + (1 - x) ln(1 - p), x = 0, 1.

use crate::dist::binomial::{ln_mass_of_successes, success_partials};
use crate::dist::check::probability;
use crate::dist::factored::Wanted;
use crate::dist::mass::join_mass;
use crate::dist::{Distribution, Factored};
use crate::error::Invalid;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::{Binary, Support};
use rand::{Rng, RngExt};

/// Bernoulli distribution: `Bernoulli(p)`, 1 with probability `p`, else 0.
///
/// `p` is from 0 to 1. Support: 0 and 1 (`false` and `true`).
#[derive(Clone, Copy, Debug)]
pub struct Bernoulli<P>(pub P);

impl<N: Number, P: Param<N>> Distribution<N> for Bernoulli<P> {
    type Support = Binary;

    fn support(&self) -> Binary {
        Binary
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        self.density(x, Wanted::Ln).ln
    }

    #[inline(always)]
    fn multiply_into<X: Param<N>>(&self, x: X, product: &mut Factored<N>) {
        product.multiply(self.density(x, Wanted::Factored));
    }

    fn check(&self) -> Result<(), Invalid> {
        probability::<N>("Bernoulli", "p", self.0)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let uniform: f64 = rng.random();
        Some(f64::from(u8::from(uniform < self.0.value())))
    }
}

impl<P> Bernoulli<P> {
    #[inline(always)]
    fn density<N: Number, X: Param<N>>(&self, x: X, wanted: Wanted) -> Factored<N>
    where
        P: Param<N>,
    {
        let (p, successes, failures) = (self.0.value(), x.value(), 1.0 - x.value());
        if !Support::<N>::contains(&Binary, successes) {
            return Factored::nothing();
        }
        let mass = if failures == 0.0 { p } else { 1.0 - p };
        let [first, second] = success_partials(successes, failures, p);
        let (value, factor) = wanted.part(|| ln_mass_of_successes(successes, failures, p), || mass);
        Factored { ln: join_mass((self.0,), &Jet { value, first: [first], second: [[second]] }), factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_discrete_distribution;
    use crate::dist::reference::check_values;

    #[test]
    fn passes_the_kit() {
        for p in [0.5, 0.03, 0.999] {
            check_discrete_distribution!(Bernoulli(p));
        }
    }

    /// Where no derivative exists, the mass is still right.
    #[test]
    fn a_certain_outcome_has_mass_one() {
        check_values(&Bernoulli(1.0), &[(1.0, 0.0), (0.0, f64::NEG_INFINITY)]);
        check_values(&Bernoulli(0.0), &[(1.0, f64::NEG_INFINITY), (0.0, 0.0)]);
        check_values(&Bernoulli(1e-300), &[(1.0, -690.775_527_898_213_7), (0.0, -1e-300)]);
    }
}
