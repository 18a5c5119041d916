//! ln p(x | p) = ln p + x ln(1 - p), x = 0, 1, 2, ...

use crate::dist::binomial::{ln_mass_of_successes, success_partials};
use crate::dist::check::require;
use crate::dist::mass::{count_tails, is_count, join_mass};
use crate::dist::{Distribution, draw};
use crate::error::Invalid;
use crate::numbers::tail::Tail;
use crate::numbers::{Jet, Number, Param, Real};
use crate::support::Count;
use rand::Rng;

/// Geometric distribution: `Geometric(p)`, the number of failures before the first success, in independent trials that
/// succeed with probability `p`; of mean (1 - `p`) / `p`.
///
/// `p` is above 0 and at most 1. Support: counts, 0 among them. The negative binomial distribution of dispersion 1.
#[derive(Clone, Copy, Debug)]
pub struct Geometric<P>(pub P);

impl<N: Number, P: Param<N>> Distribution<N> for Geometric<P> {
    type Support = Count;

    fn support(&self) -> Count {
        Count
    }

    #[inline(always)]
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let (failures, p) = (x.value(), self.0.value());
        if !is_count(failures) {
            return Real::constant(f64::NEG_INFINITY);
        }
        let [first, second] = success_partials(1.0, failures, p);
        join_mass((self.0,), &Jet { value: ln_mass_of_successes(1.0, failures, p), first: [first], second: [[second]] })
    }

    fn check(&self) -> Result<(), Invalid> {
        require::<N>("Geometric", "p", self.0, |p| p > 0.0 && p <= 1.0, "above 0 and at most 1")
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        draw::geometric(rng, self.0.value())
    }
}

count_tails!(Geometric<P>, ln_tail);

/// P(X > k) = (1 - p)^(k + 1)
fn ln_tail<N: Number, P: Param<N>>(Geometric(p): &Geometric<P>, tail: Tail, k: f64) -> Real<N> {
    tail.from(Tail::Upper, (-p.real()).ln_1p() * (k + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Cdf;
    use crate::dist::NegativeBinomial2;
    use crate::dist::reference::{check_cumulated, check_values};
    use crate::{check_discrete_distribution, check_gradient};

    #[test]
    fn passes_the_kit() {
        for p in [0.5, 0.02, 0.97] {
            check_discrete_distribution!(Geometric(p));
        }
    }

    #[test]
    fn is_the_negative_binomial_of_dispersion_one() {
        for p in [0.1, 0.8] {
            for x in [0, 3, 50] {
                let found = Distribution::<f64>::ln_density(&Geometric(p), x).0;
                let expected = Distribution::<f64>::ln_density(&NegativeBinomial2((1.0 - p) / p, 1.0), x).0;
                assert!((found - expected).abs() < 1e-12 * (1.0 + expected.abs()), "x {x}: {found}, not {expected}");
            }
        }
        check_values(&Geometric(1.0), &[(0.0, 0.0), (1.0, f64::NEG_INFINITY)]);
    }

    #[test]
    fn tails_are_sums_of_masses() {
        check_cumulated(&Geometric(0.2), 40);
        check_gradient!(|p| Geometric(p).ln_cdf(3) - Geometric(p).ln_survival(3) * 0.3, [0.4]);
    }
}
