//! ln p(x | eta) = -ln(1 + exp(-eta)) for x = 1, -ln(1 + exp(eta)) for x = 0.

use crate::dist::check::finite;
use crate::dist::factored::Wanted;
use crate::dist::mass::join_mass;
use crate::dist::{Distribution, Factored};
use crate::error::Invalid;
use crate::numbers::{Jet, Number, Param, Real};
use crate::special::sigmoid;
use crate::support::{Binary, Support};
use rand::{Rng, RngExt};

/// Bernoulli distribution by its log odds: `BernoulliLogit(eta)`, 1 with probability 1 / (1 + exp(-`eta`)), else 0.
///
/// `eta` is any finite number. Support: 0 and 1 (`false` and `true`).
#[derive(Clone, Copy, Debug)]
pub struct BernoulliLogit<E>(pub E);

impl<N: Number, E: Param<N>> Distribution<N> for BernoulliLogit<E> {
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
        finite::<N>("BernoulliLogit", "eta", self.0)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let uniform: f64 = rng.random();
        Some(f64::from(u8::from(uniform < sigmoid(self.0.value()))))
    }
}

impl<E> BernoulliLogit<E> {
    #[inline(always)]
    fn density<N: Number, X: Param<N>>(&self, x: X, wanted: Wanted) -> Factored<N>
    where
        E: Param<N>,
    {
        if !Support::<N>::contains(&Binary, x.value()) {
            return Factored::nothing();
        }
        // The log odds of what was seen.
        let sign = 2.0 * x.value() - 1.0;
        let eta = sign * self.0.value();
        let missed = sigmoid(-eta);
        let (value, factor) = wanted.complement(-eta);
        let ln = join_mass((self.0,), &Jet { value, first: [sign * missed], second: [[-missed * sigmoid(eta)]] });
        Factored { ln, factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_discrete_distribution;
    use crate::dist::reference::check_values;

    #[test]
    fn passes_the_kit() {
        for eta in [0.0, -3.0, 12.0, 0.4] {
            check_discrete_distribution!(BernoulliLogit(eta));
        }
    }

    #[test]
    fn the_tails_keep_their_digits() {
        check_values(&BernoulliLogit(800.0), &[(0.0, -800.0), (1.0, 0.0), (2.0, f64::NEG_INFINITY)]);
        check_values(&BernoulliLogit(-1e300), &[(1.0, -1e300), (0.0, 0.0)]);
    }
}
